// Words are taken apart by the system's getopt_long, so that they mean what they mean elsewhere; its messages are not
// ours.
#include "arguments.hpp"

#include <fmt/format.h>
#include <getopt.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/other_names.hpp"
#include "output.hpp"
#include "strata/error.hpp"

namespace strata::cli {
namespace {

constexpr Flag kCommonFlags[] = {
    {"no-color", 0, "", "Print without colours; so does the environment variable NO_COLOR."},
    {"help", 'h', "", "Print this page."}};

/// An option of either kind, as the parser and the help need it.
struct Known {
  std::string_view name;
  char letter;
  std::string_view value;
  std::string_view group;
  std::string_view standard;
  std::string_view range;
  std::string_view help;
  const OptionSpec* spec;  // null: a flag of the command line
};

std::vector<Known> known_options(const Command& command) {
  std::vector<Known> known;
  for (const OptionSpec& spec : option_table()) {
    for (const Taken& taken : command.options)
      if (taken.name == spec.name)
        known.push_back({spec.name, 0, spec.value, spec.group, spec.standard, spec.range,
                         taken.help.empty() ? spec.help : taken.help, &spec});
  }
  const auto add_flag = [&](const Flag& flag) {
    known.push_back({flag.name, flag.letter, flag.value, "This command", {}, {}, flag.help, nullptr});
  };
  std::for_each(command.flags.begin(), command.flags.end(), add_flag);
  std::for_each(std::begin(kCommonFlags), std::end(kCommonFlags), add_flag);
  return known;
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::usage, message); }

std::string usage_line(const Command& command) {
  std::string line = fmt::format("strata {}", command.name);
  for (const Operand& operand : command.operands)
    line += fmt::format(fmt::runtime(operand.least == 0 ? " [{}]" : operand.most > 1 ? " {}..." : " {}"), operand.name);
  return line + " [options]";
}

/// `option`: what the command does not have, a letter of `word` or its name.
[[noreturn]] void refuse_unknown(const Command& command, const std::vector<Known>& known, const std::string& option,
                                 const std::string& word) {
  const std::string typed = option.substr(0, option.starts_with("--") ? option.find('=') : std::string::npos);
  std::vector<std::string> names;
  for (const Known& each : known) names.push_back(fmt::format("--{}", each.name));
  // A right name at a wrong command is no slip of the finger.
  const auto table = option_table();
  const bool trains = std::any_of(table.begin(), table.end(),
                                  [&](const OptionSpec& spec) { return fmt::format("--{}", spec.name) == typed; });
  if (!option.starts_with("--") && word.size() > 2) {  // a name behind one dash
    const std::string name = fmt::format("-{}", word.substr(0, word.find('=')));
    const bool is_known = std::ranges::find(names, plain_name(name)) != names.end();
    const std::string meant =
        is_known ? fmt::format("; did you mean '{}'?", plain_name(name)) : known_elsewhere(name, names);
    if (!meant.empty()) refuse(fmt::format("'strata {}' has no option '{}'{}", command.name, name.substr(1), meant));
  }
  std::string hint = trains ? "" : known_elsewhere(typed, names);
  const std::vector<std::string> metrics = {"--metrics"};
  if (command.name == "evaluate" && (typed == metrics[0] || !known_elsewhere(typed, metrics).empty()))
    hint = ": it shows all figures that the task has";
  if (hint.empty() && !trains && typed.size() >= 4) hint = suggestion(typed, names);  // a letter is near to any other
  if (hint.empty()) {
    hint = trains ? " (it belongs to 'strata train'; a model remembers it)"
           : !command.operands.empty() && ::access(word.c_str(), F_OK) == 0
               ? "; a file name that begins with a dash goes behind '--'"
               : fmt::format("; 'strata {} --help' lists them", command.name);
  }
  refuse(fmt::format("'strata {}' has no option '{}'{}", command.name, typed, hint));
}

[[noreturn]] void refuse_missing_value(const Known& option) {
  refuse(fmt::format("--{0} needs a value: --{0} {1}{2}", option.name, option.value,
                     option.range.empty() ? "" : fmt::format(" ({})", option.range)));
}

/// What was typed, in its order: options with their values, and operands.
class Words {
 public:
  Words(const Command& command, const std::vector<Known>& known, std::span<const std::string> words)
      : command_(command), known_(known), words_(words.begin(), words.end()) {
    take_apart();
  }

