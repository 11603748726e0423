// strata train --cross-validate: how good a training is, by rows that each was kept from.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "commands.hpp"
#include "progress.hpp"
#include "signals.hpp"
#include "strata/error.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {
namespace {

std::string figure_text(double value) { return std::isnan(value) ? "undefined" : brief(value); }

void print_part(const PartReport& report, const Options& options) {
  std::string heading = fmt::format("{:>7}{:>10}{:>12}{:>12}", "part", "rows", "trained on", "epochs");
  std::string epochs = std::to_string(report.epochs);
  if (report.epochs_tried > 0) epochs += fmt::format(" of {}", report.epochs_tried);  // the best one
  std::string row = fmt::format("{:>7}{:>10}{:>12}{:>12}", report.part, report.rows.size(), report.train_rows, epochs);
  for (const Metric each : figures_of(report.metrics.task, options)) {
    const std::string title = title_of(each);
    const std::size_t width = std::max<std::size_t>(13, title.size() + 2);
    heading += fmt::format("{:>{}}", title, width);
    row += fmt::format("{:>{}}", figure_text(report.metrics.value(each)), width);
  }
  if (report.part == 1) out().line(out().paint(Style::dim, heading));
  out().line(row);
}

void print_json_part(const PartReport& report) {
  Json json;
  json.object().text("event", "part").whole("part", report.part).whole("rows", report.rows.size());
  json.whole("train_rows", report.train_rows).whole("epochs", report.epochs);
  if (report.epochs_tried > 0) json.whole("epochs_tried", report.epochs_tried);
  add_metrics(json, report.metrics, "");
  out().line(json.text("ending", name(report.ending)).end().str());
}

void print_json_done(const CrossValidation& found) {
  Json json;
  json.object().text("event", "done").whole("parts", found.parts.size()).text("how", found.how);
  for (const Metric each : found.parts.empty() ? std::span<const Metric>() : metrics_of(found.parts[0].metrics.task)) {
    const Spread spread = spread_of(found.parts, each);
    json.number("mean_" + json_key(name(each)), spread.mean);
    json.number("deviation_" + json_key(name(each)), spread.deviation);
  }
  out().line(json.text("ending", name(found.ending)).end().str());
}

void print_summary(const CrossValidation& found) {
  std::string means;
  for (const Metric each : figures_of(found.parts.front().metrics.task, found.options)) {
    const Spread spread = spread_of(found.parts, each);
    means += fmt::format("{}{} {}", means.empty() ? "" : ", ", title_of(each), figure_text(spread.mean));
    if (!std::isnan(spread.deviation)) means += fmt::format(" ± {:.2g}", spread.deviation);
  }
  out().line("");
  out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<12}", "mean")), means));
}

/// What was typed, without the parts.
std::string training_command(const Arguments& arguments) {
  std::string command = "strata train";
  for (const std::string& file : arguments.operands) command += " " + shell_word(file);
  for (const auto& [name, value] : arguments.typed) {
    if (name == "cross-validate" || name == "json" || name == "quiet" || name == "no-color") continue;
    command += fmt::format(" --{} {}", name, quoted_for_shell(value));
  }
  return command;
}

}  // namespace

int cross_validate(const Arguments& arguments) {
  for (const std::string_view other : {"output", "dry-run", "checkpoint", "resume", "time-limit"})
    if (arguments.has(other))
      throw Error(ErrorCode::usage,
                  fmt::format("--cross-validate measures and writes no model; leave --{} out", other));
  const std::size_t parts = arguments.whole("cross-validate", 2, 0);
  const bool json = arguments.has("json"), quiet = arguments.has("quiet");
  ProgressBar bar(err(), !quiet);
  Callbacks callbacks = callbacks_of(arguments, bar);
  callbacks.part = [&](const PartReport& report) {
    bar.clear();
    json ? print_json_part(report) : print_part(report, arguments.options);
  };
  if (!quiet && err().is_terminal()) say(fmt::format("reading {} …", input_name(arguments.operands.front())));
  const std::vector<std::filesystem::path> files(arguments.operands.begin(), arguments.operands.end());
  const CrossValidation found = strata::cross_validate(files, arguments.options, parts, callbacks);
  bar.clear();
  if (json)
    print_json_done(found);
  else if (!found.parts.empty())
    print_summary(found);
  out().require_written();
  if (found.ending == Ending::interrupted) {
    say(fmt::format("strata: interrupted after {} of {} parts", found.parts.size(), parts));
    return interrupt_exit_code();
  }
  if (!quiet)
    say(fmt::format("no model is written; this trains one on all rows:\n       {}", training_command(arguments)));
  return found.ending == Ending::diverged ? 1 : 0;
}

}  // namespace strata::cli
