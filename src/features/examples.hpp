// One stream of examples for everybody: the columns of X (n_x, m), encoded and scaled, and of Y (n_y, m), from a table,
// from plain numbers, or from memory.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/view.hpp"
#include "data/buffer.hpp"
#include "data/rows.hpp"
#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "features/inputs.hpp"
#include "strata/data.hpp"
#include "strata/features.hpp"

namespace strata::internal {

/// Rows of raw inputs: n_x numbers each, as the data have them.
struct RawRows {
  std::size_t n_x = 0;
  std::function<void(std::size_t row, double* raw)> read;
  std::function<std::string(std::size_t row, std::size_t j)> where;  ///< of number j, for messages
  std::function<void(std::size_t row, std::size_t j)> refuse;        ///< throws Error(value) for one that is not finite
  /// Is number j, which is NaN, a word in the data? Empty: none is.
  std::function<bool(std::size_t row, std::size_t j)> is_word = {};
  std::function<std::string(std::size_t row, std::size_t j)> text = {};  ///< of a number that stands for a text
};
/// Of the fields of a table, which is borrowed.
[[nodiscard]] RawRows raw_rows(const Table& table, std::vector<const Field*> fields);
/// Of X (n_x, m), which is borrowed.
template <class T>
[[nodiscard]] RawRows raw_rows(std::span<const T> X, std::size_t n_x);

/// A part of the examples, as columns; valid until the next call.
template <class T>
struct Columns {
  View<const T> X;
  View<const T> Y;            // without a target: no rows
  const double* w = nullptr;  // how much each counts; null: 1
};

/// Are the numbers looked at when they are read? Where they are not, none is missing unless the inputs say so.
enum class Checked { no, yes };

template <class T>
class Examples {
 public:
  Examples() = default;
  /// Made when they are asked for; n_y 0: without the target. Borrows the table and the features. Where numbers are
  /// checked, one that is not finite, or not when it is scaled, is an Error(value) with its place. Errors: as
  /// find_inputs and TargetEncoder.
  Examples(const Table& table, const Features& features, Rows rows, int n_y, Checked checked);
  /// The same without a target, of `count` plain rows.
  Examples(RawRows raw, const Features& features, std::size_t count, Checked checked);

  /// Into memory, in one piece.
  void keep();
  /// Those that these numbers name, in this order, still without weights. Where all are in memory, so are they: it is
  /// shared.
  [[nodiscard]] Examples part(std::vector<std::size_t> numbers) const;
  /// What has been read of inputs and was new to the model; counted where numbers are checked.
  [[nodiscard]] std::vector<UnfamiliarInput> unfamiliar() const;
  /// The same from a table that is no longer needed, whose memory is used again where the examples fit.
  [[nodiscard]] static Examples taken(Table&& table, const Features& features, Rows rows, int n_y);

  /// What is done to each column of X when it is read or gathered.
  void set_edit(std::function<void(T* x)> edit) { edit_ = std::move(edit); }

