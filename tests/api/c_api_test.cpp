// The ABI for C: errors, options, tables, models.
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "api/handles.hpp"
#include "strata/strata.hpp"

namespace strata::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string refusal_of_option(const char* name, const char* value) {
  const OptionsHandle options = made<OptionsHandle>(strata_options_new);
  EXPECT_NE(strata_options_set(options.get(), name, value), STRATA_OK);
  return last_error();
}

std::string value_of(const OptionsHandle& options, const char* name) {
  return text_of(strata_options_get, options.get(), name);
}

ModelHandle trained(const TableHandle& table, const OptionsHandle& options) {
  const FitHandle fit = made<FitHandle>(strata_train, table.get(), options.get(), nullptr);
  return made<ModelHandle>(strata_fit_model, fit.get());
}

OptionsHandle of_places() { return options_with({{"target", "place"}, {"epochs", "20"}, {"hidden_layers", "8,4"}}); }

TEST(CApi, SaysItsVersion) {
  EXPECT_STREQ(strata_version(), STRATA_VERSION);
  EXPECT_EQ(strata_abi_version(), STRATA_ABI_VERSION);
}

TEST(CApi, RemembersTheLastErrorOfEachThread) {
  std::thread([] {
    EXPECT_EQ(strata_last_error()->status, STRATA_OK);
    EXPECT_STREQ(strata_last_error()->message, "");
    EXPECT_STREQ(strata_last_error()->function, "");
  }).join();
  strata_model* model = nullptr;
  EXPECT_EQ(strata_model_load("/no/such/file", &model), STRATA_NOT_FOUND);
  EXPECT_EQ(model, nullptr);
  const std::string before = last_error();
  EXPECT_EQ(before, "2: strata_model_load: cannot read '/no/such/file': No such file or directory");
  std::thread([] { EXPECT_EQ(strata_table_new(nullptr, nullptr), STRATA_USAGE); }).join();
  EXPECT_EQ(last_error(), before);
  const TableHandle table = made<TableHandle>(strata_table_new, nullptr);  // what works leaves it
  EXPECT_EQ(last_error(), before);
}

