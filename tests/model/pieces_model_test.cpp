// Models whose numbers are embedded in pieces: format version 6.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "parts.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::expect_equal;
using testing::make_model_in_pieces;
using testing::make_staged_model;
using testing::message_of;
using testing::Parts;
using testing::version_of;

Parts parts_in_pieces() {
  Parts parts(make_model_in_pieces<float>());
  parts.version = "6";
  return parts;
}

TEST(ModelInPieces, IsSavedAndLoadedWithEveryBit) {
  const Model narrow = make_model_in_pieces<float>(), wide = make_model_in_pieces<double>();
  expect_equal<float>(Model::from_bytes(narrow.to_bytes()), narrow);
  expect_equal<double>(Model::from_bytes(wide.to_bytes()), wide);
  EXPECT_EQ(Model::from_bytes(wide.to_bytes()).architecture(), wide.architecture()) << "the edges with every bit";
  EXPECT_EQ(Model::from_bytes(narrow.to_bytes()).to_bytes(), narrow.to_bytes());
  EXPECT_EQ(version_of(narrow), "6");
  Model several = make_model_in_pieces<float>();
  testing::make_several<float>(several, {0.25, 0.75});
  EXPECT_EQ(version_of(several), "6");
  expect_equal<float>(Model::from_bytes(several.to_bytes()), several);
  const Model line = make_model_in_pieces<float>({0.5});
  expect_equal<float>(Model::from_bytes(line.to_bytes()), line);
}

TEST(ModelInPieces, ItsTensorsHaveTheNamesOfTheirBlocks) {
  const auto names = [](const Parts& parts) {
    std::string all;
    for (const TensorSpec& tensor : parts.tensors)
      if (tensor.name.size() == 1) all += fmt::format("{} [{}] ", tensor.name, fmt::join(tensor.shape, ","));
    return all;
  };
  const Parts parts = parts_in_pieces();
  EXPECT_EQ(names(parts), "U [1,5] V [3,5] c [1,5] E [4,2] s [11] ");
  EXPECT_EQ(names(Parts(make_model_in_pieces<float>({7}))), "U [1,5] c [1,5] E [4,2] s [11] ") << "no pieces, no V";
  EXPECT_NE(
      parts.text.find(
          R"("stage":{"rows":[{"embedding":"piecewise","edges":[-1,0.10000000000000001,0.33333333333333331,2.5]},)"
          R"({"embedding":"none"},{"embedding":"levels","levels":4},{"embedding":"none"},{"embedding":"none"},)"
          R"({"embedding":"none"}],"frequencies":5,"periodic-units":3,"level-units":2,"piecewise-units":5,)"
          R"("scales":true})"),
      std::string::npos)
      << parts.text;
  std::string stage;
  for (const LearnedMatrix& part : make_model_in_pieces<double>().stage())
    stage += fmt::format("{} ({}, {}) ", part.name, part.rows, part.cols);
  EXPECT_EQ(stage, "U (5, 1) V (5, 3) c (5, 1) E (2, 4) s (11, 1) ");
}

TEST(ModelInPieces, WhatFormat5DoesNotKnowIsNotReadFromIt) {
  Parts parts = parts_in_pieces();
  parts.version = "5";
  EXPECT_EQ(message_of(parts.file()),
            "format: is damaged: metadata: architecture.stage.rows[0].embedding: expected one of \"none\", "
            "\"periodic\", \"levels\", found \"piecewise\"");
  Parts older(make_staged_model<float>());
  older.version = "5";
  older.replace(R"({"embedding":"periodic"})", R"({"embedding":"periodic","edges":[1,2]})");
  older.replace(R"("level-units":2)", R"("level-units":2,"piecewise-units":0)");
  expect_equal<float>(testing::load(older.file()), make_staged_model<float>());
}

