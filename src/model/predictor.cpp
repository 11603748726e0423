#include "strata/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <variant>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "model/plan.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;

struct [[gnu::visibility("hidden")]] Predictor::Data {
  template <class T>
  using Network = std::unique_ptr<PreparedNetwork<T>>;

  Data(Precision of, std::variant<Network<float>, Network<double>> made, const Features& from)
      : precision(of), network(std::move(made)), features{from.inputs, from.scaling, {}} {
    features.target.least = from.target.least;
    features.target.largest = from.target.largest;
    const auto n_x = std::visit([](const auto& each) { return static_cast<std::size_t>(each->inputs()); }, network);
    encoder = InputEncoder(features, n_x);
  }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;

  template <class T>
  void predict(std::span<const T> X, std::size_t m, std::span<T> A) const;

  Precision precision;
  std::variant<Network<float>, Network<double>> network;
  Features features;  // of the target only its bounds: the network has what it needs of the rest
  InputEncoder encoder;
};

namespace {

template <class T>
constexpr std::string_view kNumbers = std::is_same_v<T, float> ? "float32" : "float64";

constexpr const char* kMaking = "to make this network ready for prediction";

template <class T>
std::unique_ptr<PreparedNetwork<T>> prepare(const Architecture& net, std::span<const T> theta, Precision precision) {
  net.validate();
  if (theta.size() != net.parameter_count()) {
    throw Error(ErrorCode::shape, fmt::format("theta has {} numbers; this network has {} parameters", theta.size(),
                                              net.parameter_count()));
  }
  Parameters<T> p(net);
  std::copy(theta.begin(), theta.end(), p.theta().begin());
  return Plan<T>{net, p, precision, Features()}.prepare();
}

void require_size(char letter, std::size_t size, std::size_t m, std::size_t n, const char* rows) {
  std::size_t expected = 0;
  if (!__builtin_mul_overflow(m, n, &expected) && size == expected) return;
  throw Error(ErrorCode::shape, fmt::format("{} has {} numbers; {} examples of {} numbers each, ({}, m) = {}, expected",
                                            letter, size, m, n, rows, shape_text(n, m)));
}

// Which number was not finite.
template <class T>
[[noreturn]] void not_finite(std::span<const T> X, std::span<const T> A, std::size_t n_x, std::size_t n_y,
                             const Features& features) {
  Examples<T> examples(raw_rows(X, n_x), features, X.size() / n_x, Checked::yes);
  for (Index i = 0; i < examples.m(); ++i) static_cast<void>(examples.range(i, 1));
  for (std::size_t at = 0; at < A.size(); ++at) {
    if (!std::isfinite(A[at])) refuse_output(examples.where(static_cast<Index>(at / n_y)), A[at]);
  }
  throw Error(ErrorCode::internal, "a prediction was found not finite, but all of its numbers are");
}

// By way of X as the network sees it: where inputs are not plain numbers, or some are missing. False as the network
// says it.
template <class T>
bool predict_encoded(const PreparedNetwork<T>& network, const InputEncoder& encoder, const T* X, std::size_t m, T* A) {
  constexpr std::size_t kTogether = 48;
  thread_local std::vector<T> encoded;
  thread_local std::vector<double> raw;
  const std::size_t n_raw = encoder.raw_width(), n_x = encoder.width();
  encoded.resize(std::max(encoded.size(), std::min(m, kTogether) * n_x));
  raw.resize(std::max(raw.size(), n_raw));
  bool finite = true;
  for (std::size_t first = 0; first < m; first += kTogether) {
    const std::size_t count = std::min(kTogether, m - first);
    for (std::size_t i = 0; i < count; ++i) {
      std::copy_n(X + (first + i) * n_raw, n_raw, raw.begin());
      encoder.encode(raw.data(), encoded.data() + i * n_x);
    }
    finite &= network.predict(encoded.data(), static_cast<Index>(count),
                              A + first * static_cast<std::size_t>(network.outputs()), Inputs::scaled);
  }
  return finite;
}

}  // namespace

template <class T>
void Predictor::Data::predict(std::span<const T> X, std::size_t m, std::span<T> A) const try {
  const auto* const of_type = std::get_if<Network<T>>(&network);
  if (of_type == nullptr) {
    constexpr std::string_view kOther = kNumbers<std::conditional_t<std::is_same_v<T, float>, double, float>>;
    throw Error(ErrorCode::usage, fmt::format("the inputs are {} and the network is {}; give it {} numbers",
                                              kNumbers<T>, name(precision), kOther));
  }
  const PreparedNetwork<T>& prepared = **of_type;
  const std::size_t n_x = encoder.raw_width(), n_y = static_cast<std::size_t>(prepared.outputs());
  require_size('X', X.size(), m, n_x, "n_x");
  require_size('A', A.size(), m, n_y, "n_y");
  const bool finite = (encoder.plain() && prepared.predict(X.data(), static_cast<Index>(m), A.data())) ||
                      predict_encoded(prepared, encoder, X.data(), m, A.data());
  if (!finite) not_finite<T>(X, A, n_x, n_y, features);
  for (std::size_t at = 0; !features.target.least.empty() && at < A.size(); ++at)
    A[at] = static_cast<T>(kept_within(features.target, at % n_y, static_cast<double>(A[at])));
} catch (...) {
  throw_as_error("for the activations of this network's layers");
}

Predictor::Predictor(const Model& model)
    : data_(only_errors(kMaking, [&] {
        return with_plan(model.data(), [](const auto& plan) {
          return std::make_unique<Data>(plan.precision, plan.prepare(), plan.features);
        });
      })) {}

Predictor::Predictor(const Architecture& net, std::span<const float> theta, Precision precision)
    : data_(only_errors(kMaking, [&] {
        if (precision == Precision::float64) {
          throw Error(ErrorCode::usage,
                      "the weights are float32 and the precision is float64; give it float64 weights");
        }
        return std::make_unique<Data>(precision, prepare(net, theta, precision), Features());
      })) {}
Predictor::Predictor(const Architecture& net, std::span<const double> theta)
    : data_(only_errors(kMaking, [&] {
        return std::make_unique<Data>(Precision::float64, prepare(net, theta, Precision::float64), Features());
      })) {}

Predictor::~Predictor() = default;
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;

void Predictor::predict(std::span<const float> X, std::size_t m, std::span<float> A) const { data_->predict(X, m, A); }
void Predictor::predict(std::span<const double> X, std::size_t m, std::span<double> A) const {
  data_->predict(X, m, A);
}

std::size_t Predictor::inputs() const noexcept { return data_->encoder.raw_width(); }
std::size_t Predictor::outputs() const noexcept {
  return std::visit([](const auto& network) { return static_cast<std::size_t>(network->outputs()); }, data_->network);
}
Precision Predictor::precision() const noexcept { return data_->precision; }
std::string_view Predictor::kernels() const noexcept {
  return std::visit([](const auto& network) { return network->name(); }, data_->network);
}

}  // namespace strata
