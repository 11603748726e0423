#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::make_model;

// The equations once more, as directly as they can be written, in float64.
std::vector<double> by_hand(const Model& model, const std::vector<double>& raw) {
  const Architecture& net = model.architecture();
  std::vector<double> a(raw);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (model.scaling().kind == ScaleKind::standard)
      a[i] = (a[i] - model.scaling().offset[i]) / model.scaling().divisor[i];
    if (model.scaling().kind == ScaleKind::divide_255) a[i] /= 255;
  }
  for (int l = 1; l <= net.depth(); ++l) {
    const std::vector<double> W = model.weights(l), b = model.biases(l);
    std::vector<double> z(b);
    for (std::size_t j = 0; j < a.size(); ++j) {
      for (std::size_t i = 0; i < z.size(); ++i) z[i] += W[j * z.size() + i] * a[j];
    }
    a = z;
    if (l < net.depth()) {
      for (double& x : a) x = net.layer(l).activation == Activation::relu ? std::max(0.0, x) : std::tanh(x);
    }
  }
  if (net.head() == Head::sigmoid) {
    for (double& x : a) x = 1 / (1 + std::exp(-x));
  } else if (net.head() == Head::softmax) {
    double sum = 0;
    for (double& x : a) sum += x = std::exp(x);
    for (double& x : a) x /= sum;
  } else if (!model.target().offset.empty()) {
    for (std::size_t k = 0; k < a.size(); ++k) a[k] = a[k] * model.target().divisor[k] + model.target().offset[k];
  }
  return a;
}

std::vector<double> some_inputs(std::size_t n_x, std::size_t m) {
  std::vector<double> X(n_x * m);
  for (std::size_t at = 0; at < X.size(); ++at) X[at] = 3 * std::sin(0.37 * static_cast<double>(at) + 0.5);
  return X;
}

Table table_of(const std::vector<double>& X, std::size_t n_x) {
  Table table;
  const std::size_t m = X.size() / n_x;
  for (std::size_t j = 0; j < n_x; ++j) {
    std::vector<double> column(m);
    for (std::size_t i = 0; i < m; ++i) column[i] = X[i * n_x + j];
    table.add_numbers("x" + std::to_string(j), {}, column);
  }
  return table;
}

// One input, one layer: the network is A = head(w·x + b).
Model one_weight(Loss loss, double w, double b, int outputs = 1) {
  Model model = make_model<double>({1, {}, outputs, loss});
  auto& p = model.data().first<double>();
  for (int k = 0; k < outputs; ++k) {
    p.W[1](k, 0) = w * (k + 1);
    p.b[1](k, 0) = b;
  }
  return model;
}

TEST(Predict, IsWhatTheEquationsSay) {
  const std::vector<Architecture> nets = {
      {7, {}, 1, Loss::binary_cross_entropy},
      {7, {{5, Activation::relu}, {9, Activation::tanh}}, 1, Loss::binary_cross_entropy},
      {7, {{20, Activation::tanh}}, 4, Loss::categorical_cross_entropy},
      {7, {{3, Activation::relu}}, 2, Loss::squared_error}};
  const std::vector<double> X = some_inputs(7, 300);
  for (const Architecture& net : nets) {
    for (const ScaleKind scale : {ScaleKind::none, ScaleKind::divide_255, ScaleKind::standard}) {
      Model model = make_model<double>(net);
      model.data().scaling.kind = scale;
      if (scale == ScaleKind::standard) {
        model.data().scaling.offset = {1, 2, 3, -1, -2, -3, 0.5};
        model.data().scaling.divisor = {1, 2, 0.5, 3, 1, 2, 4};
        if (net.loss == Loss::squared_error) {
          model.data().target.offset = {100, -5};
          model.data().target.divisor = {20, 0.1};
        }
      }
      const std::vector<double> A = model.predict(X, 300);
      const auto n_y = static_cast<std::size_t>(net.outputs);
      ASSERT_EQ(A.size(), n_y * 300);
      for (std::size_t i = 0; i < 300; ++i) {
        const std::vector<double> expected = by_hand(model, {X.begin() + static_cast<std::ptrdiff_t>(7 * i),
                                                             X.begin() + static_cast<std::ptrdiff_t>(7 * i + 7)});
        for (std::size_t k = 0; k < n_y; ++k)
          EXPECT_NEAR(A[i * n_y + k], expected[k], 1e-12 * (1 + std::abs(expected[k])));
      }
    }
  }
}

