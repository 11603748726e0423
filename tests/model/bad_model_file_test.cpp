// Every way in which a model file can be wrong, and what is said of it.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstring>
#include <limits>

#include "parts.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::bytes_of;
using testing::crc_text;
using testing::make_full_model;
using testing::make_model;
using testing::message_of;
using testing::Parts;

TEST(BadModelFile, ForeignFiles) {
  EXPECT_EQ(message_of(""), "format: is no Strata model: it is empty");
  EXPECT_EQ(message_of("a,b,c\n1,2,3\n4,5,6\n"),
            "format: is no Strata model: it does not begin as a safetensors file does (models are what 'strata train "
            "--output' writes)");
  const std::vector<TensorSpec> tensors = {{"weight", "F32", {1}}};
  const std::string foreign = "format: is a safetensors file of another program: it holds no Strata model";
  EXPECT_EQ(message_of(safetensors_header({}, tensors) + "1234"), foreign);
  EXPECT_EQ(message_of(safetensors_header({{"format", "pt"}}, tensors) + "1234"), foreign);
  EXPECT_EQ(message_of(safetensors_header({{"format", "strata"}}, tensors) + "1234"), foreign);
}

TEST(BadModelFile, NewerFormatsAskForAnUpdate) {
  Parts parts(make_full_model<float>());
  parts.version = "7";
  EXPECT_EQ(message_of(parts.file()),
            "format: was written by a newer Strata (format 7; this program reads up to 6): update Strata");
  // Whatever else a newer format changes.
  parts.text = "no JSON any more";
  parts.tensors.clear();
  parts.numbers.clear();
  parts.version = "12";
  EXPECT_EQ(message_of(parts.file()),
            "format: was written by a newer Strata (format 12; this program reads up to 6): update Strata");
  for (const char* version : {"0", "", "-1", "1.0", "99999999999999999999", "one"}) {
    parts.version = version;
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: its format version is \"" + std::string(version) + "\"");
  }
}

TEST(BadModelFile, MissingMetadata) {
  EXPECT_EQ(message_of(safetensors_header({{"format", "strata"}, {"format_version", "1"}, {"crc32", "0"}}, {}) + ""),
            "format: is damaged: its metadata has no \"strata\"");
  EXPECT_EQ(message_of(safetensors_header({{"format", "strata"}, {"format_version", "1"}, {"strata", "{}"}}, {}) + ""),
            "format: is damaged: its metadata has no \"crc32\"");
}

TEST(BadModelFile, AChangedWeightIsFound) {
  Parts parts(make_full_model<float>());
  std::string bytes = parts.file();
  bytes[bytes.size() - 40] = static_cast<char>(bytes[bytes.size() - 40] ^ 1);
  EXPECT_EQ(message_of(bytes).rfind("format: is damaged: its checksum is ", 0), 0U) << message_of(bytes);
  EXPECT_NE(message_of(bytes).find(", and it should be " + crc_text(parts.text + parts.all_numbers())),
            std::string::npos);
}

