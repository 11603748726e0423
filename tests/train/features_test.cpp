// Training from tables as people have them: words, dates, yes and no, and cells that say nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "data/data_test.hpp"
#include "data/table_storage.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"

namespace strata::testing {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kRows = 60;

struct Training : InFolder {
  std::vector<std::string> notes, warnings;

  Callbacks listening() {
    Callbacks callbacks;
    callbacks.note = [this](std::string_view text) { notes.emplace_back(text); };
    callbacks.warning = [this](std::string_view text) { warnings.emplace_back(text); };
    return callbacks;
  }
  [[nodiscard]] std::string note(const std::string& beginning) const {
    for (const std::string& each : notes)
      if (each.starts_with(beginning)) return each;
    return "";
  }
};

void set_type(Table& table, const std::string& name, ColumnType type, const std::string& why = "") {
  for (Field& field : table.storage().fields) {
    if (field.name != name) continue;
    field.type = type;
    field.why = why;
  }
}

// A column of every type; what is missing and rare is spread over the rows.
Table mixed(std::size_t rows = kRows) {
  std::vector<double> age, size, when;
  std::vector<std::string> answer, port, key, label;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto at = static_cast<double>(i);
    age.push_back(i % 7 == 3 ? kNaN : std::floor(40 + 20 * std::sin(at)));
    size.push_back(std::cos(at) / 3);
    when.push_back(i % 11 == 5 ? kNaN : 19000 + 13.25 * at);
    answer.emplace_back(i % 13 == 1 ? "" : i % 3 == 0 ? "yes" : "no");
    port.emplace_back(i % 5 == 4 ? "" : i % 4 == 0 ? "Southampton" : i % 4 == 1 ? "Queenstown" : "Cherbourg");
    key.push_back("k" + std::to_string(i));
    label.emplace_back(std::sin(at) + (i % 3 == 0 ? 1 : 0) > 0.5 ? "good" : "bad");
  }
  Table table;
  table.add_numbers("age", {}, age);
  table.add_text("answer", answer);
  table.add_numbers("size", {}, size);
  table.add_text("port", port);
  table.add_numbers("when", {}, when);
  table.add_text("key", key);
  table.add_text("label", label);
  set_type(table, "answer", ColumnType::yes_no);
  set_type(table, "when", ColumnType::date);
  set_type(table, "key", ColumnType::identifier, "60 of 60 cells differ");
  return table;
}

Options some_options() {
  Options options;
  options.target = {"label"};
  options.hidden_layers = {5};
  options.epochs = 3;
  options.batch_size = 8;
  options.threads = 1;
  return options;
}

void expect_same(const Model& a, const Model& b) {
  EXPECT_EQ(a.inputs(), b.inputs());
  EXPECT_EQ(a.scaling(), b.scaling());
  for (int l = 1; l <= a.architecture().depth(); ++l) {
    EXPECT_EQ(a.weights(l), b.weights(l));
    EXPECT_EQ(a.biases(l), b.biases(l));
  }
}

TEST_F(Training, TakesEveryTypeForWhatItIs) {
  const Fit fit = train(mixed(), some_options(), listening());
  std::vector<std::string> names;
  for (const EncodedColumn& column : encoded_columns(fit.model.features())) names.push_back(column.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"age", "age missing", "answer", "size", "port=Cherbourg", "port=Queenstown",
                                      "port=Southampton", "port missing", "when: year", "when: month", "when: day",
                                      "when: weekday", "when: hour", "when: days", "when missing"}));
  EXPECT_EQ(fit.model.architecture().inputs, 15);
  EXPECT_EQ(note("left out"), "left out: key (identifier: 60 of 60 cells differ)");
  EXPECT_EQ(
      note("missing"),
      "missing in training rows: age (9 of 60), answer (5 of 60), port (12 of 60), when (5 of 60); a column beside "
      "each says where, but a yes or no is 0 there, and the mean stands for a number");
  EXPECT_EQ(warnings, std::vector<std::string>{});
  EXPECT_EQ(fit.model.evaluate(mixed()).correct, fit.model.record().train.correct);
  EXPECT_TRUE(fit.model.predict(mixed()).unfamiliar.empty());
}

TEST_F(Training, GivesTheSameBitsForAnyThreadsAndFromItsFile) {
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    Options options = some_options();
    options.precision = precision;
    const Fit fit = train(mixed(), options);
    for (const int threads : {2, 3}) {
      options.threads = threads;
      expect_same(train(mixed(), options).model, fit.model);
    }
    fit.model.save("m.strata");
    const Model loaded = Model::load("m.strata");
    expect_same(loaded, fit.model);
    EXPECT_EQ(loaded.predict(mixed(), 3).values, fit.model.predict(mixed(), 1).values);
  }
}