template <class T>
void expect_batch_invariance() {
  Model model =
      make_model<T>({37, {{19, Activation::relu}, {9, Activation::gelu}}, 3, Loss::categorical_cross_entropy});
  model.data().scaling.kind = ScaleKind::divide_255;
  constexpr std::size_t kMost = 600, kInputs = 37, kOutputs = 3;
  const std::vector<double> X = some_inputs(kInputs, kMost);
  const std::vector<double> all = model.predict(X, kMost, 1);
  ASSERT_EQ(all.size(), kOutputs * kMost);
  for (std::size_t m = 1; m <= kMost; ++m) {
    // The last m examples: every example stands at every place in a batch of every size.
    const std::span<const double> some = std::span(X).last(m * kInputs);
    const int threads = std::array{1, 2, 3, 8}[m % 4];
    const std::vector<double> A = model.predict(some, m, threads);
    ASSERT_EQ(std::memcmp(A.data(), all.data() + (kMost - m) * kOutputs, m * kOutputs * sizeof(double)), 0)
        << m << " examples, " << threads << " threads";
  }
  for (const int threads : {0, 1, 2, 3, 8}) EXPECT_EQ(model.predict(X, kMost, threads), all) << threads << " threads";
  const Table table = table_of(X, kInputs);
  for (const int threads : {1, 2, 3, 8}) {
    const Predictions p = model.predict(table, threads);
    EXPECT_EQ(p.values, all) << threads << " threads";
  }
}

TEST(Predict, AnExampleGivesTheSameBitsInAnyBatchFloat32) { expect_batch_invariance<float>(); }
TEST(Predict, AnExampleGivesTheSameBitsInAnyBatchFloat64) { expect_batch_invariance<double>(); }

TEST(Predict, EvaluationIsTheSameForAnyNumberOfThreads) {
  const Model model = make_model<float>({37, {{64, Activation::relu}}, 1, Loss::binary_cross_entropy});
  Table table = table_of(some_inputs(37, 700), 37);
  std::vector<std::string> y;
  for (int i = 0; i < 700; ++i) y.push_back(i % 3 == 0 ? "yes" : "no");
  table.add_text("y", y);
  const Metrics one = model.evaluate(table, 1);
  for (const int threads : {0, 2, 3, 8}) testing::expect_equal(model.evaluate(table, threads), one);
}

TEST(Predict, BinaryGivesBothProbabilities) {
  const Model model = one_weight(Loss::binary_cross_entropy, 1, 0);
  const Predictions p = model.predict(table_of({0, 2, -2, 1e-9}, 1));
  EXPECT_EQ(p.examples, 4U);
  EXPECT_EQ(p.columns, 2U);
  EXPECT_EQ(p.header, (std::vector<std::string>{"probability_no", "probability_yes"}));
  EXPECT_EQ(p.classes, (std::vector<std::string>{"no", "yes"}));
  // p = 0.5 exactly is not above 0.5.
  EXPECT_EQ(p.label, (std::vector<std::size_t>{0, 1, 0, 1}));
  EXPECT_EQ(p.values[0], 0.5);
  EXPECT_EQ(p.values[1], 0.5);
  EXPECT_NEAR(p.values[3], 1 / (1 + std::exp(-2.0)), 1e-15);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(p.values[2 * i], 1 - p.values[2 * i + 1]);
}

TEST(Predict, TheOtherProbabilityIsComputedInTheModelsPrecision) {
  const Model model = make_model<float>({1, {}, 1, Loss::binary_cross_entropy});
  const Predictions p = model.predict(table_of({0.3, -0.2, 5, -3, -7, -11}, 1));
  int differences = 0;
  for (std::size_t i = 0; i < p.examples; ++i) {
    const auto yes = static_cast<float>(p.values[2 * i + 1]);
    EXPECT_EQ(static_cast<double>(yes), p.values[2 * i + 1]);
    EXPECT_EQ(p.values[2 * i], static_cast<double>(1.0F - yes));
    if (p.values[2 * i] != 1 - static_cast<double>(yes)) ++differences;
  }
  EXPECT_GT(differences, 0) << "these inputs do not show the difference to float64";
}

