// The data cache: what comes out is what went in, and whatever is done to the file, reading it ends in a table or an
// error.
#include "data/cache.hpp"

#include <hdf5.h>
#include <zlib.h>

#include <bit>
#include <cmath>

#include "data/data_test.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "data/zip_writer.hpp"

namespace strata {
namespace {

using namespace testing;
using Cache = InFolder;

void expect_same(const Table& a, const Table& b) {
  ASSERT_EQ(names(a), names(b));
  ASSERT_EQ(a.rows(), b.rows());
  for (const Field& field : a.fields()) {
    const Field& other = b.field(field.name);
    EXPECT_EQ(field.shape, other.shape) << field.name;
    EXPECT_EQ(field.categories, other.categories) << field.name;
    EXPECT_EQ(field.is_bytes, other.is_bytes) << field.name;
    EXPECT_EQ(field.rows, other.rows) << field.name;
    EXPECT_EQ(field.type, other.type) << field.name;
    EXPECT_EQ(field.missing, other.missing) << field.name;
    EXPECT_EQ(field.written, other.written) << field.name;
    if (field.type != ColumnType::number) {  // of plain numbers no reason is kept
      EXPECT_EQ(field.why, other.why) << field.name;
    }
    for (std::size_t row = 0; row < a.rows(); ++row) {
      for (std::size_t k = 0; k < field.width(); ++k) {
        ASSERT_EQ(std::bit_cast<std::uint64_t>(a.number(field, row, k)),
                  std::bit_cast<std::uint64_t>(b.number(other, row, k)))
            << field.name << ", example " << row << ", number " << k;
      }
    }
  }
}

Table read_into(const std::filesystem::path& spill, const std::string& file) {
  FileReader reader(file);
  return read_table(reader, Request{{}, spill});
}

// From memory and from files without names, the way that `strata convert` takes.
void expect_round_trip(const std::string& file) {
  SCOPED_TRACE(file);
  const Table original = read_table(file);
  write_cache(original, "a.sdata");
  verify_cache("a.sdata");
  expect_same(original, read_table("a.sdata"));
  write_cache(read_into(".", file), "b.sdata");
  EXPECT_EQ(read_file("a.sdata"), read_file("b.sdata"));
  write_cache(read_table("a.sdata"), "c.sdata");  // a cache of a cache
  expect_same(original, read_table("c.sdata"));
}

constexpr const char* kCsv = "size,kind,n\n1.5,cat,1\n-2,\"dog, big\",\n0.1,cat,7\n1e300,,nan\n";

TEST_F(Cache, Csv) {
  write_file("t.csv", kCsv);
  expect_round_trip("t.csv");
  std::string many = "a,b,word\n";
  for (int i = 0; i < 5000; ++i)
    many += std::to_string(i) + "," + std::to_string(0.1 * i) + ",w" + std::to_string(i % 37) + "\n";
  write_file("many.csv", many);
  expect_round_trip("many.csv");
}

TEST_F(Cache, Idx) {
  std::string images("\0\0\x08\x03\0\0\0\x03\0\0\0\x02\0\0\0\x02", 16), shorts("\0\0\x0B\x01\0\0\0\x02", 8);
  for (int i = 0; i < 12; ++i) images += static_cast<char>(20 * i);
  write_file("images.idx", images);
  expect_round_trip("images.idx");
  EXPECT_TRUE(read_table("a.sdata").fields().front().is_bytes);
  write_file("shorts.idx", shorts + packed<std::int16_t>({-300, 7}, true));
  expect_round_trip("shorts.idx");
}

TEST_F(Cache, Npy) {
  write_file("u1.npy", npy_file("|u1", "(2, 3)", packed<std::uint8_t>({1, 2, 3, 4, 5, 255}), false));
  write_file("f4.npy", npy_file("<f4", "(2, 3)", packed<float>({1, 2, 3, 4, 5, 0.1F}), true));
  write_file("f8.npy", npy_file(">f8", "(3,)", packed<double>({1, -0.0, 1e-310}, true), false));
  write_file("i8.npy", npy_file("<i8", "(2,)", packed<std::int64_t>({-1, INT64_MAX}), false));
  write_file("half.npy", npy_file("<f2", "(2,)", packed<std::uint16_t>({0x3C00, 0x0001}), false));
  write_file("bool.npy", npy_file("|b1", "(2,)", packed<std::uint8_t>({0, 2}), false));
  write_file("text.npy", npy_file("|S3", "(3,)", std::string("ab\0cde\xE9\0\0", 9), false));
  for (const char* type : {"u1", "f4", "f8", "i8", "half", "bool", "text"})
    expect_round_trip(std::string(type) + ".npy");
}

TEST_F(Cache, Npz) {
  const std::string x = npy_file("<f4", "(2, 2)", packed<float>({1, 2, 3, 4}), false);
  const std::string y = npy_file("<i4", "(2,)", packed<std::int32_t>({5, -6}), false);
  write_file("t.npz", zip_file({{"x.npy", x}, {"y.npy", y}}));
  expect_round_trip("t.npz");
}

TEST_F(Cache, Hdf5) {
  const hid_t file = H5Fcreate("t.h5", H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t dims[3] = {3, 2, 2};
  const float numbers[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11.5F};
  for (const int rank : {3, 1}) {
    const hid_t space = H5Screate_simple(rank, dims, nullptr);
    const hid_t set =
        H5Dcreate2(file, rank == 3 ? "x" : "y", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers), 0);
    H5Dclose(set);
    H5Sclose(space);
  }
  H5Fclose(file);
  expect_round_trip("t.h5");
}

TEST_F(Cache, OnlyWhatIsChosenInTheOrderOfTheChoice) {
  write_file("t.csv", kCsv);
  write_cache(read_table("t.csv"), "t.sdata");
  const Table table = read_table("t.sdata", only({"n", "size"}));
  EXPECT_EQ(names(table), (std::vector<std::string>{"n", "size"}));
  EXPECT_EQ(table.number(table.field("size"), 2), 0.1);
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return read_table("t.sdata", only({"sise"})); }),
            "t.sdata has no 'sise'; did you mean 'size'? (it has: size, kind, n)");
  EXPECT_EQ(error_of(ErrorCode::value,
                     [&] {
                       table.require_numbers(std::vector<const Field*>{&table.field("n")});
                       return 0;
                     }),
            "t.sdata: n, example 1 (counted from 0) is nan; every number must be finite");
}

