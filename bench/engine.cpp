// Where the benchmark meets the library's inside: the same calls as src/train/trainer.cpp and src/model/predict.cpp
// make.
#include "engine.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/aligned.hpp"
#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "network/step.hpp"
#include "optim/optimizer.hpp"
#include "strata/predictor.hpp"
#include "strata/trainer.hpp"
#include "strata/version.hpp"
#include "train/penalty.hpp"
#include "train/update_at_once.hpp"

namespace strata_bench {
namespace {

namespace internal = strata::internal;
using internal::Batch;
using internal::Index;
using internal::View;
using strata::Architecture;
using strata::Options;

Architecture architecture_of(const Work& work) {
  Architecture net;
  net.inputs = work.layers.front();
  for (std::size_t l = 1; l + 1 < work.layers.size(); ++l)
    net.hidden.push_back({.units = work.layers[l], .dropout = work.dropout});
  net.outputs = work.layers.back();
  std::string loss = work.loss;
  std::ranges::replace(loss, '_', '-');
  net.loss = strata::loss_from_name(loss);
  net.validate();
  return net;
}

Options options_of(const Work& work) {
  Options options;
  options.optimizer = work.optimizer == "adam" ? strata::OptimizerKind::adam : strata::OptimizerKind::gradient_descent;
  options.learning_rate = work.learning_rate;
  return options;
}

strata::Precision precision_of(const Work& work) {
  return work.precision == "bf16"      ? strata::Precision::bf16
         : work.precision == "float64" ? strata::Precision::float64
                                       : strata::Precision::float32;
}

template <class T>
internal::AlignedVector<T> aligned(const std::vector<T>& numbers) {
  return {numbers.begin(), numbers.end()};
}

// Training steps, and prediction with the network as it stands.
template <class T>
class NetRunner final : public Runner {
 public:
  explicit NetRunner(const Work& work)
      : work_(work),
        net_(architecture_of(work)),
        theta_(read_numbers<T>(work, "theta", work.parameter_count())),
        X_(aligned(read_numbers<T>(work, "x", work.inputs() * work.rows))),
        Y_(aligned(read_numbers<T>(work, "y", work.outputs() * work.rows))),
        pool_(work.threads),
        kernels_(internal::make_kernels<T>(internal::chosen_kernels(), precision_of(work), pool_)),
        p_(net_),
        gradient_(net_),
        ws_(net_, work.batch, work.kind == "train" ? internal::Keep::backward : internal::Keep::forward),
        optimizer_(options_of(work), p_.theta().size()) {
    reset();
    if (work.kind == "predict") {  // as a program embeds it: prepared once
      const std::span<const T> theta(theta_);
      if constexpr (std::is_same_v<T, float>) {
        predictor_.emplace(net_, theta, precision_of(work));
      } else {
        predictor_.emplace(net_, theta);
      }
      A_.resize(static_cast<std::size_t>(work.outputs() * work.batch));
    }
  }

  void reset() override {
    std::ranges::copy(theta_, p_.theta().begin());
    optimizer_ = internal::Optimizer<T>(options_of(work_), p_.theta().size());
    next_ = step_ = 0;
    rows_.resize(static_cast<std::size_t>(work_.rows));
    std::iota(rows_.begin(), rows_.end(), std::size_t{0});
  }

  void run(std::ptrdiff_t count) override {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      Batch<T> batch = batch_at(next_);
      batch.pass = {.training = true, .seed = 1, .step = step_++, .rows = rows_.data() + next_ * work_.batch};
      next_ = next_ + 1 == work_.batches() ? 0 : next_ + 1;
      if (predictor_) {
        prepared_predict(batch);
      } else {
        if (work_.l2 != 0 && squares_.wants_sample()) squares_.sample(internal::with_penalty(0.0, p_, 1, 2, *kernels_));
        internal::UpdateAtOnce<T> sink(p_, optimizer_, work_.l2 / static_cast<double>(batch.m()), gradient_);
        squares_.step();
        last_cost_ = internal::train_step(net_, p_, batch, ws_, *kernels_, sink);
      }
    }
  }

  double loss() override {
    const Batch<T> first = batch_at(0);
    if (predictor_) {
      prepared_predict(first);
      return mean_loss<T>(work_, A_.data(), first.Y.data, work_.batch);
    }
    internal::predict(net_, p_, first.X, ws_, *kernels_);
    return mean_loss<T>(work_, ws_.A[net_.depth()].data, first.Y.data, work_.batch);
  }

 private:
  void prepared_predict(Batch<T> batch) {
    predictor_->predict(std::span<const T>(batch.X.data, static_cast<std::size_t>(batch.X.size())),
                        static_cast<std::size_t>(batch.m()), A_);
  }
  [[nodiscard]] Batch<T> batch_at(Index i) {
    return {View<T>(X_.data() + i * work_.batch * work_.inputs(), work_.inputs(), work_.batch),
            View<const T>(Y_.data() + i * work_.batch * work_.outputs(), work_.outputs(), work_.batch)};
  }

