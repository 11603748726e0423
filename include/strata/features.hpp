// What stands between the data and the network: which fields are its inputs, what columns of X they become, how these
// are scaled, what it predicts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "strata/data.hpp"
#include "strata/export.hpp"
#include "strata/options.hpp"

namespace strata STRATA_EXPORT {

/// "number", "yes/no", "category", "date", "identifier", "text" or "constant".
[[nodiscard]] std::string_view name(ColumnType type) noexcept;

/// What the network sees of a date beside its days since 1970-01-01: numbers as people write them, Monday being 1.
enum class DatePart : std::uint8_t { year, month, day, weekday, hour };
/// A date of a table, which is days since 1970-01-01: "2024-03-01", or "2024-03-01 13:05:00" where it has a time of the
/// day; a number that is no date as it is. Errors: memory.
[[nodiscard]] std::string date_text(double days);

/// An input of the network as its data names it. Of an example it is Π shape numbers in the data, and encoded_width
/// columns of X:
///
/// - a number is itself; where training rows lacked it, a column behind it is 1 where it is missing;
/// - a yes or no is +1 or −1, and 0 where it is missing or another word;
/// - a category has a column for each level, 1 at its own and else 0; then one for all other levels, if these are
///   pooled; then one that is 1 where it is missing, if training rows lacked it;
/// - a category that is embedded has one column, the number of its level, counted from 0, and as many as there are
///   levels for any other word and where it is missing: which column of E the stage in front of the network takes. The
///   column of these begins at 0, and is learned from missing cells where training rows have some;
/// - a date is its parts, then its days since 1970-01-01, then the column for what is missing, as a number has it.
struct InputField {
  std::string name;
  std::vector<std::size_t> shape;        ///< of one example; empty: one number
  ColumnType type = ColumnType::number;  ///< number, yes_no, category or date; all but numbers have the shape {}
  std::vector<std::string> levels = {};  ///< yes_no: {the no, the yes}; category: by value, words by their bytes
  bool pooled = false;                   ///< category: there is a column for levels that are not listed
  bool embedded = false;                 ///< category: its one column is the number of its level
  bool missing = false;                  ///< cells of training rows were missing
  /// number, date: what stands for a missing one. Empty: the offset of the standard scaling, which is the mean; where
  /// inputs are scaled otherwise, a missing number is an error, as one in an array always is.
  std::optional<double> fill = {};
  std::vector<DatePart> parts = {};     ///< date: those that vary in the training rows, in the order of the enum
  std::optional<double> earliest = {};  ///< date: of the training rows
  std::string written = {};             ///< number, date: as Field::written says
  bool operator==(const InputField&) const = default;
};

/// What the network predicts.
struct Target {
  std::vector<std::string> names;    ///< one; several for several numbers or questions, or one-hot columns
  Task task = Task::binary;          ///< never automatic
  std::vector<std::string> classes;  ///< binary: {the no, the yes}; classes: in the order of the outputs; else empty
  /// Regression with --scale-target: y = output·divisor + offset, one each; else empty.
  std::vector<double> offset, divisor;
  /// Regression with DataOptions::clamp_target: predictions are kept between these, one each; else empty.
  std::vector<double> least = {}, largest = {};
  /// As Field::written says, one each; empty: all are plain, or classes that are spelled as the data spell them.
  std::vector<std::string> written = {};
  /// classes: the data have a number for each of them, in their order, of which one is 1 and the others are 0.
  bool one_hot = false;
  bool operator==(const Target&) const = default;
};

/// How numbers and dates are scaled, fitted on the training examples only; what is missing takes no part. Columns for
/// what is missing, and codes of levels, stay as they are: offset 0, divisor 1. So do columns of yes and no and of
/// levels, unless `levels` says otherwise.
struct Scaling {
  /// Never automatic. standard: (x − offset) / divisor. robust: the same, t, and then t / √(1 + (t/3)²); 0 where the
  /// divisor is 0. quantile: the normal quantile of the share of the training examples below x, as `quantiles` have it;
  /// standard for columns that have none.
  ScaleKind kind = ScaleKind::none;
  std::vector<double> offset, divisor;              ///< standard, robust, quantile: one each a column of X; else empty
  std::vector<std::vector<double>> quantiles = {};  ///< quantile: of each column, ascending, or none
  bool levels = false;  ///< robust: columns of yes and no and of levels are scaled as those of numbers are
  bool operator==(const Scaling&) const = default;
};

/// All of it: fitted on the training examples, remembered by the model, applied everywhere alike.
struct Features {
  std::vector<InputField> inputs;
  Scaling scaling;
  Target target;
  std::vector<std::string> missing = {};  ///< words of texts that stand for a missing cell, beside the usual ones
};

/// How many columns of X an input takes.
[[nodiscard]] std::size_t encoded_width(const InputField& input) noexcept;

/// A column of X: what it is called and how it comes from the data.
struct EncodedColumn {
  std::string name;      ///< "Age", "Age missing", "Sex=male", "Port other", "when: month", "picture[17]"
  std::string equation;  ///< "(Age − 29.7) / 14.5"
};
/// All of them, in their order. Errors: memory.
[[nodiscard]] std::vector<EncodedColumn> encoded_columns(const Features& features);

/// An input that held what no training row did, and how many cells did. All were predicted: an unknown word as one that
/// is none of the levels, a missing number as its fill, an early date as it is.
struct UnfamiliarInput {
  std::string name;
  std::size_t unknown = 0;         ///< words that are no level, where these are not pooled
  std::size_t missing = 0;         ///< where no training row lacked it
  std::size_t early = 0;           ///< dates before all of the training
  std::string first_unknown = {};  ///< as the data have it
};
/// Adds what further examples held.
void add(std::vector<UnfamiliarInput>& to, std::span<const UnfamiliarInput> more);
/// "'Port': 3 cells with a value that no training row had (the first: 'X')".
[[nodiscard]] std::string to_text(const UnfamiliarInput& input);

}  // namespace strata STRATA_EXPORT
