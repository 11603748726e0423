#include "model/outcomes.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "features/encode.hpp"
#include "model/metrics.hpp"

namespace strata::internal {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

double ratio(double part, double whole) { return whole > 0 ? part / whole : Metrics::kNone; }

}  // namespace

Outcomes::Outcomes(const Architecture& net, const Target& target)
    : task(target.task),
      outputs(static_cast<std::size_t>(net.outputs)),
      questions(net.head() == Head::sigmoid ? outputs : 1),
      classes(net.head() == Head::softmax ? outputs : 2) {}

template <class T>
void Outcomes::add(const Target& target, Head head, View<const T> A, View<const T> Y, const double* w) {
  const bool numbers = task == Task::regression;
  a.resize(a.size() + outputs * static_cast<std::size_t>(A.cols));
  double* a_of = a.data() + outputs * examples;
  for (Index j = 0; j < A.cols; ++j, a_of += outputs) {
    const T *said_of = A.col(j), *true_of = Y.col(j);
    for (std::size_t k = 0; k < outputs; ++k) {
      a_of[k] = kept_within(target, k, in_units(target, k, static_cast<double>(said_of[k])));
      if (!numbers) continue;
      const double truth_of = in_units(target, k, static_cast<double>(true_of[k]));
      const double offset = target.offset.empty() ? 0 : target.offset[k];
      // Where scaling has rounded a 0, what is left is of the size of its last bits.
      const double rounding = static_cast<double>(std::numeric_limits<T>::epsilon()) * std::abs(offset);
      y.push_back(std::abs(truth_of) > rounding ? truth_of : 0);
    }
    if (numbers) continue;
    const Index each = head == Head::softmax ? A.rows : 1;  // outputs of a question
    for (Index k = 0; k < A.rows; k += each) {
      truth.push_back(static_cast<std::uint32_t>(predicted_class(head, true_of + k, each)));
      said.push_back(static_cast<std::uint32_t>(predicted_class(head, said_of + k, each)));
    }
  }
  if (w != nullptr) weights.insert(weights.end(), w, w + A.cols);
  examples += static_cast<std::size_t>(A.cols);
}

Measurement::Measurement(const Outcomes& of, std::vector<Metric> wanted, double quantile)
    : of_(&of),
      wanted_(std::move(wanted)),
      needs_classes_(wants(Metric::balanced_accuracy) || wants(Metric::f1) || wants(Metric::mcc)),
      needs_numbers_(wants(Metric::rmse) || wants(Metric::r2)) {
  add_means(quantile);
  if (wants(Metric::roc_auc) || wants(Metric::pr_auc)) {
    if (of.classes > 2) {
      for (std::size_t k = 0; k < of.classes; ++k) rankings_.push_back(ranking(0, k, k));
    } else {  // of a softmax of two, the second
      for (std::size_t q = 0; q < of.questions; ++q) rankings_.push_back(ranking(q, 1, of.outputs - of.questions + q));
    }
  }
  if (!needs_numbers_) return;
  centre_.assign(of.outputs, 0);
  for (std::size_t i = 0; i < of.examples; ++i)
    for (std::size_t k = 0; k < of.outputs; ++k)
      centre_[k] += (of.y[i * of.outputs + k] - centre_[k]) / static_cast<double>(i + 1);
}

// The figures that are the mean of a number for each example: of several outputs or questions, the mean of theirs.
void Measurement::add_means(double quantile) {
  const Outcomes& of = *of_;
  std::vector<std::vector<double>> terms;
  const auto add = [&](std::size_t parts, const auto& term) {
    std::vector<double>& own = terms.emplace_back(of.examples);
    for (std::size_t i = 0; i < of.examples; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < parts; ++k) sum += term(i * parts + k);
      own[i] = sum / static_cast<double>(parts);
    }
  };
  const auto residual = [&](std::size_t k) { return of.y[k] - of.a[k]; };
  const bool softmax = of.outputs != of.questions;
  for (std::size_t at = 0; at < wanted_.size(); ++at) {
    switch (wanted_[at]) {
      case Metric::loss: terms.push_back(of.losses); break;
      case Metric::accuracy:
        add(1, [&](std::size_t i) {
          const std::uint32_t *truth = &of.truth[i * of.questions], *said = &of.said[i * of.questions];
          return std::equal(truth, truth + of.questions, said) ? 1.0 : 0.0;
        });
        break;
      case Metric::log_loss:
        add(of.questions, [&](std::size_t k) {
          const double p = softmax ? of.a[k * of.outputs + of.truth[k]] : of.truth[k] == 1 ? of.a[k] : 1 - of.a[k];
          return -std::log(std::clamp(p, kEpsilon, 1 - kEpsilon));
        });
        break;
      case Metric::brier:
        add(of.questions, [&](std::size_t k) {
          double sum = 0;
          const std::size_t first = of.classes == 2 ? of.outputs / of.questions - 1 : 0;  // of two classes, the second
          for (std::size_t c = first; c < of.outputs / of.questions; ++c) {
            const std::size_t is = softmax ? (of.truth[k] == c ? 1 : 0) : of.truth[k];
            const double difference = of.a[k * (of.outputs / of.questions) + c] - static_cast<double>(is);
            sum += difference * difference;
          }
          return sum;
        });
        break;
      case Metric::mae: add(of.outputs, [&](std::size_t k) { return std::abs(residual(k)); }); break;
      case Metric::mape:
        add(of.outputs, [&](std::size_t k) { return of.y[k] == 0 ? Metrics::kNone : std::abs(residual(k) / of.y[k]); });
        break;
      case Metric::pinball:
        add(of.outputs,
            [&](std::size_t k) { return residual(k) >= 0 ? quantile * residual(k) : (quantile - 1) * residual(k); });
        break;
      default: continue;
    }
    means_.push_back(at);
  }
  terms_.reserve(terms.size() * of.examples);
  for (std::size_t i = 0; i < of.examples; ++i)
    for (const std::vector<double>& own : terms) terms_.push_back(own[i]);
}

