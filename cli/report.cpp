#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "commands.hpp"

#ifndef STRATA_DATA_FOLDERS
#define STRATA_DATA_FOLDERS ""
#endif

namespace strata::cli {

void add_metrics(Json& json, const Metrics& metrics, const std::string& prefix) {
  json.number(prefix + "loss", metrics.loss);
  if (metrics.task == Task::regression) {
    json.number(prefix + "rmse", metrics.rmse).number(prefix + "mae", metrics.mae).number(prefix + "r2", metrics.r2);
  } else {
    json.number(prefix + "accuracy", metrics.accuracy).whole(prefix + "correct", metrics.correct);
  }
  json.whole(prefix + "examples", metrics.examples);
}

void add_columns(Json& json, std::span<const EncodedColumn> columns) {
  json.key("columns").array();
  for (const EncodedColumn& column : columns)
    json.object().text("name", column.name).text("equation", column.equation).end();
  json.end();
}

std::string describe_r2(const Metrics& metrics) {
  if (!std::isnan(metrics.r2) || !std::isfinite(metrics.rmse)) return brief(metrics.r2);
  return metrics.examples == 1 ? "undefined: one example has no variance"
                               : "undefined: the target is the same in all examples";
}

std::string describe(const Metrics& metrics) {
  if (metrics.task == Task::regression)
    return fmt::format("RMSE {}, MAE {}, R2 {} ({})", brief(metrics.rmse), brief(metrics.mae), describe_r2(metrics),
                       counted(metrics.examples, "example"));
  return fmt::format("{}/{} right ({}), loss {}", metrics.correct, metrics.examples,
                     percent(metrics.correct, metrics.examples), brief(metrics.loss));
}

std::string layer_sizes(const Architecture& architecture) {
  std::string text;
  for (int l = 0; l <= architecture.depth(); ++l) text += fmt::format("{}{}", l == 0 ? "" : "-", architecture.units(l));
  return text;
}

std::string shell_word(const std::string& word) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:=+@%";
  if (word.starts_with('-')) return shell_word("./" + word);  // no option, whichever program reads it
  if (!word.empty() && word.find_first_not_of(kSafe) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

TableReader open_data(const Model& model, const std::string& file, const Arguments& arguments, bool with_target) {
  std::vector<std::string> notes;
  TableReader reader(model.features(),
                     Source{file, arguments.options.inputs, arguments.options.target,
                            static_cast<const ReadingOptions&>(arguments.options)},
                     with_target, &notes);
  if (!arguments.has("quiet"))
    for (const std::string& note : notes) say(note);
  return reader;
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
