#include <string_view>
#include <vector>

#include "api/json.hpp"
#include "api/summary.hpp"

namespace strata::internal {
namespace {

/// Adds "mean_loss", "deviation_loss", …
void add_means(Json& json, std::span<const PartReport> parts) {
  if (parts.empty()) return;
  std::vector<Metric> measured = figures_of(parts[0].metrics.task, {});
  measured.insert(measured.end(), parts[0].metrics.more.begin(), parts[0].metrics.more.end());
  for (const Metric each : measured) {
    const Spread spread = spread_of(parts, each);
    json.number("mean_" + json_key(name(each)), spread.mean);
    json.number("deviation_" + json_key(name(each)), spread.deviation);
  }
}

}  // namespace

void add_metrics(Json& json, const Metrics& metrics, const std::string& prefix) {
  json.number(prefix + "loss", metrics.loss);
  if (metrics.task == Task::regression) {
    json.number(prefix + "rmse", metrics.rmse).number(prefix + "mae", metrics.mae).number(prefix + "r2", metrics.r2);
  } else {
    json.number(prefix + "accuracy", metrics.accuracy).whole(prefix + "correct", metrics.correct);
  }
  for (const Metric each : metrics.more) json.number(prefix + json_key(name(each)), metrics.value(each));
  json.whole(prefix + "examples", metrics.examples);
  for (const Interval& each : metrics.intervals)
    json.number(prefix + json_key(name(each.metric)) + "_low", each.low)
        .number(prefix + json_key(name(each.metric)) + "_high", each.high);
}

void add_members(Json& json, const Metrics& metrics) {
  add_metrics(json, metrics, "");
  if (metrics.unseen > 0) json.whole("unseen", metrics.unseen);
}

void add_members(Json& json, const CostReport& report) {
  json.text("event", "cost");
  if (report.fold > 0) json.whole("fold", report.fold);
  json.whole("iteration", report.iteration).whole("epoch", report.epoch).number("cost", report.cost);
}

void add_members(Json& json, const EpochReport& report) {
  json.text("event", "epoch");
  if (report.fold > 0) json.whole("fold", report.fold);
  json.whole("epoch", report.epoch).whole("iteration", report.iteration);
  json.number("cost", report.mean_cost);
  if (report.train) add_metrics(json, *report.train, "train_");
  if (report.validation) add_metrics(json, *report.validation, "validation_");
  if (report.best) json.truth("best", true);
}

void add_members(Json& json, const PartReport& report) {
  const std::string_view noun = report.parts > 0 ? "fold" : "part";
  json.text("event", noun).whole(noun, report.part);
  if (report.parts > 0) json.whole("of", report.parts);
  json.whole("rows", report.rows.size());
  json.whole("train_rows", report.train_rows).whole("epochs", report.epochs);
  if (report.epochs_tried > 0) json.whole("epochs_tried", report.epochs_tried);
  add_metrics(json, report.metrics, "");
  json.text("ending", name(report.ending));
}

void add_members(Json& json, const Fit& fit) {
  const TrainingRecord& record = fit.model.record();
  json.text("event", "done").whole("iterations", record.iterations).whole("epochs", record.epochs);
  if (record.epochs_tried > 0)
    json.whole("iterations_tried", fit.iterations).whole("epochs_tried", record.epochs_tried);
  json.number("cost", record.cost).number("seconds", fit.seconds);
  add_metrics(json, record.train, "train_");
  if (record.validation) add_metrics(json, *record.validation, "validation_");
  if (fit.before) add_metrics(json, *fit.before, "before_");
  if (fit.folds > 0) {
    json.whole("folds", fit.folds).whole("folds_done", fit.parts.size()).whole("networks", fit.model.networks());
    add_means(json, fit.parts);
  }
  if (record.out_of_fold) add_metrics(json, *record.out_of_fold, "out_of_fold_");
  json.text("ending", record.ended);
  if (!fit.explanation.empty()) json.text("explanation", fit.explanation);
}

void add_members(Json& json, const CrossValidation& found) {
  json.text("event", "done").whole("parts", found.parts.size()).text("how", found.how);
  add_means(json, found.parts);
  json.text("ending", name(found.ending));
}

void add_members(Json& json, const TrainingPlan& plan) {
  add_inputs(json, plan.features.inputs);
  json.key("left_out").array();
  for (const LeftOut& each : plan.left_out)
    json.object().text("name", each.name).text("type", each.type).text("why", each.why).end();
  json.end();
  add_columns(json, encoded_columns(plan.features));
  json.text("task", name(plan.features.target.task)).texts("target", plan.features.target.names);
  json.texts("classes", plan.features.target.classes).text("scale", name(plan.features.scaling.kind));
  json.text("network", layer_sizes(plan.architecture)).whole("parameters", plan.architecture.parameter_count());
  json.key("options").object();
  for (const OptionSpec& option : option_table()) json.text(option.name, option.show(plan.options));
  json.end().whole("rows", plan.rows).whole("validation_rows", plan.held);
  json.text("validation_how", plan.held_how).whole("dropped", plan.dropped).whole("weight_0", plan.weight_0);
  if (!plan.folds.empty()) json.wholes("folds", plan.folds);
  json.whole("batches", plan.batches).whole("iterations", plan.iterations);
  json.whole("data_bytes", plan.data_bytes).whole("example_bytes", plan.example_bytes);
  json.whole("weight_bytes", plan.weight_bytes).whole("workspace_bytes", plan.workspace_bytes);
}

}  // namespace strata::internal