TEST(Predict, BinaryWithTwoSoftmaxOutputs) {
  Model model = one_weight(Loss::categorical_cross_entropy, 1, 0, 2);
  model.data().target.task = Task::binary;
  model.data().target.classes = {"no", "yes"};
  const Predictions p = model.predict(table_of({0, 2, -2}, 1));
  EXPECT_EQ(p.header, (std::vector<std::string>{"probability_no", "probability_yes"}));
  EXPECT_EQ(p.label, (std::vector<std::size_t>{0, 1, 0}));
  EXPECT_NEAR(p.values[3], 1 / (1 + std::exp(-2.0)), 1e-15);
}

TEST(Predict, ClassesTakeTheLargestAndTheFirstOfEquals) {
  const Model model = one_weight(Loss::categorical_cross_entropy, 1, 0, 3);  // logits x, 2x, 3x
  const Predictions p = model.predict(table_of({1, -1, 0}, 1));
  EXPECT_EQ(p.header, (std::vector<std::string>{"probability_class 0", "probability_class 1", "probability_class 2"}));
  EXPECT_EQ(p.label, (std::vector<std::size_t>{2, 0, 0}));
  EXPECT_EQ(p.columns, 3U);
  EXPECT_EQ(p.values.size(), 9U);
  EXPECT_EQ(p.values[6], p.values[8]);
}

TEST(Predict, AThresholdOfTwoClasses) {
  for (const bool softmax : {false, true}) {
    const Model model = softmax ? make_model<float>({2, {}, 2, Loss::categorical_cross_entropy})
                                : make_model<float>({2, {}, 1, Loss::binary_cross_entropy});
    Model two = make_model<float>(model.architecture());
    two.data().target = {{"y"}, Task::binary, {"no", "yes"}, {}, {}};
    const Table table = table_of(some_inputs(2, 9), 2);
    const Predictions plain = two.predict(table);
    for (const double threshold : {0.0, 0.1, 0.5, 0.9, 1.0}) {
      const Predictions made = two.predict(table, 1, threshold);
      EXPECT_EQ(made.values, plain.values);
      for (std::size_t i = 0; i < made.examples; ++i)
        EXPECT_EQ(made.label[i], made.values[2 * i + 1] >= threshold ? 1U : 0U) << threshold;
    }
    const Predictions at = two.predict(table, 1, plain.values[1]);
    EXPECT_EQ(at.label[0], 1U);  // as much is enough
    EXPECT_EQ(two.predict(table, 1, std::nextafter(plain.values[1], 2)).label[0], 0U);
    EXPECT_EQ(testing::error_of([&] { static_cast<void>(two.predict(table, 1, 1.5)); }),
              "usage: --threshold: expected a probability from 0 to 1, found 1.5");
  }
  Model several = make_model<float>({2, {}, 2, Loss::binary_cross_entropy});
  several.data().target.names = {"y", "z"};
  EXPECT_EQ(testing::error_of([&] { static_cast<void>(several.predict(table_of(some_inputs(2, 3), 2), 1, 0.5)); }),
            "usage: --threshold decides between two classes, and the model predicts several answers");
}

TEST(Predict, RegressionGivesTheUnitsOfTheTarget) {
  Model model = one_weight(Loss::squared_error, 2, 1);
  model.data().target.offset = {10};
  model.data().target.divisor = {5};
  const Predictions p = model.predict(table_of({0, 1, -3}, 1));
  EXPECT_EQ(p.header, (std::vector<std::string>{"y"}));
  EXPECT_EQ(p.values, (std::vector<double>{15, 25, -15}));
  EXPECT_TRUE(p.label.empty());
  EXPECT_TRUE(p.classes.empty());
  EXPECT_EQ(model.predict(std::vector<double>{0, 1, -3}, 3), p.values);
}

