// Dropout on vectors: reference.hpp has its meaning.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>

#include "kernels/cpu/simd-inl.hpp"
#include "kernels/kernels.hpp"

#if defined(STRATA_KERNELS_CPU_DROPOUT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_DROPOUT_INL_HPP
#undef STRATA_KERNELS_CPU_DROPOUT_INL_HPP
#else
#define STRATA_KERNELS_CPU_DROPOUT_INL_HPP
#endif

HWY_BEFORE_NAMESPACE();
namespace strata::internal {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The keys of the ten rounds of philox4x32.
struct PhiloxKeys {
  explicit PhiloxKeys(std::array<std::uint32_t, 2> key) {
    for (auto& round : rounds) {
      round = key;
      key[0] += 0x9E3779B9, key[1] += 0xBB67AE85;
    }
  }
  std::array<std::array<std::uint32_t, 2>, 10> rounds;
};

// philox4x32 of as many counters as a vector has lanes of 64 bits. Only the low half of a lane counts: the products of
// 32 bits that a round needs are those of the low halves, and their high halves come down by a shift.
template <class D, class V>
HWY_INLINE void philox(D d, V (&word)[4], const PhiloxKeys& keys) {
  const hn::Repartition<std::uint32_t, D> halves;
  const auto product = [&](V a, std::uint32_t b)
                           HWY_ATTR { return hn::MulEven(hn::BitCast(halves, a), hn::BitCast(halves, hn::Set(d, b))); };
  STRATA_UNROLL for (std::size_t round = 0; round < 10; ++round) {
    const V p0 = product(word[0], 0xD2511F53), p1 = product(word[2], 0xCD9E8D57);
    word[0] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p1), word[1]), hn::Set(d, keys.rounds[round][0]));
    word[1] = p1;
    word[2] = hn::Xor(hn::Xor(hn::ShiftRight<32>(p0), word[3]), hn::Set(d, keys.rounds[round][1]));
    word[3] = p0;
  }
}

// Of units 64·group … 64·group + 63 of a row, a bit each: 1 for those that are kept.
HWY_INLINE std::uint64_t draw_kept(const PhiloxKeys& keys, Index group, std::uint64_t row, std::uint16_t threshold) {
  const hn::ScalableTag<std::uint64_t> d;
  const hn::Repartition<std::int16_t, decltype(d)> d16;
  using V = hn::Vec<decltype(d)>;
  constexpr int N = HWY_LANES(std::uint64_t);
  const V low = hn::Set(d, 0xFFFFFFFF), sign = hn::Set(d, 0x8000800080008000);
  const auto least = hn::Set(d16, static_cast<std::int16_t>(threshold - 0x8000));
  std::uint64_t left_out = 0;
  STRATA_UNROLL for (int c = 0; c < 8; c += N) {
    const V block = hn::Add(hn::Iota(d, 0), hn::Set(d, static_cast<std::uint64_t>(8 * group + c)));
    V word[4] = {block, hn::Set(d, row), hn::Set(d, row >> 32), hn::Zero(d)};
    philox(d, word, keys);
    STRATA_UNROLL for (int w = 0; w < 4; w += 2) {
      // Four times 16 bits a lane, compared as numbers with a sign.
      const V both = hn::Or(hn::And(word[w], low), hn::ShiftLeft<32>(word[w + 1]));
      std::array<std::uint8_t, 8> bits{};
      hn::StoreMaskBits(d16, hn::Lt(hn::BitCast(d16, hn::Xor(both, sign)), least), bits.data());
      left_out |= std::bit_cast<std::uint64_t>(bits) << (16 * w + 4 * c);
    }
  }
  return ~left_out;
}

// to = from * kept / (1−p), for up to 64 units
template <class T>
HWY_INLINE void keep_units(std::uint64_t kept, T scale, const T* from, T* to, Index units) {
  const hn::ScalableTag<T> d;
  for_each_vector(d, units, [&](Index i, auto part) HWY_ATTR {
    const std::uint64_t shifted = kept >> i;
    const auto mask = hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(&shifted));
    store(d, hn::IfThenElseZero(mask, hn::Mul(load(d, from + i, part), hn::Set(d, scale))), to + i, part);
  });
}

// Examples first … first + count − 1.
template <class T>
void dropout_forward(const Dropout<T>& by, View<T> A, Index first, Index count) {
  assert(by.H.rows == A.rows && by.H.cols == A.cols && by.words * 64 >= A.rows);
  const auto scale = static_cast<T>(by.scale());
  const std::uint16_t threshold = by.threshold();
  const PhiloxKeys keys(by.key);
  for (Index j = first; j < first + count; ++j) {
    for (Index group = 0; group < by.words; ++group) {
      const Index i = 64 * group;
      const std::uint64_t kept = draw_kept(keys, group, by.rows[j], threshold);
      by.kept[group + j * by.words] = kept;
      keep_units(kept, scale, by.H.col(j) + i, A.col(j) + i, std::min<Index>(64, A.rows - i));
    }
  }
}

template <class T>
void dropout_backward(const Dropout<T>& by, View<T> dA, Index first, Index count) {
  const auto scale = static_cast<T>(by.scale());
  for (Index j = first; j < first + count; ++j) {
    for (Index group = 0; group < by.words; ++group) {
      const Index i = 64 * group;
      keep_units(by.kept[group + j * by.words], scale, dA.col(j) + i, dA.col(j) + i, std::min<Index>(64, dA.rows - i));
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace strata::internal
HWY_AFTER_NAMESPACE();

#endif  // once for every instruction set