Measurement::Ranking Measurement::ranking(std::size_t question, std::size_t of_class, std::size_t output) const {
  const Outcomes& of = *of_;
  std::vector<std::pair<double, std::uint32_t>> scores(of.examples);  // −a, and of which example: sorted as they lie
  for (std::uint32_t i = 0; i < of.examples; ++i) {
    scores[i] = {-of.a[i * of.outputs + output], i};
    if (std::isnan(scores[i].first)) return {};  // of weights that went bad: nothing is defined
  }
  std::ranges::sort(scores, [](const auto& one, const auto& other) {
    return one.first < other.first || (one.first == other.first && one.second < other.second);
  });
  Ranking ranking{std::vector<std::uint32_t>(of.examples), std::vector<std::uint8_t>(of.examples)};
  for (std::size_t n = 0; n < of.examples; ++n) {
    const std::uint32_t i = ranking.order[n] = scores[n].second;
    const bool positive = of.truth[i * of.questions + question] == of_class;
    const bool last = n + 1 == of.examples || scores[n].first < scores[n + 1].first;
    ranking.marks[n] = static_cast<std::uint8_t>((positive ? kPositive : 0) | (last ? kLastOfEqual : 0));
  }
  return ranking;
}

bool Measurement::wants(Metric metric) const noexcept { return std::ranges::count(wanted_, metric) > 0; }

void Measurement::set(Metric metric, double value, double* values) const noexcept {
  for (std::size_t at = 0; at < wanted_.size(); ++at)
    if (wanted_[at] == metric) values[at] = value;
}

void Measurement::operator()(const std::uint16_t* counts, double unseen, double* scratch,
                             double* values) const noexcept {
  if (of_->weights.empty())
    return measure([=](std::size_t i) { return static_cast<double>(counts[i]); }, unseen, scratch, values);
  const double* const w = of_->weights.data();
  measure([=](std::size_t i) { return counts[i] * w[i]; }, unseen, scratch, values);
}

template <class Weight>
void Measurement::measure(const Weight& w, double unseen, double* scratch, double* values) const noexcept {
  const double total = measure_means(w, unseen, values);
  if (needs_classes_) measure_classes(w, scratch, values);
  if (!rankings_.empty()) measure_rankings(w, values);
  if (needs_numbers_) measure_numbers(w, total, values);
}

template <class Weight>
double Measurement::measure_means(const Weight& w, double unseen, double* values) const noexcept {
  std::array<double, kMostMeans> sums{};
  const std::size_t K = means_.size();
  assert(K <= kMostMeans);
  double total = 0;
  for (std::size_t i = 0; i < of_->examples; ++i) {
    const double weight = w(i);
    total += weight;
    if (weight == 0) continue;  // not even where its term is not defined
    for (std::size_t k = 0; k < K; ++k) sums[k] += weight * terms_[i * K + k];
  }
  for (std::size_t k = 0; k < K; ++k)
    values[means_[k]] = ratio(sums[k], total + (wanted_[means_[k]] == Metric::accuracy ? unseen : 0));
  return total;
}