// A table that is read where it lies gives what one that is consumed gives.
TEST_F(Training, SharedAndConsumedTablesGiveTheSameBits) {
  Table table = mixed();
  const Table before = table;
  const Fit shared = train(table, some_options());
  expect_same(train(std::move(table), some_options()).model, shared.model);
  EXPECT_EQ(before.number(before.field("size"), 3), mixed().number(mixed().field("size"), 3));
}

TEST_F(Training, RowsHeldBackDoNotMatter) {
  Options options = some_options();
  options.validation = "0.25";
  const Fit fit = train(mixed(), options, listening());
  // The same, with other cells in the rows that are held back: found as those that the training does not count.
  const Table table = mixed();
  std::vector<double> age;
  std::size_t changed = 0;
  for (std::size_t row = 0; row < kRows; ++row) age.push_back(table.number(table.field("age"), row));
  for (std::size_t row = 0; row < kRows; ++row) {
    std::vector<double> other = age;
    other[row] = 1e6;
    Table with;
    for (const Field& field : table.fields()) {
      Table column = table.select_fields(std::vector<std::string>{field.name});
      if (field.name == "age") {
        with.add_numbers("age", {}, other);
      } else {
        with.append(std::move(column));
      }
    }
    const Fit again = train(std::move(with), options);
    if (again.model.scaling() == fit.model.scaling()) {
      ++changed;
      expect_same(again.model, fit.model);
      EXPECT_NE(again.model.record().validation->loss, fit.model.record().validation->loss);
    }
  }
  EXPECT_EQ(changed, 15U);
}

// What is missing in a row that is held back, and nowhere else, is no input of its own.
TEST_F(Training, WhatOnlyHeldBackRowsLackIsFilled) {
  Table table;
  std::vector<double> x, y;
  for (std::size_t i = 0; i < 20; ++i) {
    x.push_back(static_cast<double>(i));
    y.push_back(std::sin(static_cast<double>(i)));
  }
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, y);
  Options options = some_options();
  options.target = {"y"};
  options.validation = "0.1";
  std::size_t filled = 0;
  for (std::size_t row = 0; row < 20; ++row) {
    std::vector<double> with = x;
    with[row] = kNaN;
    Table holed;
    holed.add_numbers("x", {}, with);
    holed.add_numbers("y", {}, y);
    notes.clear();
    const Fit fit = train(std::move(holed), options, listening());
    EXPECT_TRUE(std::isfinite(fit.model.record().validation->loss));
    if (fit.model.inputs()[0].missing) continue;
    ++filled;
    EXPECT_EQ(note("validation"), "validation: 'x': 1 cell missing, and no training row was without");
  }
  EXPECT_EQ(filled, 2U);
}

// Without words, dates and missing cells nothing is new.
TEST_F(Training, PlainNumbersAreWhatTheyWere) {
  const Fit fit = train(mixed().select_fields(std::vector<std::string>{"size", "label"}), some_options(), listening());
  EXPECT_EQ(fit.model.inputs(), (std::vector<InputField>{{.name = "size", .shape = {}}}));
  EXPECT_EQ(note("left out"), "");
  EXPECT_EQ(note("missing"), "");
  fit.model.save("m.strata");
  EXPECT_NE(read_file("m.strata").find(R"("format_version":"1")"), std::string::npos);
}

TEST_F(Training, ColumnsThatAreLeftOutMayBeNamed) {
  Options options = some_options();
  options.inputs = {"age", "key"};
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return train(mixed(), options).iterations; }),
            "--inputs names 'key', which is an identifier: 60 of 60 cells differ; take it for a category with "
            "--categorical key, or leave it out");
  options.categorical = {"key"};
  EXPECT_EQ(train(mixed(), options).model.inputs()[1].levels.size(), 60U);
  options.inputs = {};
  EXPECT_EQ(train(mixed(), options).model.inputs().back().name, "key");
  options.categorical = {"kex"};
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return train(mixed(), options).iterations; }),
            "--categorical: 'kex' is neither an input nor the target; did you mean 'key'?");
  options.categorical = {"age"};
  const Model model = train(mixed(), options).model;
  EXPECT_EQ(model.inputs()[0].type, ColumnType::category);
  EXPECT_EQ(model.inputs()[0].levels.front(), "20");
  EXPECT_EQ(model.evaluate(mixed()).correct, model.record().train.correct);
}