TEST(BadModelFile, WrongTensors) {
  const Parts good(make_full_model<float>());
  const auto expect = [&](const std::function<void(Parts&)>& change, const std::string& message) {
    Parts parts = good;
    change(parts);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  // scaling.offset, scaling.divisor, target.offset, target.divisor, W1 [3, 4], b1, W2 [4, 2], b2, W3 [2, 1], b3
  ASSERT_EQ(good.tensors[4].name, "W1");
  expect([](Parts& p) { p.tensors[4].shape = {4, 3}; },
         "the tensor 'W1' is F32 [4, 3]; the architecture says F32 [3, 4]");
  expect([](Parts& p) { p.tensors[4] = {"W1", "F64", {3, 2}}; },
         "the tensor 'W1' is F64 [3, 2]; the architecture says F32 [3, 4]");
  expect([](Parts& p) { p.tensors[5].name = "b7"; }, "the tensor 'b1' is missing");
  expect(
      [](Parts& p) {
        p.tensors.push_back({"W4", "F32", {1}});
        p.numbers.push_back("1234");
      },
      "no model has a tensor 'W4'");
  expect([](Parts& p) { p.replace(R"("units":4)", R"("units":5)"); },
         "the tensor 'W1' is F32 [3, 4]; the architecture says F32 [3, 5]");
  expect([](Parts& p) { p.replace("float32", "float64"); },
         "the tensor 'W1' is F32 [3, 4]; the architecture says F64 [3, 4]");
  expect([](Parts& p) { p.replace(R"("scaling":"standard")", R"("scaling":"none")"); },
         "no model has a tensor 'scaling.divisor'");
  expect([](Parts& p) { p.replace(R"("scaled":true)", R"("scaled":false)"); },
         "no model has a tensor 'target.divisor'");
}

TEST(BadModelFile, NumbersThatAreNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  Parts parts(make_full_model<float>());
  const std::string good = parts.numbers[6];
  std::memcpy(parts.numbers[6].data() + 5 * sizeof(float), &nan, sizeof nan);  // W[2] (2, 4): column 3, row 2
  EXPECT_EQ(message_of(parts.file()), "format: is damaged: W[2](2, 3) is nan");
  parts.numbers[6] = good;
  std::memcpy(parts.numbers[9].data(), &inf, sizeof inf);
  EXPECT_EQ(message_of(parts.file()), "format: is damaged: b[3](1) is inf");
}

TEST(BadModelFile, ScalingThatCannotBe) {
  const auto expect = [&](std::size_t tensor, double value, const std::string& message) {
    Parts parts(make_full_model<float>());
    std::memcpy(parts.numbers[tensor].data(), &value, sizeof value);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  expect(1, 0.0, "the scaling of the inputs number 1 subtracts 1 and divides by 0");
  expect(1, -1.0, "the scaling of the inputs number 1 subtracts 1 and divides by -1");
  expect(0, HUGE_VAL, "the scaling of the inputs number 1 subtracts inf and divides by 0.1");
  expect(3, std::nan(""), "the scaling of the target number 1 subtracts 10.5 and divides by nan");
}

TEST(BadModelFile, MetadataThatDoesNotFit) {
  const Parts good(make_full_model<float>());
  const auto expect = [&](const std::string& from, const std::string& to, const std::string& message) {
    Parts parts = good;
    parts.replace(from, to);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  expect(R"("units":2)", R"("units":"x")",
         "metadata: architecture.hidden[1].units: expected a whole number of at least 1, found \"x\"");
  expect(R"("units":2)", R"("units":0)",
         "metadata: architecture.hidden[1].units: expected a whole number of at least 1, found 0");
  expect(R"("units":2)", R"("units":2147483648)",
         "metadata: architecture.hidden[1].units: expected a whole number of at most 2147483647, found 2147483648");
  expect(R"("gelu")", R"("gelu","dropout":"x")",
         "metadata: architecture.hidden[1].dropout: expected a number, found \"x\"");
  expect(R"("r2":0.75)", R"("r2":0.75,"pinball":"x")",
         "metadata: record.train.pinball: expected a number, found \"x\"");
  expect(R"("rows":77)", R"("rows":77,"curves":{"epochs":[1,2],"loss":[0.5]})",
         "metadata: record.curves.loss: expected a number for each of the 2 epochs, found a list");
  expect(R"("rows":77)", R"("rows":77,"curves":{"epochs":[0],"loss":[0.5]})",
         "metadata: record.curves.epochs[0]: expected a whole number of at least 1, found 0");
  expect(R"("rows":77)", R"("rows":77,"curves":{"epochs":[1],"loss":[0.5],"train":{"mae":[1,2]}})",
         "metadata: record.curves.train.mae: expected a number for each of the 1 epochs, found a list");
  expect(R"("gelu")", R"("gelu","dropout":1)", "a dropout of 1; it needs a number from 0 to less than 1");
  expect(R"("gelu")", R"("gelu","dropout":null)", "a dropout of nan; it needs a number from 0 to less than 1");
  expect(R"("gelu")", R"("geluu")",
         "metadata: architecture.hidden[1].activation: expected the name of an activation, found \"geluu\"");
  expect(R"("squared-error")", R"("hinge")",
         "metadata: architecture.loss: expected one of \"binary-cross-entropy\", \"categorical-cross-entropy\", "
         "\"squared-error\", \"absolute-error\", \"huber\", \"quantile\", found \"hinge\"");
  expect(R"("loss":"squared-error")", R"("loss":"absolute-error")",
         "metadata: architecture.loss: expected a loss of an older format, found \"absolute-error\"");
  expect(R"("task":"regression")", R"("task":"auto")",
         "metadata: target.task: expected one of \"binary\", \"classes\", \"regression\", found \"auto\"");
  expect(
      R"("scaling":"standard")", R"("scaling":"log")",
      "metadata: scaling: expected one of \"standard\", \"1/255\", \"robust\", \"quantile\", \"none\", found \"log\"");
  expect(R"("scaled":true)", R"("scaled":1)", "metadata: target.scaled: expected true or false, found 1");
  expect(R"("names":["price"])", R"("names":"price")", "metadata: target.names: expected a list, found \"price\"");
  expect(R"("names":["price"])", R"("names":[])", "the target has no name");
  expect(R"("shape":[1,2])", R"("shape":[1,3])", "its inputs give 4 numbers, and the network takes 3");
  expect(R"("shape":[1,2])", R"("shape":[0])",
         "metadata: inputs[1].shape[0]: expected a whole number of at least 1, found 0");
  expect(R"("name":"pixels")", R"("name":"älter \"than\" x")", "input 'älter \"than\" x' occurs twice");
  expect(R"("classes":[])", R"("classes":["a","b"])", "a regression target has 2 classes");
  expect(R"("names":["price"])", R"("names":["a","b"])", "2 regression targets and 1 outputs");
  expect(R"("task":"regression","classes":[])", R"("task":"classes","classes":["a","b"])",
         "metadata: record.train.correct is missing");
  expect(R"("loss":"squared-error")", R"("loss":"binary-cross-entropy")",
         "the task regression with the loss binary-cross-entropy");
  expect(R"("loss":"squared-error")", R"("loss":"categorical-cross-entropy")",
         "softmax chooses among outputs, so it needs at least two; for a yes/no question use binary-cross-entropy");
  expect(R"("rows":77)", R"("rows":-77)", "metadata: record.rows: expected a whole number of at least 0, found -77");
  expect(R"("seed":"1")", R"("seed":1)", "metadata: record.options.seed: expected a text, found 1");
  for (const char* l2 : {"much", "-1", "inf", "nan", ""})
    expect(R"("l2":"0.5")", fmt::format(R"("l2":"{}")", l2),
           fmt::format("metadata: record.options.l2: expected a number, at least 0, found \"{}\"", l2));
  expect(R"("seed":"1")", R"("target":"1")", "metadata: record.options.target: the key occurs twice");
  expect(R"("ended":"interrupted",)", "", "metadata: record.ended is missing");
  // Inputs whose product wraps around in 64 bits.
  Parts wrapping = good;
  wrapping.replace(R"("shape":[1,2])", R"("shape":[4294967296,4294967296])");
  EXPECT_EQ(message_of(wrapping.file()).rfind("format: is damaged: the size of an input: ", 0), 0U)
      << message_of(wrapping.file());
}

TEST(BadModelFile, ClassesThatDoNotFit) {
  const auto expect = [&](const Architecture& net, const std::string& from, const std::string& to,
                          const std::string& message) {
    Parts parts(make_model<float>(net));
    parts.replace(from, to);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  const Architecture three{2, {}, 3, Loss::categorical_cross_entropy}, binary{2, {}, 1, Loss::binary_cross_entropy};
  expect(three, R"(,"class 2")", "", "2 classes and 3 outputs");
  expect(three, R"("class 2")", R"("class 1")", "class 'class 1' occurs twice");
  expect(three, R"(["y"])", R"(["y","z"])", "classes of 2 targets, expected 1");
  expect(three, R"("task":"classes")", R"("task":"binary")", "a binary target has 3 classes, expected 2");
  expect(binary, R"(["no","yes"])", R"(["no"])", "a binary target has 1 classes, expected 2");
  expect(binary, R"(["y"])", R"(["y","z"])", "2 binary targets and 1 outputs");
  expect(binary, R"("correct":0)", R"("correct":1)",
         "metadata: record.train.correct: expected a whole number of at most 0, found 1");
  Parts parts(make_model<float>(binary));
  parts.replace(R"("scaled":false)", R"("scaled":true)");
  parts.tensors.insert(parts.tensors.begin(), {{"target.offset", "F64", {1}}, {"target.divisor", "F64", {1}}});
  parts.numbers.insert(parts.numbers.begin(), 2, bytes_of(std::vector<double>{1}));
  EXPECT_EQ(message_of(parts.file()), "format: is damaged: a target of classes is scaled");
}

TEST(BadModelFile, AbsurdSizesTakeNoMemory) {
  Parts parts(make_model<double>({2, {{2, Activation::relu}}, 1, Loss::binary_cross_entropy}));
  parts.replace(R"("units":2)", R"("units":2147483647)");
  parts.replace(R"("inputs":2)", R"("inputs":2147483647)");
  const std::string message = message_of(parts.file());
  EXPECT_EQ(message,
            "format: is damaged: the tensor 'W1' is F64 [2, 2]; the architecture says F64 [2147483647, 2147483647]");
  struct rusage usage{};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, 2'000'000) << "KiB";  // the sizes above would take 32 GiB
}

}  // namespace
}  // namespace strata
