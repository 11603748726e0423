// A model of several networks says their mean: against the definition in long double, and everywhere the same bits.
#include <cmath>
#include <limits>
#include <random>
#include <thread>

#include "allocations.hpp"
#include "model/average.hpp"
#include "strata/predictor.hpp"
#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::make_bag;
using testing::make_model;
using testing::make_several;

constexpr std::size_t kExamples = 300;
const std::vector<double> kShares{0.2, 0.5, 0.3};

std::vector<double> some_inputs(std::size_t n_x, std::size_t m) {
  std::vector<double> X(n_x * m);
  for (std::size_t at = 0; at < X.size(); ++at)
    X[at] = static_cast<float>(3 * std::sin(0.37 * static_cast<double>(at) + 0.5));
  return X;
}

// What each network says by itself.
template <class T>
std::vector<std::vector<double>> single_outputs(Model& model, const std::vector<double>& X, std::size_t m) {
  std::vector<std::vector<double>> outputs;
  const Model::Data& data = model.data();
  for (std::size_t i = 0; i < model.networks(); ++i) {
    Model alone = make_model<T>(model.architecture());
    static_cast<Features&>(alone.data()) = data;
    alone.data().target = testing::target_for(model.architecture());
    alone.data().target.names = model.target().names;
    alone.data().bf16 = data.bf16;
    alone.data().networks = Networks<T>{std::get<Networks<T>>(data.networks)[i]};
    outputs.push_back(alone.predict(X, m));
  }
  return outputs;
}

std::vector<long double> mean_of(const std::vector<std::vector<double>>& outputs, const std::vector<double>& shares) {
  std::vector<long double> mean(outputs.front().size(), 0.0L);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (std::size_t at = 0; at < mean.size(); ++at)
      mean[at] += static_cast<long double>(shares[i]) * static_cast<long double>(outputs[i][at]);
  return mean;
}

// softmax(log a / temperature) of each example, or sigmoid(log(a / (1 − a)) / temperature).
void calibrate(std::vector<long double>& a, Head head, std::size_t n_y, long double temperature) {
  for (std::size_t first = 0; first < a.size(); first += n_y) {
    long double sum = 0;
    for (std::size_t k = 0; k < n_y; ++k) sum += std::pow(a[first + k], 1 / temperature);
    for (std::size_t k = 0; k < n_y; ++k) {
      const long double power = std::pow(a[first + k], 1 / temperature);
      a[first + k] = power / (head == Head::softmax ? sum : power + std::pow(1 - a[first + k], 1 / temperature));
    }
  }
}

template <class T>
void expect_the_mean(bool bf16 = false) {
  const Architecture nets[] = {{7, {{5, Activation::relu}, {9, Activation::tanh}}, 1, Loss::binary_cross_entropy},
                               {7, {{20, Activation::tanh}}, 4, Loss::categorical_cross_entropy},
                               {7, {{3, Activation::relu}}, 2, Loss::squared_error}};
  for (const Architecture& net : nets) {
    Model model = make_model<T>(net);
    if (net.head() == Head::identity) {
      model.data().target.names = {"a", "b"};
      model.data().target.offset = {10, -3};
      model.data().target.divisor = {2, 0.5};
    }
    model.data().bf16 = bf16;
    make_several<T>(model, kShares);
    const std::vector<double> X = some_inputs(7, kExamples);
    for (const double temperature : {1.0, 2.5, 0.4}) {
      if (temperature != 1 && net.head() == Head::identity) continue;
      model.data().temperature = temperature;
      std::vector<long double> expected = mean_of(single_outputs<T>(model, X, kExamples), kShares);
      if (temperature != 1) calibrate(expected, net.head(), static_cast<std::size_t>(net.outputs), temperature);
      const std::vector<double> found = model.predict(X, kExamples);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t at = 0; at < found.size(); ++at) {
        long double mean = expected[at];
        if (net.head() == Head::identity) mean = mean * (at % 2 == 0 ? 2.0L : 0.5L) + (at % 2 == 0 ? 10.0L : -3.0L);
        ASSERT_NEAR(found[at], static_cast<double>(mean),
                    (1 + std::abs(static_cast<double>(mean))) * 4 * std::numeric_limits<T>::epsilon())
            << name(net.loss) << ", temperature " << temperature << ", output " << at;
      }
    }
  }
}