TEST_F(Training, NothingLeftIsAnErrorWithEveryReason) {
  Table table = mixed().select_fields(std::vector<std::string>{"key", "port", "label"});
  set_type(table, "port", ColumnType::text, "many words");
  EXPECT_EQ(
      error_of(ErrorCode::value, [&] { return train(table, some_options()).iterations; }),
      "the table: there is nothing to learn from beside the target: key (identifier: 60 of 60 cells differ), port "
      "(text: many words)\n--categorical COLUMN takes a column for a category whatever it looks like");
}

TEST_F(Training, ColumnsThatSayNothingInTheTrainingRowsAreLeftOut) {
  Table table = mixed().select_fields(std::vector<std::string>{"size", "label"});
  table.add_numbers("empty", {}, std::vector<double>(kRows, kNaN));
  table.add_text("same", std::vector<std::string>(kRows, "x"));
  table.add_text("none", std::vector<std::string>(kRows, ""));
  table.add_numbers("constant", {}, std::vector<double>(kRows, 3.0));
  table.add_numbers("unfilled", {}, std::vector<double>(kRows, kNaN));
  set_type(table, "constant", ColumnType::constant, "3 in all rows");
  set_type(table, "unfilled", ColumnType::constant, "none of 60 cells is filled");
  table.storage().fields.back().missing = kRows;
  const Fit fit = train(table, some_options(), listening());
  EXPECT_EQ(note("left out"),
            "left out: unfilled (constant: none of 60 cells is filled), empty (constant: missing in all 60 training "
            "rows), same (constant: the same in all 60 training rows), none (constant: missing in all 60 training "
            "rows)");
  // A number stays, with a warning.
  ASSERT_EQ(fit.model.inputs().size(), 2U);
  EXPECT_EQ(fit.model.inputs()[1].name, "constant");
  EXPECT_EQ(warnings.back(), "the same number in every row (up to rounding), so nothing to learn from: constant");
  Options options = some_options();
  options.inputs = {"size", "constant", "same"};
  EXPECT_EQ(train(table, options, listening()).model.inputs().size(), 3U);
  EXPECT_EQ(warnings.back(), "the same number in every row (up to rounding), so nothing to learn from: constant, same");
  options.inputs = {"size", "empty"};
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return train(table, options).iterations; }),
            "--inputs names 'empty', which is missing in all 60 training rows");
}

TEST_F(Training, RareLevelsShareAColumn) {
  Options options = some_options();
  options.categorical = {"key"};
  options.one_hot_limit = 2;
  const Fit fit = train(mixed(), options, listening());
  EXPECT_EQ(
      note("rare values"),
      "rare values share a column of their category (--one-hot-limit 2): port (1 of 3 values, 12 rows), key (58 of "
      "60 values, 58 rows)");
  EXPECT_TRUE(fit.model.inputs().back().pooled);
}

TEST_F(Training, TheTargetIsThereInEveryRow) {
  std::vector<std::string> label;
  std::vector<double> number;
  for (std::size_t i = 0; i < kRows; ++i) {
    label.emplace_back(i % 20 == 7 ? "" : i % 2 == 0 ? "a" : "b");
    number.push_back(i % 20 == 7 ? kNaN : std::sin(static_cast<double>(i)));
  }
  const auto of = [&](bool text, bool whole) {
    Table table = mixed().select_fields(std::vector<std::string>{"size", "age"});
    if (text) table.add_text("y", label);
    if (!text) table.add_numbers("y", {}, number);
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < kRows; ++i)
      if (i % 20 != 7) rows.push_back(i);
    return whole ? table : table.select_rows(rows);
  };
  for (const bool text : {true, false}) {
    Options options = some_options();
    options.target = {"y"};
    EXPECT_EQ(error_of(ErrorCode::value, [&] { return train(of(text, true), options).iterations; }),
              "the target 'y' is missing in 3 of 60 rows, the first at the table: y, example 7 (counted from 0); "
              "--missing-target drop leaves such rows out");
    options.missing_target = MissingTarget::drop;
    for (const char* validation : {"", "0.3"}) {
      options.validation = validation;
      const Fit fit = train(of(text, true), options, listening());
      EXPECT_EQ(notes.front(), "dropped: 3 of 60 rows, which lack the target 'y'");
      notes.clear();
      EXPECT_EQ(fit.model.record().dropped, 3U);
      const Fit without = train(of(text, false), options);
      EXPECT_EQ(without.model.record().dropped, 0U);
      expect_same(fit.model, without.model);
      EXPECT_EQ(fit.model.target().classes, without.model.target().classes);
    }
  }
  Table nothing = mixed().select_fields(std::vector<std::string>{"size"});
  nothing.add_numbers("y", {}, std::vector<double>(kRows, kNaN));
  Options options = some_options();
  options.target = {"y"};
  options.missing_target = MissingTarget::drop;
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return train(nothing, options).iterations; }),
            "the target 'y' is missing in every row");
}

