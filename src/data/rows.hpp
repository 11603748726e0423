// Which rows of a table: all of them, some that follow each other, or a list.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace strata {

class Rows {
 public:
  Rows() = default;
  /// first … first + count − 1
  explicit Rows(std::size_t count, std::size_t first = 0) : count_(count), first_(first) {}
  explicit Rows(std::vector<std::size_t> list) : list_(std::move(list)), count_(list_.size()) {}

  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t operator[](std::size_t i) const noexcept { return list_.empty() ? first_ + i : list_[i]; }
  /// Does each row come after the one before?
  [[nodiscard]] bool ascend() const noexcept {
    for (std::size_t i = 1; i < list_.size(); ++i)
      if (list_[i] <= list_[i - 1]) return false;
    return true;
  }
  /// Only the first of them.
  void cut(std::size_t count) {
    if (count >= count_) return;
    count_ = count;
    if (!list_.empty()) list_.resize(count);
  }

 private:
  std::vector<std::size_t> list_;  // empty: from first_ on
  std::size_t count_ = 0, first_ = 0;
};

}  // namespace strata
