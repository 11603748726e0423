// What models with a stage in front of the layers and bounds of the target predict. Against the equations, written out
// in NumPy: tests/python/check_safetensors.py.
#include <cmath>
#include <limits>

#include "strata/predictor.hpp"
#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::make_staged_model;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Numbers, levels, other words and missing cells, as the raw interface takes them.
std::vector<double> some_inputs(std::size_t m) {
  std::vector<double> X;
  for (std::size_t i = 0; i < m; ++i) {
    const auto at = static_cast<double>(i);
    X.insert(X.end(), {i % 7 == 3 ? kNaN : 30 + 40 * std::sin(at), i % 5 == 4 ? kNaN : std::fmod(at, 4),
                       std::fmod(at, 3), i % 4 == 3 ? kNaN : std::fmod(at, 3)});
  }
  return X;
}

template <class T>
void expect_batch_invariance() {
  Model model = make_staged_model<T>();
  model.data().target.least = model.data().target.largest = {};
  constexpr std::size_t kMost = 300, kInputs = 4, kOutputs = 2;
  const std::vector<double> X = some_inputs(kMost), all = model.predict(X, kMost, 1);
  for (std::size_t m = 1; m <= kMost; m += 1 + m / 16) {
    const std::span<const double> some = std::span(X).last(m * kInputs);
    for (const int threads : {1, 2, 3}) {
      EXPECT_EQ(model.predict(some, m, threads),
                std::vector<double>(all.end() - static_cast<std::ptrdiff_t>(m * kOutputs), all.end()))
          << m << " examples, " << threads << " threads";
    }
  }
}

TEST(StagedPredict, AnExampleGivesTheSameBitsInAnyBatchFloat32) { expect_batch_invariance<float>(); }
TEST(StagedPredict, AnExampleGivesTheSameBitsInAnyBatchFloat64) { expect_batch_invariance<double>(); }

TEST(StagedPredict, WordsAreTheirCodes) {
  Table table;
  table.add_numbers("age", {}, std::vector<double>{30, kNaN, 50, 41});
  table.add_text("port", std::vector<std::string>{"Triest", "Bari", "Ancona", ""});
  table.add_text("zone", std::vector<std::string>{"2", "1", "2", "1"});
  table.add_text("answer", std::vector<std::string>{"yes", "no", "NO", "no"});
  const Model model = make_staged_model<double>();
  const Predictions found = model.predict(table);
  EXPECT_EQ(found.values,
            model.predict(std::vector<double>{30, 2, 1, 1, kNaN, 0, 0, 0, 50, 3, 1, 0, 41, kNaN, 0, 0}, 4));
  ASSERT_EQ(found.unfamiliar.size(), 1U);
  EXPECT_EQ(to_text(found.unfamiliar[0]), "'port': 1 cell with a value that no training row had (the first: 'Ancona')");
  // Another word and a missing cell have the same column of E.
  const std::vector<double> both = model.predict(std::vector<double>{30, 3, 1, 1, 30, kNaN, 1, 1}, 2);
  EXPECT_EQ(both[0], both[2]);
  EXPECT_EQ(both[1], both[3]);
  EXPECT_ERROR(static_cast<void>(model.predict(std::vector<double>{30, 4, 1, 1}, 1)), "value",
               "expected the number of a level of 'port' (0 to 2), 3 for any other, or NaN where it is missing");
}

// One input, one layer: 5 (2x + 1) + 10.
Model bounded(double least, double largest) {
  Model model = testing::make_model<double>({1, {}, 1, Loss::squared_error});
  auto& p = model.data().first<double>();
  p.W[1](0, 0) = 2;
  p.b[1](0, 0) = 1;
  Target& target = model.data().target;
  target.offset = {10}, target.divisor = {5};
  target.least = {least}, target.largest = {largest};
  return model;
}

Table table_of(const std::vector<double>& x, const std::vector<double>& y) {
  Table table;
  table.add_numbers("x0", {}, x);
  table.add_numbers("y", {}, y);
  return table;
}

TEST(Bounds, PredictionsStayBetweenThem) {
  const Model model = bounded(-7.3, 20.1);  // 15, 25 and −15 without
  const std::vector<double> x{0, 1, -3}, expected{15, 20.1, -7.3};
  EXPECT_EQ(model.predict(x, 3), expected) << "the ends themselves, without a rounding";
  EXPECT_EQ(model.predict(table_of(x, {0, 0, 0})).values, expected);
  std::vector<double> found(3);
  Predictor(model).predict(x, 3, found);
  EXPECT_EQ(found, expected);
  Model unscaled = bounded(-4, 2.5);
  unscaled.data().target.offset = unscaled.data().target.divisor = {};
  EXPECT_EQ(unscaled.predict(x, 3), (std::vector<double>{1, 2.5, -4}));
  EXPECT_EQ(bounded(3, 3).predict(x, 3), std::vector<double>(3, 3.0));
}

TEST(Bounds, FiguresAreOfWhatIsPredicted) {
  const Model model = bounded(-7, 20);
  const Metrics metrics = model.evaluate(table_of({0, 1, -3}, {10, 30, -20}), 1, Bootstrap{.resamples = 5});
  EXPECT_NEAR(metrics.rmse, std::sqrt((25 + 100 + 169) / 3.0), 1e-14);
  EXPECT_NEAR(metrics.mae, (5 + 10 + 13) / 3.0, 1e-14);
  EXPECT_NEAR(metrics.r2, 1 - (25 + 100 + 169) / (11400.0 / 9), 1e-14);
  EXPECT_NEAR(metrics.value(Metric::mape), (0.5 + 1 / 3.0 + 0.65) / 3, 1e-12);
  EXPECT_NEAR(metrics.loss, (0.5 + 0.5 + 0.5) / 3, 1e-15) << "the loss is of the network's outputs";
}

TEST(Bounds, AnOutputThatIsNoNumberIsStillAnError) {
  Model model = bounded(-7, 20);
  model.data().first<double>().W[1](0, 0) = 1e300;
  const std::vector<double> x{1e300};
  std::vector<double> found(1);
  EXPECT_ERROR(static_cast<void>(model.predict(x, 1)), "value", "the network's output for this example is inf");
  EXPECT_ERROR(Predictor(model).predict(x, 1, found), "value", "the network's output for this example is inf");
}

}  // namespace
}  // namespace strata