TEST(ModelInPieces, WhatDoesNotFitIsRefused) {
  const Parts good = parts_in_pieces();
  EXPECT_NO_THROW(static_cast<void>(testing::load(good.file())));
  const auto expect = [&](const std::string& from, const std::string& to, const std::string& message) {
    Parts parts = good;
    parts.replace(from, to);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message) << to;
  };
  const std::string edges = "[-1,0.10000000000000001,0.33333333333333331,2.5]",
                    stage = "the stage in front of the network ";
  expect("," + std::string(R"("edges":)") + edges, "",
         stage + "has 0 edges of a piecewise embedding; it needs from 1 to 129");
  expect(edges, "[]", stage + "has 0 edges of a piecewise embedding; it needs from 1 to 129");
  std::string many = "[0";
  for (int t = 1; t <= 128; ++t) many += fmt::format(",{}", t);
  expect(edges, many + "]", "the tensor 'V' is F32 [3, 5]; the architecture says F32 [128, 5]");
  expect(edges, many + ",129]", stage + "has 130 edges of a piecewise embedding; it needs from 1 to 129");
  expect(edges, "[-1,0.1,0.1,2.5]", stage + "has a piece from 0.1 to 0.1; its edges ascend, by a millionth or more");
  expect(edges, "[-1,0.1,0.1000001,2.5]",
         stage + "has a piece from 0.1 to 0.1000001; its edges ascend, by a millionth or more");
  expect(edges, "[-1,0.1,10000000,10000001]",
         stage + "has a piece from 1e+07 to 10000001; its edges ascend, by a millionth or more");
  expect(edges, "[-1,3,1,2.5]", stage + "has a piece from 3 to 1; its edges ascend, by a millionth or more");
  expect(edges, "[-1,null,1,2.5]",
         "metadata: architecture.stage.rows[0].edges[1]: expected a finite number, found null");
  expect(edges, "[-1,0.1,1,1e39]", stage + "has the edge 1e+39; it needs numbers from -1e+38 to 1e+38");
  expect(edges, "[-1e300,0.1,1,2.5]", stage + "has the edge -1e+300; it needs numbers from -1e+38 to 1e+38");
  expect(edges, "[1e300]", stage + "has the edge 1e+300; it needs numbers from -1e+38 to 1e+38");
  expect(edges, "[-1,\"0\",1,2.5]", "metadata: architecture.stage.rows[0].edges[1]: expected a number, found \"0\"");
  expect(edges, "7", "metadata: architecture.stage.rows[0].edges: expected a list, found 7");
  expect(edges, "[-1,2.5]", "the tensor 'V' is F32 [3, 5]; the architecture says F32 [1, 5]");
  expect(edges, "[-1]", "no model has a tensor 'V'");
  expect(R"({"embedding":"none"})", R"({"embedding":"none","edges":[1]})",
         stage + "has edges where it embeds nothing in pieces");
  expect(R"({"embedding":"none"})", R"({"embedding":"periodic"})",
         stage + "embeds some numbers periodically and some piecewise; it does all in one way");
  expect(R"("piecewise-units":5)", R"("piecewise-units":0)",
         "metadata: architecture.stage.piecewise-units: expected a whole number of at least 1, found 0");
  expect(R"("piecewise-units":5,)", "", "metadata: architecture.stage.piecewise-units is missing");
  expect(R"("piecewise-units":5)", R"("piecewise-units":6)",
         "the tensor 'U' is F32 [1, 5]; the architecture says F32 [1, 6]");
  expect(R"("piecewise-units":5)", R"("piecewise-units":2147483647)",
         stage + "gives 2147483653 rows, more than a network can take");
  expect(R"("embedding":"piecewise")", R"("embedding":"piecewise","levels":2)",
         stage + "has 2 levels where it embeds a number");
}

TEST(ModelInPieces, ThereIsAnEndOfEdges) {
  Architecture net{1 << 15, {}, 1, Loss::squared_error};
  net.stage.rows.assign(1 << 15, {RowEmbedding::Kind::piecewise, 0, std::vector<double>(65)});
  for (RowEmbedding& row : net.stage.rows)
    for (std::size_t t = 0; t < 65; ++t) row.edges[t] = static_cast<double>(t);
  EXPECT_ERROR(net.validate(), "shape",
               "the stage in front of the network has 2129920 edges of pieces, more than the 2097152 that a model file "
               "holds");
  for (RowEmbedding& row : net.stage.rows) row.edges.pop_back();
  EXPECT_NO_THROW(net.validate());
}

TEST(ModelInPieces, EdgesAreNumbers) {
  Architecture net{1, {}, 1, Loss::squared_error};
  for (const double none : {std::numeric_limits<double>::quiet_NaN(), -std::numeric_limits<double>::infinity()}) {
    net.stage.rows = {{RowEmbedding::Kind::piecewise, 0, {none}}};
    EXPECT_ERROR(
        net.validate(), "shape",
        fmt::format("the stage in front of the network has the edge {}; it needs numbers from -1e+38 to 1e+38", none));
  }
}

TEST(ModelInPieces, NumbersThatCannotBeAreRefused) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [tensor, at, message] :
       {std::tuple("U", 1, "U(2, 1) is nan"), {"V", 7, "V(3, 2) is nan"}, {"c", 4, "c(5, 1) is nan"}}) {
    Parts parts = parts_in_pieces();
    for (std::size_t t = 0; t < parts.tensors.size(); ++t)
      if (parts.tensors[t].name == tensor) std::memcpy(parts.numbers[t].data() + at * 4, &nan, 4);
    EXPECT_EQ(message_of(parts.file()), std::string("format: is damaged: ") + message);
  }
}

// Every byte of the file, changed alone, is found or changes nothing.
TEST(ModelInPieces, EveryDamagedByteIsFound) {
  const std::vector<std::byte> good = make_model_in_pieces<float>().to_bytes();
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

}  // namespace
}  // namespace strata
