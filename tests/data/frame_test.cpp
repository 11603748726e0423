// A column from memory is what the same cells in a CSV file are, cell by cell; and a model's columns are read from both
// alike.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "data/frame.hpp"
#include "data_test.hpp"
#include "support/arrow.hpp"

namespace strata::testing {
namespace {

using Strings = std::vector<std::string>;

template <class T>
ArrowColumnNode column(const std::string& format, const ArrowCells<T>& cells) {
  return arrow_numbers<T>("x", format, cells);
}

ArrowColumnNode words(const ArrowCells<std::string>& cells) { return arrow_texts("x", "u", cells); }

// Category by category: text is what it says, a number what it is.
std::string told(const Table& table, const std::string& name, bool with_reason = true) {
  const Field& field = table.field(name);
  std::string text =
      fmt::format("type {}, missing {}, written '{}'", static_cast<int>(field.type), field.missing, field.written);
  if (with_reason) text += ", " + field.why;
  for (const std::string& word : field.categories) text += ", " + word;
  for (const SpelledNumber& each : table.storage().place(field).spelled)
    text += fmt::format(", {}={}", each.value, each.text);
  for (std::size_t row = 0; row < table.rows(); ++row) text += fmt::format(" {}", table.number(field, row));
  return text;
}

struct FrameLikeCsv : InFolder {
  ReadingOptions reading;
  bool is_label = false, are_classes = false, one_of_several = false;
  std::string numbers;

  [[nodiscard]] Request request(const FieldChooser& all) const {
    Request of{.choose = all, .reading = reading};
    of.labels_are_classes = are_classes;
    of.numbers = numbers;
    if (is_label) of.labels = only(one_of_several ? Strings{"x", "beside"} : Strings{"x"});
    return of;
  }

  // Beside another column, so that an empty line is a row.
  std::string from_csv(const Strings& cells, bool with_reason) {
    std::string text = "x,beside\n";
    for (const std::string& cell : cells) text += cell + ",1\n";
    write_file("same.csv", text);
    FileReader reader = open_data(std::filesystem::path("same.csv"));
    const FieldChooser all;
    return told(read_table(reader, request(all)), "x", with_reason);
  }
  Table judged(ArrowTable& frame, ArrowColumnNode node) {
    const auto rows = static_cast<std::size_t>(node->array.length);
    frame.add(std::move(node));
    frame.add(arrow_numbers<std::int64_t>("beside", "l", ArrowCells<std::int64_t>(rows, 1)));
    const FieldChooser all;
    return judged_frame(frame.read(), request(all), notes);
  }
  std::string from_frame(ArrowColumnNode node, bool with_reason = true) {
    ArrowTable frame;
    return told(judged(frame, std::move(node)), "x", with_reason);
  }
  // Reasons name lines, which a frame does not have, where there is something to show.
  void expect_same(const Strings& cells, ArrowColumnNode node, bool with_reason = true) {
    EXPECT_EQ(from_frame(std::move(node), with_reason), from_csv(cells, with_reason));
  }

