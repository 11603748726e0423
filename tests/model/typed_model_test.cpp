// Models whose inputs are more than scaled numbers: their file, and what they say of a table.
#include <cmath>
#include <cstring>
#include <limits>

#include "model/metadata.hpp"
#include "parts.hpp"
#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::expect_equal;
using testing::load;
using testing::make_full_model;
using testing::make_typed_model;
using testing::message_of;
using testing::Parts;
using testing::TemporaryFolder;
using testing::version_of;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Table some_table() {
  Table table;
  table.add_numbers("age", {}, std::vector<double>{30, kNaN, 50});
  table.add_numbers("rooms", {}, std::vector<double>{3, 4, kNaN});
  table.add_text("answer", std::vector<std::string>{"yes", "perhaps", ""});
  table.add_text("colour", std::vector<std::string>{"rot", "lila", ""});
  table.add_text("zone", std::vector<std::string>{"2", "3", ""});
  table.add_numbers("when", {}, std::vector<double>{19000.5, kNaN, 18000});
  table.add_numbers("pixels", {2}, std::vector<double>{1, 2, 3, 4, 5, 6});
  table.add_text("y", std::vector<std::string>{"class 0", "class 1", "class 0"});
  return table;
}

// The same, as the raw interface takes it.
const std::vector<double> kRaw{30, 3,    1, 2, 1,  19000.5, 1,    2,    kNaN, 4,     2, 3,
                               2,  kNaN, 3, 4, 50, kNaN,    kNaN, kNaN, kNaN, 18000, 5, 6};

TEST(TypedModel, IsSavedAndLoadedWithEveryBit) {
  const Model narrow = make_typed_model<float>();
  const Model wide = make_typed_model<double>();
  expect_equal<float>(Model::from_bytes(narrow.to_bytes()), narrow);
  expect_equal<double>(Model::from_bytes(wide.to_bytes()), wide);
  EXPECT_EQ(Model::from_bytes(narrow.to_bytes()).to_bytes(), narrow.to_bytes());
  EXPECT_EQ(version_of(narrow), "2");
  const Table table = some_table();
  EXPECT_EQ(Model::from_bytes(wide.to_bytes()).predict(table).values, wide.predict(table).values);
}

// What an old program understands is written as it can read it.
TEST(TypedModel, ModelsOfPlainNumbersKeepTheFormatOfBefore) {
  EXPECT_EQ(version_of(make_full_model<float>()), "1");
  const auto with = [](const std::function<void(Model::Data&)>& change) {
    Model model = make_full_model<float>();
    change(model.data());
    return version_of(model);
  };
  EXPECT_EQ(with([](Model::Data& d) { d.inputs[0].fill = 1; }), "2");
  EXPECT_EQ(with([](Model::Data& d) { d.scaling.kind = ScaleKind::robust; }), "2");
  EXPECT_EQ(with([](Model::Data& d) { d.record.dropped = 3; }), "1");
  Model dropped = make_full_model<float>();
  dropped.data().record.dropped = 3;
  EXPECT_EQ(Model::from_bytes(dropped.to_bytes()).record().dropped, 3U);
}

TEST(TypedModel, AOneHotTargetIsOfFormat2) {
  Model model = testing::make_model<float>({2, {}, 3, Loss::categorical_cross_entropy});
  Target& target = model.data().target;
  target = {.names = {"a", "b", "c"}, .task = Task::classes, .classes = {"a", "b", "c"}, .one_hot = true};
  model.data().record.train.task = Task::classes;
  EXPECT_EQ(version_of(model), "2");
  EXPECT_EQ(Model::from_bytes(model.to_bytes()).target(), target);
  target.names = {"y"};
  EXPECT_EQ(Model::from_bytes(model.to_bytes()).target(), target);
  Parts parts(model);
  parts.version = "2";
  const auto expect = [&](const std::string& from, const std::string& to, const std::string& message) {
    Parts changed = parts;
    changed.replace(from, to);
    EXPECT_EQ(message_of(changed.file()), "format: is damaged: " + message);
  };
  expect(R"("names":["y"])", R"("names":["y","z"])", "classes of 2 targets, expected 1");
  expect(R"("one-hot":true)", R"("one-hot":1)", "metadata: target.one-hot: expected true or false, found 1");
  Model binary = testing::make_model<float>({2, {}, 1, Loss::binary_cross_entropy});
  binary.data().target.one_hot = true;
  EXPECT_EQ(testing::error_of([&] { static_cast<void>(Model::from_bytes(binary.to_bytes())); }),
            "internal: cannot write the model: the model is damaged: a one-hot target that is no classes");
}