TEST(Predict, SeveralOutputsAreNamed) {
  Model model = one_weight(Loss::squared_error, 1, 0, 2);
  EXPECT_EQ(model.predict(table_of({3}, 1)).header,
            (std::vector<std::string>{"y_0", "y_1"}));  // an array of two numbers
  model.data().target.names = {"height", "width"};
  const Predictions p = model.predict(table_of({3}, 1));
  EXPECT_EQ(p.header, (std::vector<std::string>{"height", "width"}));
  EXPECT_EQ(p.values, (std::vector<double>{3, 6}));
  Model questions = one_weight(Loss::binary_cross_entropy, 1, 0, 2);
  questions.data().target.names = {"a", "b"};
  questions.data().target.classes = {"0", "1"};
  const Predictions q = questions.predict(table_of({0}, 1));
  EXPECT_EQ(q.header, (std::vector<std::string>{"probability_a", "probability_b"}));
  EXPECT_EQ(q.values, (std::vector<double>{0.5, 0.5}));
  EXPECT_TRUE(q.label.empty());
}

TEST(Predict, Float32ValuesAreFloats) {
  Model model = make_model<float>({1, {}, 1, Loss::squared_error});
  model.data().target.offset = {0.1};
  model.data().target.divisor = {0.3};
  for (const double value : model.predict(table_of({0.3, -0.2, 5}, 1)).values) {
    EXPECT_EQ(value, static_cast<double>(static_cast<float>(value)));
  }
}

TEST(Predict, NothingGivesNothing) {
  const Model model = one_weight(Loss::binary_cross_entropy, 1, 0);
  EXPECT_TRUE(model.predict(std::vector<double>{}, 0).empty());
}

TEST(Predict, WrongSizesAndNumbers) {
  const Model model = make_model<float>({3, {}, 1, Loss::binary_cross_entropy});
  const std::vector<double> X = {1, 2, 3, 4, 5, 6, 7};
  EXPECT_ERROR(model.predict(X, 2), "shape",
               "X has 7 numbers; 2 examples of 3 inputs each, (n_x, m) = (3, 2), expected");
  EXPECT_ERROR(model.predict(std::span(X).first(6), 3), "shape",
               "X has 6 numbers; 3 examples of 3 inputs each, (n_x, m) = (3, 3), expected");
  EXPECT_ERROR(model.predict(X, std::numeric_limits<std::size_t>::max()), "shape", "X has 7 numbers");
  const std::vector<double> bad = {1, 2, 3, 4, std::nan(""), 6};
  EXPECT_ERROR(model.predict(bad, 2), "value", "X(2, 2) is nan; expected a finite number");
}

// One meaning everywhere, and one default: as STRATA_THREADS says.
TEST(Predict, TheNumberOfThreads) {
  const Model model = make_model<float>({3, {}, 1, Loss::binary_cross_entropy});
  const std::vector<double> X = {1, 2, 3};
  Table table = table_of(X, 3);
  table.add_text("y", std::vector<std::string>{"yes"});
  for (const int threads : {-1, 1025}) {
    const std::string refused =
        "expected a number of threads from 1 to 1024, or 0 for as many as the process may use, found " +
        std::to_string(threads);
    EXPECT_ERROR(model.predict(X, 1, threads), "usage", refused);
    EXPECT_ERROR(model.predict(std::span<const double>(), 0, threads), "usage", refused);
    EXPECT_ERROR(model.predict(table, threads), "usage", refused);
    EXPECT_ERROR(model.evaluate(table, threads), "usage", refused);
  }
  const char* variable = std::getenv("STRATA_THREADS");
  const std::string before = variable == nullptr ? "" : variable;
  ::setenv("STRATA_THREADS", "many", 1);
  EXPECT_ERROR(model.predict(X, 1), "usage", "STRATA_THREADS=many: expected");
  EXPECT_ERROR(model.predict(table), "usage", "STRATA_THREADS=many: expected");
  EXPECT_ERROR(model.evaluate(table), "usage", "STRATA_THREADS=many: expected");
  EXPECT_EQ(model.predict(X, 1, 1024).size(), 1U);
  ::setenv("STRATA_THREADS", before.c_str(), 1);
}

