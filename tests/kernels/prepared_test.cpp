// A network prepared for prediction gives the bits of the kernels that it stands for, called layer by layer, in every
// precision. tests/model has more, by way of a model; this runs where there are kernels only.
#include "kernels/prepared.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "allocations.hpp"
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

// The weights of a network of these units, ReLU and GELU by turns; or with learned slopes, by turns with layers without
// them, and a stage that makes units[0] numbers of fewer inputs.
template <class T>
struct Weights {
  std::vector<std::vector<T>> W, b;
  std::vector<std::vector<T>> slopes, parts;
  std::vector<StageRow> rows;
  NetworkValues<T> values;

  explicit Weights(const std::vector<Index>& units, bool learned = false, bool in_pieces = false) {
    std::mt19937_64 random(5);
    for (std::size_t l = 1; learned && l < units.size(); ++l) slopes.push_back(normal_numbers<T>(units[l], random, 1));
    if (learned) add_stage(units[0], in_pieces, random);
    for (std::size_t l = 1; l < units.size(); ++l) {
      W.push_back(normal_numbers<T>(units[l] * units[l - 1], random, 0.3));
      b.push_back(normal_numbers<T>(units[l], random, 0.3));
      const bool last = l + 1 == units.size();
      values.layers.push_back({View<const T>(W.back().data(), units[l], units[l - 1]),
                               View<const T>(b.back().data(), units[l], 1),
                               last         ? Activation::identity
                               : l % 2 == 1 ? Activation::relu
                                            : Activation::gelu});
      if (learned && !last && l % 3 != 0) values.layers.back().slope = {slopes[l - 1].data(), units[l], 1};
    }
    values.head = units.back() == 1 ? Head::sigmoid : Head::softmax;
  }

 private:
  // A number embedded by 7 frequencies in 1 + 2 rows, or by its 4 pieces in 3, a code of 4 levels in 5, and the rest of
  // the n rows themselves.
  void add_stage(Index n, bool in_pieces, std::mt19937_64& random) {
    using Kind = RowEmbedding::Kind;
    const auto part = [&](Index part_rows, Index cols) {
      parts.push_back(normal_numbers<T>(part_rows * cols, random, 1));
      return View<const T>(parts.back().data(), part_rows, cols);
    };
    for (Index to = 0; to < n;) {
      const auto next = rows.size();
      const bool embeds = next % 3 == 1 && to + 3 <= n, is_code = next % 3 == 2 && to + 5 <= n;
      const auto at = static_cast<Index>(next / 3);  // every third row
      const bool has_pieces = embeds && in_pieces;
      rows.push_back({has_pieces ? Kind::piecewise
                      : embeds   ? Kind::periodic
                      : is_code  ? Kind::levels
                                 : Kind::none,
                      to, is_code ? 4 * at : at, is_code ? 4 : 0, 4 * at, has_pieces ? 4 : 0});
      to += embeds ? 3 : is_code ? 5 : 1;
    }
    parts.emplace_back();  // the edges
    const auto thirds = static_cast<Index>(rows.size() / 3 + 1);
    if (in_pieces) {
      for (Index at = 0; at < thirds; ++at)
        parts.front().insert(parts.front().end(), {T(-1), T(-0.5), T(0), T(0.25), T(1)});
      values.stage.edges = parts.front().data();
      values.stage.p = {{}, {}, part(3, thirds), part(3, 4 * thirds), part(3, thirds), part(5, 4 * thirds), part(n, 1)};
    } else {
      values.stage.p = {part(7, thirds), part(7, thirds),     {},        part(7, 2 * thirds),
                        part(2, thirds), part(5, 4 * thirds), part(n, 1)};
    }
    values.stage.rows = rows;
  }
};

template <class T>
std::vector<T> layer_by_layer(const NetworkValues<T>& net, const std::vector<T>& X, Index m, const Kernels<T>& k) {
  const FlushDenormals flush;
  std::vector<T> A = X;
  if (!net.stage.rows.empty()) {
    const Index n_x = net.inputs(), n = net.layers.front().W.cols;
    std::vector<T> next(static_cast<std::size_t>(n * m));
    const View<T> Z(next.data(), n, m);
    k.stage_forward(net.stage, View<const T>(A.data(), n_x, m), Z, Z);
    A = next;
  }
  for (const auto& layer : net.layers) {
    std::vector<T> next(static_cast<std::size_t>(layer.W.rows * m));
    const View<T> Z(next.data(), layer.W.rows, m);
    k.linear_forward(layer.W, layer.b, View<const T>(A.data(), layer.W.cols, m), Z);
    if (&layer == &net.layers.back()) {
      k.head_forward(net.head, Z, Z);
    } else if (layer.slope.data != nullptr) {
      k.slope_forward(layer.activation, layer.slope, Z, Z);
    } else {
      k.activation_forward(layer.activation, Z, Z);
    }
    A = next;
  }
  return A;
}

