// What a target is taken for, what its labels are called, and what nothing can learn.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "data/data_test.hpp"
#include "model/metadata.hpp"
#include "strata/trainer.hpp"

namespace strata::testing {
namespace {

using Strings = std::vector<std::string>;

struct Targets : InFolder {
  Strings notes, warnings;

  Fit fit(const std::string& file, const Options& options) {
    notes.clear();
    warnings.clear();
    Callbacks callbacks;
    callbacks.note = [this](std::string_view text) { notes.emplace_back(text); };
    callbacks.warning = [this](std::string_view text) { warnings.emplace_back(text); };
    return train(file, options, callbacks);
  }
  [[nodiscard]] std::string task() const {
    for (const Strings* said : {&notes, &warnings})
      for (const std::string& each : *said)
        if (each.starts_with("task: ")) return (said == &warnings ? "doubtful " : "") + each;
    return "";
  }
};

Options quick(Strings target = {"y"}) {
  Options options;
  options.target = std::move(target);
  options.hidden_layers = {2};
  options.epochs = 1;
  options.threads = 1;
  return options;
}

// A column of numbers beside the target.
void write_column(const Strings& cells, const std::string& file = "d.csv") {
  std::string text = "x;y\n";
  for (std::size_t i = 0; i < cells.size(); ++i) text += std::to_string((i * 7) % 11) + ";" + cells[i] + "\n";
  write_file(file, text);
}

Strings repeated(const Strings& cells, std::size_t rows) {
  Strings all;
  for (std::size_t i = 0; i < rows; ++i) all.push_back(cells[i % cells.size()]);
  return all;
}

Metrics evaluated(const Model& model, const std::string& file, const Strings& target = {}) {
  return model.evaluate(read_for(model, {.file = file, .target = target}, true));
}

// --- words that usually stand for nothing ---

TEST_F(Targets, InWordsOnlyTheEmptyCellIsMissing) {
  for (const Strings& words : {Strings{"none", "low", "high"}, Strings{"?", "NA", "-"}, Strings{"None", "nan"},
                               Strings{"yes", "no", "null"}, Strings{"sick", "NA"}}) {
    write_column(repeated(words, 30));
    const Fit made = fit("d.csv", quick());
    Strings sorted = words;
    std::ranges::sort(sorted);
    EXPECT_EQ(made.model.target().classes, sorted);
    EXPECT_EQ(made.model.record().dropped, 0U);
    EXPECT_EQ(evaluated(made.model, "d.csv").loss, made.model.record().train.loss);
    const auto told = std::ranges::find_if(notes, [](const std::string& note) {
      return note.ends_with(
                 "of the target, as in words only an empty cell is missing; --missing WORDS says that it is "
                 "missing") ||
             note.ends_with(
                 "of the target, as in words only an empty cell is missing; --missing WORDS says that they "
                 "are missing");
    });
    ASSERT_NE(told, notes.end());
    const char* const beginning = words[0] == "?"      ? "-, ?, NA are classes of the target, "
                                  : words[0] == "none" ? "none is a class of the target, "
                                                       : "";
    EXPECT_TRUE(told->starts_with(beginning)) << *told;
    // Evaluation knows the labels by the model, validation too, in another file and out of a file of their own.
    write_column(repeated({words[0]}, 3), "new.csv");
    EXPECT_EQ(evaluated(made.model, "new.csv").examples, 3U);
    Options options = quick();
    options.validation = "new.csv";
    EXPECT_EQ(fit("d.csv", options).model.record().validation->examples, 3U);
    write_file("labels.csv", "label\n" + words[0] + "\n" + words[1] + "\n" + words[0] + "\n");
    EXPECT_EQ(evaluated(made.model, "new.csv", {"labels.csv"}).examples, 3U);
  }
}

TEST_F(Targets, AFileOfLabelsHasTheSameRules) {
  write_file("x.csv", "a\n1\n2\n3\n4\n");
  write_file("labels.csv", "label\nnone\nNA\nnone\nNA\n");
  EXPECT_EQ(fit("x.csv", quick({"labels.csv"})).model.target().classes, (Strings{"NA", "none"}));
}

TEST_F(Targets, WhatTheUserCallsMissingIs) {
  write_column(repeated({"none", "low", "high"}, 30));
  Options options = quick();
  options.missing = {"none"};
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return fit("d.csv", options).iterations; }),
            "the target 'y' is missing in 10 of 30 rows, the first at d.csv:2:2 (column 'y'); --missing-target drop "
            "leaves such rows out");
  options.missing_target = MissingTarget::drop;
  const Fit made = fit("d.csv", options);
  EXPECT_EQ(made.model.target().classes, (Strings{"high", "low"}));
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return evaluated(made.model, "d.csv").loss; }),
            "d.csv:2:2 (column 'y'): the label is missing");
}

