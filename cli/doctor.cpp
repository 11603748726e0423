// strata doctor: what works here and what does not.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "api/json.hpp"
#include "commands.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

struct Variable {
  const char* name;
  const char* effect;
};
constexpr Variable kVariables[] = {
    {"STRATA_KERNELS", "which implementation computes"},
    {"STRATA_THREADS", "how many threads compute, where --threads does not say"},
    {"STRATA_DECODE", "where the helper strata-decode is"},
    {"STRATA_DATA", "where the demo's data is"},
    {"TMPDIR", "where temporary files go"},
    {"NO_COLOR", "no colours"},
    {"FORCE_COLOR", "colours in pipes too"},
    {"TERM", "what the terminal can"},
};

std::string terminal_text(const Output& on) {
  if (!on.is_terminal()) return fmt::format("not a terminal{}", on.has_colour() ? ", colours forced" : "");
  return fmt::format("terminal, {} columns, {}, {}, {}", on.width(), on.has_colour() ? "colours" : "no colours",
                     on.animates() ? "progress bar" : "no progress bar", on.has_unicode() ? "UTF-8" : "ASCII");
}

int run(const Arguments& arguments) {
  Diagnosis diagnosis = diagnose();
  const std::filesystem::path data = demo_data_folder();
  diagnosis.tests.push_back(
      {"demo data", !data.empty(), data.empty() ? "not found" : data.string(),
       data.empty() ? "set STRATA_DATA to the folder that has breast_cancer.csv and digits.csv" : ""});
  bool healthy = true;
  for (const SelfTest& test : diagnosis.tests) healthy = healthy && test.passed;

  if (arguments.has("json")) {
    Json json;
    add_members(json.object(), diagnosis);
    json.key("environment").object();
    for (const Variable& variable : kVariables)
      if (const char* value = std::getenv(variable.name)) json.text(variable.name, value);
    out().line(json.end().truth("healthy", healthy).end().str());
    return healthy ? 0 : 1;
  }

  const auto item = [](std::string_view what, std::string_view text) {
    out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<17}", what)), printable(text)));
  };
  item("strata", fmt::format("{}, {}", diagnosis.version, diagnosis.compiler));
  item("processor",
       diagnosis.processor +
           (diagnosis.instructions.empty() ? std::string() : fmt::format(" ({})", diagnosis.instructions)));
  item("CPUs to use", std::to_string(diagnosis.cpus));
  item("kernels", joined(diagnosis.kernels, 12) +
                      (diagnosis.kernels_elsewhere.empty()
                           ? std::string()
                           : fmt::format(" (not on this processor: {})", joined(diagnosis.kernels_elsewhere, 12))));
  if (!diagnosis.chosen_kernels.empty()) {
    item("chosen", fmt::format("{}: {}", diagnosis.chosen_kernels, diagnosis.chosen_because));
    if (diagnosis.peak > 0)
      item("peak", fmt::format("{:.1f} GFLOP/s in float32 on one thread, measured", diagnosis.peak / 1e9));
    item("bf16", diagnosis.native_bf16 ? "with instructions of its own" : "without instructions of its own: slower");
  }
  item("stdout", terminal_text(out()));
  item("stderr", terminal_text(err()));
  for (const Variable& variable : kVariables)
    if (const char* value = std::getenv(variable.name))
      item(variable.name, fmt::format("{} ({})", *value == '\0' ? "empty" : value, variable.effect));
  out().line("");
  const std::size_t width = std::max<std::size_t>(out().width(), 60);
  for (const SelfTest& test : diagnosis.tests) {
    const std::string mark = test.passed ? out().paint(Style::good, "ok  ") : out().paint(Style::bad, "FAIL");
    out().line(fmt::format("{}  {:<17}{}", mark, test.name, wrapped(printable(test.found), width, 23)));
    if (!test.advice.empty()) out().line(std::string(23, ' ') + wrapped(test.advice, width, 23));
  }
  out().line(healthy ? "\nEverything works." : "\nSomething does not work; see FAIL above.");
  return healthy ? 0 : 1;
}

}  // namespace

Command doctor_command() {
  return {"doctor",
          "check this machine and this installation",
          {"strata doctor"},
          "Shows the version, the processor, the terminal and the environment variables that matter, and tries what "
          "needs more than this program: the helper that reads HDF5, PNG and JPEG, temporary files, the demo's data. "
          "The exit code is 1 when something that should work does not.",
          {},
          {},
          {kJsonFlag},
          run};
}

}  // namespace strata::cli