  Strings notes;
};

TEST_F(FrameLikeCsv, Floats) {
  expect_same({"1.0", "2.5", "", "0.1", "-1e-05"}, column<double>("g", {1, 2.5, {}, 0.1, -1e-5}));
  expect_same({"1.0", "1.0", "1.0"}, column<double>("g", {1, 1, 1}));
  expect_same({"1.0", "", "1.0"}, column<double>("g", {1, {}, 1}));
  expect_same({"", "", ""}, column<double>("g", {{}, {}, {}}));
  expect_same({"inf", "1.0", "-inf"}, column<double>("g", {INFINITY, 1, -INFINITY}));
  expect_same({"inf", "inf", "-inf"}, column<double>("g", {INFINITY, INFINITY, -INFINITY}));
  expect_same({"", "1e+16", "1.7976931348623157e+308"}, column<double>("g", {NAN, 1e16, 1.7976931348623157e308}));
  expect_same({"0.5", "0.25", ""}, column<float>("f", {0.5F, 0.25F, {}}));
}

TEST_F(FrameLikeCsv, WholeNumbers) {
  expect_same({"1", "-5", "7"}, column<std::int64_t>("l", {1, -5, 7}));
  expect_same({"1", "", "7"}, column<std::int32_t>("i", {1, {}, 7}));
  expect_same({"7", "7", "7"}, column<std::uint8_t>("C", {7, 7, 7}));
  expect_same({"7", "", "7"}, column<std::uint8_t>("C", {7, {}, 7}));
  expect_same({"9007199254740993", "1", ""}, column<std::int64_t>("l", {9007199254740993, 1, {}}));
  expect_same({"9007199254740992", "1", "2"}, column<std::int64_t>("l", {9007199254740992, 1, 2}));
}

TEST_F(FrameLikeCsv, NumbersOfRows) {
  const auto expect_named = [&](const std::string& name, const Strings& cells, ArrowColumnNode node) {
    std::string text = name + ",beside\n";
    for (const std::string& cell : cells) text += cell + ",1\n";
    write_file("same.csv", text);
    node->name = name;
    node->schema.name = node->name.c_str();
    ArrowTable frame;
    const Table table = judged(frame, std::move(node));
    EXPECT_EQ(told(table, name), told(read_table("same.csv"), name));
    return table.field(name).type;
  };
  EXPECT_EQ(expect_named("id", {"3", "1", "2"}, column<std::int64_t>("l", {3, 1, 2})), ColumnType::identifier);
  EXPECT_EQ(expect_named("id", {"3.0", "", "2.0"}, column<double>("g", {3, {}, 2})), ColumnType::identifier);
  EXPECT_EQ(expect_named("id", {"3", "1", "5"}, column<std::int64_t>("l", {3, 1, 5})), ColumnType::number);
  EXPECT_EQ(expect_named("paid", {"3", "1", "2"}, column<std::int64_t>("l", {3, 1, 2})), ColumnType::number);
}

// More different numbers than are looked at one by one.
TEST_F(FrameLikeCsv, ManyNumbers) {
  for (const bool hole : {false, true}) {
    ArrowCells<double> floats;
    ArrowCells<std::int64_t> wholes, large;
    Strings spelled, digits, codes;
    for (int i = 0; i < 3000; ++i) {
      if (i % 100 == 99) {
        floats.emplace_back(), wholes.emplace_back(), large.emplace_back();
        spelled.emplace_back(), digits.emplace_back(), codes.emplace_back();
        continue;
      }
      floats.emplace_back(i + 0.5), spelled.push_back(fmt::format("{}.5", i));
      wholes.emplace_back(hole ? 2 * i : i), digits.push_back(std::to_string(*wholes.back()));
      large.emplace_back(9007199254740000 + i), codes.push_back(std::to_string(*large.back()));
    }
    floats[7] = INFINITY, spelled[7] = "inf";
    expect_same(spelled, column<double>("g", floats));
    expect_same(digits, column<std::int64_t>("l", wholes));
    expect_same(codes, column<std::int64_t>("l", large), false);
  }
  ArrowTable frame;
  ArrowCells<std::int16_t> rows;
  for (std::int16_t i = 0; i < 2000; ++i) rows.emplace_back(static_cast<std::int16_t>(1999 - i));
  ArrowColumnNode node = arrow_numbers<std::int16_t>("Id", "s", rows);
  EXPECT_EQ(told(judged(frame, std::move(node)), "Id").substr(0, 80),
            "type 4, missing 0, written '', the whole numbers from 0 to 1999, each once 1999 ");
}

TEST_F(FrameLikeCsv, Dates) {
  const auto days = [](const ArrowCells<std::int32_t>& cells) { return column<std::int32_t>("tdD", cells); };
  const auto seconds = [](const ArrowCells<std::int64_t>& cells) { return column<std::int64_t>("tss:", cells); };
  expect_same({"2024-01-31", "", "1969-12-31"}, days({19753, {}, -1}));
  expect_same({"2024-01-31", "2024-01-31", "2024-01-31"}, days({19753, 19753, 19753}));
  expect_same({"2024-01-31", "", "2024-01-31"}, days({19753, {}, 19753}));
  expect_same({"", "", ""}, days({{}, {}, {}}));
  expect_same({"2024-01-31 13:05:00", "2024-01-31 00:00:00", ""},
              seconds({19753 * 86400LL + 47100, 19753 * 86400LL, {}}));
  expect_same({"2024-01-31 13:05:00", "2024-01-31 13:05:00", ""},
              seconds({19753 * 86400LL + 47100, 19753 * 86400LL + 47100, {}}));
  expect_same(
      {"2024-01-31 13:05:00.123456", "1812-06-24 00:00:00.000001"},
      column<std::int64_t>("tsu:", {(19753 * 86400LL + 47100) * 1'000'000 + 123456, -57534LL * 86400 * 1'000'000 + 1}));
  reading.date = {"x"};
  expect_same({"2024-01-31", "2024-01-31", ""}, days({19753, 19753, {}}));
  expect_same({"20240131", "20240201", ""}, column<std::int64_t>("l", {20240131, 20240201, {}}));
  reading.date = {};
  reading.categorical = {"x"};
  expect_same({"2024-01-31", "2024-02-01", ""}, days({19753, 19754, {}}));
  reading.categorical = {};
  ArrowCells<std::int32_t> many;
  Strings spelled;
  for (int i = 0; i < 2000; ++i) {
    many.emplace_back(19722 + i % 1500);
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{*many.back()}}};
    spelled.push_back(fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day())));
  }
  many[3] = {}, spelled[3] = "";
  expect_same(spelled, days(many));
}

