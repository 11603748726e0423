#include <cmath>
#include <limits>

#include "data/formats.hpp"
#include "data_test.hpp"

namespace strata::testing {
namespace {

class Npy : public InFolder {
 protected:
  static Table read(const std::string& bytes) {
    write_file("x.npy", bytes);
    return read_table("x.npy");
  }
  static std::string refused(const std::string& bytes, ErrorCode code = ErrorCode::format) {
    return reading_error(code, "x.npy", bytes);
  }
};

TEST_F(Npy, reads_an_array_as_one_field) {
  const Table table = read(npy_file("<f8", "(2, 3)", packed<double>({1, 2, 3, 4, 5, 6.5}), false));
  EXPECT_EQ(table.rows(), 2U);
  EXPECT_EQ(names(table), (std::vector<std::string>{"array"}));
  EXPECT_EQ(table.fields()[0].shape, (std::vector<std::size_t>{3}));
  EXPECT_EQ(table.fields()[0].rows, 2U);
  EXPECT_FALSE(table.fields()[0].is_bytes);
  EXPECT_EQ(numbers(table, "array"), (std::vector<double>{1, 2, 3, 4, 5, 6.5}));
  EXPECT_EQ(table.where(table.fields()[0], 1, 2), "x.npy: array, example 1 (counted from 0), number 2");
}

template <class T>
void expect_type(const std::string& code, const std::vector<T>& values) {
  SCOPED_TRACE(code);
  const std::vector<double> expected(values.begin(), values.end());
  const std::string shape = "(" + std::to_string(values.size()) + ",)";
  for (const bool big : {false, true}) {
    const std::string type = sizeof(T) == 1 ? "|" + code : (big ? ">" : "<") + code;
    write_file("x.npy", npy_file(type, shape, packed(values, big), false));
    const Table table = read_table("x.npy");
    EXPECT_EQ(numbers(table, "array"), expected);
    EXPECT_TRUE(table.fields()[0].shape.empty());
    EXPECT_EQ(table.fields()[0].is_bytes, code == "u1");
  }
}

TEST_F(Npy, reads_every_type_in_both_byte_orders) {
  expect_type<std::uint8_t>("u1", {0, 1, 255});
  expect_type<std::int8_t>("i1", {-128, 0, 127});
  expect_type<std::uint16_t>("u2", {0, 258, 65535});
  expect_type<std::int16_t>("i2", {-32768, 258, 32767});
  expect_type<std::uint32_t>("u4", {0, 16909060, 4294967295U});
  expect_type<std::int32_t>("i4", {-2147483647, 16909060});
  expect_type<std::uint64_t>("u8", {0, 4538991236898929U, 9007199254740992U});
  expect_type<std::int64_t>("i8", {-9007199254740992, 4538991236898929});
  expect_type<float>("f4", {-1.5F, 3.4e38F, 1e-40F});
  expect_type<double>("f8", {-1.5, 1e308, 5e-324});
}

// As in a column of text: what float64 would round is no quantity.
TEST_F(Npy, whole_numbers_beyond_2_53_are_words) {
  using Words = std::vector<std::string>;
  const auto words = [](const Table& table) {
    Words all;
    for (std::size_t i = 0; i < table.rows(); ++i)
      all.push_back(table.fields()[0].categories[static_cast<std::size_t>(table.number(table.fields()[0], i))]);
    return all;
  };
  constexpr std::int64_t kLarge = 9007199254740993;
  for (const char* shape : {"(4,)", "(4, 1)"}) {
    const Table table = read(npy_file(">i8", shape, packed<std::int64_t>({kLarge, -kLarge, 7, kLarge}, true), false));
    EXPECT_EQ(words(table), (Words{"9007199254740993", "-9007199254740993", "7", "9007199254740993"}));
    EXPECT_TRUE(table.fields()[0].shape.empty());
    EXPECT_EQ(table.fields()[0].type, ColumnType::category);
    EXPECT_EQ(table.fields()[0].why,
              "3 different values in 4 cells, whole numbers beyond 2^53 such as 9007199254740993");
  }
  EXPECT_EQ(words(read(npy_file("<i8", "(2,)", packed<std::int64_t>({-kLarge, 1}, false), false))),
            (Words{"-9007199254740993", "1"}));
  EXPECT_EQ(words(read(npy_file("<u8", "(2,)", packed<std::uint64_t>({1, ~std::uint64_t{0}}, false), false))),
            (Words{"1", "18446744073709551615"}));
  std::vector<std::uint64_t> keys;
  for (std::uint64_t i = 0; i < 60; ++i) keys.push_back((std::uint64_t{1} << 60U) + i);
  EXPECT_EQ(read(npy_file("<u8", "(60,)", packed(keys, false), false)).fields()[0].type, ColumnType::identifier);
}

// A model knows which it is, so that all blocks of rows are of one kind.
TEST_F(Npy, whole_numbers_are_what_a_model_says) {
  write_file("x.npy", npy_file("<i8", "(3,)", packed<std::int64_t>({5, 9007199254740993, 6}, false), false));
  for (const auto& [type, is_words] : {std::pair(ColumnType::category, true), {ColumnType::number, false}}) {
    const std::vector<KnownColumn> known{{.name = "array", .type = type, .written = {}}};
    FileReader file("x.npy");
    const auto blocks = read_blocks(file, Request{.choose = {}, .known = &known});
    EXPECT_EQ(blocks->next(1)->fields()[0].is_text(), is_words);
    if (is_words) {
      EXPECT_EQ(blocks->next(1)->fields()[0].categories, (std::vector<std::string>{"9007199254740993"}));
      EXPECT_EQ(blocks->next(1)->fields()[0].categories, (std::vector<std::string>{"6"}));
    } else {
      EXPECT_EQ(error_of(ErrorCode::value, [&] { return blocks->next(1); }),
                "x.npy: array, example 1 (counted from 0) is 9007199254740993, beyond 2^53, where float64 would round "
                "it; --ignore array leaves the array out");
    }
  }
}

TEST_F(Npy, several_whole_numbers_beyond_2_53_are_refused_with_their_place) {
  const std::string beyond =
      npy_file("<i8", "(3, 2)", packed<std::int64_t>({1, 2, 3, -9007199254740993, 9007199254740995, 6}, false), false);
  EXPECT_EQ(refused(beyond, ErrorCode::value),
            "x.npy: array, example 1 (counted from 0), number 1 is -9007199254740993, beyond 2^53, where float64 would "
            "round it; --ignore array leaves the array out");
  FileReader file("x.npy");
  const auto blocks = read_blocks(file, Request{{}});
  EXPECT_EQ(numbers(*blocks->next(2), "array"), (std::vector<double>{1, 2}));  // what is before it comes first
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return blocks->next(2); }).substr(0, 32),
            "x.npy: array, example 1 (counted");
}

