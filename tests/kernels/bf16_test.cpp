// bfloat16: the rounding, and the same bits from every instruction set that can fuse a multiply-add.
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "base/denormals.hpp"
#include "kernels/bf16_reference.hpp"
#include "kernels/support.hpp"

namespace strata {
namespace {

using namespace testing;

float from_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }

TEST(Bf16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(rounded_to_bf16(1.0F), 1.0F);
  EXPECT_EQ(rounded_to_bf16(256.0F), 256.0F) << "8 bits of mantissa";
  EXPECT_EQ(rounded_to_bf16(257.0F), 256.0F) << "a tie, to even";
  EXPECT_EQ(rounded_to_bf16(259.0F), 260.0F) << "a tie, to even";
  EXPECT_EQ(rounded_to_bf16(257.01F), 258.0F);
  EXPECT_EQ(rounded_to_bf16(-257.01F), -258.0F);
  EXPECT_EQ(rounded_to_bf16(from_bits(0x3F808000)), from_bits(0x3F800000));
  EXPECT_EQ(rounded_to_bf16(from_bits(0x3F808001)), from_bits(0x3F810000));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(rounded_to_bf16(-0.0F)), 0x80000000U);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(rounded_to_bf16(kInfinity), kInfinity);
  EXPECT_EQ(rounded_to_bf16(std::numeric_limits<float>::max()), kInfinity) << "beyond the largest bfloat16";
  EXPECT_TRUE(std::isnan(rounded_to_bf16(from_bits(0x7F800001)))) << "NaN whose lower half alone says so";
}

// One number through the product, z = w·1: the kernels round as the function above does.
TEST(Bf16, TheKernelsRoundTheSameWay) {
  std::mt19937_64 random(21);
  std::vector<float> numbers = {257.0F,
                                259.0F,
                                257.01F,
                                -257.01F,
                                -0.0F,
                                from_bits(0x3F808000),
                                from_bits(0x3F808001),
                                from_bits(0x7F800001),
                                std::numeric_limits<float>::infinity(),
                                std::numeric_limits<float>::max()};
  while (numbers.size() < 5000) {
    const float x = from_bits(static_cast<std::uint32_t>(random()));
    if (std::abs(x) > 1e-30F) numbers.push_back(x);
  }
  for (const auto& [label, pool, k, bf16] : implementations_and_bf16<float>()) {
    if (!bf16) continue;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const float w = numbers[i], one = 1, zero = 0;
      float z = -1, z_of_input = -1;
      const View<const float> W(&w, 1, 1), unit(&one, 1, 1), b(&zero, 1, 1);
      k->linear_forward(W, b, unit, View<float>(&z, 1, 1));
      k->linear_forward(unit, b, W, View<float>(&z_of_input, 1, 1));
      const float expected = rounded_to_bf16(w) + 0.0F;
      if (std::isnan(expected)) {
        ASSERT_TRUE(std::isnan(z) && std::isnan(z_of_input)) << label;
      } else {
        ASSERT_EQ(z, expected) << label << ": " << w;
        ASSERT_EQ(z_of_input, expected) << label << ": " << w;
      }
    }
  }
}

// The native instruction and what stands for it form each sum in one order, with one rounding a product.
TEST(Bf16, EveryInstructionSetWithAFusedMultiplyAddGivesTheSameBits) {
  const FlushDenormals flush;
  struct Result {
    std::vector<float> Z, dW, dA;
    std::string label;
  };
  for (const auto& [n, n_prev, m] : {std::tuple{64, 30, 32}, std::tuple{33, 257, 9}, std::tuple{300, 901, 65}}) {
    std::optional<Result> first;
    for (const auto& [label, pool, k, bf16] : implementations_and_bf16<float>()) {
      if (!bf16 || k->name() == "sse4" || k->name() == "reference") continue;
      std::mt19937_64 random(22);
      Guarded<float> W(n, n_prev), b(n, 1), A_prev(n_prev, m), dZ(n, m), Z(n, m), dW(n, n_prev), db(n, 1),
          dA(n_prev, m);
      fill_normal(W, random), fill_normal(b, random), fill_normal(A_prev, random), fill_normal(dZ, random);
      k->linear_forward(W.view(), b.view(), A_prev.view(), Z.view());
      k->linear_backward_params(dZ.view(), A_prev.view(), 0.25, dW.view(), db.view());
      k->linear_backward_input(W.view(), dZ.view(), dA.view());
      Result found{Z.values(), dW.values(), dA.values(), label};
      if (!first) {
        first = std::move(found);
        continue;
      }
      EXPECT_TRUE(same_bits(found.Z, first->Z)) << label << " and " << first->label << ", n = " << n;
      EXPECT_TRUE(same_bits(found.dW, first->dW)) << label << " and " << first->label << ", n = " << n;
      EXPECT_TRUE(same_bits(found.dA, first->dA)) << label << " and " << first->label << ", n = " << n;
    }
  }
}

}  // namespace
}  // namespace strata