// Of each class: how much of it is right (its true positives), is true, is said.
template <class Weight>
void Measurement::measure_classes(const Weight& w, double* sums, double* values) const noexcept {
  const std::size_t K = of_->classes, Q = of_->questions;
  double *const right = sums, *const is_true = sums + K, *const is_said = sums + 2 * K;
  double balanced = 0, f1 = 0, mcc = 0;
  for (std::size_t q = 0; q < Q; ++q) {
    std::fill(sums, sums + 3 * K, 0.0);
    double total = 0, all_right = 0;
    for (std::size_t i = 0; i < of_->examples; ++i) {
      const std::uint32_t truth = of_->truth[i * Q + q], said = of_->said[i * Q + q];
      const double weight = w(i);
      is_true[truth] += weight;
      is_said[said] += weight;
      right[truth] += truth == said ? weight : 0;
    }
    double recall = 0, f1_of_classes = 0, crossed = 0, true_squares = 0, said_squares = 0;
    double seen = 0, met = 0;  // classes that are there; that are there or said to be
    for (std::size_t k = 0; k < K; ++k) {
      total += is_true[k];
      all_right += right[k];
      crossed += is_true[k] * is_said[k];
      true_squares += is_true[k] * is_true[k];
      said_squares += is_said[k] * is_said[k];
      if (is_true[k] > 0) recall += right[k] / is_true[k], ++seen;
      if (is_true[k] + is_said[k] > 0) f1_of_classes += 2 * right[k] / (is_true[k] + is_said[k]), ++met;
    }
    balanced += ratio(recall, seen);
    f1 += K == 2 ? ratio(2 * right[1], is_true[1] + is_said[1]) : ratio(f1_of_classes, met);
    const auto spread = [&](double squares) {  // 0 for one class alone, however its weights were rounded
      return squares < (1 - 1e-13) * total * total ? std::sqrt(total * total - squares) : 0;
    };
    mcc += ratio(all_right * total - crossed, spread(true_squares) * spread(said_squares));
  }
  const auto questions = static_cast<double>(Q);
  set(Metric::balanced_accuracy, balanced / questions, values);
  set(Metric::f1, f1 / questions, values);
  set(Metric::mcc, std::clamp(mcc / questions, -1.0, 1.0), values);
}

// The area under the curve of true over false positives, and the mean precision over the recall.
template <class Weight>
void Measurement::measure_rankings(const Weight& w, double* values) const noexcept {
  double roc = 0, pr = 0;
  for (const Ranking& ranking : rankings_) {
    double positive = 0, negative = 0;          // of all before the equal ones
    double new_positive = 0, new_negative = 0;  // of these
    double area = 0, precisions = 0;
    for (std::size_t n = 0; n < ranking.order.size(); ++n) {
      const double weight = w(ranking.order[n]);
      ((ranking.marks[n] & kPositive) != 0 ? new_positive : new_negative) += weight;
      if ((ranking.marks[n] & kLastOfEqual) == 0) continue;
      area += new_negative * (positive + new_positive / 2);
      positive += new_positive;
      negative += new_negative;
      if (new_positive > 0) precisions += new_positive * (positive / (positive + negative));
      new_positive = new_negative = 0;
    }
    roc += ratio(area, positive * negative);
    pr += ratio(precisions, positive);
  }
  const auto count = static_cast<double>(rankings_.size());
  set(Metric::roc_auc, std::min(roc / count, 1.0), values);  // rounding may leave a bit more
  set(Metric::pr_auc, std::min(pr / count, 1.0), values);
}

// Of several outputs, the mean of theirs.
template <class Weight>
void Measurement::measure_numbers(const Weight& w, double total, double* values) const noexcept {
  double rmse = 0, r2 = 0;
  for (std::size_t k = 0; k < of_->outputs; ++k) {
    double squares = 0, sum = 0, sum_of_squares = 0;  // of the residuals; of the truth, from its centre
    for (std::size_t i = 0; i < of_->examples; ++i) {
      const double y = of_->y[i * of_->outputs + k], residual = of_->a[i * of_->outputs + k] - y;
      const double from_centre = y - centre_[k];
      const double weight = w(i);
      squares += weight * residual * residual;
      sum += weight * from_centre;
      sum_of_squares += weight * from_centre * from_centre;
    }
    const double deviations = sum_of_squares - sum * (sum / total);
    rmse += std::sqrt(ratio(squares, total));
    r2 += deviations > 1e-12 * sum_of_squares ? 1 - squares / deviations : Metrics::kNone;
  }
  const auto outputs = static_cast<double>(of_->outputs);
  set(Metric::rmse, rmse / outputs, values);
  set(Metric::r2, r2 / outputs, values);
}

std::vector<double> measured(const Outcomes& of, const std::vector<Metric>& wanted, double quantile) {
  const Measurement measure(of, wanted, quantile);
  const std::vector<std::uint16_t> once(of.examples, 1);
  std::vector<double> scratch(measure.scratch()), values(wanted.size());
  measure(once.data(), 0, scratch.data(), values.data());
  return values;
}

template void Outcomes::add(const Target&, Head, View<const float>, View<const float>, const double*);
template void Outcomes::add(const Target&, Head, View<const double>, View<const double>, const double*);

}  // namespace strata::internal