TEST(SeveralNetworks, SayTheirMeanInFloat32) { expect_the_mean<float>(); }
TEST(SeveralNetworks, SayTheirMeanInBf16) { expect_the_mean<float>(true); }
TEST(SeveralNetworks, SayTheirMeanInFloat64) { expect_the_mean<double>(); }

// The mean itself, whose rounding to T is the only one.
TEST(SeveralNetworks, AreSummedInFloat64AndInTheirOrder) {
  Model model = make_model<float>({3, {}, 1, Loss::binary_cross_entropy});
  make_several<float>(model, kShares);
  const std::vector<double> X = some_inputs(3, 50);
  const std::vector<std::vector<double>> outputs = single_outputs<float>(model, X, 50);
  const std::vector<double> found = model.predict(X, 50);
  for (std::size_t at = 0; at < 50; ++at) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) sum += kShares[i] * outputs[i][at];
    EXPECT_EQ(found[at], static_cast<float>(sum));
  }
}

TEST(SeveralNetworks, ATemperatureLeavesZeroAndOneAlone) {
  for (const double temperature : {0.3, 1.0, 4.0}) {
    for (const Head head : {Head::sigmoid, Head::softmax}) {
      std::vector<double> sum{0, 1, 1, 0};
      double A[4];
      mean_output<double>(sum, head, 2, temperature, A);
      EXPECT_EQ(std::vector<double>(A, A + 4), (std::vector<double>{0, 1, 1, 0})) << temperature;
    }
    std::vector<double> half{0.5, 0.5, 0.5, 0.5}, more_than_1{std::nextafter(1.0, 2.0), 0};
    double A[4], B[2];
    mean_output<double>(half, Head::softmax, 4, temperature, A);
    for (const double a : A) EXPECT_DOUBLE_EQ(a, temperature == 1 ? 0.5 : 0.25);
    mean_output<double>(more_than_1, Head::sigmoid, 1, temperature, B);
    EXPECT_EQ(B[0], 1);
    EXPECT_EQ(B[1], 0);
    std::vector<double> number{-3.5};
    mean_output<double>(number, Head::identity, 1, temperature, B);
    EXPECT_EQ(B[0], -3.5);
  }
}

template <class T>
void expect_logits() {
  const std::vector<T> probabilities{T(0), T(1), T(0.5), T(1e-30), 1 - std::numeric_limits<T>::epsilon() / 2, T(0.9)};
  std::vector<T> z(6);
  logits_of<T>({probabilities.data(), 1, 6}, Head::sigmoid, {z.data(), 1, 6});
  EXPECT_NEAR(z[0], std::log(static_cast<double>(std::numeric_limits<float>::min())), 1e-5);
  for (std::size_t at = 0; at < 6; ++at) {
    ASSERT_TRUE(std::isfinite(z[at]));
    if (at > 1) {
      const double a = static_cast<double>(probabilities[at]);
      EXPECT_NEAR(z[at], std::log(a / (1 - a)), 1e-6 * std::abs(z[at]));
    }
  }
  // A number below 1 is less sure than 1 itself, and by no more than one below it is less sure than that.
  EXPECT_NEAR(z[1] - z[4], std::log(2), 1e-5);
  logits_of<T>({probabilities.data(), 2, 3}, Head::softmax, {z.data(), 2, 3});
  EXPECT_NEAR(z[0], std::log(static_cast<double>(std::numeric_limits<float>::min())), 1e-5);
  EXPECT_EQ(z[1], T(0));
  logits_of<T>({probabilities.data(), 2, 3}, Head::identity, {z.data(), 2, 3});
  EXPECT_EQ(z, (std::vector<T>(probabilities.begin(), probabilities.end())));
}

