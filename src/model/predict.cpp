// What a model says about examples, and how right it is.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "features/weights.hpp"
#include "model/metrics.hpp"
#include "model/plan.hpp"
#include "model/predictions.hpp"
#include "model/retyped.hpp"
#include "model/score.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

void require_threshold(const Model::Data& model, double threshold) {
  if (!(threshold >= 0 && threshold <= 1))
    throw Error(ErrorCode::usage, fmt::format("{}: expected a probability from 0 to 1, found {}", spelled("threshold"),
                                              shortest(threshold)));
  const bool is_one = has_one_label(model.target, model.architecture);
  if (is_one && model.target.classes.size() == 2) return;
  const std::size_t classes = model.target.classes.size();
  const std::string what = model.target.task == Task::regression ? "numbers"
                           : is_one                              ? fmt::format("one of {} classes", classes)
                                                                 : "several answers";
  throw Error(ErrorCode::usage,
              fmt::format("{} decides between two classes, and the model predicts {}", spelled("threshold"), what));
}

// use(a) for every example of the table or the rows, a its outputs in the units of the target.
template <class T, class Use>
void for_each_prediction(const Plan<T>& plan, Examples<T>& examples, int threads, const Use& use) {
  std::vector<T> a(static_cast<std::size_t>(plan.of.net.outputs));
  plan.run(examples, threads, [&](Index, View<const T> A, View<const T>, const double*, double) {
    for (Index i = 0; i < A.cols; ++i) {
      for (Index k = 0; k < A.rows; ++k) a[static_cast<std::size_t>(k)] = plan.in_target_units(A(k, i), k);
      use(std::as_const(a));
    }
  });
}

// The others are counted.
template <class T>
Rows rows_of_known_classes(Score<T>& score, const Target& target, const Table& table, const Weights& weights) {
  const TargetEncoder labels(target, table);
  if (target.one_hot || table.field(target.names.front()).width() != 1) return Rows(table.rows());
  std::vector<std::size_t> known;
  std::vector<double> unseen;
  std::size_t first = table.rows();
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (!labels.is_unseen(row)) {
      known.push_back(row);
    } else {
      unseen.push_back(weights[row]);
      first = std::min(first, row);
    }
  }
  if (first == table.rows()) return Rows(table.rows());
  std::string refusal;
  try {
    static_cast<void>(labels.label(first));
  } catch (const Error& error) {
    refusal = error.what();
  }
  score.add_unseen(unseen, labels.text(first), refusal);
  return Rows(std::move(known));
}

template <class T>
void add_table(Score<T>& score, std::vector<UnfamiliarInput>& unfamiliar, const Plan<T>& plan, const Table& given,
               int threads, const std::string& weight_column) {
  const std::optional<Table> converted = retyped(given, plan.features);
  const Table& table = converted ? *converted : given;
  if (table.rows() == 0) throw Error(ErrorCode::value, printable(table.source()) + " has no examples to evaluate on");
  const Weights all = weights_of(given, weight_column);
  Rows rows(table.rows());
  if (plan.features.target.task != Task::regression && plan.features.target.names.size() == 1)
    rows = rows_of_known_classes(score, plan.features.target, table, all);
  std::vector<double> weights = all.of(rows);
  Examples<T> examples(table, plan.features, std::move(rows), plan.of.net.outputs, Checked::yes);
  examples.set_weights(std::move(weights));
  plan.run(
      examples, threads,
      [&](Index, View<const T> A, View<const T> Y, const double* w, double loss) { score.add(A, Y, loss, w); },
      score.losses());
  add(unfamiliar, examples.unfamiliar());
}

template <class T>
Metrics metrics_of(Score<T>& score, std::vector<UnfamiliarInput> unfamiliar, const Bootstrap& bootstrap, int threads) {
  score.require_known();
  Metrics metrics = score.metrics(bootstrap, threads);
  metrics.unfamiliar = std::move(unfamiliar);
  return metrics;
}

// All figures of the task.
template <class T>
Score<T> score_for(const Plan<T>& plan, const Bootstrap& bootstrap) {
  const Target& target = plan.features.target;
  Score<T> score(plan.of.net, target, beside_the_usual(target.task, metrics_of(target.task)));
  if (bootstrap.resamples != 0) score.keep_all();
  return score;
}

}  // namespace

Predictions Model::predict(const Table& given, int threads, std::optional<double> threshold) const try {
  if (threshold) require_threshold(*data_, *threshold);
  const std::optional<Table> converted = retyped(given, *data_);
  const Table& table = converted ? *converted : given;
  Predictions out = no_predictions(data_->target, data_->architecture);
  with_plan(*data_, [&]<class T>(const Plan<T>& plan) {
    Examples<T> examples(table, plan.features, Rows(table.rows()), 0, Checked::yes);
    out.values.reserve(out.columns * table.rows());
    for_each_prediction(plan, examples, threads, [&](const std::vector<T>& a) {
      add_prediction<T>(out, plan.features.target, plan.of.net, a, threshold);
    });
    out.unfamiliar = examples.unfamiliar();
  });
  return out;
} catch (...) {
  throw_as_error("to predict");
}

Metrics Model::evaluate(const Table& table, int threads, const Bootstrap& bootstrap,
                        const std::string& weight_column) const try {
  if (const Weights weights = weights_of(table, weight_column); weights.of_weight_0() > 0) {
    std::vector<std::size_t> counting;
    for (std::size_t i = 0; i < weights.rows().size(); ++i) counting.push_back(weights.rows()[i]);
    return evaluate(table.select_rows(counting), threads, bootstrap, weight_column);
  }
  return with_plan(*data_, [&]<class T>(const Plan<T>& plan) {
    Score<T> score = score_for(plan, bootstrap);
    std::vector<UnfamiliarInput> unfamiliar;
    add_table(score, unfamiliar, plan, table, threads, weight_column);
    return metrics_of(score, std::move(unfamiliar), bootstrap, threads);
  });
} catch (...) {
  throw_as_error("to evaluate");
}

Metrics Model::evaluate(TableReader& reader, int threads, const Bootstrap& bootstrap) const try {
  return with_plan(*data_, [&]<class T>(const Plan<T>& plan) {
    Score<T> score = score_for(plan, bootstrap);
    // Whole chunks of columns, whose losses are summed apart: so the sums are those of one table.
    const auto columns = static_cast<std::size_t>(plan.columns());
    const std::size_t rows = columns * std::max<std::size_t>(1, reader.usual_rows() / columns);
    std::vector<UnfamiliarInput> unfamiliar;
    bool any = false;
    for (; const std::optional<Table> block = reader.next(rows); any = true)
      add_table(score, unfamiliar, plan, *block, threads, reader.weight_column());
    if (!any) throw Error(ErrorCode::value, "the reader has no examples left to evaluate on");
    return metrics_of(score, std::move(unfamiliar), bootstrap, threads);
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