// A table of a cache together with fields in memory.
TEST_F(Cache, AppendsAndIsAppended) {
  write_file("t.csv", "a,b\n1,2\n3,4\n");
  write_cache(read_table("t.csv"), "t.sdata");
  Table both = read_table("t.sdata");
  Table more;
  more.add_numbers("c", {}, std::vector<double>{5, 6});
  both.append(std::move(more));
  Table other = read_table("t.sdata");
  other.rename("a", "d");
  other.rename("b", "e");
  both.append(std::move(other));
  write_cache(both, "both.sdata");
  expect_same(both, read_table("both.sdata"));
}

TEST_F(Cache, IsAFileAndNotAPipeOrInGzip) {
  write_file("t.csv", kCsv);
  write_cache(read_table("t.csv"), "t.sdata");
  const std::string bytes = read_file("t.sdata");
  gzFile gz = gzopen("t.gz", "wb");
  gzwrite(gz, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(gz);
  EXPECT_NE(error_of(ErrorCode::unsupported, [] { return read_table("t.gz"); }).find("a data cache inside gzip"),
            std::string::npos);
}

// --- damage ---

class DamagedCache : public InFolder {
 protected:
  void SetUp() override {
    InFolder::SetUp();
    write_file("t.csv", kCsv);
    Table table = read_table("t.csv");
    table.add_numbers("pair", {2}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
    write_cache(table, "good.sdata");
    good_ = read_file("good.sdata");
    std::memcpy(&header_, good_.data() + 16, 8);
    header_ += 40;
  }

  /// Reads every number, so that nothing that lies outside the file stays unseen.
  static void read_all(const std::string& file) {
    const Table table = read_table(file);
    double sum = 0;
    for (const Field& field : table.fields()) {
      for (std::size_t row = 0; row < table.rows(); ++row) {
        for (std::size_t k = 0; k < field.width(); ++k) {
          const double value = table.number(field, row, k);
          sum += field.is_text() ? static_cast<double>(field.categories.at(static_cast<std::size_t>(value)).size())
                                 : value;
        }
      }
    }
    volatile double seen = sum;
    static_cast<void>(seen);
  }

  /// As somebody would write it who knows the format.
  static std::string with_checksum(std::string bytes, std::size_t header_end) {
    const auto crc =
        static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()) + 16, header_end - 16));
    std::memcpy(bytes.data() + 12, &crc, 4);
    return bytes;
  }

  std::string good_;
  std::uint64_t header_ = 0;  // where it ends
};

