// strata train --cross-validate: how good a training is, by rows that each was kept from.
#include <fmt/format.h>

#include <filesystem>

#include "commands.hpp"
#include "part_table.hpp"
#include "progress.hpp"
#include "signals.hpp"
#include "strata/error.hpp"
#include "strata/json.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {
namespace {

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
  if (arguments.has("out-of-fold"))
    throw Error(ErrorCode::usage,
                "--out-of-fold: a cross-validation keeps no predictions, and a bag does; give --folds 8 in place of "
                "--cross-validate, or leave --out-of-fold out");
  for (const std::string_view other : {"output", "dry-run", "checkpoint", "resume", "time-limit"})
    if (arguments.has(other))
      throw Error(ErrorCode::usage,
                  fmt::format("--cross-validate measures and writes no model; leave --{} out", other));
  const std::size_t parts = arguments.whole("cross-validate", 2, 0);
  const bool json = arguments.has("json"), quiet = arguments.has("quiet");
  ProgressBar bar(err(), !quiet);
  Callbacks callbacks = callbacks_of(arguments, bar);
  PartTable table("part", arguments.options);
  callbacks.part = [&](const PartReport& report) {
    bar.clear();
    json ? out().line(to_json(report)) : table.add(report);
  };
  if (!quiet && err().is_terminal()) say(fmt::format("reading {} …", input_name(arguments.operands.front())));
  const std::vector<std::filesystem::path> files(arguments.operands.begin(), arguments.operands.end());
  const CrossValidation found = strata::cross_validate(files, arguments.options, parts, callbacks);
  bar.clear();
  if (json) {
    out().line(to_json(found));
  } else if (!found.parts.empty()) {
    out().line("");
    out().line(out().paint(Style::bold, fmt::format("{:<12}", "mean")) + describe_mean(found.parts, found.options));
  }
  out().require_written();
  if (found.ending == Ending::interrupted) {
    say(fmt::format("strata: interrupted after {} of {} parts", found.parts.size(), parts));
    return interrupt_exit_code();
  }
  if (!quiet) say(fmt::format("no model is written; this trains one:\n       {}", training_command(arguments)));
  return found.ending == Ending::diverged ? 1 : 0;
}

}  // namespace strata::cli
