// What all cells of a field say together: seen block by block, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "data/spellings.hpp"
#include "strata/data.hpp"
#include "strata/tools.hpp"

namespace strata::internal {

/// What a block of rows has of a field. Equal values have equal hashes, whatever the block; missing ones kMissing.
struct ColumnOfBlock {
  const Field* field = nullptr;
  std::vector<double> numbers;        ///< NaN: missing, or no number. Of words, and of arrays, none
  std::vector<std::uint64_t> hashes;  ///< one a row
};
inline constexpr std::uint64_t kMissing = 0x9E3779B97F4A7C15U;

/// Every bit of the result depends on every bit of x (the last step of MurmurHash3).
[[nodiscard]] inline std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 33U)) * 0xFF51AFD7ED558CCDU;
  x = (x ^ (x >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return x ^ (x >> 33U);
}

class FieldSummary {
 public:
  explicit FieldSummary(const Field& field) : field_(field) {
    field_.categories.clear();
    field_.missing = field_.rows = 0;
  }

  /// Takes in the rows of a block, and leaves them in `column` for others.
  void add(const Table& block, ColumnOfBlock& column);

  [[nodiscard]] FieldDescription finish() const;
  [[nodiscard]] const Field& field() const noexcept { return field_; }
  /// Equal for two fields that hold the same in every row, and hardly ever for others.
  [[nodiscard]] std::uint64_t content() const noexcept { return content_; }
  [[nodiscard]] bool holds_words() const noexcept { return holds_words_; }
  /// It holds words, at least half of whose spellings are numbers, and some are not.
  [[nodiscard]] bool mostly_numbers() const;

 private:
  static constexpr std::size_t kExact = std::size_t{1} << 14U;  // different values; beyond it they are estimated

  void add_words(const Table& block, ColumnOfBlock& column);
  void add_numbers(const Table& block, ColumnOfBlock& column);
  void add_array(const Table& block, ColumnOfBlock& column);
  void look_at(double value) noexcept;

  Field field_;
  bool holds_words_ = false;
  std::size_t wrong_ = 0, infinite_ = 0, not_numbers_ = 0, zeros_ = 0;
  double least_ = std::numeric_limits<double>::infinity(), greatest_ = -std::numeric_limits<double>::infinity();
  std::uint64_t content_ = 0;
  HashSample numbers_{kExact};
  Spellings words_{kExact, std::size_t{1} << 23U, kExact};
};

}  // namespace strata::internal
