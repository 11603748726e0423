// A training that stops and goes on leaves the same bytes as one that never stopped.
#include <array>
#include <random>

#include "train/checkpoint.hpp"
#include "train/resume.hpp"

namespace strata {
namespace {

struct Case {
  const char* name;
  bool words;
  std::function<void(Options&)> set;
};

void realmlp(Options& options) {
  options = Options();
  apply_recipe(options, "realmlp");
  options.hidden_layers = {8, 6}, options.batch_size = 32, options.epochs = 12, options.one_hot_limit = 2;
}

std::vector<Case> cases() {
  return {
      {"adam", false, [](Options&) {}},
      {"momentum", true, [](Options& o) { o.optimizer = OptimizerKind::momentum; }},
      {"gradient descent, full", false,
       [](Options& o) { o.optimizer = OptimizerKind::gradient_descent, o.batch_size = 0, o.epochs = 60; }},
      {"adamw, dropout", true, [](Options& o) { o.optimizer = OptimizerKind::adamw, o.dropout = {0.3, 0.1}; }},
      {"l2, patience", false,
       [](Options& o) { o.l2 = 0.3, o.patience = 3, o.validation = "0.25", o.learning_rate = 0.02; }},
      {"full, patience, dropout", true,
       [](Options& o) { o.batch_size = 0, o.patience = 5, o.epochs = 80, o.dropout = {0.2}, o.learning_rate = 0.05; }},
      {"float64", false, [](Options& o) { o.precision = Precision::float64, o.l2 = 0.1; }},
      {"bf16", true, [](Options& o) { o.precision = Precision::bf16, o.batch_size = 100; }},
      {"a file", false, [](Options& o) { o.validation = "file", o.patience = 4; }},
      {"no length, no validation", false,
       [](Options& o) { o.epochs.reset(), o.validation = "none", o.learning_rate = 1e-4, o.hidden_layers = {3}; }},
      {"another figure, figures beside it", true,
       [](Options& o) {
         o.monitor = Metric::f1, o.patience = 4, o.metrics = {Metric::roc_auc, Metric::log_loss}, o.min_delta = 1e-3;
         o.group_column = "whose", o.learning_rate = 0.02;
       }},
      {"figures, full, tol", false,
       [](Options& o) {
         o.batch_size = 0, o.epochs = 300, o.tol = 1e-3, o.metrics = {Metric::pinball}, o.loss = Loss::quantile;
         o.quantile = 0.8;
       }},
      {"weights, clipping, schedules", true,
       [](Options& o) {
         o.weight_column = "count", o.class_weights.balanced = true, o.label_smoothing = 0.1, o.clip_norm = 0.5;
         o.schedule = Schedule{Schedule::Kind::one_cycle}, o.warm_up = 0.1, o.dropout = {0.2};
         o.weight_decay = PerKind{0.02, 0.01}, o.decay_schedule = o.dropout_schedule = {Schedule::Kind::cosine};
       }},
      {"the last batch dropped, coslog4, ntp", true,
       [](Options& o) {
         o.last_batch = LastBatch::drop, o.schedule = Schedule{Schedule::Kind::coslog4}, o.dropout = {0.2};
         o.parametrization = Parametrization::ntp, o.weight_decay = PerKind{0.02}, o.monitor.reset(), o.patience = 100;
         o.decay_schedule = o.dropout_schedule = {Schedule::Kind::flat_cosine}, o.rate_factor = {1, 0.1};
       }},
      {"the last batch of weighted rows dropped", true,
       [](Options& o) {
         o.last_batch = LastBatch::drop, o.weight_column = "count", o.monitor = Metric::accuracy, o.patience = 8;
         o.label_smoothing.reset(), o.l2 = 0.1;
       }},
      {"nesterov, huber, the last rows", false,
       [](Options& o) {
         o.optimizer = OptimizerKind::nesterov, o.loss = Loss::huber, o.validation = "last:0.2", o.patience = 5;
         o.weight_column = "count", o.time_column = "z";
       }},
      {"curves of more than a thousand points", false,
       [](Options& o) { o.hidden_layers = {2}, o.batch_size = 100, o.epochs = 1150, o.validation = "0.1"; }},
      {"slopes, and a stage of numbers, levels and scales", true,
       [](Options& o) {
         o.numeric_embedding = NumericEmbedding::pbld, o.one_hot_limit = 2, o.embedding_size = 3, o.input_scale = true;
         o.learned_slopes = true, o.activation = {Activation::mish}, o.scale = ScaleKind::robust, o.patience = 4;
         o.rate_factor = {1, 0.1, 0.5, 2, 3, 6}, o.weight_decay = PerKind{0.02, 0.01, 0.03, 0.04, 0.05, 0.06};
       }},
      {"numbers in pieces, and levels", true,
       [](Options& o) {
         o.numeric_embedding = NumericEmbedding::piecewise, o.one_hot_limit = 2, o.embedding_size = 3;
         o.optimizer = OptimizerKind::adamw, o.weight_decay = PerKind{0.02, 0.01, 0, 0.04, 0.05, 0}, o.patience = 5;
       }},
      {"scales alone, momentum, full", false,
       [](Options& o) {
         o.input_scale = true, o.optimizer = OptimizerKind::momentum, o.batch_size = 0, o.epochs = 60;
       }},
      {"levels alone, bf16", true,
       [](Options& o) { o.one_hot_limit = 2, o.embedding_size = 4, o.precision = Precision::bf16; }},
      {"the recipe realmlp", false, [](Options& o) { realmlp(o); }},
      {"the recipe realmlp, float64, weights", true,
       [](Options& o) { realmlp(o), o.precision = Precision::float64, o.weight_column = "count"; }},
      {"nothing asked", true, [](Options& o) { o = Options(), o.hidden_layers = {8}, o.learning_rate = 0.05; }},
  };
}

// Five stops at random updates of each, a second one behind each; with any number of threads on either side.
TEST_F(Resume, LeavesTheSameBytes) {
  std::mt19937 random(7);
  int advised = 0;
  for (Case& each : cases()) {
    Options options = small();
    each.set(options);
    const bool of_rows = !options.weight_column.empty() || !options.group_column.empty();
    const fs::path file = write("data.csv", csv(215, each.words, 1, 0, of_rows));
    if (options.validation == "file") options.validation = write("held.csv", csv(40, each.words, 1, 1000));
    options.threads = 1;
    costs_.clear();
    note_.clear();
    const Fit whole = train(file, options, telling());
    const auto costs = costs_;
    const std::string note = note_;
    advised += note.empty() ? 0 : 1;
    ASSERT_GT(whole.iterations, 3);
    for (int stop = 0; stop < 5; ++stop) {
      const auto any_of = [&](std::int64_t from, std::int64_t to) {
        return from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(to - from + 1));
      };
      const int threads[] = {1, 2, 3, 8};
      const std::int64_t first = any_of(1, whole.iterations - 2), second = any_of(first + 1, whole.iterations - 1);
      options.threads = threads[random() % 4];
      costs_.clear();
      note_.clear();
      const Fit cut = train(file, options, telling(stopping(first)));
      ASSERT_EQ(cut.ending, Ending::interrupted);
      const Fit again = go_on(file, [&](Options& o) { o.threads = threads[random() % 4]; }, telling(stopping(second)));
      ASSERT_EQ(again.ending, Ending::interrupted) << each.name;
      ASSERT_EQ(again.iterations, second);
      const Fit rest = go_on(file, [&](Options& o) { o.threads = threads[random() % 4]; }, telling());
      ASSERT_TRUE(bytes_of(rest.model) == bytes_of(whole.model)) << each.name << " " << first << " " << second;
      EXPECT_EQ(rest.iterations, whole.iterations);
      if (options.batch_size != 0) {  // else an epoch is told with the costs
        EXPECT_EQ(costs_, costs) << each.name;
        EXPECT_EQ(note_, note) << each.name;
      }
    }
  }
  EXPECT_GT(advised, 0) << "else the costs that it looks at were not put to the test";
}

// Writing changes nothing, and neither does when; the last one is of a training that has ended.
TEST_F(Resume, CheckpointsLeaveNoTrace) {
  Options options = small();
  options.patience = 2;
  options.learning_rate = 0.05;
  options.l2 = 0.2;
  const fs::path file = write("data.csv", csv(90, false));
  const std::string plain = bytes_of(train(file, options).model);
  Callbacks callbacks = stopping(0);
  std::int64_t made = 0;
  callbacks.wants_checkpoint = [&](const Progress& progress) { return ++made, progress.iteration > 0; };
  const Fit fit = train(file, options, callbacks);
  EXPECT_EQ(made, fit.iterations);
  EXPECT_TRUE(bytes_of(fit.model) == plain);
  ASSERT_LT(fit.iterations, 12 * 9) << "else the patience was not put to the test";
  const Fit ended = go_on(file);
  EXPECT_EQ(ended.iterations, fit.iterations);
  EXPECT_TRUE(bytes_of(ended.model) == plain);
  // Where the patience runs out with the last update, it is done, then as now.
  EXPECT_EQ(ended.ending, Ending::early_stopping);
  options.epochs = fit.model.record().epochs_tried;
  const Fit shorter = train(file, options, callbacks);
  EXPECT_EQ(shorter.ending, Ending::done);
  EXPECT_TRUE(bytes_of(go_on(file).model) == bytes_of(shorter.model));
  EXPECT_TRUE(bytes_of(go_on(file, [](Options& o) { o.epochs = 12; }).model) == plain);
}

// A divergence finds its way back as it would have.
TEST_F(Resume, DivergesAlike) {
  Options options = small();
  options.optimizer = OptimizerKind::gradient_descent;
  options.scale_target = false;
  options.epochs = 300;
  const fs::path file = write("data.csv", csv(90, false));
  Fit whole = train(file, options);
  for (double rate = 0.5; whole.ending != Ending::diverged && rate < 1e9; rate *= 1.4) {
    options.learning_rate = rate;
    whole = train(file, options);
    if (whole.iterations < 4) whole.ending = Ending::done;
  }
  ASSERT_EQ(whole.ending, Ending::diverged);
  for (std::int64_t after = 1; after < std::min<std::int64_t>(whole.iterations, 12); ++after) {
    static_cast<void>(train(file, options, stopping(after)));
    const Fit rest = go_on(file);
    EXPECT_EQ(rest.explanation, whole.explanation) << after;
    EXPECT_TRUE(bytes_of(rest.model) == bytes_of(whole.model)) << after;
  }
}

TEST_F(Resume, TakesALongerTraining) {
  Options options = small();
  const fs::path file = stopped(options, 40);
  options.epochs = 20;
  const std::string longer = bytes_of(train(file, options).model);
  EXPECT_TRUE(bytes_of(go_on(file, [](Options& o) { o.epochs = 20; }).model) == longer);
  // Stopped again, the longer one is meant.
  static_cast<void>(go_on(file, [](Options& o) { o.epochs = 20; }, stopping(130)));
  EXPECT_EQ(Checkpoint::load(checkpoint()).model().record().planned, 20 * 12);
  EXPECT_TRUE(bytes_of(go_on(file).model) == longer);
  EXPECT_EQ(refusal([&] { go_on(file, [](Options& o) { o.epochs = 3; }); }, ErrorCode::usage),
            "the training has done 130 updates already, and 36 are asked for: ask for more, or leave out --epochs");
}

// With full batches too, whose curves are of some updates: where the shorter one had ended, and before.
TEST_F(Resume, TakesALongerTrainingOfWholeBatches) {
  const auto sets = std::to_array<std::function<void(Options&)>>({
      [](Options&) {},
      [](Options& o) { o.patience = 5, o.monitor = Metric::r2; },
      [](Options& o) { o.patience = 300, o.l2 = 0.1; },
      [](Options& o) { o.batch_size = 1000, o.metrics = {Metric::mape}, o.loss = Loss::huber; },
      [](Options& o) { o.validation = "none", o.metrics = {Metric::pinball}, o.tol = 1e-3; },
      [](Options& o) { o.validation = "none", o.report_every = 7; },
  });
  for (const auto& set : sets) {
    Options options = small();
    options.batch_size = 0;
    options.validation = "0.2";
    set(options);
    const fs::path file = write("data.csv", csv(90, false));
    options.epochs = 400;
    const Fit longer = train(file, options);
    for (const std::int64_t length : {19, 23, 47, 110, 399}) {
      options.epochs = length;
      for (const std::int64_t stop : {length, length - 5}) {
        Callbacks callbacks = stopping(stop);
        callbacks.wants_checkpoint = [&](const Progress& progress) { return progress.iteration == stop; };
        if (stop == length) callbacks.stop = {};  // it comes to its end
        fs::remove(checkpoint());
        const Fit shorter = train(file, options, callbacks);
        if (!fs::exists(checkpoint())) continue;  // it had come to its end before
        EXPECT_TRUE(bytes_of(go_on(file, [](Options& o) { o.epochs = 400; }).model) == bytes_of(longer.model))
            << length << " " << stop;
        if (stop == length) {
          EXPECT_TRUE(bytes_of(go_on(file).model) == bytes_of(shorter.model)) << length;
        }
      }
    }
    const Curves& curves = longer.model.record().curves;
    EXPECT_EQ(curves.epochs.empty(), options.validation == "none" && options.metrics.empty());
    EXPECT_TRUE(curves.epochs.empty() || curves.epochs.back() == longer.iterations);
  }
}

// What nobody asked for is decided as at the first beginning: a length would change whether rows are held back.
TEST_F(Resume, DecidesAsAtTheFirstBeginning) {
  Options options;
  options.hidden_layers = {4};
  options.learning_rate = 0.001;  // without a schedule, which would depend on the length
  const fs::path file = write("data.csv", csv(230, false));
  static_cast<void>(train(file, options, stopping(3)));
  const Fit fit = go_on(file, [](Options& o) { o.epochs = 2; }, stopping(5));
  EXPECT_TRUE(fit.model.record().validation.has_value());
  EXPECT_TRUE(go_on(file).model.record().validation.has_value());

  options.learning_rate.reset();
  const Fit whole = train(file, options);
  static_cast<void>(train(file, options, stopping(5)));
  EXPECT_TRUE(bytes_of(go_on(file).model) == bytes_of(whole.model));
}

// The recipe of a table is open at the first beginning only, whatever is typed to go on. A checkpoint of before there
// was one goes on as it began.
TEST_F(Resume, KeepsTheRecipe) {
  const fs::path file = write("data.csv", csv(230, false));
  Options options;
  options.threads = 1;
  options.patience = 8;  // which belongs to every recipe
  const Fit whole = train(file, options);
  ASSERT_EQ(whole.model.networks(), 4U);
  static_cast<void>(train(file, options, stopping(5)));
  EXPECT_TRUE(bytes_of(go_on(file).model) == bytes_of(whole.model));
  EXPECT_TRUE(bytes_of(go_on(file, [](Options& o) { set_option(o, "optimizer", "adam"); }).model) ==
              bytes_of(whole.model));

  set_option(options, "optimizer", "adam");
  const Fit plain = train(file, options);
  ASSERT_EQ(plain.model.networks(), 1U);
  static_cast<void>(train(file, options, stopping(5)));
  internal::FileReader reader(checkpoint());
  auto [model, state] = internal::load_checkpoint(reader);
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"\"version\":2", "\"version\":1"}, {",\"named\":[\"optimizer\"]", ""}}) {
    ASSERT_NE(state.text.find(from), std::string::npos) << state.text;
    state.text.replace(state.text.find(from), from.size(), to);
  }
  internal::save_checkpoint(model, state.text, state.tensors, checkpoint());
  EXPECT_TRUE(bytes_of(go_on(file).model) == bytes_of(plain.model));
}

