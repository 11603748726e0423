// The same cells in a CSV file and in memory train the same model, byte for byte, and predict the same.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "data/data_test.hpp"
#include "model/model_data.hpp"
#include "strata/model.hpp"
#include "strata/trainer.hpp"
#include "support/arrow.hpp"

namespace strata::testing {
namespace {

using Strings = std::vector<std::string>;
constexpr int kRows = 80;

std::string date_of(int days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

// Columns twice: as cells of a file that pandas wrote, and as Arrow has them.
struct Both {
  Strings names;
  std::vector<Strings> cells;
  ArrowTable frame;

  void add(const std::string& name, Strings spelled, ArrowColumnNode node) {
    names.push_back(name);
    cells.push_back(std::move(spelled));
    node->name = name;
    node->schema.name = node->name.c_str();
    frame.add(std::move(node));
  }
  // value(i): nothing where the cell is missing.
  template <class T, class ValueOf, class Spell>
  void add_numbers(const std::string& name, const std::string& format, const ValueOf& value, const Spell& spell) {
    ArrowCells<T> values;
    Strings spelled;
    for (int i = 0; i < kRows; ++i) {
      values.push_back(value(i));
      spelled.push_back(values.back() ? spell(*values.back()) : std::string());
    }
    add(name, spelled, arrow_numbers<T>(name, format, values));
  }
  template <class ValueOf>
  void add_bools(const std::string& name, const ValueOf& value) {
    ArrowCells<bool> values;
    Strings spelled;
    for (int i = 0; i < kRows; ++i) {
      values.push_back(value(i));
      spelled.emplace_back(!values.back() ? "" : *values.back() ? "True" : "False");
    }
    add(name, spelled, arrow_bools(name, values));
  }
  template <class TextOf>
  void add_texts(const std::string& name, const TextOf& text) {
    ArrowCells<std::string> values;
    Strings spelled;
    for (int i = 0; i < kRows; ++i) {
      const std::string word = text(i);
      values.push_back(word.empty() ? std::nullopt : std::optional(word));
      spelled.push_back(word.find(',') != std::string::npos ? "\"" + word + "\"" : word);
    }
    add(name, spelled, arrow_texts(name, "u", values));
  }
  template <class ValueOf>
  void add_floats(const std::string& name, const ValueOf& value) {
    add_numbers<double>(name, "g", value, [](double x) {
      const std::string text = fmt::format("{}", x);  // the shortest digits
      return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    });
  }
  template <class ValueOf>
  void add_wholes(const std::string& name, const ValueOf& value) {
    add_numbers<std::int64_t>(name, "l", value, [](std::int64_t n) { return std::to_string(n); });
  }

  void write(const std::string& file) const {
    std::string text;
    for (std::size_t c = 0; c < names.size(); ++c) text += (c == 0 ? "" : ",") + names[c];
    for (std::size_t row = 0; row < kRows; ++row)
      for (std::size_t c = 0; c < names.size(); ++c) text += (c == 0 ? "\n" : ",") + cells[c][row];
    write_file(file, text + "\n");
  }

  // A column of each kind.
  void add_inputs() {
    using Whole = std::optional<std::int64_t>;
    add_wholes("id", [](int i) -> Whole { return i + 1; });
    add_floats("float", [](int i) { return i % 7 == 3 ? std::nullopt : std::optional(std::sin(i)); });
    add_floats("whole float", [](int i) { return std::optional(std::floor(i / 3.0)); });
    add_floats("same", [](int) { return std::optional(1.0); });
    add_wholes("int", [](int i) -> Whole { return i * i % 17; });
    add_wholes("nullable", [](int i) -> Whole { return i % 5 == 2 ? Whole() : Whole(i % 11); });
    add_wholes("code", [](int i) -> Whole { return 9007199254740993 + i % 3; });
    add_numbers<std::uint8_t>(
        "byte", "C", [](int i) { return std::optional(static_cast<std::uint8_t>(3 * i)); },
        [](std::uint8_t n) { return std::to_string(n); });
    add_texts("word", [](int i) { return i % 9 == 4 ? "" : i % 4 == 0 ? "red" : i % 4 == 1 ? "NA" : "blue, or so"; });
    add_texts("digits", [](int i) { return std::to_string(i % 13); });
    add_texts("comma", [](int i) { return fmt::format("1.{:03},{}", i, i % 10); });
    add_texts("answer", [](int i) { return i % 13 == 1 ? "" : i % 3 == 0 ? "yes" : "no"; });
    add_texts("key", [](int i) { return fmt::format("k{}", i); });
    add_texts("german", [](int i) { return fmt::format("{:02}.{:02}.2024", 28 - i % 28, 1 + i % 12); });
    add_bools("bool", [](int i) { return i % 6 == 1 ? std::nullopt : std::optional(i % 4 == 0); });
    add_bools("sure", [](int i) { return std::optional(i % 5 == 0); });
    add_bools("always", [](int) { return std::optional(true); });
    add_numbers<std::int32_t>(
        "day", "tdD", [](int i) { return i % 10 == 9 ? std::nullopt : std::optional(19'700 + 3 * i); }, date_of);
    add_numbers<std::int64_t>(
        "time", "tsn:", [](int i) { return Whole((19'700LL + i) * 86'400 * 1'000'000'000 + i * 61'000'000'000LL); },
        [](std::int64_t ns) {
          const auto seconds = ns / 1'000'000'000 % 86'400;
          return fmt::format("{} {:02}:{:02}:{:02}", date_of(static_cast<int>(ns / 86'400'000'000'000)), seconds / 3600,
                             seconds / 60 % 60, seconds % 60);
        });
    add_numbers<std::int32_t>(
        "once", "tdD", [](int i) { return i % 3 == 0 ? std::nullopt : std::optional(19'700); }, date_of);
    add("nothing", Strings(kRows), arrow_node("nothing", "n"));
    frame[names.size() - 1].finish(kRows);
  }
};

struct FrameTraining : InFolder {
  Both data;
  Options options;

  void SetUp() override {
    InFolder::SetUp();
    options.hidden_layers = {6};
    options.epochs = 2;
    options.threads = 1;
    data.add_inputs();
  }
  // Trains from both, and predicts and evaluates with what the file gave.
  void expect_same() {
    data.write("same.csv");
    Strings notes, said;
    Callbacks callbacks;
    callbacks.note = [&](std::string_view text) { notes.emplace_back(text); };
    const Fit by_file = train("same.csv", options, callbacks);
    callbacks.note = [&](std::string_view text) { said.emplace_back(text); };
    const Fit by_frame = train(judged(data.frame.read("same.csv"), options), options, callbacks);
    EXPECT_EQ(by_frame.model.target().classes, by_file.model.target().classes);
    EXPECT_EQ(by_frame.model.inputs(), by_file.model.inputs());
    EXPECT_TRUE(by_frame.model.to_bytes() == by_file.model.to_bytes());
    EXPECT_EQ(said, notes);
    const Model& model = by_file.model;
    const Table from_file = read_for(model, {"same.csv"}, true);
    const Table from_frame = read_for(model.features(), data.frame.read(), true);
    EXPECT_EQ(model.predict(from_frame).values, model.predict(from_file).values);
    const Metrics expected = model.evaluate(from_file), found = model.evaluate(from_frame);
    EXPECT_EQ(found.loss, expected.loss);
    EXPECT_EQ(found.correct, expected.correct);
  }
};

TEST_F(FrameTraining, OfWords) {
  data.add_texts("y", [](int i) { return i % 3 == 0 ? "none" : i % 3 == 1 ? "NA" : "low"; });
  expect_same();
}

TEST_F(FrameTraining, OfWholeNumbersThatAreClasses) {
  data.add_wholes("y", [](int i) -> std::optional<std::int64_t> { return i % 3; });
  expect_same();
}

TEST_F(FrameTraining, OfFloatsThatAreClasses) {
  data.add_floats("y", [](int i) { return std::optional(i % 2 == 0 ? 0.0 : 1.0); });
  expect_same();
  EXPECT_EQ(train(judged(data.frame.read(), options), options).model.target().classes, (Strings{"0.0", "1.0"}));
}

TEST_F(FrameTraining, OfBooleans) {
  data.add_bools("y", [](int i) { return std::optional(i % 2 == 0); });
  expect_same();
}

TEST_F(FrameTraining, OfBooleansOfWhichSomeAreMissing) {
  options.missing_target = MissingTarget::drop;
  data.add_bools("y", [](int i) { return i % 8 == 5 ? std::nullopt : std::optional(i % 2 == 0); });
  data.write("same.csv");
  EXPECT_TRUE(train(judged(data.frame.read("same.csv"), options), options).model.to_bytes() ==
              train("same.csv", options).model.to_bytes());
}

TEST_F(FrameTraining, OfNumbers) {
  data.add_floats("y", [](int i) { return std::optional(std::cos(i) * 1e5); });
  expect_same();
}

TEST_F(FrameTraining, OfTextsThatAreNumbers) {
  data.add_texts("y", [](int i) { return fmt::format("{},{}", i * 7 % 31, i % 10); });
  expect_same();
}

TEST_F(FrameTraining, OfSeveralAnswers) {
  data.add_bools("a", [](int i) { return std::optional(i % 2 == 0); });
  data.add_bools("b", [](int i) { return std::optional(i % 3 == 0); });
  options.target = {"a", "b"};
  expect_same();
}

TEST_F(FrameTraining, WithOptionsOfTheColumns) {
  data.add_floats("w", [](int i) { return std::optional(i % 10 == 0 ? 0.0 : 1.0 + i % 2); });
  data.add_floats("y", [](int i) { return std::optional(std::cos(i)); });
  options.target = {"y"};
  options.weight_column = "w";
  options.categorical = {"int", "whole*", "day"};
  options.numeric = {"same"};
  options.ignore = {"key", "comma"};
  options.missing = {"red", "3", "5.0"};
  options.time_column = "time";
  options.validation = "last:0.2";
  expect_same();
}

TEST_F(FrameTraining, OfADictionaryIsOfACategory) {
  Strings spelled;
  ArrowCells<std::int8_t> codes;
  for (int i = 0; i < kRows; ++i) {
    spelled.push_back(std::to_string(1 + i % 4 * i % 4));
    codes.emplace_back(static_cast<std::int8_t>(4 - std::stoi(spelled.back())));
  }
  data.add("port", spelled,
           arrow_dictionary<std::int8_t>("port", "c", codes, arrow_texts("", "u", {"4", "3", "2", "1"})));
  data.add_floats("y", [](int i) { return std::optional(std::cos(i)); });
  data.write("same.csv");
  const Model by_frame = train(judged(data.frame.read("same.csv"), options), options).model;
  options.categorical = {"port"};
  Model by_file = train("same.csv", options).model;
  EXPECT_EQ(by_frame.inputs(), by_file.inputs());
  by_file.data().record.options = by_frame.record().options;  // which say who said so
  EXPECT_TRUE(by_frame.to_bytes() == by_file.to_bytes());
}

TEST_F(FrameTraining, TheRecordHasTheNameOfTheTable) {
  data.add_bools("y", [](int i) { return std::optional(i % 2 == 0); });
  EXPECT_EQ(train(judged(data.frame.read(), options), options).model.record().data, "the frame");
  EXPECT_EQ(train(judged(data.frame.read("ships"), options), options).model.record().data, "ships");
}

TEST_F(FrameTraining, NamesThatAreNotThere) {
  options.target = {"z"};
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return judged(data.frame.read(), options); }).substr(0, 25),
            "--target: there is no 'z'");
  options.target = {};
  options.ignore = {"zz"};
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return judged(data.frame.read(), options); }).substr(0, 26),
            "--ignore: there is no 'zz'");
}

TEST_F(FrameTraining, RowsWithAWordAreLeftOutAndCounted) {
  data.add_texts("mixed", [](int i) { return i == 7 ? "many" : std::to_string(i); });
  data.add_bools("y", [](int i) { return std::optional(i % 2 == 0); });
  data.write("same.csv");
  EXPECT_EQ(
      error_of(ErrorCode::value, [&] { return train(judged(data.frame.read(), options), options); }),
      "the frame: mixed, example 7 (counted from 0) is the text 'many'; expected a number" + ways_out("mixed", ""));
  options.bad_rows = BadRows::skip;
  Strings notes;
  EXPECT_TRUE(train(judged(data.frame.read("same.csv"), options, &notes), options).model.to_bytes() ==
              train("same.csv", options).model.to_bytes());
  EXPECT_EQ(notes, Strings{"1 row is left out, with a word in a column of numbers or dates; the first: same.csv: "
                           "mixed, example 7 (counted from 0) is 'many'"});
  options.bad_rows = BadRows::error;
  options.bad_cells = BadCells::missing;
  EXPECT_TRUE(train(judged(data.frame.read("same.csv"), options, &notes), options).model.to_bytes() ==
              train("same.csv", options).model.to_bytes());
}

}  // namespace
}  // namespace strata::testing
