#include "strata/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <variant>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "model/average.hpp"
#include "model/plan.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;

struct [[gnu::visibility("hidden")]] Predictor::Data {
  template <class T>
  using Prepared = std::vector<std::unique_ptr<PreparedNetwork<T>>>;

  template <class T>
  explicit Data(const Plan<T>& plan)
      : precision(plan.precision),
        networks(plan.prepare()),
        shares(plan.of.shares.begin(), plan.of.shares.end()),
        temperature(plan.of.temperature),
        head(plan.of.net.head()),
        n_y(static_cast<std::size_t>(plan.of.net.outputs)),
        features{plan.features.inputs, plan.features.scaling, {}},
        encoder(features, static_cast<std::size_t>(plan.of.net.inputs)) {
    features.target = {.offset = plan.features.target.offset,
                       .divisor = plan.features.target.divisor,
                       .least = plan.features.target.least,
                       .largest = plan.features.target.largest};
  }
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;

  template <class T>
  [[nodiscard]] static std::unique_ptr<Data> of_theta(const Architecture& net, std::span<const T> theta,
                                                      Precision precision);
  template <class T>
  void predict(std::span<const T> X, std::size_t m, std::span<T> A) const;
  template <class T, class Raw>
  void predict_with(const Prepared<T>& all, std::span<const Raw> X, std::size_t m, std::span<T> A) const;
  template <class T>
  [[nodiscard]] bool add_outputs(const Prepared<T>& all, const T* X, std::size_t m, Inputs inputs,
                                 std::span<double> sum) const;
  template <class T, class Raw>
  [[nodiscard]] bool predict_mean(const Prepared<T>& all, const Raw* X, std::size_t m, T* A) const;

  Precision precision;
  std::variant<Prepared<float>, Prepared<double>> networks;
  std::vector<double> shares;  // of several networks
  double temperature;
  Head head;
  std::size_t n_y;
  Features features;  // of the target only its scale and its bounds
  InputEncoder encoder;
};

namespace {

constexpr const char* kMaking = "to make this network ready for prediction";
constexpr std::size_t kTogether = 48;  // examples

void require_size(char letter, std::size_t size, std::size_t m, std::size_t n, const char* rows) {
  std::size_t expected = 0;
  if (!__builtin_mul_overflow(m, n, &expected) && size == expected) return;
  throw Error(ErrorCode::shape, fmt::format("{} has {} numbers; {} examples of {} numbers each, ({}, m) = {}, expected",
                                            letter, size, m, n, rows, shape_text(n, m)));
}

// Which number was not finite.
template <class T, class Raw>
[[noreturn]] void not_finite(std::span<const Raw> X, std::span<const T> A, std::size_t n_x, std::size_t n_y,
                             const Features& features) {
  Examples<T> examples(raw_rows(X, n_x), features, X.size() / n_x, Checked::yes);
  for (Index i = 0; i < examples.m(); ++i) static_cast<void>(examples.range(i, 1));
  for (std::size_t at = 0; at < A.size(); ++at) {
    if (!std::isfinite(A[at])) refuse_output(examples.where(static_cast<Index>(at / n_y)), A[at]);
  }
  throw Error(ErrorCode::internal, "a prediction was found not finite, but all of its numbers are");
}

// X as the network sees it, of at most kTogether examples: where inputs are not plain numbers, some are missing, or
// they are rounded once they are scaled.
template <class T, class Raw>
const T* encoded(const InputEncoder& encoder, const Raw* X, std::size_t m) {
  thread_local std::vector<T> encoded;
  thread_local std::vector<double> raw;
  const std::size_t n_raw = encoder.raw_width(), n_x = encoder.width();
  encoded.resize(std::max(encoded.size(), m * n_x));
  raw.resize(std::max(raw.size(), n_raw));
  for (std::size_t i = 0; i < m; ++i) {
    std::copy_n(X + i * n_raw, n_raw, raw.begin());
    encoder.encode(raw.data(), encoded.data() + i * n_x);
  }
  return encoded.data();
}

// use(first, count) for as many examples as are looked at together.
template <class Use>
void for_each_part(std::size_t m, const Use& use) {
  for (std::size_t first = 0; first < m; first += kTogether) use(first, std::min(kTogether, m - first));
}

// False as the network says it.
template <class T, class Raw>
bool predict_one(const PreparedNetwork<T>& network, const InputEncoder& encoder, const Raw* X, std::size_t m, T* A) {
  if constexpr (std::is_same_v<T, Raw>)
    if (encoder.plain() && network.predict(X, static_cast<Index>(m), A)) return true;
  bool finite = true;
  for_each_part(m, [&](std::size_t first, std::size_t count) {
    const T* const scaled = encoded<T>(encoder, X + first * encoder.raw_width(), count);
    T* const a = A + first * static_cast<std::size_t>(network.outputs());
    finite &= network.predict(scaled, static_cast<Index>(count), a, Inputs::scaled);
  });
  return finite;
}

}  // namespace

// Σ share · A[L] of each network. Of raw inputs false at the first network that says so: these may only be missing.
template <class T>
bool Predictor::Data::add_outputs(const Prepared<T>& all, const T* X, std::size_t m, Inputs inputs,
                                  std::span<double> sum) const {
  thread_local std::vector<T> outputs;
  outputs.resize(std::max(outputs.size(), sum.size()));
  std::ranges::fill(sum, 0.0);
  bool finite = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    finite &= all[i]->predict(X, static_cast<Index>(m), outputs.data(), inputs);
    if (!finite && inputs == Inputs::raw) return false;
    add_output(sum, outputs.data(), shares[i]);
  }
  return finite;
}