TEST_F(Targets, AmongNumbersTheUsualWordsAreMissing) {
  for (const Strings& cells : {Strings{"1", "0", "NA"}, Strings{"1.5", "2.5", "?"}, Strings{"007", "042", "NA"},
                               Strings{"9007199254740993", "9007199254740995", "null"}}) {
    write_column(repeated(cells, 30));
    EXPECT_EQ(error_of(ErrorCode::value, [&] { return fit("d.csv", quick()).iterations; }),
              "the target 'y' is missing in 10 of 30 rows, the first at d.csv:4:2 (column 'y'); --missing-target drop "
              "leaves such rows out");
    Options options = quick();
    options.missing_target = MissingTarget::drop;
    const Fit made = fit("d.csv", options);
    EXPECT_EQ(made.model.record().dropped, 10U);
    if (made.model.target().task == Task::regression) continue;
    EXPECT_EQ(error_of(ErrorCode::value, [&] { return evaluated(made.model, "d.csv").loss; }),
              "d.csv:4:2 (column 'y'): the label is missing ('" + cells[2] + "')");
  }
}

TEST_F(Targets, InputsLackWhatTheyLackedBefore) {
  std::string text = "x;y\n";
  for (int i = 0; i < 30; ++i) text += i % 3 == 0 ? "none;NA\n" : i % 3 == 1 ? "a;low\n" : "b;low\n";
  write_file("d.csv", text);
  const Fit made = fit("d.csv", quick());
  EXPECT_EQ(made.model.inputs()[0].levels, (Strings{"a", "b"}));
  EXPECT_TRUE(made.model.inputs()[0].missing);
}

// Most cells are numbers: with the task they are labels, without it a word is a mistake.
TEST_F(Targets, WordsAmongNumbersAreLabelsWhereTheTaskSaysSo) {
  Strings cells = repeated({"1", "2"}, 30);
  cells[7] = "other", cells[9] = "NA";
  write_column(cells);
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return fit("d.csv", quick()).iterations; }),
            "d.csv:9:2: expected a number in column 'y', found 'other'" + ways_out("y", "5;other"));
  Options options = quick();
  options.task = Task::classes;
  EXPECT_EQ(fit("d.csv", options).model.target().classes, (Strings{"1", "2", "NA", "other"}));
}

// --- how labels are spelled ---

TEST_F(Targets, LabelsOfNumbersKeepTheirSpelling) {
  struct Case {
    Strings cells, classes;
    std::string other;  // spells the first class in another way
  };
  const Case cases[] = {
      {{"1.0", "2.0"}, {"1.0", "2.0"}, "1"},      {{"+1", "-1"}, {"-1", "+1"}, "-1.0"},
      {{"1", "2", "3"}, {"1", "2", "3"}, "1.00"}, {{"1e1", "2e1"}, {"1e1", "2e1"}, "10"},
      {{"1,0", "2,0"}, {"1,0", "2,0"}, "1,0"},    {{"10 %", "20 %"}, {"10 %", "20 %"}, "10 %"},
      {{"007", "042"}, {"007", "042"}, "007"},    {{"100000", "1000000"}, {"100000", "1000000"}, "1e5"}};
  for (const Case& each : cases) {
    write_column(repeated(each.cells, 40));
    const Fit made = fit("d.csv", quick());
    EXPECT_EQ(made.model.target().classes, each.classes);
    const Model again = Model::from_bytes(made.model.to_bytes());
    EXPECT_EQ(evaluated(again, "d.csv").loss, made.model.record().train.loss) << each.classes[0];
    write_column({each.other}, "new.csv");
    EXPECT_EQ(evaluated(again, "new.csv").examples, 1U) << each.other;
  }
}

// One number in two spellings is one class, called as we would spell it.
TEST_F(Targets, TwoSpellingsOfANumberAreOneLabel) {
  for (const Strings& cells : {Strings{"1", "1.0", "2.0", "2"}, Strings{"1,0", "1", "2,00", "2"}}) {
    write_column(repeated(cells, 40));
    const Fit made = fit("d.csv", quick());
    EXPECT_EQ(made.model.target().classes, (Strings{"1", "2"}));
    const Model again = Model::from_bytes(made.model.to_bytes());
    EXPECT_EQ(evaluated(again, "d.csv").loss, made.model.record().train.loss) << cells[0];
  }
}