TEST_F(Training, ATargetThatNothingPredictsIsAnError) {
  Options options = some_options();
  options.target = {"key"};
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return train(mixed(), options).iterations; }),
            "the target 'key' is an identifier: 60 of 60 cells differ, which nothing can predict; name another column "
            "with --target COLUMN, or say what it is with --task classes");
  options.task = Task::classes;
  EXPECT_EQ(train(mixed(), options).model.target().classes.size(), 60U);
  Table table = mixed();
  table.add_text("same", std::vector<std::string>(kRows, "x"));
  options.target = {"same"};
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return train(table, options).iterations; }),
            "the target 'same' is the same in every row ('x'), so there is nothing to learn; is it the right column?");
}

TEST_F(Training, EveryScaleLearnsAndIsRemembered) {
  for (const ScaleKind scale : {ScaleKind::standard, ScaleKind::robust, ScaleKind::quantile, ScaleKind::none}) {
    for (const Impute impute : {Impute::mean, Impute::median}) {
      Options options = some_options();
      options.scale = scale;
      options.impute = impute;
      const Fit fit = train(mixed(), options);
      EXPECT_EQ(fit.model.evaluate(mixed()).loss, fit.model.record().train.loss);
      const std::vector<std::byte> bytes = fit.model.to_bytes();
      expect_same(Model::from_bytes(bytes), fit.model);
      for (const InputField& input : fit.model.inputs()) {
        const bool filled =
            input.type == ColumnType::date ||
            (input.type == ColumnType::number && (scale != ScaleKind::standard || impute == Impute::median));
        EXPECT_EQ(input.fill.has_value(), filled) << input.name;
      }
    }
  }
}

// Batches that are made when they are needed are those of a table in memory.
TEST_F(Training, AMappedTableGivesTheSameBits) {
  std::string text = "age,port,size,label\n";
  const Table table = mixed();
  for (std::size_t row = 0; row < kRows; ++row) {
    const double age = table.number(table.field("age"), row);
    const Field &port = table.field("port"), &label = table.field("label");
    text += (std::isnan(age) ? "" : std::to_string(age)) + "," +
            port.categories[static_cast<std::size_t>(table.number(port, row))] + "," +
            std::to_string(table.number(table.field("size"), row)) + "," +
            label.categories[static_cast<std::size_t>(table.number(label, row))] + "\n";
  }
  write_file("data.csv", text);
  EXPECT_EQ(convert("data.csv", "data.sdata", Options()).rows, kRows);
  const Fit mapped = train("data.sdata", some_options()), read = train("data.csv", some_options());
  expect_same(mapped.model, read.model);
  EXPECT_EQ(mapped.model.inputs()[1].levels.size(), 3U);
  EXPECT_TRUE(mapped.model.inputs()[0].missing);
}

TEST_F(Training, ItsGradientsAreRightAndItsTraceSaysWhatTheRowsAre) {
  Options options = some_options();
  options.activation = {Activation::tanh};
  EXPECT_TRUE(check_gradients(mixed(), options).passed);
  options.precision = Precision::float64;
  const Fit fit = train(mixed(), options);
  EXPECT_TRUE(check_gradients(fit.model, mixed()).passed);
  const Trace traced = trace(fit.model, mixed(), 3);
  const TracedMatrix& X = traced.layers[0].matrices[0];
  ASSERT_EQ(X.meaning.size(), 15U);
  EXPECT_EQ(X.equation, "A[0] = X, each row as beside it");
  EXPECT_EQ(X.meaning[1].name, "age missing");
  EXPECT_EQ(X(1, 0), 1);
  EXPECT_EQ(X(0, 0), 0) << "the mean stands for it";
  EXPECT_EQ(X(2, 0), 1) << "a yes";
  EXPECT_EQ(X(4, 0) + X(5, 0) + X(6, 0) + X(7, 0), 1);
  const Fit plain = train(mixed().select_fields(std::vector<std::string>{"size", "label"}), options);
  EXPECT_TRUE(trace(plain.model, mixed(), 3).layers[0].matrices[0].meaning.empty());
}

