// A command as it is described to the reader and to the parser, and what was typed.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "strata/options.hpp"

namespace strata::cli {

class Arguments;

/// What a command works on: MODEL, DATA.
struct Operand {
  std::string_view name;
  std::string_view help;
  std::size_t least = 1;
  std::size_t most = 1;
  bool is_written = false;
};

/// An option that belongs to the command line and not to the training.
struct Flag {
  std::string_view name;
  char letter;             ///< 0: none
  std::string_view value;  ///< empty: it takes none
  std::string_view help;
};

/// An option of strata::option_table() that a command takes.
struct Taken {
  constexpr Taken(const char* name_, std::string_view help_ = {}) : name(name_), help(help_) {}
  constexpr explicit Taken(std::string_view name_) : name(name_) {}
  std::string_view name;
  std::string_view help;  ///< where it means something else than in a training
};

struct Command {
  std::string_view name;
  std::string_view summary;                ///< a line in the list of commands
  std::vector<std::string_view> examples;  ///< the first one begins the help
  std::string_view about;                  ///< a paragraph
  std::vector<Operand> operands;
  std::vector<Taken> options;
  std::vector<Flag> flags;
  int (*run)(const Arguments& arguments);
};

inline constexpr std::size_t kAnyNumber = static_cast<std::size_t>(-1);
// Where a model decides what a training has a default for.
inline constexpr Taken kInputsOfModel{"inputs",
                                      "The fields to take for the model's inputs, in the model's order (the model's "
                                      "own names in any). When not given: those of their names."};
inline constexpr Taken kTargetOfModel{"target",
                                      "The field with the answers; it may also be a file of its own (IDX labels, NPY). "
                                      "When not given: the one of the name that the model was trained on."};
inline constexpr Flag kJsonFlag{"json", 0, "", "Print JSON on stdout, numbers with 17 significant digits."};
inline constexpr Flag kQuietFlag{"quiet", 'q', "", "Print results, warnings and errors only."};

class Arguments {
 public:
  std::vector<std::string> operands;
  Options options;  ///< the recipe's, then those that were typed
  std::map<std::string, std::string, std::less<>> typed;
  bool reads_standard_input = false;  ///< an operand or an option is "-"

  [[nodiscard]] bool has(std::string_view name) const { return typed.find(name) != typed.end(); }
  [[nodiscard]] std::string value(std::string_view name, std::string_view otherwise = {}) const {
    const auto found = typed.find(name);
    return found == typed.end() ? std::string(otherwise) : found->second;
  }
  [[nodiscard]] TypedOptions typed_options() const;
  /// Sets the recipe's options, and those that were typed.
  void set(Options& of) const;
  /// The value as a whole number, at least `least`. Throws Error(usage).
  [[nodiscard]] std::size_t whole(std::string_view name, std::size_t least, std::size_t otherwise) const;
};

/// Throws Error(usage), with the nearest right name, for what the command does not know.
[[nodiscard]] Arguments parse(const Command& command, std::span<const std::string> words);
[[nodiscard]] std::string help_text(const Command& command);
/// A part of docs/parameters.md: what the command takes beside the options of the table.
[[nodiscard]] std::string flags_markdown(const Command& command);
/// Those of strata::option_table().
[[nodiscard]] std::vector<Taken> all_options();
/// `others`, and those that say how a table is read.
[[nodiscard]] std::vector<Taken> with_reading(std::vector<Taken> others);
/// `others`, and those of reading that a model leaves open.
[[nodiscard]] std::vector<Taken> with_reading_of_model(std::vector<Taken> others);

}  // namespace strata::cli
