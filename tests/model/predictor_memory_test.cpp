// A prediction takes no memory.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "allocations.hpp"
#include "strata/predictor.hpp"

namespace strata {
namespace {

constexpr std::size_t kExamples = 130;

template <class T>
long long allocations_of(const Predictor& predictor, std::size_t m) {
  const std::vector<T> X(m * predictor.inputs(), T(0.5));
  std::vector<T> A(m * predictor.outputs());
  const long long before = testing::allocations();
  predictor.predict(std::span<const T>(X), m, std::span<T>(A));
  return testing::allocations() - before;
}

Predictor some_predictor(const Architecture& net, Precision precision) {
  if (precision == Precision::float64) return Predictor(net, std::vector<double>(net.parameter_count(), 0.01));
  return Predictor(net, std::vector<float>(net.parameter_count(), 0.01F), precision);
}

TEST(PredictorMemory, IsNotTakenInACall) {
  using enum Activation;
  const Architecture nets[] = {
      {30, {{64, relu}, {32, relu}}, 1, Loss::binary_cross_entropy},
      {64, {{128, relu}, {64, gelu}}, 10, Loss::categorical_cross_entropy},
      {784, {{512, relu}, {512, relu}}, 10, Loss::categorical_cross_entropy},
      {600, {{20, tanh}, {7, relu}}, 3, Loss::squared_error},
  };
  for (const Architecture& net : nets) {
    for (const Precision precision : {Precision::float32, Precision::bf16}) {
      const auto narrow = some_predictor(net, precision);
      EXPECT_EQ(allocations_of<float>(narrow, 1), 0) << name(precision);
      EXPECT_EQ(allocations_of<float>(narrow, kExamples), 0) << name(precision);
    }
  }
  const auto wide = some_predictor(nets[1], Precision::float64);
  EXPECT_EQ(allocations_of<double>(wide, 1), 0);
  EXPECT_EQ(allocations_of<double>(wide, kExamples), 0);
}

// A network too wide for the stack takes memory at a thread's first call, and only then.
TEST(PredictorMemory, IsTakenOnceAThreadByWideNetworks) {
  for (const Precision precision : {Precision::float32, Precision::bf16}) {
    const auto predictor = some_predictor({5, {{3000, Activation::relu}}, 1, Loss::squared_error}, precision);
    for (int i = 0; i < 2; ++i) {
      std::thread([&] {
        EXPECT_EQ(allocations_of<float>(predictor, 1), 0) << name(precision);
        EXPECT_EQ(allocations_of<float>(predictor, kExamples), testing::kCountsAllocations ? 1 : 0) << name(precision);
        EXPECT_EQ(allocations_of<float>(predictor, kExamples), 0) << name(precision);
      }).join();
    }
  }
}

}  // namespace
}  // namespace strata