TEST(SeveralNetworks, ProbabilitiesHaveFiniteLogits) {
  expect_logits<float>();
  expect_logits<double>();
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

// Every figure is that of what is predicted.
TEST(SeveralNetworks, FiguresAreOfWhatIsPredicted) {
  const std::vector<double> X = some_inputs(4, kExamples);
  for (const double temperature : {1.0, 1.7}) {
    Model model = make_model<double>({4, {{6, Activation::tanh}}, 3, Loss::categorical_cross_entropy});
    make_several<double>(model, kShares);
    model.data().temperature = temperature;
    Table table = table_of(X, 4);
    std::vector<std::string> truth;
    for (std::size_t i = 0; i < kExamples; ++i) truth.push_back("class " + std::to_string(i * i % 3));
    table.add_text("y", truth);
    const Metrics metrics = model.evaluate(table);
    const std::vector<double> A = model.predict(X, kExamples);
    double loss = 0, brier = 0;
    std::size_t correct = 0;
    for (std::size_t i = 0; i < kExamples; ++i) {
      const std::size_t y = i * i % 3,
                        best = static_cast<std::size_t>(std::max_element(&A[3 * i], &A[3 * i] + 3) - &A[3 * i]);
      loss -= std::log(A[3 * i + y]);
      correct += best == y;
      for (std::size_t k = 0; k < 3; ++k) brier += std::pow(A[3 * i + k] - (k == y ? 1 : 0), 2);
    }
    EXPECT_NEAR(metrics.loss, loss / kExamples, 1e-12);
    EXPECT_NEAR(metrics.value(Metric::log_loss), loss / kExamples, 1e-12);
    EXPECT_NEAR(metrics.value(Metric::brier), brier / kExamples, 1e-12);
    EXPECT_EQ(metrics.correct, correct);
    EXPECT_EQ(model.evaluate(table, 3).loss, metrics.loss) << "any number of threads";
  }
  Model binary = make_model<float>({4, {{6, Activation::tanh}}, 1, Loss::binary_cross_entropy});
  make_several<float>(binary, kShares);
  binary.data().temperature = 0.6;
  Table answers = table_of(X, 4);
  std::vector<std::string> truth;
  for (std::size_t i = 0; i < kExamples; ++i) truth.emplace_back(i % 3 == 0 ? "yes" : "no");
  answers.add_text("y", truth);
  double loss = 0;
  const std::vector<double> p = binary.predict(X, kExamples);
  for (std::size_t i = 0; i < kExamples; ++i) loss -= std::log(i % 3 == 0 ? p[i] : 1 - p[i]);
  EXPECT_NEAR(binary.evaluate(answers).loss, loss / kExamples, 1e-6);

  Model regression = make_model<double>({4, {{6, Activation::tanh}}, 1, Loss::squared_error});
  make_several<double>(regression, kShares);
  regression.data().target.offset = {3}, regression.data().target.divisor = {5};
  regression.data().target.least = {1}, regression.data().target.largest = {4};
  Table numbers = table_of(X, 4);
  std::vector<double> y(kExamples);
  for (std::size_t i = 0; i < kExamples; ++i) y[i] = static_cast<double>(i % 7);
  numbers.add_numbers("y", {}, y);
  double squares = 0;
  const std::vector<double> A = regression.predict(X, kExamples);
  for (std::size_t i = 0; i < kExamples; ++i) squares += (A[i] - y[i]) * (A[i] - y[i]);
  EXPECT_EQ(*std::ranges::max_element(A), 4);
  EXPECT_NEAR(regression.evaluate(numbers).rmse, std::sqrt(squares / kExamples), 1e-12);
}

// What Model::predict says: of any number of threads, of one example alone, and by Predictor.
template <class T>
void expect_one_answer(const Model& model, const std::vector<double>& raw, std::size_t n_x, const std::string& what) {
  const std::vector<double> all = model.predict(raw, raw.size() / n_x, 1);
  const std::size_t m = raw.size() / n_x, n_y = all.size() / m;
  EXPECT_EQ(model.predict(raw, m, 2), all) << what;
  const Predictor predictor(model);
  const std::vector<T> X(raw.begin(), raw.end());
  for (const std::size_t count : {1UL, 2UL, 13UL, 47UL, 48UL, 49UL, 130UL, m}) {
    const std::size_t first = m - count;
    const std::vector<double> expected(all.begin() + static_cast<std::ptrdiff_t>(first * n_y), all.end());
    EXPECT_EQ(model.predict(std::span(raw).subspan(first * n_x), count), expected) << what << ", " << count;
    std::vector<T> found(count * n_y, T(-77));
    predictor.predict(std::span<const T>(X).subspan(first * n_x), count, std::span<T>(found));
    EXPECT_EQ(std::vector<double>(found.begin(), found.end()), expected) << what << ", " << count;
  }
  for (std::size_t i = 0; i < 60; ++i) {
    std::vector<T> found(n_y, T(-77));
    predictor.predict(std::span<const T>(X).subspan(i * n_x, n_x), 1, std::span<T>(found));
    for (std::size_t k = 0; k < n_y; ++k) EXPECT_EQ(found[k], all[i * n_y + k]) << what << ", example " << i;
  }
}

template <class T>
void expect_one_answer_of_all_kinds(bool bf16 = false) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const auto prepared = [&](Model model) {
    model.data().bf16 = bf16;
    make_several<T>(model, kShares);
    if (model.target().task != Task::regression) model.data().temperature = 1.3;
    return model;
  };
  Model plain = prepared(make_model<T>({7, {{20, Activation::relu}}, 4, Loss::categorical_cross_entropy}));
  std::vector<double> X = some_inputs(7, kExamples);
  expect_one_answer<T>(plain, X, 7, "plain numbers");
  plain.data().scaling = {ScaleKind::standard, std::vector<double>(7, 0.3), std::vector<double>(7, 0.7)};
  expect_one_answer<T>(plain, X, 7, "scaled numbers");
  for (std::size_t at = 0; at < X.size(); at += 50) X[at] = kNaN;
  expect_one_answer<T>(plain, X, 7, "missing numbers");
  Model binary = prepared(make_model<T>({7, {{20, Activation::selu}}, 1, Loss::binary_cross_entropy}));
  expect_one_answer<T>(binary, some_inputs(7, kExamples), 7, "a yes or no");
  const Model typed = prepared(testing::make_typed_model<T>()), staged = prepared(testing::make_staged_model<T>());
  std::vector<double> of_types, of_stages;
  for (std::size_t i = 0; i < kExamples; ++i) {
    const auto at = static_cast<double>(i);
    of_types.insert(of_types.end(),
                    {i % 5 == 0 ? kNaN : at, static_cast<T>(at / 3), std::fmod(at, 3),
                     i % 4 == 3 ? kNaN : std::fmod(at, 4), std::fmod(at, 2), i % 9 == 0 ? kNaN : 19000 + at, 0.5, 1.0});
    of_stages.insert(of_stages.end(), {i % 7 == 3 ? kNaN : at, i % 5 == 4 ? kNaN : std::fmod(at, 4), std::fmod(at, 3),
                                       std::fmod(at, 3)});
  }
  expect_one_answer<T>(typed, of_types, 8, "inputs of every type");
  expect_one_answer<T>(staged, of_stages, 4, "a stage, and a target within bounds");
}

