// The ABI for C: training, what it tells, and looking inside.
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "api/handles.hpp"
#include "strata/strata.hpp"
#include "support/arrow.hpp"

namespace strata::testing {
namespace {

using nlohmann::json;

constexpr const char* kCancer = STRATA_SOURCE_DIR "/data/breast_cancer.csv";

OptionsHandle of_places(const char* epochs = "4") {
  return options_with({{"target", "place"}, {"epochs", epochs}, {"hidden_layers", "8"}, {"batch_size", "40"}});
}

std::string bytes_of(const FitHandle& fit) {
  const ModelHandle model = made<ModelHandle>(strata_fit_model, fit.get());
  return text_of(strata_model_to_bytes, model.get());
}

FitHandle fitted(const TableHandle& table, const OptionsHandle& options, const strata_callbacks* callbacks = nullptr) {
  return made<FitHandle>(strata_train, table.get(), options.get(), callbacks);
}

TEST(CTrain, TrainsWhatTheLibraryTrains) {
  const char* const files[] = {kCancer};
  const OptionsHandle typed =
      options_with({{"target", "target"}, {"hidden-layers", "5"}, {"epochs", "3"}, {"seed", "7"}}, "classic");
  const FitHandle fit = made<FitHandle>(strata_train_files, files, 1, typed.get(), nullptr);
  Options options;
  apply_recipe(options, "classic", {{"target", "target"}, {"hidden-layers", "5"}, {"epochs", "3"}, {"seed", "7"}});
  const std::vector<std::byte> expected = train(std::filesystem::path(kCancer), options).model.to_bytes();
  EXPECT_EQ(bytes_of(fit), std::string(reinterpret_cast<const char*>(expected.data()), expected.size()));
}

// A frame of two chunks: numbers as words, and what is yes and no in a file.
TEST(CTrain, JudgesTheColumnsOfAFrame) {
  ArrowTable first, second;
  for (ArrowTable* const chunk : {&first, &second}) {
    ArrowCells<std::string> sizes, answers, kinds;
    for (int i = 0; i < 60; ++i) {
      sizes.emplace_back(std::to_string(i % 7) + ".5");
      answers.emplace_back(i % 3 == 0 ? "yes" : "no");
      kinds.emplace_back(i % 7 + i % 3 < 4 ? "small" : "large");
    }
    chunk->add(arrow_texts("size", "u", sizes));
    chunk->add(arrow_texts("answer", "u", answers));
    chunk->add(arrow_texts("kind", "u", kinds));
  }
  ArrowStream stream({&first, &second});
  {
    const TableHandle table = made<TableHandle>(strata_table_from_arrow, "things", &stream.stream);
    EXPECT_EQ(stream.released, 1);
    EXPECT_EQ(strata_table_rows(table.get()), 120U);
    const json description = json::parse(text_of(strata_table_describe, table.get(), nullptr));
    EXPECT_EQ(description["columns"][0]["type"], "number");
    EXPECT_EQ(description["columns"][1]["type"], "yes/no");
    const OptionsHandle options = options_with({{"target", "kind"}, {"epochs", "3"}});
    EXPECT_EQ(json::parse(text_of(strata_plan, table.get(), options.get(), nullptr))["inputs"][1]["type"], "yes/no");
    const FitHandle fit = fitted(table, options);
    const ModelHandle model = made<ModelHandle>(strata_fit_model, fit.get());
    const json about = json::parse(text_of(strata_model_describe, model.get()));
    EXPECT_EQ(about["training"]["data"], "things");
    EXPECT_EQ(about["inputs"][1]["levels"], (std::vector<std::string>{"no", "yes"}));
    std::vector<double> values(240);
    EXPECT_EQ(strata_model_predict(model.get(), table.get(), 1, values.data(), 240, nullptr, nullptr), STRATA_OK)
        << last_error();
    const json figures = json::parse(text_of(strata_model_evaluate, model.get(), table.get(), 1, nullptr));
    EXPECT_EQ(figures["examples"], 120);
    const TraceHandle trace = made<TraceHandle>(strata_trace_new, model.get(), table.get(), 3, -1, 0);
    EXPECT_GT(strata_trace_cost(trace.get()), 0);
    EXPECT_EQ(json::parse(text_of(strata_check_gradients, model.get(), table.get(), 9, 0))["passed"], true);
    EXPECT_EQ(json::parse(text_of(strata_check_gradients_of, table.get(), options.get(), 9))["passed"], true);
    const FitHandle next = made<FitHandle>(strata_continue, table.get(), model.get(), nullptr, nullptr);
    EXPECT_TRUE(json::parse(text_of(strata_fit_describe, next.get())).contains("before_accuracy"));
  }
  EXPECT_EQ(first.arrays_released + second.arrays_released, 2);

  // The same, column by column.
  {
    const TableHandle table = made<TableHandle>(strata_table_new_frame, "things");
    const std::vector<double> numbers(120, 7);
    const strata_numbers of{.data = numbers.data(), .type = STRATA_F64, .rows = 120};
    ASSERT_EQ(strata_table_add_numbers(table.get(), "seven", &of), STRATA_OK) << last_error();
    ArrowStream rest({&first, &second});
    ASSERT_EQ(strata_table_add_arrow(table.get(), &rest.stream), STRATA_OK) << last_error();
    const json description = json::parse(text_of(strata_table_describe, table.get(), nullptr));
    EXPECT_EQ(description["data"], "things");
    EXPECT_EQ(description["columns"][0]["type"], "constant");
    EXPECT_EQ(description["columns"][1]["type"], "number");
    ArrowStream again({&first, &second});
    EXPECT_EQ(strata_table_add_arrow(table.get(), &again.stream), STRATA_USAGE);
    EXPECT_EQ(last_error(), "1: strata_table_add_arrow: things already has a field named 'size'");
    ArrowStream fewer({&first});
    EXPECT_EQ(strata_table_add_arrow(table.get(), &fewer.stream), STRATA_SHAPE);
    EXPECT_EQ(fewer.released, 1);
    EXPECT_EQ(strata_table_add_arrow(nullptr, &fewer.stream), STRATA_USAGE);
  }
  EXPECT_EQ(first.arrays_released, 4);

  strata_table* none = nullptr;
  EXPECT_EQ(strata_table_from_arrow(nullptr, nullptr, &none), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_table_from_arrow: stream is a null pointer");
  ArrowStream fails({&first});
  fails.fails_at = 1;
  fails.error = "the disk is gone";
  EXPECT_EQ(strata_table_from_arrow("things", &fails.stream, &none), STRATA_IO);
  EXPECT_NE(last_error().find("the disk is gone"), std::string::npos) << last_error();
  EXPECT_EQ(fails.released, 1);
}

TEST(CTrain, LeavesTheTableAsItIs) {
  const Points points;
  const TableHandle table = points.table("points");
  const std::string first = bytes_of(fitted(table, of_places())), second = bytes_of(fitted(table, of_places()));
  EXPECT_EQ(first, second);
  const ModelHandle model = made<ModelHandle>(strata_model_from_bytes, first.data(), first.size());
  EXPECT_EQ(json::parse(text_of(strata_model_describe, model.get()))["training"]["data"], "points");
}

TEST(CTrain, TellsHowItGoes) {
  struct Told {
    std::int64_t costs = 0, updates = 0, iterations = 0, epochs = 0;
    double mean_cost = 0;
    json report;
    std::vector<std::string> notes, warnings;
  } told;
  strata_callbacks callbacks{};
  callbacks.size = sizeof callbacks;
  callbacks.context = &told;
  callbacks.cost = [](void* context, const strata_cost* cost) {
    static_cast<Told*>(context)->costs += std::isfinite(cost->cost) && cost->fold == 0 ? 1 : 100;
    return 0;
  };
  callbacks.epoch = [](void* context, const strata_epoch* epoch) {
    Told& to = *static_cast<Told*>(context);
    to.epochs = epoch->epoch;
    to.mean_cost = epoch->mean_cost;
    to.report = json::parse(epoch->json);
    return 0;
  };
  callbacks.progress = [](void* context, const strata_progress* progress) {
    Told& to = *static_cast<Told*>(context);
    to.updates = progress->iteration;
    to.iterations = progress->iterations;
    return 0;
  };
  callbacks.note = [](void* context, const char* sentence) {
    static_cast<Told*>(context)->notes.emplace_back(sentence);
    return 0;
  };
  callbacks.warning = [](void* context, const char* sentence) {
    static_cast<Told*>(context)->warnings.emplace_back(sentence);
    return 0;
  };
  const Points points;
  const OptionsHandle options = of_places();
  ASSERT_EQ(strata_options_set(options.get(), "validation", "last:0.5"), STRATA_OK) << last_error();
  ASSERT_EQ(strata_options_set(options.get(), "tol", "0"), STRATA_OK) << last_error();
  const FitHandle fit = fitted(points.table(), options, &callbacks);
  EXPECT_EQ(told.epochs, 4);
  EXPECT_GT(told.mean_cost, 0);
  EXPECT_EQ(told.updates, 8);  // 60 rows in batches of 40, four times
  EXPECT_EQ(told.iterations, 8);
  EXPECT_GT(told.costs, 0);
  EXPECT_LT(told.costs, 100);
  EXPECT_EQ(told.report["epoch"], 4);
  EXPECT_EQ(told.report["validation_examples"], 60);
  const json ended = json::parse(text_of(strata_fit_describe, fit.get()));
  EXPECT_EQ(ended["ending"], "done");
  EXPECT_EQ(ended["iterations"], 8);
  EXPECT_EQ(ended["validation_examples"], 60);

  // What is written in more than one way is told as a note, what is not meant as a warning.
  told = {};
  const char* const files[] = {kCancer};
  const OptionsHandle of_file = options_with({{"target", "target"}, {"epochs", "1"}}, nullptr);
  const std::string plan = text_of(strata_plan, points.table().get(), of_places().get(), &callbacks);
  EXPECT_EQ(json::parse(plan)["rows"], 120) << plan;
  static_cast<void>(made<FitHandle>(strata_train_files, files, 1, of_file.get(), &callbacks));
  EXPECT_FALSE(told.notes.empty());
}

TEST(CTrain, EndsWhereACallbackWantsItTo) {
  const Points points;
  const TableHandle table = points.table();
  strata_callbacks callbacks{};
  callbacks.size = sizeof callbacks;
  const auto refuses = [&] {
    strata_fit* fit = nullptr;
    EXPECT_EQ(strata_train(table.get(), of_places().get(), &callbacks, &fit), STRATA_STOPPED);
    EXPECT_EQ(fit, nullptr);
    EXPECT_EQ(last_error(), "11: strata_train: a function of the caller's ended the call");
  };
  callbacks.cost = [](void*, const strata_cost*) { return 1; };
  refuses();
  callbacks.cost = nullptr;
  callbacks.epoch = [](void*, const strata_epoch*) { return -1; };
  refuses();
  callbacks.epoch = nullptr;
  callbacks.progress = [](void*, const strata_progress* progress) { return progress->iteration == 3 ? 1 : 0; };
  refuses();

  // `stop` keeps what is trained.
  callbacks.progress = nullptr;
  callbacks.stop = [](void* context) { return ++*static_cast<int*>(context) == 3 ? 1 : 0; };
  int updates = 0;
  callbacks.context = &updates;
  const FitHandle fit = fitted(table, of_places(), &callbacks);
  const json ended = json::parse(text_of(strata_fit_describe, fit.get()));
  EXPECT_EQ(ended["ending"], "interrupted");
  EXPECT_EQ(ended["iterations"], 3);
  EXPECT_EQ(updates, 3);

  // With a pause, at the first update and then no more, for all that is to come here takes less.
  callbacks.pause = 1000;
  callbacks.stop = [](void* context) { return ++*static_cast<int*>(context) > 1 ? 1 : 0; };
  updates = 0;
  EXPECT_EQ(json::parse(text_of(strata_fit_describe, fitted(table, of_places(), &callbacks).get()))["ending"], "done");
  EXPECT_EQ(updates, 1);
  // Who is told of an epoch may end the training there.
  callbacks.epoch = [](void*, const strata_epoch*) { return 0; };
  updates = 0;
  const FitHandle told = fitted(table, of_places(), &callbacks);
  EXPECT_EQ(json::parse(text_of(strata_fit_describe, told.get()))["iterations"], 3);  // an epoch
  EXPECT_EQ(updates, 2);

  callbacks.size = 3;
  strata_fit* none = nullptr;
  EXPECT_EQ(strata_train(table.get(), of_places().get(), &callbacks, &none), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_train: callbacks: their size is 3, expected at least " +
                              std::to_string(sizeof(strata_callbacks)));
}

TEST(CTrain, LetsNoExceptionOut) {
  // C++ that is called as C and throws all the same.
  strata_callbacks callbacks{};
  callbacks.size = sizeof callbacks;
  callbacks.epoch = [](void*, const strata_epoch*) -> int { throw 3; };
  const Points points;
  strata_fit* fit = nullptr;
  EXPECT_EQ(strata_train(points.table().get(), of_places().get(), &callbacks, &fit), STRATA_INTERNAL);
  EXPECT_EQ(last_error(), "10: strata_train: a function of the caller's threw what is no error of C++");
}

TEST(CTrain, GivesItsModelOnce) {
  const Points points;
  const FitHandle fit = fitted(points.table(), of_places());
  static_cast<void>(bytes_of(fit));
  EXPECT_EQ(json::parse(text_of(strata_fit_describe, fit.get()))["ending"], "done");
  strata_model* again = nullptr;
  EXPECT_EQ(strata_fit_model(fit.get(), &again), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_fit_model: fit: its model was taken before");
}

TEST(CTrain, ContinuesAModel) {
  const Points points;
  const TableHandle table = points.table();
  const FitHandle fit = fitted(table, of_places());
  const ModelHandle model = made<ModelHandle>(strata_fit_model, fit.get());
  const OptionsHandle longer = made<OptionsHandle>(strata_options_new);
  ASSERT_EQ(strata_options_set(longer.get(), "epochs", "9"), STRATA_OK);
  const FitHandle next = made<FitHandle>(strata_continue, table.get(), model.get(), longer.get(), nullptr);
  const json report = json::parse(text_of(strata_fit_describe, next.get()));
  EXPECT_EQ(report["iterations"], 27);
  EXPECT_TRUE(report.contains("before_accuracy"));
  const FitHandle same = made<FitHandle>(strata_continue, table.get(), model.get(), nullptr, nullptr);
  EXPECT_EQ(json::parse(text_of(strata_fit_describe, same.get()))["iterations"], 12);
  strata_fit* none = nullptr;
  EXPECT_EQ(strata_continue(table.get(), model.get(), of_places().get(), nullptr, &none), STRATA_USAGE);
  EXPECT_EQ(last_error(),
            "1: strata_continue: options: a training that continues a model has the options of its "
            "training, and no recipe; set those that change");
}

TEST(CTrain, GivesWhatABagSaysOutOfFold) {
  const Points points;
  const TableHandle table = points.table();
  const OptionsHandle options = of_places();
  ASSERT_EQ(strata_options_set(options.get(), "folds", "4"), STRATA_OK) << last_error();
  std::string folds;
  strata_callbacks callbacks{};
  callbacks.size = sizeof callbacks;
  callbacks.context = &folds;
  callbacks.part = [](void* context, const char* text) {
    const json part = json::parse(text);
    *static_cast<std::string*>(context) += "fold " + part["fold"].dump() + ", " + part["rows"].dump() + " rows; ";
    return 0;
  };
  const FitHandle fit = fitted(table, options, &callbacks);
  ASSERT_EQ(strata_fit_out_of_fold_rows(fit.get()), points.count());
  std::vector<std::int64_t> rows(points.count());
  std::vector<double> values(2 * points.count());
  ASSERT_EQ(strata_fit_out_of_fold(fit.get(), rows.data(), values.data()), STRATA_OK) << last_error();
  for (std::size_t i = 0; i < points.count(); ++i) {
    EXPECT_EQ(rows[i], static_cast<std::int64_t>(i));
    EXPECT_NEAR(values[2 * i] + values[2 * i + 1], 1, 1e-6);
  }
  const json report = json::parse(text_of(strata_fit_describe, fit.get()));
  EXPECT_EQ(report["folds"], 4);
  EXPECT_EQ(report["folds_done"], 4);
  EXPECT_EQ(folds, "fold 1, 30 rows; fold 2, 30 rows; fold 3, 30 rows; fold 4, 30 rows; ");

  const FitHandle alone = fitted(table, of_places());
  EXPECT_EQ(strata_fit_out_of_fold(alone.get(), rows.data(), nullptr), STRATA_USAGE);
  EXPECT_EQ(last_error(),
            "1: strata_fit_out_of_fold: fit: only a bag has predictions of networks that were not "
            "trained on a row; set the option folds");
}

TEST(CTrain, ShowsEveryQuantity) {
  const Points points;
  const TableHandle table = points.table();
  const FitHandle fit = fitted(table, of_places());
  const ModelHandle model = made<ModelHandle>(strata_fit_model, fit.get());
  const TraceHandle trace = made<TraceHandle>(strata_trace_new, model.get(), table.get(), 3, -1, 0);
  EXPECT_GT(strata_trace_cost(trace.get()), 0);
  std::string names;
  double Z2 = 0, A2 = 0;
  for (std::size_t i = 0; i < strata_trace_matrices(trace.get()); ++i) {
    strata_matrix matrix{};
    ASSERT_EQ(strata_trace_matrix(trace.get(), i, &matrix), STRATA_OK) << last_error();
    names += std::string(matrix.file) + ' ';
    EXPECT_GT(matrix.rows * matrix.cols, 0U);
    EXPECT_STRNE(matrix.name, "");
    if (std::string(matrix.file) == "Z2") {
      Z2 = matrix.values[0];
      EXPECT_EQ(matrix.layer, 2);
      EXPECT_STREQ(matrix.equation, "Z[2] = W[2] A[1] + b[2]");
    }
    if (std::string(matrix.file) == "A2") A2 = matrix.values[0];
  }
  EXPECT_EQ(names, "X Y Z1 A1 dA1 dZ1 dW1 db1 Z2 A2 dA2 dZ2 dW2 db2 ");
  EXPECT_NEAR(A2, 1 / (1 + std::exp(-Z2)), 1e-6);
  strata_matrix matrix{};
  EXPECT_EQ(strata_trace_matrix(trace.get(), 14, &matrix), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_trace_matrix: index: the trace has 14 matrices, found 14 (counted from 0)");
  const TraceHandle layer = made<TraceHandle>(strata_trace_new, model.get(), table.get(), -1, 1, 0);
  EXPECT_EQ(strata_trace_matrices(layer.get()), 6U);
  strata_trace* none = nullptr;
  EXPECT_EQ(strata_trace_new(model.get(), table.get(), -2, -1, 0, &none), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_trace_new: example: expected -1 or more, found -2");
  EXPECT_EQ(strata_trace_new(model.get(), table.get(), 120, -1, 0, &none), STRATA_USAGE);
}

TEST(CTrain, ChecksGradients) {
  const Points points(30);
  const TableHandle table = points.table();
  const json new_network = json::parse(text_of(strata_check_gradients_of, table.get(), of_places().get(), 10));
  EXPECT_EQ(new_network["passed"], true);
  EXPECT_EQ(new_network["examples"], 10);
  const FitHandle fit = fitted(table, of_places());
  const ModelHandle model = made<ModelHandle>(strata_fit_model, fit.get());
  const json of_model = json::parse(text_of(strata_check_gradients, model.get(), table.get(), 0, 0));
  EXPECT_EQ(of_model["passed"], true);
  EXPECT_EQ(of_model["examples"], 30);
}

TEST(CTrain, RunsInSeveralThreadsAtOnce) {
  const Points points;
  const TableHandle table = points.table();
  const OptionsHandle options = of_places();
  const std::string expected = bytes_of(fitted(table, options));
  std::vector<std::string> found(4);
  std::vector<std::thread> threads;
  for (std::string& each : found) threads.emplace_back([&] { each = bytes_of(fitted(table, options)); });
  for (std::thread& each : threads) each.join();
  for (const std::string& each : found) EXPECT_EQ(each, expected);
}

TEST(CTrain, DiagnosesThisMachine) { EXPECT_EQ(json::parse(text_of(strata_diagnose))["version"], STRATA_VERSION); }

}  // namespace
}  // namespace strata::testing
