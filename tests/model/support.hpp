// What the tests of models share: folders that vanish, small models made by hand, and errors looked at closely.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_data.hpp"
#include "strata/error.hpp"
#include "strata/model.hpp"

namespace strata::testing {
using namespace internal;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "strata-model-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file in it.
  [[nodiscard]] std::filesystem::path write(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
    return path_ / name;
  }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// "code: message" of the Error that this throws; "nothing was thrown" otherwise.
inline std::string error_of(const std::function<void()>& action) {
  constexpr const char* kCodes[] = {"usage", "not_found",   "io",       "format", "shape",
                                    "value", "unsupported", "diverged", "memory", "internal"};
  try {
    action();
  } catch (const Error& error) {
    return std::string(kCodes[static_cast<int>(error.code())]) + ": " + error.what();
  }
  return "nothing was thrown";
}

/// The error must have this code and hold this piece of text.
#define EXPECT_ERROR(action, code, piece)                                                                 \
  do {                                                                                                    \
    const std::string found_error = ::strata::testing::error_of([&] { static_cast<void>(action); });      \
    EXPECT_EQ(found_error.substr(0, found_error.find(':')), code) << found_error;                         \
    EXPECT_NE(found_error.find(piece), std::string::npos) << found_error << "\nshould hold\n" << (piece); \
  } while (false)

/// Weights that are no special numbers: neither symmetric nor round.
template <class T>
Parameters<T> some_parameters(const Architecture& net) {
  Parameters<T> p(net);
  double at = 0;
  for (T& number : p.theta()) {
    ++at;
    number = static_cast<T>(0.7 * std::sin(1.3 * at) / (1 + std::fmod(at, 3)));
  }
  return p;
}

/// One input field of one number for each n_x, named x0, x1, ….
inline std::vector<InputField> columns(int n_x) {
  std::vector<InputField> inputs;
  for (int i = 0; i < n_x; ++i) inputs.push_back({"x" + std::to_string(i), {}});
  return inputs;
}

inline Target target_for(const Architecture& net) {
  Target target{.names = {"y"}, .task = Task::regression, .classes = {}, .offset = {}, .divisor = {}};
  if (net.loss == Loss::binary_cross_entropy) {
    target.task = Task::binary;
    target.classes = {"no", "yes"};
  } else if (net.loss == Loss::categorical_cross_entropy) {
    target.task = Task::classes;
    for (int k = 0; k < net.outputs; ++k) target.classes.push_back("class " + std::to_string(k));
  }
  return target;
}

template <class T>
Model make_model(const Architecture& net) {
  auto data = std::make_unique<Model::Data>();
  data->architecture = net;
  data->inputs = columns(net.inputs);
  data->target = target_for(net);
  data->record.train.task = data->target.task;
  data->record.data = "made by hand";
  data->record.version = "0.0";
  data->networks = Networks<T>{some_parameters<T>(net)};
  return Model(std::move(data));
}

/// A model in which nothing is left out.
template <class T>
Model make_full_model() {
  Model model = make_model<T>({3, {{4, Activation::relu}, {2, Activation::gelu}}, 1, Loss::squared_error});
  Model::Data& data = model.data();
  data.inputs = {{"älter \"than\" x", {}}, {"pixels", {1, 2}}};
  data.target = {.names = {"price"}, .task = Task::regression, .classes = {}, .offset = {10.5}, .divisor = {0.1}};
  data.scaling = {ScaleKind::standard, {1, -2.5, 1e-3}, {0.1, 3, 1e5}};
  TrainingRecord& record = data.record;
  record = {};
  record.data = "houses.csv";
  record.rows = 77;
  record.options = {{"target", "price"}, {"seed", "1"}, {"l2", "0.5"}};
  record.iterations = 1200;
  record.epochs = 12;
  record.ended = "interrupted";
  record.l2 = 0.5;
  record.cost = 0.1;
  record.version = "0.1.0";
  Metrics& train = record.train;
  train.task = Task::regression;
  train.examples = 77;
  train.loss = 0.1;
  train.correct = 0;
  train.accuracy = 0;
  train.rmse = 2.5;
  train.mae = 2;
  train.r2 = 0.75;
  Metrics& validation = record.validation.emplace();
  validation.task = Task::regression;
  validation.examples = 7;
  validation.loss = 0.2;
  validation.correct = 0;
  validation.accuracy = 0;
  validation.rmse = 3.5;
  validation.mae = 3;
  validation.r2 = -1;
  return model;
}

/// Inputs of every type in 17 columns, scaled by quantiles.
template <class T>
Model make_typed_model() {
  Model model = make_model<T>({17, {{5, Activation::relu}}, 2, Loss::categorical_cross_entropy});
  Model::Data& data = model.data();
  data.inputs = {
      {.name = "age", .shape = {}, .missing = true, .fill = 29.75},
      {.name = "rooms", .shape = {}, .fill = 0.1},
      {.name = "answer", .shape = {}, .type = ColumnType::yes_no, .levels = {"no", "yes"}, .missing = true},
      {.name = "colour",
       .shape = {},
       .type = ColumnType::category,
       .levels = {"blau", "grün", "rot"},
       .pooled = true,
       .missing = true},
      {.name = "zone", .shape = {}, .type = ColumnType::category, .levels = {"1", "2"}},
      {.name = "when",
       .shape = {},
       .type = ColumnType::date,
       .missing = true,
       .fill = 19800.5,
       .parts = {DatePart::year, DatePart::weekday},
       .earliest = 19000.0},
      {.name = "pixels", .shape = {2}},
  };
  Scaling& scaling = data.scaling;
  scaling.kind = ScaleKind::quantile;
  scaling.offset.assign(17, 0);
  scaling.divisor.assign(17, 1);
  scaling.quantiles.resize(17);
  scaling.offset[0] = 30;
  scaling.divisor[0] = 14.5;
  scaling.quantiles[2] = {-1, 0.1, 0.1, 3};
  scaling.offset[11] = 2024;
  scaling.quantiles[13] = {19000, 19500.25, 20000};
  return model;
}

/// A stage in front of the layers, learned slopes, scaled levels, and a target of two numbers that is kept within
/// bounds.
template <class T>
Model make_staged_model() {
  using Kind = RowEmbedding::Kind;
  Architecture net{6, {{6, Activation::selu, 0, true}, {4, Activation::mish, 0.25}}, 2, Loss::squared_error};
  net.stage = {.rows = {{Kind::periodic}, {}, {Kind::levels, 4}, {}, {}, {}},
               .frequencies = 5,
               .periodic_units = 3,
               .level_units = 2,
               .scales = true};
  Model model = make_model<T>(net);
  Model::Data& data = model.data();
  data.inputs = {
      {.name = "age", .shape = {}, .missing = true, .fill = 29.75},
      {.name = "port",
       .shape = {},
       .type = ColumnType::category,
       .levels = {"Bari", "Genua", "Triest"},
       .embedded = true,
       .missing = true},
      {.name = "zone", .shape = {}, .type = ColumnType::category, .levels = {"1", "2"}},
      {.name = "answer", .shape = {}, .type = ColumnType::yes_no, .levels = {"no", "yes"}},
  };
  data.scaling = {ScaleKind::robust, {30, 0, 0, 1, 0, -1}, {14.5, 1, 1, 0.5, 1, 2}, {}, true};
  data.target.names = {"price", "rooms"};
  data.target.offset = {10.5, -1};
  data.target.divisor = {20, 3};
  data.target.least = {8, -1.5};
  data.target.largest = {20, 0.1};
  return model;
}

/// The same, whose first number, beside the column that says where it is missing, is embedded in three pieces.
template <class T>
Model make_model_in_pieces(const std::vector<double>& edges = {-1, 0.1, 1.0 / 3, 2.5}) {
  Model model = make_staged_model<T>();
  Model::Data& data = model.data();
  data.architecture.stage.rows[0] = {RowEmbedding::Kind::piecewise, 0, edges};
  data.architecture.stage.piecewise_units = 5;
  data.networks = Networks<T>{some_parameters<T>(data.architecture)};
  return model;
}

/// The same model of several networks, whose weights differ a little.
template <class T>
void make_several(Model& model, const std::vector<double>& shares) {
  Model::Data& data = model.data();
  Parameters<T> first = std::get<Networks<T>>(data.networks).front();
  Networks<T> all;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    Parameters<T>& p = all.emplace_back(first);
    double at = 0;
    for (T& number : p.theta()) ++at, number += static_cast<T>(0.4 * std::sin(0.9 * at * static_cast<double>(i)));
  }
  data.networks = std::move(all);
  data.shares = shares;
}

