// Models with a stage in front of the layers, learned slopes, scaled levels and bounds of the target: format version 4.
#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include "parts.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::bytes_of;
using testing::expect_equal;
using testing::make_full_model;
using testing::make_staged_model;
using testing::message_of;
using testing::Parts;
using testing::TemporaryFolder;
using testing::version_of;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Parts staged_parts() {
  Parts parts(make_staged_model<float>());
  parts.version = "4";
  return parts;
}

TEST(StagedModel, IsSavedAndLoadedWithEveryBit) {
  const Model narrow = make_staged_model<float>(), wide = make_staged_model<double>();
  expect_equal<float>(Model::from_bytes(narrow.to_bytes()), narrow);
  expect_equal<double>(Model::from_bytes(wide.to_bytes()), wide);
  EXPECT_EQ(Model::from_bytes(narrow.to_bytes()).to_bytes(), narrow.to_bytes());
  EXPECT_EQ(version_of(narrow), "4");
}

TEST(StagedModel, ItsTensorsHaveTheNamesOfTheirBlocks) {
  const Parts parts = staged_parts();
  std::string all;
  for (const TensorSpec& tensor : parts.tensors)
    all += fmt::format("{} [{}] ", tensor.name, fmt::join(tensor.shape, ","));
  EXPECT_EQ(
      all,
      "scaling.offset [6] scaling.divisor [6] target.offset [2] target.divisor [2] target.least [2] "
      "target.largest [2] F [1,5] phi [1,5] V [3,5] c [1,3] E [4,2] s [10] W1 [10,6] b1 [6] a1 [6] W2 [6,4] b2 [4] "
      "W3 [4,2] b3 [2] ");
  EXPECT_NE(parts.text.find(
                R"("stage":{"rows":[{"embedding":"periodic"},{"embedding":"none"},{"embedding":"levels","levels":4},)"
                R"({"embedding":"none"},{"embedding":"none"},{"embedding":"none"}],"frequencies":5,"periodic-units":3,)"
                R"("level-units":2,"scales":true})"),
            std::string::npos)
      << parts.text;
}

TEST(StagedModel, EachOfItsPartsNeedsFormat4) {
  const auto with = [](const std::function<void(Model::Data&)>& change) {
    Model model = make_full_model<float>();
    change(model.data());
    return version_of(model);
  };
  const auto renewed = [](Model::Data& d) {
    d.networks = Networks<float>{testing::some_parameters<float>(d.architecture)};
  };
  EXPECT_EQ(with([](Model::Data&) {}), "1");
  EXPECT_EQ(with([](Model::Data& d) { d.target.least = {1}, d.target.largest = {1}; }), "4");
  EXPECT_EQ(with([&](Model::Data& d) { d.architecture.hidden[1].learned_slope = true, renewed(d); }), "4");
  EXPECT_EQ(with([&](Model::Data& d) { d.architecture.stage.scales = true, renewed(d); }), "4");
  EXPECT_EQ(with([&](Model::Data& d) { d.architecture.stage.rows.resize(3), renewed(d); }), "4");
  const auto robust = [](Model::Data& d) { d.scaling.kind = ScaleKind::robust; };
  EXPECT_EQ(with(robust), "2") << "without levels nothing changes";
  EXPECT_EQ(with([&](Model::Data& d) { robust(d), d.scaling.levels = true; }), "4");
}

// An older format says nothing of these, whatever other keys it has: the tensors of the stage are then of no model.
TEST(StagedModel, WhatFormat3DoesNotKnowIsNotReadFromIt) {
  Parts parts = staged_parts();
  parts.version = "3";
  EXPECT_EQ(message_of(parts.file()).rfind("format: is damaged: ", 0), 0U);
  Parts plain(make_full_model<float>());
  plain.replace(R"("activation":"relu")", R"("activation":"relu","slopes":true)");
  plain.replace(R"("loss":"squared-error")", R"("loss":"squared-error","stage":7)");
  plain.replace(R"("scaled":true)", R"("scaled":true,"clamped":true)");
  plain.replace(R"("scaling":"standard")", R"("scaling":"standard","scaled-levels":true)");
  for (const char* version : {"1", "2", "3"}) {
    plain.version = version;
    expect_equal<float>(testing::load(plain.file()), make_full_model<float>());
  }
}