TEST(SeveralNetworks, GiveOneAnswerInFloat32) { expect_one_answer_of_all_kinds<float>(); }
TEST(SeveralNetworks, GiveOneAnswerInBf16) { expect_one_answer_of_all_kinds<float>(true); }
TEST(SeveralNetworks, GiveOneAnswerInFloat64) { expect_one_answer_of_all_kinds<double>(); }

// A Predictor takes memory at the first calls of a thread, and then none.
TEST(SeveralNetworks, TakeNoMemoryAfterAThreadsFirstCall) {
  Model plain = make_model<float>({30, {{64, Activation::relu}}, 1, Loss::binary_cross_entropy});
  Model staged = testing::make_staged_model<float>();
  for (Model* model : {&plain, &staged}) {
    make_several<float>(*model, kShares);
    const Predictor predictor(*model);
    const std::vector<float> X(kExamples * predictor.inputs(), 0.0F);
    std::vector<float> A(kExamples * predictor.outputs());
    const auto allocations = [&](std::size_t m) {
      const long long before = testing::allocations();
      predictor.predict(std::span(X).first(m * predictor.inputs()), m, std::span(A).first(m * predictor.outputs()));
      return testing::allocations() - before;
    };
    std::thread([&] {
      EXPECT_GT(allocations(kExamples), 0) << "once a thread";
      for (const std::size_t m : {1UL, 13UL, kExamples}) EXPECT_EQ(allocations(m), 0) << m;
    }).join();
  }
}