// A file of format 1 says nothing of these, whatever other keys it has.
TEST(TypedModel, WhatFormat1DoesNotKnowIsNotReadFromIt) {
  Parts parts(make_full_model<float>());
  parts.replace(R"("shape":[]})", R"("shape":[],"fill":5,"type":"date"})");
  EXPECT_EQ(load(parts.file()).inputs()[0], make_full_model<float>().inputs()[0]);
  parts.version = "2";
  EXPECT_EQ(load(parts.file()).inputs()[0].type, ColumnType::date);
  Parts robust(make_full_model<float>());
  robust.replace(R"("scaling":"standard")", R"("scaling":"robust")");
  EXPECT_EQ(message_of(robust.file()),
            "format: is damaged: metadata: scaling: expected a scaling of format version 1, found \"robust\"");
  robust.version = "2";
  EXPECT_EQ(load(robust.file()).scaling().kind, ScaleKind::robust);
}

TEST(TypedModel, WhatDoesNotFitIsRefused) {
  const Parts good = [] {
    Parts parts(make_typed_model<float>());
    parts.version = "2";
    return parts;
  }();
  const auto expect = [&](const std::string& from, const std::string& to, const std::string& message) {
    Parts parts = good;
    parts.replace(from, to);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message) << to;
  };
  expect(R"("type":"yes/no")", R"("type":"text")",
         R"(metadata: inputs[2].type: expected one of "number", "yes/no", "category", "date", found "text")");
  expect(R"("type":"yes/no")", R"("type":"number")", "input 'answer': the wrong number of levels");
  expect(R"(["no","yes"])", R"(["no"])", "input 'answer': the wrong number of levels");
  expect(R"(["no","yes"])", R"(["no","no"])", "level 'no' occurs twice");
  expect(R"(["no","yes"])", R"(["no",""])", "input 'answer': an empty level");
  expect(R"(,"levels":["1","2"])", "", "input 'zone': it has no levels");
  expect(R"(["1","2"])", R"(["1","2","3"])", "its inputs give 18 numbers, and the network takes 17");
  expect(R"("pooled":true)", R"("pooled":1)", "metadata: inputs[3].pooled: expected true or false, found 1");
  expect(R"("pooled":true,)", "", "its inputs give 16 numbers, and the network takes 17");
  expect(R"("levels":["no","yes"])", R"("levels":["no","yes"],"pooled":true)",
         "input 'answer': only the levels of a category are pooled");
  expect(R"("levels":["no","yes"])", R"("levels":["no","yes"],"fill":1)",
         "input 'answer': only numbers and dates have a fill");
  expect(R"("shape":[2])", R"("shape":[2],"fill":1)", "input 'pixels': an array has no fill");
  expect(R"("fill":29.75)", R"("fill":null)", "metadata: inputs[0].fill: expected a finite number, found null");
  expect(R"("missing":true,"fill":29.75)", R"("missing":true)", "input 'age': nothing stands for what is missing");
  expect(R"(,"fill":19800.5)", "", "input 'when': a date needs a date as its fill");
  expect(R"("fill":19800.5)", R"("fill":1e9)", "input 'when': a date needs a date as its fill");
  expect(R"(["year","weekday"])", R"(["weekday","year"])", "input 'when': its parts are out of order");
  expect(R"(["year","weekday"])", R"(["year","year"])", "input 'when': its parts are out of order");
  expect(R"(["year","weekday"])", R"(["year","week"])",
         R"(metadata: inputs[5].parts[1]: expected one of "year", "month", "day", "weekday", "hour", found "week")");
  expect(R"("shape":[2]})", R"("shape":[2],"earliest":1})", "input 'pixels': only a date has parts");
  expect(R"("shape":[],"type":"date")", R"("shape":[1],"type":"date")", "input 'when': only numbers have a shape");
  const std::string counts = R"("quantiles":[0,0,4,0,0,0,0,0,0,0,0,0,0,3,0,0,0])";
  expect(counts, R"("quantiles":[4])", "metadata: quantiles: expected 17 numbers, found a list");
  expect(counts, R"("quantiles":[0,0,4,0,0,0,0,0,0,0,0,0,0,4,0,0,0])",
         "the tensor 'scaling.quantiles' is F64 [7]; the architecture says F64 [8]");
  expect(counts, R"("quantiles":[9223372036854775807,9223372036854775807,4,0,0,0,0,0,0,0,0,0,0,3,0,0,0])",
         "the number of quantiles: 9223372036854775807 + 9223372036854775807 is larger than any memory; the file is "
         "damaged");
  const auto expect_quantile = [&](double value, const std::string& message) {
    Parts parts = good;
    std::memcpy(parts.numbers[2].data() + sizeof(double), &value, sizeof value);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  ASSERT_EQ(good.tensors[2].name, "scaling.quantiles");
  expect_quantile(7, "quantiles that are not finite or do not ascend");
  expect_quantile(kNaN, "quantiles that are not finite or do not ascend");
}

