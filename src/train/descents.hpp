// The steps of a training of one network, or of several side by side on the same rows (docs/decisions/0017-bags.md).
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_pool.hpp"
#include "model/model_data.hpp"
#include "train/descent.hpp"
#include "train/initial.hpp"

namespace strata::internal {

/// Do several networks step at the same time, a thread each, or one after the other, each on all threads? The less time
/// by a count of multiply-adds: `work` of a step of one network, which its threads share at a price, as they have one
/// for being called at all. (The result is the same.)
[[nodiscard]] bool is_side_by_side(std::size_t networks, int threads, double work) noexcept;

/// The weights of several networks as one list for a while; meanwhile their owners have none.
template <class T>
class Lent {
 public:
  explicit Lent(std::vector<Parameters<T>*> owners);
  ~Lent();
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;

  [[nodiscard]] const Networks<T>& networks() const noexcept { return networks_; }

 private:
  std::vector<Parameters<T>*> owners_;
  Networks<T> networks_;
};

/// Why a training diverged, in sentences: what happened and where, which weights are left, and what to try.
struct Divergence {
  std::string what, left, advice;
  [[nodiscard]] std::string text() const { return what + left + advice; }
};

template <class T>
class Descents {
 public:
  /// As many networks as options.members says. `starts`: of each, as for initial_parameters; none: as the options say.
  /// Network i has the seed seed_of_network(options.seed, first_network + i). The first three are borrowed.
  Descents(const Architecture& net, const Options& options, Examples<T>& examples, std::span<const Start> starts = {},
           std::size_t first_network = 0);

  /// How many updates the schedules are spread over.
  void plan(std::int64_t steps) noexcept;

  /// The next step of each; see Descent. False: something is not finite in one of them; diverge() comes next.
  [[nodiscard]] bool step(bool exactly);
  /// The mean of their J.
  [[nodiscard]] double cost() const noexcept;
  void update();

  void keep_best();
  /// The weights now, and those that would be left if the training ended now.
  [[nodiscard]] Lent<T> weights();
  [[nodiscard]] Lent<T> kept_weights();
  [[nodiscard]] Networks<T> take_weights();
  [[nodiscard]] std::int64_t iteration() const noexcept { return all_.front().iteration(); }
  [[nodiscard]] std::int64_t kept_iteration() const noexcept { return all_.front().kept_iteration(); }

  /// All of them back to before the step that went wrong first, at the latest the last one or (with the loss of the
  /// weights after it) its update. Says which it was, and why.
  [[nodiscard]] Divergence diverge(std::optional<double> final_loss = {});
  [[nodiscard]] bool weights_finite() const;

  /// How much each counts in the mean; of one network empty, as are the records.
  [[nodiscard]] const std::vector<double>& shares() const noexcept { return shares_; }
  /// What is to be told of each, in the record of their model.
  [[nodiscard]] std::vector<NetworkRecord> records(const TrainingRecord& of_all) const;
  /// J over all examples, where this is the mean loss: with the mean of what L2 adds for the weights that are kept.
  [[nodiscard]] double kept_cost(double loss);
  [[nodiscard]] const Loader<T>& loader() const noexcept { return all_.front().loader(); }
  [[nodiscard]] const Kernels<T>& kernels() const noexcept { return *crew_.kernels; }
  template <class Visit>
  void fields(const Visit& visit) {
    if (all_.size() == 1) return all_.front().fields(visit);
    for (std::size_t i = 0; i < all_.size(); ++i) visit(fmt::format("member{}", i + 1), all_[i]);
  }
  [[nodiscard]] bool go_on();
  /// Takes steps for about so long, at least one, and undoes them: gives what one of all networks takes, in seconds.
  [[nodiscard]] double rehearse(double seconds);

  /// The means of what the networks say of their epoch; see Descent.
  [[nodiscard]] double epoch_cost();
  [[nodiscard]] double epoch_loss() const noexcept;

 private:
  // Who computes.
  struct Crew {
    Crew(int threads, Precision precision);
    ThreadPool pool;
    std::unique_ptr<Kernels<T>> kernels;
  };
  /// act(network, its number) for each of them. `worth_it`: is it so much that threads are called for it?
  template <class Act>
  void each(bool worth_it, const Act& act);

  const Options& options_;
  Crew crew_;
  std::deque<Crew> alone_;  // of each network a thread; none: one network after the other
  std::vector<std::uint64_t> seeds_;
  std::vector<double> shares_;
  std::deque<Descent<T>> all_;
};

extern template class Lent<float>;
extern template class Lent<double>;
extern template class Descents<float>;
extern template class Descents<double>;

}  // namespace strata::internal
