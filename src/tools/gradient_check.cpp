#include "tools/gradient_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cmath>
#include <deque>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/cpus.hpp"
#include "base/only_errors.hpp"
#include "kernels/registry.hpp"
#include "strata/error.hpp"
#include "tools/examined.hpp"
#include "train/initial.hpp"
#include "train/prepare.hpp"

namespace strata {
namespace {

constexpr double kTolerance = 1e-7;  // of the block's largest gradient
constexpr const char* kChecking = "for the gradient check; check fewer examples, or use fewer threads";

// One line of the work: all units of a layer, one input (or the bias), whose parameters begin at `offset`.
struct Line {
  int layer;
  Index input;
  std::size_t offset;
};

struct Found {
  std::vector<double> difference;
  std::vector<char> kinked;
};

Found all_differences(const Differences& shared, std::deque<Differences::Worker>& workers, const Architecture& net,
                      const Parameters<double>& p, ThreadPool& pool) {
  std::vector<Line> lines;
  for (const ParameterBlock& block : p.blocks()) {
    const Index first = block.kind == ParameterBlock::Kind::biases ? net.units(block.layer - 1) : 0;
    for (std::size_t j = 0; j < block.cols; ++j)
      lines.push_back({block.layer, first + static_cast<Index>(j), block.offset + j * block.rows});
  }
  Found found{std::vector<double>(p.theta().size()), std::vector<char>(p.theta().size())};
  while (static_cast<int>(workers.size()) < pool.threads()) workers.emplace_back(shared);
  // Each line goes to the next worker that is free. A parameter's difference depends on nothing that a worker
  // remembers.
  std::atomic<std::size_t> next{0};
  pool.run(pool.threads(), [&](std::ptrdiff_t w) {
    Differences::Worker& worker = workers[static_cast<std::size_t>(w)];
    for (std::size_t x = next.fetch_add(1); x < lines.size(); x = next.fetch_add(1)) {
      const auto [l, j, at] = lines[x];
      worker.select(l, j);
      for (Index i = 0; i < net.units(l); ++i) {
        const Difference difference = worker.at(i);
        found.difference[at + static_cast<std::size_t>(i)] = difference.value;
        found.kinked[at + static_cast<std::size_t>(i)] = difference.kinked;
      }
    }
  });
  return found;
}

// How far a correct gradient may be from the difference because ε is a step and not a limit. Measured, for the few
// parameters that need it, and never by another ε in place of 1e-5: the difference errs by ε²J'''/6 + …, and halving ε
// leaves a quarter of that, so the two differences lie 3/4 of the error apart; 4 times their distance is enough
// wherever halving ε removes at least a quarter of the error. Where ε moves a pre-activation by more than 0.1 (inputs
// in the ten thousands), even that says little; there the slopes to either side bound it, as L is convex in the logits.
double explained_by_step(Differences::Worker& worker, int l, Index i, Index j) {
  worker.select(l, j);
  const Difference whole = worker.at(i), half = worker.at(i, kEpsilon / 2);
  return 4 * std::abs(whole.value - half.value) + (worker.reach() * kEpsilon > 0.1 ? whole.bend : 0.0);
}

BlockCheck check_block(const ParameterBlock& of, const Differences& shared, Differences::Worker& worker,
                       const Found& found, const Parameters<double>& p, const Parameters<double>& gradient) {
  const std::size_t begin = of.offset, size = of.size();
  const std::span<const double> g = gradient.theta().subspan(begin, size);

  BlockCheck block;
  block.name = of.letter();
  for (std::size_t x = 0; x < size; ++x) {
    if (found.kinked[begin + x]) {
      block.kinks.push_back({of.element(x), g[x], found.difference[begin + x]});
    } else {
      ++block.parameters;
      block.largest_gradient = std::max(block.largest_gradient, std::abs(g[x]));
    }
  }
  const double allowed = kTolerance * block.largest_gradient + shared.rounding(of.layer);
  block.allowed_error = allowed;
  block.passed = true;
  bool any = false;
  for (std::size_t x = 0; x < size; ++x) {
    if (found.kinked[begin + x]) continue;
    const double difference = found.difference[begin + x], error = std::abs(g[x] - difference);
    double allowed_here = allowed;
    if (std::isfinite(error) && error > allowed) {
      const auto i = static_cast<Index>(x % of.rows), j = static_cast<Index>(x / of.rows);
      const bool is_bias = of.kind == ParameterBlock::Kind::biases;
      allowed_here += explained_by_step(worker, of.layer, i, is_bias ? p.W[of.layer].cols : j);
    }
    const bool passed = std::isfinite(error) && error <= allowed_here;
    // Shown: the largest error, but one that nothing explains before any that something does.
    const bool shown = !any || (block.passed && !passed) || (block.passed == passed && !(error <= block.largest_error));
    if (shown && !std::isnan(block.largest_error)) {
      block.largest_error = error;
      block.allowed_error = allowed_here;
      block.where = of.element(x);
      block.gradient = g[x];
      block.difference = difference;
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

GradientCheck compare_gradients(const Architecture& net, const Parameters<double>& p, Batch<double> batch,
                                double lambda, const Kernels<double>& k, ThreadPool& pool,
                                const Parameters<double>& gradient, Way way) try {
  assert(gradient.theta().size() == p.theta().size() && batch.m() > 0);
  const Differences shared(net, p, batch, lambda, k, way);
  std::deque<Differences::Worker> workers;
  const Found found = all_differences(shared, workers, net, p, pool);

  GradientCheck result;
  result.examples = static_cast<std::size_t>(batch.m());
  result.epsilon = kEpsilon;
  result.passed = true;
  for (const ParameterBlock& block : p.blocks()) {
    result.blocks.push_back(check_block(block, shared, workers.front(), found, p, gradient));
    result.passed = result.passed && result.blocks.back().passed;
  }
  return result;
} catch (...) {
  throw_as_error(kChecking);
}

GradientCheck check_gradients(const Model& model, const Table& table, std::size_t examples) try {
  const std::size_t count = examples == 0 ? table.rows() : std::min(examples, table.rows());
  return check(examined<double>(model, table, 0, count, true), Options().seed, 0);
} catch (...) {
  throw_as_error(kChecking);
}

GradientCheck check_gradients(Table table, const Options& options, std::size_t examples) try {
  validate(options);
  const auto ignore = [](std::string_view) {};
  const Problem problem = define_problem(table, options, {ignore, ignore});
  Rows rows = problem.train_rows;
  if (examples != 0) rows.cut(examples);
  const Architecture& net = problem.architecture;
  Examples<double> checked(table, problem, std::move(rows), net.outputs, Checked::no);
  checked.keep();
  return check({net, initial_parameters<double>(net, options), options.l2, std::move(checked)}, options.seed,
               options.threads);
} catch (...) {
  throw_as_error(kChecking);
}

GradientCheck check_gradients(const std::filesystem::path& file, const Options& options, std::size_t examples) try {
  validate(options);
  Options named = options;  // a target in a file of its own gets the name that it has in the table
  Table table = read_training_table(file, named);
  return check_gradients(std::move(table), named, examples);
} catch (...) {
  throw_as_error("to read this file");
}

}  // namespace strata