/// A bag of two folds with two members each, without the second of the first.
template <class T>
Model make_bag() {
  Model model = make_model<T>({2, {{3, Activation::tanh}}, 3, Loss::categorical_cross_entropy});
  make_several<T>(model, {0.25, 0.5, 0.25});
  model.data().temperature = 1.25;
  TrainingRecord& record = model.data().record;
  record.networks = {{.fold = 1, .member = 1, .seed = 7, .epochs = 12, .epochs_tried = 20},
                     {.fold = 2, .member = 1, .seed = 18446744073709551615U, .epochs = 9, .epochs_tried = 20},
                     {.fold = 2, .member = 2, .seed = 3, .epochs = 9, .epochs_tried = 20}};
  record.out_of_fold = {.task = Task::classes, .examples = 40, .loss = 0.5, .correct = 30, .accuracy = 0.75};
  return model;
}

template <class T>
std::vector<T> theta_of(const Model& model) {
  const auto theta = model.data().template first<T>().theta();
  return {theta.begin(), theta.end()};
}

inline void expect_equal(const Metrics& a, const Metrics& b) {
  EXPECT_EQ(a.task, b.task);
  EXPECT_EQ(a.examples, b.examples);
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.correct, b.correct);
  EXPECT_EQ(a.accuracy, b.accuracy);
  EXPECT_EQ(a.rmse, b.rmse);
  EXPECT_EQ(a.mae, b.mae);
  EXPECT_EQ(a.r2, b.r2);
}

