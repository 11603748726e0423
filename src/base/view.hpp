// A matrix of the size that the equation says: borrowed memory, column-major, so that example i is column i.
#pragma once

#include <cassert>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace strata::internal {

using Index = std::ptrdiff_t;

template <class T>
struct View {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index ld = 0;  // the distance from one column to the next, ≥ rows

  View() = default;
  View(T* data_, Index rows_, Index cols_) : View(data_, rows_, cols_, rows_) {}
  View(T* data_, Index rows_, Index cols_, Index ld_) : data(data_), rows(rows_), cols(cols_), ld(ld_) {
    assert(ld >= rows);
  }
  // A View<T> may be read wherever a View<const T> is asked for.
  template <class U>
    requires(std::is_same_v<T, const U>)
  View(const View<U>& other) : data(other.data), rows(other.rows), cols(other.cols), ld(other.ld) {}

  T& operator()(Index i, Index j) const {
    assert(0 <= i && i < rows && 0 <= j && j < cols);
    return data[i + j * ld];
  }
  [[nodiscard]] T* col(Index j) const { return data + j * ld; }
  [[nodiscard]] View columns(Index begin, Index count) const { return {data + begin * ld, rows, count, ld}; }
  [[nodiscard]] View row_block(Index begin, Index count) const { return {data + begin, count, cols, ld}; }
  [[nodiscard]] Index size() const { return rows * cols; }
};

// One view a layer, counted as the equations count: index l = 0 … L. A const owner gives read-only views.
template <class T>
class PerLayer {
 public:
  PerLayer() = default;
  explicit PerLayer(int L) : views_(static_cast<std::size_t>(L) + 1) {}
  View<T>& operator[](int l) { return views_[static_cast<std::size_t>(l)]; }
  View<const T> operator[](int l) const { return views_[static_cast<std::size_t>(l)]; }

 private:
  std::vector<View<T>> views_;
};

}  // namespace strata::internal