// What a recipe set, and nobody asked for, is told as at the first beginning, too.
TEST_F(Resume, RemembersWhatWasInherited) {
  Options options;
  apply_recipe(options, "realmlp", {{"hidden-layers", "4"}, {"epochs", "6"}, {"slopes", "fixed"}});
  const fs::path file = write("data.csv", csv(230, true));
  std::string warned;
  Callbacks callbacks = stopping(3);
  callbacks.warning = [&](std::string_view text) { warned += text; };
  static_cast<void>(train(file, options, callbacks));
  EXPECT_FALSE(options.inherited.empty());
  EXPECT_EQ(Checkpoint::load(checkpoint()).options(), options);
  static_cast<void>(go_on(file, {}, callbacks));
  EXPECT_EQ(warned, "");
}

TEST_F(Resume, TakesOwnArraysAndATable) {
  Options options = small();
  options.hidden_layers = std::vector<int>{};
  options.inputs = {"x"};
  options.target = {"y"};
  const auto table = [] {
    Table made;
    made.add_numbers("x", {}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
    made.add_numbers("y", {}, std::vector<double>{2, 1, 4, 3, 6, 5, 8, 7, 10, 9});
    return made;
  };
  const std::vector<Layer> own = {{Matrix{{0.5}}, Matrix{{0.25}}}};
  const Fit whole = train(table(), options, {}, own);
  static_cast<void>(train(table(), options, stopping(5), own));
  const Checkpoint from = Checkpoint::load(checkpoint());
  EXPECT_TRUE(bytes_of(resume(table(), from, from.options()).model) == bytes_of(whole.model));
}

TEST_F(Resume, RefusesOtherOptions) {
  Options options = small();
  options.learning_rate = 0.01;
  const fs::path file = stopped(options);
  EXPECT_EQ(refusal([&] { go_on(file, [](Options& o) { o.learning_rate = 0.02; }); }, ErrorCode::usage),
            "--learning-rate: the training was begun with '0.01', and '0.02' is asked for now; a training that goes on "
            "keeps its options: leave it out, or begin anew");
  EXPECT_TRUE(refusal([&] { go_on(file, [](Options& o) { o.seed = 2; }); }, ErrorCode::usage).starts_with("--seed: "));
  EXPECT_EQ(refusal([&] { go_on(file, [](Options& o) { o.epochs.reset(), o.time_limit = 5; }); }, ErrorCode::usage),
            "--time-limit: the length of a training that goes on is known: 144 updates, of which 20 are done; leave it "
            "out");
  EXPECT_EQ(go_on(file, [](Options& o) { o.report_every = 3, o.threads = 2; }).ending, Ending::done);
}

TEST_F(Resume, RefusesOtherData) {
  Options options = small();
  options.validation = write("held.csv", csv(20, false, 1, 500));
  const fs::path good = stopped(options);
  const auto said = [&](const std::string& text) {
    const fs::path file = write("other.csv", text);
    const std::string message = refusal([&] { static_cast<void>(go_on(file)); }, ErrorCode::value);
    const std::string begin = "the data are not those of the checkpoint: ";
    EXPECT_TRUE(message.starts_with(begin)) << message;
    return message.substr(std::min(begin.size(), message.size()));
  };
  const std::string text = csv(90, false);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    return changed.replace(changed.find(from), from.size(), to);
  };
  EXPECT_EQ(said(with("x,z", "u,z")), "the inputs are u, z, colour, wet, and they were x, z, colour, wet");
  EXPECT_EQ(said(with("wet,y", "wet,w")), "the targets are w, and they were y");
  EXPECT_EQ(said(with("red", "rot")), "the column 'colour' has another type, other values or is written otherwise");
  EXPECT_EQ(said(with("0.841471", "0.841472")), "the inputs have other numbers");
  EXPECT_EQ(said(csv(90, false, 2)), "the target has other numbers");
  EXPECT_EQ(said(csv(89, false)), "there are 89 rows to train on, and there were 90");
  // The same numbers and another order: the scaling does not tell, and the examples do.
  const std::size_t begin = text.find('\n') + 1, second = text.find('\n', begin) + 1,
                    third = text.find('\n', second) + 1;
  EXPECT_NE(said(text.substr(0, begin) + text.substr(second, third - second) + text.substr(begin, second - begin) +
                 text.substr(third)),
            "");
  write("held.csv", csv(20, false, 1, 501));
  const fs::path again = write("data.csv", text);
  EXPECT_EQ(
      refusal([&] { static_cast<void>(go_on(again)); }, ErrorCode::value),
      "the data are not those of the checkpoint: the inputs and the targets of the 20 rows for validation are not "
      "what they were");
  write("held.csv", csv(21, false, 1, 500));
  EXPECT_EQ(refusal([&] { static_cast<void>(go_on(again)); }, ErrorCode::value),
            "the data are not those of the checkpoint: there are 21 rows for validation, and there were 20");
}

// What a command that takes a model makes of one.
TEST_F(Resume, IsTheModelSoFar) {
  const fs::path file = stopped(small(), 20);
  Options shorter = small();
  shorter.epochs.reset();
  shorter.iterations = 20;
  const Fit fit = train(file, shorter);
  const Model model = Model::load(checkpoint());
  EXPECT_EQ(model.weights(2), fit.model.weights(2));
  EXPECT_EQ(model.record().ended, "unfinished");
  EXPECT_EQ(model.record().reached, 20);
  EXPECT_EQ(model.record().planned, 144);
  EXPECT_EQ(model.record().train.task, Task::automatic) << "it has no figures";
  EXPECT_EQ(Checkpoint::load(checkpoint()).options(), [] { return small(); }());
  fit.model.save(checkpoint());
  EXPECT_EQ(refusal([&] { static_cast<void>(Checkpoint::load(checkpoint())); }, ErrorCode::format),
            "'" + checkpoint().string() +
                "' is a model and no checkpoint: it does not say how its training goes on "
                "(checkpoints are what 'strata train --checkpoint' writes)");
}

}  // namespace
}  // namespace strata
