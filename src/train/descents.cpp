#include "train/descents.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <chrono>
#include <cmath>

#include "base/cpus.hpp"
#include "base/text.hpp"
#include "kernels/registry.hpp"
#include "train/members.hpp"
#include "train/run_all.hpp"

namespace strata::internal {
namespace {

// In multiply-adds: from where on calling a thread for a network pays, and what a step loses that threads share. (Of
// three hidden layers of 256 units and batches of 256 examples, two threads lose a fifth.)
constexpr double kCallOfThreads = 1 << 18;
constexpr double kSharedStep = 1 << 24;

// Forward, and back to the weights and to what is in front of them; of an embedding of levels a batch reads little.
template <class T>
double work_of_step(const Parameters<T>& p, Index batch_size) {
  const auto used = static_cast<double>(p.theta().size()) - static_cast<double>(p.stage().E.size());
  return 3 * used * static_cast<double>(batch_size);
}

}  // namespace

bool is_side_by_side(std::size_t networks, int threads, double work) noexcept {
  if (networks < 2 || threads < 2 || work < kCallOfThreads) return false;
  const auto all = static_cast<double>(networks), at_once = static_cast<double>(threads);
  return std::ceil(all / at_once) * work < all * (work / at_once + kSharedStep);
}

template <class T>
Lent<T>::Lent(std::vector<Parameters<T>*> owners) : owners_(std::move(owners)) {
  networks_.reserve(owners_.size());
  for (Parameters<T>* owner : owners_) {
    assert(!owner->theta().empty());  // or it is lent already
    networks_.push_back(std::move(*owner));
  }
}

template <class T>
Lent<T>::~Lent() {
  for (std::size_t i = 0; i < owners_.size(); ++i) *owners_[i] = std::move(networks_[i]);
}

template <class T>
Descents<T>::Crew::Crew(int threads, Precision precision)
    : pool(threads), kernels(make_kernels<T>(chosen_kernels(), precision, pool)) {}

template <class T>
Descents<T>::Descents(const Architecture& net, const Options& options, Examples<T>& examples,
                      std::span<const Start> starts, std::size_t first_network)
    : options_(options), crew_(chosen_threads(options.threads), options.precision) {
  const auto count = static_cast<std::size_t>(options.members);
  assert(starts.empty() || starts.size() == count);
  if (count > 1) shares_.assign(count, 1 / static_cast<double>(count));
  const NetworkOptions& of_all = options;
  NetworkOptions own = of_all;
  for (std::size_t i = 0; i < count; ++i) {
    own.seed = seeds_.emplace_back(seed_of_network(options.seed, first_network + i));
    Parameters<T> p =
        initial_parameters<T>(net, own, starts.empty() ? Start() : starts[i], {&examples, crew_.kernels.get()});
    const double work = work_of_step(p, static_cast<Index>(batch_size_of(options, examples.m())));
    if (examples.is_kept() && is_side_by_side(count, crew_.pool.threads(), work))
      alone_.emplace_back(1, options.precision);
    const Kernels<T>& kernels = alone_.empty() ? *crew_.kernels : *alone_.back().kernels;
    all_.emplace_back(net, options, examples, kernels, std::move(p), own.seed);
  }
}

template <class T>
std::vector<NetworkRecord> Descents<T>::records(const TrainingRecord& of_all) const {
  std::vector<NetworkRecord> records;
  for (std::size_t i = 0; i < shares_.size(); ++i)
    records.push_back({.member = static_cast<std::int64_t>(i) + 1,
                       .seed = seeds_[i],
                       .epochs = of_all.epochs,
                       .epochs_tried = of_all.epochs_tried});
  return records;
}

template <class T>
double Descents<T>::kept_cost(double loss) {
  double sum = 0;
  for (Descent<T>& one : all_) sum += with_penalty(loss, one.kept_weights(), loader().weight(), options_.l2, kernels());
  return sum / static_cast<double>(all_.size());
}

template <class T>
template <class Act>
void Descents<T>::each(bool worth_it, const Act& act) {
  if (!worth_it || alone_.empty()) {
    for (std::size_t i = 0; i < all_.size(); ++i) act(all_[i], i);
    return;
  }
  run_all(crew_.pool, all_.size(), [&](std::size_t i) { act(all_[i], i); });
}

template <class T>
void Descents<T>::plan(std::int64_t steps) noexcept {
  for (Descent<T>& one : all_) one.plan(steps);
}

template <class T>
bool Descents<T>::step(bool exactly) {
  std::atomic<bool> good = true;
  each(true, [&](Descent<T>& one, std::size_t) {
    if (!one.step(exactly)) good = false;
  });
  return good;
}

template <class T>
double Descents<T>::cost() const noexcept {
  double sum = 0;
  for (const Descent<T>& one : all_) sum += one.cost();
  return sum / static_cast<double>(all_.size());
}

template <class T>
void Descents<T>::update() {
  each(!all_.front().updated(), [](Descent<T>& one, std::size_t) { one.update(); });
}

template <class T>
void Descents<T>::keep_best() {
  for (Descent<T>& one : all_) one.keep_best();
}

template <class T>
Lent<T> Descents<T>::weights() {
  std::vector<Parameters<T>*> owners;
  for (Descent<T>& one : all_) owners.push_back(&one.weights());
  return Lent<T>(std::move(owners));
}

template <class T>
Lent<T> Descents<T>::kept_weights() {
  std::vector<Parameters<T>*> owners;
  for (Descent<T>& one : all_) owners.push_back(&one.kept_weights());
  return Lent<T>(std::move(owners));
}

template <class T>
Networks<T> Descents<T>::take_weights() {
  Networks<T> taken;
  for (Descent<T>& one : all_) taken.push_back(std::move(one.kept_weights()));
  return taken;
}

template <class T>
Divergence Descents<T>::diverge(std::optional<double> final_loss) {
  using Fault = typename Descent<T>::Fault;
  const std::int64_t noticed = iteration();
  std::vector<Fault> faults(all_.size());
  each(true, [&](Descent<T>& one, std::size_t i) { faults[i] = one.find_fault(noticed); });
  const auto order = [](const Fault& fault) { return std::pair(fault.iteration, !fault.found); };
  const auto first = std::ranges::min_element(faults, {}, order);
  const auto which = static_cast<std::size_t>(first - faults.begin());
  const double cost = final_loss && first->iteration == noticed ? *final_loss : first->cost;
  const std::string what = std::isnan(cost) ? "not a number" : fmt::format("{:.4g}", cost);
  const std::string in_member = all_.size() > 1 ? fmt::format(", in member {} of {}", which + 1, all_.size()) : "";
  Divergence why;
  why.what = fmt::format("the training diverged at iteration {}{}: the cost is {}, and {}. ", first->iteration,
                         in_member, what, all_[which].first_not_finite());
  std::int64_t left = all_.front().snapshot_iteration();
  if (all_.front().has_best()) {
    why.left = fmt::format("The weights after update {} are kept, those of the best epoch. ", kept_iteration());
  } else if (first->iteration > 0) {
    left = first->iteration - 1;
    why.left = fmt::format("The weights before update {} are kept, the last with a finite cost. ", left);
  } else {
    why.left = "The initial weights are kept. ";
  }
  each(true, [&](Descent<T>& one, std::size_t) { one.back_to(left); });
  why.advice =
      fmt::format("Lower {} (it is {})", spelled("learning-rate"), shortest(options_.effective_learning_rate()));
  if (options_.scale == ScaleKind::none) why.advice += ", or scale the inputs with " + spelled("scale", "standard");
  return why;
}

template <class T>
bool Descents<T>::weights_finite() const {
  return std::ranges::all_of(all_, [](const Descent<T>& one) { return one.weights_finite(); });
}

template <class T>
bool Descents<T>::go_on() {
  const auto moments = [](const Descent<T>& one) {
    return std::array{one.iteration(), one.snapshot_iteration(), one.kept_iteration()};
  };
  for (const Descent<T>& one : all_)
    if (moments(one) != moments(all_.front())) return false;
  std::atomic<bool> good = true;
  each(true, [&](Descent<T>& one, std::size_t) {
    if (!one.go_on()) good = false;
  });
  return good;
}

template <class T>
double Descents<T>::rehearse(double seconds) {
  using Clock = std::chrono::steady_clock;
  std::vector<typename Descent<T>::Before> before;
  for (const Descent<T>& one : all_) before.push_back(one.before());
  double first = 0, all = 0;
  int steps = 0;
  for (bool good = true; good && (steps == 0 || all < seconds); ++steps) {
    const Clock::time_point begin = Clock::now();
    good = step(false);
    if (good) update();
    all += std::chrono::duration<double>(Clock::now() - begin).count();
    if (steps == 0) first = all;  // finds nothing ready: it counts only where there is time for no other
  }
  for (std::size_t i = 0; i < all_.size(); ++i) all_[i].undo(std::move(before[i]));
  return steps > 1 ? (all - first) / (steps - 1) : all;
}

template <class T>
double Descents<T>::epoch_cost() {
  double sum = 0;
  for (Descent<T>& one : all_) sum += one.epoch_cost();
  return sum / static_cast<double>(all_.size());
}

template <class T>
double Descents<T>::epoch_loss() const noexcept {
  double sum = 0;
  for (const Descent<T>& one : all_) sum += one.epoch_loss();
  return sum / static_cast<double>(all_.size());
}

template class Lent<float>;
template class Lent<double>;
template class Descents<float>;
template class Descents<double>;

}  // namespace strata::internal