  /// Are they in memory? Then several threads may gather them.
  [[nodiscard]] bool is_kept() const noexcept { return kept_ != nullptr; }
  [[nodiscard]] Index m() const noexcept { return static_cast<Index>(rows_.size()); }
  [[nodiscard]] Index n_x() const noexcept { return n_x_; }
  [[nodiscard]] Index n_y() const noexcept { return n_y_; }
  /// How much each example counts, one number each; empty: 1 for all. `numbers`: what row() gives; empty: rows.
  void set_weights(std::vector<double> weights, std::vector<std::size_t> numbers = {}) {
    weights_ = std::move(weights);
    numbers_of_rows_ = std::move(numbers);
  }
  [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
  /// Σ w: their number, where each counts 1.
  [[nodiscard]] double weight() const noexcept {
    return weights_.empty() ? static_cast<double>(m()) : std::accumulate(weights_.begin(), weights_.end(), 0.0);
  }
  /// Where an example stands in its table, among the rows that count.
  [[nodiscard]] std::size_t row(Index example) const noexcept {
    const auto i = static_cast<std::size_t>(example);
    return numbers_of_rows_.empty() ? rows_[i] : numbers_of_rows_[i];
  }
  /// Where the data of an example begin.
  [[nodiscard]] std::string where(Index example) const {
    return raw_.where(rows_[static_cast<std::size_t>(example)], 0);
  }

  /// Examples first … first + count − 1.
  [[nodiscard]] Columns<T> range(Index first, Index count);
  /// Of a part that is not in one piece, a copy.
  [[nodiscard]] Columns<T> all() { return range(0, m()); }
  /// Those of any numbers, number(0) … number(count − 1), into memory of the caller's.
  template <class Number>
  void gather(Index count, const Number& number, T* X, T* Y);

 private:
  Examples(const Table& table, const std::vector<const Field*>& fields, const Features& features, Rows rows, int n_y,
           Checked checked);
  void read(Index example, T* x, T* y);
  void read_input(std::size_t row, T* x);
  void fill(std::size_t row, T* x);
  void check(std::size_t row, const T* x) const;
  [[nodiscard]] Index place(Index example) const noexcept {
    return at_.empty() ? example : static_cast<Index>(at_[static_cast<std::size_t>(example)]);
  }
  [[nodiscard]] const double* weights_from(Index first) const noexcept {
    return weights_.empty() ? nullptr : weights_.data() + first;
  }

  Index n_x_ = 0, n_y_ = 0;
  Rows rows_;
  std::vector<double> weights_;
  std::vector<std::size_t> numbers_of_rows_;
  // From where they are made …
  const Features* features_ = nullptr;
  RawRows raw_;
  InputEncoder encoder_;
  std::optional<TargetEncoder> target_;
  Checked checked_ = Checked::no;
  std::vector<T> scaled_bytes_;  // of each of the 256 values, where all inputs are bytes in one piece of memory
  Run bytes_;
  std::vector<double> numbers_;  // of a row
  std::vector<Seen> seen_;       // of each input; empty until there is something
  // … or where they are
  struct Kept {
    Buffer X;
    std::vector<T> Y;
  };
  std::shared_ptr<const Kept> kept_;
  std::vector<std::size_t> at_;       // of a part: where there; empty: in order
  std::function<void(T* x)> edit_;    // of what is read or gathered; empty: it stays as it is
  std::vector<T> X_range_, Y_range_;  // what range() made
};

// Asks for the first cache lines of an example that is copied soon; the processor itself finds the next ones.
inline void prefetch(const void* from, std::size_t bytes) {
  constexpr std::size_t kLine = 64, kMost = 8 * kLine;
  for (std::size_t at = 0; at < bytes && at < kMost; at += kLine)
    __builtin_prefetch(static_cast<const char*>(from) + at);
}

template <class T>
template <class Number>
void Examples<T>::gather(Index count, const Number& number, T* X, T* Y) {
  if (!kept_) {
    for (Index j = 0; j < count; ++j) read(number(j), X + j * n_x_, Y + j * n_y_);
    if (edit_)
      for (Index j = 0; j < count; ++j) edit_(X + j * n_x_);
    return;
  }
  const T *const x = kept_->X.template as<T>(), *const y = kept_->Y.data();
  const auto x_bytes = static_cast<std::size_t>(n_x_) * sizeof(T), y_bytes = static_cast<std::size_t>(n_y_) * sizeof(T);
  constexpr Index kAhead = 4;  // examples
  for (Index j = 0; j < count; ++j) {
    if (j + kAhead < count) {
      const Index ahead = place(number(j + kAhead));
      prefetch(x + ahead * n_x_, x_bytes);
      prefetch(y + ahead * n_y_, y_bytes);
    }
    const Index at = place(number(j));
    std::memcpy(X + j * n_x_, x + at * n_x_, x_bytes);
    std::memcpy(Y + j * n_y_, y + at * n_y_, y_bytes);
    if (edit_) edit_(X + j * n_x_);
  }
}

extern template class Examples<float>;
extern template class Examples<double>;

}  // namespace strata::internal
