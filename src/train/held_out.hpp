// What the networks of a bag say of rows that they were not trained on, and what is chosen by it: how much each counts,
// and how sure they are together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "features/examples.hpp"
#include "model/plan.hpp"
#include "strata/trainer.hpp"
#include "train/prepare.hpp"

namespace strata::internal {

/// How many there are to select from; 0: nothing is selected.
[[nodiscard]] inline std::size_t candidates_of(const Options& options) noexcept {
  return options.select == Select::none ? 0 : static_cast<std::size_t>(options.folds.repeats * options.members);
}

template <class T>
class HeldOut {
 public:
  /// Of all examples, whose targets are read here. `weights`: what each counts, or nothing. `candidates`: how many are
  /// selected among, or 0: then the mean of all is the only one that is kept. Borrows the problem.
  HeldOut(const Problem& problem, Examples<T>& all, std::vector<double> weights, std::size_t candidates);

  /// Outputs A (n_y, m) of networks for examples that they were not trained on, at these places among all.
  void add(std::span<const std::size_t> at, std::span<const T> A);
  /// The same of a candidate alone, which has them for every example in the end.
  void add_candidate(std::size_t candidate, std::span<const std::size_t> at, std::span<const T> A);

  /// How often each candidate is taken by a greedy selection (select.hpp), by what is monitored; from now on the mean
  /// is that of those that are.
  [[nodiscard]] std::vector<std::size_t> select();
  /// The temperature of their mean (calibrate.hpp), which is calibrated from now on; every example has one.
  [[nodiscard]] double calibrate();

  /// Gives the memory back. There are no figures then, and nothing to tell.
  void clear() noexcept;
  [[nodiscard]] bool empty() const noexcept { return count_.empty(); }

  /// Of the mean, for the examples that have one.
  [[nodiscard]] Metrics figures() const;
  [[nodiscard]] OutOfFold told(const Table& table, const Plan<T>& plan) const;

 private:
  void mean(std::size_t example, std::span<double> mean) const;
  /// The figures of what `mean_of(example, mean)` writes, of the examples that have a mean.
  template <class MeanOf>
  [[nodiscard]] Metrics figures_by(const MeanOf& mean_of) const;

  const Problem& problem_;
  std::size_t n_y_;
  std::vector<T> Y_;                             // (n_y, m)
  std::vector<double> weights_;                  // (m), or none
  std::vector<double> sum_;                      // (n_y, m), of the outputs
  std::vector<std::uint16_t> count_;             // (m), how many they are
  std::vector<std::vector<double>> candidates_;  // of each: A (n_y, m)
  double temperature_ = 1;
};

extern template class HeldOut<float>;
extern template class HeldOut<double>;

}  // namespace strata::internal