// The mean of several networks, in the units of the target.
template <class T, class Raw>
bool Predictor::Data::predict_mean(const Prepared<T>& all, const Raw* X, std::size_t m, T* A) const {
  thread_local std::vector<double> sums;
  sums.resize(std::max(sums.size(), std::min(m, kTogether) * n_y));
  bool finite = true;
  for_each_part(m, [&](std::size_t first, std::size_t count) {
    const std::span sum(sums.data(), count * n_y);
    const Raw* const x = X + first * encoder.raw_width();
    bool is_said = false;
    if constexpr (std::is_same_v<T, Raw>) is_said = encoder.plain() && add_outputs(all, x, count, Inputs::raw, sum);
    if (!is_said) finite &= add_outputs(all, encoded<T>(encoder, x, count), count, Inputs::scaled, sum);
    T* const a = A + first * n_y;
    mean_output(sum, head, static_cast<Index>(n_y), temperature, a);
    for (std::size_t at = 0; at < sum.size(); ++at) {
      a[at] = static_cast<T>(in_units(features.target, at % n_y, static_cast<double>(a[at])));
      finite &= std::isfinite(a[at]);
    }
  });
  return finite;
}

template <class T, class Raw>
void Predictor::Data::predict_with(const Prepared<T>& all, std::span<const Raw> X, std::size_t m,
                                   std::span<T> A) const {
  const std::size_t n_x = encoder.raw_width();
  require_size('X', X.size(), m, n_x, "n_x");
  require_size('A', A.size(), m, n_y, "n_y");
  const bool finite = all.size() == 1 ? predict_one(*all.front(), encoder, X.data(), m, A.data())
                                      : predict_mean(all, X.data(), m, A.data());
  if (!finite) not_finite<T>(X, std::span<const T>(A), n_x, n_y, features);
  for (std::size_t at = 0; !features.target.least.empty() && at < A.size(); ++at)
    A[at] = static_cast<T>(kept_within(features.target, at % n_y, static_cast<double>(A[at])));
}

template <class T>
void Predictor::Data::predict(std::span<const T> X, std::size_t m, std::span<T> A) const try {
  if (const auto* const of_type = std::get_if<Prepared<T>>(&networks)) return predict_with<T>(*of_type, X, m, A);
  if constexpr (std::is_same_v<T, double>) {
    thread_local std::vector<float> outputs;
    outputs.resize(std::max(outputs.size(), A.size()));
    const std::span<float> a(outputs.data(), A.size());
    predict_with<float>(std::get<Prepared<float>>(networks), X, m, a);
    std::ranges::copy(a, A.begin());
  } else {
    throw Error(ErrorCode::usage,
                fmt::format("the inputs are float32 and the network is {}; give it float64 numbers", name(precision)));
  }
} catch (...) {
  throw_as_error("for the activations of this network's layers");
}

// A network of its own, which takes plain numbers.
template <class T>
std::unique_ptr<Predictor::Data> Predictor::Data::of_theta(const Architecture& net, std::span<const T> theta,
                                                           Precision precision) {
  net.validate();
  if (theta.size() != net.parameter_count()) {
    throw Error(ErrorCode::shape, fmt::format("theta has {} numbers; this network has {} parameters", theta.size(),
                                              net.parameter_count()));
  }
  Parameters<T> p(net);
  std::copy(theta.begin(), theta.end(), p.theta().begin());
  const Features none;
  return std::make_unique<Data>(Plan<T>{{net, std::span<const Parameters<T>>(&p, 1)}, precision, none});
}

Predictor::Predictor(const Model& model)
    : data_(only_errors(kMaking, [&] {
        return with_plan(model.data(), [](const auto& plan) { return std::make_unique<Data>(plan); });
      })) {}

Predictor::Predictor(const Architecture& net, std::span<const float> theta, Precision precision)
    : data_(only_errors(kMaking, [&] {
        if (precision == Precision::float64) {
          throw Error(ErrorCode::usage,
                      "the weights are float32 and the precision is float64; give it float64 weights");
        }
        return Data::of_theta(net, theta, precision);
      })) {}
Predictor::Predictor(const Architecture& net, std::span<const double> theta)
    : data_(only_errors(kMaking, [&] { return Data::of_theta(net, theta, Precision::float64); })) {}

Predictor::~Predictor() = default;
Predictor::Predictor(Predictor&&) noexcept = default;
Predictor& Predictor::operator=(Predictor&&) noexcept = default;

void Predictor::predict(std::span<const float> X, std::size_t m, std::span<float> A) const { data_->predict(X, m, A); }
void Predictor::predict(std::span<const double> X, std::size_t m, std::span<double> A) const {
  data_->predict(X, m, A);
}

std::size_t Predictor::inputs() const noexcept { return data_->encoder.raw_width(); }
std::size_t Predictor::outputs() const noexcept { return data_->n_y; }
Precision Predictor::precision() const noexcept { return data_->precision; }
std::string_view Predictor::kernels() const noexcept {
  return std::visit([](const auto& all) { return all.front()->name(); }, data_->networks);
}

}  // namespace strata