  std::vector<std::string> operands;
  std::map<std::string_view, std::vector<std::string>> values;  // by the name of the option; none typed: no entry
  std::string unknown, in_word;                                 // the first option that the command does not have

 private:
  void take_apart() {
    std::vector<char*> argv = {command_name_.data()};
    for (std::string& word : words_) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int argc = static_cast<int>(argv.size()) - 1;
    // '-': operands come in their order, between the options. ':': a value that is missing is told apart.
    std::string letters = "-:";
    std::vector<option> names;
    for (const Known& each : known_) {
      names_.emplace_back(each.name);
      if (each.letter != 0) letters += each.letter + std::string(each.value.empty() ? "" : ":");
    }
    for (std::size_t i = 0; i < known_.size(); ++i)
      names.push_back({names_[i].c_str(), known_[i].value.empty() ? no_argument : required_argument, nullptr,
                       kFirstName + static_cast<int>(i)});
    names.push_back({});
    optind = 0;  // begin anew, whatever was parsed before
    opterr = 0;
    while (true) {
      char* const at = argv[static_cast<std::size_t>(std::clamp(optind, 1, argc))];
      spell_as_known(at);
      const std::string word = at == nullptr ? "" : at;
      const int found = getopt_long(argc, argv.data(), letters.c_str(), names.data(), nullptr);
      if (found == -1) break;
      if (found == 1) {
        operands.emplace_back(optarg);
      } else if (found == ':') {
        refuse_missing_value(option_of(optopt));
      } else if (found == '?') {
        take_wrong(word);
      } else if (found < kFirstName || word.substr(2, word.find('=') - 2) == option_of(found).name) {
        const std::size_t length = optarg == nullptr ? 0 : std::strlen(optarg);
        const bool in_the_word = optarg != nullptr && length <= word.size() && optarg == at + (word.size() - length);
        take(option_of(found), found < kFirstName && in_the_word);
      } else {
        note_unknown(word,
                     word);  // the beginning of a name: it would mean something else once there is a second such option
      }
    }
    for (int i = optind; i < argc; ++i) operands.emplace_back(argv[i]);
  }

  /// --Batch_Size becomes --batch-size.
  void spell_as_known(char* word) const {
    const std::string_view text(word == nullptr ? "" : word);
    const std::string name = plain_name(text.substr(0, text.find('=')));
    const auto is_name = [&](const Known& each) { return name == fmt::format("--{}", each.name); };
    if (std::ranges::any_of(known_, is_name)) std::ranges::copy(name, word);
  }

  /// -output FILE would otherwise be -o utput, and FILE an operand.
  void refuse_one_dash(const std::string& word) const {
    const std::string name = plain_name(word.substr(0, word.find('=')));
    if (name.size() < 3) return;
    for (const Known& each : known_)
      if (each.name.starts_with(name)) refuse(fmt::format("-{}: a name has two dashes: --{}", name, each.name));
  }

  void take(const Known& option, bool joined_to_letter) {
    std::string value = optarg == nullptr ? "" : optarg;
    if (joined_to_letter) refuse_one_dash(fmt::format("{}{}", option.letter, value));
    if (joined_to_letter && value.starts_with('=')) value.erase(0, 1);  // -o=FILE, as one writes it with long names
    values[option.name].push_back(std::move(value));
  }