TEST_F(FrameLikeCsv, Texts) {
  expect_same({"red", "green", "", "red"}, words({"red", "green", {}, "red"}));
  expect_same({"1", "2", "3"}, words({"1", "2", "3"}));
  expect_same({"007", "012", "3"}, words({"007", "012", "3"}));
  expect_same({"12 %", "3 %", ""}, words({"12 %", "3 %", {}}));
  expect_same({"\"1.234,5\"", "\"0,5\"", "NA"}, words({"1.234,5", "0,5", "NA"}));
  expect_same({"yes", "no", "", "yes"}, words({"yes", "no", "", "yes"}));
  expect_same({"31.01.2024", "?", "01.02.2024"}, words({"31.01.2024", "?", "01.02.2024"}));
  expect_same({"01/02/2024", "03/04/2024"}, words({"01/02/2024", "03/04/2024"}));
  expect_same({"red", "red", "red"}, words({"red", "red", "red"}));
  expect_same({"none", "NA", "null"}, words({"none", "NA", "null"}));
  expect_same({"red", "red", "\" red, and blue \""}, words({" red", "red ", " red, and blue "}));
  Strings free_text;
  ArrowCells<std::string> cells;
  for (int i = 0; i < 120; ++i)
    free_text.push_back(fmt::format("text number {}", i)), cells.emplace_back(free_text.back());
  expect_same(free_text, words(cells));
}

TEST_F(FrameLikeCsv, Booleans) {
  expect_same({"True", "False", "", "True"}, arrow_bools("x", {true, false, {}, true}));
  expect_same({"True", "True"}, arrow_bools("x", {true, true}));
  expect_same({"", "True"}, arrow_bools("x", {{}, true}));
}

TEST_F(FrameLikeCsv, DictionariesOfTextAreCategories) {
  const auto node = [] {
    return arrow_dictionary<std::int8_t>("x", "c", {2, 0, {}, 2, 3}, arrow_texts("", "u", {"1", "b", "12", "NA"}));
  };
  const std::string found = from_frame(node(), false);
  EXPECT_EQ(found, "type 2, missing 2, written '', 12, 1,  0 1 2 0 2");
  reading.categorical = {"x"};
  expect_same({"12", "1", "", "12", "NA"}, node());
  reading.categorical = {};
  reading.numeric = {"x"};
  expect_same({"12", "1", "", "12", "NA"}, node());
}

