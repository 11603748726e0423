// Every format read in blocks is the same table read at once, and a row keeps its place in the file.
#include <regex>

#include "data/cache.hpp"
#include "data/formats.hpp"
#include "sample_pictures.hpp"
#include "zip_writer.hpp"

namespace strata::testing {
namespace {

constexpr std::size_t kRows = 5;

// What the columns of the texts here are: without it a text is read twice, and a fault is found in the first look.
const std::vector<KnownColumn> kKnown = {{"a", ColumnType::number, {}}, {"b", ColumnType::category, {}}};

Request request_of(const std::vector<KnownColumn>* known) {
  static const FieldChooser kAll;
  Request request{kAll};
  request.known = known;
  return request;
}

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

// How many bytes are missing is counted from the end of the block.
std::string without_count(const std::string& message) {
  return std::regex_replace(message, std::regex("[0-9]+ bytes too early"), "some bytes too early");
}

class Blocks : public InFolder {
 protected:
  static void expect_the_whole(const std::string& name, bool in_parts = true) {
    std::vector<std::string> whole;
    describe(read_table(name), whole);
    ASSERT_EQ(whole.size(), kRows) << name;
    for (const std::size_t most : {1, 2, 3, 5, 100}) {
      for (const auto* known : {static_cast<const std::vector<KnownColumn>*>(nullptr), &kKnown}) {
        FileReader file(name);
        const Request request = request_of(known);
        const auto blocks = read_blocks(file, request);
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
  }

  // The damaged file gives the first rows of the good one, wherever the blocks end, then the error of the whole.
  static void expect_before_fault(const std::string& name, const std::string& good, const std::string& bad,
                                  std::size_t before, bool in_parts = true) {
    std::vector<std::string> expected;
    write_file(name, good);
    describe(read_table(name), expected);
    ASSERT_LE(before, expected.size());
    expected.resize(before);
    write_file(name, bad);
    const std::string error = without_count(error_of(ErrorCode::format, [&] { return read_table(name); }));
    for (const std::size_t most : {1, 2, 3, 5, 100}) {
      FileReader file(name);
      const auto blocks = read_blocks(file, request_of(&kKnown));
      std::vector<std::string> rows;
      std::size_t count = 0;
      const auto read_on = [&] {
        while (const auto table = blocks->next(most)) {
          EXPECT_GT(table->rows(), 0U);
          describe(*table, rows);
          ++count;
        }
        return 0;
      };
      EXPECT_EQ(without_count(error_of(ErrorCode::format, read_on)), error) << name << " in blocks of " << most;
      EXPECT_EQ(rows, expected) << name << " in blocks of " << most;
      EXPECT_EQ(count, in_parts ? (before + most - 1) / most : before == 0 ? 0 : 1) << name;
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

TEST_F(Blocks, of_text_give_what_is_before_a_fault) {
  const std::string good = "a,b\n1,x\n\n2,\"y\nz\"\n3,x\r\n4,\n5,w\n";
  const auto with = [&](const std::string& rest) { return good.substr(0, good.find("4,")) + rest; };
  expect_before_fault("t.csv", good, with("4\n5,w\n"), 3);
  expect_before_fault("t.csv", good, with("4,v,\n5,w\n"), 3);
  expect_before_fault("t.csv", good, with("4,\"v\n5,w\n"), 3);
  expect_before_fault("t.csv", good, with("4,\"v\"v\n5,w\n"), 3);
  expect_before_fault("t.csv", good, good + "6\n", 5);
  expect_before_fault("t.csv", good, "a,b\n1\n2,x\n", 0);
  expect_before_fault("t.csv", "a,b\n,x\n,y\n", "a,b\n,x\n,y\nword\n", 2);
  // Where nobody knows the types, there is no row before the end has been seen.
  FileReader file("t.csv");
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return read_blocks(file, Request{{}}); }),
            "t.csv:4: expected 2 cells, found 1 (separator: comma; to leave such lines out: --bad-rows skip): word");
}

TEST_F(Blocks, of_gzip_give_what_is_before_a_fault) {
  const std::string start = "a,b\n1,x\n2,y\n3,", good = start + "x\n4,z\n";
  // Between two members, with and without a record that has begun.
  expect_before_fault("t.csv.gz", gzipped(good), gzipped(start) + gzipped("x\n4,z\n").substr(0, 10), 2);
  expect_before_fault("t.csv.gz", gzipped(good), gzipped(good) + gzipped("5,x\n").substr(0, 10), 4);
  expect_before_fault("t.csv.gz", gzipped(good), gzipped(good) + "rest", 4);
  // The bytes before the damage come out of zlib with the damage: what follows the first block is no type of block.
  const std::string head("\x1F\x8B\x08\0\0\0\0\0\0\xFF", 10);
  expect_before_fault("t.csv.gz", gzipped(good), head + deflated(start, Z_SYNC_FLUSH) + "\x07", 2);
  std::string wrong_sum = gzipped(good);
  wrong_sum[wrong_sum.size() - 8] ^= 1;
  expect_before_fault("t.csv.gz", gzipped(good), wrong_sum, 4);
}

TEST_F(Blocks, of_arrays_give_what_is_before_a_fault) {
  const auto expect = [](const std::string& whole, std::size_t missing, std::size_t before, bool in_parts = true) {
    expect_before_fault("x.npy.gz", gzipped(whole), gzipped(whole.substr(0, whole.size() - missing)), before, in_parts);
  };
  for (const char* type : {"<f8", ">f8"}) expect(npy_file(type, "(5, 2)", kPairs, false), 17, 3);
  expect(npy_file("<f8", "(5, 2)", kPairs, false), 16, 4);
  expect(npy_file("<f8", "(5, 2)", kPairs, false), 80, 0);
  const std::string halves("\x3C\0\x40\0\x42\0\x44\0\x45\0", 10);
  expect(npy_file(">f2", "(5,)", halves, false), 3, 3);
  expect(npy_file("|b1", "(5,)", halves.substr(0, 5), false), 3, 2);
  expect(npy_file("|S2", "(5,)", "aabbaaccdd", false), 3, 3);
  expect(npy_file("<f8", "(5, 1)", kPairs.substr(0, 40), true), 9, 3);
  // In Fortran's order a row is whole when its last number is there.
  expect(npy_file("<f8", "(5, 2)", kPairs, true), 9, 3, false);
  expect(npy_file("<f8", "(5, 2)", kPairs, true), 40, 0, false);
  const std::string whole = npy_file("<f8", "(5, 2)", kPairs, false);
  expect_before_fault("x.npy.gz", gzipped(whole), gzipped(whole + "x"), 5);
}

TEST_F(Blocks, side_by_side_give_what_is_before_the_first_fault) {
  const std::string X = npy_file("<f8", "(5, 2)", kPairs, false), y = npy_file("|S2", "(5,)", "aabbaaccdd", false);
  const std::string z = npy_file("|u1", "(5,)", "abcde", false);
  // Three arrays, of which the bytes are there up to their last so many.
  const auto archive = [&](std::size_t X_lacks, std::size_t y_lacks, std::size_t z_lacks) {
    const auto member = [](const char* name, const std::string& bytes, std::size_t lacks) {
      ZipMember made{.name = name, .bytes = bytes, .deflate = true};
      if (lacks > 0) made.packed = deflated(bytes.substr(0, bytes.size() - lacks), Z_SYNC_FLUSH) + "\x07";
      return made;
    };
    return zip_file({member("X.npy", X, X_lacks), member("y.npy", y, y_lacks), member("z.npy", z, z_lacks)});
  };
  const std::string good = archive(0, 0, 0);
  expect_before_fault("x.npz", good, archive(17, 0, 0), 3);
  expect_before_fault("x.npz", good, archive(0, 3, 0), 3);
  expect_before_fault("x.npz", good, archive(0, 0, 4), 1);
  expect_before_fault("x.npz", good, archive(0, 10, 0), 0);
  write_file("x.npz", archive(1, 4, 2));
  FileReader file("x.npz");
  const auto blocks = read_blocks(file, Request{{}});
  EXPECT_EQ(blocks->next(100)->rows(), 3U);
  EXPECT_EQ(error_of(ErrorCode::format, [&] { return blocks->next(100); }),
            "x.npz: damaged ZIP archive: 'y.npy': the compressed data make no sense");
  ZipMember wrong_sum{.name = "X.npy", .bytes = X, .deflate = true};
  wrong_sum.crc_error = 1;
  expect_before_fault("x.npz", zip_file({{.name = "X.npy", .bytes = X, .deflate = true}}), zip_file({wrong_sum}), 5);
}

// A chunk of HDF5 is whole, or it is not there.
TEST_F(Blocks, of_hdf5_give_what_is_before_a_fault) {
  {
    const Hdf5File file("x.h5");
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk[] = {2, 2};
    H5Pset_chunk(properties, 2, chunk);
    H5Pset_fletcher32(properties);
    put_array(file, "X", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {5, 2}, kPairs.data(), properties);
    put_array(file, "y", H5T_STD_U8LE, H5T_NATIVE_UINT8, {5}, "abcde");
    H5Pclose(properties);
  }
  const std::string good = read_file("x.h5");
  std::string bad = good;
  const std::size_t row = bad.find(kPairs.substr(48, 16));  // in the second chunk
  ASSERT_NE(row, std::string::npos);
  bad[row] ^= 1;
  expect_before_fault("x.h5", good, bad, 2);
}

// A fault of one block is not taken for one of the next.
TEST_F(Blocks, know_their_own_faults) {
  write_file("t.csv", "a,b\n1,5\n2,wrong\n3,word\n");
  FileReader file("t.csv");
  const std::vector<KnownColumn> known = {{"b", ColumnType::number, {}}};
  const auto blocks = read_blocks(file, request_of(&known));
  static_cast<void>(blocks->next(2));
  const auto last = blocks->next(2);
  ASSERT_TRUE(last);
  const Field* b = &last->field("b");
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return last->require_numbers({&b, 1}), 0; }),
            "t.csv:4:2: expected a number in column 'b', found 'word' (to let such cells count as missing: --bad-cells "
            "missing; to leave such rows out: --bad-rows skip): 3,word");
}

}  // namespace
}  // namespace strata::testing
