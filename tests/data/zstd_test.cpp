#include <zstd.h>

#include "data/formats.hpp"
#include "data_test.hpp"
#include "zip_writer.hpp"

namespace strata::testing {
namespace {

std::string packed_by_zstd(const std::string& bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3);
  EXPECT_EQ(ZSTD_isError(size), 0U);
  packed.resize(size);
  return packed;
}

class Zstd : public InFolder {};

TEST_F(Zstd, is_read_as_what_it_holds) {
  const std::string text = "a,kind\n1,x\n2,y\n";
  write_file("t.csv", text);
  write_file("t.csv.zst", packed_by_zstd(text));
  // Several frames, and one that says nothing.
  write_file("frames.zst", std::string("\x50\x2A\x4D\x18\x03\0\0\0abc", 11) + packed_by_zstd(text.substr(0, 9)) +
                               packed_by_zstd("") + packed_by_zstd(text.substr(9)));
  ASSERT_EQ(::system("mkfifo pipe && (cat t.csv.zst > pipe &)"), 0);
  for (const char* name : {"t.csv.zst", "frames.zst", "pipe"}) {
    const Table table = read_table(name);
    EXPECT_EQ(numbers(table, "a"), (std::vector<double>{1, 2})) << name;
    EXPECT_EQ(texts(table, "kind"), (std::vector<std::string>{"x", "y"})) << name;
    EXPECT_EQ(table.where(table.field("a"), 1), std::string(name) + ":3:1 (column 'a')");
  }
  // In a stream too.
  const std::vector<KnownColumn> known = {{"a", ColumnType::number, {}}, {"kind", ColumnType::category, {}}};
  FileReader file("t.csv.zst");
  EXPECT_EQ(numbers(read_table(file, Request{.choose = {}, .known = &known}), "a"), (std::vector<double>{1, 2}));
  write_file("x.npy.zst", packed_by_zstd(npy_file("<f8", "(2,)", packed<double>({7, 8}), false)));
  EXPECT_EQ(numbers(read_table("x.npy.zst"), "array"), (std::vector<double>{7, 8}));
  // Larger than every buffer on the way.
  std::string large = "a,b\n";
  while (large.size() < (std::size_t{5} << 20)) large += std::to_string(large.size()) + ",1.5\n";
  write_file("large.zst", packed_by_zstd(large));
  EXPECT_EQ(read_table("large.zst").rows(), static_cast<std::size_t>(std::ranges::count(large, '\n')) - 1);
}

TEST_F(Zstd, damage_is_an_error) {
  std::string text = "a,b\n";
  while (text.size() < (std::size_t{1} << 20)) text += std::to_string(text.size() * 7919 % 100003) + ",1.5\n";
  const std::string good = packed_by_zstd(text);
  write_file("t.zst", good.substr(0, good.size() / 2));
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read_table("t.zst"); }),
            "t.zst: damaged zstd file: it ends in the middle of the compressed data; is the download complete?");
  write_file("t.zst", good + "more");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read_table("t.zst"); }).substr(0, 26),
            "t.zst: damaged zstd file: ");
  write_file("t.zst", good.substr(0, 4));
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read_table("t.zst"); }).substr(0, 26),
            "t.zst: damaged zstd file: ");
  // No byte of it may end the program, or pass for other numbers where it has a checksum or not.
  for (std::size_t at = 4; at < 200; at += 3) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    write_file("t.zst", bad);
    try {
      static_cast<void>(read_table("t.zst"));
    } catch (const Error&) {
    }
  }
  write_file("t.zst", packed_by_zstd(gzipped(text)));
  EXPECT_EQ(error_of(ErrorCode::unsupported, [] { return read_table("t.zst"); }),
            "t.zst holds gzip data inside zstd; decompress it first (unzstd)");
  write_file("t.zst", packed_by_zstd(""));
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read_table("t.zst"); }), "t.zst is empty");
}

}  // namespace
}  // namespace strata::testing