TEST(Predict, NumbersTooLargeForThePrecision) {
  const Model single = make_model<float>({2, {}, 1, Loss::binary_cross_entropy});
  const std::vector<double> X = {1, 2, 3, 1e300};
  EXPECT_ERROR(single.predict(X, 2), "value",
               "X(2, 2): 1e+300, scaled as the model's inputs are, is no finite number in float32");
  Table table = table_of(X, 2);
  EXPECT_ERROR(single.predict(table), "value", "the table: x1, example 1 (counted from 0): 1e+300, scaled");
  EXPECT_EQ(make_model<double>({2, {}, 1, Loss::binary_cross_entropy}).predict(X, 2).size(), 2U);
}

TEST(Predict, OutputsThatAreNotFinite) {
  const Model model = one_weight(Loss::squared_error, 1e200, 0);
  EXPECT_ERROR(model.predict(std::vector<double>{1, 1e200}, 2), "value",
               "X(1, 2): the network's output for this example is inf; its inputs");
  const Table table = table_of({1, -1e200}, 1);
  EXPECT_ERROR(model.predict(table), "value",
               "the table: x0, example 1 (counted from 0): the network's output for this example is -inf");
}

TEST(Evaluate, BinaryByHand) {
  const Model model = one_weight(Loss::binary_cross_entropy, 1, 0);
  Table table = table_of({2, -1, 0.5, 0}, 1);
  table.add_text("y", std::vector<std::string>{"yes", "yes", "no", "no"});
  const Metrics metrics = model.evaluate(table);
  EXPECT_EQ(metrics.examples, 4U);
  EXPECT_EQ(metrics.correct, 2U);  // 2 → yes right, −1 → no wrong, 0.5 → yes wrong, 0 → 0.5, which is no, right
  EXPECT_EQ(metrics.accuracy, 0.5);
  // −ln a for yes and −ln(1−a) for no, a = 1/(1+e^−x): ln(1+e^−x) and ln(1+e^x).
  const double loss =
      (std::log1p(std::exp(-2.0)) + std::log1p(std::exp(1.0)) + std::log1p(std::exp(0.5)) + std::log(2.0)) / 4;
  EXPECT_NEAR(metrics.loss, loss, 1e-15);
  EXPECT_EQ(metrics.rmse, 0);
}

TEST(Evaluate, ClassesByHand) {
  const Model model = one_weight(Loss::categorical_cross_entropy, 1, 0, 3);
  Table table = table_of({1, -1}, 1);
  table.add_text("y", std::vector<std::string>{"class 2", "class 1"});
  const Metrics metrics = model.evaluate(table);
  EXPECT_EQ(metrics.correct, 1U);
  const auto sum = [](double x) { return std::log(std::exp(x) + std::exp(2 * x) + std::exp(3 * x)); };
  EXPECT_NEAR(metrics.loss, ((sum(1) - 3) + (sum(-1) + 2)) / 2, 1e-15);
}

TEST(Evaluate, RegressionByHandInTheUnitsOfTheTarget) {
  Model model = one_weight(Loss::squared_error, 2, 1);
  model.data().target.offset = {10};
  model.data().target.divisor = {5};
  Table table = table_of({0, 1, -3}, 1);                         // predictions 15, 25, −15; scaled 1, 3, −5
  table.add_numbers("y", {}, std::vector<double>{10, 30, -20});  // scaled 0, 4, −6
  const Metrics metrics = model.evaluate(table);
  EXPECT_NEAR(metrics.loss, (0.5 * 1 + 0.5 * 1 + 0.5 * 1) / 3, 1e-15);
  EXPECT_NEAR(metrics.rmse, 5, 1e-14);
  EXPECT_NEAR(metrics.mae, 5, 1e-14);
  // Mean 20/3; total (10/3)² + (70/3)² + (80/3)² = 11400/9, residual 75.
  EXPECT_NEAR(metrics.r2, 1 - 75 / (11400.0 / 9), 1e-14);
  EXPECT_EQ(metrics.correct, 0U);
  EXPECT_EQ(metrics.accuracy, 0);
}