TEST_F(Targets, WholeNumbersBeyondDoubleAreTheirDigits) {
  write_column(repeated({"9007199254740992", "9007199254740993", "5"}, 30));
  const Model model = fit("d.csv", quick()).model;
  EXPECT_EQ(model.target().classes, (Strings{"5", "9007199254740992", "9007199254740993"}));
  write_column(repeated({"9007199254740992", "7"}, 30));
  Options options = quick();
  options.task = Task::classes;
  const Model other = fit("d.csv", options).model;
  write_column({"9007199254740993"}, "new.csv");
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return evaluated(other, "new.csv").loss; }),
            "new.csv:2:2 (column 'y'): label '9007199254740993' is not one of the classes that the model knows: 7, "
            "9007199254740992");
}

// --- classes or quantities ---

TEST_F(Targets, FewRowsForEachNumberAreNoClasses) {
  const auto whole = [](std::size_t values, std::size_t rows) {
    Strings cells;
    for (std::size_t i = 0; i < rows; ++i) cells.push_back(std::to_string(100 + 3 * (i % values)));
    return cells;
  };
  const auto said = [&](const Strings& cells) {
    write_column(cells);
    static_cast<void>(fit("d.csv", quick()));
    return task();
  };
  EXPECT_EQ(
      said(whole(18, 18)),
      "doubtful task: regression, because the target 'y' holds 18 different whole numbers in 18 rows, and classes "
      "need 5 rows each; --task classes overrules it");
  EXPECT_EQ(said(whole(4, 19)),
            "doubtful task: regression, because the target 'y' holds 4 different whole numbers in 19 rows, and classes "
            "need 5 rows each; --task classes overrules it");
  EXPECT_EQ(said(whole(4, 20)),
            "doubtful task: classes, because the target 'y' holds 4 different whole numbers (at most 20) in 20 rows; "
            "--task regression overrules it");
  EXPECT_EQ(said(whole(4, 40)),
            "task: classes, because the target 'y' holds 4 different whole numbers (at most 20) in 40 rows; --task "
            "regression overrules it");
  EXPECT_EQ(said(whole(21, 210)),
            "task: regression, because the target 'y' holds 21 different whole numbers (more than 20); --task classes "
            "overrules it");
  EXPECT_EQ(said(whole(2, 4)),
            "task: binary, because the target 'y' holds 2 different whole numbers; --task regression overrules it");
  EXPECT_EQ(said({"1.5", "2", "3", "4"}), "task: regression, because the target 'y' holds numbers that are not whole");
  EXPECT_EQ(said(repeated({"a", "b", "c"}, 6)), "task: classes, because the target 'y' holds 3 different texts");
  // The guess can be overruled, and then nothing is said of it.
  write_column(whole(18, 18));
  Options options = quick();
  options.task = Task::classes;
  EXPECT_EQ(fit("d.csv", options).model.target().classes.size(), 18U);
  EXPECT_EQ(task(), "");
}

// --- a number for each class ---

std::string one_hot_rows(const Strings& marks, std::size_t rows) {
  std::string text = "x;cat;dog;cow\n";
  for (std::size_t i = 0; i < rows; ++i) text += std::to_string((i * 7) % 11) + ";" + marks[i % marks.size()] + "\n";
  return text;
}

const Strings kAnimals{"cat", "dog", "cow"};
constexpr const char* kOneHot =
    "task: classes, because the 3 numbers of the target are one-hot: one of them is 1 in every row, and the others are "
    "0; --task binary makes each of them a yes/no question";

