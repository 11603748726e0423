// How far a figure may lie from that of other examples of the same kind: the examples are drawn again, with
// replacement, as many as there are, and measured again (Efron and Tibshirani, 1993, chapter 13).
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/cpus.hpp"
#include "base/random.hpp"
#include "base/thread_pool.hpp"
#include "features/quantiles.hpp"
#include "model/metrics.hpp"
#include "model/outcomes.hpp"

namespace strata::internal {
namespace {

__extension__ typedef unsigned __int128 Product;

int resamples_for(const Bootstrap& bootstrap, std::size_t examples) {
  constexpr std::size_t kDraws = 20'000'000;
  if (bootstrap.resamples != Bootstrap::kAutomatic) return bootstrap.resamples;
  return static_cast<int>(std::clamp<std::size_t>(kDraws / std::max<std::size_t>(examples, 1), 200, 1000));
}

// How often each outcome is drawn: resample b is a function of (seed, b). Gives the weight of the draws that are not
// among the outcomes. (Of 2⁶⁴ numbers some places have one more than others, which no one can see.)
double draw(std::uint64_t seed, std::uint32_t b, const Outcomes& of, std::uint16_t* counts) noexcept {
  const std::size_t outcomes = of.examples, all = of.examples + of.unseen.size();
  const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  double unseen = 0;
  std::fill(counts, counts + outcomes, std::uint16_t{0});
  const auto add = [&](std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 32) | low;
    const auto i = static_cast<std::size_t>((static_cast<Product>(bits) * all) >> 64);
    if (i >= outcomes)
      unseen += of.unseen[i - outcomes];
    else
      ++counts[i];
  };
  for (std::size_t n = 0; n < all; n += 2) {
    const auto words = philox4x32({static_cast<std::uint32_t>(n / 2), static_cast<std::uint32_t>(n / 2 >> 32), b,
                                   static_cast<std::uint32_t>(RandomPurpose::bootstrap)},
                                  key);
    add(words[0], words[1]);
    if (n + 1 < all) add(words[2], words[3]);
  }
  return unseen;
}

}  // namespace

std::vector<Interval> intervals_of(const Outcomes& of, const Metrics& point, double quantile,
                                   const Bootstrap& bootstrap, int threads) {
  std::vector<Metric> wanted;
  for (const Metric each : metrics_of(point.task))
    if (std::isfinite(point.value(each))) wanted.push_back(each);
  const std::size_t all = of.examples + of.unseen.size();
  const auto resamples = static_cast<std::size_t>(std::max(resamples_for(bootstrap, all), 0));
  if (wanted.empty() || resamples == 0 || of.examples == 0) return {};

  const Measurement measure(of, wanted, quantile);
  // As much at a time as there is memory for.
  constexpr std::size_t kMostCounts = 32U << 20;
  ThreadPool pool(chosen_threads(threads, resamples * all < 100'000));
  const std::size_t turns =
      std::clamp<std::size_t>(kMostCounts / all, 1, std::min(static_cast<std::size_t>(pool.threads()), resamples));
  std::vector<std::uint16_t> counts(turns * of.examples);
  std::vector<double> scratch(turns * measure.scratch());
  std::vector<double> values(resamples * wanted.size());
  pool.run(static_cast<std::ptrdiff_t>(turns), [&](std::ptrdiff_t turn) {
    const auto first = static_cast<std::size_t>(turn);
    std::uint16_t* const own = counts.data() + first * of.examples;
    for (std::size_t b = first; b < resamples; b += turns) {
      const double unseen = draw(bootstrap.seed, static_cast<std::uint32_t>(b), of, own);
      measure(own, unseen, scratch.data() + first * measure.scratch(), values.data() + b * wanted.size());
    }
  });

  std::vector<Interval> intervals;
  std::vector<double> sorted;
  for (std::size_t at = 0; at < wanted.size(); ++at) {
    sorted.clear();
    for (std::size_t b = 0; b < resamples; ++b)
      if (const double value = values[b * wanted.size() + at]; !std::isnan(value)) sorted.push_back(value);
    if (sorted.empty()) continue;
    std::ranges::sort(sorted);
    intervals.push_back({wanted[at], internal::quantile(sorted, 0.025), internal::quantile(sorted, 0.975)});
  }
  return intervals;
}

}  // namespace strata::internal