TEST(Evaluate, ConstantTargetsAndOneExampleHaveNoR2) {
  const Model model = one_weight(Loss::squared_error, 0, 7);
  Table right = table_of({1, 2}, 1), wrong = table_of({1, 2}, 1);
  right.add_numbers("y", {}, std::vector<double>{7, 7});
  wrong.add_numbers("y", {}, std::vector<double>{8, 8});
  EXPECT_TRUE(std::isnan(model.evaluate(right).r2));
  EXPECT_TRUE(std::isnan(model.evaluate(wrong).r2));
  Table one = table_of({1}, 1);
  one.add_numbers("y", {}, std::vector<double>{8});
  EXPECT_TRUE(std::isnan(model.evaluate(one).r2));
  EXPECT_EQ(model.evaluate(one).rmse, 1);
}

TEST(Evaluate, SeveralQuestionsAreRightTogether) {
  Model model = one_weight(Loss::binary_cross_entropy, 1, 0, 2);
  model.data().target.names = {"a", "b"};
  model.data().target.classes = {"0", "1"};
  Table table = table_of({1, 1, -1}, 1);
  table.add_numbers("a", {}, std::vector<double>{1, 1, 0});
  table.add_numbers("b", {}, std::vector<double>{1, 0, 0});
  const Metrics metrics = model.evaluate(table);
  EXPECT_EQ(metrics.correct, 2U);
  EXPECT_NEAR(metrics.accuracy, 2.0 / 3, 1e-15);
}

TEST(Evaluate, AcrossChunksItIsTheMeanOfAll) {
  const Model model = one_weight(Loss::squared_error, 1, 0);
  std::vector<double> x(1000), y(1000);
  double squares = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    x[i] = static_cast<double>(i % 17);
    y[i] = static_cast<double>(i % 5);
    squares += (x[i] - y[i]) * (x[i] - y[i]);
  }
  Table table = table_of(x, 1);
  table.add_numbers("y", {}, y);
  const Metrics metrics = model.evaluate(table);
  EXPECT_EQ(metrics.examples, 1000U);
  EXPECT_EQ(metrics.loss, squares / 2 / 1000);  // whole numbers: exact
  EXPECT_NEAR(metrics.rmse, std::sqrt(squares / 1000), 1e-12);
}

TEST(Evaluate, NeedsTheTargetAndExamples) {
  const Model model = one_weight(Loss::binary_cross_entropy, 1, 0);
  EXPECT_ERROR(model.evaluate(table_of({1}, 1)), "usage", "the table lacks the model's target: 'y'; it has: x0");
  Table table = table_of({1, 2}, 1);
  table.add_text("y", std::vector<std::string>{"yes", "maybe"});
  const Metrics metrics = model.evaluate(table);
  EXPECT_EQ(metrics.unseen, 1U);
  EXPECT_EQ(metrics.first_unseen, "maybe");
  EXPECT_EQ(metrics.examples, 2U);
  EXPECT_EQ(metrics.correct, 1U);
  EXPECT_EQ(metrics.accuracy, 0.5);
  EXPECT_EQ(metrics.loss, model.evaluate(table.slice_rows(0, 1)).loss);  // of the one that is known
  EXPECT_ERROR(model.evaluate(table.slice_rows(1, 1)), "value",
               "the table: y, example 1 (counted from 0): label 'maybe' is not one of the classes that the model "
               "knows: no, yes");
  Model three = one_weight(Loss::squared_error, 1, 0, 3);
  Table narrow = table_of({1, 2}, 1);
  narrow.add_numbers("y", {2}, std::vector<double>{1, 2, 3, 4});
  EXPECT_ERROR(three.evaluate(narrow), "shape",
               "the table: the target has 2 numbers an example; the network has 3 outputs");
}

TEST(Predict, ColumnsMatchByNameAndOthersAreIgnored) {
  const Model model = make_model<double>({3, {{4, Activation::relu}}, 1, Loss::binary_cross_entropy});
  const std::vector<double> X = some_inputs(3, 5);
  const Table straight = table_of(X, 3);
  Table mixed;
  mixed.add_text("y", std::vector<std::string>{"?", "?", "?", "?", "?"});
  for (const int j : {2, 0, 1}) {
    std::vector<double> column(5);
    for (std::size_t i = 0; i < 5; ++i) column[i] = X[3 * i + static_cast<std::size_t>(j)];
    mixed.add_numbers("x" + std::to_string(j), {}, column);
  }
  EXPECT_EQ(model.predict(mixed).values, model.predict(straight).values);
}

}  // namespace
}  // namespace strata
