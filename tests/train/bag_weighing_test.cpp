// Which networks of a bag count how much, and how sure they are together, by the rows that they were not trained on.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "bag.hpp"
#include "train/calibrate.hpp"
#include "train/select.hpp"

namespace strata {
using namespace bags;
namespace {

struct Case {
  const char* name;
  Options options;
};

/// Members without early stopping, so that each is one that can be trained alone.
Options weighed(std::vector<std::string> target, Folds folds, int members) {
  Options options = asked(std::move(target), folds);
  options.patience = 0, options.members = members, options.epochs = 8;
  options.select = Select::greedy;
  return options;
}

std::vector<Case> cases() {
  std::vector<Case> all = {{"two classes", weighed({"kind"}, {3, 1}, 4)},
                           {"partings", weighed({"kind"}, {3, 3}, 1)},
                           {"partings and members", weighed({"kind"}, {2, 2}, 3)},
                           {"three classes", weighed({"level"}, {3, 1}, 3)},
                           {"numbers", weighed({"y"}, {3, 2}, 2)},
                           {"two targets", weighed({"y", "y2"}, {4, 1}, 3)},
                           {"float64", weighed({"y", "y2"}, {2, 2}, 2)},
                           {"weights", weighed({"kind"}, {3, 2}, 2)},
                           {"AUC", weighed({"kind"}, {3, 4}, 1)}};
  all[6].options.precision = Precision::float64;
  all[7].options.weight_column = "w";
  all[8].options.monitor = Metric::roc_auc, all[8].options.patience = 3;
  return all;
}

/// What counts of predictions: numbers, or probabilities of all classes.
class Truth {
 public:
  Truth(const OutOfFold& told, const Options& options) : told_(told), options_(options) {
    columns_ = told.predictions.columns;
  }
  [[nodiscard]] std::size_t numbers() const { return columns_ * told_.rows.size(); }
  [[nodiscard]] double weight(std::size_t i) const {
    return options_.weight_column.empty() ? 1 : static_cast<double>(told_.rows[i] % 4);
  }
  [[nodiscard]] double loss(std::span<const double> a) const {
    double sum = 0, weight_of_all = 0;
    for (std::size_t i = 0; i < told_.rows.size(); ++i) {
      double own = 0;
      if (told_.predictions.classes.empty())
        for (std::size_t k = 0; k < columns_; ++k)
          own += 0.5 * std::pow(a[i * columns_ + k] - told_.targets[i * columns_ + k], 2);
      else
        own = -std::log(a[i * columns_ + label(i)]);
      sum += weight(i) * own, weight_of_all += weight(i);
    }
    return sum / weight_of_all;
  }
  /// Of the second class: the share of the pairs that are in order.
  [[nodiscard]] double auc(std::span<const double> a) const {
    double right = 0, pairs = 0;
    for (std::size_t i = 0; i < told_.rows.size(); ++i)
      for (std::size_t j = 0; j < told_.rows.size(); ++j) {
        if (label(i) != 1 || label(j) != 0) continue;
        const double up = a[2 * i + 1], down = a[2 * j + 1];
        right += up > down ? 1 : up == down ? 0.5 : 0, pairs += 1;
      }
    return right / pairs;
  }
  [[nodiscard]] std::size_t label(std::size_t i) const { return static_cast<std::size_t>(told_.targets[i]); }
  [[nodiscard]] std::size_t columns() const { return columns_; }

 private:
  const OutOfFold& told_;
  const Options& options_;
  std::size_t columns_;
};

/// Of each parting and member: what the networks say of the rows that they were not trained on, which are all.
std::vector<std::vector<double>> candidates_of(const Options& options, const Fit& fit) {
  const auto parts = static_cast<std::size_t>(options.folds.parts), members = static_cast<std::size_t>(options.members);
  const std::size_t columns = fit.out_of_fold->predictions.columns;
  std::vector<std::vector<double>> all(static_cast<std::size_t>(options.folds.repeats) * members,
                                       std::vector<double>(columns * fit.out_of_fold->rows.size()));
  Options one = options;
  one.members = 1, one.select = Select::none, one.calibrate = Calibrate::none;
  for (std::size_t f = 0; f < fit.parts.size(); ++f)
    for (std::size_t i = 0; i < members; ++i) {
      const Predictions own = alone(one, fit.parts[f], f * members + i).model.predict(data());
      for (std::size_t at = 0; at < fit.out_of_fold->rows.size(); ++at) {
        const std::size_t row = fit.out_of_fold->rows[at];
        if (std::ranges::count(fit.parts[f].rows, row) == 0) continue;
        for (std::size_t k = 0; k < columns; ++k)
          all[f / parts * members + i][at * columns + k] = own.values[row * columns + k];
      }
    }
  return all;
}

/// Their mean, by these counts.
std::vector<double> mean_of(const std::vector<std::vector<double>>& candidates,
                            const std::vector<std::size_t>& counts) {
  const auto sum = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}));
  std::vector<double> mean(candidates.front().size());
  for (std::size_t c = 0; c < candidates.size(); ++c)
    for (std::size_t at = 0; at < mean.size(); ++at)
      mean[at] += static_cast<double>(counts[c]) / sum * candidates[c][at];
  return mean;
}

