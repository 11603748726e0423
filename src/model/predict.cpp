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
#include "features/scaling.hpp"
#include "kernels/registry.hpp"
#include "model/encode.hpp"
#include "model/model_data.hpp"
#include "model/score.hpp"
#include "network/step.hpp"
#include "network/workspace.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

// Where examples come from: the raw inputs of example i, and the name of its j-th number for messages.
struct ExampleSource {
  std::size_t count = 0;
  std::function<void(std::size_t i, double* raw)> read;
  std::function<std::string(std::size_t i, std::size_t j)> where;
};

constexpr Index kMostColumns = 256;
constexpr Index kMostNumbers = 1 << 22;  // in the widest layer, as long as that leaves kFewestColumns
constexpr Index kFewestColumns = 16;

Index columns_of(const Architecture& net, std::size_t examples) {
  Index widest = 1;
  for (int l = 0; l <= net.depth(); ++l) widest = std::max<Index>(widest, net.units(l));
  const Index columns = std::clamp(kMostNumbers / widest, kFewestColumns, kMostColumns);
  return std::min(columns, std::max<Index>(1, static_cast<Index>(examples)));
}

int thread_count(int threads) {
  if (threads < 0)
    throw Error(ErrorCode::usage, fmt::format("expected a number of threads of at least 0, found {}", threads));
  return chosen_threads(threads);
}

// The network with all that it needs to run.
template <class T>
class Runner {
 public:
  Runner(const Model::Data& model, const Parameters<T>& p, const ExampleSource& examples, int threads)
      : model_(model),
        p_(p),
        examples_(examples),
        columns_(columns_of(model.architecture, examples.count)),
        pool_(thread_count(threads)),
        kernels_(make_kernels<T>(chosen_kernels(), model.precision(), pool_)),
        ws_(model.architecture, columns_, Keep::forward),
        X_(static_cast<std::size_t>(columns_ * model.architecture.inputs)),
        raw_(static_cast<std::size_t>(model.architecture.inputs)) {}

  [[nodiscard]] Index columns() const noexcept { return columns_; }

  /// Calls use(first, m, X) for each chunk: the scaled inputs of examples first … first + m − 1.
  template <class Use>
  void for_each_chunk(const Use& use) {
    const auto count = static_cast<Index>(examples_.count);
    for (Index first = 0; first < count; first += columns_) {
      const Index m = std::min(columns_, count - first);
      for (Index i = 0; i < m; ++i)
        scale(static_cast<std::size_t>(first + i), X_.data() + i * model_.architecture.inputs);
      use(static_cast<std::size_t>(first), m, View<T>(X_.data(), model_.architecture.inputs, m));
    }
  }

  /// A[L] of these inputs; valid until the next call.
  View<const T> activations(View<T> X) {
    strata::predict(model_.architecture, p_, X, ws_, *kernels_);
    return ws_.A[model_.architecture.depth()];
  }

  /// The same, and the sum of the losses.
  View<const T> activations(View<T> X, View<const T> Y, double& loss) {
    const int L = model_.architecture.depth();
    forward(model_.architecture, p_, X, ws_, *kernels_);
    kernels_->loss_head(model_.architecture.loss, ws_.Z[L], Y, ws_.A[L], ws_.dZ[L], &loss);
    return ws_.A[L];
  }

 private:
  void scale(std::size_t i, T* x) {
    examples_.read(i, raw_.data());
    apply_scaling(model_.scaling, raw_, x);
    for (std::size_t j = 0; j < raw_.size(); ++j) {
      if (std::isfinite(x[j])) continue;
      throw Error(ErrorCode::value, fmt::format("{}: {}, scaled as the model's inputs are, is no finite number in {}",
                                                examples_.where(i, j), shortest(raw_[j]),
                                                std::is_same_v<T, float> ? "float32" : "float64"));
    }
  }

  const Model::Data& model_;
  const Parameters<T>& p_;
  const ExampleSource& examples_;
  Index columns_;
  ThreadPool pool_;
  std::unique_ptr<Kernels<T>> kernels_;
  Workspace<T> ws_;
  std::vector<T> X_;
  std::vector<double> raw_;
};

// Example i of A[L] in the units of the target, rounded as the model computes.
template <class T>
void read_outputs(const Model::Data& model, View<const T> A, Index i, const ExampleSource& examples,
                  std::size_t example, T* a) {
  const Target& target = model.target;
  for (Index k = 0; k < A.rows; ++k) {
    const auto at = static_cast<std::size_t>(k);
    a[k] = A(k, i);
    if (!target.offset.empty())
      a[k] = static_cast<T>(static_cast<double>(a[k]) * target.divisor[at] + target.offset[at]);
    if (!std::isfinite(a[k])) {
      throw Error(ErrorCode::value,
                  fmt::format("{}: the network's output for this example is {}; its inputs are far outside what "
                              "the network was trained on",
                              examples.where(example, 0), shortest(a[k])));
    }
  }
}