template <class T>
void expect_the_kernels_bits(Precision precision, bool learned, bool in_pieces = false) {
  const std::vector<Index> nets[] = {{1, 1, 1}, {5, 1}, {30, 64, 7, 1}, {784, 51, 33, 10}, {901, 70, 3}, {9000, 5, 2}};
  for (const Backend& entry : available_backends()) {
    ThreadPool pool(1);
    const auto kernels = make_kernels<T>(entry.name, precision, pool);
    for (const std::vector<Index>& units : nets) {
      auto net = std::make_unique<Weights<T>>(units, learned, in_pieces);
      const auto prepared = prepare_network<T>(entry.name, precision, net->values);
      EXPECT_EQ(prepared->name(), entry.name);
      EXPECT_EQ(prepared->inputs(), net->values.inputs());
      for (const Index m : {1, 2, 7, 12, 13, 64}) {
        std::mt19937_64 random(6);
        const std::vector<T> X = normal_numbers<T>(prepared->inputs() * m, random, 1);
        std::vector<T> A(static_cast<std::size_t>(units.back() * m));
        EXPECT_TRUE(prepared->predict(X.data(), m, A.data()));
        EXPECT_TRUE(same_bits(A, layer_by_layer(net->values, X, m, *kernels)))
            << entry.name << ", " << name(precision) << ": " << units.front() << " inputs, " << m << " examples";
      }
      // The network has numbers of its own.
      std::vector<T> X(static_cast<std::size_t>(prepared->inputs()), T(0.5)), A(static_cast<std::size_t>(units.back()));
      std::vector<T> again = A;
      EXPECT_TRUE(prepared->predict(X.data(), 1, A.data()));
      for (auto* numbers : {&net->W, &net->b, &net->slopes, &net->parts}) {
        for (auto& each : *numbers) std::ranges::fill(each, std::numeric_limits<T>::quiet_NaN());
      }
      std::ranges::fill(net->rows, StageRow{});
      EXPECT_TRUE(prepared->predict(X.data(), 1, again.data()));
      EXPECT_TRUE(same_bits(A, again)) << entry.name;
    }
  }
}

TEST(PreparedNetwork, GivesTheKernelsBitsInFloat32) { expect_the_kernels_bits<float>(Precision::float32, false); }
TEST(PreparedNetwork, GivesTheKernelsBitsInBf16) { expect_the_kernels_bits<float>(Precision::bf16, false); }
TEST(PreparedNetwork, GivesTheKernelsBitsInFloat64) { expect_the_kernels_bits<double>(Precision::float64, false); }
TEST(PreparedNetwork, HasSlopesAndAStageInFloat32) { expect_the_kernels_bits<float>(Precision::float32, true); }
TEST(PreparedNetwork, HasSlopesAndAStageInBf16) { expect_the_kernels_bits<float>(Precision::bf16, true); }
TEST(PreparedNetwork, HasSlopesAndAStageInFloat64) { expect_the_kernels_bits<double>(Precision::float64, true); }

TEST(PreparedNetwork, HasPiecesInFloat32) { expect_the_kernels_bits<float>(Precision::float32, true, true); }
TEST(PreparedNetwork, HasPiecesInBf16) { expect_the_kernels_bits<float>(Precision::bf16, true, true); }
TEST(PreparedNetwork, HasPiecesInFloat64) { expect_the_kernels_bits<double>(Precision::float64, true, true); }

// From the second call on, where an example is too wide for the stack.
TEST(PreparedNetwork, TakesNoMemoryInACall) {
  for (const Backend& entry : available_backends()) {
    for (const std::vector<Index>& units : {std::vector<Index>{30, 64, 7, 1}, {784, 51, 33, 10}, {9000, 5, 2}}) {
      const Weights<float> net(units, true, units[0] != 784);
      const auto prepared = prepare_network<float>(entry.name, Precision::float32, net.values);
      const std::vector<float> X(static_cast<std::size_t>(prepared->inputs() * 64), 0.5F);
      std::vector<float> A(static_cast<std::size_t>(units.back() * 64));
      EXPECT_TRUE(prepared->predict(X.data(), 64, A.data()));
      const long long before = allocations();
      EXPECT_TRUE(prepared->predict(X.data(), 1, A.data()));
      EXPECT_TRUE(prepared->predict(X.data(), 64, A.data()));
      EXPECT_EQ(allocations(), before) << entry.name << ", " << units.front() << " inputs";
    }
  }
}

// The inputs are scaled before the stage, which makes codes of them here; what is not finite then is refused.
TEST(PreparedNetwork, ScalesBeforeTheStage) {
  const std::vector<float> E = {10, 20, 40}, W = {1}, b = {0.5F};
  const std::vector<double> offset = {100}, divisor = {2};
  const std::vector<StageRow> rows = {{RowEmbedding::Kind::levels, 0, 0, 3}};
  for (const Backend& entry : available_backends()) {
    NetworkValues<float> net;
    net.layers = {{View<const float>(W.data(), 1, 1), View<const float>(b.data(), 1, 1), Activation::identity}};
    net.stage.rows = rows;
    net.stage.p.E = {E.data(), 1, 3};
    net.input_offset = offset, net.input_divisor = divisor;
    const auto prepared = prepare_network<float>(entry.name, Precision::float32, net);
    const std::vector<float> X = {100, 102, 104, 1e30F}, codes = {0, 1, 2, 9};
    const std::vector<float> expected = {10.5F, 20.5F, 40.5F, 40.5F};
    std::vector<float> A(4);
    EXPECT_TRUE(prepared->predict(X.data(), 4, A.data()));
    EXPECT_EQ(A, expected) << entry.name;
    EXPECT_TRUE(prepared->predict(codes.data(), 4, A.data(), Inputs::scaled));
    EXPECT_EQ(A, expected) << entry.name;
    for (const float x : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      EXPECT_FALSE(prepared->predict(&x, 1, A.data())) << entry.name << ": " << x << " is no code";
    }
  }
}

}  // namespace
}  // namespace strata