TEST_F(Targets, OneHotColumnsAreClassesOfTheirNames) {
  for (const Strings& marks : {Strings{"1;0;0", "0;1;0", "0;0;1"}, Strings{"1.0;0.0;0.0", "0.0;1.0;0.0", "0.0;0.0;1.0"},
                               Strings{"True;False;False", "False;True;False", "False;False;True"}}) {
    write_file("d.csv", one_hot_rows(marks, 30));
    const Fit made = fit("d.csv", quick(kAnimals));
    EXPECT_EQ(task(), kOneHot);
    EXPECT_TRUE(warnings.empty() || !warnings.front().starts_with("a class"));
    const Model again = Model::from_bytes(made.model.to_bytes());
    EXPECT_EQ(again.target(), made.model.target());
    EXPECT_EQ(again.target().classes, kAnimals);
    EXPECT_TRUE(again.target().one_hot);
    EXPECT_EQ(again.architecture().loss, Loss::categorical_cross_entropy);
    EXPECT_EQ(evaluated(again, "d.csv").loss, made.model.record().train.loss);
    const Predictions predictions = again.predict(read_for(again, {.file = "d.csv"}, false));
    EXPECT_EQ(predictions.header, (Strings{"probability_cat", "probability_dog", "probability_cow"}));
    EXPECT_EQ(predictions.label.size(), 30U);
    // The classes are those of one column of words.
    Strings words;
    for (std::size_t i = 0; i < 30; ++i) words.push_back(std::string("abc").substr(i % 3, 1));
    write_column(words, "w.csv");
    EXPECT_EQ(fit("w.csv", quick()).model.record().train.loss, made.model.record().train.loss);
    Options options = quick(kAnimals);
    options.task = Task::classes;
    EXPECT_EQ(fit("d.csv", options).model.target(), made.model.target());
    EXPECT_EQ(task(), "");
    options.task = Task::binary;
    const Fit questions = fit("d.csv", options);
    EXPECT_EQ(questions.model.target().classes, (Strings{"0", "1"}));
    EXPECT_EQ(evaluated(questions.model, "d.csv").loss, questions.model.record().train.loss);
  }
}

TEST_F(Targets, ARowThatIsNotOneHotMakesQuestions) {
  Strings marks(30, "1;0;0");
  for (std::size_t i = 0; i < marks.size(); ++i) marks[i] = i % 3 == 0 ? "1;0;0" : i % 3 == 1 ? "0;1;0" : "0;0;1";
  for (const char* mark : {"1;1;0", "0;0;0"}) {
    marks[20] = mark;
    write_file("d.csv", one_hot_rows(marks, 30));
    static_cast<void>(fit("d.csv", quick(kAnimals)));
    EXPECT_EQ(task(),
              "task: binary, a yes/no question for each target, because they hold only 0 and 1; --task "
              "regression overrules it");
    Options options = quick(kAnimals);
    options.task = Task::classes;
    EXPECT_EQ(error_of(ErrorCode::usage, [&] { return fit("d.csv", options).iterations; }),
              "--task classes with several target numbers needs one of them to be 1 in every row and the others 0; use "
              "--task binary or --task regression");
  }
  marks[20] = "2;0;0";
  write_file("d.csv", one_hot_rows(marks, 30));
  Options options = quick(kAnimals);
  options.task = Task::binary;
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return fit("d.csv", options).iterations; }),
            "--task binary with several target numbers needs each of them to be 0 or 1; use --task regression");
}

TEST_F(Targets, EvaluationWantsOneHotToo) {
  write_file("d.csv", one_hot_rows({"1;0;0", "0;1;0", "0;0;1"}, 30));
  const Model model = fit("d.csv", quick(kAnimals)).model;
  const auto error = [&](const std::string& mark) {
    write_file("new.csv", one_hot_rows({"0;1;0", mark}, 2));
    return error_of(ErrorCode::value, [&] { return evaluated(model, "new.csv").loss; });
  };
  EXPECT_EQ(error("1;1;0"),
            "new.csv:3:2 (column 'cat'): of the 3 numbers of the target one must be 1 and the others 0; "
            "found 2 of 1 and 1 of 0");
  EXPECT_EQ(error("0;0;0"),
            "new.csv:3:2 (column 'cat'): of the 3 numbers of the target one must be 1 and the others 0; "
            "found 0 of 1 and 3 of 0");
  EXPECT_EQ(error("0;0.5;1"),
            "new.csv:3:2 (column 'cat'): of the 3 numbers of the target one must be 1 and the others "
            "0; found 1 of 1 and 1 of 0");
  EXPECT_EQ(error("0;;1"), "new.csv:3:3: the cell of column 'dog' is empty");
}

