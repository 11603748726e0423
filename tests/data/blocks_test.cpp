// Every format read in blocks is the same table read at once, and a row keeps its place in the file.
#include "data/cache.hpp"
#include "data/formats.hpp"
#include "sample_pictures.hpp"
#include "zip_writer.hpp"

namespace strata::testing {
namespace {

constexpr std::size_t kRows = 5;

// All that the rows hold and where they are.
void describe(const Table& table, std::vector<std::string>& rows) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    std::string text;
    for (const Field& field : table.fields()) {
      EXPECT_EQ(field.rows, table.rows());
      text += table.where(field, row) + " ";
      for (std::size_t k = 0; k < field.width(); ++k) {
        const double number = table.number(field, row, k);
        text +=
            (field.is_text() ? field.categories.at(static_cast<std::size_t>(number)) : std::to_string(number)) + " ";
      }
    }
    rows.push_back(text);
  }
}

class Blocks : public InFolder {
 protected:
  static void expect_the_whole(const std::string& name, bool in_parts = true) {
    std::vector<std::string> whole;
    describe(read_table(name), whole);
    ASSERT_EQ(whole.size(), kRows) << name;
    for (const std::size_t most : {1, 2, 3, 5, 100}) {
      FileReader file(name);
      const auto blocks = read_blocks(file, Request{{}});
      std::vector<std::string> rows;
      std::size_t count = 0;
      while (const auto table = blocks->next(most)) {
        describe(*table, rows);
        ++count;
      }
      EXPECT_EQ(rows, whole) << name << " in blocks of " << most;
      EXPECT_EQ(count, in_parts ? (kRows + most - 1) / most : 1) << name;
      EXPECT_FALSE(blocks->next(most));
    }
  }
};

const std::string kPairs = packed<double>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10});

TEST_F(Blocks, of_text) {
  const std::string text = "a,b\n1,x\n\n2,\"y\nz\"\n3,x\r\n4,\n5,w\n";
  write_file("t.csv", text);
  write_file("t.csv.gz", gzipped(text));
  expect_the_whole("t.csv");
  expect_the_whole("t.csv.gz");
}

TEST_F(Blocks, of_arrays) {
  write_file("x.npy", npy_file("<f8", "(5, 2)", kPairs, false));
  write_file("half.npy", npy_file(">f2", "(5,)", std::string("\x3C\0\x40\0\x42\0\x44\0\x45\0", 10), false));
  write_file("column.npy", npy_file("<f8", "(5, 1)", kPairs.substr(0, 40), true));
  write_file("words.npy", npy_file("|S2", "(5,)", "aabbaaccdd", false));
  write_file("y.idx", std::string("\0\0\x08\1\0\0\0\5", 8) + "abcde");
  for (const char* name : {"x.npy", "half.npy", "column.npy", "words.npy", "y.idx"}) expect_the_whole(name);
  write_file("turned.npy", npy_file("<f8", "(5, 2)", kPairs, true));
  expect_the_whole("turned.npy", false);
}

TEST_F(Blocks, of_arrays_side_by_side) {
  for (const bool deflate : {false, true}) {
    write_file(
        "x.npz",
        zip_file({{.name = "X.npy", .bytes = npy_file("<f8", "(5, 2)", kPairs, false), .deflate = deflate},
                  {.name = "y.npy", .bytes = npy_file("|S2", "(5,)", "aabbaaccdd", false), .deflate = deflate}}));
    expect_the_whole("x.npz");
  }
  {
    const Hdf5File file("x.h5");
    put_array(file, "X", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {5, 2}, kPairs.data());
    put_array(file, "y", H5T_STD_U8LE, H5T_NATIVE_UINT8, {5}, "abcde");
  }
  expect_the_whole("x.h5");
}

TEST_F(Blocks, of_a_cache) {
  write_file("t.csv", "a,b\n1,x\n2,y\n3,x\n4,z\n5,w\n");
  write_cache(read_table("t.csv"), "t.sdata");
  expect_the_whole("t.sdata");
}

// What a file has too little or too much is found behind its last row.
TEST_F(Blocks, end_where_the_file_ends) {
  const auto all = [](const std::string& name) {
    FileReader file(name);
    const auto blocks = read_blocks(file, Request{{}});
    while (blocks->next(2)) {
    }
  };
  const std::string whole = npy_file("<f8", "(5, 2)", kPairs, false);
  write_file("long.npy.gz", gzipped(whole + "x"));
  EXPECT_NE(error_of(ErrorCode::format, [&] { return all("long.npy.gz"), 0; }).find("more bytes follow"),
            std::string::npos);
  write_file("short.npy.gz", gzipped(whole.substr(0, whole.size() - 9)));
  EXPECT_NE(
      error_of(ErrorCode::format, [&] { return all("short.npy.gz"), 0; }).find("the file ends inside the numbers"),
      std::string::npos);
}

// A fault of one block is not taken for one of the next.
TEST_F(Blocks, know_their_own_faults) {
  write_file("t.csv", "a,b\n1,5\n2,\n3,word\n");
  FileReader file("t.csv");
  const auto blocks = read_blocks(file, Request{{}});
  static_cast<void>(blocks->next(2));
  const auto last = blocks->next(2);
  ASSERT_TRUE(last);
  const Field* b = &last->field("b");
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return last->require_numbers({&b, 1}), 0; }),
            "t.csv:4:2: expected a number in column 'b', found 'word'");
}

}  // namespace
}  // namespace strata::testing
