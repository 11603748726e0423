// The prepared predictor says what Model::predict says, bit for bit, with every kind of kernels, in any batch and from
// any thread; and it says so when it is used wrongly.
#include "strata/predictor.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <thread>
#include <type_traits>

#include "kernels/registry.hpp"
#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::make_model;

constexpr std::size_t kRows[] = {1, 2, 3, 7, 12, 13, 16, 17, 64, 100, 1000};
constexpr std::size_t kMost = 1000;

// What a network computes in, and the numbers that it takes.
struct Float32 {
  using Number = float;
  static constexpr Precision kPrecision = Precision::float32;
};
struct Bf16 {
  using Number = float;
  static constexpr Precision kPrecision = Precision::bf16;
};
struct Float64 {
  using Number = double;
  static constexpr Precision kPrecision = Precision::float64;
};
template <class P>
Model model_in(const Architecture& net) {
  Model model = make_model<typename P::Number>(net);
  model.data().bf16 = P::kPrecision == Precision::bf16;
  return model;
}

// STRATA_KERNELS while this lives.
class ForcedKernels {
 public:
  explicit ForcedKernels(std::string_view name) {
    if (const char* const before = std::getenv("STRATA_KERNELS")) before_ = before;
    ::setenv("STRATA_KERNELS", std::string(name).c_str(), 1);
  }
  ~ForcedKernels() { before_.empty() ? ::unsetenv("STRATA_KERNELS") : ::setenv("STRATA_KERNELS", before_.c_str(), 1); }
  ForcedKernels(const ForcedKernels&) = delete;
  ForcedKernels& operator=(const ForcedKernels&) = delete;

 private:
  std::string before_;
};

template <class T>
std::uint64_t bits(T value) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<std::uint32_t>(value);
  } else {
    return std::bit_cast<std::uint64_t>(value);
  }
}

// Raw inputs of both signs and many sizes.
template <class T>
std::vector<T> some_inputs(std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<T> X(count);
  for (T& x : X) x = static_cast<T>((static_cast<double>(random() >> 11) * 0x1p-53 - 0.5) * 4);
  return X;
}

template <class T>
std::vector<T> predict_by_model(const Model& model, const std::vector<T>& X, std::size_t m) {
  const std::vector<double> A = model.predict(std::vector<double>(X.begin(), X.end()), m);
  return {A.begin(), A.end()};
}

// The examples first … first + m − 1 from a batch of their own.
template <class T>
void expect_bits(const Predictor& predictor, const std::vector<T>& X, const std::vector<T>& A, std::size_t first,
                 std::size_t m) {
  const std::size_t n_x = predictor.inputs(), n_y = predictor.outputs();
  std::vector<T> found(m * n_y, T(-77));
  predictor.predict(std::span<const T>(X).subspan(first * n_x, m * n_x), m, std::span<T>(found));
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(bits(found[i]), bits(A[first * n_y + i]))
        << predictor.kernels() << ": example " << i / n_y << " of " << m << " from " << first << ", output " << i % n_y
        << ": " << found[i] << " and not " << A[first * n_y + i];
  }
}

template <class P>
void expect_the_models_bits(const Model& model, std::size_t most = kMost) {
  for (const Backend& kernels : available_backends()) {
    const ForcedKernels forced(kernels.name);
    const Predictor predictor(model);
    ASSERT_EQ(predictor.kernels(), kernels.name);
    ASSERT_EQ(predictor.precision(), P::kPrecision);
    const auto expect_of = [&]<class T>(T) {
      const std::vector<T> X = some_inputs<T>(most * predictor.inputs());
      const std::vector<T> A = predict_by_model(model, X, most);
      for (const std::size_t m : kRows) {
        if (m > most) continue;
        expect_bits(predictor, X, A, 0, m);
        expect_bits(predictor, X, A, most - m, m);
      }
    };
    expect_of(typename P::Number{});
    if (!std::is_same_v<typename P::Number, double>) expect_of(double{});
  }
}

