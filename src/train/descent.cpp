#include "train/descent.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/finite.hpp"
#include "train/update_at_once.hpp"

namespace strata::internal {
namespace {

// How often all that decides the next steps is copied, so that a training can go back: seldom enough that the copies
// are less than a hundredth of the work, which grows with the examples of a batch; often enough that the steps since
// then are quickly done again.
constexpr std::int64_t kSnapshotWork = 8192;  // examples
constexpr std::int64_t kLongestReplay = 256;  // steps

bool drops_units(const Architecture& net) {
  return std::ranges::any_of(net.hidden, [](const LayerSpec& layer) { return layer.dropout > 0; });
}

}  // namespace

template <class T>
Descent<T>::Descent(const Architecture& net, const Options& options, Examples<T>& examples, const Kernels<T>& kernels,
                    Parameters<T> p, std::uint64_t seed)
    : net_(net),
      options_(options),
      kernels_(kernels),
      loader_(examples, options, seed, drops_units(net)),
      now_{.p = std::move(p), .optimizer = Optimizer<T>(options, net.parameter_count())},
      kept_(now_),
      gradient_(net),
      ws_(net, loader_.batch_size(), Keep::backward),
      keep_every_(std::clamp<std::int64_t>(kSnapshotWork / loader_.batch_size(), 1, kLongestReplay)) {}

template <class T>
bool Descent<T>::step(bool exactly) {
  keeps_ = now_.iteration % keep_every_ == 0;
  if (now_.iteration % loader_.batches_per_epoch() == 0) now_.epoch_loss = 0;
  now_.position = loader_.position();
  const Batch<T> batch = batch_of(now_.iteration);
  updated_ = !(exactly || keeps_);
  cost_ = updated_ ? step_and_update(batch) : exact_step(batch);
  // (Divided and multiplied again: the mean loss of a batch is what its cost is told with, and these are its bits.)
  loss_ = ws_.loss / batch.weight() * batch.weight();
  return updated_ ? std::isfinite(cost_) : good(cost_);
}

// Only now is the step known to be good, that of the other networks of its training too: they all go back to the same.
template <class T>
void Descent<T>::update() {
  if (keeps_) kept_ = now_;
  now_.epoch_loss += loss_;
  if (!updated_) apply_gradient(now_.iteration);
  ++now_.iteration;
  now_.squares.step();
}

template <class T>
bool Descent<T>::go_on() {
  if (kept_.iteration > now_.iteration || now_.iteration - kept_.iteration > keep_every_ ||
      (best_ && best_->iteration > now_.iteration))
    return false;
  kept_.position = loader_.at(kept_.iteration);
  const TrainingState<T> counts = now_;
  back_to(counts.iteration);
  now_.epoch_loss = counts.epoch_loss;
  now_.squares = counts.squares;
  return true;
}

template <class T>
void Descent<T>::undo(Before before) {
  now_ = std::move(before[0]);
  kept_ = std::move(before[1]);
  loader_.seek(now_.position);
}

template <class T>
void Descent<T>::keep_best() {
  best_ = Best{now_.iteration, now_.p};
}

template <class T>
double Descent<T>::epoch_cost() {
  const double m = loader_.epoch_weight();
  if (loader_.full()) return cost_ * m / m;
  if (options_.l2 == 0) return now_.epoch_loss / m;
  now_.squares.sample(sum_of_squares());
  return (now_.epoch_loss + options_.l2 / 2 * now_.squares.take()) / m;
}

template <class T>
Batch<T> Descent<T>::batch_of(std::int64_t step) {
  Batch<T> batch = loader_.next(step);
  batch.pass.dropout = factors(step).dropout;
  return batch;
}

// J and its gradient.
template <class T>
double Descent<T>::exact_step(Batch<T> batch) {
  if (options_.l2 != 0) now_.squares.sample(sum_of_squares());
  return train_step(net_, now_.p, batch, options_.l2, ws_, kernels_, gradient_);
}

template <class T>
void Descent<T>::apply_gradient(std::int64_t step) {
  now_.optimizer.update(now_.p.blocks(), now_.p.theta(), std::as_const(gradient_).theta(), kernels_, factors(step));
}

// Both, each layer's update as soon as its gradient is there, unless all of the gradient decides on each. When J turns
// out not to be finite, the weights may be anything.
template <class T>
double Descent<T>::step_and_update(Batch<T> batch) {
  const double m = batch.weight();
  const double lambda = options_.l2;
  if (lambda != 0 && now_.squares.wants_sample()) now_.squares.sample(sum_of_squares());
  const double penalty = lambda / (2 * m) * now_.squares.last();
  const std::int64_t step = batch.pass.step;
  if (now_.optimizer.clips()) {
    KeepGradient<T> sink(now_.p, lambda / m, gradient_);
    const double J = train_step(net_, now_.p, batch, ws_, kernels_, sink) + penalty;
    apply_gradient(step);
    return J;
  }
  UpdateAtOnce<T> sink(now_.p, now_.optimizer, factors(step), lambda / m, gradient_);
  return train_step(net_, now_.p, batch, ws_, kernels_, sink) + penalty;
}

// Σ_l ‖W[l]‖²: reads all of W.
template <class T>
double Descent<T>::sum_of_squares() const {
  double sum = 0;
  for (int l = 1; l <= net_.depth(); ++l) sum += kernels_.sum_of_squares(now_.p.W[l]);
  return sum;
}

template <class T>
bool Descent<T>::weights_finite() const {
  return all_finite(now_.p.theta());
}

// A step is good when its cost, its gradient and the weights that they belong to are numbers. A number that is not
// finite stays in the weights, so weights that are finite say that all steps before were good.
template <class T>
bool Descent<T>::good(double cost) const {
  return std::isfinite(cost) && all_finite(gradient_.theta()) && weights_finite();
}

template <class T>
void Descent<T>::restore() {
  now_ = kept_;
  loader_.seek(now_.position);
}

template <class T>
typename Descent<T>::Fault Descent<T>::find_fault(std::int64_t last) {
  restore();
  for (std::int64_t i = kept_.iteration;; ++i) {
    const double J = exact_step(batch_of(i));
    const bool found = !good(J);
    if (found || i == last) return {i, J, found};
    apply_gradient(i);
  }
}

template <class T>
std::string Descent<T>::first_not_finite() const {
  return internal::first_not_finite(net_, now_.p, ws_, gradient_);
}

template <class T>
void Descent<T>::back_to(std::int64_t iteration) {
  restore();
  for (std::int64_t i = kept_.iteration; i < iteration; ++i) static_cast<void>(step_and_update(batch_of(i)));
  now_.iteration = iteration;
}

template class Descent<float>;
template class Descent<double>;

}  // namespace strata::internal
