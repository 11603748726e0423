// What a model says about examples, and how right it is.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "model/plan.hpp"
#include "model/score.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

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

// use(a) for every example of the table or the rows, a its outputs in the units of the target.
template <class T, class Use>
void for_each_prediction(const Plan<T>& plan, Examples<T>& examples, int threads, const Use& use) {
  std::vector<T> a(static_cast<std::size_t>(plan.net.outputs));
  plan.run(examples, threads, [&](Index, View<const T> A, View<const T>, double) {
    for (Index i = 0; i < A.cols; ++i) {
      for (Index k = 0; k < A.rows; ++k) a[static_cast<std::size_t>(k)] = plan.in_target_units(A(k, i), k);
      use(std::as_const(a));
    }
  });
}

template <class T>
void add_table(Score<T>& score, const Plan<T>& plan, const Table& table, int threads) {
  Examples<T> examples(table, plan.features, Rows(table.rows()), plan.net.outputs, Checked::yes);
  if (examples.m() == 0) throw Error(ErrorCode::value, printable(table.source()) + " has no examples to evaluate on");
  plan.run(examples, threads, [&](Index, View<const T> A, View<const T> Y, double loss) { score.add(A, Y, loss); });
}

}  // namespace

Predictions Model::predict(const Table& table, int threads) const try {
  Predictions out;
  out.examples = table.rows();
  out.header = header_of(*data_);
  out.columns = out.header.size();
  const bool labelled = has_one_label(*data_);
  if (labelled) out.classes = data_->target.classes;
  with_plan(*data_, [&]<class T>(const Plan<T>& plan) {
    Examples<T> examples(table, plan.features, Rows(table.rows()), 0, Checked::yes);
    out.values.reserve(out.columns * out.examples);
    for_each_prediction(plan, examples, threads, [&](const std::vector<T>& a) {
      if (labelled) out.label.push_back(predicted_class(plan.net.head(), a.data(), std::ssize(a)));
      if (labelled && a.size() == 1) out.values.push_back(static_cast<double>(T{1} - a[0]));
      out.values.insert(out.values.end(), a.begin(), a.end());
    });
    out.unfamiliar = examples.unfamiliar();
  });
  return out;
} catch (...) {
  throw_as_error("to predict");
}

Metrics Model::evaluate(const Table& table, int threads) const try {
  return with_plan(*data_, [&]<class T>(const Plan<T>& plan) {
    Score<T> score(plan.net, plan.features.target);
    add_table(score, plan, table, threads);
    return score.metrics();
  });
} catch (...) {
  throw_as_error("to evaluate");
}

Metrics Model::evaluate(TableReader& reader, int threads) const try {
  return with_plan(*data_, [&]<class T>(const Plan<T>& plan) {
    Score<T> score(plan.net, plan.features.target);
    // Whole chunks of columns, whose losses are summed apart: so the sums are those of one table.
    const auto columns = static_cast<std::size_t>(plan.columns());
    const std::size_t rows = columns * std::max<std::size_t>(1, reader.usual_rows() / columns);
    bool any = false;
    for (; const std::optional<Table> block = reader.next(rows); any = true) add_table(score, plan, *block, threads);
    if (!any) throw Error(ErrorCode::value, "the reader has no examples left to evaluate on");
    return score.metrics();
  });
} catch (...) {
  throw_as_error("to evaluate");
}

std::vector<double> Model::predict(std::span<const double> X, std::size_t m, int threads) const try {
  const std::size_t n_x = InputEncoder(*data_, 0).raw_width();
  if (X.size() % n_x != 0 || X.size() / n_x != m) {
    throw Error(ErrorCode::shape,
                fmt::format("X has {} numbers; {} examples of {} inputs each, (n_x, m) = {}, expected", X.size(), m,
                            n_x, shape_text(n_x, m)));
  }
  std::vector<double> values;
  values.reserve(m * static_cast<std::size_t>(data_->architecture.outputs));
  with_plan(*data_, [&]<class T>(const Plan<T>& plan) {
    Examples<T> examples(raw_rows(X, n_x), plan.features, m, Checked::yes);
    for_each_prediction(plan, examples, threads,
                        [&](const std::vector<T>& a) { values.insert(values.end(), a.begin(), a.end()); });
  });
  return values;
} catch (...) {
  throw_as_error("to predict");
}

}  // namespace strata