TEST_F(Npy, examples_may_be_last) {
  const std::string bytes = npy_file("<f8", "(2, 3)", packed<double>({1, 2, 3, 4, 5, 6}, false), false);
  const std::string fortran = npy_file("<f8", "(2, 3)", packed<double>({1, 4, 2, 5, 3, 6}, false), true);
  for (const std::string& each : {bytes, fortran}) {
    write_file("x.npy", each);
    const Table table = read_table("x.npy", {}, {.transpose = Transpose::yes});
    EXPECT_EQ(table.rows(), 3U);
    EXPECT_EQ(table.fields()[0].shape, (std::vector<std::size_t>{2}));
    EXPECT_EQ(numbers(table, "array"), (std::vector<double>{1, 4, 2, 5, 3, 6}));
  }
}

TEST_F(Npy, reads_truth_values) {
  const Table table = read(npy_file("|b1", "(3,)", std::string("\0\1\2", 3), false));
  EXPECT_EQ(numbers(table, "array"), (std::vector<double>{0, 1, 1}));
  EXPECT_FALSE(table.fields()[0].is_bytes);  // they are not pixels
}

TEST_F(Npy, reads_half_precision) {
  // IEEE 754: 1, −2, the largest, the smallest normal, the smallest of all, zeros, infinity, NaN; 1/3 rounded.
  const std::vector<std::uint16_t> halves = {0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001,
                                             0x0000, 0x8000, 0x7C00, 0x3555, 0x7E00};
  const std::vector<double> expected = {1,
                                        -2,
                                        65504,
                                        std::ldexp(1, -14),
                                        std::ldexp(1, -24),
                                        0,
                                        -0.0,
                                        std::numeric_limits<double>::infinity(),
                                        0.333251953125};
  for (const bool big : {false, true}) {
    const Table table = read(npy_file(big ? ">f2" : "<f2", "(10,)", packed(halves, big), false));
    std::vector<double> got = numbers(table, "array");
    EXPECT_TRUE(std::isnan(got.back()));
    got.pop_back();
    EXPECT_EQ(got, expected);
    EXPECT_TRUE(std::signbit(got[6]));
  }
}