TEST_F(FrameLikeCsv, WhatTheUserSaysOfAColumn) {
  reading.categorical = {"x"};
  expect_same({"1.0", "2.5", ""}, column<double>("g", {1, 2.5, {}}));
  expect_same({"1", "2", ""}, column<std::int64_t>("l", {1, 2, {}}));
  expect_same({"0.1", "1e-05", "100000.0"}, column<float>("f", {0.1F, 1e-5F, 1e5F}));
  expect_same({"123456790.0", "0.001", "1e+16"}, column<float>("f", {123456789.F, 1e-3F, 1e16F}));
  reading.categorical = {};
  reading.numeric = {"x"};
  expect_same({"1", "1", ""}, column<std::int64_t>("l", {1, 1, {}}));
  expect_same({"1", "1", ""}, words({"1", "1", {}}));
  reading.numeric = {};
  numbers = "x";  // a weight
  expect_same({"1", "1", ""}, column<std::int64_t>("l", {1, 1, {}}));
}

TEST_F(FrameLikeCsv, WordsThatMeanMissing) {
  reading.missing = {"-99", "unknown", "-1.0", "1900-01-01"};
  expect_same({"-99", "2", ""}, column<std::int64_t>("l", {-99, 2, {}}));
  expect_same({"-99.0", "2.0", "-1.0"}, column<double>("g", {-99, 2, -1}));
  expect_same({"unknown", "2", ""}, words({"unknown", "2", {}}));
  expect_same({"-99", "-98", "2"}, words({"-99", "-98", "2"}));
  expect_same({"1900-01-01", "2024-01-31", "2024-02-01"}, column<std::int32_t>("tdD", {-25567, 19753, 19754}));
  ArrowCells<std::int64_t> many;
  Strings digits;
  for (int i = 0; i < 2000; ++i)
    many.emplace_back(i % 5 == 0 ? -99 : i), digits.push_back(std::to_string(*many.back()));
  expect_same(digits, column<std::int64_t>("l", many));
}

TEST_F(FrameLikeCsv, DecimalCommasOfOtherColumns) {
  const auto expect_table = [&](ArrowColumnNode other, const Strings& others) {
    ArrowTable frame;
    frame.add(words({"1,5", "2,25", "3,125"}));
    other->name = "y";
    other->schema.name = other->name.c_str();
    frame.add(std::move(other));
    std::string text = "x,y\n";
    const Strings commas{"1,5", "2,25", "3,125"};
    for (std::size_t i = 0; i < 3; ++i) text += "\"" + commas[i] + "\"," + others[i] + "\n";
    write_file("same.csv", text);
    const FieldChooser all;
    const Table table = judged_frame(frame.read(), request(all), notes), expected = read_table("same.csv");
    EXPECT_EQ(told(table, "x"), told(expected, "x"));
    EXPECT_EQ(told(table, "y", false), told(expected, "y", false));
  };
  expect_table(column<std::int64_t>("l", {1, 2, 3}), {"1", "2", "3"});
  expect_table(column<double>("g", {1, 2.5, 3}), {"1.0", "2.5", "3.0"});
  expect_table(words({"1.234", "2.345", "x"}), {"1.234", "2.345", "x"});
}

// Many different numbers show the sign of their file, too.
TEST_F(FrameLikeCsv, DecimalPointsOfManyNumbers) {
  ArrowCells<std::string> commas;
  ArrowCells<double> floats;
  ArrowCells<std::int64_t> wholes;
  std::string text = "x,y,z\n";
  for (int i = 0; i < 1500; ++i) {
    commas.emplace_back(fmt::format("{},5", i));
    floats.emplace_back(i + 0.25);
    wholes.emplace_back(i);
    text += fmt::format("\"{0},5\",{0}.25,{0}\n", i);
  }
  write_file("same.csv", text);
  for (const bool has_floats : {true, false}) {
    ArrowTable frame;
    frame.add(words(commas));
    if (has_floats) frame.add(arrow_numbers<double>("y", "g", floats));
    frame.add(arrow_numbers<std::int64_t>("z", "l", wholes));
    const FieldChooser all;
    const Table table = judged_frame(frame.read(), request(all), notes);
    EXPECT_EQ(table.field("z").written, has_floats ? "" : "1234,5");
    if (has_floats) {
      EXPECT_EQ(told(table, "z"), told(read_table("same.csv"), "z"));
    }
  }
}