template <class P>
class Predicting : public ::testing::Test {};
using Precisions = ::testing::Types<Float32, Bf16, Float64>;
TYPED_TEST_SUITE(Predicting, Precisions);

TYPED_TEST(Predicting, GivesTheModelsBitsForEveryArchitecture) {
  using enum Activation;
  const Architecture nets[] = {
      {1, {}, 1, Loss::binary_cross_entropy},
      {5, {}, 70, Loss::categorical_cross_entropy},
      {30, {{64, relu}, {32, relu}}, 1, Loss::binary_cross_entropy},
      {64, {{128, relu}, {64, relu}}, 10, Loss::categorical_cross_entropy},
      {17, {{145, tanh}, {65, relu}}, 3, Loss::squared_error},
      {300, {{20, relu}, {7, relu}, {5, relu}}, 1, Loss::binary_cross_entropy},  // sums along the lanes
  };
  for (const Architecture& net : nets) expect_the_models_bits<TypeParam>(model_in<TypeParam>(net));
}

TYPED_TEST(Predicting, GivesTheModelsBitsForDeepSumsAndWideLayers) {
  using enum Activation;
  const Architecture nets[] = {
      {900, {{70, relu}, {3, sigmoid}}, 2, Loss::categorical_cross_entropy},  // several blocks of k
      {2500, {{9, relu}}, 1, Loss::binary_cross_entropy},
      {11, {{2000, relu}, {40, relu}}, 4, Loss::squared_error},  // twelve examples do not fit the stack
      {3, {{9000, relu}}, 2, Loss::squared_error},               // one example does not fit the stack
  };
  for (const Architecture& net : nets) expect_the_models_bits<TypeParam>(model_in<TypeParam>(net), 60);
}

TYPED_TEST(Predicting, GivesTheModelsBitsForEveryActivation) {
  for (const Activation g : all_activations()) {
    for (const Loss loss : {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error}) {
      expect_the_models_bits<TypeParam>(model_in<TypeParam>({40, {{19, g}, {34, g}}, 3, loss}), 100);
      expect_the_models_bits<TypeParam>(model_in<TypeParam>({100, {{2, g}}, 33, loss}), 20);
    }
  }
}

TYPED_TEST(Predicting, GivesTheModelsBitsForEveryScaling) {
  Model model = model_in<TypeParam>({21, {{16, Activation::tanh}}, 2, Loss::squared_error});
  model.data().target.names = {"width", "height"};
  model.data().target.offset = {10.1, -3.3};
  model.data().target.divisor = {0.7, 123.4};
  expect_the_models_bits<TypeParam>(model, 100);
  model.data().scaling.kind = ScaleKind::divide_255;
  expect_the_models_bits<TypeParam>(model, 100);
  model.data().scaling = {ScaleKind::standard, {}, {}};
  for (int i = 0; i < 21; ++i) {
    model.data().scaling.offset.push_back(0.1 * i - 1);
    model.data().scaling.divisor.push_back(0.3 + 0.1 * i);
  }
  expect_the_models_bits<TypeParam>(model, 100);
  model.data().target.least = {10, -50.3};
  model.data().target.largest = {10.3, 70.1};
  expect_the_models_bits<TypeParam>(model, 100);
}