TEST(Weighing, TakesTheMembersThatAGreedySelectionTakes) {
  std::size_t dropped = 0, several = 0;
  for (const auto& [name, options] : cases()) {
    SCOPED_TRACE(name);
    std::string warnings, notes;
    const Fit fit = train(data(), options, telling(warnings, &notes));
    ASSERT_TRUE(fit.out_of_fold);
    const OutOfFold& told = *fit.out_of_fold;
    const Truth truth(told, options);
    const bool by_auc = options.monitor == Metric::roc_auc;
    const auto candidates = candidates_of(options, fit);
    const internal::Selection expected = internal::select_greedily(
        candidates, [&](std::span<const double> a) { return by_auc ? truth.auc(a) : truth.loss(a); }, by_auc);
    const auto parts = static_cast<std::size_t>(options.folds.parts);
    const auto members = static_cast<std::size_t>(options.members);
    const auto all =
        static_cast<double>(std::accumulate(expected.counts.begin(), expected.counts.end(), std::size_t{0}) * parts);
    Options every = options;
    every.select = Select::none;
    const Fit whole = train(data(), every);
    ASSERT_EQ(whole.model.networks(), parts * candidates.size());
    std::size_t at = 0;
    for (std::size_t j = 0; j < whole.model.networks(); ++j) {
      const std::size_t count = expected.counts[j / members / parts * members + j % members];
      if (count == 0) continue;
      ASSERT_LT(at, fit.model.networks());
      EXPECT_EQ(fit.model.shares()[at], static_cast<double>(count) / all);
      EXPECT_EQ(fit.model.weights(1, at), whole.model.weights(1, j));
      EXPECT_EQ(fit.model.record().networks[at], whole.model.record().networks[j]);
      ++at;
    }
    EXPECT_EQ(at, fit.model.networks());
    EXPECT_EQ(at, fit.model.record().networks.size());
    dropped += whole.model.networks() - at;
    if (expected.counts != std::vector<std::size_t>(candidates.size(), 1) && at > parts) ++several;
    const double near = options.precision == Precision::float64 ? 1e-14 : 3e-7;
    const std::vector<double> mean = mean_of(candidates, expected.counts);
    ASSERT_EQ(told.predictions.values.size(), mean.size());
    for (std::size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(told.predictions.values[i], mean[i], near);
    const Metrics& figures = *fit.model.record().out_of_fold;
    EXPECT_NEAR(figures.loss, truth.loss(mean), 1e-6);
    if (by_auc) {
      EXPECT_NEAR(figures.roc_auc, truth.auc(mean), 1e-9);
    }
    EXPECT_NEAR(by_auc ? figures.roc_auc : figures.loss, expected.score, 1e-6);
    // The model says Σ share · A of those that are left, and its figures are those of what it says.
    std::vector<double> said(whole.model.predict(data()).values.size());
    Options one = every;
    one.members = 1;
    for (std::size_t j = 0; j < fit.model.networks(); ++j) {
      const NetworkRecord& each = fit.model.record().networks[j];
      const auto f = static_cast<std::size_t>(each.fold - 1), i = static_cast<std::size_t>(each.member - 1);
      const Predictions own = alone(one, fit.parts[f], f * members + i).model.predict(data());
      for (std::size_t k = 0; k < said.size(); ++k) said[k] += fit.model.shares()[j] * own.values[k];
    }
    const Predictions whole_said = fit.model.predict(data());
    for (std::size_t k = 0; k < said.size(); ++k) EXPECT_NEAR(whole_said.values[k], said[k], near);
    EXPECT_NEAR(fit.model.record().train.loss, fit.model.evaluate(data(), 1, {}, options.weight_column).loss, 1e-12);
    const auto taken = static_cast<std::size_t>(std::ranges::count_if(expected.counts, [](auto n) { return n > 0; }));
    EXPECT_NE(notes.find(std::to_string(taken) + " of " + std::to_string(candidates.size()) +
                         " candidates are selected: out of fold the " + (by_auc ? "roc-auc" : "loss") + " is "),
              std::string::npos)
        << notes;
  }
  EXPECT_GT(dropped, 0U);  // or nothing was shown
  EXPECT_GT(several, 0U);
}

/// softmax(log p / T) of all examples.
std::vector<double> tempered(std::vector<double> p, std::size_t columns, double temperature) {
  for (std::size_t first = 0; first < p.size(); first += columns) {
    double sum = 0;
    for (std::size_t k = 0; k < columns; ++k) sum += p[first + k] = std::pow(p[first + k], 1 / temperature);
    for (std::size_t k = 0; k < columns; ++k) p[first + k] /= sum;
  }
  return p;
}

TEST(Weighing, CalibratesByTheRowsThatWereHeldOut) {
  for (const Select select : {Select::none, Select::greedy}) {
    for (auto [name, options] : cases()) {
      if (options.target.front() == "y") continue;
      SCOPED_TRACE(name);
      options.select = select, options.epochs = 25, options.learning_rate = 0.06;  // too sure
      const Fit before = train(data(), options);
      options.calibrate = Calibrate::temperature;
      std::string warnings, notes;
      const Fit fit = train(data(), options, telling(warnings, &notes));
      const OutOfFold &told = *fit.out_of_fold, &plain = *before.out_of_fold;
      const Truth truth(plain, options);
      const std::size_t columns = truth.columns();
      std::vector<double> A, Y, w;
      for (std::size_t i = 0; i < plain.rows.size(); ++i) {
        for (std::size_t k = columns == 2 ? 1 : 0; k < columns; ++k) {
          A.push_back(plain.predictions.values[i * columns + k]);
          Y.push_back(truth.label(i) == k ? 1 : 0);
        }
        if (!options.weight_column.empty()) w.push_back(truth.weight(i));
      }
      const Head head = columns == 2 ? Head::sigmoid : Head::softmax;
      const double temperature = internal::fit_temperature<double>(
          {A.begin(), A.end()}, Y, w, head, static_cast<internal::Index>(A.size() / plain.rows.size()));
      EXPECT_GT(std::abs(std::log(temperature)), 0.01);  // or nothing was shown
      EXPECT_NEAR(fit.model.temperature() / temperature, 1, 1e-4);
      EXPECT_EQ(before.model.temperature(), 1);
      EXPECT_EQ(fit.model.shares(), before.model.shares());
      EXPECT_LE(fit.model.record().out_of_fold->loss, before.model.record().out_of_fold->loss + 1e-7);
      const double own = fit.model.temperature();
      const std::vector<double> expected = tempered(plain.predictions.values, columns, own);
      for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(told.predictions.values[i], expected[i], 2e-6);
      EXPECT_NEAR(fit.model.record().out_of_fold->loss, truth.loss(expected), 1e-5);
      const std::vector<double> all = tempered(before.model.predict(data()).values, columns, own);
      const Predictions said = fit.model.predict(data());
      for (std::size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(said.values[i], all[i], 2e-6);
      EXPECT_NEAR(fit.model.record().train.loss, fit.model.evaluate(data(), 1, {}, options.weight_column).loss, 1e-12);
      EXPECT_NE(notes.find("calibrated with the temperature "), std::string::npos) << notes;
      EXPECT_EQ(Model::from_bytes(fit.model.to_bytes()).temperature(), own);
    }
  }
}

TEST(Weighing, OfABagThatIsStoppedIsLeftUndone) {
  Options options = weighed({"kind"}, {3, 1}, 2);
  options.calibrate = Calibrate::temperature;
  const Fit whole = train(data(), options);
  std::string warnings;
  Callbacks callbacks = telling(warnings);
  std::int64_t done = 0;
  std::vector<Checkpoint> made;
  callbacks.progress = [&](const Progress&) { ++done; };
  callbacks.stop = [&] { return done == 100; };
  callbacks.checkpoint = [&](Checkpoint checkpoint) { made.push_back(std::move(checkpoint)); };
  const Fit fit = train(data(), options, callbacks);
  ASSERT_EQ(fit.ending, Ending::interrupted);
  EXPECT_EQ(fit.model.networks(), 2U);
  EXPECT_EQ(fit.model.shares(), (std::vector<double>{0.5, 0.5}));
  EXPECT_EQ(fit.model.temperature(), 1);
  EXPECT_NE(warnings.find("not all folds have networks, so that these count alike and are not calibrated\n"),
            std::string::npos)
      << warnings;
  expect_same(resume(data(), made.back(), made.back().options()), whole);
}

TEST(Weighing, IsTheSameForAnyNumberOfThreadsAndAfterAResume) {
  Options options = weighed({"level"}, {2, 2}, 3);
  options.calibrate = Calibrate::temperature, options.patience = 3;
  options.threads = 1;
  std::vector<Checkpoint> made;
  Callbacks callbacks;
  callbacks.checkpoint = [&](Checkpoint checkpoint) { made.push_back(std::move(checkpoint)); };
  const Fit whole = train(data(), options, callbacks);
  EXPECT_NE(whole.model.temperature(), 1);
  for (const int threads : {2, 3}) {
    options.threads = threads;
    expect_same(train(data(), options), whole);
  }
  EXPECT_EQ(made.size(), 3U);
  for (const Checkpoint& from : made) expect_same(resume(data(), from, from.options()), whole);
}

}  // namespace
}  // namespace strata
