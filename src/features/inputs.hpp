// From what an example has in the data to its column of X.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "strata/data.hpp"
#include "strata/features.hpp"

namespace strata::internal {

/// What stands for a missing number of an input whose first column of X is `column`, if anything does.
[[nodiscard]] std::optional<double> fill_of(const Scaling& scaling, const InputField& input, std::size_t column);

/// Do the numbers of the data become the columns of X one by one, so that only their scale changes?
[[nodiscard]] bool is_plain(const Features& features) noexcept;

/// ASCII letters only.
[[nodiscard]] std::string lower_case(std::string_view text);

/// Levels in the order of their columns: by value where all are numbers, else by bytes.
void sort_levels(std::vector<std::string>& levels);

/// Which number stands for a cell of a yes-or-no or a category: the index of its level, as many as there are levels
/// for any other word, NaN where it is missing. A cell that is spelled otherwise is a level too: "1.0" of a category of
/// numbers, where each is spelled as we spell it, and "YES" of a yes or no.
class LevelCodes {
 public:
  LevelCodes(const InputField& input, const Field& field);
  [[nodiscard]] double code(double raw) const;

 private:
  // Of one that is not spelled as a level is.
  [[nodiscard]] double of_other_text(const InputField& input, const std::string& text) const;

  bool is_text_;
  double unknown_;
  std::vector<double> of_category_;
  std::unordered_map<double, double> of_number_;
};

/// How often each input of some examples held what no training row did.
struct Seen {
  std::size_t unknown = 0, missing = 0, early = 0;
  std::string first_unknown = {};  // the first word that is no level
};

/// Borrows the features. A raw example is what the public header of the model says: numbers as they are, levels as
/// LevelCodes has them.
class InputEncoder {
 public:
  InputEncoder() = default;
  /// Of raw examples; features without inputs take `n_x` numbers as they are.
  InputEncoder(const Features& features, std::size_t n_x);
  /// Of the fields of a table, which need not outlive this.
  InputEncoder(const Features& features, std::span<const Field* const> fields);

  [[nodiscard]] bool plain() const noexcept { return plain_; }
  /// Numbers of a raw example, and columns of X.
  [[nodiscard]] std::size_t raw_width() const noexcept { return raw_width_; }
  [[nodiscard]] std::size_t width() const noexcept { return width_; }
  /// Numbers of the table become those of a raw example.
  void to_codes(double* raw) const;
  /// A number that nothing stands for, an infinite one, a date of no year and a code of no level become NaN.
  template <class T>
  void encode(const double* raw, T* x) const;
  /// Which number of a raw example column j of X is made of.
  [[nodiscard]] std::size_t source(std::size_t j) const;
  /// May it be missing, with something else in its stead?
  [[nodiscard]] bool may_be_missing(std::size_t number) const;
  /// What is wrong with a finite number that became none, for a message; empty: nothing is known of it.
  [[nodiscard]] std::string complaint(std::size_t number) const;

  /// Adds what a raw example holds that no training row did; one entry of `seen` an input. `text` says which word one
  /// of its numbers stands for.
  void look(const double* raw, std::span<Seen> seen, const std::function<std::string(std::size_t number)>& text) const;
  [[nodiscard]] std::size_t inputs() const noexcept { return parts_.size(); }
  [[nodiscard]] const InputField& input(std::size_t i) const { return *parts_[i].input; }

 private:
  struct Part {
    const InputField* input;
    std::size_t raw, count, column;  // its first number of a raw example, how many, its first column of X
    double fill;                     // number, date; NaN: nothing stands for it
  };
  struct Coded {
    std::size_t raw;
    LevelCodes codes;
  };
  [[nodiscard]] const Part& part_with(std::size_t number) const;

  const Features* features_ = nullptr;
  bool plain_ = true;
  std::size_t raw_width_ = 0, width_ = 0;
  std::vector<Part> parts_;
  std::vector<Coded> coded_;
};

extern template void InputEncoder::encode(const double*, float*) const;
extern template void InputEncoder::encode(const double*, double*) const;

}  // namespace strata::internal