// Scaled by the network itself, and embedded there.
TYPED_TEST(Predicting, GivesTheModelsBitsForStagesAndSlopes) {
  using Kind = RowEmbedding::Kind;
  for (const Activation g : {Activation::selu, Activation::mish, Activation::relu}) {
    Architecture net{21, {{16, g, 0, true}, {33, g}, {5, g, 0, true}}, 2, Loss::squared_error};
    net.stage.scales = true;
    for (const Kind embeds : {Kind::none, Kind::periodic, Kind::piecewise}) {
      if (embeds != Kind::none) {
        net.stage.rows.resize(21);
        for (std::size_t j = 0; j < 21; j += 2) net.stage.rows[j].kind = embeds;
      }
      for (RowEmbedding& row : net.stage.rows)
        if (row.kind == Kind::piecewise) row.edges = {-1, -0.4, 0.1, 0.2, 0.9};
      Model model = model_in<TypeParam>(net);
      expect_the_models_bits<TypeParam>(model, 100);
      using T = typename TypeParam::Number;
      const std::vector<T> theta = testing::theta_of<T>(model), X = some_inputs<T>(20 * 21);
      const Predictor by_theta = [&] {
        if constexpr (std::is_same_v<T, float>)
          return Predictor(net, theta, TypeParam::kPrecision);
        else
          return Predictor(net, theta);
      }();
      expect_bits(by_theta, X, predict_by_model(model, X, 20), 0, 20);
      model.data().scaling = {ScaleKind::standard, std::vector<double>(21, 0.3), std::vector<double>(21, 0.7)};
      expect_the_models_bits<TypeParam>(model, 100);
    }
  }
}

TYPED_TEST(Predicting, GivesTheModelsBitsForEmbeddedLevels) {
  using T = typename TypeParam::Number;
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  Model model = testing::make_staged_model<T>();
  model.data().bf16 = TypeParam::kPrecision == Precision::bf16;
  std::vector<T> X;
  for (std::size_t i = 0; i < 100; ++i)
    X.insert(X.end(), {i % 7 == 3 ? kNaN : static_cast<T>(i), i % 5 == 4 ? kNaN : static_cast<T>(i % 4),
                       static_cast<T>(i % 3), static_cast<T>(i % 3)});
  for (const Backend& kernels : available_backends()) {
    const ForcedKernels forced(kernels.name);
    const Predictor predictor(model);
    ASSERT_EQ(predictor.inputs(), 4U);
    const std::vector<T> A = predict_by_model(model, X, 100);
    for (const std::size_t m : {1UL, 13UL, 100UL}) expect_bits(predictor, X, A, 100 - m, m);
  }
}

// Numbers that are missing, and inputs of every type: the way through X as the network sees it.
TYPED_TEST(Predicting, GivesTheModelsBitsForMissingNumbersAndEveryType) {
  using T = typename TypeParam::Number;
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  Model plain = model_in<TypeParam>({3, {{16, Activation::tanh}}, 2, Loss::squared_error});
  plain.data().target.names = {"a", "b"};
  plain.data().scaling = {ScaleKind::standard, {0.1, 0.2, 0.3}, {0.7, 0.9, 1.1}};
  Model typed = testing::make_typed_model<T>();
  typed.data().bf16 = TypeParam::kPrecision == Precision::bf16;
  for (const Backend& kernels : available_backends()) {
    const ForcedKernels forced(kernels.name);
    const Predictor numbers(plain), all(typed);
    ASSERT_EQ(all.inputs(), 8U);
    std::vector<T> X = some_inputs<T>(100 * 3), Y;
    for (std::size_t at = 0; at < X.size(); at += 7) X[at] = kNaN;
    for (std::size_t i = 0; i < 100; ++i) {
      const std::vector<T> example{i % 5 == 0 ? kNaN : static_cast<T>(i),
                                   static_cast<T>(i) / 3,
                                   static_cast<T>(i % 3),
                                   i % 4 == 3 ? kNaN : static_cast<T>(i % 4),
                                   static_cast<T>(i % 2),
                                   i % 9 == 0 ? kNaN : T(19000) + T(i),
                                   T(0.5),
                                   T(1)};
      Y.insert(Y.end(), example.begin(), example.end());
    }
    const std::vector<T> A = predict_by_model(plain, X, 100), B = predict_by_model(typed, Y, 100);
    for (const std::size_t m : {1UL, 13UL, 100UL}) {
      expect_bits(numbers, X, A, 100 - m, m);
      expect_bits(all, Y, B, 100 - m, m);
    }
    Y[3] = T(1.5);
    std::vector<T> C(2);
    EXPECT_ERROR(
        all.predict(std::span<const T>(Y).first(8), 1, std::span<T>(C)), "value",
        "X(4, 1) is 1.5; expected the number of a level of 'colour' (0 to 2), 3 for any other, or NaN where it "
        "is missing");
    Y[3] = 0;
    Y[6] = kNaN;
    EXPECT_ERROR(all.predict(std::span<const T>(Y).first(8), 1, std::span<T>(C)), "value", "X(7, 1) is nan");
  }
}

