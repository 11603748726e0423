// θ as it lies in memory, and where the weights start.
#include "network/parameters.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/sha256.hpp"
#include "network/initialize.hpp"
#include "shared_data.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

using Kind = Initializer::Kind;

const Architecture kNet{3, {{4, Activation::relu}, {2, Activation::relu}}, 1, Loss::binary_cross_entropy};

TEST(Theta, IsWAndBLayerAfterLayerColumnByColumn) {
  Parameters<double> p(kNet);
  ASSERT_EQ(p.depth(), 3);
  ASSERT_EQ(p.theta().size(), 4U * 3 + 4 + 2 * 4 + 2 + 1 * 2 + 1);
  ASSERT_EQ(p.theta().size(), kNet.parameter_count());
  for (std::size_t i = 0; i < p.theta().size(); ++i) {
    EXPECT_EQ(p.theta()[i], 0);
    p.theta()[i] = static_cast<double>(i);
  }
  std::size_t next = 0;
  for (int l = 1; l <= 3; ++l) {
    EXPECT_EQ(p.W[l].rows, kNet.units(l));
    EXPECT_EQ(p.W[l].cols, kNet.units(l - 1));
    EXPECT_EQ(p.b[l].rows, kNet.units(l));
    EXPECT_EQ(p.b[l].cols, 1);
    for (Index k = 0; k < p.W[l].cols; ++k) {
      for (Index i = 0; i < p.W[l].rows; ++i) EXPECT_EQ(p.W[l](i, k), static_cast<double>(next++));
    }
    for (Index i = 0; i < p.b[l].rows; ++i) EXPECT_EQ(p.b[l](i, 0), static_cast<double>(next++));
  }
  EXPECT_EQ(next, p.theta().size());
}

TEST(Theta, CopiesHaveTheirOwnNumbersAndViews) {
  Parameters<double> p = initialize<double>(kNet, {}, RandomStream::strata, 1);
  Parameters<double> copy(p), assigned, same(kNet);
  assigned = p;
  const double* memory = same.theta().data();
  same = p;
  EXPECT_EQ(same.theta().data(), memory) << "the same sizes: the memory stays";
  const double before = p.W[2](1, 3);
  p.W[2](1, 3) = 77;
  for (Parameters<double>* other : {&copy, &assigned, &same}) {
    EXPECT_EQ(other->W[2](1, 3), before);
    EXPECT_EQ(other->W[1].data, other->theta().data()) << "the views point into their own memory";
    other->b[3](0, 0) = 5;
    EXPECT_EQ(other->theta().back(), 5);
  }
  EXPECT_EQ(p.b[3](0, 0), 0);
  const Parameters<double> moved(std::move(copy));
  EXPECT_EQ(moved.W[2](1, 3), before);
  EXPECT_EQ(moved.W[1].data, moved.theta().data());
  Parameters<double> other_net(Architecture{5, {}, 1, Loss::squared_error});
  other_net = p;
  EXPECT_EQ(other_net.depth(), 3);
  EXPECT_EQ(other_net.W[2](1, 3), 77);
  EXPECT_EQ(other_net.W[1].data, other_net.theta().data());
  other_net = *&other_net;
  EXPECT_EQ(other_net.W[2](1, 3), 77);
}

TEST(Theta, RefusesNetworksThatAreNone) {
  for (const Architecture& net :
       {Architecture{0, {}, 1, Loss::squared_error}, Architecture{3, {{0, Activation::relu}}, 1, Loss::squared_error},
        Architecture{3, {}, 0, Loss::squared_error}, Architecture{3, {}, -1, Loss::squared_error},
        Architecture{3, {}, 1, Loss::categorical_cross_entropy}}) {
    try {
      const Parameters<double> p(net);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::shape) << error.what();
    }
  }
  try {
    const Parameters<double> p(Architecture{2000000000, {{2000000000, Activation::relu}}, 1, Loss::squared_error});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::memory) << error.what();
  }
}

double expected_deviation(const Initializer& initializer, double n, double n_prev) {
  switch (initializer.kind) {
    case Kind::lecun: return 1 / std::sqrt(n_prev);
    case Kind::he: return std::sqrt(2 / n_prev);
    case Kind::glorot: return std::sqrt(2 / (n_prev + n));
    case Kind::normal: return initializer.scale;
    case Kind::data:
    case Kind::arrays: break;
    case Kind::zeros: return 0;
  }
  return -1;
}

