#include "tools/gradient_check.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <deque>
#include <filesystem>
#include <limits>
#include <utility>
#include <vector>

#include "base/cpus.hpp"
#include "base/only_errors.hpp"
#include "config/names.hpp"
#include "kernels/registry.hpp"
#include "strata/error.hpp"
#include "tools/examined.hpp"
#include "train/initial.hpp"
#include "train/prepare.hpp"

namespace strata {
using namespace internal;
namespace {

constexpr double kTolerance = 1e-7;  // of the block's largest gradient
constexpr const char* kChecking = "for the gradient check; check fewer examples, or use fewer threads";

std::vector<Difference> all_differences(const Differences& shared, std::deque<Differences::Worker>& workers,
                                        const Parameters<double>& p, ThreadPool& pool) {
  struct Column {
    const ParameterBlock* block;
    std::size_t j;
  };
  std::vector<Column> columns;
  for (const ParameterBlock& block : p.blocks())
    for (std::size_t j = 0; j < block.cols; ++j) columns.push_back({&block, j});
  std::vector<Difference> found(p.theta().size());
  while (static_cast<int>(workers.size()) < pool.threads()) workers.emplace_back(shared);
  // Each column goes to the next worker that is free. A parameter's difference depends on nothing that a worker
  // remembers.
  std::atomic<std::size_t> next{0};
  pool.run(pool.threads(), [&](std::ptrdiff_t w) {
    Differences::Worker& worker = workers[static_cast<std::size_t>(w)];
    for (std::size_t x = next.fetch_add(1); x < columns.size(); x = next.fetch_add(1)) {
      const auto [block, j] = columns[x];
      worker.select(*block, j);
      for (std::size_t i = 0; i < block->rows; ++i) found[block->offset + j * block->rows + i] = worker.at(i);
    }
  });
  return found;
}

// How far a correct gradient may be from the difference because ε is a step and not a limit. Measured, for the few
// parameters that need it, and never by another ε in place of 1e-5: the difference errs by ε²J'''/6 + …, and halving ε
// leaves a quarter of that, so the two differences lie 3/4 of the error apart; 4 times their distance is enough
// wherever halving ε removes at least a quarter of the error. Where ε moves a pre-activation by more than 0.1 (inputs
// in the ten thousands), even that says little; there the slopes to either side bound it, as L is convex in the logits.
double explained_by_step(Differences::Worker& worker, const ParameterBlock& block, std::size_t x,
                         const Difference& whole) {
  worker.select(block, x / block.rows);
  const Difference half = worker.at(x % block.rows, kEpsilon / 2);
  return 4 * std::abs(whole.value - half.value) + (worker.reach() * kEpsilon > 0.1 ? whole.bend : 0.0);
}

BlockCheck check_block(const ParameterBlock& of, const Differences& shared, Differences::Worker& worker,
                       std::span<const Difference> found, std::span<const double> g) {
  BlockCheck block;
  block.name = of.letter();
  for (std::size_t x = 0; x < g.size(); ++x) {
    if (found[x].kinked) {
      block.kinks.push_back({of.element(x), g[x], found[x].value});
    } else {
      ++block.parameters;
      block.largest_gradient = std::max(block.largest_gradient, std::abs(g[x]));
    }
  }
  const double allowed = kTolerance * block.largest_gradient + shared.rounding(of.layer);
  block.allowed_error = allowed;
  block.passed = true;
  bool any = false;
  for (std::size_t x = 0; x < g.size(); ++x) {
    if (found[x].kinked) continue;
    const double error = std::abs(g[x] - found[x].value);
    double allowed_here = allowed;
    if (std::isfinite(error) && error > allowed) allowed_here += explained_by_step(worker, of, x, found[x]);
    const bool passed = std::isfinite(error) && error <= allowed_here;
    // Shown: the largest error, but one that nothing explains before any that something does.
    const bool shown = !any || (block.passed && !passed) || (block.passed == passed && !(error <= block.largest_error));
    if (shown && !std::isnan(block.largest_error)) {
      block.largest_error = error;
      block.allowed_error = allowed_here;
      block.where = of.element(x);
      block.gradient = g[x];
      block.difference = found[x].value;
    }
    any = true;
    block.passed = block.passed && passed;
  }
  if (!block.passed && !(block.largest_gradient > 0 && std::isfinite(block.largest_error))) {
    block.relative_error = std::numeric_limits<double>::infinity();
  } else if (block.largest_gradient > 0) {
    block.relative_error = block.largest_error / block.largest_gradient;
  }
  return block;
}

// With dropout: of the masks of the first step, which hold still meanwhile.
GradientCheck check(Examined<double> of, std::uint64_t seed, int threads) {
  const auto& [net, p, lambda, examples] = of;
  Batch<double> batch = of.batch();
  std::vector<std::size_t> rows(static_cast<std::size_t>(batch.m()));
  for (std::size_t j = 0; j < rows.size(); ++j) rows[j] = examples.row(static_cast<Index>(j));
  batch.pass = {.training = true, .seed = seed, .step = 0, .rows = rows.data()};
  ThreadPool pool(chosen_threads(threads)), alone(1);
  Workspace<double> ws(net, batch.m(), Keep::backward);
  Parameters<double> gradient(net);
  // The gradient as training computes it. The comparison shares out the parameters, and each thread works alone.
  static_cast<void>(train_step(net, p, batch, lambda, ws, *make_kernels<double>(chosen_kernels(), pool), gradient));
  return compare_gradients(net, p, batch, lambda, *make_kernels<double>(chosen_kernels(), alone), pool, gradient);
}

}  // namespace

GradientCheck internal::compare_gradients(const Architecture& net, const Parameters<double>& p, Batch<double> batch,
                                          double lambda, const Kernels<double>& k, ThreadPool& pool,
                                          const Parameters<double>& gradient, Way way) try {
  assert(gradient.theta().size() == p.theta().size() && batch.m() > 0);
  const Differences shared(net, p, batch, lambda, k, way);
  std::deque<Differences::Worker> workers;
  const std::vector<Difference> found = all_differences(shared, workers, p, pool);

  GradientCheck result;
  result.examples = static_cast<std::size_t>(batch.m());
  result.epsilon = kEpsilon;
  result.passed = true;
  for (const ParameterBlock& block : p.blocks()) {
    result.blocks.push_back(check_block(block, shared, workers.front(),
                                        std::span(found).subspan(block.offset, block.size()),
                                        gradient.theta().subspan(block.offset, block.size())));
    result.passed = result.passed && result.blocks.back().passed;
  }
  return result;
} catch (...) {
  throw_as_error(kChecking);
}

GradientCheck check_gradients(const Model& model, const Table& table, std::size_t examples, std::size_t network) try {
  const std::size_t count = examples == 0 ? table.rows() : std::min(examples, table.rows());
  return check(examined<double>(model, table, 0, count, true, network), Options().seed, 0);
} catch (...) {
  throw_as_error(kChecking);
}

GradientCheck check_gradients(const Table& table, const Options& options, std::size_t examples) try {
  validate(options);
  const auto ignore = [](std::string_view) {};
  Options all_rows = options;  // nothing is held back to measure on, for nothing is trained
  if (all_rows.validation.empty()) all_rows.validation = kNoValidation;
  all_rows.named.insert("hidden-layers");  // nor is the recipe of a table meant, whose networks take minutes
  const Problem problem = define_problem(table, all_rows, {ignore, ignore});
  Rows rows = problem.train_rows;
  if (examples != 0) rows.cut(examples);
  std::vector<double> weights = problem.weights.of(rows);
  std::vector<std::size_t> numbers = problem.weights.numbers_of(rows);
  const Architecture& net = problem.architecture;
  Examples<double> checked(table, problem, std::move(rows), net.outputs, Checked::no);
  checked.set_weights(std::move(weights), std::move(numbers));
  checked.keep();
  ThreadPool alone(1);
  const std::unique_ptr<Kernels<double>> kernels = make_kernels<double>(chosen_kernels(), alone);
  Parameters<double> p = initial_parameters<double>(net, problem.options, {}, {&checked, kernels.get()});
  return check({net, std::move(p), options.l2, std::move(checked)}, options.seed, options.threads);
} catch (...) {
  throw_as_error(kChecking);
}

GradientCheck check_gradients(const std::filesystem::path& file, const Options& options, std::size_t examples) try {
  validate(options);
  Options named = options;  // a target in a file of its own gets the name that it has in the table
  Table table = read_training_table(std::span(&file, 1), named);
  return check_gradients(table, named, examples);
} catch (...) {
  throw_as_error("to read this file");
}

}  // namespace strata