// Numbers below the smallest normal one count as zero inside the network, and only there.
TYPED_TEST(Predicting, FlushesDenormalsAsTheModelDoes) {
  using T = typename TypeParam::Number;
  constexpr T kSmallest = std::numeric_limits<T>::min();
  Model model = model_in<TypeParam>({2, {{3, Activation::identity}}, 1, Loss::squared_error});
  auto& p = model.data().template first<T>();
  std::fill(p.theta().begin(), p.theta().end(), T(0));
  for (int i = 0; i < 3; ++i) p.W[1](i, 0) = T(0.25);  // of the smallest number: denormal, or 0
  for (int i = 0; i < 3; ++i) p.W[2](0, i) = 1 / kSmallest;
  const std::vector<T> X{kSmallest, 0};
  for (const Backend& kernels : available_backends()) {
    const ForcedKernels forced(kernels.name);
    std::vector<T> A(1, T(1));
    Predictor(model).predict(std::span<const T>(X), 1, std::span<T>(A));
    EXPECT_EQ(A[0], T(0)) << kernels.name;
    EXPECT_EQ(A, predict_by_model(model, X, 1)) << kernels.name;
  }
  volatile T half = kSmallest;
  half = half / 2;
  EXPECT_NE(half, T(0)) << "the caller's numbers must stay as they were";

  // Scaling happens before: a denormal input that is scaled to 1 counts.
  model.data().scaling = {ScaleKind::standard, {0, 0}, {static_cast<double>(kSmallest / 4), 1}};
  if constexpr (std::is_same_v<T, float>) {
    for (int i = 0; i < 3; ++i) p.W[2](0, i) = 1;
    const std::vector<T> small{kSmallest / 4, 0};
    for (const Backend& kernels : available_backends()) {
      const ForcedKernels forced(kernels.name);
      std::vector<T> A(1, T(0));
      Predictor(model).predict(std::span<const T>(small), 1, std::span<T>(A));
      EXPECT_EQ(A[0], T(0.75)) << kernels.name;
    }
  }
}

// Beside the units of a layer lie numbers that no unit has, and after an overflow they are NaN.
TYPED_TEST(Predicting, GivesTheModelsBitsAfterAnOverflowBetweenLayers) {
  using T = typename TypeParam::Number;
  using enum Activation;
  Model model = model_in<TypeParam>({1, {{1, identity}, {3, tanh}}, 2, Loss::squared_error});
  model.data().template first<T>().W[1](0, 0) = std::numeric_limits<T>::max();
  expect_the_models_bits<TypeParam>(model, 100);
}