TEST(Initialize, EveryInitializerHasItsDeviationInEveryLayer) {
  const Architecture net{400, {{300, Activation::relu}, {100, Activation::relu}}, 50, Loss::categorical_cross_entropy};
  for (const RandomStream stream : {RandomStream::strata, RandomStream::numpy}) {
    for (const Initializer& initializer :
         {Initializer{Kind::lecun, 0}, Initializer{Kind::he, 0}, Initializer{Kind::glorot, 0},
          Initializer{Kind::normal, 0.03}, Initializer{Kind::zeros, 0}}) {
      const Parameters<double> p = initialize<double>(net, initializer, stream, 5);
      for (int l = 1; l <= 3; ++l) {
        const double n = net.units(l), n_prev = net.units(l - 1), count = n * n_prev;
        double sum = 0, squares = 0;
        for (Index k = 0; k < p.W[l].cols; ++k) {
          for (Index i = 0; i < p.W[l].rows; ++i) sum += p.W[l](i, k), squares += p.W[l](i, k) * p.W[l](i, k);
        }
        const double deviation = expected_deviation(initializer, n, n_prev);
        EXPECT_NEAR(sum / count, 0, 5 * deviation / std::sqrt(count)) << to_text(initializer) << ", layer " << l;
        EXPECT_NEAR(std::sqrt(squares / count), deviation, 5 * deviation / std::sqrt(2 * count))
            << to_text(initializer) << ", layer " << l;
        for (Index i = 0; i < p.b[l].rows; ++i) EXPECT_EQ(p.b[l](i, 0), 0) << "biases start at zero";
      }
    }
  }
}

// Element (i, j) of W[l] is number i·n_{l−1} + j of stream l: the very definition, so neither depth nor order nor
// threads count.
TEST(Initialize, StratasStreamIsAFunctionOfThePlace) {
  const Parameters<double> p = initialize<double>(kNet, {Kind::normal, 1}, RandomStream::strata, 9);
  for (int l = 1; l <= 3; ++l) {
    const CounterRandom random(9, RandomPurpose::weights, static_cast<std::uint32_t>(l));
    for (Index i = 0; i < p.W[l].rows; ++i) {
      for (Index k = 0; k < p.W[l].cols; ++k)
        EXPECT_EQ(p.W[l](i, k), random.normal(static_cast<std::uint64_t>(i * p.W[l].cols + k)));
    }
  }
  // Seed 1, worked out apart: see the numbers of the stream in tests/base/random_test.cpp.
  const Parameters<double> one = initialize<double>(kNet, {Kind::normal, 1}, RandomStream::strata, 1);
  EXPECT_NEAR(one.W[1](0, 0), -1.3109387081789932, 1e-15);
  EXPECT_NEAR(one.W[1](0, 1), 0.5093249314613983, 1e-15);
  EXPECT_NEAR(one.W[1](0, 2), 1.3611499378011984, 1e-15);
  EXPECT_NEAR(one.W[1](1, 0), -0.7032087381415231, 1e-15);
  EXPECT_NEAR(one.W[2](0, 0), 1.1355686304062047, 1e-15);
  // Another layer above or beside changes nothing below.
  Architecture deeper = kNet;
  deeper.hidden.push_back({6, Activation::tanh});
  const Parameters<double> more = initialize<double>(deeper, {Kind::normal, 1}, RandomStream::strata, 9);
  for (Index i = 0; i < 4; ++i) {
    for (Index k = 0; k < 3; ++k) EXPECT_EQ(more.W[1](i, k), p.W[1](i, k));
  }
  EXPECT_NE(initialize<double>(kNet, {Kind::normal, 1}, RandomStream::strata, 10).W[1](0, 0), p.W[1](0, 0));
}

