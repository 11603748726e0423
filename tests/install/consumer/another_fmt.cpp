// A program with an fmt of its own: one function of it in this file, the rest from the system's library. It gets its
// own text, and Strata's errors have theirs.
#include <fmt/format.h>

#include <cstdio>
#include <strata/strata.hpp>
#include <string>

FMT_BEGIN_NAMESPACE
std::string vformat(string_view, format_args) { return "the consumer's own"; }
FMT_END_NAMESPACE

int main() {
  const std::string own = fmt::format("{}", 1);
  const int digits = static_cast<int>(fmt::formatted_size("{:.3f}", 1.0));
  std::string error;
  try {
    strata::Model::load("no-such.strata");
  } catch (const strata::Error& e) {
    error = e.what();
  }
  std::printf("%s; %d; %s\n", own.c_str(), digits, error.c_str());
  return own == "the consumer's own" && digits == 5 && error.find("no-such.strata") != std::string::npos ? 0 : 1;
}
