#include "features/scaling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "features/quantiles.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

double standardised(double x, double offset, double divisor) noexcept { return (x - offset) / divisor; }
// A true division: multiplying with 1/255 rounds differently.
double of_255(double x) noexcept { return x / 255.0; }

// Which of these columns vary by rounding alone: then the deviation that was computed is made of it too.
//
// A sum of n numbers, added in order, is off by at most n·u·Σ|x|, u = ε/2 (Higham, Accuracy and Stability, ch. 4), so
// the mean of numbers that are nearly alike is off by some e with |e| ≤ n·u·|mean|. As Σ(x − mean − e)² = Σ(x − mean)²
// + n·e², what is computed is √(σ² + e²), and where that is more than 4·n·ε·|mean|, σ is far above all rounding. Where
// it is not, σ may still be real: ten million times 10⁶ ± 10⁻³ do vary, and less than n·u·|mean|. So σ is then found
// without e: x − x_first is exact for numbers so near each other (Sterbenz) and a small multiple of their last place,
// so that its sums have no rounding to speak of. Numbers whose σ is within 8ε·|mean| agree in all but the last three or
// four bits: they are one number, computed in several ways. (Counted in units of ε·|mean|, nothing overflows when it is
// squared.)
constexpr double kRounding = 8;

std::vector<bool> vary_by_rounding(std::span<const double> first, std::span<const double> mean, std::size_t rows,
                                   const RowReader& read, std::span<const double> w) {
  const std::size_t n_x = first.size();
  double n = 0;
  std::vector<double> x(n_x), sum(n_x, 0.0), squares(n_x, 0.0);
  for (std::size_t r = 0; r < rows; ++r) {
    read(r, x.data());
    const double weight = w.empty() ? 1 : w[r];
    n += weight;
    for (std::size_t i = 0; i < n_x; ++i) {
      const double distance = (x[i] - first[i]) / (kEpsilon * std::abs(mean[i]));
      sum[i] += weight * distance;
      squares[i] += weight * (distance * distance);
    }
  }
  std::vector<bool> by_rounding(n_x);
  for (std::size_t i = 0; i < n_x; ++i)
    by_rounding[i] = squares[i] / n - sum[i] / n * (sum[i] / n) <= kRounding * kRounding;
  return by_rounding;
}

}  // namespace

void StandardFit::add(const double* x, double w) noexcept {
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    if (added_ == 0) first_[i] = x[i];
    mean_[i] += w * x[i];
    if (x[i] != first_[i]) varies_[i] = true;
  }
  ++added_;
  weight_ += w;
}

StandardFit StandardFit::part(std::size_t begin, std::size_t count) const {
  StandardFit fit(count);
  for (std::size_t i = 0; i < count; ++i) {
    fit.first_[i] = first_[begin + i];
    fit.mean_[i] = mean_[begin + i];
    fit.varies_[i] = varies_[begin + i];
  }
  fit.added_ = added_;
  fit.weight_ = weight_;
  return fit;
}

Scaling StandardFit::finish(std::size_t rows, const RowReader& read,
                            const std::function<std::string(std::size_t)>& name_of, std::vector<std::size_t>& constant,
                            std::span<const double> w) {
  if (rows == 0)
    throw Error(ErrorCode::value, "cannot standardise the inputs: there are no examples to take the mean of");
  const std::size_t n_x = mean_.size();
  std::vector<double> mean = mean_, x(n_x), squares(n_x, 0.0);
  for (double& value : mean) value /= weight_;
  for (std::size_t r = 0; r < rows; ++r) {
    read(r, x.data());
    const double weight = w.empty() ? 1 : w[r];
    for (std::size_t i = 0; i < n_x; ++i) {
      const double distance = x[i] - mean[i];
      squares[i] += weight * (distance * distance);
    }
  }

  Scaling scaling{.kind = ScaleKind::standard, .offset = std::move(mean), .divisor = std::vector<double>(n_x, 1.0)};
  std::vector<double>& deviation = squares;
  bool suspicious = false;
  for (std::size_t i = 0; i < n_x; ++i) {
    deviation[i] = std::sqrt(squares[i] / weight_);
    const double rounding = 4 * static_cast<double>(rows) * kEpsilon * std::abs(scaling.offset[i]);
    suspicious = suspicious || (varies_[i] && !(deviation[i] > rounding && std::isfinite(deviation[i])));
  }
  const std::vector<bool> by_rounding =
      suspicious ? vary_by_rounding(first_, scaling.offset, rows, read, w) : std::vector<bool>(n_x, false);
  for (std::size_t i = 0; i < n_x; ++i) {
    // Equal numbers have a mean that rounding may set beside them, and then a deviation of rounding errors.
    if (!varies_[i]) scaling.offset[i] = first_[i];
    // Not to be divided by: rounding, and distances so small that their squares vanish.
    if (!varies_[i] || by_rounding[i] || deviation[i] == 0) {
      constant.push_back(i);
      // The rounding of numbers beyond 1/ε is itself larger than 1, and must not look like a signal.
      if (varies_[i]) scaling.divisor[i] = kEpsilon * std::abs(scaling.offset[i]) > 1 ? std::abs(scaling.offset[i]) : 1;
    } else {
      scaling.divisor[i] = deviation[i];
    }
    if (!std::isfinite(scaling.offset[i]) || !std::isfinite(scaling.divisor[i])) {
      throw Error(ErrorCode::value,
                  fmt::format("cannot standardise {}: its mean or standard deviation over {} examples is not a finite "
                              "number; its values are too large (or not finite themselves)",
                              name_of(i), rows));
    }
  }
  return scaling;
}

double scaled(const Scaling& scaling, std::size_t column, double x) noexcept {
  const auto distance = [&] { return standardised(x, scaling.offset[column], scaling.divisor[column]); };
  switch (scaling.kind) {
    case ScaleKind::standard: return distance();
    case ScaleKind::divide_255: return of_255(x);
    case ScaleKind::robust: return scaling.divisor[column] == 0 ? 0 : smoothly_clipped(distance());
    case ScaleKind::quantile:
      return scaling.quantiles[column].empty() ? distance() : normal_of_share(scaling.quantiles[column], x);
    case ScaleKind::none:
    case ScaleKind::automatic:
    case ScaleKind::automatic_quantile: break;
  }
  return x;
}

template <class T>
void apply_scaling(const Scaling& scaling, std::span<const double> raw, T* x) {
  if (scaling.kind == ScaleKind::standard) {
    for (std::size_t i = 0; i < raw.size(); ++i)
      x[i] = static_cast<T>(standardised(raw[i], scaling.offset[i], scaling.divisor[i]));
  } else if (scaling.kind == ScaleKind::divide_255) {
    for (std::size_t i = 0; i < raw.size(); ++i) x[i] = static_cast<T>(of_255(raw[i]));
  } else {
    for (std::size_t i = 0; i < raw.size(); ++i) x[i] = static_cast<T>(raw[i]);
  }
}

template void apply_scaling(const Scaling&, std::span<const double>, float*);
template void apply_scaling(const Scaling&, std::span<const double>, double*);

}  // namespace strata::internal
