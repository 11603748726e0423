// Where the benchmark meets the inside of library and program: the same calls as src/train/trainer.cpp and
// src/model/predict.cpp make.
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
#include "checkpoints.hpp"
#include "features/examples.hpp"
#include "kernels/registry.hpp"
#include "model/metrics.hpp"
#include "model/plan.hpp"
#include "model/score.hpp"
#include "network/step.hpp"
#include "optim/optimizer.hpp"
#include "optim/schedule.hpp"
#include "strata/predictor.hpp"
#include "strata/trainer.hpp"
#include "strata/version.hpp"
#include "train/penalty.hpp"
#include "train/prepare.hpp"
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
  options.clip_norm = work.clip_norm;
  strata::set_option(options, "schedule", work.schedule);
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
        options_(options_of(work)),
        optimizer_(options_, p_.theta().size()) {
    if (work.weights) {
      for (Index i = 0; i < work.rows; ++i) w_.push_back(static_cast<double>(1 + i % 4));
    }
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
    optimizer_ = internal::Optimizer<T>(options_, p_.theta().size());
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
        squares_.step();
        step_and_update(batch);
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
  void step_and_update(Batch<T> batch) {
    const internal::StepFactors factors = internal::factors_of(options_, batch.pass.step, kPlanned);
    const double penalty = work_.l2 / batch.weight();
    if (optimizer_.clips()) {
      internal::KeepGradient<T> sink(p_, penalty, gradient_);
      last_cost_ = internal::train_step(net_, p_, batch, ws_, *kernels_, sink);
      optimizer_.update(p_.blocks(), p_.theta(), std::as_const(gradient_).theta(), *kernels_, factors);
      return;
    }
    internal::UpdateAtOnce<T> sink(p_, optimizer_, factors, penalty, gradient_);
    last_cost_ = internal::train_step(net_, p_, batch, ws_, *kernels_, sink);
  }
  void prepared_predict(Batch<T> batch) {
    predictor_->predict(std::span<const T>(batch.X.data, static_cast<std::size_t>(batch.X.size())),
                        static_cast<std::size_t>(batch.m()), A_);
  }
  [[nodiscard]] Batch<T> batch_at(Index i) {
    Batch<T> batch{View<T>(X_.data() + i * work_.batch * work_.inputs(), work_.inputs(), work_.batch),
                   View<const T>(Y_.data() + i * work_.batch * work_.outputs(), work_.outputs(), work_.batch)};
    if (!w_.empty()) {
      batch.w = w_.data() + i * work_.batch;
      batch.sum_w = std::accumulate(batch.w, batch.w + work_.batch, 0.0);
    }
    return batch;
  }

  static constexpr std::int64_t kPlanned = 1'000'000;  // updates that a schedule runs over

  Work work_;
  Architecture net_;
  std::vector<T> theta_;
  internal::AlignedVector<T> X_, Y_;  // as the loader and tables hold them
  std::vector<double> w_;             // empty: 1 each
  internal::ThreadPool pool_;
  std::unique_ptr<internal::Kernels<T>> kernels_;
  internal::Parameters<T> p_, gradient_;
  internal::Workspace<T> ws_;
  Options options_;
  internal::Optimizer<T> optimizer_;
  internal::SquaresOfSteps squares_;  // as training samples them
  std::optional<strata::Predictor> predictor_;
  std::vector<T> A_;
  Index next_ = 0;
  std::int64_t step_ = 0;
  std::vector<std::size_t> rows_;
  double last_cost_ = 0;
};

// The first `rows` examples as a user has them: a table and the options for it.
strata::Table table_of(const Work& work, std::ptrdiff_t rows) {
  const auto X = read_numbers<float>(work, "x", work.inputs() * work.rows);
  const auto Y = read_numbers<float>(work, "y", work.outputs() * work.rows);
  std::vector<double> classes;
  for (Index i = 0; i < rows; ++i) {
    const auto y = Y.begin() + i * work.outputs();
    classes.push_back(work.outputs() == 1 ? *y : static_cast<double>(std::max_element(y, y + work.outputs()) - y));
  }
  strata::Table table;
  table.add_numbers("x", {static_cast<std::size_t>(work.inputs())},
                    std::vector<double>(X.begin(), X.begin() + rows * work.inputs()));
  table.add_numbers("y", {}, classes);
  return table;
}

