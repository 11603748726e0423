// strata COMMAND …: finds the command, runs it, and turns its end into an exit code:
// 0 done, 1 failed, 2 wrong usage, 128 and its number ended by a signal.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <exception>
#include <new>

#include "base/other_names.hpp"
#include "commands.hpp"
#include "signals.hpp"
#include "strata/error.hpp"
#include "strata/version.hpp"

namespace strata::cli {
namespace {

std::string overview() {
  const Output& on = out();
  std::string text = fmt::format(
      "{}\n  strata demo                                       see it learn\n"
      "  strata train data.csv --output model.strata       learn from your own table\n"
      "  strata predict model.strata new.csv               use what it learned\n"
      "\n{}\n  strata COMMAND [options]      strata COMMAND --help tells more\n\n{}\n",
      on.paint(Style::bold, "Examples"), on.paint(Style::bold, "Usage"), on.paint(Style::bold, "Commands"));
  for (const Command& command : all_commands()) text += fmt::format("  {:<17}{}\n", command.name, command.summary);
  return text + "\n  --version  --help  --no-color\n";
}

int dispatch(std::vector<std::string> words) {
  std::size_t at = 0;
  for (; at < words.size() && words[at].starts_with('-'); ++at) {
    const std::string word = words[at].starts_with("--") ? plain_name(words[at]) : words[at];
    if (word == "--no-color") {
      out().no_colour();
      err().no_colour();
    } else if (word == "--version" || word == "-V") {
      out().line(fmt::format("strata {}", STRATA_VERSION));
      return 0;
    } else if (word == "--help" || word == "-h") {
      out().write(overview());
      return 0;
    } else {
      const std::vector<std::string> known = {"--version", "--help", "--no-color"};
      throw Error(ErrorCode::usage,
                  fmt::format("there is no option '{}' before the command{}", words[at], suggestion(word, known)));
    }
  }
  if (at == words.size()) {
    out().write(overview());
    return 0;
  }
  std::string name = words[at];
  std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
  if (name == "help") {
    if (rest.empty()) {
      out().write(overview());
      return 0;
    }
    name = rest.front();
    rest = {"--help"};
  }
  if (name == "help-markdown") {  // makes docs/parameters.md; for maintainers
    out().write(options_markdown() + flags_markdown(train_command()));
    return 0;
  }
  std::vector<std::string> names;
  for (const Command& command : all_commands()) {
    names.emplace_back(command.name);
    if (command.name != name) continue;
    for (const std::string& word : rest) {
      if (word == "--") break;
      if (plain_name(word) == "--no-color") {
        out().no_colour();
        err().no_colour();
      }
    }
    const Arguments arguments = parse(command, rest);
    if (arguments.has("help")) {
      out().write(help_text(command));
      return 0;
    }
    if (arguments.reads_standard_input && ::isatty(STDIN_FILENO) == 1) say("reading from the keyboard; Ctrl-D ends it");
    return command.run(arguments);
  }
  std::string hint = suggestion(name, names);
  std::vector<std::string> others = names;
  others.emplace_back("--version");
  if (std::string known = known_elsewhere(name, others); !known.empty()) hint = std::move(known);
  throw Error(ErrorCode::usage,
              fmt::format("there is no command '{}'{}", name,
                          hint.empty() ? fmt::format("; there are {}", fmt::join(names, ", ")) : hint));
}

// A file that is opened must not take the place of a standard stream that is closed: messages would go into it. What
// stands there instead fails to be read or written, as what is closed does.
void fill_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(stream, F_GETFD) < 0)
      static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

int run(int count, char** words) {
  fill_standard_streams();
  handle_signals();
  try {
    return dispatch(std::vector<std::string>(words + 1, words + count));
  } catch (const Error& error) {
    say_error(error.what());
    return error.code() == ErrorCode::usage ? 2 : 1;
  } catch (const std::bad_alloc&) {
    say_error("there is not enough memory");
  } catch (const std::exception& error) {
    say_error(fmt::format("{} (this is a fault of strata; please report it)", error.what()));
  }
  return 1;
}

}  // namespace
}  // namespace strata::cli

int main(int count, char** words) { return strata::cli::run(count, words); }