TEST_F(FrameLikeCsv, Labels) {
  is_label = true;
  expect_same({"0.0", "1.0", "0.0"}, column<double>("g", {0, 1, 0}));
  expect_same({"0", "1", ""}, column<std::int64_t>("l", {0, 1, {}}));
  expect_same({"-0.0", "0.0", "1.0"}, column<double>("g", {-0.0, 0, 1}));
  expect_same({"1e-05", "0.1", "1e+22"}, column<double>("g", {1e-5, 0.1, 1e22}));
  expect_same({"none", "NA", "", "low"}, words({"none", "NA", {}, "low"}));
  expect_same({"True", "False", ""}, arrow_bools("x", {true, false, {}}));
  are_classes = true;
  expect_same({"1", "2", "3", "4", "x"}, words({"1", "2", "3", "4", "x"}), false);
  one_of_several = true;
  expect_same({"True", "False", ""}, arrow_bools("x", {true, false, {}}));
  expect_same({"yes", "no", "no"}, words({"yes", "no", "no"}));
}

TEST_F(FrameLikeCsv, AWordAmongNumbers) {
  const ArrowCells<std::string> cells{"1", "2", "3", "4", "five", "NA", "6", "7", "8", "nine", "10", "11"};
  ArrowTable frame;
  const Table table = judged(frame, words(cells));
  const Field* const fields[] = {&table.field("x")};
  EXPECT_EQ(table.field("x").why,
            "9 of 12 cells are numbers, 2 are not, the first in example 4 (counted from 0): 'five', 1 is missing (NA)");
  EXPECT_EQ(error_of(ErrorCode::value,
                     [&] {
                       table.require_numbers(fields);
                       return 0;
                     }),
            "the frame: x, example 4 (counted from 0) is the text 'five'; expected a number" + ways_out("x", ""));
  EXPECT_TRUE(holds_word(table, table.field("x"), 9));
  EXPECT_FALSE(holds_word(table, table.field("x"), 5));
  EXPECT_TRUE(notes.empty());

  Strings same;
  for (const auto& cell : cells) same.push_back(*cell);
  reading.bad_cells = BadCells::missing;
  expect_same(same, words(cells), false);
  EXPECT_EQ(notes, Strings{"2 words in columns of numbers or dates count as missing; the first: the frame: x, example "
                           "4 (counted from 0) is 'five'"});
  notes.clear();
  reading.bad_cells = BadCells::error;
  reading.bad_rows = BadRows::skip;
  ArrowTable skipping;
  const Table left = judged(skipping, words(cells));
  EXPECT_EQ(left.rows(), 10U);
  EXPECT_EQ(left.storage().counts.bad_rows, 2U);
  EXPECT_EQ(notes, Strings{"2 rows are left out, with a word in a column of numbers or dates; the first: the frame: x, "
                           "example 4 (counted from 0) is 'five'"});
  EXPECT_EQ(left.where(left.field("x"), 9), "the frame: x, example 11 (counted from 0)");
}

