#include "model/safetensors.hpp"

#include <cstring>

#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::error_of;
using testing::TemporaryFolder;

std::string with_length(const std::string& header, std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header;
}
std::string with_length(const std::string& header) { return with_length(header, header.size()); }

// What reading these bytes leads to.
std::string message_of(const std::string& bytes) {
  const TemporaryFolder folder;
  FileReader file(folder.write("file", bytes));
  return error_of([&] { static_cast<void>(SafetensorsHeader(file).tensors()); });
}

std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape,
                   const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

TEST(Safetensors, WritesWhatTheFormatSays) {
  const std::vector<TensorSpec> tensors = {{"s", "F64", {2}}, {"W1", "F32", {3, 1}}};
  const std::string header = safetensors_header({{"format", "x"}}, tensors);
  const std::string json = R"({"__metadata__":{"format":"x"},"s":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                           R"("W1":{"dtype":"F32","shape":[3,1],"data_offsets":[16,28]}})";
  std::uint64_t length = 0;
  std::memcpy(&length, header.data(), 8);
  EXPECT_EQ(length, header.size() - 8);
  EXPECT_EQ(header.size() % 8, 0U) << "the numbers would not be aligned";
  EXPECT_EQ(header.substr(8, json.size()), json);
  EXPECT_EQ(header.substr(8 + json.size()), std::string(length - json.size(), ' '));
  EXPECT_LT(length - json.size(), 8U);
}

TEST(Safetensors, ReadsWhatItWrites) {
  const TemporaryFolder folder;
  const std::vector<TensorSpec> tensors = {{"s", "F64", {2}}, {"W1", "F32", {3, 1}}};
  const std::string header = safetensors_header({{"key", "v\"ä"}}, tensors);
  FileReader file(folder.write("file", header + std::string(28, 'n')));
  const SafetensorsHeader read(file);
  ASSERT_NE(read.metadata("key"), nullptr);
  EXPECT_EQ(*read.metadata("key"), "v\"ä");
  EXPECT_EQ(read.metadata("other"), nullptr);
  const std::vector<StoredTensor> stored = read.tensors();
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].spec, tensors[0]);
  EXPECT_EQ(stored[0].begin, header.size());
  EXPECT_EQ(stored[1].spec, tensors[1]);
  EXPECT_EQ(stored[1].begin, header.size() + 16);
}

TEST(Safetensors, TensorsComeInTheOrderOfTheFile) {
  const std::string header = "{" + tensor("a", "F32", "[2]", "[8,16]") + "," + tensor("z", "F64", "[1]", "[0,8]") + "}";
  const TemporaryFolder folder;
  FileReader file(folder.write("file", with_length(header) + std::string(16, 'n')));
  const std::vector<StoredTensor> stored = SafetensorsHeader(file).tensors();
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].spec.name, "z");
  EXPECT_EQ(stored[1].spec.name, "a");
}

TEST(Safetensors, EmptyTensorsAndScalarsAreFine) {
  EXPECT_EQ(
      message_of(with_length("{" + tensor("a", "F32", "[4]", "[0,16]") + "," + tensor("e", "F32", "[0]", "[0,0]") +
                             "," + tensor("s", "F64", "[]", "[16,24]") + "}") +
                 std::string(24, 'n')),
      "nothing was thrown");
}

TEST(Safetensors, RefusesWhatIsNoSafetensorsFile) {
  EXPECT_EQ(message_of(""), "format: is no Strata model: it is empty");
  EXPECT_EQ(message_of("abc"), "format: is no Strata model: it has only 3 bytes");
  const std::string foreign =
      "format: is no Strata model: it does not begin as a safetensors file does (models are what 'strata train "
      "--output' writes)";
  EXPECT_EQ(message_of("radius,texture,area\n1,2,3\n"), foreign);
  EXPECT_EQ(message_of(with_length(" {}")), foreign);
  EXPECT_EQ(message_of(with_length("x", 1)), foreign);
  EXPECT_EQ(message_of(with_length("{}", 0)), foreign);
  EXPECT_EQ(message_of(with_length("{}", 100'000'001)), foreign);
  EXPECT_EQ(
      message_of(with_length("{}", 100'000'000)),
      "format: is truncated, or no Strata model: its header should have 100000000 bytes, and the file ends after 2");
  EXPECT_EQ(message_of(with_length("{}", 3)),
            "format: is truncated, or no Strata model: its header should have 3 bytes, and the file ends after 2");
}

