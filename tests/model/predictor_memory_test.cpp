// A prediction takes no memory: every allocation of this program is counted.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "kernels/registry.hpp"
#include "strata/predictor.hpp"

namespace {
std::atomic<long long> allocations{0};
void* counted(std::size_t size) {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void* counted(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
}
}  // namespace

// Replaces the program's allocation. The compiler cannot see that new and delete below belong together.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void* operator new(std::size_t size) {
  if (void* memory = counted(size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
// Memory that begins where a cache line does.
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (void* memory = counted(size, alignment)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted(size, alignment);
}
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace strata {
namespace {

constexpr std::size_t kExamples = 130;

template <class T>
long long allocations_of(const Predictor& predictor, std::size_t m) {
  const std::vector<T> X(m * predictor.inputs(), T(0.5));
  std::vector<T> A(m * predictor.outputs());
  const long long before = allocations;
  predictor.predict(std::span<const T>(X), m, std::span<T>(A));
  return allocations - before;
}

template <class T>
Predictor some_predictor(const Architecture& net) {
  const std::vector<T> theta(net.parameter_count(), T(0.01));
  return Predictor(net, std::span<const T>(theta));
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
    const auto narrow = some_predictor<float>(net);
    EXPECT_EQ(allocations_of<float>(narrow, 1), 0);
    EXPECT_EQ(allocations_of<float>(narrow, kExamples), 0);
  }
  const auto wide = some_predictor<double>(nets[1]);
  EXPECT_EQ(allocations_of<double>(wide, 1), 0);
  EXPECT_EQ(allocations_of<double>(wide, kExamples), 0);
}

// A network too wide for the stack takes memory at a thread's first call, and only then.
TEST(PredictorMemory, IsTakenOnceAThreadByWideNetworks) {
  const auto predictor = some_predictor<float>({5, {{3000, Activation::relu}}, 1, Loss::squared_error});
  for (int i = 0; i < 2; ++i) {
    std::thread([&] {
      EXPECT_EQ(allocations_of<float>(predictor, 1), 0);
      EXPECT_EQ(allocations_of<float>(predictor, kExamples), 1);
      EXPECT_EQ(allocations_of<float>(predictor, kExamples), 0);
    }).join();
  }
}

}  // namespace
}  // namespace strata