TEST_F(Npy, turns_fortran_order_into_c_order) {
  // The array [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]], first index fastest.
  const std::vector<double> c_order = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  std::vector<std::int16_t> fortran;
  for (int k = 0; k < 2; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) fortran.push_back(static_cast<std::int16_t>(6 * i + 2 * j + k));
    }
  }
  EXPECT_EQ(numbers(read(npy_file("<i2", "(2, 3, 2)", packed(fortran), true)), "array"), c_order);
  EXPECT_EQ(numbers(read(npy_file(">i2", "(2, 3, 2)", packed(fortran, true), true)), "array"), c_order);
  EXPECT_EQ(numbers(read(npy_file("<f8", "(3,)", packed<double>({1, 2, 3}), true)), "array"),
            (std::vector<double>{1, 2, 3}));
  const std::vector<std::uint16_t> halves = {0x3C00, 0x4000, 0x4200, 0x4400};  // 1 2 3 4
  EXPECT_EQ(numbers(read(npy_file("<f2", "(2, 2)", packed(halves), true)), "array"), (std::vector<double>{1, 3, 2, 4}));
}

TEST_F(Npy, turns_large_arrays_piece_by_piece) {
  constexpr std::size_t kRows = 1000, kColumns = 701;  // more than one piece of 1 MiB, and no multiple of it
  std::vector<double> fortran(kRows * kColumns);
  for (std::size_t j = 0; j < kColumns; ++j) {
    for (std::size_t i = 0; i < kRows; ++i) fortran[j * kRows + i] = static_cast<double>(i * kColumns + j);
  }
  const std::vector<double> got = numbers(read(npy_file("<f8", "(1000, 701)", packed(fortran), true)), "array");
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], static_cast<double>(i));
}

TEST_F(Npy, reads_texts) {
  const Table bytes = read(npy_file("|S3", "(3,)", std::string("cat\0\0\0cat", 9), false));
  EXPECT_EQ(texts(bytes, "array"), (std::vector<std::string>{"cat", "", "cat"}));
  for (const bool big : {false, true}) {
    const Table wide = read(npy_file(big ? ">U2" : "<U2", "(3, 1)",
                                     packed<std::uint32_t>({'K', 0xF6, 0x4E2D, 0, 0x1F431, 0xD800}, big), false));
    EXPECT_EQ(texts(wide, "array"), (std::vector<std::string>{"Kö", "中", "🐱\xEF\xBF\xBD"}));
    EXPECT_TRUE(wide.fields()[0].shape.empty());
  }
  EXPECT_EQ(refused(npy_file("|S1", "(1, 2)", "ab", false)), "x.npy: the array has several texts for each example");
}

TEST_F(Npy, reads_versions_2_and_3) {
  for (const char version : {char{2}, char{3}}) {
    EXPECT_EQ(numbers(read(npy_file("<i4", "(2,)", packed<std::int32_t>({7, 8}), false, version)), "array"),
              (std::vector<double>{7, 8}));
  }
  std::string four = npy_file("<i4", "(2,)", packed<std::int32_t>({7, 8}), false, 3);
  four[6] = 4;
  EXPECT_EQ(refused(four, ErrorCode::unsupported), "x.npy: NPY version 4.0; 1.0, 2.0 and 3.0 can be read");
}

TEST_F(Npy, reads_headers_as_python_may_write_them) {
  const std::string numbers_of_two = packed<double>({1, 2});
  for (const char* header : {"{\"shape\":(2,),'fortran_order':False,'descr':'<f8'}",
                             "{'descr': '<f8', 'fortran_order': False, 'shape': (2L,)}  \n",
                             "{'descr': '=f8', 'fortran_order': False, 'shape': (2, 1), }          \n"}) {
    EXPECT_EQ(numbers(read(npy_file(header, numbers_of_two)), "array"), (std::vector<double>{1, 2})) << header;
  }
}