TEST_F(Targets, OneHotArraysAreClassesOfTheirPlaces) {
  Table table;
  std::vector<double> x;
  std::vector<std::uint8_t> y;
  for (int i = 0; i < 40; ++i) {
    x.push_back(i % 5);
    for (int k = 0; k < 4; ++k) y.push_back(k == i % 4 ? 1 : 0);
  }
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {4}, y);
  Callbacks callbacks;
  std::string said;
  callbacks.note = [&](std::string_view text) { said += text.starts_with("task") ? text : ""; };
  const Fit made = train(table, quick(), callbacks);
  EXPECT_TRUE(said.starts_with("task: classes, because the 4 numbers of the target are one-hot")) << said;
  EXPECT_EQ(made.model.target().classes, (Strings{"0", "1", "2", "3"}));
  EXPECT_EQ(made.model.evaluate(table).loss, made.model.record().train.loss);
  Table narrow = table.select_fields(Strings{"x"});
  narrow.add_numbers("y", {3}, std::vector<double>(120, 1));
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return made.model.evaluate(narrow).loss; }),
            "the table: the target has 3 numbers an example; the model's is one-hot, with a number for each of 4 "
            "classes");
}

TEST_F(Targets, OneHotWithRareAndAbsentClasses) {
  Strings marks(30, "1;0;0");
  marks[3] = "0;1;0";
  write_file("d.csv", one_hot_rows(marks, 30));
  static_cast<void>(fit("d.csv", quick(kAnimals)));
  EXPECT_EQ(warnings.at(0), "a class has one row only, too few to learn from: dog");
  EXPECT_EQ(warnings.at(1), "no row is of these classes: cow");
  marks[3] = marks[0];
  write_file("d.csv", one_hot_rows(marks, 30));
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return fit("d.csv", quick(kAnimals)).iterations; }),
            "the target cat, dog, cow is the same in every row (cat), so there is nothing to learn; is it the right "
            "column?");
}

// --- what nothing can learn ---

TEST_F(Targets, AClassOfOneRowIsSaid) {
  Strings cells = repeated({"a", "b"}, 30);
  cells[5] = "rare";
  write_column(cells);
  static_cast<void>(fit("d.csv", quick()));
  EXPECT_EQ(warnings.at(0), "a class has one row only, too few to learn from: rare");
  cells = repeated({"1", "2", "3"}, 60);
  cells[5] = "7", cells[8] = "9";
  write_column(cells);
  static_cast<void>(fit("d.csv", quick()));
  EXPECT_EQ(warnings.at(0), "2 classes have one row only, too few to learn from: 7, 9");
}

TEST_F(Targets, AConstantIsRefusedForEveryTask) {
  for (const auto& [cell, shown] : {std::pair("x", "'x'"), std::pair("1.0", "1.0")}) {
    write_column(repeated({cell}, 10));
    for (const Task task : {Task::automatic, Task::regression, Task::classes, Task::binary}) {
      Options options = quick();
      options.task = task;
      EXPECT_EQ(error_of(ErrorCode::value, [&] { return fit("d.csv", options).iterations; }),
                std::string("the target 'y' is the same in every row (") + shown +
                    "), so there is nothing to learn; is it the right column?");
    }
  }
}

TEST_F(Targets, WordsAndDatesAreNoQuantities) {
  Options options = quick();
  options.task = Task::regression;
  write_column(repeated({"9007199254740993", "9007199254740995"}, 30));
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return fit("d.csv", options).iterations; }),
            "--task regression needs numbers, but the target 'y' is text (for example '9007199254740993'): 2 different "
            "values in 30 cells, whole numbers beyond 2^53 such as 9007199254740993");
  write_column(repeated({"2024-01-31", "2024-02-01"}, 30));
  for (const Task task : {Task::automatic, Task::regression, Task::classes}) {
    options.task = task;
    EXPECT_EQ(error_of(ErrorCode::value, [&] { return fit("d.csv", options).iterations; }),
              "the target 'y' is a date: all 30 cells are dates written year-month-day, which is an input only; name "
              "another column with --target COLUMN, or take its words for classes with --categorical y");
  }
  options.task = Task::automatic;
  options.categorical = {"y"};
  EXPECT_EQ(fit("d.csv", options).model.target().classes, (Strings{"2024-01-31", "2024-02-01"}));
}

TEST_F(Targets, TooManyClassesAreRefused) {
  Strings cells;
  for (int i = 0; i < 140'000; ++i) cells.push_back("k" + std::to_string(i / 2));
  write_column(cells);
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return fit("d.csv", quick()).iterations; }),
            "the target 'y' has more than 65536 different values, too many for classes; is it the right column?");
}

}  // namespace
}  // namespace strata::testing
