#include "features/scaling.hpp"

#include <fmt/format.h>

#include <cmath>

#include "strata/error.hpp"

namespace strata {
namespace {

Scaling fit_standard(std::size_t n_x, std::size_t rows, const RowReader& read, std::vector<std::size_t>* constant) {
  if (rows == 0)
    throw Error(ErrorCode::value, "cannot standardise the inputs: there are no examples to take the mean of");
  std::vector<double> x(n_x), first(n_x), mean(n_x, 0.0), squares(n_x, 0.0);
  std::vector<bool> varies(n_x, false);
  for (std::size_t r = 0; r < rows; ++r) {
    read(r, x.data());
    if (r == 0) first = x;
    for (std::size_t i = 0; i < n_x; ++i) {
      mean[i] += x[i];
      if (x[i] != first[i]) varies[i] = true;
    }
  }
  for (double& value : mean) value /= static_cast<double>(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    read(r, x.data());
    for (std::size_t i = 0; i < n_x; ++i) {
      const double distance = x[i] - mean[i];
      squares[i] += distance * distance;
    }
  }

  Scaling scaling{.kind = ScaleKind::standard, .offset = std::move(mean), .divisor = std::vector<double>(n_x, 1.0)};
  for (std::size_t i = 0; i < n_x; ++i) {
    const double deviation = std::sqrt(squares[i] / static_cast<double>(rows));
    // Equal numbers have a mean that rounding may set beside them, and then a deviation of rounding errors: not to be
    // divided by. Numbers so close that their squared distances vanish are treated alike.
    if (!varies[i]) scaling.offset[i] = first[i];
    if (!varies[i] || deviation == 0) {
      if (constant != nullptr) constant->push_back(i);
    } else {
      scaling.divisor[i] = deviation;
    }
    if (!std::isfinite(scaling.offset[i]) || !std::isfinite(scaling.divisor[i])) {
      throw Error(
          ErrorCode::value,
          fmt::format(
              "cannot standardise input {} of {}: its mean or standard deviation over {} examples is not a finite "
              "number; its values are too large (or not finite themselves)",
              i + 1, n_x, rows));
    }
  }
  return scaling;
}

}  // namespace

Scaling fit_scaling(ScaleKind kind, std::size_t n_x, std::size_t rows, const RowReader& read,
                    std::vector<std::size_t>* constant) {
  switch (kind) {
    case ScaleKind::standard:
      return fit_standard(n_x, rows, read, constant);
    case ScaleKind::divide_255:
    case ScaleKind::none:
      return Scaling{.kind = kind, .offset = {}, .divisor = {}};
    case ScaleKind::automatic:
      break;
  }
  throw Error(ErrorCode::internal, "the kind of scaling must be chosen before it is fitted");
}

template <class T>
void apply_scaling(const Scaling& scaling, std::span<const double> raw, T* x) {
  if (scaling.kind == ScaleKind::standard) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
      x[i] = static_cast<T>((raw[i] - scaling.offset[i]) / scaling.divisor[i]);
    }
  } else if (scaling.kind == ScaleKind::divide_255) {
    // A true division: multiplying with 1/255 rounds differently.
    for (std::size_t i = 0; i < raw.size(); ++i) x[i] = static_cast<T>(raw[i] / 255.0);
  } else {
    for (std::size_t i = 0; i < raw.size(); ++i) x[i] = static_cast<T>(raw[i]);
  }
}

template void apply_scaling(const Scaling&, std::span<const double>, float*);
template void apply_scaling(const Scaling&, std::span<const double>, double*);

}  // namespace strata