  Work work_;
  Architecture net_;
  std::vector<T> theta_;
  internal::AlignedVector<T> X_, Y_;  // as the loader and tables hold them
  internal::ThreadPool pool_;
  std::unique_ptr<internal::Kernels<T>> kernels_;
  internal::Parameters<T> p_, gradient_;
  internal::Workspace<T> ws_;
  internal::Optimizer<T> optimizer_;
  internal::SquaresOfSteps squares_;  // as training samples them
  std::optional<strata::Predictor> predictor_;
  std::vector<T> A_;
  Index next_ = 0;
  std::int64_t step_ = 0;
  std::vector<std::size_t> rows_;
  double last_cost_ = 0;
};

// Whole epochs as a user gets them: strata::train, with shuffling, the checks after every step and the report.
class EpochRunner final : public Runner {
 public:
  explicit EpochRunner(const Work& work) : work_(work), net_(architecture_of(work)) {
    const auto X = read_numbers<float>(work, "x", work.inputs() * work.rows);
    const auto Y = read_numbers<float>(work, "y", work.outputs() * work.rows);
    X_.assign(X.begin(), X.end());
    for (Index i = 0; i < work.rows; ++i) {
      const auto y = Y.begin() + i * work.outputs();
      class_.push_back(static_cast<double>(std::max_element(y, y + work.outputs()) - y));
    }
  }

  // The first epoch warms up; each of the `count` after it is timed.
  void run(std::ptrdiff_t count) override {
    strata::Table table;
    table.add_numbers("x", {static_cast<std::size_t>(work_.inputs())}, X_);
    table.add_numbers("y", {}, class_);
    Options options = options_of(work_);
    options.target = {"y"};
    options.task = strata::Task::classes;
    options.scale = strata::ScaleKind::none;
    options.hidden_layers.assign(work_.layers.begin() + 1, work_.layers.end() - 1);
    options.batch_size = work_.batch;
    options.epochs = count + 1;
    options.threads = work_.threads;
    options.precision = precision_of(work_);
    std::vector<Clock::time_point> ends;
    strata::Callbacks callbacks;
    callbacks.epoch = [&](const strata::EpochReport& report) {
      ends.push_back(Clock::now());
      loss_ = report.mean_cost;
    };
    const strata::Fit fit = strata::train(std::move(table), options, callbacks);
    if (fit.ending != strata::Ending::done) throw std::runtime_error(fit.explanation);
    seconds_ = std::chrono::duration<double>(ends.back() - ends.front()).count();
  }

  double loss() override { return loss_; }
  double own_seconds() const override { return seconds_; }

 private:
  Work work_;
  Architecture net_;
  std::vector<double> X_, class_;
  double loss_ = 0, seconds_ = 0;
};

class EngineProducts final : public Products {
 public:
  EngineProducts(Index units, Index inputs, Index examples)
      : numbers_(static_cast<std::size_t>(2 * (in_lines(units * inputs) + in_lines(units) +
                                               in_lines(inputs * examples) + in_lines(units * examples)))),
        pool_(1),
        kernels_(internal::make_kernels<float>(internal::chosen_kernels(), pool_)) {
    unsigned state = 1;
    for (float& x : numbers_) {
      state = state * 1664525U + 1013904223U;
      x = static_cast<float>(state >> 8) / static_cast<float>(1 << 24) - 0.5F;
    }
    float* next = numbers_.data();
    const auto take = [&](Index rows, Index cols) {
      return View<float>(std::exchange(next, next + in_lines(rows * cols)), rows, cols);
    };
    W_ = take(units, inputs), dW_ = take(units, inputs);
    b_ = take(units, 1), db_ = take(units, 1);
    A_prev_ = take(inputs, examples), dA_prev_ = take(inputs, examples);
    Z_ = take(units, examples), dZ_ = take(units, examples);
  }
  void forward() override { kernels_->linear_forward(W_, b_, A_prev_, Z_); }
  void dW() override { kernels_->linear_backward_params(dZ_, A_prev_, 1 / static_cast<double>(dZ_.cols), dW_, db_); }
  void dA() override { kernels_->linear_backward_input(W_, dZ_, dA_prev_); }

 private:
  // Every matrix begins a cache line, as the other libraries' own do.
  static Index in_lines(Index count) { return (count + 15) / 16 * 16; }

  internal::AlignedVector<float> numbers_;
  internal::ThreadPool pool_;
  std::unique_ptr<internal::Kernels<float>> kernels_;
  View<float> W_, dW_, b_, db_, A_prev_, dA_prev_, Z_, dZ_;
};

}  // namespace

std::string engine_version() { return STRATA_VERSION; }
std::string engine_kernels() { return std::string(internal::chosen_kernels()); }

std::unique_ptr<Runner> make_engine_runner(const Work& work) {
  if (work.kind == "epoch") return std::make_unique<EpochRunner>(work);
  if (work.precision == "float64") return std::make_unique<NetRunner<double>>(work);
  return std::make_unique<NetRunner<float>>(work);
}

std::shared_ptr<float> make_numbers(std::ptrdiff_t count) {
  const auto numbers = std::make_shared<internal::AlignedVector<float>>(static_cast<std::size_t>(count));
  return {numbers, numbers->data()};
}

std::unique_ptr<Products> make_products(std::ptrdiff_t units, std::ptrdiff_t inputs, std::ptrdiff_t examples) {
  return std::make_unique<EngineProducts>(units, inputs, examples);
}

}  // namespace strata_bench
