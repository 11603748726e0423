#include "train/fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <span>
#include <tuple>

namespace strata::internal {
namespace {

// Four lanes, each a chain of steps that can be undone: a change of one number always changes the sum. As fast as
// memory gives the numbers, which a checksum of their bytes is not.
class Sum {
 public:
  template <class Number>
  void add(std::span<const Number> numbers) noexcept {
    auto bytes = std::as_bytes(numbers);
    for (; bytes.size() >= sizeof lanes_; bytes = bytes.subspan(sizeof lanes_)) {
      std::array<std::uint64_t, 4> words{};
      std::memcpy(words.data(), bytes.data(), sizeof words);
      for (std::size_t i = 0; i < words.size(); ++i) lanes_[i] = step(lanes_[i], words[i]);
    }
    for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(bytes.size(), 8))) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data(), std::min<std::size_t>(bytes.size(), 8));
      lanes_[0] = step(lanes_[0], word);
    }
  }
  [[nodiscard]] std::uint64_t value() const noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t lane : lanes_) sum = step(sum, lane);
    return sum ^ sum >> 32U;
  }

 private:
  static std::uint64_t step(std::uint64_t sum, std::uint64_t word) noexcept {
    return std::rotl((sum ^ word) * 0x9E3779B97F4A7C15U, 29);
  }
  std::array<std::uint64_t, 4> lanes_{1, 2, 3, 4};
};

}  // namespace

template <class T>
Fingerprint fingerprint_of(Examples<T>& examples) {
  constexpr Index kBlock = 1024;
  Sum order, inputs, targets, weights;
  for (Index first = 0; first < examples.m(); first += kBlock) {
    const Index count = std::min(kBlock, examples.m() - first);
    for (Index i = first; i < first + count; ++i) {
      const std::size_t row = examples.row(i);
      order.add(std::span(&row, 1));
    }
    const auto [X, Y, w] = examples.range(first, count);
    inputs.add(std::span<const T>(X.data, static_cast<std::size_t>(X.rows * X.cols)));
    targets.add(std::span<const T>(Y.data, static_cast<std::size_t>(Y.rows * Y.cols)));
  }
  weights.add(examples.weights());
  return {static_cast<std::uint64_t>(examples.m()), order.value(), inputs.value(), targets.value(), weights.value()};
}

std::string difference(const Fingerprint& then, const Fingerprint& now, std::string_view which) {
  if (then.rows != now.rows)
    return fmt::format("there are {} rows for {}, and there were {}", now.rows, which, then.rows);
  std::string parts;
  for (const auto& [a, b, what] : {std::tuple{then.inputs, now.inputs, "the inputs"},
                                   {then.targets, now.targets, "the targets"},
                                   {then.weights, now.weights, "the weights"}})
    if (a != b) parts += fmt::format("{}{}", parts.empty() ? "" : " and ", what);
  if (parts.empty()) parts = "the places in the table";
  return fmt::format("{} of the {} rows for {} are not what they were", parts, now.rows, which);
}

template Fingerprint fingerprint_of(Examples<float>&);
template Fingerprint fingerprint_of(Examples<double>&);

}  // namespace strata::internal