TEST(TypedModel, ATableAndItsRawNumbersGiveTheSameBits) {
  const Model model = make_typed_model<double>();
  const Predictions of_table = model.predict(some_table());
  EXPECT_EQ(of_table.values, model.predict(kRaw, 3));
  // Another order of the fields, and of the rows.
  const std::vector<std::size_t> rows{2, 1, 0};
  const std::vector<std::string> fields{"when", "pixels", "zone", "answer", "colour", "rooms", "age"};
  const Predictions turned = model.predict(some_table().select_fields(fields).select_rows(rows));
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 2; ++k) EXPECT_EQ(turned.values[i * 2 + k], of_table.values[(2 - i) * 2 + k]);
  }
  EXPECT_EQ(model.evaluate(some_table()).examples, 3U);
  EXPECT_ERROR(model.predict(kRaw, 4), "shape", "X has 24 numbers; 4 examples of 8 inputs each");
}

TEST(TypedModel, WhatIsNewToItIsCounted) {
  const Predictions predictions = make_typed_model<double>().predict(some_table());
  std::vector<std::string> texts;
  for (const UnfamiliarInput& input : predictions.unfamiliar) texts.push_back(to_text(input));
  EXPECT_EQ(
      texts,
      (std::vector<std::string>{
          "'rooms': 1 cell missing, and no training row was without",
          "'answer': 1 cell with a value that no training row had (the first: 'perhaps')",
          "'zone': 1 cell with a value that no training row had (the first: '3'); 1 cell missing, and no training "
          "row was without",
          "'when': 1 cell before the first date of the training"}));
  std::vector<UnfamiliarInput> all = predictions.unfamiliar;
  add(all, predictions.unfamiliar);
  EXPECT_EQ(all.size(), 4U);
  EXPECT_EQ(to_text(all[1]), "'answer': 2 cells with a value that no training row had (the first: 'perhaps')");
  const std::vector<std::size_t> first{0};
  EXPECT_TRUE(make_typed_model<double>().predict(some_table().select_rows(first)).unfamiliar.empty());
}

