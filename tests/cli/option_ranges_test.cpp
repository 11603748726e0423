// Members of Options are held to the ranges of the table, each row at its ends and one beyond.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "options_for_tests.hpp"

namespace strata {
namespace {

TEST(Options, MembersAreHeldToTheRangesOfTheTable) {
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN(),
                          kInfinity = std::numeric_limits<double>::infinity();
  using Change = std::function<void(Options&)>;
  struct Case {
    std::string name;
    std::vector<Change> right, wrong;
  };
  const auto number = [](double TrainingOptions::* member, double value) -> Change {
    return [=](Options& o) { o.*member = value; };
  };
  // The options of a rule are refused beside another.
  const auto of_momentum = [](Case of_rule) {
    for (auto& change : of_rule.right)
      change = [change](Options& o) { change(o), o.optimizer = OptimizerKind::nesterov; };
    return of_rule;
  };
  const auto fraction = [&](const char* name, double TrainingOptions::* member) -> Case {
    return {name,
            {number(member, 0), number(member, std::nextafter(1.0, 0.0))},
            {number(member, -5e-324), number(member, 1), number(member, kNan)}};
  };
  const std::vector<Case> cases = {
      {"target",
       {[](Options& o) { o.target = {"a", " b,\""}; }},
       {[](Options& o) { o.target = {""}; }, [](Options& o) { o.target = {"a", "a"}; }}},
      {"inputs",
       {[](Options& o) { o.inputs = {"x"}; }},
       {[](Options& o) { o.inputs = {"x", ""}; }, [](Options& o) { o.inputs = {"x", "y", "x"}; }}},
      {"categorical",
       {[](Options& o) { o.categorical = {"x", "y"}; }},
       {[](Options& o) { o.categorical = {""}; }, [](Options& o) { o.categorical = {"x", "x"}; }}},
      {"impute", {[](Options& o) { o.impute = Impute::median; }}, {[](Options& o) {
         o.impute = static_cast<Impute>(2);
       }}},
      {"one-hot-limit",
       {[](Options& o) { o.one_hot_limit = 1; }, [](Options& o) { o.one_hot_limit = 1'000'000; }},
       {[](Options& o) { o.one_hot_limit = 0; }, [](Options& o) { o.one_hot_limit = 1'000'001; }}},
      {"folds",
       {[](Options& o) { o.folds = {2, 1}; }, [](Options& o) { o.folds = {100, 100}; },
        [](Options& o) { o.folds = {Folds::kAutomatic, 1}; }},
       {[](Options& o) { o.folds = {1, 1}; }, [](Options& o) { o.folds = {101, 1}; },
        [](Options& o) { o.folds = {5, 0}; }, [](Options& o) { o.folds = {5, 101}; }}},
      {"select", {[](Options& o) { o.select = Select::greedy, o.folds = {8, 1}, o.members = 2; }}, {[](Options& o) {
         o.select = static_cast<Select>(2), o.folds = {8, 1}, o.members = 2;
       }}},
      {"calibrate", {[](Options& o) { o.calibrate = Calibrate::temperature, o.folds = {8, 1}; }}, {[](Options& o) {
         o.calibrate = static_cast<Calibrate>(2), o.folds = {8, 1};
       }}},
      {"weight-column", {[](Options& o) { o.weight_column = "a, \"b\""; }}, {}},
      {"class-weights",
       {[](Options& o) { o.class_weights.balanced = true; },
        [](Options& o) { o.class_weights.each = {{"a:b", 0.5}, {"c, d", 3}, {"balanced", 1}}; }},
       {[](Options& o) { o.class_weights.each = {{"a", 0}}; }, [](Options& o) { o.class_weights.each = {{"a", -1}}; },
        [](Options& o) { o.class_weights.each = {{"a", std::numeric_limits<double>::quiet_NaN()}}; },
        [](Options& o) { o.class_weights = {.balanced = true, .each = {{"a", 1}}}; }}},
      {"missing-target", {[](Options& o) { o.missing_target = MissingTarget::drop; }}, {[](Options& o) {
         o.missing_target = static_cast<MissingTarget>(2);
       }}},
      {"task",
       {[](Options& o) { o.task = Task::regression; }},
       {[](Options& o) { o.task = static_cast<Task>(4); }, [](Options& o) { o.task = static_cast<Task>(-1); }}},
      {"scale", {[](Options& o) { o.scale = ScaleKind::none; }}, {[](Options& o) {
         o.scale = static_cast<ScaleKind>(7);
       }}},
      {"scale-target", {[](Options& o) { o.scale_target = true; }}, {}},
      {"validation",
       {[](Options& o) { o.validation = "5e-324"; }, [](Options& o) { o.validation = "0.9999"; },
        [](Options& o) { o.validation = "a.csv"; }, [](Options& o) { o.validation = "last:0.5"; }},
       {[](Options& o) { o.validation = "0"; }, [](Options& o) { o.validation = "1"; },
        [](Options& o) { o.validation = "1.5"; }, [](Options& o) { o.validation = " "; },
        [](Options& o) { o.validation = "last:1"; }, [](Options& o) { o.validation = "last:"; }}},
      {"validation-column",
       {[](Options& o) { o.validation_column = "a,b"; }},
       {[](Options& o) { o.validation_column = "a", o.validation = "0.2"; },
        [](Options& o) { o.validation_column = "a", o.group_column = "b"; }}},
      {"group-column",
       {[](Options& o) { o.group_column = "a"; }, [](Options& o) { o.group_column = "a", o.validation = "0.2"; }},
       {[](Options& o) { o.group_column = "a", o.validation = "last:0.2"; }}},
      {"time-column", {[](Options& o) { o.time_column = "a", o.validation = "last:0.1"; }}, {[](Options& o) {
         o.time_column = "a";
       }}},
      {"separator",
       {[](Options& o) { o.separator = '\t'; }, [](Options& o) { o.separator = '!'; },
        [](Options& o) { o.separator = '~'; }},
       {[](Options& o) { o.separator = 'a'; }, [](Options& o) { o.separator = '\n'; },
        [](Options& o) { o.separator = '\x7F'; }, [](Options& o) { o.separator = '"'; },
        [](Options& o) { o.separator = 'a'; }, [](Options& o) { o.separator = '.'; }}},
      {"header", {[](Options& o) { o.header = Header::no; }}, {[](Options& o) { o.header = static_cast<Header>(3); }}},
      {"comment",
       {[](Options& o) { o.comment = '#'; }},
       {[](Options& o) { o.comment = ' '; }, [](Options& o) { o.comment = static_cast<char>(200); }}},
      {"decimal", {[](Options& o) { o.decimal = DecimalSign::comma; }}, {[](Options& o) {
         o.decimal = static_cast<DecimalSign>(3);
       }}},
      {"missing", {[](Options& o) { o.missing = {"-99", "none at all"}; }}, {[](Options& o) { o.missing = {""}; }}},
      {"numeric", {[](Options& o) { o.numeric = {"*"}; }}, {[](Options& o) { o.numeric = {"a", "a"}; }}},
      {"categorical", {[](Options& o) { o.categorical = {"a"}; }}, {[](Options& o) { o.categorical = {""}; }}},
      {"date", {[](Options& o) { o.date = {"a"}; }}, {[](Options& o) { o.date = {""}; }}},
      {"ignore", {[](Options& o) { o.ignore = {"a"}; }}, {[](Options& o) { o.ignore = {""}; }}},
      {"date-order", {[](Options& o) { o.date_order = DateOrder::mdy; }}, {[](Options& o) {
         o.date_order = static_cast<DateOrder>(4);
       }}},
      {"bad-cells", {[](Options& o) { o.bad_cells = BadCells::missing; }}, {[](Options& o) {
         o.bad_cells = static_cast<BadCells>(2);
       }}},
      {"bad-rows", {[](Options& o) { o.bad_rows = BadRows::skip; }}, {[](Options& o) {
         o.bad_rows = static_cast<BadRows>(2);
       }}},
      {"transpose", {[](Options& o) { o.transpose = Transpose::yes; }}, {[](Options& o) {
         o.transpose = static_cast<Transpose>(3);
       }}},
      {"hidden-layers",
       {[](Options& o) { o.hidden_layers = {1, 1'000'000}; }, [](Options& o) { o.hidden_layers = std::vector<int>{}; },
        [](Options& o) { o.hidden_layers = std::vector<int>(1000, 1); }},
       {[](Options& o) { o.hidden_layers = {0}; }, [](Options& o) { o.hidden_layers = {1'000'001}; },
        [](Options& o) { o.hidden_layers = std::vector<int>(1001, 1); }}},
      {"activation",
       {[](Options& o) { o.activation = {Activation::identity, Activation::softplus}; },
        [](Options& o) { o.activation = {}; }},
       {[](Options& o) { o.activation = {static_cast<Activation>(11)}; },
        [](Options& o) { o.activation = {Activation::relu, Activation::relu, Activation::relu}; }}},
      {"loss", {[](Options& o) { o.loss = Loss::squared_error; }}, {[](Options& o) { o.loss = static_cast<Loss>(6); }}},
      {"initializer",
       {[](Options& o) { o.initializer = {Initializer::Kind::normal, 5e-324, {}}; },
        [](Options& o) { o.initializer = {Initializer::Kind::arrays, 0, "a.npz"}; }},
       {[](Options& o) { o.initializer = {Initializer::Kind::normal, 0, {}}; },
        [](Options& o) { o.initializer = {Initializer::Kind::normal, kInfinity, {}}; },
        [](Options& o) { o.initializer = {static_cast<Initializer::Kind>(7), 1, {}}; },
        [](Options& o) { o.initializer = {Initializer::Kind::arrays, 0, "a"}; }}},
      {"dropout",
       {[](Options& o) { o.dropout = {}; }, [](Options& o) { o.dropout = {0}; },
        [](Options& o) { o.dropout = {0, std::nextafter(1.0, 0.0)}; }},
       {[](Options& o) { o.dropout = {1}; }, [](Options& o) { o.dropout = {-5e-324}; },
        [](Options& o) { o.dropout = {0.5, kNan}; }}},
      {"random", {[](Options& o) { o.random = RandomStream::numpy; }}, {[](Options& o) {
         o.random = static_cast<RandomStream>(2);
       }}},
      {"seed", {[](Options& o) { o.seed = 0; }, [](Options& o) { o.seed = UINT64_MAX; }}, {}},
      {"members",
       {[](Options& o) { o.members = 2; }, [](Options& o) { o.members = 64; }},
       {[](Options& o) { o.members = 0; }, [](Options& o) { o.members = 65; }}},
      {"precision", {[](Options& o) { o.precision = Precision::bf16; }}, {[](Options& o) {
         o.precision = static_cast<Precision>(3);
       }}},
      {"optimizer", {[](Options& o) { o.optimizer = OptimizerKind::momentum; }}, {[](Options& o) {
         o.optimizer = static_cast<OptimizerKind>(5);
       }}},
      {"learning-rate",
       {[](Options& o) { o.learning_rate = 5e-324; }, [](Options& o) { o.learning_rate = 1.7e308; }},
       {[](Options& o) { o.learning_rate = 0; }, [](Options& o) { o.learning_rate = -1; },
        [](Options& o) { o.learning_rate = kNan; }, [](Options& o) { o.learning_rate = kInfinity; }}},
      {"huber-delta", {[](Options& o) { o.huber_delta = 5e-324; }}, {[](Options& o) { o.huber_delta = 0; }}},
      {"quantile",
       {[](Options& o) { o.quantile = 5e-324; }, [](Options& o) { o.quantile = std::nextafter(1.0, 0.0); }},
       {[](Options& o) { o.quantile = 0; }, [](Options& o) { o.quantile = 1; }, [](Options& o) { o.quantile = kNan; }}},
      {"label-smoothing",
       {[](Options& o) { o.label_smoothing = std::nextafter(1.0, 0.0); },
        [](Options& o) { o.label_smoothing.reset(); }},
       {[](Options& o) { o.label_smoothing = 1; }, [](Options& o) { o.label_smoothing = -5e-324; }}},
      {"rate-factor",
       {[](Options& o) { o.rate_factor = {0, 1e308}; },
        [](Options& o) { o.rate_factor = {1, 1, 5e-324, 0, 2, 1e308}; }},
       {[](Options& o) { o.rate_factor = {-5e-324, 1}; }, [](Options& o) { o.rate_factor = {1, kInfinity}; },
        [](Options& o) { o.rate_factor.scales = -1; }}},
      {"embedding-size",
       {[](Options& o) { o.embedding_size = 1; }, [](Options& o) { o.embedding_size = 1000; }},
       {[](Options& o) { o.embedding_size = -1; }, [](Options& o) { o.embedding_size = 1001; }}},
      {"numeric-embedding", {[](Options& o) { o.numeric_embedding = NumericEmbedding::piecewise; }}, {[](Options& o) {
         o.numeric_embedding = static_cast<NumericEmbedding>(3);
       }}},
      {"clamp-target", {[](Options& o) { o.clamp_target = true; }}, {}},
      {"slopes", {[](Options& o) { o.learned_slopes = true; }}, {}},
      {"input-scale", {[](Options& o) { o.input_scale = true; }}, {}},
      {"parametrization", {[](Options& o) { o.parametrization = Parametrization::ntp; }}, {[](Options& o) {
         o.parametrization = static_cast<Parametrization>(2);
       }}},
      {"last-batch",
       {[](Options& o) { o.last_batch = LastBatch::drop; }},
       {[](Options& o) { o.last_batch = static_cast<LastBatch>(2); },
        [](Options& o) { o.last_batch = LastBatch::drop, o.batch_size = 0; }}},
      {"schedule",
       {[](Options& o) { o.schedule = Schedule{Schedule::Kind::step, 0, {5e-324, 0.5}}; }},
       {[](Options& o) { o.schedule = Schedule{static_cast<Schedule::Kind>(6)}; },
        [](Options& o) { o.schedule = Schedule{Schedule::Kind::step, 1.1, {0.5}}; },
        [](Options& o) { o.schedule = Schedule{Schedule::Kind::step, 0.1, {}}; },
        [](Options& o) { o.schedule = Schedule{Schedule::Kind::step, 0.1, {0.5, 0.5}}; },
        [](Options& o) { o.schedule = Schedule{Schedule::Kind::step, 0.1, {1}}; }}},
      {"decay-schedule", {[](Options& o) { o.decay_schedule.kind = Schedule::Kind::cosine; }}, {[](Options& o) {
         o.decay_schedule.kind = static_cast<Schedule::Kind>(-1);
       }}},
      {"dropout-schedule", {[](Options& o) { o.dropout_schedule.kind = Schedule::Kind::cosine; }}, {[](Options& o) {
         o.dropout_schedule.kind = static_cast<Schedule::Kind>(-1);
       }}},
      fraction("warm-up", &TrainingOptions::warm_up),
      {"clip-norm",
       {number(&TrainingOptions::clip_norm, 0), number(&TrainingOptions::clip_norm, 5e-324)},
       {number(&TrainingOptions::clip_norm, -1), number(&TrainingOptions::clip_norm, kInfinity)}},
      of_momentum(fraction("momentum", &TrainingOptions::momentum)),
      fraction("beta1", &TrainingOptions::beta1),
      fraction("beta2", &TrainingOptions::beta2),
      {"epsilon",
       {number(&TrainingOptions::epsilon, 5e-324)},
       {number(&TrainingOptions::epsilon, 0), number(&TrainingOptions::epsilon, -1),
        number(&TrainingOptions::epsilon, kInfinity)}},
      {"l2",
       {number(&TrainingOptions::l2, 0), number(&TrainingOptions::l2, 1e308)},
       {number(&TrainingOptions::l2, -5e-324), number(&TrainingOptions::l2, kNan)}},
      {"patience", {[](Options& o) { o.patience = 0; }, [](Options& o) { o.patience = INT64_MAX; }}, {[](Options& o) {
         o.patience = -1;
       }}},
      {"min-delta",
       {number(&TrainingOptions::min_delta, 0), number(&TrainingOptions::min_delta, 1e308)},
       {number(&TrainingOptions::min_delta, -5e-324), number(&TrainingOptions::min_delta, kNan)}},
      {"monitor",
       {[](Options& o) { o.monitor = Metric::pinball; }, [](Options& o) { o.monitor.reset(); }},
       {[](Options& o) { o.monitor = static_cast<Metric>(99); }}},
      {"metrics", {[](Options& o) { o.metrics = {Metric::f1, Metric::mcc}; }}, {[](Options& o) {
         o.metrics = {Metric::f1, Metric::f1};
       }}},
      {"tol",
       {[](Options& o) { o.tol = 0; }, [](Options& o) { o.tol = 1e308; }},
       {[](Options& o) { o.tol = -5e-324; }, [](Options& o) { o.tol = kNan; }}},
      {"tol-epochs",
       {[](Options& o) { o.tol = 0, o.tol_epochs = 1; }},
       {[](Options& o) { o.tol = 0, o.tol_epochs = 0; }, [](Options& o) { o.tol_epochs = 11; }}},
      {"weight-decay",
       {[](Options& o) { o.weight_decay = PerKind{}; }, [](Options& o) { o.weight_decay = PerKind{1e308}; },
        [](Options& o) { o.weight_decay = PerKind{0, 0, 0, 0, 0, 5e-324}; }},
       {[](Options& o) { o.weight_decay = PerKind{-5e-324}; }, [](Options& o) { o.weight_decay = PerKind{kNan}; },
        [](Options& o) { o.weight_decay = PerKind{kInfinity}; }, [](Options& o) { o.weight_decay = PerKind{0, -1}; },
        [](Options& o) { o.weight_decay = PerKind{0, 0, 0, 0, -1}; }}},
      {"batch-size",
       {[](Options& o) { o.batch_size = 0; }, [](Options& o) { o.batch_size = 1; },
        [](Options& o) { o.batch_size = kMost; }},
       {[](Options& o) { o.batch_size = -1; }}},
      {"iterations",
       {[](Options& o) { o.iterations = 1; }, [](Options& o) { o.iterations = kMost; }},
       {[](Options& o) { o.iterations = 0; },
        [](Options& o) {
          o.iterations = 3;
          o.epochs = 3;
        }}},
      {"epochs", {[](Options& o) { o.epochs = 1; }, [](Options& o) { o.epochs = kMost; }}, {[](Options& o) {
         o.epochs = 0;
       }}},
      {"threads",
       {[](Options& o) { o.threads = 0; }, [](Options& o) { o.threads = 1024; }},
       {[](Options& o) { o.threads = -1; }, [](Options& o) { o.threads = 1025; }}},
      {"time-limit",
       {[](Options& o) { o.time_limit = 0; }, [](Options& o) { o.time_limit = 1e-9; }},
       {[](Options& o) { o.time_limit = -1; }, [](Options& o) { o.time_limit = kNan; }}},
      {"report-every",
       {[](Options& o) { o.report_every = 0; }, [](Options& o) { o.report_every = kMost; }},
       {[](Options& o) { o.report_every = -1; }}},
  };
  std::set<std::string_view> named;
  for (const Case& c : cases) {
    named.insert(c.name);
    for (std::size_t i = 0; i < c.right.size(); ++i) EXPECT_EQ(objection(c.right[i]), "") << c.name << " right " << i;
    for (std::size_t i = 0; i < c.wrong.size(); ++i) {
      const std::string found = objection(c.wrong[i]);
      EXPECT_TRUE(found.starts_with("--" + c.name)) << c.name << " wrong " << i << ": '" << found << "'";
    }
  }
  for (const OptionSpec& option : option_table()) EXPECT_TRUE(named.contains(option.name)) << option.name;
}

}  // namespace
}  // namespace strata
