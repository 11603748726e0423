// Which fields of a file a model takes, and under which names it knows them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/formats.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"

namespace strata::internal {

/// Are these the model's own names of its inputs, in any order? Then each is what it says; others go by their place.
[[nodiscard]] bool names_the_inputs(const Features& features, std::vector<std::string> names);
/// Labels are words, whatever they look like. `which` of several targets.
[[nodiscard]] KnownColumn known_target(const Target& target, const std::string& name, std::size_t which);
/// "X (64×64×3), y (one number)", shortened.
[[nodiscard]] std::string described(std::span<const Field> fields);

/// A column that says something of the rows, and the option that names it. It is neither an input nor the target.
struct ColumnOfRows {
  const char* option;
  std::string name;
  [[nodiscard]] bool is_weight() const noexcept { return std::string_view(option) == "weight-column"; }
};

/// Made while the file is open: what it has is known, the numbers are not read yet. Inputs go by their names, or as the
/// source says. An array may be known by its shape; a matrix without names (one array with a number for each input, or
/// a text without a header) is taken by position.
class Choice {
 public:
  /// Borrows all. `text`: how a text is written, once its fields are chosen; of other files it has no names.
  Choice(const Features& features, const Source& source, std::span<const ColumnOfRows> of_rows, bool with_target,
         const Dialect& text, std::vector<std::string>& notes)
      : features_(features),
        source_(source),
        of_rows_(of_rows),
        with_target_(with_target),
        text_(text),
        notes_(notes) {}

  /// What to read: the inputs in the model's order, the target, and what is to be kept of arrays.
  [[nodiscard]] std::vector<std::string> choose(std::span<const Field> available);

  /// The names that the file uses for inputs and targets, and beside each the name that the model uses.
  [[nodiscard]] const std::vector<std::string>& chosen() const noexcept { return chosen_; }
  [[nodiscard]] const std::vector<std::string>& known_as() const noexcept { return known_as_; }
  /// What the columns are that were chosen.
  [[nodiscard]] std::vector<KnownColumn> known() const;
  /// The array whose numbers are the inputs, one after the other; it is no chosen field. Empty: none is.
  [[nodiscard]] const std::string& matrix() const noexcept { return matrix_; }
  /// The target is to be read from this file.
  [[nodiscard]] const std::optional<std::filesystem::path>& target_file() const noexcept { return target_file_; }

 private:
  void take(const std::string& name, const std::string& known_as);
  void note(const std::string& text) const;
  [[nodiscard]] const Field* find(const std::string& name) const;
  [[nodiscard]] std::string file() const;
  [[nodiscard]] bool is_text() const noexcept { return !text_.names.empty(); }
  void require_count(const std::vector<std::string>& given, std::size_t wanted, const char* option) const;
  void require_there(const std::string& name, const char* option, const std::string& advice) const;

  void choose_inputs();
  void choose_missing(const std::vector<const InputField*>& missing);
  [[nodiscard]] bool choose_columns_by_position();
  [[nodiscard]] bool choose_matrix();
  void require_numbers(const std::string& array) const;
  void choose_by_shape(const InputField& input);
  [[nodiscard]] std::vector<std::string> target_names() const;
  void choose_target();
  void choose_only_target(const std::vector<std::string>& missing);
  void choose_kept(std::vector<std::string>& names) const;
  void choose_of_rows(std::vector<std::string>& names) const;
  [[nodiscard]] bool is_of_rows(const std::string& name) const;

  const Features& features_;
  const Source& source_;
  std::span<const ColumnOfRows> of_rows_;
  bool with_target_;
  const Dialect& text_;
  std::vector<std::string>& notes_;
  std::span<const Field> available_;
  std::unordered_map<std::string, const Field*> by_name_;
  std::vector<std::string> chosen_, known_as_;
  std::unordered_map<std::string, std::size_t> taken_;  // chosen_ by name
  std::string matrix_;
  std::vector<std::string> last_columns_;  // of a text without names: the targets
  std::optional<std::filesystem::path> target_file_;
};

}  // namespace strata::internal