  void take_wrong(const std::string& word) {
    if (optopt >= kFirstName) refuse(fmt::format("--{} takes no value", option_of(optopt).name));
    const std::size_t equals = word.find('=');
    if (optopt == '=' && unknown.empty() && equals > 1) refuse(fmt::format("-{} takes no value", word[equals - 1]));
    note_unknown(optopt == 0 ? word : fmt::format("-{}", static_cast<char>(optopt)), word);
  }

  void note_unknown(const std::string& option, const std::string& word) {
    if (!unknown.empty()) return;
    unknown = option;
    in_word = word;
  }

  [[nodiscard]] const Known& option_of(int number) const {
    return *std::find_if(known_.begin(), known_.end(), [&](const Known& option) {
      return number < kFirstName ? option.letter == number : &option - known_.data() == number - kFirstName;
    });
  }

  static constexpr int kFirstName = 256;  // above all letters
  const Command& command_;
  const std::vector<Known>& known_;
  std::string command_name_{command_.name};
  std::vector<std::string> words_, names_;
};

// What came through a pipe is gone once it is read, so it can be asked for once only.
void find_standard_input(const Command& command, Arguments& arguments) {
  const auto is_input = [](std::string_view word) {
    return word == "-" || word == "/dev/stdin" || word == "/dev/fd/0" || word == "/proc/self/fd/0";
  };
  std::vector<std::string> readers;
  for (std::size_t i = 0; i < arguments.operands.size(); ++i) {
    const Operand& operand = command.operands[std::min(i, command.operands.size() - 1)];
    if (is_input(arguments.operands[i]) && !operand.is_written) readers.push_back(fmt::format("operand {}", i + 1));
  }
  for (const std::string_view name : {"validation", "target", "continue", "resume"})
    if (is_input(arguments.value(name))) readers.push_back(fmt::format("--{}", name));
  arguments.reads_standard_input = !readers.empty();
  if (readers.size() > 1)
    refuse(fmt::format("standard input can be read only once, and here it is to be read {} times ({})", readers.size(),
                       fmt::join(readers, ", ")));
}

void add_option_lines(std::string& text, const Known& option, std::size_t width) {
  constexpr std::size_t kLeft = 28;
  std::string left = fmt::format("  {}--{}{}{}", option.letter == 0 ? "" : fmt::format("-{}, ", option.letter),
                                 option.name, option.value.empty() ? "" : " ", option.value);
  std::string right(option.help);
  if (!option.standard.empty()) right += fmt::format(" Default: {}.", option.standard);
  if (!option.range.empty()) right += fmt::format(" [{}]", option.range);
  if (left.size() + 2 > kLeft) {
    text += left + '\n';
    left.clear();
  }
  text += left + std::string(kLeft - left.size(), ' ') + wrapped(right, width, kLeft) + '\n';
}

}  // namespace

std::vector<Taken> all_options() {
  std::vector<Taken> taken;
  for (const OptionSpec& spec : option_table()) taken.emplace_back(spec.name);
  return taken;
}

std::vector<Taken> with_reading(std::vector<Taken> others) {
  for (const OptionSpec& spec : option_table())
    if (spec.group == "Reading") others.emplace_back(spec.name);
  return others;
}

std::vector<Taken> with_reading_of_model(std::vector<Taken> others) {
  for (const char* name : {"separator", "header", "comment", "missing", "bad-cells", "transpose"})
    others.emplace_back(name);
  return others;
}

TypedOptions Arguments::typed_options() const {
  TypedOptions own;
  for (const OptionSpec& option : option_table())
    if (const auto found = typed.find(option.name); found != typed.end()) own.emplace_back(option.name, found->second);
  return own;
}

void Arguments::set(Options& of) const {
  if (has("recipe")) return apply_recipe(of, value("recipe"), typed_options());
  for (const auto& [option, text] : typed_options()) set_option(of, option, text);
}