TEST_F(Npy, refuses_headers_that_are_something_else) {
  const std::string start = "x.npy: the NPY header cannot be read: ";
  const auto header = [&](const std::string& text) { return refused(npy_file(text, packed<double>({1, 2}))); };
  EXPECT_EQ(header("{'descr': '<f8', 'fortran_order': False}"),
            start + "it needs 'descr', 'fortran_order' and 'shape'");
  EXPECT_EQ(header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}"),
            start + "the entry 'more' is unknown or there twice");
  EXPECT_EQ(header("{'shape': (2,), 'shape': (2,), 'descr': '<f8'}"),
            start + "the entry 'shape' is unknown or there twice");
  EXPECT_EQ(header("{'descr': '<f8', 'fortran_order': 0, 'shape': (2,)}"),
            start + "fortran_order must be True or False");
  EXPECT_EQ(header("{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}"),
            start + "a dimension of the shape is not a whole number, or too large");
  EXPECT_EQ(header("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}"),
            start + "a dimension of the shape is not a whole number, or too large");
  EXPECT_EQ(header("{'descr': '<f8', 'fortran_order': False, 'shape': (2)}"),
            start + "a shape of one dimension ends with a comma");
  EXPECT_EQ(header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)} import os"),
            start + "something follows the dictionary");
  EXPECT_EQ(header("{'descr': '<f8"), start + "a quote is never closed");
  EXPECT_EQ(header("{descr: 1}"), start + "expected a text in quotes");
  EXPECT_EQ(header("[]"), start + "expected '{', found '['");
  EXPECT_EQ(header(""), start + "expected '{', found ''");
  std::string deep = "{'descr': '<f8', 'fortran_order': False, 'shape': (";
  for (int i = 0; i < 65; ++i) deep += "1, ";
  EXPECT_EQ(header(deep + ")}"), start + "it has more than 64 dimensions");
  EXPECT_EQ(header("{" + std::string(9'998, ' ') + "}"), start + "it needs 'descr', 'fortran_order' and 'shape'");
  EXPECT_EQ(header("{" + std::string(9'999, ' ') + "}"),
            "x.npy: the NPY header has 10001 bytes; NumPy writes at most 10000");
}

TEST_F(Npy, refuses_types_that_are_no_numbers) {
  const auto type = [&](const std::string& code) {
    return refused(npy_file(code, "(1,)", std::string(64, '\0'), false), ErrorCode::unsupported);
  };
  EXPECT_EQ(type("|O"),
            "x.npy holds pickled Python objects, which may run code and are never read; save an array of numbers");
  EXPECT_EQ(refused(npy_file("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", "12345678"),
                    ErrorCode::unsupported),
            "x.npy is a structured array (several named types); save each of its fields by itself");
  for (const char* code :
       {"<c16", "<f16", "<M8[ns]", "|V8", "<i3", "<f1", "x", "", "|i8", "|f8", "?f8", "|S0", "|U4"}) {
    EXPECT_EQ(type(code),
              std::string("x.npy has numbers of the type '") + code +
                  "'; these can be read: bool, integers of 8 to 64 bits, float16, float32, float64 and text");
  }
}

TEST_F(Npy, refuses_sizes_that_are_not_those_of_the_header) {
  const std::string two = packed<double>({1, 2});
  EXPECT_EQ(refused(npy_file("<f8", "(3,)", two, false)),
            "x.npy: the header promises 3 numbers of 8 bytes, 24 bytes, but only 16 follow; the file is cut short");
  EXPECT_EQ(refused(npy_file("<f8", "(1,)", two, false)),
            "x.npy: the header promises 1 numbers of 8 bytes, 8 bytes, but in fact 16 follow; the file is damaged, or "
            "holds more "
            "than one array");
  EXPECT_EQ(refused(npy_file("<f8", "(2,)", two, false).substr(0, 30)),
            "x.npy: the file ends inside the NPY header, 38 bytes too early; is it complete?");
}

TEST_F(Npy, refuses_arrays_without_examples) {
  EXPECT_EQ(refused(npy_file("<f8", "()", packed<double>({1}), false)),
            "x.npy: the array is a single value, not a list of examples");
  EXPECT_EQ(refused(npy_file("<f8", "(0, 3)", "", false)), "x.npy: the array has no examples");
  EXPECT_EQ(refused(npy_file("<f8", "(3, 0)", "", false)), "x.npy: the array has examples without numbers");
}

TEST_F(Npy, no_shape_can_overflow_the_size) {
  const std::vector<std::string> sizes = {
      "0", "1", "2147483647", "2147483648", "4294967296", "9223372036854775807", "18446744073709551615"};
  for (const std::string& a : sizes) {
    for (const std::string& b : sizes) {
      for (const char* type : {"|u1", "<f8", "|S4"}) {
        const std::string shape = "(" + a + ", " + b + ")";
        write_file("x.npy", npy_file(type, shape, "x", false));
        const bool one_byte = a == "1" && b == "1" && std::string(type) == "|u1";
        if (one_byte) {
          EXPECT_NO_THROW(static_cast<void>(read_table("x.npy")));
        } else {
          EXPECT_NE(error_of(ErrorCode::format, [] { return read_table("x.npy"); }), "") << shape;
        }
      }
    }
  }
}

TEST_F(Npy, bad_numbers_have_their_place) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const Table table = read(npy_file("<f4", "(2, 2, 2)", packed<float>({1, 2, 3, 4, 5, 6, nan, inf}), false));
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find("array")}), 0; }),
            "x.npy: array, example 1 (counted from 0), number 2 is nan; every number must be finite");
  const Table labels = read(npy_file("<f8", "(2,)", packed<double>({1, -static_cast<double>(inf)}), false));
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return labels.require_numbers(std::vector{labels.find("array")}), 0; }),
            "x.npy: array, example 1 (counted from 0) is -inf; every number must be finite");
}

