// Matrices with traps around them, and every implementation of the contract.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "base/thread_pool.hpp"
#include "base/view.hpp"
#include "kernels/kernels.hpp"
#include "kernels/registry.hpp"

namespace strata::testing {
using namespace internal;

/// Under an emulator or the address sanitizer, many times slower, tests leave out their largest shapes and most
/// numbers.
#ifdef STRATA_SLOW_BUILD
inline constexpr bool kSlowBuild = true;
#else
inline constexpr bool kSlowBuild = false;
#endif
/// How many of so many numbers are tested.
constexpr int part_of(int count) { return kSlowBuild ? count / 20 : count; }
/// Is a product of this shape left out?
constexpr bool too_slow(Index n, Index n_prev, Index m) { return kSlowBuild && n * n_prev * m > 3'100'000; }

/// A matrix inside a larger block: an unaligned start, a leading dimension larger than its rows, and NaN everywhere
/// around it. Whoever reads beside the matrix gets NaN in his result; whoever writes there is found by `intact`.
template <class T>
class Guarded {
 public:
  Guarded(Index rows, Index cols, Index offset = 1, Index gap = 3)
      : rows_(rows),
        cols_(cols),
        ld_(rows + gap),
        offset_(offset),
        memory_(static_cast<std::size_t>(offset + ld_ * cols + 5), trap()) {
    for (Index j = 0; j < cols; ++j) {
      for (Index i = 0; i < rows; ++i) view()(i, j) = T(0);
    }
  }
  [[nodiscard]] View<T> view() { return {memory_.data() + offset_, rows_, cols_, ld_}; }
  [[nodiscard]] View<const T> view() const { return {memory_.data() + offset_, rows_, cols_, ld_}; }
  [[nodiscard]] T operator()(Index i, Index j) const { return view()(i, j); }

  [[nodiscard]] bool intact() const {
    std::vector<bool> inside(memory_.size(), false);
    for (Index j = 0; j < cols_; ++j) {
      for (Index i = 0; i < rows_; ++i) inside[static_cast<std::size_t>(offset_ + j * ld_ + i)] = true;
    }
    for (std::size_t i = 0; i < memory_.size(); ++i) {
      const T expected = trap();
      if (!inside[i] && std::memcmp(&memory_[i], &expected, sizeof(T)) != 0) return false;
    }
    return true;
  }
  /// Every number, row after row within a column; bit patterns can be compared.
  [[nodiscard]] std::vector<T> values() const {
    std::vector<T> all;
    for (Index j = 0; j < cols_; ++j) {
      for (Index i = 0; i < rows_; ++i) all.push_back(view()(i, j));
    }
    return all;
  }

 private:
  static T trap() { return std::numeric_limits<T>::quiet_NaN(); }
  Index rows_, cols_, ld_, offset_;
  std::vector<T> memory_;
};

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}
template <class T>
bool same_bits(const Guarded<T>& a, const Guarded<T>& b) {
  return same_bits(a.values(), b.values());
}

/// Small whole numbers: every sum of their products is exact in float and in double.
template <class T>
void fill_integers(Guarded<T>& M, std::mt19937_64& random, int most) {
  std::uniform_int_distribution<int> draw(-most, most);
  for (Index j = 0; j < M.view().cols; ++j) {
    for (Index i = 0; i < M.view().rows; ++i) M.view()(i, j) = static_cast<T>(draw(random));
  }
}

template <class T>
void fill_normal(Guarded<T>& M, std::mt19937_64& random, double scale = 1) {
  std::normal_distribution<double> draw(0, scale);
  for (Index j = 0; j < M.view().cols; ++j) {
    for (Index i = 0; i < M.view().rows; ++i) M.view()(i, j) = static_cast<T>(draw(random));
  }
}

/// An implementation with its pool, and what to call it in a message.
template <class T>
struct Implementation {
  std::string label;
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<Kernels<T>> kernels;
  bool bf16 = false;  // products in bfloat16
};

/// Every implementation that this machine can run, each with one thread and then with several.
template <class T>
std::vector<Implementation<T>> implementations() {
  std::vector<Implementation<T>> all;
  for (const Backend& entry : available_backends()) {
    for (const int threads : {1, 2, 3, 8}) {
      if (threads > 1 && entry.name == "reference") continue;  // it uses none
      if (kSlowBuild && (threads == 2 || threads == 8)) continue;
      auto pool = std::make_unique<ThreadPool>(threads);
      auto kernels = make_kernels<T>(entry.name, *pool);
      all.push_back({std::string(entry.name) + ", " + std::to_string(threads) +
                         (sizeof(T) == 4 ? " threads, float" : " threads, double"),
                     std::move(pool), std::move(kernels)});
    }
  }
  return all;
}

/// The same, and for float also those with products in bfloat16, which are exact on small whole numbers too.
template <class T>
std::vector<Implementation<T>> implementations_and_bf16() {
  auto all = implementations<T>();
  if constexpr (std::is_same_v<T, float>) {
    for (const Backend& entry : available_backends()) {
      for (const int threads : {1, 3}) {
        if (threads > 1 && entry.name == "reference") continue;
        auto pool = std::make_unique<ThreadPool>(threads);
        auto kernels = make_kernels<float>(entry.name, Precision::bf16, *pool);
        all.push_back({std::string(entry.name) + ", " + std::to_string(threads) + " threads, bf16", std::move(pool),
                       std::move(kernels), true});
      }
    }
  }
  return all;
}

using Scalars = ::testing::Types<float, double>;

}  // namespace strata::testing
