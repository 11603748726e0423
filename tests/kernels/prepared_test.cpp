// A network prepared for prediction gives the bits of the kernels that it stands for, called layer by layer, in every
// precision. tests/model has more, by way of a model; this runs where there are kernels only.
#include "kernels/prepared.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/denormals.hpp"
#include "kernels/support.hpp"

namespace strata {
namespace {

using namespace testing;

template <class T>
std::vector<T> normal_numbers(Index count, std::mt19937_64& random, double scale) {
  std::normal_distribution<double> draw(0, scale);
  std::vector<T> numbers(static_cast<std::size_t>(count));
  for (T& number : numbers) number = static_cast<T>(draw(random));
  return numbers;
}

// The weights of a network of these units, ReLU and GELU by turns.
template <class T>
struct Weights {
  std::vector<std::vector<T>> W, b;
  NetworkValues<T> values;

  explicit Weights(const std::vector<Index>& units) {
    std::mt19937_64 random(5);
    for (std::size_t l = 1; l < units.size(); ++l) {
      W.push_back(normal_numbers<T>(units[l] * units[l - 1], random, 0.3));
      b.push_back(normal_numbers<T>(units[l], random, 0.3));
      const bool last = l + 1 == units.size();
      values.layers.push_back({View<const T>(W.back().data(), units[l], units[l - 1]),
                               View<const T>(b.back().data(), units[l], 1),
                               last         ? Activation::identity
                               : l % 2 == 1 ? Activation::relu
                                            : Activation::gelu});
    }
    values.head = units.back() == 1 ? Head::sigmoid : Head::softmax;
  }
};

template <class T>
std::vector<T> layer_by_layer(const NetworkValues<T>& net, const std::vector<T>& X, Index m, const Kernels<T>& k) {
  const FlushDenormals flush;
  std::vector<T> A = X;
  for (const auto& layer : net.layers) {
    std::vector<T> next(static_cast<std::size_t>(layer.W.rows * m));
    const View<T> Z(next.data(), layer.W.rows, m);
    k.linear_forward(layer.W, layer.b, View<const T>(A.data(), layer.W.cols, m), Z);
    &layer == &net.layers.back() ? k.head_forward(net.head, Z, Z) : k.activation_forward(layer.activation, Z, Z);
    A = next;
  }
  return A;
}

template <class T>
void expect_the_kernels_bits(Precision precision) {
  const std::vector<Index> nets[] = {{1, 1, 1}, {5, 1}, {30, 64, 7, 1}, {784, 51, 33, 10}, {901, 70, 3}};
  for (const Backend& entry : available_backends()) {
    ThreadPool pool(1);
    const auto kernels = make_kernels<T>(entry.name, precision, pool);
    for (const std::vector<Index>& units : nets) {
      const Weights<T> net(units);
      const auto prepared = prepare_network<T>(entry.name, precision, net.values);
      EXPECT_EQ(prepared->name(), entry.name);
      for (const Index m : {1, 2, 7, 12, 13, 64}) {
        std::mt19937_64 random(6);
        const std::vector<T> X = normal_numbers<T>(units.front() * m, random, 1);
        std::vector<T> A(static_cast<std::size_t>(units.back() * m));
        EXPECT_TRUE(prepared->predict(X.data(), m, A.data()));
        EXPECT_TRUE(same_bits(A, layer_by_layer(net.values, X, m, *kernels)))
            << entry.name << ", " << name(precision) << ": " << units.front() << " inputs, " << m << " examples";
      }
    }
  }
}

TEST(PreparedNetwork, GivesTheKernelsBitsInFloat32) { expect_the_kernels_bits<float>(Precision::float32); }
TEST(PreparedNetwork, GivesTheKernelsBitsInBf16) { expect_the_kernels_bits<float>(Precision::bf16); }
TEST(PreparedNetwork, GivesTheKernelsBitsInFloat64) { expect_the_kernels_bits<double>(Precision::float64); }

}  // namespace
}  // namespace strata
