// strata evaluate: how good a model is on data whose answers are known.
#include <fmt/format.h>

#include "commands.hpp"

namespace strata::cli {
namespace {

int run(const Arguments& arguments) {
  const Model model = Model::load(arguments.operands[0]);
  TableReader reader = open_data(model, arguments.operands[1], arguments, true);
  const Metrics metrics = model.evaluate(reader, arguments.options.threads);
  if (arguments.has("json")) {
    Json json;
    add_metrics(json.object(), metrics, "");
    out().line(json.end().str());
    return 0;
  }
  const auto item = [](std::string_view what, const std::string& text) {
    out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<10}", what)), text));
  };
  item("examples", with_commas(metrics.examples));
  if (metrics.task == Task::regression) {
    item("RMSE", brief(metrics.rmse));
    item("MAE", brief(metrics.mae));
    item("R2", describe_r2(metrics));
  } else {
    item("accuracy",
         fmt::format("{}/{} ({})", metrics.correct, metrics.examples, percent(metrics.correct, metrics.examples)));
  }
  item("loss", brief(metrics.loss));
  return 0;
}

}  // namespace

Command evaluate_command() {
  return {"evaluate",
          "measure a model on data whose answers are known",
          {"strata evaluate iris.strata test.csv"},
          "Columns are matched by name; others are ignored. The loss is the mean over the examples, without L2.",
          {{"MODEL", "A file that 'strata train' wrote."},
           {"DATA", "The inputs and the target, in any format that 'strata train' reads."}},
          {kInputsOfModel, kTargetOfModel, "separator", "header", "comment", "missing", "bad-cells", "threads"},
          {kJsonFlag, kQuietFlag},
          run};
}

}  // namespace strata::cli
