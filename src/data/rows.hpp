// Which rows of a table: all of them, some that follow each other, or a list.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace strata::internal {

/// Cheap to copy: copies share their list.
class Rows {
 public:
  Rows() = default;
  /// first … first + count − 1
  explicit Rows(std::size_t count, std::size_t first = 0) : count_(count), first_(first) {}
  explicit Rows(std::vector<std::size_t> list)
      : list_(std::make_shared<const std::vector<std::size_t>>(std::move(list))), count_(list_->size()) {}

  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t operator[](std::size_t i) const noexcept { return first_ + (list_ ? (*list_)[i] : i); }
  /// Does each row come after the one before?
  [[nodiscard]] bool ascend() const noexcept {
    for (std::size_t i = 1; list_ && i < count_; ++i)
      if ((*list_)[i] <= (*list_)[i - 1]) return false;
    return true;
  }
  /// Only the first of them.
  void cut(std::size_t count) {
    if (count < count_) count_ = count;
  }
  /// `chosen` counts these rows: those that it names, in its order.
  [[nodiscard]] Rows of(const Rows& chosen) const {
    if (!list_) {
      Rows moved = chosen;
      moved.first_ += first_;
      return moved;
    }
    std::vector<std::size_t> list(chosen.size());
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = (*this)[chosen[i]];
    return Rows(std::move(list));
  }
  /// The same list, not an equal one.
  bool operator==(const Rows&) const = default;

 private:
  std::shared_ptr<const std::vector<std::size_t>> list_;  // none: from first_ on
  std::size_t count_ = 0, first_ = 0;                     // first_ is added to the numbers of a list
};

}  // namespace strata::internal