// One of the networks alone overflows: the example is named, by whoever predicts it.
TEST(SeveralNetworks, NameTheExampleWhoseMeanIsNoNumber) {
  Model model = make_model<float>({2, {}, 2, Loss::squared_error});
  make_several<float>(model, kShares);
  for (float& weight : std::get<Networks<float>>(model.data().networks)[2].theta()) weight = 1;
  std::vector<float> X(2 * 100, 1.0F), A(2 * 100, 5.0F);
  X[2 * 70] = X[2 * 70 + 1] = 3e38F;
  const std::string message = "X(1, 71): the network's output for this example is inf";
  EXPECT_ERROR(Predictor(model).predict(X, 100, A), "value", message);
  EXPECT_ERROR(model.predict(std::vector<double>(X.begin(), X.end()), 100), "value", message);
  X[2 * 70] = 1, X[2 * 70 + 1] = std::numeric_limits<float>::infinity();
  EXPECT_ERROR(Predictor(model).predict(X, 100, A), "value", "X(2, 71) is inf");
  // Each is finite, and the target's scale is too large.
  model.data().target.names = {"a", "b"};
  model.data().target.offset = {0, 0}, model.data().target.divisor = {1, 1e39};
  X[2 * 70 + 1] = 1;
  EXPECT_ERROR(Predictor(model).predict(X, 100, A), "value", "X(1, 1): the network's output for this example is ");
  EXPECT_ERROR(model.predict(std::vector<double>(X.begin(), X.end()), 100), "value",
               "X(1, 1): the network's output for this example is ");
}

TEST(SeveralNetworks, AreCountedFromZero) {
  Model model = make_bag<float>();
  EXPECT_EQ(model.networks(), 3U);
  EXPECT_EQ(model.shares(), (std::vector<double>{0.25, 0.5, 0.25}));
  EXPECT_EQ(model.temperature(), 1.25);
  const auto& all = std::get<Networks<float>>(model.data().networks);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto W = all[i].W[2];
    EXPECT_EQ(model.weights(2, i), std::vector<double>(W.data, W.data + W.size()));
    EXPECT_EQ(model.biases(1, i)[2], all[i].b[1](2, 0));
  }
  EXPECT_EQ(model.weights(1), model.weights(1, 0));
  EXPECT_NE(model.weights(1), model.weights(1, 1));
  EXPECT_ERROR(model.weights(1, 3), "usage", "there is no network 3: the model has 3, 0 to 2");
  const Model one = make_model<float>({2, {}, 1, Loss::squared_error});
  EXPECT_EQ(one.networks(), 1U);
  EXPECT_EQ(one.shares(), std::vector<double>{1});
  EXPECT_EQ(one.temperature(), 1);
  EXPECT_ERROR(one.stage(1), "usage", "there is no network 1: the model is one network, number 0");
  const Model staged = [] {
    Model several = testing::make_staged_model<double>();
    make_several<double>(several, {0.5, 0.5});
    return several;
  }();
  EXPECT_NE(staged.stage(1)[0].values, staged.stage()[0].values);
  EXPECT_NE(staged.slopes(1, 1), staged.slopes(1));
}

}  // namespace
}  // namespace strata
