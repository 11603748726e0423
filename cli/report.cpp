#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "api/summary.hpp"
#include "commands.hpp"
#include "strata/error.hpp"

#ifndef STRATA_DATA_FOLDERS
#define STRATA_DATA_FOLDERS ""
#endif

namespace strata::cli {

std::string describe_inputs(const Features& features, const Architecture& net) {
  const std::vector<InputField>& inputs = features.inputs;
  std::vector<std::string> names;
  for (const InputField& input : inputs) {
    names.push_back(name_text(input.name));
    if (!input.shape.empty()) names.back() += fmt::format(" ({})", shape_text(input.shape));
    if (input.type == ColumnType::category)
      names.back() += fmt::format(
          " (category, {}{})", counted(input.levels.size(), "level"),
          input.embedded
              ? fmt::format(" of {}", counted(static_cast<std::uint64_t>(net.stage.level_units), "learned number"))
              : "");
    else if (input.type != ColumnType::number)
      names.back() += fmt::format(" ({})", name(input.type));
  }
  const auto count = static_cast<std::uint64_t>(net.inputs);
  if (has_columns(features))
    return fmt::format("{}, in {}: {}", inputs.size(), counted(count, "column"), joined(names, 6));
  return fmt::format("{}: {}", counted(count, "number"), joined(names, 6));
}

std::string describe_target(const Target& target) {
  std::string text = fmt::format("{}, {}", joined(target.names, 6), name(target.task));
  if (target.task == Task::binary && target.classes.size() == 2)
    text += fmt::format(": {} or {} (the probability is that of {})", target.classes[0], target.classes[1],
                        target.classes[1]);
  else if (!target.classes.empty())
    text += fmt::format(": {} classes: {}", target.classes.size(), joined(target.classes, 12));
  if (!target.divisor.empty()) text += ", scaled for the training";
  if (target.least.size() == 1)
    text += fmt::format(", kept between {} and {}", brief(target.least[0]), brief(target.largest[0]));
  else if (!target.least.empty())
    text += ", each kept between its least and its largest of the training rows";
  return text;
}

std::string describe_scaling(const Scaling& scaling) {
  switch (scaling.kind) {
    case ScaleKind::standard: return "standard: (x - mean) / standard deviation of the training rows";
    case ScaleKind::divide_255: return "1/255: x / 255";
    case ScaleKind::robust:
      return std::string("robust: t = (x - median) / (third quartile - first), then t / sqrt(1 + (t/3)^2)") +
             (scaling.levels ? "; yes/no and levels too" : "");
    case ScaleKind::quantile: return "quantile: to a normal distribution, by the quantiles of the training rows";
    default: return "none";
  }
}

std::string describe_r2(const Metrics& metrics) {
  if (!std::isnan(metrics.r2) || !std::isfinite(metrics.rmse)) return brief(metrics.r2);
  return metrics.examples == 1 ? "undefined: one example has no variance"
                               : "undefined: the target is the same in all examples";
}

std::string figure(double value) { return std::isnan(value) ? "undefined" : brief(value); }

std::string describe_accuracy(const Metrics& metrics) {
  const double plain = static_cast<double>(metrics.correct) / static_cast<double>(metrics.examples);
  std::string share = percent(metrics.correct, metrics.examples);
  if (std::abs(metrics.accuracy - plain) < 1e-9 || std::isnan(metrics.accuracy)) return share;
  return fmt::format("{}; {:.1f} % by weight", share, 100 * metrics.accuracy);
}

std::string describe(const Metrics& metrics) {
  std::string text, end;
  if (metrics.task == Task::regression) {
    text = fmt::format("RMSE {}, MAE {}, R2 {}", brief(metrics.rmse), brief(metrics.mae), describe_r2(metrics));
    end = fmt::format(" ({})", counted(metrics.examples, "example"));
  } else {
    text = fmt::format("{}/{} right ({}), loss {}", metrics.correct, metrics.examples, describe_accuracy(metrics),
                       brief(metrics.loss));
  }
  for (const Metric each : metrics.more) text += fmt::format(", {} {}", title_of(each), figure(metrics.value(each)));
  return text + end;
}

std::string describe_out_of_fold(const Model& model) {
  const TrainingRecord& record = model.record();
  const std::vector<double> shares = model.shares();
  // Nothing is selected where a fold has no network; then all count alike.
  const bool is_whole =
      record.ended == name(Ending::done) || std::ranges::count(shares, shares.front()) != std::ssize(shares);
  const std::pair<std::string, std::string> greedy("select", name(Select::greedy));
  const bool selected = is_whole && std::ranges::find(record.options, greedy) != record.options.end();
  std::string text = describe(*record.out_of_fold);
  if (selected || model.temperature() != 1)
    text +=
        fmt::format("; these rows also {}{}{} it", selected ? "selected" : "",
                    selected && model.temperature() != 1 ? " and " : "", model.temperature() != 1 ? "calibrated" : "");
  return text;
}

std::string title_of(Metric metric) {
  switch (metric) {
    case Metric::balanced_accuracy: return "balanced accuracy";
    case Metric::f1: return "F1";
    case Metric::mcc: return "MCC";
    case Metric::roc_auc: return "ROC AUC";
    case Metric::pr_auc: return "PR AUC";
    case Metric::log_loss: return "log-loss";
    case Metric::brier: return "Brier";
    case Metric::rmse: return "RMSE";
    case Metric::mae: return "MAE";
    case Metric::r2: return "R2";
    case Metric::mape: return "MAPE";
    default: return std::string(name(metric));
  }
}

std::size_t network_of(const Arguments& arguments, const Model& model) {
  const std::size_t network = arguments.whole("network", 1, 1), count = model.networks();
  if (network > count)
    throw Error(ErrorCode::usage,
                fmt::format("--network {}: {} has {}", network, input_name(arguments.operands.front()),
                            count == 1 ? "one network, number 1" : fmt::format("{} networks, 1 to {}", count, count)));
  return network - 1;
}

void say_which_network(const Arguments& arguments, const Model& model) {
  if (model.networks() > 1 && !arguments.has("network") && !arguments.has("quiet"))
    say(fmt::format("this is network 1 of {}; --network I shows another, and 'strata inspect' lists them",
                    model.networks()));
}

std::string describe_best(const TrainingRecord& record) {
  return fmt::format("{} of {}: its weights are kept, and these are their figures",
                     with_commas(static_cast<std::uint64_t>(record.epochs)),
                     with_commas(static_cast<std::uint64_t>(record.epochs_tried)));
}

std::string describe_layers(const Architecture& architecture) {
  std::string sizes = layer_sizes(architecture);
  if (architecture.stage.empty()) return sizes;
  return fmt::format("{} → {}", counted(static_cast<std::uint64_t>(architecture.inputs), "column"), sizes);
}

std::string describe_networks(std::size_t count, const Architecture& architecture, Precision precision) {
  return fmt::format("{}{} ({}{}, {})", count > 1 ? fmt::format("{} of ", count) : "", describe_layers(architecture),
                     count > 1 ? "each " : "", counted(architecture.parameter_count(), "parameter"), name(precision));
}

std::string shell_word(const std::string& word) {
  return quoted_for_shell(word.starts_with('-') ? "./" + word : word);  // no option, whichever program reads it
}

namespace {

/// Not twice in a note that names the file itself.
void say_notes(std::span<const std::string> notes, const std::string& file, const Arguments& arguments) {
  if (arguments.has("quiet")) return;
  const std::string source = printable(input_name(file));
  const bool several = arguments.operands.size() > 2;  // a model and files
  for (const std::string& note : notes)
    say(several && note.find(source) == std::string::npos ? fmt::format("{}: {}", source, note) : note);
}

}  // namespace

TableReader open_data(const Model& model, const std::string& file, const Arguments& arguments, bool with_target,
                      const std::vector<std::string>& keep) {
  std::vector<std::string> notes;
  TableReader reader(model.features(),
                     Source{file, arguments.options.inputs, arguments.options.target,
                            static_cast<const ReadingOptions&>(arguments.options), keep,
                            arguments.options.missing_target, arguments.options.weight_column},
                     with_target, &notes);
  say_notes(notes, file, arguments);
  return reader;
}

void say_left_out(const TableReader& reader, const std::string& file, const Arguments& arguments) {
  say_notes(reader.left_out(), file, arguments);
}

void say_unfamiliar(std::span<const UnfamiliarInput> inputs, const Arguments& arguments) {
  if (arguments.has("quiet")) return;
  for (const UnfamiliarInput& input : inputs) say(fmt::format("new to the model: {}", to_text(input)));
}

Table read_data(const Model& model, const std::string& file, const Arguments& arguments, bool with_target) {
  return *open_data(model, file, arguments, with_target).next(static_cast<std::size_t>(-1));
}

std::filesystem::path demo_data_folder() {
  namespace fs = std::filesystem;
  std::vector<fs::path> folders;
  const auto holds_data = [](const fs::path& folder) {
    std::error_code ignored;
    return fs::exists(folder / "breast_cancer.csv", ignored) && fs::exists(folder / "digits.csv", ignored);
  };
  if (const char* named = std::getenv("STRATA_DATA"); named != nullptr && *named != '\0')
    return holds_data(named) ? fs::path(named) : fs::path();
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  if (!failed) folders.push_back(program.parent_path() / ".." / "share" / "strata" / "data");
  std::string_view known = STRATA_DATA_FOLDERS;  // the source and the installation, with ':' between
  while (!known.empty()) {
    const std::size_t colon = std::min(known.find(':'), known.size());
    folders.emplace_back(known.substr(0, colon));
    known.remove_prefix(std::min(colon + 1, known.size()));
  }
  for (const fs::path& folder : folders)
    if (holds_data(folder)) return folder.lexically_normal();
  return {};
}

}  // namespace strata::cli