TEST(CApi, RefusesNullPointers) {
  strata_bytes* text = nullptr;
  size_t rows = 0, cols = 0;
  EXPECT_EQ(strata_table_new(nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_table_new: table is a null pointer");
  EXPECT_EQ(strata_model_save(nullptr, "m"), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_model_save: model is a null pointer");
  const char* const files[] = {"a.csv", nullptr};
  strata_table* table = nullptr;
  EXPECT_EQ(strata_table_read(files, 2, nullptr, &table), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_table_read: files[1] is a null pointer");
  EXPECT_EQ(strata_options_new(nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_options_set(nullptr, "seed", "1"), STRATA_USAGE);
  EXPECT_EQ(strata_options_get(nullptr, "seed", &text), STRATA_USAGE);
  EXPECT_EQ(strata_options_copy(nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_diagnose(nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_describe_options(nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_table_add_numbers(nullptr, "a", nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_table_add_texts(nullptr, "a", nullptr, 1), STRATA_USAGE);
  EXPECT_EQ(strata_table_describe(nullptr, nullptr, &text), STRATA_USAGE);
  EXPECT_EQ(strata_model_load("a", nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_model_from_bytes(nullptr, 3, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_model_describe(nullptr, &text), STRATA_USAGE);
  EXPECT_EQ(strata_model_parameters(nullptr, 0, "W1", &rows, &cols, nullptr, 0), STRATA_USAGE);
  EXPECT_EQ(strata_model_predict(nullptr, nullptr, 0, nullptr, 0, nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_model_evaluate(nullptr, nullptr, 0, nullptr, &text), STRATA_USAGE);
  EXPECT_EQ(strata_predictor_new(nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_predictor_predict_f64(nullptr, nullptr, 1, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_train(nullptr, nullptr, nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_train_files(nullptr, 1, nullptr, nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_continue(nullptr, nullptr, nullptr, nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_fit_model(nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_fit_describe(nullptr, &text), STRATA_USAGE);
  EXPECT_EQ(strata_fit_out_of_fold(nullptr, nullptr, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_plan(nullptr, nullptr, nullptr, &text), STRATA_USAGE);
  EXPECT_EQ(strata_trace_new(nullptr, nullptr, -1, -1, 0, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_trace_matrix(nullptr, 0, nullptr), STRATA_USAGE);
  EXPECT_EQ(strata_check_gradients(nullptr, nullptr, 0, 0, &text), STRATA_USAGE);
  EXPECT_EQ(strata_check_gradients_of(nullptr, nullptr, 0, &text), STRATA_USAGE);
  EXPECT_EQ(text, nullptr);
  // What only asks gives nothing for nothing, and frees take it.
  EXPECT_EQ(strata_table_rows(nullptr) + strata_model_columns(nullptr) + strata_predictor_inputs(nullptr) +
                strata_predictor_outputs(nullptr) + strata_fit_out_of_fold_rows(nullptr) +
                strata_trace_matrices(nullptr) + strata_bytes_size(nullptr),
            0U);
  EXPECT_STREQ(strata_bytes_data(nullptr), "");
  EXPECT_TRUE(std::isnan(strata_trace_cost(nullptr)));
  strata_bytes_free(nullptr);
  strata_options_free(nullptr);
  strata_table_free(nullptr);
  strata_model_free(nullptr);
  strata_predictor_free(nullptr);
  strata_fit_free(nullptr);
  strata_trace_free(nullptr);
}

TEST(CApi, TakesOptionsByNameAndText) {
  const OptionsHandle options = made<OptionsHandle>(strata_options_new);
  EXPECT_EQ(value_of(options, "seed"), "1");
  EXPECT_EQ(strata_options_set(options.get(), "hidden_layers", "20,7,5"), STRATA_OK);
  EXPECT_EQ(strata_options_set(options.get(), "seed", "3"), STRATA_OK);
  const OptionsHandle copy = made<OptionsHandle>(strata_options_copy, options.get());
  EXPECT_EQ(strata_options_set(options.get(), "seed", "4"), STRATA_OK);
  EXPECT_EQ(value_of(options, "hidden-layers"), "20,7,5");
  EXPECT_EQ(value_of(options, "seed"), "4");
  EXPECT_EQ(value_of(copy, "seed"), "3");
  // A recipe gives way to what is set, before and after.
  EXPECT_EQ(strata_options_set_recipe(options.get(), "classic"), STRATA_OK);
  EXPECT_EQ(value_of(options, "seed"), "4");
  EXPECT_EQ(value_of(options, "optimizer"), "gradient-descent");
  EXPECT_EQ(strata_options_set(options.get(), "optimizer", "adam"), STRATA_OK);
  EXPECT_EQ(value_of(options, "optimizer"), "adam");
  EXPECT_EQ(strata_options_set_recipe(options.get(), nullptr), STRATA_OK);
  EXPECT_EQ(value_of(options, "scale"), "auto");

  EXPECT_EQ(refusal_of_option("batch_size", "0.5").substr(0, 45), "1: strata_options_set: --batch-size: expected");
  EXPECT_NE(refusal_of_option("hiden_layers", "3").find("did you mean"), std::string::npos) << last_error();
  strata_bytes* none = nullptr;
  EXPECT_EQ(strata_options_get(options.get(), "hiden_layers", &none), STRATA_USAGE);
  EXPECT_NE(last_error().find("did you mean"), std::string::npos) << last_error();
  EXPECT_EQ(strata_options_set_recipe(options.get(), "clasic"), STRATA_USAGE);
  EXPECT_NE(last_error().find("classic"), std::string::npos) << last_error();
  EXPECT_EQ(value_of(options, "optimizer"), "adam");  // as it was
}

TEST(CApi, DescribesEveryOption) {
  const json all = json::parse(text_of(strata_describe_options));
  ASSERT_EQ(all["options"].size(), option_table().size());
  for (std::size_t i = 0; i < option_table().size(); ++i) EXPECT_EQ(all["options"][i]["name"], option_table()[i].name);
  ASSERT_EQ(all["recipes"].size(), all_recipes().size());
}

TEST(CApi, SpellsOptionsAsPythonDoes) {
  ASSERT_EQ(strata_spell_options(STRATA_SPELL_PYTHON), STRATA_OK);
  const std::string named = refusal_of_option("batch-size", "x");
  const Points points;
  const TableHandle table = points.table();
  const OptionsHandle options = options_with({{"target", "place"}, {"loss", "huber"}});
  strata_fit* fit = nullptr;
  EXPECT_EQ(strata_train(table.get(), options.get(), nullptr, &fit), STRATA_USAGE);
  const std::string contradicting = last_error();
  ASSERT_EQ(strata_spell_options(STRATA_SPELL_COMMAND_LINE), STRATA_OK);
  EXPECT_EQ(named.substr(0, 33), "1: strata_options_set: batch_size") << named;
  EXPECT_EQ(contradicting.find("--"), std::string::npos) << contradicting;
  EXPECT_EQ(strata_spell_options(7), STRATA_USAGE);
  EXPECT_EQ(last_error(),
            "1: strata_spell_options: spelling: expected STRATA_SPELL_COMMAND_LINE or STRATA_SPELL_PYTHON, found 7");
}

TEST(CApi, MakesATableOfTheCallersNumbers) {
  const float pictures[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::size_t shape[] = {2, 2};
  int released = 0;
  const TableHandle table = made<TableHandle>(strata_table_new, "mine");
  const auto release = [](void* context) { ++*static_cast<int*>(context); };
  const strata_numbers numbers{pictures, STRATA_F32, 2, shape, 2, 0, release, &released};
  ASSERT_EQ(strata_table_add_numbers(table.get(), "picture", &numbers), STRATA_OK) << last_error();
  const char* const words[] = {"cat", nullptr};
  ASSERT_EQ(strata_table_add_texts(table.get(), "what", words, 2), STRATA_OK) << last_error();
  EXPECT_EQ(strata_table_rows(table.get()), 2U);
  EXPECT_EQ(released, 0);
  const json described = json::parse(text_of(strata_table_describe, table.get(), "what"));
  EXPECT_EQ(described["data"], "mine");
  EXPECT_EQ(described["columns"][0]["shape"], json({2, 2}));
  EXPECT_EQ(described["columns"][1]["missing"], 1);

  // What is refused is let go of, too, and the table is as it was.
  EXPECT_EQ(strata_table_add_numbers(table.get(), "picture", &numbers), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_table_add_numbers: mine already has a field named 'picture'");
  EXPECT_EQ(released, 1);
  EXPECT_EQ(strata_table_add_numbers(nullptr, "more", &numbers), STRATA_USAGE);
  EXPECT_EQ(released, 2);
  strata_numbers wrong = numbers;
  wrong.type = 10;
  EXPECT_EQ(strata_table_add_numbers(table.get(), "more", &wrong), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_table_add_numbers: type: expected STRATA_U8 to STRATA_F64, found 10");
  wrong = numbers;
  wrong.shape = nullptr;
  EXPECT_EQ(strata_table_add_numbers(table.get(), "more", &wrong), STRATA_USAGE);
  EXPECT_EQ(last_error(), "1: strata_table_add_numbers: shape is a null pointer");
  EXPECT_EQ(released, 4);
  EXPECT_EQ(strata_table_add_texts(table.get(), "more", words, 1), STRATA_SHAPE);
}

TEST(CApi, LetsGoOfNumbersWithTheLastThatHoldsThem) {
  const double matrix[] = {1, 2, 3, 4, 5, 6};
  int released = 0;
  const auto release = [](void* context) { ++*static_cast<int*>(context); };
  const strata_numbers numbers{matrix, STRATA_F64, 2, nullptr, 0, 3 * sizeof(double), release, &released};
  TableHandle table = made<TableHandle>(strata_table_new, nullptr);
  const char* const names[] = {"a", "b", "c"};
  ASSERT_EQ(strata_table_add_columns(table.get(), names, 3, &numbers, sizeof(double)), STRATA_OK) << last_error();
  EXPECT_EQ(released, 0);
  // The third name is taken: none of the three comes in.
  const char* const again[] = {"d", "e", "a"};
  EXPECT_EQ(strata_table_add_columns(table.get(), again, 3, &numbers, sizeof(double)), STRATA_USAGE);
  EXPECT_EQ(released, 1);
  EXPECT_EQ(json::parse(text_of(strata_table_describe, table.get(), "c"))["columns"].size(), 3U);
  const std::size_t shape[] = {1};
  strata_numbers wrong = numbers;
  wrong.dimensions = 1;
  wrong.shape = shape;
  EXPECT_EQ(strata_table_add_columns(table.get(), names, 3, &wrong, sizeof(double)), STRATA_USAGE);
  EXPECT_EQ(last_error(),
            "1: strata_table_add_columns: dimensions: expected 0, for each column is one number a row, found 1");
  EXPECT_EQ(released, 2);
  table.reset();
  EXPECT_EQ(released, 3);
}

TEST(CApi, ReadsTables) {
  const std::string file = STRATA_SOURCE_DIR "/data/breast_cancer.csv";
  const char* const files[] = {file.c_str()};
  const TableHandle table = made<TableHandle>(strata_table_read, files, 1, nullptr);
  EXPECT_EQ(strata_table_rows(table.get()), read_table(file).rows());
  const OptionsHandle wrong = options_with({{"categorical", "no such column"}});
  strata_table* none = nullptr;
  EXPECT_EQ(strata_table_read(files, 1, wrong.get(), &none), STRATA_USAGE);
  EXPECT_EQ(none, nullptr);
  EXPECT_NE(last_error().find("no such column"), std::string::npos) << last_error();
}

TEST(CApi, KeepsModelsInFilesAndInMemory) {
  const Points points;
  const TableHandle table = points.table();
  const ModelHandle model = trained(table, of_places());
  const std::string bytes = text_of(strata_model_to_bytes, model.get());
  const ModelHandle again = made<ModelHandle>(strata_model_from_bytes, bytes.data(), bytes.size());
  EXPECT_EQ(text_of(strata_model_to_bytes, again.get()), bytes);

  const std::string file = fs::temp_directory_path() / "c_api_test.strata";
  ASSERT_EQ(strata_model_save(model.get(), file.c_str()), STRATA_OK) << last_error();
  std::ifstream stream(file, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(stream), {}), bytes);
  const ModelHandle loaded = made<ModelHandle>(strata_model_load, file.c_str());
  EXPECT_EQ(json::parse(text_of(strata_model_describe, loaded.get()))["target"], json({"place"}));
  fs::remove(file);

  strata_model* none = nullptr;
  EXPECT_EQ(strata_model_from_bytes(bytes.data(), bytes.size() - 1, &none), STRATA_FORMAT);
  EXPECT_EQ(strata_model_from_bytes(nullptr, 0, &none), STRATA_FORMAT);
  EXPECT_EQ(none, nullptr);
}

TEST(CApi, PredictsIntoTheCallersMemory) {
  const Points points;
  const TableHandle table = points.table();
  const ModelHandle model = trained(table, of_places());
  ASSERT_EQ(strata_model_columns(model.get()), 2U);
  std::vector<double> values(2 * points.count() + 1, -1);
  std::vector<std::int64_t> labels(points.count() + 1, -1);
  ASSERT_EQ(strata_model_predict(model.get(), table.get(), 1, values.data(), values.size(), labels.data(), nullptr),
            STRATA_OK)
      << last_error();
  EXPECT_EQ(values.back(), -1);
  EXPECT_EQ(labels.back(), -1);

  // As the library itself says, and a predictor.
  const std::string bytes = text_of(strata_model_to_bytes, model.get());
  const Model same = Model::from_bytes(std::as_bytes(std::span(bytes)));
  const PredictorHandle predictor = made<PredictorHandle>(strata_predictor_new, model.get());
  ASSERT_EQ(strata_predictor_inputs(predictor.get()), 2U);
  ASSERT_EQ(strata_predictor_outputs(predictor.get()), 1U);
  const std::vector<float> X(points.numbers.begin(), points.numbers.end());
  std::vector<float> A(points.count());
  ASSERT_EQ(strata_predictor_predict_f32(predictor.get(), X.data(), points.count(), A.data()), STRATA_OK);
  const std::vector<double> expected = same.predict(std::span<const double>(points.numbers), points.count(), 1);
  for (std::size_t i = 0; i < points.count(); ++i) {
    EXPECT_EQ(values[2 * i + 1], expected[i]);
    EXPECT_EQ(labels[i], expected[i] > 0.5 ? 1 : 0);
    EXPECT_FLOAT_EQ(A[i], static_cast<float>(expected[i]));
  }
  std::vector<double> wide(points.count());
  ASSERT_EQ(strata_predictor_predict_f64(predictor.get(), points.numbers.data(), points.count(), wide.data()),
            STRATA_OK);
  EXPECT_EQ(wide, expected);
  EXPECT_EQ(strata_predictor_predict_f32(predictor.get(), nullptr, 0, nullptr), STRATA_OK);

  values.assign(values.size(), -1);
  EXPECT_EQ(strata_model_predict(model.get(), table.get(), 1, values.data(), 2 * points.count() - 1, nullptr, nullptr),
            STRATA_SHAPE);
  EXPECT_EQ(last_error(), "5: strata_model_predict: values: 120 rows have 240 numbers, and there is room for 239");
  EXPECT_EQ(values.front(), -1);

  const json figures = json::parse(text_of(strata_model_evaluate, model.get(), table.get(), 1, nullptr));
  EXPECT_EQ(figures["examples"], points.count());
}

TEST(CApi, SaysWhatNoTrainingRowHad) {
  const char* const letters[] = {"a", "b", "a", "b"};
  const double numbers[] = {1, 2, 1, 2};
  const strata_numbers y{numbers, STRATA_F64, 4, nullptr, 0, 0, nullptr, nullptr};
  const TableHandle table = made<TableHandle>(strata_table_new, nullptr);
  ASSERT_EQ(strata_table_add_texts(table.get(), "letter", letters, 4), STRATA_OK);
  ASSERT_EQ(strata_table_add_numbers(table.get(), "y", &y), STRATA_OK);
  const ModelHandle model = trained(table, options_with({{"target", "y"}, {"task", "regression"}, {"epochs", "1"}}));
  const char* const others[] = {"a", "z"};
  const TableHandle next = made<TableHandle>(strata_table_new, nullptr);
  ASSERT_EQ(strata_table_add_texts(next.get(), "letter", others, 2), STRATA_OK);
  double values[2];
  strata_bytes* notes = nullptr;
  ASSERT_EQ(strata_model_predict(model.get(), next.get(), 0, values, 2, nullptr, &notes), STRATA_OK) << last_error();
  EXPECT_EQ(json::parse(strata_bytes_data(notes)),
            json({"'letter': 1 cell with a value that no training row had (the first: 'z')"}));
  strata_bytes_free(notes);
}

TEST(CApi, GivesWhatANetworkHasLearned) {
  const Points points;
  const TableHandle table = points.table();
  const ModelHandle model = trained(table, of_places());
  const std::string bytes = text_of(strata_model_to_bytes, model.get());
  const Model same = Model::from_bytes(std::as_bytes(std::span(bytes)));
  size_t rows = 0, cols = 0;
  ASSERT_EQ(strata_model_parameters(model.get(), 0, "W1", &rows, &cols, nullptr, 0), STRATA_OK) << last_error();
  EXPECT_EQ(rows, 8U);
  EXPECT_EQ(cols, 2U);
  std::vector<double> W(rows * cols);
  ASSERT_EQ(strata_model_parameters(model.get(), 0, "W1", &rows, &cols, W.data(), W.size()), STRATA_OK);
  EXPECT_EQ(W, same.weights(1));
  std::vector<double> b(4);
  ASSERT_EQ(strata_model_parameters(model.get(), 0, "b2", &rows, &cols, b.data(), b.size()), STRATA_OK);
  EXPECT_EQ(b, same.biases(2));
  EXPECT_EQ(rows, 4U);
  EXPECT_EQ(cols, 1U);
  EXPECT_EQ(strata_model_parameters(model.get(), 0, "W1", &rows, &cols, W.data(), 15), STRATA_SHAPE);
  EXPECT_EQ(last_error(), "5: strata_model_parameters: values: 'W1' has 16 numbers, and there is room for 15");
  for (const char* none : {"W0", "W4", "Q1", "W", "", "W1x", "a1"}) {
    EXPECT_EQ(strata_model_parameters(model.get(), 0, none, &rows, &cols, nullptr, 0), STRATA_USAGE) << none;
  }
  EXPECT_EQ(last_error(),
            "1: strata_model_parameters: name: the network has no 'a1' (it has W and b of layers 1 to 3)");
  EXPECT_EQ(strata_model_parameters(model.get(), 1, "W1", &rows, &cols, nullptr, 0), STRATA_USAGE);

  const ModelHandle real = trained(table, options_with({{"target", "place"}, {"epochs", "1"}}, "realmlp"));
  ASSERT_EQ(strata_model_parameters(real.get(), 0, "a1", &rows, &cols, nullptr, 0), STRATA_OK) << last_error();
  EXPECT_EQ(rows, 256U);
  EXPECT_EQ(cols, 1U);
  ASSERT_EQ(strata_model_parameters(real.get(), 0, "F", &rows, &cols, nullptr, 0), STRATA_OK) << last_error();
  EXPECT_EQ(rows * cols, 32U);
}

}  // namespace
}  // namespace strata::testing