TEST(StagedModel, WhatDoesNotFitIsRefused) {
  const Parts good = staged_parts();
  EXPECT_NO_THROW(static_cast<void>(testing::load(good.file())));
  const auto expect = [&](const std::string& from, const std::string& to, const std::string& message) {
    Parts parts = good;
    parts.replace(from, to);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message) << to;
  };
  const std::string rows = "metadata: architecture.stage.rows";
  expect(R"("embedding":"periodic")", R"("embedding":"fourier")",
         rows + R"([0].embedding: expected one of "none", "periodic", "levels", found "fourier")");
  expect(R"("embedding":"periodic")", R"("embed":"periodic")", rows + "[0].embedding is missing");
  expect(R"("levels":4)", R"("levels":0)", rows + "[2].levels: expected a whole number of at least 1, found 0");
  expect(R"("levels":4)", R"("levels":-1)", rows + "[2].levels: expected a whole number of at least 1, found -1");
  expect(R"("levels":4)", R"("levels":16777217)",
         rows + "[2].levels: expected a whole number of at most 16777216, found 16777217");
  expect(R"(,"levels":4)", "", "the stage in front of the network has 0 levels where it embeds a code");
  expect(R"({"embedding":"periodic"})", R"({"embedding":"periodic","levels":2})",
         "the stage in front of the network has 2 levels where it embeds a number");
  expect(R"({"embedding":"periodic"},)", "", "the stage in front of the network embeds 5 rows of X, which has 6");
  expect(R"("rows":[{"embedding":"periodic"})", R"("rows":{"embedding":"periodic"},"r":[0)",
         rows + ": expected a list, found an object");
  expect(R"("frequencies":5)", R"("frequencies":0)",
         "metadata: architecture.stage.frequencies: expected a whole number of at least 1, found 0");
  expect(R"("frequencies":5)", R"("frequencies":6)", "the tensor 'F' is F32 [1, 5]; the architecture says F32 [1, 6]");
  expect(R"("periodic-units":3)", R"("periodic-units":2)",
         "the tensor 'V' is F32 [3, 5]; the architecture says F32 [2, 5]");
  expect(R"("level-units":2)", R"("level-units":3)", "the tensor 'E' is F32 [4, 2]; the architecture says F32 [4, 3]");
  expect(R"("level-units":2)", R"("level-units":"2")",
         "metadata: architecture.stage.level-units: expected a whole number of at least 1, found \"2\"");
  expect(R"(,"scales":true)", "", "no model has a tensor 's'");
  expect(R"("scales":true)", R"("scales":1)", "metadata: architecture.stage.scales: expected true or false, found 1");
  expect(R"(,"slopes":true)", "", "no model has a tensor 'a1'");
  expect(R"("dropout":0.25)", R"("dropout":0.25,"slopes":true)", "the tensor 'a2' is missing");
  expect(R"("clamped":true)", R"("clamped":false)", "no model has a tensor 'target.largest'");
  expect(R"("embedded":true,)", "", "its inputs give 9 numbers, and the network takes 6");
  expect(R"("type":"category","levels":["Bari","Genua","Triest"],"embedded":true)", R"("embedded":true)",
         "input 'port': only a category is embedded");
  expect(R"("embedded":true)", R"("pooled":true,"embedded":true)",
         "input 'port': a category that is embedded pools no levels");
  expect(R"(["Bari","Genua","Triest"])", R"(["Bari","Genua"])",
         "the stage in front of the network has 4 levels for column 3 of X, which is a code of 3");
  expect(R"({"embedding":"periodic"},{"embedding":"none"},{"embedding":"levels","levels":4})",
         R"({"embedding":"periodic"},{"embedding":"levels","levels":4},{"embedding":"none"})",
         "the stage in front of the network has 4 levels for column 2 of X, which is no code of a level");
  expect(R"("scaling":"robust")", R"("scaling":"standard")", "levels are scaled, but not as robust does");
}

// A code that nothing embeds would be taken for a number.
TEST(StagedModel, ACodeNeedsAStage) {
  Model model = make_staged_model<float>();
  model.data().architecture.stage = {};
  model.data().networks = Networks<float>{testing::some_parameters<float>(model.architecture())};
  EXPECT_EQ(
      testing::error_of([&] { static_cast<void>(model.to_bytes()); }),
      "internal: cannot write the model: the model is damaged: the stage in front of the network has 0 levels for "
      "column 3 of X, which is a code of 4");
}