TEST_F(Npy, the_chooser_sees_the_array) {
  write_file("x.npy", npy_file("<u2", "(4, 2)", packed<std::uint16_t>({1, 2, 3, 4, 5, 6, 7, 8}), false));
  const Table table = read_table("x.npy", [](std::span<const Field> fields) {
    EXPECT_EQ(fields.size(), 1U);
    EXPECT_EQ(fields[0].rows, 4U);
    EXPECT_EQ(fields[0].width(), 2U);
    return std::vector<std::string>{fields[0].name};
  });
  EXPECT_EQ(table.rows(), 4U);
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return read_table("x.npy", only({"x"})); }),
            "x.npy has no 'x' (it has: array)");
}

TEST_F(Npy, writes_what_numpy_reads) {
  const std::vector<double> values = {1, -2.5, 3e300, 4, 5, 6};
  const std::vector<std::size_t> shape = {2, 3};
  write_npy("y.npy", shape, values);
  const std::string bytes = read_file("y.npy");
  // numpy.save writes the same bytes.
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
  header.resize(117, ' ');
  EXPECT_EQ(bytes, std::string("\x93NUMPY\x01\0v\0", 10) + header + "\n" + packed(values));
  const Table table = read_table("y.npy");
  EXPECT_EQ(numbers(table, "array"), values);
}

TEST_F(Npy, writes_every_rank) {
  write_npy("y.npy", {}, std::vector<double>{7});
  EXPECT_NE(read_file("y.npy").find("'shape': (), }"), std::string::npos);
  write_npy("y.npy", std::vector<std::size_t>{3}, std::vector<double>{7, 8, 9});
  EXPECT_NE(read_file("y.npy").find("'shape': (3,), }"), std::string::npos);
  EXPECT_EQ(numbers(read_table("y.npy"), "array"), (std::vector<double>{7, 8, 9}));
  for (std::size_t rank = 1; rank < 30; ++rank) {  // headers of many lengths, all of them padded to 64
    write_npy("y.npy", std::vector<std::size_t>(rank, 1), std::vector<double>{7});
    EXPECT_EQ((read_file("y.npy").size() - 8) % 64, 0U);
    EXPECT_EQ(numbers(read_table("y.npy"), "array"), (std::vector<double>{7}));
  }
  EXPECT_EQ(error_of(ErrorCode::shape,
                     [] { return write_npy("y.npy", std::vector<std::size_t>{2, 2}, std::vector<double>{7}), 0; }),
            "write_npy: 1 numbers do not fill the shape (2, 2)");
}

}  // namespace
}  // namespace strata::testing
