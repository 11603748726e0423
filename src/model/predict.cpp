// What a model says about examples, and how right it is. The examples pass in chunks of a size that depends on the
// network alone; an example's numbers do not depend on its chunk at all.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/cpus.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "base/thread_pool.hpp"
#include "features/examples.hpp"
#include "kernels/registry.hpp"
#include "model/model_data.hpp"
#include "model/score.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

constexpr Index kMostColumns = 256;
constexpr Index kMostNumbers = 1 << 22;  // in the widest layer, as long as that leaves kFewestColumns
constexpr Index kFewestColumns = 16;
constexpr double kSmallWork = 1 << 21;  // multiply-adds of all examples: some 30 µs of one thread

Index columns_of(const Architecture& net, Index examples) {
  Index widest = 1;
  for (int l = 0; l <= net.depth(); ++l) widest = std::max<Index>(widest, net.units(l));
  const Index columns = std::clamp(kMostNumbers / widest, kFewestColumns, kMostColumns);
  return std::min(columns, std::max<Index>(1, examples));
}

// use(first, A, Y, loss) for all examples.
template <class T>
void run(const Model::Data& model, const Parameters<T>& p, Examples<T>& examples, int threads,
         const UseOutputs<T>& use) {
  const double work = static_cast<double>(p.theta().size()) * static_cast<double>(examples.m());
  ThreadPool pool(chosen_threads(threads, work < kSmallWork));
  const auto kernels = make_kernels<T>(chosen_kernels(), model.precision(), pool);
  for_each_output(model.architecture, p, examples, columns_of(model.architecture, examples.m()), *kernels, use);
}

// Example i of A[L] in the units of the target, rounded as the model computes.
template <class T>
void read_outputs(const Model::Data& model, View<const T> A, Index i, const Examples<T>& examples, Index example,
                  T* a) {
  const Target& target = model.target;
  for (Index k = 0; k < A.rows; ++k) {
    const auto at = static_cast<std::size_t>(k);
    a[k] = A(k, i);
    if (!target.offset.empty())
      a[k] = static_cast<T>(static_cast<double>(a[k]) * target.divisor[at] + target.offset[at]);
    if (!std::isfinite(a[k])) refuse_output(examples.where(example, 0), static_cast<double>(a[k]));
  }
}

bool has_one_label(const Model::Data& model) {
  return model.target.task == Task::classes ||
         (model.target.task == Task::binary &&
          (model.architecture.outputs == 1 || model.architecture.head() == Head::softmax));
}

std::vector<std::string> header_of(const Model::Data& model) {
  const Target& target = model.target;
  std::vector<std::string> header;
  if (has_one_label(model)) {
    for (const std::string& name : target.classes) header.push_back("probability_" + name);
    return header;
  }
  const std::string prefix = target.task == Task::binary ? "probability_" : "";
  const auto outputs = static_cast<std::size_t>(model.architecture.outputs);
  for (std::size_t k = 0; k < outputs; ++k) {
    // An array of several numbers an example has one name: its numbers are counted as arrays are, from 0.
    header.push_back(prefix +
                     (target.names.size() == outputs ? target.names[k] : fmt::format("{}_{}", target.names[0], k)));
  }
  return header;
}

template <class T>
Predictions predict_table(const Model::Data& model, const Parameters<T>& p, const Table& table, int threads) {
  Examples<T> examples(table, model, Rows(table.rows()), 0, Checked::yes);
  Predictions out;
  out.examples = table.rows();
  out.header = header_of(model);
  out.columns = out.header.size();
  const bool labelled = has_one_label(model);
  if (labelled) out.classes = model.target.classes;
  out.values.reserve(out.columns * out.examples);
  std::vector<T> a(static_cast<std::size_t>(model.architecture.outputs));
  run<T>(model, p, examples, threads, [&](Index first, View<const T> A, View<const T>, double) {
    for (Index i = 0; i < A.cols; ++i) {
      read_outputs(model, A, i, examples, first + i, a.data());
      if (labelled) out.label.push_back(predicted_class(model.architecture.head(), a.data(), A.rows));
      if (labelled && a.size() == 1) out.values.push_back(static_cast<double>(T{1} - a[0]));
      out.values.insert(out.values.end(), a.begin(), a.end());
    }
  });
  return out;
}

template <class T>
Metrics evaluate_table(const Model::Data& model, const Parameters<T>& p, const Table& table, int threads) {
  const int n_y = model.architecture.outputs;
  Examples<T> examples(table, model, Rows(table.rows()), n_y, Checked::yes);
  if (examples.m() == 0) throw Error(ErrorCode::value, printable(table.source()) + " has no examples to evaluate on");
  std::vector<T> a(static_cast<std::size_t>(n_y));
  Score<T> score(model.architecture, model.target);
  run<T>(model, p, examples, threads, [&](Index first, View<const T> A, View<const T> Y, double loss) {
    for (Index i = 0; i < A.cols; ++i) read_outputs(model, A, i, examples, first + i, a.data());
    score.add(A, Y, loss);
  });
  return score.metrics();
}

template <class T>
std::vector<double> predict_columns(const Model::Data& model, const Parameters<T>& p, const RawRows& rows,
                                    std::size_t count, int threads) {
  Examples<T> examples(rows, model, count, Checked::yes);
  const auto n_y = static_cast<std::size_t>(model.architecture.outputs);
  std::vector<double> values;
  values.reserve(n_y * count);
  std::vector<T> a(n_y);
  run<T>(model, p, examples, threads, [&](Index first, View<const T> A, View<const T>, double) {
    for (Index i = 0; i < A.cols; ++i) {
      read_outputs(model, A, i, examples, first + i, a.data());
      values.insert(values.end(), a.begin(), a.end());
    }
  });
  return values;
}

}  // namespace

Predictions Model::predict(const Table& table, int threads) const try {
  return std::visit([&](const auto& p) { return predict_table(*data_, p, table, threads); }, data_->parameters);
} catch (...) {
  throw_as_error("to predict");
}

Metrics Model::evaluate(const Table& table, int threads) const try {
  return std::visit([&](const auto& p) { return evaluate_table(*data_, p, table, threads); }, data_->parameters);
} catch (...) {
  throw_as_error("to evaluate");
}

std::vector<double> Model::predict(std::span<const double> X, std::size_t m, int threads) const try {
  const auto n_x = static_cast<std::size_t>(data_->architecture.inputs);
  if (X.size() % n_x != 0 || X.size() / n_x != m) {
    throw Error(ErrorCode::shape,
                fmt::format("X has {} numbers; {} examples of {} inputs each, (n_x, m) = {}, expected", X.size(), m,
                            n_x, shape_text(n_x, m)));
  }
  const RawRows rows = raw_rows(X, n_x);
  return std::visit([&](const auto& p) { return predict_columns(*data_, p, rows, m, threads); }, data_->parameters);
} catch (...) {
  throw_as_error("to predict");
}

}  // namespace strata
