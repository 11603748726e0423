#include "zip_writer.hpp"

namespace strata::testing {
namespace {

class Gzip : public InFolder {
 protected:
  static std::string refused(const std::string& bytes, ErrorCode code = ErrorCode::format) {
    return reading_error(code, "x.csv.gz", bytes);
  }
};

TEST_F(Gzip, reads_a_table) {
  std::string text = "a,b\n";
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "," + std::to_string(i % 7) + "\n";
  write_file("x.csv.gz", gzipped(text));
  const Table table = read_table("x.csv.gz");
  EXPECT_EQ(table.rows(), 50'000U);
  EXPECT_EQ(table.number(table.field("a"), 49'999), 49'999.0);
  EXPECT_EQ(table.where(table.field("b"), 7), "x.csv.gz:9:2 (column 'b')");
}

TEST_F(Gzip, several_members_are_one_stream_and_zeros_are_padding) {
  for (const std::string& padding : {std::string(), std::string(1000, '\0'), std::string(70'000, '\0')}) {
    write_file("x.csv.gz", gzipped("a,b\n1,") + gzipped("") + gzipped("2\n3,4\n") + padding);
    EXPECT_EQ(numbers(read_table("x.csv.gz"), "b"), (std::vector<double>{2, 4}));
  }
}

TEST_F(Gzip, the_content_decides_again) {
  write_file("x.csv.gz", gzipped(npy_file("<i4", "(2,)", packed<std::int32_t>({7, 8}), false)));
  EXPECT_EQ(numbers(read_table("x.csv.gz"), "array"), (std::vector<double>{7, 8}));
  EXPECT_EQ(refused(gzipped("<html>")), "x.csv.gz is an HTML page, not data: the download probably failed");
  EXPECT_EQ(refused(gzipped("")), "x.csv.gz is empty");
  EXPECT_EQ(refused(gzipped(gzipped("a\n1\n")), ErrorCode::unsupported),
            "x.csv.gz holds gzip data inside gzip; decompress it first (gunzip)");
  EXPECT_EQ(refused(gzipped(zip_file({})), ErrorCode::unsupported),
            "x.csv.gz holds a ZIP archive inside gzip; decompress it first (gunzip)");
  EXPECT_EQ(refused(gzipped("\x89HDF\r\n\x1A\n"), ErrorCode::unsupported),
            "x.csv.gz holds an HDF5 file inside gzip; decompress it first (gunzip)");
  EXPECT_EQ(refused(gzipped("\xFF\xD8\xFF"), ErrorCode::unsupported),
            "x.csv.gz holds a picture inside gzip; decompress it first (gunzip)");
}

TEST_F(Gzip, damage_is_found) {
  const std::string whole = gzipped("a,b\n1,2\n3,4\n");
  const std::string start = "x.csv.gz: damaged gzip file: ";
  EXPECT_EQ(refused(whole.substr(0, whole.size() - 1)),
            start + "it ends in the middle of the compressed data; is the download complete?");
  std::string wrong = whole;
  wrong[wrong.size() - 5] ^= 1;
  EXPECT_EQ(refused(wrong), start + "incorrect data check");
  wrong = whole;
  wrong[wrong.size() - 1] ^= 1;
  EXPECT_EQ(refused(wrong), start + "incorrect length check");
  EXPECT_EQ(refused(whole + "rest"), start + "something that is not gzip follows the compressed data");
  EXPECT_EQ(refused(whole + std::string(3, '\0') + whole),
            start + "something that is not gzip follows the compressed data");
}

}  // namespace
}  // namespace strata::testing
