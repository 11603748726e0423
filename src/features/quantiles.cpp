#include "features/quantiles.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <utility>

namespace strata::internal {
namespace {

// Horner's rule, the coefficient of the highest power first.
template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) noexcept {
  double sum = 0;
  for (const double coefficient : coefficients) sum = sum * x + coefficient;
  return sum;
}

}  // namespace

double quantile(std::span<const double> sorted, double p) noexcept {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(at), sorted.size() - 1);
  if (below + 1 == sorted.size()) return sorted[below];
  const double share = at - static_cast<double>(below), a = sorted[below], b = sorted[below + 1];
  return share == 0 ? a : (1 - share) * a + share * b;  // b − a may overflow
}

void Sample::sort() {
  if (w.empty()) {
    std::ranges::sort(x);
    return;
  }
  std::vector<std::pair<double, double>> both;
  both.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) both.emplace_back(x[i], w[i]);
  std::ranges::sort(both);
  for (std::size_t i = 0; i < x.size(); ++i) std::tie(x[i], w[i]) = both[i];
}

Quantiles::Quantiles(const Sample& sorted) : sorted_(sorted) {
  double sum = 0;
  for (const double weight : sorted.w) up_to_.push_back((sum += weight) / sorted.unit);
}

std::size_t Quantiles::rows() const noexcept {
  if (up_to_.empty()) return sorted_.size();
  constexpr double kRounding = 1e-9;  // must not take a row away
  return static_cast<std::size_t>(std::max(std::floor(up_to_.back() + kRounding), 1.0));
}

double Quantiles::operator()(double p) const noexcept {
  const std::vector<double>& x = sorted_.x;
  if (up_to_.empty()) return quantile(x, p);
  const double width = std::min(up_to_.back(), 1.0), at = p * (up_to_.back() - width);
  auto i = static_cast<std::size_t>(std::ranges::upper_bound(up_to_, at) - up_to_.begin());
  i = std::min(i, x.size() - 1);
  const double first = x[i];
  double share = 0, others = 0;
  for (; i + 1 < x.size() && up_to_[i] - width < at; ++i) {
    const double of_next = (std::min(up_to_[i + 1] - width, at) - (up_to_[i] - width)) / width;
    share += of_next;
    others += of_next * x[i + 1];
  }
  if (share > 0) return (1 - share) * first + others;
  share = at - std::floor(at);  // as it is rounded between two rows of this number
  return share == 0 ? first : (1 - share) * first + share * first;
}

double smoothly_clipped(double t) noexcept {
  const double third = t / 3;
  return std::isfinite(third * third) ? t / std::sqrt(1 + third * third) : std::copysign(3.0, t);
}

std::vector<double> quantiles_of(const Sample& sorted) {
  const Quantiles quantile(sorted);
  const std::size_t n = quantile.rows();
  const std::size_t count = std::min(std::max<std::size_t>(std::min<std::size_t>(n / 30, 1000), 10), n);
  std::vector<double> all;
  for (std::size_t k = 0; k < count; ++k)
    all.push_back(quantile(count == 1 ? 0.5 : static_cast<double>(k) / static_cast<double>(count - 1)));
  for (std::size_t k = 1; k < count; ++k) all[k] = std::max(all[k], all[k - 1]);  // rounding does not turn them round
  return all;
}

double normal_of_share(std::span<const double> quantiles, double x) noexcept {
  constexpr double kLeast = 1e-7;
  const auto first = std::ranges::lower_bound(quantiles, x), behind = std::ranges::upper_bound(quantiles, x);
  const auto index = [&](auto place) { return static_cast<double>(place - quantiles.begin()); };
  const double last = static_cast<double>(quantiles.size() - 1);
  double p = 0.5;
  if (first == quantiles.end()) {
    p = 1;
  } else if (behind == quantiles.begin()) {
    p = 0;
  } else if (first != behind) {
    p = last == 0 ? 0.5 : (index(first) + index(behind) - 1) / 2 / last;
  } else {
    const double below = *(first - 1), above = *first;
    p = (index(first) - 1 + (x / 2 - below / 2) / (above / 2 - below / 2)) / last;
  }
  return normal_quantile(std::clamp(p, kLeast, 1 - kLeast));
}

double normal_quantile(double p) noexcept {
  constexpr double kA[] = {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
                           13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608};
  constexpr double kB[] = {5226.495278852545925,  28729.085735721942674, 39307.89580009271061,  21213.794301586595867,
                           5394.1960214247511077, 687.1870074920579083,  42.313330701600911252, 1.0};
  constexpr double kC[] = {7.7454501427834140764e-4, .0227238449892691845833, .24178072517745061177,
                           1.27045825245236838258,   3.64784832476320460504,  5.7694972214606914055,
                           4.6303378461565452959,    1.42343711074968357734};
  constexpr double kD[] = {
      1.05075007164441684324e-9, 5.475938084995344946e-4, .0151986665636164571966, .14810397642748007459,
      .68976733498510000455,     1.6763848301838038494,   2.05319162663775882187,  1.0};
  constexpr double kE[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, .0012426609473880784386,
                           .026532189526576123093,    .29656057182850489123,     1.7848265399172913358,
                           5.4637849111641143699,     6.6579046435011037772};
  constexpr double kF[] = {
      2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
      .0148753612908506148525,    .13692988092273580531,    .59983220655588793769,    1.0};
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kA, r) / polynomial(kB, r);
  }
  const double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  const double value =
      r <= 5 ? polynomial(kC, r - 1.6) / polynomial(kD, r - 1.6) : polynomial(kE, r - 5) / polynomial(kF, r - 5);
  return q < 0 ? -value : value;
}

}  // namespace strata::internal
