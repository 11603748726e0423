// What a plan says is what the training does.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "data/data_test.hpp"
#include "strata/trainer.hpp"

namespace strata {
namespace {

using namespace testing;
using Plan = InFolder;

/// 90 rows: an identifier, a number that lacks some, a word, and a number to predict that lacks one.
std::string typed_table() {
  std::string text = "id,age,port,fare\n";
  for (int i = 0; i < 90; ++i) {
    text += std::to_string(1000 + i) + "," + (i % 9 == 4 ? "" : std::to_string(20 + i * 7 % 31)) + "," +
            (i % 3 == 0   ? "S"
             : i % 3 == 1 ? "C"
                          : "Q") +
            "," + (i == 50 ? "" : std::to_string(i * i % 83) + ".5") + "\n";
  }
  write_file("a.csv", text);
  return "a.csv";
}

Options options_of() {
  Options options;
  options.missing_target = MissingTarget::drop;
  options.validation = "0.25";
  options.hidden_layers = {6, 3};
  options.epochs = 3;
  options.batch_size = 16;
  return options;
}

TEST_F(Plan, SaysWhatTheTrainingDoes) {
  const std::string file = typed_table();
  for (const bool from_table : {false, true}) {
    std::vector<std::string> notes, notes_of_training;
    const auto told = [](std::vector<std::string>& to) {
      Callbacks callbacks;
      callbacks.note = [&to](std::string_view text) { to.emplace_back(text); };
      callbacks.cost = [](const CostReport&) {};
      return callbacks;
    };
    const TrainingPlan plan = from_table ? plan_training(read_table(file), options_of(), told(notes))
                                         : plan_training(file, options_of(), told(notes));
    const Fit fit = from_table ? train(read_table(file), options_of(), told(notes_of_training))
                               : train(file, options_of(), told(notes_of_training));
    EXPECT_EQ(notes, notes_of_training);
    EXPECT_EQ(plan.architecture, fit.model.architecture());
    EXPECT_EQ(plan.features.inputs, fit.model.inputs());
    EXPECT_EQ(plan.features.scaling, fit.model.scaling());
    EXPECT_EQ(plan.features.target, fit.model.target());
    EXPECT_EQ(plan.rows, fit.model.record().rows);
    EXPECT_EQ(plan.held, fit.model.record().validation->examples);
    EXPECT_EQ(plan.dropped, 1U);
    EXPECT_EQ(plan.iterations, fit.iterations);
    EXPECT_EQ(plan.batches, 5);  // of 67 rows
    ASSERT_EQ(plan.left_out.size(), 1U);
    EXPECT_EQ(plan.left_out[0].name, "id");
    EXPECT_EQ(plan.left_out[0].type, "identifier");
    EXPECT_EQ(plan.left_out[0].why, "the whole numbers from 1000 to 1089, each once");
    EXPECT_EQ(plan.options.task, Task::regression);
    EXPECT_EQ(plan.options.scale, ScaleKind::standard);
    EXPECT_EQ(plan.options.scale_target, true);
  }
}

TEST_F(Plan, CountsTheBytes) {
  const std::string file = typed_table();
  Options options = options_of();
  TrainingPlan plan = plan_training(file, options);
  const std::size_t n_x = 5;  // age, whether it is missing, three ports
  EXPECT_EQ(plan.data_bytes, 4 * 90 * sizeof(double));
  EXPECT_EQ(plan.example_bytes, (n_x + 1) * 89 * sizeof(float));
  const std::size_t parameters = 6 * n_x + 6 + 3 * 6 + 3 + 3 + 1;
  // θ and Adam's two, these again, the gradient; of 16 examples X, Y, A of all layers, and two of the widest.
  EXPECT_EQ(plan.weight_bytes, sizeof(float) * 7 * parameters);
  EXPECT_EQ(plan.workspace_bytes, sizeof(float) * 16 * (n_x + 1 + 6 + 3 + 1 + 2 * 6));
  options.precision = Precision::float64;
  EXPECT_EQ(plan_training(file, options).weight_bytes, 2 * plan.weight_bytes);
  options.precision = Precision::float32;
  options.optimizer = OptimizerKind::momentum;
  EXPECT_EQ(plan_training(file, options).weight_bytes, plan.weight_bytes - 2 * parameters * sizeof(float));
  options.optimizer = OptimizerKind::gradient_descent;
  EXPECT_EQ(plan_training(file, options).weight_bytes, plan.weight_bytes - 4 * parameters * sizeof(float));
}

TEST_F(Plan, AFullBatchAndAFileOfValidation) {
  const std::string file = typed_table();
  Options options = options_of();
  write_file("held.csv", "port,age,fare\nS,30,5\nC,,7\n");
  options.validation = "held.csv";
  options.batch_size = 0;
  std::vector<std::string> notes;
  const TrainingPlan plan = plan_training(file, options);
  EXPECT_EQ(plan.rows, 89U);
  EXPECT_EQ(plan.held, 2U);
  EXPECT_EQ(plan.batches, 1);
  EXPECT_EQ(plan.iterations, 3);
}

TEST_F(Plan, RefusesWhatTheTrainingRefuses) {
  const std::string file = typed_table();
  Options options = options_of();
  options.target = {"fares"};
  const auto said = [&](auto call) { return error_of(ErrorCode::usage, call); };
  const std::string expected = said([&] { return train(file, options); });
  EXPECT_NE(expected.find("'fare'"), std::string::npos);
  EXPECT_EQ(said([&] { return plan_training(file, options); }), expected);
  options = options_of();
  options.missing_target = MissingTarget::error;
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return plan_training(file, options); }),
            error_of(ErrorCode::value, [&] { return train(file, options); }));
  options.learning_rate = -1;
  EXPECT_EQ(said([&] { return plan_training(file, options); }), said([&] { return train(file, options); }));
}

}  // namespace
}  // namespace strata