TEST_F(FrameLikeCsv, WhatCannotBe) {
  const auto refusal = [&](ErrorCode code, ArrowColumnNode node) {
    ArrowTable frame;
    return error_of(code, [&] { return judged(frame, std::move(node)); });
  };
  reading.date = {"x"};
  EXPECT_EQ(refusal(ErrorCode::value, words({"2024-01-31", "soon"})),
            "the frame: x, example 1 (counted from 0): expected a date, found 'soon'");
  EXPECT_EQ(refusal(ErrorCode::usage, words({"01/02/2024", "03/04/2024"})),
            "the frame: in column 'x' every date can be read as day and month or as month and day; say which with "
            "--date-order dmy or --date-order mdy");
  reading.numeric = {"x"};
  EXPECT_EQ(refusal(ErrorCode::usage, words({"1", "2"})),
            "--numeric and --date both name the column 'x'; name it with one of them");
  reading.date = {};
  reading.numeric = {"z"};
  EXPECT_EQ(refusal(ErrorCode::usage, words({"1", "2"})),
            "--numeric z: the frame has no such column (it has: x, beside)");
}

TEST_F(FrameLikeCsv, NumbersStayWhereTheyAre) {
  ArrowCells<float> floats;
  ArrowCells<std::int32_t> wholes;
  for (int i = 0; i < 3000; ++i) floats.emplace_back(static_cast<float>(i) / 3), wholes.emplace_back(i % 7);
  ArrowTable frame;
  frame.add(arrow_numbers<float>("f", "f", floats));
  frame.add(arrow_numbers<std::int32_t>("i", "i", wholes));
  const FieldChooser all;
  const Table table = judged_frame(frame.read(), request(all), notes);
  for (std::size_t i = 0; i < 2; ++i) {
    const Block& block = table.storage().blocks[table.storage().places[i].block];
    EXPECT_EQ(static_cast<const void*>(block.numbers.get()), frame[i].pointers[1]);
  }
  EXPECT_EQ(table.field("f").why, "all 3000 cells are numbers");
}

// A float is what it is, whatever its digits would be read as where commas stand before decimals.
TEST_F(FrameLikeCsv, FloatsAreReadByTheirPoint) {
  reading.decimal = DecimalSign::comma;
  EXPECT_EQ(from_frame(column<double>("g", {1.234, 2.345})),
            "type 0, missing 0, written '', all 2 cells are numbers 1.234 2.345");
  EXPECT_EQ(from_frame(words({"1.234", "2.345"})),
            "type 0, missing 0, written '1.234,5', all 2 cells are numbers 1234 2345");
}

// What was judged before, and arrays, stay as they are.
TEST_F(FrameLikeCsv, OnlyColumnsThatNobodyJudged) {
  Table table;
  table.add_numbers("pixels", {2}, std::vector<std::uint8_t>{1, 2, 3, 4});
  table.add_numbers("byte", {}, std::vector<std::uint8_t>{1, 2});
  table.add_text("word", Strings{"1", "2"});
  table.add_text("judged", Strings{"1", "2"});
  table.storage().fields[3].why = "so";
  const FieldChooser all;
  const Table judged = judged_frame(std::move(table), request(all), notes);
  EXPECT_TRUE(judged.field("pixels").is_bytes);
  EXPECT_FALSE(judged.field("byte").is_bytes);  // a column like any other
  EXPECT_EQ(judged.field("word").type, ColumnType::category);
  EXPECT_EQ(judged.field("word").why, "2 different values in 2 cells, 2 are numbers");
  EXPECT_EQ(judged.field("judged").why, "so");
}

// Of a table of which rows were taken, and whose numbers read_arrow has not seen.
TEST_F(FrameLikeCsv, PartsOfTables) {
  Table table;
  std::vector<std::int64_t> large;
  Strings codes, some;
  for (int i = 0; i < 1500; ++i) {
    large.push_back((std::int64_t{1} << 60) + 1024 * i);
    codes.push_back(std::to_string(large.back()));
    some.emplace_back(i == 2 ? "odd" : i < 2 ? "first" : i % 2 == 0 ? "NA" : "odd");
  }
  table.add_numbers("large", {}, large);
  table.add_text("word", some);
  std::vector<std::size_t> backwards;
  for (std::size_t i = 1400; i > 2; --i) backwards.push_back(i);
  const FieldChooser all;
  const Table judged = judged_frame(table.select_rows(backwards), request(all), notes);
  EXPECT_EQ(texts(judged, "large").front(), codes[1400]);
  EXPECT_EQ(judged.field("word").categories, (Strings{"", "odd"}));
  EXPECT_EQ(texts(judged, "word")[1], "odd");
  EXPECT_EQ(judged.field("word").missing, 699U);
}

