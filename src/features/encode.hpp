// Which fields of a table a model means, and its target as a column of Y.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/rows.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"

namespace strata::internal {

/// The fields of `table` that the model's inputs name, in the model's order. Whether they hold numbers is another
/// question (Table::require_numbers). Errors: usage (missing, with the nearest name), shape (another shape).
[[nodiscard]] std::vector<const Field*> find_inputs(std::span<const InputField> inputs, const Table& table);
/// The same for the target.
/// Which of the rows lack one of these targets, ascending.
[[nodiscard]] std::vector<std::size_t> rows_without(const Table& table, std::span<const Field* const> targets,
                                                    const Rows& rows);
/// The same of all rows for the target of a model, to which a label such as NA may say nothing as well.
[[nodiscard]] std::vector<std::size_t> rows_without_target(const Target& target, const Table& table);

[[nodiscard]] std::vector<const Field*> find_target(const Target& target, const Table& table);

/// Output k of the network, or the truth that it is held to, in the units of the target.
[[nodiscard]] inline double in_units(const Target& target, std::size_t k, double y) noexcept {
  return target.offset.empty() ? y : y * target.divisor[k] + target.offset[k];
}
/// What is predicted where output k says y, in these units: y, but no less than the least and no more than the largest.
[[nodiscard]] inline double kept_within(const Target& target, std::size_t k, double y) noexcept {
  return target.least.empty() ? y : std::clamp(y, target.least[k], target.largest[k]);
}

/// The targets of a table as a column of Y (n_y, 1) each: 0 or 1, one-hot, or numbers.
class TargetEncoder {
 public:
  /// Borrows both. Errors: as find_target.
  TargetEncoder(const Target& target, const Table& table);
  /// The class index of an example (binary, classes). Throws Error(value) for a label that is not among the classes.
  [[nodiscard]] std::size_t label(std::size_t row) const;
  /// Is there a label, and none of the classes? (One label an example.)
  [[nodiscard]] bool is_unseen(std::size_t row) const;
  /// The label as the data have it.
  [[nodiscard]] std::string text(std::size_t row) const;
  /// n_y numbers. Throws Error(shape) when the target does not have as many, Error(value) where one is not finite.
  template <class T>
  void encode(std::size_t row, T* y, int n_y) const;

 private:
  [[nodiscard]] std::size_t one_of(std::size_t row) const;
  [[nodiscard]] std::size_t class_of(std::size_t field, std::size_t row, std::size_t k) const;
  [[noreturn]] void unknown_label(std::size_t field, std::size_t row, std::size_t k) const;

  const Target* target_;
  const Table* table_;
  std::vector<const Field*> fields_;
  std::size_t width_ = 0;  // numbers an example, all fields together
  // Of each field: the class of a number, and of each text; −1: none.
  std::vector<std::unordered_map<double, std::size_t>> by_number_;
  std::vector<std::vector<std::ptrdiff_t>> by_category_;
};

extern template void TargetEncoder::encode(std::size_t, float*, int) const;
extern template void TargetEncoder::encode(std::size_t, double*, int) const;

/// "64×64×3"; "one number" for an empty shape.
[[nodiscard]] std::string example_shape(std::span<const std::size_t> shape);
/// Equal, where {} and {1} are both one number.
[[nodiscard]] bool same_shape(std::span<const std::size_t> a, std::span<const std::size_t> b);
/// Throws Error(shape) unless the field has the shape of the input; `source` is where the field is.
void require_shape(const InputField& input, const Field& field, const std::string& source);
/// The Error(usage) for names that `source` does not have: "data.csv lacks 2 of the model's 30 inputs: …".
[[noreturn]] void throw_missing(const std::string& source, std::span<const std::string> missing, std::size_t wanted,
                                const char* what, std::span<const Field> available, const std::string& advice = "");

}  // namespace strata::internal