Options table_options(const Work& work) {
  Options options = options_of(work);
  options.target = {"y"};
  options.task = work.outputs() == 1 ? strata::Task::binary : strata::Task::classes;
  options.scale = strata::ScaleKind::none;
  options.hidden_layers = std::vector<int>(work.layers.begin() + 1, work.layers.end() - 1);
  options.batch_size = work.batch;
  options.threads = work.threads;
  options.precision = precision_of(work);
  options.validation = "none";
  if (!work.metrics.empty()) strata::set_option(options, "metrics", work.metrics);
  return options;
}

// Whole epochs as a user gets them: strata::train, with shuffling, the checks after every step and the report.
class EpochRunner final : public Runner {
 public:
  explicit EpochRunner(const Work& work) : work_(work) {}

  // The first epoch warms up; each of the `count` after it is timed.
  void run(std::ptrdiff_t count) override {
    Options options = table_options(work_);
    options.epochs = count + 1;
    std::vector<Clock::time_point> ends;
    std::optional<strata::cli::Checkpoints> checkpoints;
    strata::Callbacks callbacks;
    callbacks.epoch = [&](const strata::EpochReport& report) {
      if (checkpoints) checkpoints->settle();  // as the program does
      ends.push_back(Clock::now());
      loss_ = report.mean_cost;
    };
    if (work_.checkpoints) {
      strata::cli::Arguments arguments;
      arguments.typed.emplace("checkpoint", "1");
      checkpoints.emplace(arguments, (work_.folder / "model").string(), 0);
      checkpoints->attach(callbacks, [] {});
    }
    const strata::Fit fit = strata::train(table_of(work_, work_.rows), options, callbacks);
    if (fit.ending == strata::Ending::diverged) throw std::runtime_error(fit.explanation);
    if (checkpoints && !checkpoints->any_written()) throw std::runtime_error("no checkpoint was written");
    seconds_ = std::chrono::duration<double>(ends.back() - ends.front()).count();
  }

  double loss() override { return loss_; }
  double own_seconds() const override { return seconds_; }

 private:
  Work work_;
  double loss_ = 0, seconds_ = 0;
};

// What a training does with its validation part after an epoch: a call scores `batch` examples; or, to compare it with,
// passes them through the layers alone.
class ScoreRunner final : public Runner {
 public:
  explicit ScoreRunner(const Work& work)
      : work_(work),
        table_(table_of(work, work.batch)),
        problem_(internal::define_problem(table_, table_options(work), {.note = [](auto) {}, .warning = [](auto) {}})),
        examples_(table_, problem_, problem_.train_rows, problem_.architecture.outputs, internal::Checked::yes),
        pool_(work.threads),
        kernels_(internal::make_kernels<float>(internal::chosen_kernels(), precision_of(work), pool_)),
        p_(problem_.architecture),
        ws_(problem_.architecture, kBatch, internal::Keep::forward),
        more_(internal::beside_the_usual(problem_.target.task, problem_.options.metrics)) {
    examples_.keep();
    std::ranges::copy(read_numbers<float>(work, "theta", work.parameter_count()), p_.theta().begin());
  }

  void run(std::ptrdiff_t count) override {
    for (std::ptrdiff_t i = 0; i < count; ++i) work_.kind == "score" ? score() : forward();
  }
  double loss() override {
    score();
    return loss_;
  }

 private:
  static constexpr Index kBatch = 256;  // as a training has it

  void score() {
    internal::Score<float> sums(problem_.architecture, problem_.target, more_, deviations_);
    internal::for_each_output<float>({problem_.architecture, std::span(&p_, 1)}, examples_, kBatch, *kernels_,
                                     [&](Index, View<const float> A, View<const float> Y, const double* w,
                                         double loss) { sums.add(A, Y, loss, w); });
    deviations_ = sums.deviations();
    loss_ = sums.metrics().loss;
  }
  void forward() {
    for (Index first = 0; first < work_.batch; first += kBatch) {
      const Index count = std::min(kBatch, work_.batch - first);
      internal::forward(problem_.architecture, p_, {examples_.range(first, count).X, {}}, ws_, *kernels_);
    }
  }

  Work work_;
  strata::Table table_;
  internal::Problem problem_;
  internal::Examples<float> examples_;
  internal::ThreadPool pool_;
  std::unique_ptr<internal::Kernels<float>> kernels_;
  internal::Parameters<float> p_;
  internal::Workspace<float> ws_;
  std::vector<strata::Metric> more_;
  std::vector<double> deviations_;  // known from the first time on
  double loss_ = 0;
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
  if (work.kind == "score" || work.kind == "forward") return std::make_unique<ScoreRunner>(work);
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