TEST(TypedModel, WhatIsWrongIsSaidWithItsPlace) {
  const Model model = make_typed_model<double>();
  const auto predict = [&](const std::string& name, const std::vector<double>& values,
                           std::vector<std::size_t> shape = {}) {
    Table table = some_table();
    std::vector<std::string> others;
    for (const Field& field : table.fields())
      if (field.name != name) others.push_back(field.name);
    table = table.select_fields(others);
    table.add_numbers(name, std::move(shape), values);
    return model.predict(table);
  };
  EXPECT_ERROR(predict("age", {1, HUGE_VAL, 3}), "value",
               "the table: age, example 1 (counted from 0) is inf; every number must be finite");
  EXPECT_ERROR(predict("when", {1, 2, 1e9}), "value",
               "the table: when, example 2 (counted from 0) is 1e+09; expected days since 1970-01-01 in the years 1 to "
               "9999");
  EXPECT_ERROR(predict("pixels", {1, 2, 3, kNaN, 5, 6}, {2}), "value",
               "the table: pixels, example 1 (counted from 0), number 1 is nan; every number must be finite");
  Table words = some_table().select_fields(std::vector<std::string>{"rooms", "answer", "colour", "zone", "when"});
  words.add_text("age", std::vector<std::string>{"1", "2", "old"});
  words.add_numbers("pixels", {2}, std::vector<double>(6, 1.0));
  EXPECT_ERROR(model.predict(words), "value", "expected a number");
}

// An empty cell has its fill; a word, or what may be one, does not.
TEST(TypedModel, OnlyWhatSaysNothingIsMissing) {
  Model model = testing::make_model<double>({2, {}, 1, Loss::squared_error});
  model.data().scaling = {ScaleKind::standard, {2, 4}, {1, 1}};
  const TemporaryFolder folder;
  const auto predict = [&](const std::string& text) {
    return model.predict(read_for(model, Source{folder.write("new.csv", text), {}, {}}, false));
  };
  const Predictions filled = predict("x0,x1\n1,\n,4\nnan,4\n");
  EXPECT_EQ(filled.values, predict("x0,x1\n1,4\n2,4\n2,4\n").values);
  ASSERT_EQ(filled.unfamiliar.size(), 2U);
  EXPECT_EQ(filled.unfamiliar[0].missing, 2U);
  EXPECT_EQ(filled.unfamiliar[1].missing, 1U);
  EXPECT_ERROR(predict("x0,x1\n1,\n,4\n3,four\n"), "value",
               "new.csv:4:2: expected a number in column 'x1', found 'four'");
  EXPECT_ERROR(predict("x0,x1\n1,\n,4\n3,inf\n"), "value", "new.csv:4:2: column 'x1' holds inf");
  model.data().scaling = {ScaleKind::none, {}, {}};
  EXPECT_ERROR(predict("x0,x1\n1,2\n,4\n"), "value", "new.csv:3:1: the cell of column 'x0' is empty");
}

// The words of a category are read as words, under whatever name the file has them.
TEST(TypedModel, CategoriesAreReadAsTheyAreSpelled) {
  Model model = testing::make_model<double>({3, {}, 1, Loss::squared_error});
  model.data().inputs = {{.name = "key", .shape = {}, .type = ColumnType::category, .levels = {"007", "7"}},
                         {.name = "x", .shape = {}, .fill = 1.0}};
  const TemporaryFolder folder;
  const auto predict = [&](const std::string& text, std::vector<std::string> inputs) {
    return model.predict(read_for(model, Source{folder.write("new.csv", text), std::move(inputs), {}}, false));
  };
  const Predictions named = predict("x,key\n1,7\n1,007\n1,70\n", {});
  EXPECT_EQ(named.values, model.predict(std::vector<double>{1, 1, 0, 1, 2, 1}, 3));
  EXPECT_EQ(named.unfamiliar.front().first_unknown, "70");
  EXPECT_EQ(predict("x,code\n1,7\n1,007\n1,70\n", {"code", "x"}).values, named.values);
}

}  // namespace
}  // namespace strata
