#include "zip_writer.hpp"

namespace strata::testing {
namespace {

std::string idx_file(char type, const std::vector<std::uint32_t>& dims, const std::string& numbers) {
  return std::string("\0\0", 2) + type + static_cast<char>(dims.size()) + packed(dims, true) + numbers;
}

class Idx : public InFolder {
 protected:
  static Table read(const std::string& bytes) {
    write_file("t10k-images", bytes);
    return read_table("t10k-images");
  }
};

TEST_F(Idx, reads_images_and_labels) {
  for (const bool compressed : {false, true}) {
    std::string bytes = idx_file(0x08, {2, 2, 3}, std::string("\0\1\2\3\4\5\6\7\x08\x09\x0A\xFF", 12));
    const Table images = read(compressed ? gzipped(bytes) : bytes);
    EXPECT_EQ(images.rows(), 2U);
    EXPECT_EQ(names(images), (std::vector<std::string>{"images"}));
    EXPECT_EQ(images.fields()[0].shape, (std::vector<std::size_t>{2, 3}));
    EXPECT_TRUE(images.fields()[0].is_bytes);
    EXPECT_EQ(numbers(images, "images"), (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255}));
    bytes = idx_file(0x08, {3}, std::string("\7\2\1"));
    const Table labels = read(compressed ? gzipped(bytes) : bytes);
    EXPECT_EQ(names(labels), (std::vector<std::string>{"labels"}));
    EXPECT_TRUE(labels.fields()[0].shape.empty());
    EXPECT_EQ(numbers(labels, "labels"), (std::vector<double>{7, 2, 1}));
  }
}

TEST_F(Idx, reads_every_type) {
  EXPECT_EQ(numbers(read(idx_file(0x09, {2}, "\x80\x7F")), "labels"), (std::vector<double>{-128, 127}));
  EXPECT_EQ(numbers(read(idx_file(0x0B, {2}, packed<std::int16_t>({-2, 258}, true))), "labels"),
            (std::vector<double>{-2, 258}));
  EXPECT_EQ(numbers(read(idx_file(0x0C, {2}, packed<std::int32_t>({-2, 16909060}, true))), "labels"),
            (std::vector<double>{-2, 16909060}));
  EXPECT_EQ(numbers(read(idx_file(0x0D, {2}, packed<float>({-2.5F, 1e30F}, true))), "labels"),
            (std::vector<double>{-2.5, 1e30F}));
  EXPECT_EQ(numbers(read(idx_file(0x0E, {2}, packed<double>({-2.5, 1e300}, true))), "labels"),
            (std::vector<double>{-2.5, 1e300}));
}

TEST_F(Idx, sizes_must_be_exact) {
  const auto refused = [](const std::string& bytes) { return reading_error(ErrorCode::format, "t10k-images", bytes); };
  const std::string whole = idx_file(0x08, {2, 2, 3}, std::string(12, 'x'));
  EXPECT_EQ(
      refused(whole.substr(0, whole.size() - 1)),
      "t10k-images: the header promises 12 numbers of 1 bytes, 12 bytes, but only 11 follow; the file is cut short");
  EXPECT_EQ(refused(whole + "x"),
            "t10k-images: the header promises 12 numbers of 1 bytes, 12 bytes, but in fact 13 follow; the file is "
            "damaged, or holds "
            "more than one array");
  EXPECT_EQ(refused(gzipped(whole.substr(0, whole.size() - 1))),
            "t10k-images: the file ends inside the numbers, 1 bytes too early; is it complete?");
  EXPECT_EQ(refused(gzipped(whole + "x")),
            "t10k-images: more bytes follow after the last number; the file is damaged or of another kind");
  EXPECT_EQ(refused(whole.substr(0, 10)),
            "t10k-images: the file ends inside the IDX header, 2 bytes too early; is it complete?");
  EXPECT_EQ(refused(idx_file(0x08, {0, 28}, "")), "t10k-images: the array has no examples");
  EXPECT_EQ(refused(idx_file(0x08, {3, 0}, "")), "t10k-images: the array has examples without numbers");
}

TEST_F(Idx, no_dimensions_can_overflow_the_size) {
  for (const char type : {char{0x08}, char{0x0E}}) {
    const std::vector<std::uint32_t> dims(8, 0xFFFFFFFF);
    for (const bool compressed : {false, true}) {
      const std::string bytes = idx_file(type, dims, "xyz");
      EXPECT_NE(reading_error(ErrorCode::format, "t10k-images", compressed ? gzipped(bytes) : bytes), "");
    }
  }
  // 3 bytes that claim a terabyte in a stream whose length nobody knows: refused when the stream ends.
  EXPECT_EQ(reading_error(ErrorCode::format, "t10k-images", gzipped(idx_file(0x08, {1'000'000, 1'000'000}, "xyz"))),
            "t10k-images: the file ends inside the numbers, 1048573 bytes too early; is it complete?");
}

}  // namespace
}  // namespace strata::testing
