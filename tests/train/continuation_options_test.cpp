// How a model is trained further: as it was, but for what is asked for.
#include "continuation.hpp"

namespace strata {
namespace {

TEST_F(Continuation, TrainsAsTheModelWasTrained) {
  Options options = small(false);
  options.optimizer = OptimizerKind::momentum;
  options.learning_rate = 0.02, options.clip_norm = 3, options.warm_up = 0.25, options.dropout = {0.5, 0};
  options.schedule = Schedule{Schedule::Kind::cosine};
  options.patience = 4, options.validation = "0.25", options.monitor = Metric::mae, options.seed = 7;
  options.weight_column = "count", options.ignore = {"whose"}, options.metrics = {Metric::mape};
  options.weight_decay = PerKind{0.01}, options.loss = Loss::quantile, options.quantile = 0.7;
  const Model model = train(write("a.csv", csv(0, 120, false)), options).model;
  Options found = options_of(model);
  EXPECT_EQ(std::exchange(found.learning_rate, 0.02), 0.002);  // its rate had come down to 0
  EXPECT_EQ(static_cast<const TrainingOptions&>(found), static_cast<const TrainingOptions&>(options));
  EXPECT_EQ(found.validation, "0.25");
  EXPECT_EQ(found.weight_column, "count");
  EXPECT_EQ(found.loss, Loss::quantile);
  EXPECT_EQ(found.quantile, 0.7);
  EXPECT_EQ(found.dropout, options.dropout);
  EXPECT_EQ(found.seed, 7U);
  const Fit fit = go_on(model, write("b.csv", csv(200, 100, false)), [](Options& o) { o.learning_rate = 0.01; });
  EXPECT_TRUE(noted("but: learning-rate 0.01 (was 0.02)\n")) << notes_;
  EXPECT_EQ(fit.model.record().weight_0, 25U);
  EXPECT_EQ(fit.model.record().validation->examples + fit.model.record().rows, 75U);
  EXPECT_TRUE(fit.before.has_value());
  EXPECT_EQ(fit.before->examples, fit.model.record().validation->examples);
}

TEST_F(Continuation, WhatIsAskedForMayBeOtherwise) {
  const fs::path a = write("a.csv", csv(0, 90, false)), b = write("b.csv", csv(100, 90, false));
  const Model model = train(a, small(false)).model;
  const Fit fit = go_on(model, b, [](Options& o) {
    o.loss = Loss::absolute_error, o.dropout = {0.2}, o.optimizer = OptimizerKind::adamw, o.class_weights = {};
    o.group_column = "whose", o.patience = 2, o.time_limit = 0;
  });
  EXPECT_EQ(fit.model.architecture().loss, Loss::absolute_error);
  EXPECT_EQ(fit.model.architecture().hidden[1].dropout, 0.2);
  EXPECT_TRUE(noted("groups of 'whose'")) << notes_;
  // δ is of the target's units, also where it is left open.
  const Fit huber = go_on(model, b, [](Options& o) { o.loss = Loss::huber, o.huber_delta = 0.5; });
  EXPECT_NEAR(huber.model.architecture().loss_parameters.delta.at(0) * model.target().divisor.at(0), 0.5, 1e-12);
  EXPECT_EQ(go_on(model, b, [](Options& o) { o.loss = Loss::huber; }).model.architecture().loss_parameters.delta.at(0),
            1.35);
  // What is open is decided, and recorded so.
  const Fit open = go_on(model, b, [](Options& o) { o.loss.reset(); });
  for (const auto& [option, value] : open.model.record().options) {
    EXPECT_TRUE(option != "loss" || value == "squared-error") << value;
  }
  const Model classes = train(write("w.csv", csv(0, 90, true)), small(true)).model;
  EXPECT_HAS(refusal([&] { static_cast<void>(go_on(classes, a, [](Options& o) { o.loss = Loss::huber; })); },
                     ErrorCode::value),
             "none of the model's classes");
  EXPECT_HAS(
      refusal([&] { static_cast<void>(go_on(classes, folder_ / "w.csv", [](Options& o) { o.loss = Loss::huber; })); },
              ErrorCode::usage),
      "--loss huber does not fit the task classes");
}

// What belongs to the network and its features stays; how it learns may be otherwise.
TEST_F(Continuation, KeepsSlopesScalesAndTheRange) {
  Options options = small(false);
  options.learned_slopes = options.input_scale = options.clamp_target = true;
  options.parametrization = Parametrization::ntp, options.last_batch = LastBatch::drop, options.monitor.reset();
  options.rate_factor.scales = 6, options.patience = 3, options.learning_rate = 0.02, options.embedding_size = 3;
  const fs::path file = write("a.csv", csv(0, 90, false));
  const Model model = train(file, options).model;
  const Options found = options_of(model);
  EXPECT_TRUE(found.learned_slopes && found.input_scale && found.clamp_target);
  EXPECT_EQ(found.monitor, Metric::rmse);
  EXPECT_EQ(found.embedding_size, 3);
  Options decided = options;
  decided.monitor = Metric::rmse, decided.validation = "0.2";
  EXPECT_EQ(static_cast<const TrainingOptions&>(found), static_cast<const TrainingOptions&>(decided));
  const Fit fit = go_on(model, file, [](Options& o) { o.last_batch = LastBatch::keep, o.monitor.reset(); });
  EXPECT_EQ(fit.model.architecture(), model.architecture());
  EXPECT_EQ(fit.model.target(), model.target());
  EXPECT_TRUE(noted("last-batch keep (was drop)")) << notes_;
  const auto said = [&](const std::function<void(Options&)>& set) {
    return refusal([&] { static_cast<void>(go_on(model, file, set)); }, ErrorCode::usage);
  };
  // The range stays, so that answers beyond it cannot be reached.
  EXPECT_FALSE(warned("no prediction reaches")) << warnings_;
  static_cast<void>(go_on(model,
                          write("far.csv", csv(0, 90, false) + "0.1,red,yes,2024-01-11,1,P90,7.5\n0.1,red,yes,"
                                                               "2024-01-11,1,P91,-8\n"),
                          [](Options& o) { o.validation = "none", o.patience = 0, o.monitor = Metric::loss; }));
  EXPECT_TRUE(
      warned(" of 92 rows to train on have a target that no prediction reaches: the model keeps predictions "
             "within from "))
      << warnings_;
  EXPECT_HAS(said([](Options& o) { o.learned_slopes = false; }), "--slopes fixed: the model has 'learned'");
  EXPECT_HAS(said([](Options& o) { o.input_scale = false; }), "--input-scale none: the model has 'learned'");
  EXPECT_HAS(said([](Options& o) { o.clamp_target = false; }), "--clamp-target none: the model has 'training'");
  EXPECT_HAS(said([](Options& o) { o.embedding_size = 0; }), "--embedding-size none: the model has '3'");
  EXPECT_HAS(said([](Options& o) { o.numeric_embedding = NumericEmbedding::pbld; }),
             "--numeric-embedding pbld: the model has 'none'");
}

TEST_F(Continuation, OptionsOfTheModelGiveWayToOthers) {
  Options options = small(false);
  options.optimizer = OptimizerKind::momentum, options.momentum = 0.8, options.l2 = 0.1, options.patience = 3;
  const fs::path file = write("a.csv", csv(0, 90, false));
  const Model model = train(file, options).model;
  const Options adam = options_of(model, {{"optimizer", "adam"}, {"iterations", "7"}});
  EXPECT_EQ(adam.optimizer, OptimizerKind::adam);
  EXPECT_EQ(adam.momentum, 0.9);
  EXPECT_EQ(adam.iterations, 7);
  EXPECT_EQ(adam.epochs, std::nullopt);
  EXPECT_EQ(adam.l2, 0.1);
  EXPECT_EQ(continue_training(std::span(&file, 1), model, adam).iterations, 7);
  const Options decay = options_of(model, {{"weight-decay", "0.2"}, {"patience", "none"}, {"validation", "none"}});
  EXPECT_EQ(decay.l2, 0);
  EXPECT_EQ(decay.momentum, 0.8);
  EXPECT_EQ(decay.patience, 0);
  Options same = options_of(model, {{"seed", "1"}});
  EXPECT_EQ(same.named, std::set<std::string>{"seed"});
  same.named.clear();
  EXPECT_EQ(same, options_of(model));
  const Options both = options_of(model, {{"momentum", "0.7"}, {"weight-decay", "0.2"}});
  EXPECT_EQ(both.l2, 0);
  EXPECT_EQ(both.momentum, 0.7);
}

TEST_F(Continuation, OptionsWithoutEffectGiveWay) {
  Options options = small(false);
  options.loss = Loss::huber, options.huber_delta = 0.5, options.dropout = {0.2}, options.weight_decay = PerKind{0.1};
  options.dropout_schedule = options.decay_schedule = Schedule{Schedule::Kind::cosine};
  options.group_column = "whose", options.validation = "0.3", options.ignore = {"count"};
  const fs::path file = write("a.csv", csv(0, 90, false));
  const Model model = train(file, options).model;
  const auto trained = [&](const TypedOptions& typed) {
    warnings_.clear();
    const Fit fit = continue_training(std::span(&file, 1), model, options_of(model, typed), telling());
    EXPECT_NO_THROW(validate(options_of(fit.model)));
    static_cast<void>(go_on(fit.model, file));  // and so on
    return options_of(fit.model);
  };
  for (const char* loss : {"squared-error", "absolute-error", "auto"}) {
    EXPECT_EQ(trained({{"loss", loss}}).huber_delta, std::nullopt) << loss;
    EXPECT_EQ(trained({{"loss", loss}}).loss,
              loss == std::string("absolute-error") ? Loss::absolute_error : Loss::squared_error);
  }
  EXPECT_EQ(trained({{"loss", "quantile"}, {"quantile", "0.8"}}).quantile, 0.8);
  EXPECT_EQ(trained({{"dropout", "0"}}).dropout_schedule, Schedule());
  EXPECT_EQ(trained({{"weight-decay", "0"}}).decay_schedule, Schedule());
  EXPECT_EQ(trained({{"validation", "none"}}).group_column, "");
  EXPECT_EQ(warnings_, "");
  EXPECT_EQ(trained({{"huber-delta", "0.25"}}).huber_delta, 0.25);
  // What the model was trained with, and nobody asks for now, does nothing in silence.
  Options recipe;
  apply_recipe(recipe, "realmlp", {{"hidden-layers", "4"}, {"slopes", "fixed"}, {"epochs", "2"}});
  const Model small_recipe = train(file, recipe).model;
  warnings_.clear();
  static_cast<void>(go_on(small_recipe, file));
  EXPECT_EQ(warnings_.find("has no effect"), std::string::npos) << warnings_;
  const Options asked = options_of(small_recipe, {{"rate-factor", "slopes:3"}});
  static_cast<void>(continue_training(std::span(&file, 1), small_recipe, asked, telling()));
  EXPECT_TRUE(warned("--rate-factor weights:1,biases:1,slopes:3 has no effect on slopes")) << warnings_;
}

TEST_F(Continuation, RefusesToChangeWhatStays) {
  const fs::path file = write("a.csv", csv(0, 90, true));
  const Model model = train(file, small(true)).model;
  const std::pair<const char*, const char*> changes[] = {
      {"hidden-layers", "6"}, {"activation", "relu"},       {"scale", "robust"},      {"impute", "median"},
      {"one-hot-limit", "7"}, {"task", "regression"},       {"precision", "float64"}, {"decimal", "comma"},
      {"date-order", "mdy"},  {"scale-target", "standard"}, {"initializer", "lecun"}};
  const auto refused = [&](const char* option, const char* value) {
    return refusal([&] { static_cast<void>(go_on(model, file, [&](Options& o) { set_option(o, option, value); })); },
                   ErrorCode::usage);
  };
  for (const auto& [option, value] : changes) {
    EXPECT_HAS(refused(option, value), "--" + std::string(option) + " " + value + ": the model ");
    EXPECT_HAS(refused(option, value), "and a training that continues it keeps its columns");
  }
  EXPECT_HAS(refused("ignore", "w*"), "--ignore wet: 'wet' is an input of the model, which keeps its inputs");
  EXPECT_HAS(refused("numeric", "colour"), "'colour' is an input of the model, which takes it for a category");
  EXPECT_HAS(refused("categorical", "x"), "'x' is an input of the model, which takes it for a number");
  EXPECT_HAS(refused("date", "wet"), "'wet' is an input of the model, which takes it for a yes/no");
}

TEST_F(Continuation, TakesTheOptionsOfTheModelsTraining) {
  Options options = small(true);
  options.categorical = {"wet"}, options.date = {"day"}, options.numeric = {"x"}, options.impute = Impute::median;
  options.bad_rows = BadRows::skip, options.separator = ',', options.missing = {"gone"};
  const fs::path file = write("a.csv", csv(0, 90, true));
  const Model model = train(file, options).model;
  const Options found = options_of(model);
  EXPECT_EQ(found.ignore, options.ignore);
  EXPECT_EQ(found.categorical, options.categorical);
  EXPECT_EQ(found.impute, Impute::median);
  // Of the file, and not of the training.
  EXPECT_EQ(found.bad_rows, BadRows::error);
  EXPECT_EQ(found.separator, 0);
  EXPECT_TRUE(found.missing.empty());
  const Fit fit = go_on(model, file, [&](Options& o) { o.categorical = {"wet"}, o.ignore = {"count", "whose"}; });
  EXPECT_EQ(options_of(fit.model), found);
  EXPECT_EQ(fit.model.features().missing, std::vector<std::string>{"gone"});
}

TEST_F(Continuation, AsksForTheFileThatIsMeasuredOn) {
  const fs::path file = write("a.csv", csv(0, 90, false)), held = write("held.csv", csv(300, 30, false));
  Options options = small(false);
  options.validation = held.string(), options.patience = 2;
  const Model model = train(file, options).model;
  EXPECT_HAS(refusal([&] { static_cast<void>(go_on(model, file)); }, ErrorCode::usage),
             "the model was measured on the file 'held.csv' while it was trained");
  const Fit fit = go_on(model, file, [&](Options& o) { o.validation = held.string(); });
  EXPECT_EQ(fit.before->examples, 30U);
  EXPECT_EQ(fit.before->loss, model.record().validation->loss);
  const Options none = options_of(model, {{"validation", "none"}});
  EXPECT_FALSE(none.patience.value_or(0) > 0);
  static_cast<void>(continue_training(std::span(&file, 1), model, none, telling()));
  EXPECT_TRUE(noted("validation none (was the file held.csv)")) << notes_;
}

TEST_F(Continuation, ARateThatCameDownTo0BeginsLower) {
  Options options = small(false);
  options.learning_rate = 0.02;
  const fs::path file = write("a.csv", csv(0, 90, false));
  EXPECT_EQ(options_of(train(file, options).model).learning_rate, 0.02);
  for (const Schedule::Kind kind : {Schedule::Kind::cosine, Schedule::Kind::one_cycle}) {
    options.schedule = Schedule{kind};
    const Model model = train(file, options).model;
    EXPECT_EQ(options_of(model).learning_rate, 0.002);
    EXPECT_EQ(options_of(model, {{"learning-rate", "0.02"}}).learning_rate, 0.02);
    const Model second = go_on(model, file).model;
    EXPECT_TRUE(noted("but: learning-rate 0.002 (was 0.02)")) << notes_;
    EXPECT_EQ(options_of(second).learning_rate, 0.002);  // and not lower each time
    notes_.clear();
  }
}

}  // namespace
}  // namespace strata