TEST_F(DamagedCache, EveryByteOfTheHeader) {
  for (std::size_t at = 0; at < header_; ++at) {
    for (const int bit : {0, 7}) {
      std::string bytes = good_;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      write_file("bad.sdata", bytes);
      try {
        read_all("bad.sdata");
        ADD_FAILURE() << "byte " << at << ", bit " << bit;
      } catch (const Error& error) {
        // The first bytes say that it is a cache at all.
        if (at >= 8) {
          EXPECT_NE(std::string(error.what()).find("bad.sdata: byte "), std::string::npos) << error.what();
        }
      }
    }
  }
}

TEST_F(DamagedCache, EveryLength) {
  for (std::size_t length = 0; length < good_.size(); ++length) {
    write_file("bad.sdata", good_.substr(0, length));
    try {
      read_all("bad.sdata");
      ADD_FAILURE() << length;
    } catch (const Error& error) {
      if (length >= 8) {
        EXPECT_NE(std::string(error.what()).find("bad.sdata: byte "), std::string::npos) << error.what();
      }
    }
  }
  EXPECT_EQ(reading_error(ErrorCode::format, "bad.sdata", good_.substr(0, good_.size() - 1)),
            "bad.sdata: byte " + std::to_string(good_.size() - 1) + ": the file ends here, but its header promises " +
                std::to_string(good_.size()) + " bytes: it is cut short; write it again with strata convert");
  EXPECT_NE(reading_error(ErrorCode::format, "bad.sdata", good_ + "x").find("something behind its data"),
            std::string::npos);
}

TEST_F(DamagedCache, AnotherVersion) {
  std::string bytes = good_;
  bytes[8] = 3;
  EXPECT_EQ(
      reading_error(ErrorCode::unsupported, "bad.sdata", bytes),
      "bad.sdata: byte 8: a data cache of version 3; this program reads versions 1 and 2: write it again with its "
      "strata convert");
}

// With a right checksum every value of every byte is either refused or harmless.
TEST_F(DamagedCache, HostileHeaders) {
  std::size_t refused = 0;
  for (std::size_t at = 16; at < header_; ++at) {
    for (const int value : {0, 1, 2, 0x7F, 0x80, 0xFF}) {
      std::string bytes = good_;
      bytes[at] = static_cast<char>(value);
      std::uint64_t length = 0;
      std::memcpy(&length, bytes.data() + 16, 8);
      const std::size_t end = length > bytes.size() - 40 ? header_ : 40 + static_cast<std::size_t>(length);
      write_file("bad.sdata", with_checksum(bytes, end));
      try {
        read_all("bad.sdata");
      } catch (const Error& error) {
        ++refused;
        EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(ErrorCode::format)) << error.what();
      }
    }
  }
  EXPECT_GT(refused, 500U);
}

TEST_F(DamagedCache, NumbersAreFoundByTheChecksums) {
  std::string bytes = good_;
  bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
  write_file("bad.sdata", bytes);
  read_all("bad.sdata");  // a number like any other
  EXPECT_NE(error_of(ErrorCode::format,
                     [] {
                       verify_cache("bad.sdata");
                       return 0;
                     })
                .find("bad.sdata: the checksum of bytes "),
            std::string::npos);
}

TEST_F(DamagedCache, ATextThatIsNotThere) {
  for (const double number : {3.0, -1.0, 0.5, 1e300, std::nan("")}) {
    std::string bytes = good_;
    const std::size_t at =
        (header_ + 63) / 64 * 64 + (2 * 3 + 1) * sizeof(double);  // row 2, the second of three columns
    std::memcpy(bytes.data() + at, &number, sizeof number);
    EXPECT_NE(reading_error(ErrorCode::format, "bad.sdata", bytes)
                  .find("bad.sdata: byte " + std::to_string(at) +
                        ": bad.sdata: kind, example 2 (counted from 0) is text number "),
              std::string::npos);
  }
}

TEST_F(Cache, AnOldCacheStaysWhenTheNewOneCannotBeWritten) {
  write_file("t.csv", kCsv);
  std::filesystem::create_directory("folder");
  EXPECT_NE(error_of(ErrorCode::io,
                     [] {
                       write_cache(read_table("t.csv"), "folder");
                       return 0;
                     })
                .find("folder"),
            std::string::npos);
  EXPECT_NE(error_of(ErrorCode::io,
                     [] {
                       write_cache(read_table("t.csv"), "absent/t.sdata");
                       return 0;
                     })
                .find("absent"),
            std::string::npos);
  EXPECT_NE(error_of(ErrorCode::not_found, [] { return read_into("absent", "t.csv"); }).find("absent"),
            std::string::npos);
}

}  // namespace
}  // namespace strata
