// A model that is trained further, with other data.
#include "continuation.hpp"

#include "strata/package.hpp"
#include "strata/tools.hpp"

namespace strata {
namespace {

struct Case {
  const char* name;
  bool words;
  std::function<void(Options&)> set;
};

// Gradient descent over all examples has no memory, so that two trainings one behind the other are one.

TEST_F(Continuation, OfTheSameDataIsOneLongTraining) {
  for (const Precision precision : {Precision::float32, Precision::float64, Precision::bf16}) {
    for (const bool words : {false, true}) {
      const fs::path file = write("a.csv", csv(0, 80, words));
      Options options = small(words);
      options.optimizer = OptimizerKind::gradient_descent;
      options.batch_size = 0, options.epochs.reset(), options.iterations = 30;
      options.precision = precision, options.l2 = 0.1, options.learning_rate = 0.3;
      if (!words) options.loss = Loss::huber;
      const Fit first = train(file, options);
      options.iterations = 50;
      const Fit whole = train(file, options);
      const Fit fit = go_on(first.model, file, [](Options& o) { o.iterations = 20; });
      EXPECT_EQ(parameters(fit.model), parameters(whole.model)) << name(precision) << words;
      EXPECT_NE(parameters(fit.model), parameters(first.model));
      EXPECT_EQ(fit.model.architecture(), whole.model.architecture());
      expect_same_features(fit.model.features(), first.model.features());
      EXPECT_EQ(fit.before->loss, first.model.record().train.loss);
    }
  }
}

TEST_F(Continuation, KeepsWhatTheModelIs) {
  const Model model = train(write("a.csv", csv(0, 120, true)), small(true)).model;
  std::string text = csv(300, 90, true, 5);  // x lies elsewhere
  text.replace(text.find("green"), 5, "blue");
  const Fit fit = go_on(model, write("b.csv", text));
  expect_same_features(fit.model.features(), model.features());
  EXPECT_EQ(fit.model.architecture(), model.architecture());
  EXPECT_TRUE(noted("continues a model of a.csv (120 rows, 90 updates)")) << notes_;
  EXPECT_TRUE(noted("it is trained as it was then\n")) << notes_;
  EXPECT_TRUE(noted("'colour': 1 cell with a value that no training row had (the first: 'blue')")) << notes_;
  const std::vector<EarlierTraining> before = {{"a.csv", 120, 90, 6}};
  EXPECT_EQ(fit.model.record().before, before);
  EXPECT_EQ(fit.model.record().data, "b.csv");
  const Model again = Model::from_bytes(go_on(fit.model, write("c.csv", csv(500, 70, true))).model.to_bytes());
  ASSERT_EQ(again.record().before.size(), 2U);
  EXPECT_EQ(again.record().before[0], before[0]);
  EXPECT_EQ(again.record().before[1].data, "b.csv");
  EXPECT_EQ(again.record().before[1].rows, 90U);
}

// What the stage and the slopes have learned is where it goes on: a training that moves nothing leaves all of it.
TEST_F(Continuation, BeginsWithTheStageAndTheSlopes) {
  Options options;
  apply_recipe(options, "realmlp");
  options.hidden_layers = {6, 5}, options.epochs = 6, options.batch_size = 8, options.one_hot_limit = 1;
  options.ignore = {"count", "whose"};
  for (const Precision precision : {Precision::float32, Precision::float64, Precision::bf16}) {
    options.precision = precision;
    const fs::path file = write("a.csv", csv(0, 90, false)), other = write("b.csv", csv(200, 60, false, 2));
    const Model model = train(file, options).model;
    const auto learned = [](const Model& of) {
      std::vector<double> all = parameters(of);
      for (int l = 1; l < of.architecture().depth(); ++l) {
        const std::vector<double> slopes = of.slopes(l);
        all.insert(all.end(), slopes.begin(), slopes.end());
      }
      for (const LearnedMatrix& each : of.stage()) all.insert(all.end(), each.values.begin(), each.values.end());
      EXPECT_EQ(all.size(), of.architecture().parameter_count());
      return all;
    };
    ASSERT_EQ(model.stage().size(), 6U) << "F, phi, V, c, E and s";
    const auto at_rate = [&](double rate) {
      return learned(go_on(model, other, [&](Options& o) { o.learning_rate = rate, o.epochs = 2; }).model);
    };
    EXPECT_EQ(at_rate(1e-30), learned(model)) << name(precision);
    EXPECT_NE(at_rate(0.01), learned(model)) << name(precision);
  }
}

// What belongs to a loss, or multiplies what is there no more, gives way too.

// What was typed for the model's own training may be typed again, and stays in the record.

TEST_F(Continuation, NamesOfTheDataMayBeOthers) {
  Options options = small(false);
  options.time_column = "day", options.validation = "last:0.2";
  const Model model = train(write("a.csv", csv(0, 90, false)), options).model;
  const fs::path file = write("b.csv", csv(200, 60, false));
  const auto by = [&](std::vector<std::string> inputs) {
    return parameters(go_on(model, file, [&](Options& o) { o.inputs = std::move(inputs); }).model);
  };
  const std::vector<double> usual = by({"x", "colour", "wet", "day"});
  EXPECT_EQ(by({"day", "wet", "x", "colour"}), usual);  // the model's own names, in any order
  std::string text = csv(200, 60, false);
  text.replace(0, text.find('\n'), "X,Colour,Wet,Day,count,whose,Y");
  const fs::path other = write("other.csv", text);
  const auto renamed = [&](const std::string& validation) {
    return go_on(model, other, [&](Options& o) {
      o.inputs = {"X", "Colour", "Wet", "Day"}, o.target = {"Y"}, o.time_column = "Day";
      if (!validation.empty()) o.validation = validation, o.time_column.clear();
    });
  };
  EXPECT_EQ(parameters(renamed("").model), usual);
  EXPECT_TRUE(noted("takes 'X' for 'x', 'Colour' for 'colour', 'Wet' for 'wet', 'Day' for 'day', in the model's order"))
      << notes_;
  EXPECT_EQ(renamed(other.string()).model.record().validation->examples, 60U);
}

// A target of which the network's numbers can hold no scaled one.

TEST_F(Continuation, LooksAtTheTargets) {
  const Model model = train(write("a.csv", csv(0, 90, false)), small(false)).model;
  EXPECT_HAS(
      refusal(
          [&] {
            static_cast<void>(go_on(model, write("far.csv", csv(200, 40, false) + "1,red,no,2024-01-01,1,P1,1e39\n")));
          },
          ErrorCode::value),
      "row 41 of those to train on: the target 'y' is too far");
}

TEST_F(Continuation, LabelsAreThoseOfTheModel) {
  const Model model = train(write("a.csv", csv(0, 120, true)), small(true)).model;
  std::string text = csv(200, 80, true);
  for (std::size_t at = 0; (at = text.find("high\n", at)) != std::string::npos;) text.replace(at, 4, "tall");
  EXPECT_HAS(refusal([&] { static_cast<void>(go_on(model, write("b.csv", text))); }, ErrorCode::value),
             "the label 'tall' is none of the model's classes, high, low, mid");
  const fs::path few = write("few.csv", "x,colour,wet,day,y\n0.1,red,no,2024-01-01,low\n0.2,red,yes,2024-02-02,low\n");
  static_cast<void>(go_on(model, few));
  EXPECT_TRUE(warned("no row to train on is of the classes high, mid: what the network knows of them fades"))
      << warnings_;
  const fs::path lacks = write("lacks.csv", csv(200, 60, true) + "1,red,no,2024-01-01,1,P1,\n");
  EXPECT_HAS(refusal([&] { static_cast<void>(go_on(model, lacks)); }, ErrorCode::value),
             "the target 'y' is missing in 1 of 61 rows");
  EXPECT_EQ(go_on(model, lacks, [](Options& o) { o.missing_target = MissingTarget::drop; }).model.record().dropped, 1U);
  EXPECT_HAS(
      refusal([&] { static_cast<void>(go_on(model, write("n.csv", "x,colour,y\n1,red,low\n"))); }, ErrorCode::usage),
      "lacks 2 of the model's 4 inputs: 'wet', 'day'");
  EXPECT_HAS(refusal(
                 [&] {
                   static_cast<void>(
                       go_on(model, folder_ / "b.csv", [](Options& o) { o.group_column = "who", o.patience = 3; }));
                 },
                 ErrorCode::usage),
             "--group-column who: ");
  EXPECT_HAS(refusal(
                 [&] {
                   static_cast<void>(
                       go_on(model, folder_ / "b.csv", [](Options& o) { o.group_column = "wet", o.patience = 3; }));
                 },
                 ErrorCode::usage),
             "--group-column wet: 'wet' is an input of the model");
}

// Several files of text are one table, and their columns that the model does not know are judged.

TEST_F(Continuation, SeveralFilesAreOneTable) {
  const Model model = train(write("a.csv", csv(0, 100, false)), small(false)).model;
  const fs::path parts[] = {write("b.csv", csv(200, 40, false)), write("c.csv", csv(240, 40, false))};
  const fs::path whole = write("b.csv.whole", csv(200, 80, false));
  Options options = options_of(model);
  options.weight_column = "count", options.group_column = "whose", options.validation = "0.3";
  const Fit one = continue_training(std::span(&whole, 1), model, options);
  const Fit two = continue_training(parts, model, options);
  EXPECT_EQ(parameters(one.model), parameters(two.model));
  EXPECT_EQ(two.model.record().weight_0, 20U);
  options.group_column.clear();
  options.validation = "last:0.25", options.time_column = "day";
  const Fit last = continue_training(parts, model, options, telling());
  EXPECT_TRUE(noted("the last ones by 'day'")) << notes_;
  EXPECT_EQ(last.model.record().validation->examples + last.model.record().rows, 60U);
}

TEST_F(Continuation, FromACacheThatIsNotReadWhole) {
  const Model model = train(write("a.csv", csv(0, 100, false)), small(false)).model;
  const fs::path text = write("b.csv", csv(200, 80, false));
  static_cast<void>(convert(text, folder_ / "b.sdata", {}));
  EXPECT_EQ(parameters(go_on(model, text).model), parameters(go_on(model, folder_ / "b.sdata").model));
}

TEST_F(Continuation, WrongCellsAreSkippedWithTheirRows) {
  const Model model = train(write("a.csv", csv(0, 100, false)), small(false)).model;
  // So many that the column would not be taken for numbers.
  const std::string good = csv(200, 60, false);
  std::string mixed;
  for (std::size_t at = 0, row = 0; at < good.size(); ++row) {
    const std::size_t end = good.find('\n', at) + 1;
    mixed += good.substr(at, end - at) + "word" + std::to_string(row) + ",red,no,2024-01-01,1,P9,0.5\n";
    at = end;
  }
  const fs::path clean = write("clean.csv", good), bad = write("bad.csv", mixed);
  EXPECT_HAS(refusal([&] { static_cast<void>(go_on(model, bad)); }, ErrorCode::value), "bad.csv:2:1");
  const auto skip = [](Options& o) {
    o.bad_rows = BadRows::skip, o.weight_column = "count", o.group_column = "whose", o.validation = "0.3";
  };
  const Fit fit = go_on(model, bad, skip);
  EXPECT_EQ(fit.model.record().bad_rows, 61U);
  EXPECT_EQ(parameters(fit.model), parameters(go_on(model, clean, skip).model));
}

TEST_F(Continuation, HasTheSameBitsForAnyNumberOfThreads) {
  const Model model = train(write("a.csv", csv(0, 200, true)), small(true)).model;
  const fs::path file = write("b.csv", csv(300, 200, true));
  std::vector<std::byte> bytes;
  for (const int threads : {1, 2, 3, 8}) {
    const auto made = go_on(model, file, [&](Options& o) { o.threads = threads, o.patience = 3; }).model.to_bytes();
    if (bytes.empty()) bytes = made;
    EXPECT_EQ(made, bytes) << threads;
  }
}

TEST_F(Continuation, MayBeStoppedAndGoOn) {
  const std::vector<Case> cases = {
      {"words", true, [](Options&) {}},
      {"patience", true, [](Options& o) { o.patience = 3, o.validation = "0.25"; }},
      {"weights, groups", false,
       [](Options& o) { o.weight_column = "count", o.group_column = "whose", o.patience = 4; }},
      {"class weights, dropout, schedule", true,
       [](Options& o) {
         o.class_weights.balanced = true, o.dropout = {0.2}, o.schedule = Schedule{Schedule::Kind::cosine};
         o.warm_up = 0.2, o.clip_norm = 1;
       }},
      {"another loss", false,
       [](Options& o) { o.loss = Loss::quantile, o.quantile = 0.8, o.optimizer = OptimizerKind::nesterov; }},
  };
  for (const Case& each : cases) {
    const Model model = train(write("a.csv", csv(0, 100, each.words)), small(each.words)).model;
    const fs::path file = write("b.csv", csv(200, 90, each.words, 1));
    const Fit whole = go_on(model, file, each.set);
    for (std::int64_t stop = 1; stop < 60; stop += 13) {
      Callbacks callbacks;
      std::int64_t done = 0;
      callbacks.progress = [&](const Progress& progress) { done = progress.iteration; };
      callbacks.stop = [&] { return done == stop; };
      callbacks.checkpoint = [&](const Checkpoint& made) { made.save(folder_ / "c"); };
      Options options = options_of(model);
      each.set(options);
      fs::remove(folder_ / "c");
      static_cast<void>(continue_training(std::span(&file, 1), model, options, callbacks));
      if (!fs::exists(folder_ / "c")) {
        EXPECT_GT(stop, 20) << each.name;  // it had ended by itself
        continue;
      }
      const Checkpoint from = Checkpoint::load(folder_ / "c");
      const Fit fit = resume(std::span(&file, 1), from, from.options());
      EXPECT_EQ(fit.model.to_bytes(), whole.model.to_bytes()) << each.name << " " << stop;
    }
  }
}

TEST_F(Continuation, WarnsWhereTheModelWasBetterBefore) {
  const fs::path file = write("a.csv", csv(0, 100, false));
  const Model model = train(file, small(false)).model;
  static_cast<void>(go_on(model, write("b.csv", csv(200, 80, false)),
                          [](Options& o) { o.validation = "0.3", o.learning_rate = 1.5; }));
  EXPECT_TRUE(warned("on the rows that are held back the model was better before: loss")) << warnings_;
}

TEST_F(Continuation, WarnsOfATrainingThatDiverged) {
  Options options = small(false);
  options.optimizer = OptimizerKind::gradient_descent, options.learning_rate = 1e30;
  const fs::path file = write("a.csv", csv(0, 90, false));
  const Model model = train(file, options).model;
  static_cast<void>(go_on(model, file, [](Options& o) { o.learning_rate = 1e-6; }));
  EXPECT_TRUE(warned("its training diverged")) << warnings_;
}

TEST_F(Continuation, IsPlannedWithoutBeingDone) {
  const Model model = train(write("a.csv", csv(0, 100, true)), small(true)).model;
  const fs::path file = write("b.csv", csv(200, 80, true));
  const TrainingPlan plan = plan_continuation(std::span(&file, 1), model, options_of(model), telling());
  EXPECT_EQ(plan.rows, 80U);
  EXPECT_EQ(plan.iterations, 60);
  expect_same_features(plan.features, model.features());
  EXPECT_TRUE(noted("continues a model of a.csv")) << notes_;
}

}  // namespace
}  // namespace strata