// Words in a column of numbers are not taken for missing cells.
TEST_F(Training, AWordAmongNumbersStaysAnError) {
  write_file("data.csv", "x,y\n1,a\n,b\n3,a\nfour,b\n5,a\n6,b\n");
  Options options = some_options();
  options.target = {"y"};
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return train("data.csv", options).iterations; }),
            "data.csv:5:1: expected a number in column 'x', found 'four'" + ways_out("x", "four,b"));
  write_file("data.csv", "x,y\n1,a\n,b\n3,a\n-inf,b\n5,a\n");
  EXPECT_EQ(
      error_of(ErrorCode::value, [&] { return train("data.csv", options).iterations; }),
      "data.csv:5:1: column 'x' holds -inf; every number must be finite (to let it count as missing: --missing -inf)");
}

// The target of a table of columns is scaled, unless the user says otherwise; of arrays it is not.
TEST_F(Training, TheTargetOfColumnsIsScaled) {
  std::vector<double> x, y;
  for (std::size_t i = 0; i < 40; ++i) {
    x.push_back(static_cast<double>(i));
    y.push_back(2 * static_cast<double>(i) + 1);
  }
  Table columns, array;
  columns.add_numbers("x", {}, x);
  columns.add_numbers("y", {}, y);
  array.add_numbers("x", {1}, x);
  array.add_numbers("y", {}, y);
  Options options;
  options.target = {"y"};
  options.task = Task::regression;
  const Fit fit = train(columns, options, listening());
  EXPECT_EQ(fit.model.target().offset, std::vector<double>{40});
  EXPECT_GT(fit.model.record().train.r2, 0.99);
  EXPECT_EQ(
      note("scale-target"),
      "scale-target: standard; costs are of (y - mean) / deviation, and predictions and errors in the target's own "
      "units (--scale-target none trains on these)");
  EXPECT_NEAR(fit.model.record().cost * 2 * fit.model.target().divisor[0] * fit.model.target().divisor[0],
              fit.model.record().train.rmse * fit.model.record().train.rmse, 1e-4);
  notes.clear();
  EXPECT_TRUE(train(array, options, listening()).model.target().offset.empty());
  EXPECT_EQ(note("scale-target"), "");
  options.scale_target = true;
  EXPECT_FALSE(train(array, options, listening()).model.target().offset.empty());
  EXPECT_EQ(note("scale-target"), "");
  options.scale_target = false;
  EXPECT_TRUE(train(columns, options).model.target().offset.empty());
  Options classic = options;
  classic.scale_target.reset();
  apply_recipe(classic, "classic");
  classic.iterations = 3;
  EXPECT_TRUE(train(columns, classic).model.target().offset.empty());
}

// A validation file may lack the target in some rows too, and words that the training rows had not.
TEST_F(Training, AValidationFileIsEncodedAsTheTrainingRows) {
  write_file("data.csv", "x,c,y\n1,u,a\n2,v,b\n3,u,a\n4,v,b\n");
  write_file("held.csv", "c,x,y\nv,2,b\nw,,a\nu,9,\n");
  Options options = some_options();
  options.target = {"y"};
  options.validation = "held.csv";
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return train("data.csv", options).iterations; }),
            "the target 'y' is missing in 1 of 3 rows, the first at held.csv:4:3 (column 'y'); --missing-target drop "
            "leaves such rows out");
  options.missing_target = MissingTarget::drop;
  const Fit fit = train("data.csv", options, listening());
  EXPECT_EQ(fit.model.record().validation->examples, 2U);
  EXPECT_EQ(fit.model.record().dropped, 0U);
  EXPECT_EQ(note("validation: 'x'"), "validation: 'x': 1 cell missing, and no training row was without");
  EXPECT_EQ(note("validation: 'c'"), "validation: 'c': 1 cell with a value that no training row had (the first: 'w')");
}

TEST_F(Training, KeysAreReadAsTheyAreSpelled) {
  std::string text = "key,y\n";
  for (int i = 0; i < 12; ++i) text += i % 3 == 0 ? "007,1.5\n" : i % 3 == 1 ? "7,2.5\n" : "42,0.25\n";
  write_file("data.csv", text);
  Options options = some_options();
  options.target = {"y"};
  options.categorical = {"key"};
  const Fit fit = train("data.csv", options);
  EXPECT_EQ(fit.model.inputs()[0].levels, (std::vector<std::string>{"007", "7", "42"}));
}

}  // namespace
}  // namespace strata::testing
