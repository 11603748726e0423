// Tables from memory in the form of the Arrow C data interface: every type, nulls, offsets, chunks, dictionaries; and
// that all is released exactly once.
#include <cmath>
#include <limits>

#include "data/table_storage.hpp"
#include "data_test.hpp"
#include "support/arrow.hpp"

namespace strata::testing {
namespace {

using Strings = std::vector<std::string>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

const void* memory_of(const Table& table, const std::string& name, std::size_t row = 0) {
  const Block& block = table.storage().blocks[table.storage().place(table.field(name)).block];
  return with_number_type(block.type,
                          [&](auto zero) { return static_cast<const void*>(block.row<decltype(zero)>(row)); });
}

NumberType type_of(const Table& table, const std::string& name) {
  return table.storage().blocks[table.storage().place(table.field(name)).block].type;
}

void expect_numbers(const Table& table, const std::string& name, const std::vector<double>& expected) {
  const std::vector<double> found = numbers(table, name);
  ASSERT_EQ(found.size(), expected.size()) << name;
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_TRUE(found[i] == expected[i] || (std::isnan(found[i]) && std::isnan(expected[i])))
        << name << "[" << i << "] is " << found[i] << ", not " << expected[i];
}

// Alone in a table.
template <class Node>
Table alone(ArrowTable& frame, Node node) {
  frame.add(std::move(node));
  return frame.read();
}

template <class T>
void expect_number_type(const std::string& format, NumberType type) {
  const ArrowCells<T> cells{static_cast<T>(3), static_cast<T>(0), static_cast<T>(120),
                            std::numeric_limits<T>::lowest()};
  const auto lowest = static_cast<double>(std::numeric_limits<T>::lowest());
  if (sizeof(T) < 8 || std::is_unsigned_v<T> || std::is_floating_point_v<T>) {
    ArrowTable frame;
    const Table table = alone(frame, arrow_numbers<T>("x", format, cells));
    expect_numbers(table, "x", {3, 0, 120, lowest});
    EXPECT_EQ(type_of(table, "x"), type) << format;
    EXPECT_EQ(memory_of(table, "x"), frame[0].pointers[1]) << format << " was copied";
    EXPECT_FALSE(table.field("x").is_bytes);
    EXPECT_EQ(table.field("x").type, ColumnType::number);
  }
  ArrowTable frame;
  const Table table = alone(frame, arrow_numbers<T>("x", format, {T{1}, {}, T{5}}));
  expect_numbers(table, "x", {1, kNan, 5});
  EXPECT_EQ(table.storage().places[0].of_integers, std::is_integral_v<T>) << format;
  EXPECT_EQ(type_of(table, "x"), type == NumberType::f32 ? type : NumberType::f64) << format;
}

TEST(Arrow, NumbersOfEveryTypeStayWhereTheyAre) {
  expect_number_type<std::int8_t>("c", NumberType::i8);
  expect_number_type<std::uint8_t>("C", NumberType::u8);
  expect_number_type<std::int16_t>("s", NumberType::i16);
  expect_number_type<std::uint16_t>("S", NumberType::u16);
  expect_number_type<std::int32_t>("i", NumberType::i32);
  expect_number_type<std::uint32_t>("I", NumberType::u32);
  expect_number_type<std::int64_t>("l", NumberType::i64);
  expect_number_type<std::uint64_t>("L", NumberType::u64);
  expect_number_type<float>("f", NumberType::f32);
  expect_number_type<double>("g", NumberType::f64);
}

TEST(Arrow, HalvesBecomeFloats) {
  ArrowTable frame;
  const Table table = alone(frame, arrow_numbers<std::uint16_t>("x", "e", {0x3C00, {}, 0xC500, 0x0001}));
  expect_numbers(table, "x", {1, kNan, -5, 0x1p-24});
  EXPECT_EQ(type_of(table, "x"), NumberType::f32);
}

TEST(Arrow, WholeNumbersThatFloat64DoesNotTellApartAreCodes) {
  constexpr std::int64_t kLarge = 9007199254740992;  // 2^53
  ArrowTable frame;
  frame.add(arrow_numbers<std::int64_t>("most", "l", {kLarge, -kLarge, 7}));
  frame.add(arrow_numbers<std::int64_t>("more", "l", {kLarge + 1, 7, {}}));
  frame.add(arrow_numbers<std::int64_t>("less", "l", {7, -kLarge - 1, 7}));
  frame.add(arrow_numbers<std::uint64_t>("largest", "L", {{}, std::numeric_limits<std::uint64_t>::max(), 0}));
  frame.add(arrow_numbers<std::int64_t>("null", "l", {1, {}, 2}));
  std::vector<std::uint64_t>& beneath = frame[4].buffers.back();
  beneath[1] = static_cast<std::uint64_t>(kLarge + 1);  // a null says nothing
  const Table table = frame.read();
  EXPECT_EQ(type_of(table, "most"), NumberType::i64);
  EXPECT_EQ(texts(table, "more"), (Strings{"9007199254740993", "7", ""}));
  EXPECT_EQ(table.field("more").type, ColumnType::text);
  EXPECT_EQ(texts(table, "less"), (Strings{"7", "-9007199254740993", "7"}));
  EXPECT_EQ(texts(table, "largest"), (Strings{"", "18446744073709551615", "0"}));
  expect_numbers(table, "null", {1, kNan, 2});
}

TEST(Arrow, TextsInEveryLayout) {
  const ArrowCells<std::string> cells{
      "a word of more than twelve bytes", "short", {}, "", "short", "twelve bytes", "größer als zwölf Bytes"};
  for (const char* format : {"u", "U", "vu"}) {
    ArrowTable frame;
    const Table table = alone(frame, arrow_texts("word", format, cells));
    EXPECT_EQ(texts(table, "word"), (Strings{"a word of more than twelve bytes", "short", "", "", "short",
                                             "twelve bytes", "größer als zwölf Bytes"}))
        << format;
    EXPECT_EQ(table.field("word").categories,
              (Strings{"a word of more than twelve bytes", "short", "", "twelve bytes", "größer als zwölf Bytes"}));
    EXPECT_EQ(table.field("word").type, ColumnType::text) << format;
  }
}

TEST(Arrow, BooleansAreWordsAsPandasWritesThem) {
  ArrowTable frame;
  const Table table = alone(frame, arrow_bools("b", {false, true, {}, true, true, false, false, true, true, false}));
  EXPECT_EQ(texts(table, "b"),
            (Strings{"False", "True", "", "True", "True", "False", "False", "True", "True", "False"}));
  EXPECT_EQ(table.field("b").type, ColumnType::yes_no);
}

TEST(Arrow, NothingAtAll) {
  ArrowTable frame;
  frame.add(arrow_numbers<double>("x", "g", {1, 2}));
  frame.add(arrow_node("none", "n")).finish(2);
  expect_numbers(frame.read(), "none", {kNan, kNan});
}

TEST(Arrow, DictionariesByValue) {
  ArrowTable frame;
  frame.add(arrow_dictionary<std::int8_t>("word", "c", {2, 0, {}, 2, 3, 1},
                                          arrow_texts("", "u", {"never used", "b", "c", {}})));
  frame.add(arrow_dictionary<std::uint32_t>("number", "I", {1, 1, 0, {}, 2, 0},
                                            arrow_numbers<std::int64_t>("", "l", {30, 10, {}})));
  frame.add(
      arrow_dictionary<std::int64_t>("half", "l", {0, 1, 0, 1, 0, 1}, arrow_numbers<float>("", "f", {0.5F, 1.5F})));
  frame.add(
      arrow_dictionary<std::int16_t>("day", "s", {0, 1, 0, 1, 0, 1}, arrow_numbers<std::int32_t>("", "tdD", {7, 8})));
  frame.add(arrow_dictionary<std::uint8_t>("yes", "C", {0, 1, 0, 1, 0, 1}, arrow_bools("", {true, false})));
  frame.add(arrow_dictionary<std::uint8_t>("none", "C", {{}, {}, {}, {}, {}, {}}, arrow_texts("", "vu", {})));
  const Table table = frame.read();
  EXPECT_EQ(texts(table, "word"), (Strings{"c", "never used", "", "c", "", "b"}));
  EXPECT_EQ(table.field("word").categories, (Strings{"c", "never used", "", "b"}));
  EXPECT_EQ(table.field("word").type, ColumnType::category);
  expect_numbers(table, "number", {10, 10, 30, kNan, kNan, 30});
  EXPECT_TRUE(table.storage().places[1].of_integers);
  expect_numbers(table, "half", {0.5, 1.5, 0.5, 1.5, 0.5, 1.5});
  EXPECT_FALSE(table.storage().places[2].of_integers);
  expect_numbers(table, "day", {7, 8, 7, 8, 7, 8});
  EXPECT_EQ(table.field("day").type, ColumnType::date);
  EXPECT_EQ(texts(table, "yes"), (Strings{"True", "False", "True", "False", "True", "False"}));
  EXPECT_EQ(table.field("yes").type, ColumnType::yes_no);
  EXPECT_EQ(texts(table, "none"), (Strings{"", "", "", "", "", ""}));
}

TEST(Arrow, DatesAreDays) {
  constexpr std::int64_t kNoon = 19'753 * std::int64_t{86'400} + 43'200;  // 2024-01-31 12:00:00
  ArrowTable frame;
  frame.add(arrow_numbers<std::int32_t>("date32", "tdD", {19'753, {}, -1}));
  frame.add(arrow_numbers<std::int64_t>("date64", "tdm", {kNoon * 1'000, {}, -86'400'000}));
  frame.add(arrow_numbers<std::int64_t>("s", "tss:", {kNoon, {}, -43'200}));
  frame.add(arrow_numbers<std::int64_t>("ms", "tsm:Europe/Berlin", {kNoon * 1'000 + 1, {}, -1}));
  frame.add(arrow_numbers<std::int64_t>("us", "tsu:UTC", {kNoon * 1'000'000, {}, -43'200'000'000}));
  frame.add(arrow_numbers<std::int64_t>("ns", "tsn:", {kNoon * 1'000'000'000, {}, -43'200'000'000'000}));
  const Table table = frame.read();
  expect_numbers(table, "date32", {19'753, kNan, -1});
  expect_numbers(table, "date64", {19'753.5, kNan, -1});
  expect_numbers(table, "s", {19'753.5, kNan, -0.5});
  // The day in seconds and the milliseconds first, as the text 2024-01-31 12:00:00.001 is read.
  expect_numbers(table, "ms", {(19'753.0 * 86'400 + 43'200.001) / 86'400, kNan, (-86'400 + 86'399.999) / 86'400});
  expect_numbers(table, "us", {19'753.5, kNan, -0.5});
  expect_numbers(table, "ns", {19'753.5, kNan, -0.5});
  for (const Field& field : table.fields()) EXPECT_EQ(field.type, ColumnType::date) << field.name;
}

TEST(Arrow, OffsetsOfTheTableAndOfItsColumns) {
  ArrowTable frame;
  frame.add(arrow_numbers<double>("x", "g", {1, 2, 3, 4, 5, 6}));
  frame.add(arrow_numbers<std::int32_t>("n", "i", {1, 2, {}, {}, 5, 6}));
  for (const char* format : {"u", "U", "vu"}) frame.add(arrow_texts(format, format, {"a", "b", "c", {}, "e", "f"}));
  frame.add(arrow_bools("b", {true, true, true, false, {}, true}));
  frame.add(arrow_dictionary<std::int8_t>("d", "c", {0, 0, 0, 1, 2, 0}, arrow_texts("", "u", {"-", "A", "B", "C"})));
  frame.prepare();
  for (std::size_t i = 0; i < 7; ++i) frame[i].array.offset = 1, frame[i].array.length = 5;
  frame[6].dictionary->array.offset = 1;
  frame[6].dictionary->array.length = 3;
  frame.array.offset = 2;
  frame.array.length = 2;
  const Table table = read_arrow(frame.schema, frame.array);
  EXPECT_EQ(table.rows(), 2U);
  expect_numbers(table, "x", {4, 5});
  EXPECT_EQ(memory_of(table, "x"), static_cast<const double*>(frame[0].pointers[1]) + 3);
  expect_numbers(table, "n", {kNan, 5});
  for (const char* format : {"u", "U", "vu"}) EXPECT_EQ(texts(table, format), (Strings{"", "e"})) << format;
  EXPECT_EQ(texts(table, "b"), (Strings{"False", ""}));
  EXPECT_EQ(texts(table, "d"), (Strings{"B", "C"}));
}

TEST(Arrow, NumbersAtOddAddressesAreCopied) {
  ArrowTable frame;
  frame.add(arrow_numbers<std::uint8_t>("bytes", "C", {1, 2, 3}));
  ArrowNode& node = frame.add(arrow_numbers<double>("x", "g", {1, 2, 3}));
  std::vector<char> shifted(4 * sizeof(double));
  std::memcpy(shifted.data() + 1, node.pointers[1], 3 * sizeof(double));
  node.pointers[1] = shifted.data() + 1;
  const Table table = frame.read();
  expect_numbers(table, "x", {1, 2, 3});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory_of(table, "x")) % alignof(double), 0U);
}

TEST(Arrow, ChunksOfAStreamAreOneTable) {
  ArrowTable first, none, last;
  const auto add = [](ArrowTable& to, const ArrowCells<std::int64_t>& n, const ArrowCells<std::string>& words,
                      ArrowColumnNode dictionary) {
    ArrowCells<float> x;
    ArrowCells<std::int8_t> codes;
    for (const auto& each : n) x.emplace_back(static_cast<float>(each.value_or(0)) / 2), codes.emplace_back(1);
    to.add(arrow_numbers<std::int64_t>("n", "l", n));
    to.add(arrow_numbers<float>("x", "f", x));
    to.add(arrow_texts("word", "u", words));
    to.add(arrow_dictionary<std::int8_t>("d", "c", codes, std::move(dictionary)));
  };
  add(first, {1, 2}, {"b", "a"}, arrow_texts("", "u", {"A", "B"}));
  add(none, {}, {}, arrow_texts("", "u", {}));
  add(last, {3, {}, 5}, {"a", {}, "c"}, arrow_texts("", "u", {"B", "A"}));  // the same code is another word
  ArrowStream stream({&first, &none, &last});
  {
    const Table table = read_arrow(stream.stream, "a stream");
    EXPECT_EQ(table.source(), "a stream");
    expect_numbers(table, "n", {1, 2, 3, kNan, 5});
    expect_numbers(table, "x", {0.5, 1, 1.5, 0, 2.5});
    EXPECT_EQ(type_of(table, "x"), NumberType::f32);
    EXPECT_EQ(texts(table, "word"), (Strings{"b", "a", "a", "", "c"}));
    EXPECT_EQ(texts(table, "d"), (Strings{"B", "B", "A", "A", "A"}));
    EXPECT_EQ(first.arrays_released, 1);  // all was copied
    EXPECT_EQ(table.where(table.field("n"), 3), "a stream: n, example 3 (counted from 0)");
  }
  EXPECT_EQ(stream.stream.release, nullptr);
  EXPECT_EQ(stream.released, 1);
  EXPECT_EQ(first.schemas_released, 1);
  for (ArrowTable* each : {&first, &none, &last}) EXPECT_EQ(each->arrays_released, 1);
}

TEST(Arrow, AnArrayIsReleasedWithTheLastTableThatNeedsIt) {
  ArrowTable frame;
  frame.add(arrow_numbers<double>("x", "g", {1, 2}));
  frame.add(arrow_numbers<std::int64_t>("n", "l", {1, 2}));
  auto table = std::make_unique<Table>(frame.read());
  EXPECT_EQ(frame.schema.release, nullptr);
  EXPECT_EQ(frame.array.release, nullptr);
  EXPECT_EQ(frame.schemas_released, 1);
  auto part = std::make_unique<Table>(table->select_fields(Strings{"n"}));
  table.reset();
  EXPECT_EQ(frame.arrays_released, 0);
  expect_numbers(*part, "n", {1, 2});
  part.reset();
  EXPECT_EQ(frame.arrays_released, 1);
}

TEST(Arrow, OneChunkOfAStreamStaysWhereItIs) {
  ArrowTable frame;
  frame.add(arrow_numbers<double>("x", "g", {1, 2}));
  ArrowStream stream({&frame});
  const Table table = read_arrow(stream.stream);
  EXPECT_EQ(memory_of(table, "x"), frame[0].pointers[1]);
  EXPECT_EQ(frame.arrays_released, 0);
}

TEST(Arrow, OtherTypesAreRefusedInWords) {
  const auto refusal = [](const std::string& format) {
    ArrowTable frame;
    frame.add(arrow_numbers<double>("x", "g", {1, 2}));
    frame.add(arrow_numbers<double>("age\n", format, {1, 2}));
    const std::string said = error_of(ErrorCode::unsupported, [&] { return frame.read(); });
    EXPECT_EQ(frame.arrays_released, 1);
    EXPECT_EQ(frame.schemas_released, 1);
    return said;
  };
  EXPECT_EQ(refusal("d:10,2"),
            "the frame: column 'age\\x0a' holds decimals (Arrow's format 'd:10,2'), which no column here can be; cast "
            "it to numbers, texts or dates, or leave it out");
  const std::pair<const char*, const char*> all[] = {
      {"z", "bytes"},          {"Z", "bytes"},         {"vz", "bytes"},          {"w:16", "bytes of a fixed length"},
      {"ttm", "times"},        {"tDs", "duration"},    {"tiM", "intervals"},     {"+l", "lists"},
      {"+L", "lists"},         {"+vl", "lists"},       {"+vL", "lists"},         {"+w:3", "lists of a fixed length"},
      {"+s", "structs"},       {"+m", "maps"},         {"+ud:0,1", "unions"},    {"+r", "runs"},
      {"", "another type"},    {"q", "another type"},  {"tsx:", "another type"}, {"ts", "another type"},
      {"tsn", "another type"}, {"gg", "another type"}, {"td", "another type"}};
  for (const auto& [format, words] : all)
    EXPECT_NE(refusal(format).find(std::string("holds ") + words), std::string::npos) << refusal(format);
}

}  // namespace
}  // namespace strata::testing