std::size_t Arguments::whole(std::string_view name, std::size_t least, std::size_t otherwise) const {
  const auto found = typed.find(name);
  if (found == typed.end()) return otherwise;
  const std::string& text = found->second;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < least)
    refuse(fmt::format("--{}: expected a whole number, at least {}, found '{}'", name, least, text));
  return value;
}

Arguments parse(const Command& command, std::span<const std::string> words) {
  const std::vector<Known> known = known_options(command);
  Words typed(command, known, words);
  Arguments arguments;
  for (const Known& option : known) {
    const auto found = typed.values.find(option.name);
    if (found == typed.values.end()) continue;
    if (found->second.size() > 1 && !option.value.empty())
      refuse(fmt::format("--{} is given {} times", option.name, found->second.size()));
    if (found->second.front().empty() && !option.value.empty() && option.spec == nullptr) refuse_missing_value(option);
    arguments.typed.emplace(option.name, found->second.front());
  }
  if (arguments.has("help")) return arguments;
  if (!typed.unknown.empty()) refuse_unknown(command, known, typed.unknown, typed.in_word);

  std::vector<std::string>& operands = typed.operands;
  std::size_t least = 0, most = 0;
  for (const Operand& operand : command.operands) {
    if (operands.size() < least + operand.least)
      refuse(fmt::format("{} is missing; the command is: {}\nfor example: {}", operand.name, usage_line(command),
                         command.examples.front()));
    least += operand.least;
    most = operand.most == kAnyNumber ? kAnyNumber : most + operand.most;
  }
  if (operands.size() > most)
    refuse(fmt::format("'{}' is one word too many; the command is: {}", operands[most], usage_line(command)));
  arguments.operands = std::move(operands);

  find_standard_input(command, arguments);
  std::vector<std::string> lengths;
  for (const char* option : {"iterations", "epochs", "time-limit"})
    if (arguments.has(option)) lengths.push_back(fmt::format("--{}", option));
  if (lengths.size() > 1)
    refuse(fmt::format("{} are two ways to say how long: give one of them", fmt::join(lengths, " and ")));
  arguments.set(arguments.options);
  return arguments;
}

std::string flags_markdown(const Command& command) {
  std::string page = fmt::format(
      "\n## The command line\n\nWhat `strata {}` takes beside these options; `strata COMMAND --help` lists those of "
      "each command.\n\n| option | what it does |\n| --- | --- |\n",
      command.name);
  const auto add = [&](const Flag& flag) {
    page += fmt::format("| `--{}{}{}`{} | {} |\n", flag.name, flag.value.empty() ? "" : " ", flag.value,
                        flag.letter == 0 ? "" : fmt::format(", `-{}`", flag.letter), flag.help);
  };
  std::for_each(command.flags.begin(), command.flags.end(), add);
  std::for_each(std::begin(kCommonFlags), std::end(kCommonFlags), add);
  return page;
}

std::string help_text(const Command& command) {
  const std::size_t width = std::clamp<std::size_t>(out().width(), 60, 100);
  std::string text =
      fmt::format("{}\n", out().paint(Style::bold, command.examples.size() > 1 ? "Examples" : "Example"));
  for (const std::string_view example : command.examples) text += fmt::format("  {}\n", example);
  text += fmt::format("\n{}\n  {}\n\n{}\n", out().paint(Style::bold, "Usage"), usage_line(command),
                      wrapped(command.about, width, 0));
  if (!command.operands.empty()) text += '\n';
  for (const Operand& operand : command.operands)
    text += fmt::format("  {:<8}{}\n", operand.name, wrapped(operand.help, width, 10));
  if (!command.operands.empty())
    text += fmt::format("  {:<8}In place of a file that is read: standard input. A pipe is as good as a file.\n", "-");
  std::string_view group;
  for (const Known& option : known_options(command)) {
    if (option.group != group) {
      group = option.group;
      text += fmt::format("\n{}\n", out().paint(Style::bold, group));
    }
    add_option_lines(text, option, width);
  }
  return text;
}

}  // namespace strata::cli