// numpy.random.seed(1), randn: row by row, W[1] first, one stream through all layers; biases draw nothing.
TEST(Initialize, NumPysStreamIsDrawnRowByRow) {
  const double z[] = {1.6243453636632417, -0.6117564136500754, -0.5281717522634557, -1.0729686221561705};
  const Parameters<double> normal = initialize<double>(kNet, {Kind::normal, 0.01}, RandomStream::numpy, 1);
  EXPECT_EQ(normal.W[1](0, 0), z[0] * 0.01);
  EXPECT_EQ(normal.W[1](0, 1), z[1] * 0.01);
  EXPECT_EQ(normal.W[1](0, 2), z[2] * 0.01);
  EXPECT_EQ(normal.W[1](1, 0), z[3] * 0.01);
  const Parameters<double> lecun = initialize<double>(kNet, {Kind::lecun, 0}, RandomStream::numpy, 1);
  EXPECT_EQ(lecun.W[1](0, 0), z[0] / std::sqrt(3.0)) << "a true division";
  const Parameters<double> he = initialize<double>(kNet, {Kind::he, 0}, RandomStream::numpy, 1);
  EXPECT_EQ(he.W[1](0, 0), z[0] * std::sqrt(2.0 / 3));
  NumpyRandom random(1);
  for (int i = 0; i < 12; ++i) (void)random.normal();
  EXPECT_EQ(normal.W[2](0, 0), random.normal() * 0.01);
}

TEST(Initialize, FloatsAreTheRoundedDoubles) {
  for (const RandomStream stream : {RandomStream::strata, RandomStream::numpy}) {
    const Parameters<double> p = initialize<double>(kNet, {Kind::he, 0}, stream, 3);
    const Parameters<float> q = initialize<float>(kNet, {Kind::he, 0}, stream, 3);
    for (std::size_t i = 0; i < p.theta().size(); ++i) EXPECT_EQ(q.theta()[i], static_cast<float>(p.theta()[i]));
  }
}

TEST(Initialize, NumPysSeedsHave32Bits) {
  EXPECT_NO_THROW((void)initialize<double>(kNet, {}, RandomStream::numpy, 4294967295ULL));
  EXPECT_NO_THROW((void)initialize<double>(kNet, {}, RandomStream::strata, 4294967296ULL));
  try {
    (void)initialize<double>(kNet, {}, RandomStream::numpy, 4294967296ULL);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_NE(std::string(error.what()).find("4294967296"), std::string::npos) << error.what();
  }
  EXPECT_NE(initialize<double>(kNet, {}, RandomStream::strata, 1).W[1](0, 0),
            initialize<double>(kNet, {}, RandomStream::strata, 4294967297ULL).W[1](0, 0));
}

// The initial arrays of the two published runs, as the engine makes them.
TEST(Initialize, PublishedRunsBitForBit) {
  STRATA_NEEDS_SHARED_DATA();
  std::ifstream file(testing::shared_data("course/trajectories.json"));
  ASSERT_TRUE(file);
  const nlohmann::json runs = nlohmann::json::parse(file);
  std::size_t arrays = 0;
  for (const std::string run : {"two_layer", "four_layer"}) {
    const auto dims = runs.at(run).at("layers_dims").get<std::vector<int>>();
    Architecture net{dims.front(), {}, dims.back(), Loss::binary_cross_entropy};
    for (std::size_t l = 1; l + 1 < dims.size(); ++l) net.hidden.push_back({dims[l], Activation::relu});
    const Initializer initializer = run == "two_layer" ? Initializer{Kind::normal, 0.01} : Initializer{Kind::lecun, 0};
    const Parameters<double> p = initialize<double>(net, initializer, RandomStream::numpy, 1);
    for (int l = 1; l <= net.depth(); ++l) {
      const auto& sums = runs.at(run).at("init_sha256");
      const auto row_major = [](View<const double> M) {
        std::vector<double> values;
        for (Index i = 0; i < M.rows; ++i) {
          for (Index k = 0; k < M.cols; ++k) values.push_back(M(i, k));
        }
        return values;
      };
      EXPECT_EQ(testing::sha256(row_major(p.W[l])),
                sums.at("W" + std::to_string(l)).at("sha256_le_f64_rowmajor").get<std::string>())
          << run << l;
      EXPECT_EQ(testing::sha256(row_major(p.b[l])),
                sums.at("b" + std::to_string(l)).at("sha256_le_f64_rowmajor").get<std::string>())
          << run << l;
      arrays += 2;
    }
  }
  EXPECT_EQ(arrays, 12U);
}

}  // namespace
}  // namespace strata