bool has_one_label(const Model::Data& model) {
  return model.target.task == Task::classes ||
         (model.target.task == Task::binary &&
          (model.architecture.outputs == 1 || model.architecture.head() == Head::softmax));
}

ExampleSource examples_of(const Table& table, const std::vector<const Field*>& fields) {
  const auto where = [&table, &fields](std::size_t i, std::size_t j) {
    std::size_t f = 0;
    while (j >= fields[f]->width()) j -= fields[f++]->width();
    return table.where(*fields[f], i, j);
  };
  return {table.rows(), [&table, &fields](std::size_t i, double* raw) { table.read_row(fields, i, raw); }, where};
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
  const std::vector<const Field*> fields = match_inputs(model.inputs, table);
  const ExampleSource examples = examples_of(table, fields);
  Predictions out;
  out.examples = examples.count;
  out.header = header_of(model);
  out.columns = out.header.size();
  const bool labelled = has_one_label(model);
  if (labelled) out.classes = model.target.classes;
  out.values.reserve(out.columns * out.examples);

  Runner<T> runner(model, p, examples, threads);
  std::vector<T> a(static_cast<std::size_t>(model.architecture.outputs));
  runner.for_each_chunk([&](std::size_t first, Index m, View<T> X) {
    const View<const T> A = runner.activations(X);
    for (Index i = 0; i < m; ++i) {
      read_outputs(model, A, i, examples, first + static_cast<std::size_t>(i), a.data());
      if (labelled)
        out.label.push_back(predicted_class(model.architecture.head(), a.data(), model.architecture.outputs));
      if (labelled && a.size() == 1) out.values.push_back(static_cast<double>(T{1} - a[0]));
      out.values.insert(out.values.end(), a.begin(), a.end());
    }
  });
  return out;
}

template <class T>
Metrics evaluate_table(const Model::Data& model, const Parameters<T>& p, const Table& table, int threads) {
  const std::vector<const Field*> fields = match_inputs(model.inputs, table);
  const ExampleSource examples = examples_of(table, fields);
  if (examples.count == 0) throw Error(ErrorCode::value, printable(table.source()) + " has no examples to evaluate on");
  const TargetEncoder encoder(model.target, table);
  const int n_y = model.architecture.outputs;
  Runner<T> runner(model, p, examples, threads);
  std::vector<T> y(static_cast<std::size_t>(runner.columns() * n_y)), a(static_cast<std::size_t>(n_y));
  Score<T> score(model.architecture, model.target);
  runner.for_each_chunk([&](std::size_t first, Index m, View<T> X) {
    const View<T> Y(y.data(), n_y, m);
    for (Index i = 0; i < m; ++i) encoder.encode(first + static_cast<std::size_t>(i), Y.col(i), n_y);
    double loss = 0;
    const View<const T> A = runner.activations(X, Y, loss);
    for (Index i = 0; i < m; ++i) read_outputs(model, A, i, examples, first + static_cast<std::size_t>(i), a.data());
    score.add(A, Y, loss);
  });
  return score.metrics();
}

template <class T>
std::vector<double> predict_columns(const Model::Data& model, const Parameters<T>& p, const ExampleSource& examples,
                                    int threads) {
  const auto n_y = static_cast<std::size_t>(model.architecture.outputs);
  std::vector<double> values;
  values.reserve(n_y * examples.count);
  std::vector<T> a(n_y);
  Runner<T> runner(model, p, examples, threads);
  runner.for_each_chunk([&](std::size_t first, Index m, View<T> X) {
    const View<const T> A = runner.activations(X);
    for (Index i = 0; i < m; ++i) {
      read_outputs(model, A, i, examples, first + static_cast<std::size_t>(i), a.data());
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
  for (std::size_t at = 0; at < X.size(); ++at) {
    if (!std::isfinite(X[at])) {
      throw Error(ErrorCode::value, fmt::format("X({}, {}) is {}; expected a finite number", at % n_x + 1, at / n_x + 1,
                                                shortest(X[at])));
    }
  }
  const ExampleSource examples{m, [&](std::size_t i, double* raw) { std::copy_n(X.data() + i * n_x, n_x, raw); },
                               [](std::size_t i, std::size_t j) { return fmt::format("X({}, {})", j + 1, i + 1); }};
  return std::visit([&](const auto& p) { return predict_columns(*data_, p, examples, threads); }, data_->parameters);
} catch (...) {
  throw_as_error("to predict");
}

}  // namespace strata
