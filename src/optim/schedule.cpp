#include "optim/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace strata::internal {
namespace {

// From `from` at u = 0 to `to` at u = 1 along half a cosine.
double half_cosine(double from, double to, double u) {
  return from + (to - from) * (1 - std::cos(std::numbers::pi * u)) / 2;
}

// Smith, 2018, "A disciplined approach to neural network hyper-parameters", with the figures that are usual since.
double one_cycle(double t) {
  constexpr double kRise = 0.3, kFirst = 1 / 25.0, kLast = kFirst / 1e4;
  return t < kRise ? half_cosine(kFirst, 1, t / kRise) : half_cosine(1, kLast, (t - kRise) / (1 - kRise));
}

}  // namespace

double factor_at(const Schedule& schedule, double t) noexcept {
  switch (schedule.kind) {
    case Schedule::Kind::constant: break;
    case Schedule::Kind::step: {
      double factor = 1;
      for (const double place : schedule.places) factor *= t >= place ? schedule.factor : 1;
      return factor;
    }
    case Schedule::Kind::cosine: return half_cosine(1, 0, t);
    case Schedule::Kind::one_cycle: return one_cycle(t);
    case Schedule::Kind::coslog4: return half_cosine(0, 1, 2 * std::log2(1 + 15 * t));
    case Schedule::Kind::flat_cosine: return half_cosine(1, 0, std::max(0.0, 2 * t - 1));
  }
  return 1;
}

bool ends_at_0(const std::optional<Schedule>& schedule) noexcept {
  return schedule && schedule->kind != Schedule::Kind::constant && schedule->kind != Schedule::Kind::step;
}

StepFactors factors_of(const TrainingOptions& options, std::int64_t step, std::int64_t steps) noexcept {
  const auto s = static_cast<double>(step), n = std::max(1.0, static_cast<double>(steps)), W = options.warm_up * n;
  const double t = s / n;
  return {.rate = (options.schedule ? factor_at(*options.schedule, std::max(0.0, (s - W) / (n - W))) : 1) *
                  (s + 1 < W ? (s + 1) / W : 1),
          .decay = factor_at(options.decay_schedule, t),
          .dropout = factor_at(options.dropout_schedule, t)};
}

}  // namespace strata::internal