TEST(StagedModel, NumbersThatCannotBeAreRefused) {
  const auto expect = [&](const std::string& tensor, std::size_t at, auto value, const std::string& message) {
    Parts parts = staged_parts();
    for (std::size_t t = 0; t < parts.tensors.size(); ++t)
      if (parts.tensors[t].name == tensor)
        std::memcpy(parts.numbers[t].data() + at * sizeof value, &value, sizeof value);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  expect("F", 1, nan, "F(2, 1) is nan");
  expect("phi", 0, inf, "φ(1, 1) is inf");
  expect("V", 7, nan, "V(3, 2) is nan");
  expect("c", 2, nan, "c(3, 1) is nan");
  expect("E", 5, -inf, "E(2, 3) is -inf");
  expect("s", 9, nan, "s(10) is nan");
  expect("a1", 3, nan, "a[1](4) is nan");
  expect("target.least", 0, kNaN, "target number 1 is kept between nan and 20");
  expect("target.largest", 1, HUGE_VAL, "target number 2 is kept between -1.5 and inf");
  expect("target.least", 1, 0.2, "target number 2 is kept between 0.2 and 0.1");
}

TEST(StagedModel, BoundsThatDoNotFitAreNotWritten) {
  const auto refusal = [](const std::function<void(Model::Data&)>& change) {
    Model model = make_staged_model<float>();
    change(model.data());
    return testing::error_of([&] { static_cast<void>(model.to_bytes()); });
  };
  EXPECT_EQ(refusal([](Model::Data& d) { d.target.largest.pop_back(); }),
            "internal: cannot write the model: the model is damaged: the target is kept within 2 least and 1 largest "
            "numbers, expected 2 each");
  Model classes = testing::make_model<float>({2, {}, 3, Loss::categorical_cross_entropy});
  classes.data().target.least = classes.data().target.largest = {1, 1, 1};
  EXPECT_EQ(testing::error_of([&] { static_cast<void>(classes.to_bytes()); }),
            "internal: cannot write the model: the model is damaged: a target of classes is kept within bounds");
}

TEST(StagedModel, AbsurdSizesTakeNoMemory) {
  const auto expect = [&](const std::vector<std::pair<std::string, std::string>>& changes, const std::string& message) {
    Parts parts = staged_parts();
    for (const auto& [from, to] : changes) parts.replace(from, to);
    const std::string found = message_of(parts.file());
    EXPECT_EQ(found.substr(0, message.size() + 8), "format: " + message);
  };
  expect({{R"("frequencies":5)", R"("frequencies":2147483647)"}},
         "is damaged: the tensor 'F' is F32 [1, 5]; the architecture says F32 [1, 2147483647]");
  expect({{R"("level-units":2)", R"("level-units":2147483647)"}},
         "is damaged: the stage in front of the network gives 2147483655 rows, more than a network can take");
  expect({{R"("frequencies":5)", R"("frequencies":2147483647)"},
          {R"("periodic-units":3)", R"("periodic-units":2147483639)"}},
         "is damaged: the tensor 'F' is F32 [1, 5]; the architecture says F32 [1, 2147483647]");
  expect({{R"("periodic-units":3)", R"("periodic-units":2147483641)"}},
         "is damaged: the stage in front of the network gives 2147483648 rows, more than a network can take");
  expect({{R"("levels":4)", R"("levels":16777216)"}},
         "is damaged: the tensor 'E' is F32 [4, 2]; the architecture says F32 [16777216, 2]");
  struct rusage usage{};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, 2'000'000) << "KiB";
}

TEST(StagedModel, AMillionLevels) {
  constexpr int kLevels = 1'000'000;
  Model model = make_staged_model<float>();
  Model::Data& data = model.data();
  data.inputs[1].levels.clear();
  for (int l = 0; l < kLevels; ++l) data.inputs[1].levels.push_back("w" + std::to_string(l));
  data.architecture.stage.rows[2].levels = kLevels + 1;
  data.networks = Networks<float>{testing::some_parameters<float>(data.architecture)};
  const Model again = Model::from_bytes(model.to_bytes());
  EXPECT_EQ(again.inputs(), model.inputs());
  EXPECT_EQ(again.stage()[4].values, model.stage()[4].values);
  Table table;
  table.add_numbers("age", {}, std::vector<double>{30, 30, 30});
  table.add_text("port", std::vector<std::string>{"w0", "w999999", "Bari"});
  table.add_text("zone", std::vector<std::string>{"1", "1", "1"});
  table.add_text("answer", std::vector<std::string>{"no", "no", "no"});
  EXPECT_EQ(again.predict(table).values,
            model.predict(std::vector<double>{30, 0, 0, 0, 30, kLevels - 1, 0, 0, 30, kLevels, 0, 0}, 3));
}

// Every byte of the file, changed alone, is found or changes nothing.
TEST(StagedModel, EveryDamagedByteIsFound) {
  const std::vector<std::byte> good = make_staged_model<float>().to_bytes();
  for (std::size_t at = 0; at < good.size(); at += 3) {
    std::vector<std::byte> bytes = good;
    bytes[at] ^= std::byte{0x10};
    try {
      EXPECT_EQ(Model::from_bytes(bytes).to_bytes(), good) << at;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::format) << at << ": " << error.what();
    }
  }
}

TEST(StagedModel, SaysWhatItHasLearned) {
  const Model model = make_staged_model<double>();
  const std::vector<LearnedMatrix> stage = model.stage();
  std::vector<double> theta;
  std::string names;
  for (const LearnedMatrix& part : stage) {
    names += fmt::format("{} ({}, {}) ", part.name, part.rows, part.cols);
    ASSERT_EQ(part.values.size(), part.rows * part.cols);
    theta.insert(theta.end(), part.values.begin(), part.values.end());
  }
  EXPECT_EQ(names, "F (5, 1) phi (5, 1) V (5, 3) c (3, 1) E (2, 4) s (10, 1) ");
  for (const std::vector<double>& part : {model.weights(1), model.biases(1), model.slopes(1)})
    theta.insert(theta.end(), part.begin(), part.end());
  const std::vector<double> all = testing::theta_of<double>(model);
  EXPECT_EQ(theta, std::vector<double>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(theta.size())));
  EXPECT_EQ(model.slopes(1).size(), 6U);
  EXPECT_TRUE(model.slopes(2).empty());
  EXPECT_TRUE(model.slopes(3).empty());
  EXPECT_ERROR(static_cast<void>(model.slopes(4)), "usage", "there is no layer 4: the layers with weights are 1 to 3");
  EXPECT_TRUE(make_full_model<float>().stage().empty());
}

}  // namespace
}  // namespace strata