TYPED_TEST(Predicting, IsSharedByAnyNumberOfThreads) {
  using T = typename TypeParam::Number;
  const Architecture nets[] = {
      {64, {{128, Activation::relu}, {64, Activation::gelu}}, 10, Loss::categorical_cross_entropy},
      {7, {{3000, Activation::relu}}, 2, Loss::squared_error},
  };
  for (const Architecture& net : nets) {
    const Model model = model_in<TypeParam>(net);
    const Predictor predictor(model);
    constexpr std::size_t kExamples = 200;
    const std::vector<T> X = some_inputs<T>(kExamples * predictor.inputs());
    const std::vector<T> A = predict_by_model(model, X, kExamples);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t call = 0; call < 100; ++call) {
          const std::size_t m = 1 + (31 * call + t) % 60;
          expect_bits(predictor, X, A, (kExamples - m) / (t + 1), m);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TYPED_TEST(Predicting, IsMadeOfAnArchitectureAndItsWeights) {
  using T = typename TypeParam::Number;
  const Architecture net{9, {{12, Activation::elu}}, 2, Loss::categorical_cross_entropy};
  const Model model = model_in<TypeParam>(net);
  const std::vector<T> theta = testing::theta_of<T>(model);
  const auto made_of = [&](std::span<const T> weights) {
    if constexpr (std::is_same_v<T, float>) return Predictor(net, weights, TypeParam::kPrecision);
    if constexpr (std::is_same_v<T, double>) return Predictor(net, weights);
  };
  Predictor predictor = made_of(theta);
  EXPECT_EQ(predictor.inputs(), 9U);
  EXPECT_EQ(predictor.outputs(), 2U);
  EXPECT_EQ(predictor.precision(), model.precision());
  EXPECT_EQ(predictor.kernels(), chosen_kernels());
  const std::vector<T> X = some_inputs<T>(5 * 9);
  expect_bits(Predictor(std::move(predictor)), X, predict_by_model(model, X, 5), 1, 4);

  const auto too_short = std::span<const T>(theta).first(theta.size() - 1);
  EXPECT_ERROR(made_of(too_short), "shape", "145 numbers; this network has 146 parameters");
  EXPECT_ERROR(Predictor(Architecture{}, too_short), "shape", "");
}

TEST(Predictor, TakesNoExamplesAtAll) {
  const Predictor predictor(make_model<float>({3, {}, 1, Loss::squared_error}));
  EXPECT_NO_THROW(predictor.predict(std::span<const float>(), 0, std::span<float>()));
}

TEST(Predictor, ChecksTheSizes) {
  const Predictor predictor(make_model<float>({3, {}, 2, Loss::squared_error}));
  std::vector<float> X(6), A(4);
  const auto predict = [&](std::size_t x, std::size_t m, std::size_t a) {
    predictor.predict(std::span<const float>(X).first(x), m, std::span<float>(A).first(a));
  };
  EXPECT_NO_THROW(predict(6, 2, 4));
  EXPECT_ERROR(predict(5, 2, 4), "shape", "X has 5 numbers; 2 examples of 3 numbers each, (n_x, m) = (3, 2), expected");
  EXPECT_ERROR(predict(3, 2, 4), "shape", "X has 3 numbers");
  EXPECT_ERROR(predict(6, 2, 3), "shape", "A has 3 numbers; 2 examples of 2 numbers each, (n_y, m) = (2, 2), expected");
  EXPECT_ERROR(predict(6, 2, 2), "shape", "A has 2 numbers");

  // m·n_x and m·n_y overflow to 0.
  const Predictor even(make_model<float>({4, {}, 2, Loss::squared_error}));
  const auto nothing = std::span<float>();
  EXPECT_ERROR(even.predict(std::span<const float>(), std::size_t{1} << 63, nothing), "shape", "X has 0 numbers");
}

TEST(Predictor, DoesNotRoundForAWiderNetwork) {
  const Predictor wide(make_model<double>({1, {}, 1, Loss::squared_error}));
  std::vector<float> x(1), a(1);
  EXPECT_ERROR(wide.predict(x, 1, a), "usage", "the inputs are float32 and the network is float64; give it float64");
}

TEST(Predictor, FindsNumbersThatAreNotFinite) {
  Model model = make_model<float>({20, {{4, Activation::relu}}, 2, Loss::squared_error});
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const Backend& kernels : available_backends()) {
    const ForcedKernels forced(kernels.name);
    const std::size_t places[] = {0, 15, 16, 19, 20, 59};
    for (const std::size_t at : places) {
      for (const float bad : {nan, infinity, -infinity}) {
        std::vector<float> X(60, 1), A(6);
        X[at] = bad;
        EXPECT_ERROR(Predictor(model).predict(X, 3, A), "value",
                     "X(" + std::to_string(at % 20 + 1) + ", " + std::to_string(at / 20 + 1) + ") is ");
      }
    }
    // −∞ below every ReLU, which make it 0: the output does not show it.
    Model hidden = make_model<float>({2, {{40, Activation::relu}}, 1, Loss::squared_error});
    for (float& weight : hidden.data().first<float>().theta()) weight = 1;
    const std::vector<float> low{1, 1, 1, -infinity};
    std::vector<float> two_outputs(2);
    EXPECT_ERROR(Predictor(hidden).predict(low, 2, two_outputs), "value", "X(2, 2) is -inf");

    Model sum = make_model<float>({2, {}, 2, Loss::squared_error});
    for (float& weight : sum.data().first<float>().theta()) weight = 1;
    std::vector<float> X{1, 2, 3e38F, 3e38F}, A(4);
    EXPECT_ERROR(Predictor(sum).predict(X, 2, A), "value", "X(1, 2): the network's output for this example is inf");
    Model scaled = make_model<float>({2, {}, 1, Loss::squared_error});
    scaled.data().scaling = {ScaleKind::standard, {0, 0}, {1, 1e-30}};
    const std::vector<float> two{1, 1e10F};
    EXPECT_ERROR(Predictor(scaled).predict(two, 1, std::span<float>(A).first(1)), "value",
                 "X(2, 1): 1e+10, scaled as the model's inputs are, is no finite number in float32");
    Model target = make_model<float>({1, {}, 1, Loss::squared_error});
    target.data().target.offset = {1e300};
    target.data().target.divisor = {1};
    EXPECT_ERROR(Predictor(target).predict(std::span<const float>(two).first(1), 1, std::span<float>(A).first(1)),
                 "value", "X(1, 1): the network's output for this example is inf");
  }
}

// 257 is no bfloat16: weights and inputs become 256, and the bias stays.
TEST(Predictor, RoundsWeightsAndInputsToBf16) {
  const Architecture net{1, {}, 1, Loss::squared_error};
  const std::vector<float> theta{257, 257}, X{257};
  for (const Backend& kernels : available_backends()) {
    const ForcedKernels forced(kernels.name);
    std::vector<float> A(1);
    Predictor(net, theta, Precision::bf16).predict(X, 1, A);
    EXPECT_EQ(A[0], 256 * 256 + 257) << kernels.name;
    Predictor(net, theta).predict(X, 1, A);
    EXPECT_EQ(A[0], 257 * 257 + 257) << kernels.name;
  }
}

TEST(Predictor, FindsNumbersThatBf16CannotHold) {
  Model model = model_in<Bf16>({1, {}, 1, Loss::squared_error});
  for (float& number : model.data().first<float>().theta()) number = 1;
  constexpr float kLargest = std::numeric_limits<float>::max();
  std::vector<float> X{1, kLargest}, A(2);
  for (const Backend& kernels : available_backends()) {
    const ForcedKernels forced(kernels.name);
    EXPECT_ERROR(Predictor(model).predict(X, 2, A), "value", "X(1, 2): the network's output for this example is inf");
    EXPECT_ERROR(model.predict(std::vector<double>{1, kLargest}, 2), "value",
                 "X(1, 2): the network's output for this example is inf");
  }
}

TEST(Predictor, IsInFloat32OrBf16WithWeightsOfFloat32) {
  const Architecture net{1, {}, 1, Loss::squared_error};
  const std::vector<float> theta(2);
  EXPECT_ERROR(Predictor(net, theta, Precision::float64), "usage", "give it float64 weights");
}

TEST(Predictor, SaysThatThereAreNoSuchKernels) {
  const ForcedKernels forced("abacus");
  EXPECT_ERROR(Predictor(make_model<float>({1, {}, 1, Loss::squared_error})), "unsupported", "STRATA_KERNELS=abacus");
}

}  // namespace
}  // namespace strata