template <class T>
void expect_equal(const Model& a, const Model& b) {
  EXPECT_EQ(a.architecture(), b.architecture());
  EXPECT_EQ(a.inputs(), b.inputs());
  EXPECT_EQ(a.target(), b.target());
  EXPECT_EQ(a.scaling(), b.scaling());
  ASSERT_EQ(a.precision(), b.precision());
  EXPECT_EQ(a.shares(), b.shares());
  EXPECT_EQ(a.temperature(), b.temperature());
  ASSERT_EQ(a.networks(), b.networks());
  for (std::size_t i = 0; i < a.networks(); ++i) {
    const auto of = [i](const Model& model) { return std::get<Networks<T>>(model.data().networks)[i].theta(); };
    EXPECT_TRUE(std::ranges::equal(of(a), of(b))) << "network " << i;
  }
  EXPECT_EQ(a.record().networks, b.record().networks);
  ASSERT_EQ(a.record().out_of_fold.has_value(), b.record().out_of_fold.has_value());
  if (a.record().out_of_fold) expect_equal(*a.record().out_of_fold, *b.record().out_of_fold);
  EXPECT_EQ(a.record().data, b.record().data);
  EXPECT_EQ(a.record().rows, b.record().rows);
  EXPECT_EQ(a.record().options, b.record().options);
  EXPECT_EQ(a.record().iterations, b.record().iterations);
  EXPECT_EQ(a.record().epochs, b.record().epochs);
  EXPECT_EQ(a.record().ended, b.record().ended);
  EXPECT_EQ(a.record().l2, b.record().l2);
  EXPECT_EQ(a.record().cost, b.record().cost);
  EXPECT_EQ(a.record().version, b.record().version);
  expect_equal(a.record().train, b.record().train);
  ASSERT_EQ(a.record().validation.has_value(), b.record().validation.has_value());
  if (a.record().validation) expect_equal(*a.record().validation, *b.record().validation);
}

}  // namespace strata::testing