// Columns whose types a model knows.
struct KnownFrame : InFolder {
  std::string from_frame(const KnownColumn& known, ArrowColumnNode node, const ReadingOptions& reading = {}) {
    ArrowTable frame;
    frame.add(std::move(node));
    Strings notes;
    return told(known_frame(frame.read(), std::span(&known, 1), reading, notes), "x", false);
  }
  std::string from_csv(const KnownColumn& known, const Strings& cells, const ReadingOptions& reading = {}) {
    std::string text = "x,beside\n";
    for (const std::string& cell : cells) text += cell + ",1\n";
    write_file("same.csv", text);
    FileReader reader = open_data(std::filesystem::path("same.csv"));
    const FieldChooser x = only({"x"});
    const std::vector<KnownColumn> all{known};
    return told(read_table(reader, Request{.choose = x, .reading = reading, .known = &all}), "x", false);
  }
  void expect_same(const KnownColumn& known, const Strings& cells, ArrowColumnNode node,
                   const ReadingOptions& reading = {}) {
    EXPECT_EQ(from_frame(known, std::move(node), reading), from_csv(known, cells, reading));
  }
};

TEST_F(KnownFrame, NumbersInTheFormOfTheTraining) {
  const KnownColumn german{"x", ColumnType::number, "1.234,5"}, plain{"x", ColumnType::number, ""};
  expect_same(german, {"\"1.234,5\"", "\"0,5\"", "NA"}, words({"1.234,5", "0,5", "NA"}));
  expect_same(plain, {"007", "12", "?"}, words({"007", "12", "?"}));
  expect_same(plain, {"1.0", "2.5", ""}, column<double>("g", {1, 2.5, {}}));
  expect_same(plain, {"-99", "2", ""}, column<std::int64_t>("l", {-99, 2, {}}), {.missing = {"-99"}});
  expect_same(plain, {"red", "2", ""}, words({"red", "2", ""}));
}

TEST_F(KnownFrame, Dates) {
  const KnownColumn iso{"x", ColumnType::date, "year-month-day"}, digits{"x", ColumnType::date, "20240301"},
      german{"x", ColumnType::date, "day.month.year"};
  expect_same(iso, {"2024-01-31", ""}, column<std::int32_t>("tdD", {19753, {}}));
  expect_same(german, {"31.01.2024", "null"}, words({"31.01.2024", "null"}));
  expect_same(digits, {"20240131", ""}, column<std::int64_t>("l", {20240131, {}}));
  expect_same(iso, {"20240131", "2"}, column<std::int64_t>("l", {20240131, 2}));
}

TEST_F(KnownFrame, Words) {
  const KnownColumn word{"x", ColumnType::category, ""}, label{"x", ColumnType::category, "", true};
  expect_same(word, {"red", "NA", "", "red"}, words({"red", "NA", {}, "red"}));
  expect_same(label, {"red", "NA", "", "red"}, words({"red", "NA", {}, "red"}));
  expect_same(word, {"2024-01-31", ""}, column<std::int32_t>("tdD", {19753, {}}));
  expect_same(word, {"True", "False"}, arrow_bools("x", {true, false}));
  // A number is found among words by its value.
  EXPECT_EQ(from_frame(word, column<double>("g", {1, 2.5})), "type 0, missing 0, written '' 1 2.5");
}

TEST_F(KnownFrame, Answers) {
  const KnownColumn answer{"x", ColumnType::number, "", true};
  expect_same(answer, {"True", "False", ""}, arrow_bools("x", {true, false, {}}));
  expect_same(answer, {"1", "0", ""}, column<std::int64_t>("l", {1, 0, {}}));
}

}  // namespace
}  // namespace strata::testing