TEST(Safetensors, RefusesDamagedHeaders) {
  const auto damaged = [](const std::string& header, const std::string& message, std::size_t data = 16) {
    EXPECT_EQ(message_of(with_length(header) + std::string(data, 'n')), "format: is damaged: " + message);
  };
  const std::string good = tensor("a", "F32", "[4]", "[0,16]");
  EXPECT_EQ(message_of(with_length("{" + good + "}") + std::string(16, 'n')), "nothing was thrown");
  damaged("{" + good + "," + good + "}", "header: a: the key occurs twice");
  damaged(R"({"__metadata__":{"a":"1","a":"2"}})", "header: __metadata__.a: the key occurs twice");
  damaged(R"({"__metadata__":{"a":1}})", "header: __metadata__.a: expected a text, found 1");
  damaged(R"({"__metadata__":[]})", "header: __metadata__: expected an object, found a list");
  damaged("{" + tensor("a", "BF16", "[8]", "[0,16]") + "}",
          "header: a.dtype: expected \"F32\" or \"F64\", found \"BF16\"");
  damaged("{" + tensor("a", "F32", "[-4]", "[0,16]") + "}",
          "header: a.shape[0]: expected a whole number of at least 0, found -4");
  damaged("{" + tensor("a", "F32", "[4]", "[0,16,20]") + "}",
          "header: a.data_offsets: expected two offsets, found a list");
  damaged("{" + tensor("a", "F32", "[4]", "[0,12]") + "}",
          "header: tensor 'a' needs 16 bytes, its offsets are 0 and 12");
  damaged("{" + tensor("a", "F32", "[4]", "[16,0]") + "}",
          "header: tensor 'a' needs 16 bytes, its offsets are 16 and 0");
  damaged(R"({"a":{"dtype":"F32","shape":[4]}})", "header: a.data_offsets is missing");
  damaged(R"({"a":7})", "header: a: expected an object, found 7");
}

TEST(Safetensors, RefusesHolesOverlapsAndALooseEnd) {
  const auto two = [](const std::string& first, const std::string& second) {
    return with_length("{" + tensor("a", "F32", "[2]", first) + "," + tensor("b", "F32", "[2]", second) + "}") +
           std::string(16, 'n');
  };
  EXPECT_EQ(message_of(two("[0,8]", "[8,16]")), "nothing was thrown");
  EXPECT_EQ(message_of(two("[0,8]", "[4,12]")),
            "format: is damaged: header: tensor 'b' begins at 4, the one before it ends at 8");
  EXPECT_EQ(message_of(two("[0,8]", "[0,8]")),
            "format: is damaged: header: tensor 'b' begins at 0, the one before it ends at 8");
  EXPECT_EQ(message_of(two("[0,8]", "[12,20]")),
            "format: is damaged: header: tensor 'b' begins at 12, the one before it ends at 8");
  EXPECT_EQ(message_of(two("[4,12]", "[12,20]")),
            "format: is damaged: header: tensor 'a' begins at 4, the one before it ends at 0");
  const std::string one = with_length("{" + tensor("a", "F32", "[2]", "[0,8]") + "}");
  EXPECT_EQ(message_of(one + std::string(9, 'n')), "format: is damaged: 1 bytes follow the last tensor");
  EXPECT_EQ(message_of(one + std::string(7, 'n')),
            "format: is truncated: its header promises 8 bytes of numbers, and 7 are there");
}

TEST(Safetensors, SizesThatWrapAroundAreRefused) {
  // In 64 bits these products are 0 or 16.
  for (const char* shape : {"[4294967296,4294967296]", "[2,9223372036854775807]", "[4611686018427387905,4]",
                            "[9223372036854775807,2,2,2]", "[2305843009213693952]"}) {
    const std::string message =
        message_of(with_length("{" + tensor("a", "F64", shape, "[0,16]") + "}") + std::string(16, 'n'));
    EXPECT_EQ(message.rfind("format: is damaged: the size of a tensor: ", 0), 0U) << shape << " gave " << message;
  }
  EXPECT_EQ(message_of(with_length("{" + tensor("a", "F64", "[0,9223372036854775807]", "[0,0]") + "}")),
            "nothing was thrown");
}

}  // namespace
}  // namespace strata
