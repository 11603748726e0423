// Structs of the Arrow C data interface that cannot be what they say: an error that says what is wrong, and all is
// released.
#include <cstring>
#include <limits>

#include "data_test.hpp"
#include "support/arrow.hpp"

namespace strata::testing {
namespace {

struct HostileArrow : ::testing::Test {
  ArrowTable frame;

  void SetUp() override {
    frame.add(arrow_numbers<double>("x", "g", {1, 2, {}}));
    frame.add(arrow_texts("u", "u", {"one", "two", "three"}));
    frame.add(arrow_texts("U", "U", {"one", "two", "three"}));
    frame.add(arrow_texts("vu", "vu", {"more than twelve bytes", "two", "and more than twelve bytes"}));
    frame.add(arrow_dictionary<std::int32_t>("d", "i", {0, 1, 1}, arrow_texts("", "u", {"A", "B"})));
    frame.prepare();
  }
  // Whatever is wrong, both are released once.
  std::string refusal(ErrorCode code = ErrorCode::format) {
    const int had_array = frame.array.release != nullptr ? 1 : 0, had_schema = frame.schema.release != nullptr ? 1 : 0;
    std::string said = error_of(code, [&] { return read_arrow(frame.schema, frame.array); });
    EXPECT_EQ(frame.arrays_released, had_array);
    EXPECT_EQ(frame.schemas_released, had_schema);
    EXPECT_EQ(frame.array.release, nullptr);
    EXPECT_EQ(frame.schema.release, nullptr);
    return said;
  }
  template <class T>
  T& at(std::size_t column, std::size_t buffer, std::size_t i) {
    return reinterpret_cast<T*>(frame[column].buffers[buffer].data())[i];
  }
};

TEST_F(HostileArrow, IsFineWithoutAFault) { EXPECT_EQ(read_arrow(frame.schema, frame.array).rows(), 3U); }

TEST_F(HostileArrow, ReleasedBefore) {
  frame.array.release = nullptr;
  EXPECT_EQ(refusal(ErrorCode::usage), "the frame: it was released, or read, before; an Arrow struct can be read once");
}
TEST_F(HostileArrow, ASchemaReleasedBefore) {
  frame.schema.release = nullptr;
  EXPECT_EQ(refusal(ErrorCode::usage), "the frame: it was released, or read, before; an Arrow struct can be read once");
}
TEST_F(HostileArrow, NoFormat) {
  frame.schema.format = nullptr;
  EXPECT_EQ(refusal(), "the frame: its format is a null pointer");
}
TEST_F(HostileArrow, NoTable) {
  frame.schema.format = "g";
  EXPECT_EQ(refusal(ErrorCode::usage), "the frame: expected a table, which Arrow's format '+s' is, found 'g'");
}
TEST_F(HostileArrow, NoColumns) {
  frame.schema.n_children = frame.array.n_children = 0;
  EXPECT_EQ(refusal(ErrorCode::value), "the frame has no columns");
}
TEST_F(HostileArrow, FewerColumnsThanNone) {
  frame.schema.n_children = frame.array.n_children = -1;
  EXPECT_EQ(refusal(), "the frame: it has -1 columns");
}
TEST_F(HostileArrow, ColumnsNowhere) {
  frame.schema.children = nullptr;
  EXPECT_EQ(refusal(), "the frame: its columns are a null pointer");
}
TEST_F(HostileArrow, ArraysNowhere) {
  frame.array.children = nullptr;
  EXPECT_EQ(refusal(), "the frame: its schema has 5 columns, and its array 0");
}
TEST_F(HostileArrow, FewerArraysThanColumns) {
  frame.array.n_children = 4;
  EXPECT_EQ(refusal(), "the frame: its schema has 5 columns, and its array 4");
}
TEST_F(HostileArrow, AColumnWithoutASchema) {
  frame.schema.children[1] = nullptr;
  EXPECT_EQ(refusal(), "the frame: the schema of column 2 is a null pointer");
}
TEST_F(HostileArrow, AColumnWithoutAnArray) {
  frame.array.children[1] = nullptr;
  EXPECT_EQ(refusal(), "the frame: column 'u': its array is a null pointer");
}
TEST_F(HostileArrow, AColumnWithoutAFormat) {
  frame[1].schema.format = nullptr;
  EXPECT_EQ(refusal(), "the frame: column 'u': its format is a null pointer");
}
TEST_F(HostileArrow, NoRows) {
  frame.array.length = 0;
  EXPECT_EQ(refusal(ErrorCode::value), "the frame has no rows");
}
TEST_F(HostileArrow, FewerRowsThanNone) {
  frame.array.length = -3;
  EXPECT_EQ(refusal(), "the frame: it has the length -3 and the offset 0");
}
TEST_F(HostileArrow, AnOffsetBeforeTheBeginning) {
  frame[1].array.offset = -1;
  EXPECT_EQ(refusal(), "the frame: column 'u': it has the length 3 and the offset -1");
}
TEST_F(HostileArrow, RowsBeyondAllMemory) {
  frame.array.length = frame.array.offset = std::numeric_limits<std::int64_t>::max();
  EXPECT_NE(refusal().find("the size of an Arrow array"), std::string::npos);
}
TEST_F(HostileArrow, NumbersBeyondAllMemory) {
  frame.array.length = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < 5; ++i) frame[i].array.length = std::numeric_limits<std::int64_t>::max();
  EXPECT_NE(refusal().find("the size of an Arrow column"), std::string::npos);
}
TEST_F(HostileArrow, AShortColumn) {
  frame[1].array.length = 2;
  EXPECT_EQ(refusal(), "the frame: column 'u': it has 2 rows, and the table has 3");
}
TEST_F(HostileArrow, AShortColumnBehindAnOffset) {
  frame.array.offset = 1;
  EXPECT_EQ(refusal(), "the frame: column 'x': it has 3 rows, and the table has 4");
}
TEST_F(HostileArrow, ARowThatIsNullAsAWhole) {
  static const std::uint8_t bits = 0b101;
  static const void* buffers[] = {&bits};
  frame.array.buffers = buffers;
  EXPECT_EQ(refusal(), "the frame: row 1 of a chunk is null as a whole");
}
TEST_F(HostileArrow, TwoColumnsOfOneName) {
  frame[2].schema.name = "x";
  EXPECT_EQ(refusal(ErrorCode::usage), "the frame has two columns named 'x'");
}
TEST_F(HostileArrow, ANameThatIsNoText) {
  frame[1].schema.name = "\xFF";
  EXPECT_EQ(refusal(), "the frame: column '\xEF\xBF\xBD': its name is no UTF-8");
}
TEST_F(HostileArrow, TooFewBuffers) {
  frame[0].array.n_buffers = 1;
  EXPECT_EQ(refusal(), "the frame: column 'x': expected 2 buffers, found 1");
}
TEST_F(HostileArrow, TooFewBuffersOfATexts) {
  frame[1].array.n_buffers = 2;
  EXPECT_EQ(refusal(), "the frame: column 'u': expected 3 buffers, found 2");
}
TEST_F(HostileArrow, TooFewBuffersOfViews) {
  frame[3].array.n_buffers = 2;
  EXPECT_EQ(refusal(), "the frame: column 'vu': expected 3 buffers or more, found 2");
}
TEST_F(HostileArrow, BuffersNowhere) {
  frame[0].array.buffers = nullptr;
  EXPECT_EQ(refusal(), "the frame: column 'x': its buffers are a null pointer");
}
TEST_F(HostileArrow, NullsNowhere) {
  frame[0].pointers[0] = nullptr;
  EXPECT_EQ(refusal(), "the frame: column 'x': it has 1 nulls, and nothing says where");
}
TEST_F(HostileArrow, ValuesNowhere) {
  frame[0].pointers[1] = nullptr;
  EXPECT_EQ(refusal(), "the frame: column 'x': the buffer of its values is a null pointer");
}
TEST_F(HostileArrow, TextsNowhere) {
  frame[2].pointers[2] = nullptr;
  EXPECT_EQ(refusal(), "the frame: U, example 0 (counted from 0): the buffer of the texts is a null pointer");
}
TEST_F(HostileArrow, OffsetsThatGoDown) {
  at<std::int32_t>(1, 1, 2) = 2;
  EXPECT_EQ(refusal(), "the frame: u, example 1 (counted from 0): its text goes from byte 3 to byte 2");
}
TEST_F(HostileArrow, OffsetsBeforeTheBeginning) {
  at<std::int64_t>(2, 1, 0) = -5;
  EXPECT_EQ(refusal(), "the frame: U, example 0 (counted from 0): its text goes from byte -5 to byte 3");
}
TEST_F(HostileArrow, NoText) {
  at<char>(1, 2, 4) = '\xC0';
  EXPECT_EQ(refusal(), "the frame: u, example 1 (counted from 0): its text is no UTF-8");
}
TEST_F(HostileArrow, AViewOfFewerBytesThanNone) {
  at<ArrowView>(3, 1, 1).size = -1;
  EXPECT_EQ(refusal(), "the frame: vu, example 1 (counted from 0): its text has -1 bytes");
}
TEST_F(HostileArrow, AViewIntoNoBuffer) {
  at<ArrowView>(3, 1, 2).buffer = 2;
  EXPECT_EQ(refusal(), "the frame: vu, example 2 (counted from 0): its text is in buffer 2 of 2");
}
TEST_F(HostileArrow, AViewIntoABufferBeforeTheFirst) {
  at<ArrowView>(3, 1, 2).buffer = -1;
  EXPECT_EQ(refusal(), "the frame: vu, example 2 (counted from 0): its text is in buffer -1 of 2");
}
TEST_F(HostileArrow, AViewBehindTheEnd) {
  at<ArrowView>(3, 1, 2).offset = 23;
  EXPECT_EQ(refusal(), "the frame: vu, example 2 (counted from 0): its text begins at byte 23 of 48 and has 26");
}
TEST_F(HostileArrow, AViewBeforeTheBeginning) {
  at<ArrowView>(3, 1, 2).offset = -1;
  EXPECT_EQ(refusal(), "the frame: vu, example 2 (counted from 0): its text begins at byte -1 of 48 and has 26");
}
TEST_F(HostileArrow, ViewsWithoutTheSizesOfTheirBuffers) {
  frame[3].pointers[4] = nullptr;
  EXPECT_EQ(refusal(), "the frame: vu, example 0 (counted from 0): its text is in buffer 1 of 2");
}
TEST_F(HostileArrow, DatesBeyondTheCalendar) {
  for (const std::int32_t day : {-719'163, 2'932'897}) {
    ArrowTable dates;
    dates.add(arrow_numbers<std::int32_t>("day", "tdD", {-719'162, {}, 2'932'896, day}));
    EXPECT_EQ(error_of(ErrorCode::format, [&] { return dates.read(); }),
              "the frame: day, example 3 (counted from 0): it is no date of the years 1 to 9999");
  }
  ArrowTable earliest;
  earliest.add(arrow_numbers<std::int64_t>("time", "tsn:", {std::numeric_limits<std::int64_t>::min()}));
  EXPECT_NEAR(numbers(earliest.read(), "time").front(), -106751.99116730065, 1e-9);  // 1677-09-21 00:12:43
}
TEST_F(HostileArrow, NoDictionary) {
  frame[4].array.dictionary = nullptr;
  EXPECT_EQ(refusal(), "the frame: column 'd': it has no dictionary");
}
TEST_F(HostileArrow, AnIndexBehindTheDictionary) {
  at<std::int32_t>(4, 1, 2) = 2;
  EXPECT_EQ(refusal(), "the frame: d, example 2 (counted from 0): it is entry 2 of a dictionary of 2");
}
TEST_F(HostileArrow, AnIndexBeforeTheDictionary) {
  at<std::int32_t>(4, 1, 1) = -1;
  EXPECT_EQ(refusal(), "the frame: d, example 1 (counted from 0): it is entry -1 of a dictionary of 2");
}
TEST_F(HostileArrow, IndicesThatAreNoWholeNumbers) {
  frame[4].schema.format = "f";
  EXPECT_EQ(refusal(), "the frame: column 'd': the indices of its dictionary are no whole numbers");
}
TEST_F(HostileArrow, IndicesThatAreDates) {
  frame[4].schema.format = "tdD";
  EXPECT_EQ(refusal(), "the frame: column 'd': the indices of its dictionary are no whole numbers");
}
TEST_F(HostileArrow, ADictionaryOfDictionaries) {
  frame[4].dictionary->format = "i";
  frame[4].dictionary->schema.format = "i";
  frame[4].dictionary->array.n_buffers = 2;
  frame[4].dictionary->schema.dictionary = &frame[1].schema;
  EXPECT_EQ(refusal(), "the frame: column 'd (dictionary)': it is a dictionary of dictionaries");
}
TEST_F(HostileArrow, ADictionaryOfFewerThanNone) {
  frame[4].dictionary->array.length = -2;
  EXPECT_EQ(refusal(), "the frame: the dictionary of column 'd': it has the length -2 and the offset 0");
}
TEST_F(HostileArrow, ADictionaryOfAnotherType) {
  frame[4].dictionary->schema.format = "d:3,1";
  EXPECT_EQ(refusal(ErrorCode::unsupported),
            "the frame: column 'd (dictionary)' holds decimals (Arrow's format 'd:3,1'), which no column here can be; "
            "cast it to numbers, texts or dates, or leave it out");
}

struct HostileStream : ::testing::Test {
  ArrowTable first, second;
  void SetUp() override {
    for (ArrowTable* each : {&first, &second}) each->add(arrow_numbers<double>("x", "g", {1, 2}));
  }
  // `chunks` came out of it, and are released as the stream is.
  std::string refusal(ArrowStream& stream, ErrorCode code, int chunks, int schemas = 1) {
    std::string said = error_of(code, [&] { return read_arrow(stream.stream, "a stream"); });
    EXPECT_EQ(stream.released, 1);
    EXPECT_EQ(stream.stream.release, nullptr);
    EXPECT_EQ(first.schemas_released, schemas);
    EXPECT_EQ(first.arrays_released + second.arrays_released, chunks);
    return said;
  }
};

TEST_F(HostileStream, FailsAtOnce) {
  ArrowStream stream({&first, &second});
  stream.fails_at = 0;
  stream.error = "the disk\nis gone";
  EXPECT_EQ(refusal(stream, ErrorCode::io, 0, 0), "a stream: the stream fails: the disk\\x0ais gone");
}
TEST_F(HostileStream, FailsOnTheWay) {
  ArrowStream stream({&first, &second});
  stream.fails_at = 2;
  EXPECT_EQ(refusal(stream, ErrorCode::io, 1), "a stream: the stream fails: Input/output error");
  stream.stream.get_last_error = nullptr;
}
TEST_F(HostileStream, HasNothingToSayOfItsErrors) {
  ArrowStream stream({&first, &second});
  stream.fails_at = 1;
  stream.stream.get_last_error = nullptr;
  EXPECT_EQ(refusal(stream, ErrorCode::io, 0), "a stream: the stream fails: Input/output error");
}
TEST_F(HostileStream, HasNoFunctions) {
  ArrowStream stream({&first});
  stream.stream.get_next = nullptr;
  EXPECT_EQ(refusal(stream, ErrorCode::format, 0, 0), "a stream: a function of the stream is a null pointer");
}
TEST_F(HostileStream, GivesNothing) {
  ArrowStream stream({&first});
  stream.next = 1;
  EXPECT_EQ(refusal(stream, ErrorCode::value, 0), "a stream has no rows");
}
TEST_F(HostileStream, WasReadBefore) {
  ArrowStream stream({&first});
  stream.stream.release = nullptr;
  EXPECT_EQ(error_of(ErrorCode::usage, [&] { return read_arrow(stream.stream, "a stream"); }),
            "a stream: it was released, or read, before; an Arrow struct can be read once");
}
TEST_F(HostileStream, GivesAReleasedSchema) {
  first.prepare();
  ArrowStream stream({&first});
  first.schema.release = nullptr;
  EXPECT_EQ(refusal(stream, ErrorCode::usage, 0, 0),
            "a stream: it was released, or read, before; an Arrow struct can be read once");
}
TEST_F(HostileStream, GivesChunksOfOtherColumns) {
  second.add(arrow_numbers<double>("y", "g", {1, 2}));
  ArrowStream stream({&first, &second});
  EXPECT_EQ(refusal(stream, ErrorCode::format, 2), "a stream: its schema has 1 columns, and its array 2");
}

}  // namespace
}  // namespace strata::testing
