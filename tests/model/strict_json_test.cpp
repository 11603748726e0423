#include "model/strict_json.hpp"

#include <limits>

#include "base/json.hpp"
#include "support.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::error_of;

std::string message_of(
    const std::string& text, const std::function<void(const JsonNode&)>& read = [](const JsonNode&) {}) {
  return error_of([&] {
    const JsonDocument document(text, "in the test: ");
    read(document.root());
  });
}

TEST(StrictJson, ReadsEveryKindOfValue) {
  const JsonDocument document(R"({"t": "a\"ä\u00e9", "n": [1, -2, 0.5, 1e3, null], "yes": true, "no": false, "o": {}})",
                              "");
  const JsonNode root = document.root();
  EXPECT_EQ(root["t"].text(), "a\"äé");
  const std::vector<JsonNode> n = root["n"].items();
  ASSERT_EQ(n.size(), 5U);
  EXPECT_EQ(n[0].size(), 1U);
  EXPECT_EQ(n[0].number(), 1);
  EXPECT_EQ(n[1].number(), -2);
  EXPECT_EQ(n[2].number(), 0.5);
  EXPECT_EQ(n[3].number(), 1000);
  EXPECT_TRUE(std::isnan(n[4].number()));
  EXPECT_TRUE(root["yes"].boolean());
  EXPECT_FALSE(root["no"].boolean());
  EXPECT_TRUE(root["o"].members().empty());
  EXPECT_FALSE(root.find("absent"));
  EXPECT_EQ(root.members()[1].first, "n");
}

TEST(StrictJson, NamesThePlaceOfAWrongValue) {
  EXPECT_EQ(message_of(R"({"architecture": {"hidden": [{"units": 1}, {"units": 2}, {"units": "x"}]}})",
                       [](const JsonNode& root) {
                         static_cast<void>(root["architecture"]["hidden"].items()[2]["units"].size(1));
                       }),
            "format: in the test: architecture.hidden[2].units: expected a whole number of at least 1, found \"x\"");
  EXPECT_EQ(message_of(R"({"a": [1, [2, "t"]]})",
                       [](const JsonNode& root) { static_cast<void>(root["a"].items()[1].items()[1].number()); }),
            "format: in the test: a[1][1]: expected a number, found \"t\"");
  EXPECT_EQ(message_of(R"({"a": {"b": 1}})", [](const JsonNode& root) { static_cast<void>(root["a"]["c"]); }),
            "format: in the test: a.c is missing");
}

TEST(StrictJson, SizesAreWholeNumbersInRange) {
  const auto size = [](const JsonNode& root) { static_cast<void>(root["n"].size(2, 10)); };
  EXPECT_EQ(message_of(R"({"n": -5})", size),
            "format: in the test: n: expected a whole number of at least 2, found -5");
  EXPECT_EQ(message_of(R"({"n": 5.0})", size),
            "format: in the test: n: expected a whole number of at least 2, found 5");
  EXPECT_EQ(message_of(R"({"n": 1})", size), "format: in the test: n: expected a whole number of at least 2, found 1");
  EXPECT_EQ(message_of(R"({"n": 11})", size),
            "format: in the test: n: expected a whole number of at most 10, found 11");
  EXPECT_EQ(message_of(R"({"n": 18446744073709551615})", size),
            "format: in the test: n: expected a whole number of at most 10, found 18446744073709551615");
  EXPECT_EQ(message_of(R"({"n": 18446744073709551616})", size),
            "format: in the test: n: expected a whole number of at least 2, found 18446744073709551616");
  EXPECT_EQ(message_of(R"({"n": 2})", size), "nothing was thrown");
  EXPECT_EQ(message_of(R"({"n": 10})", size), "nothing was thrown");
  // 2⁶³ fits the 64 bits of the text, but no size in memory.
  EXPECT_EQ(
      message_of(R"({"n": 9223372036854775808})", [](const JsonNode& root) { static_cast<void>(root["n"].size()); }),
      "format: in the test: n: expected a whole number of at most 9223372036854775807, found 9223372036854775808");
}

TEST(StrictJson, WrongKindsAreNamed) {
  const std::string text = R"({"list": [], "object": {}, "null": null, "true": true, "real": 0.25, "text": "t"})";
  const auto at = [&](const char* key, auto read) {
    return message_of(text, [&](const JsonNode& root) { static_cast<void>(read(root[key])); });
  };
  EXPECT_EQ(at("list", [](const JsonNode& n) { return n.text(); }),
            "format: in the test: list: expected a text, found a list");
  EXPECT_EQ(at("object", [](const JsonNode& n) { return n.items(); }),
            "format: in the test: object: expected a list, found an object");
  EXPECT_EQ(at("null", [](const JsonNode& n) { return n.boolean(); }),
            "format: in the test: null: expected true or false, found null");
  EXPECT_EQ(at("true", [](const JsonNode& n) { return n.number(); }),
            "format: in the test: true: expected a number, found true");
  EXPECT_EQ(at("real", [](const JsonNode& n) { return n.members(); }),
            "format: in the test: real: expected an object, found 0.25");
  EXPECT_EQ(at("text", [](const JsonNode& n) { return n["k"].text(); }),
            "format: in the test: text: expected an object, found \"t\"");
  EXPECT_EQ(message_of("7", [](const JsonNode& root) { static_cast<void>(root.text()); }),
            "format: in the test: expected a text, found 7");
}

TEST(StrictJson, RefusesKeysThatOccurTwice) {
  EXPECT_EQ(message_of(R"({"a": 1, "b": 2, "a": 1})"), "format: in the test: a: the key occurs twice");
  EXPECT_EQ(message_of(R"({"x": [0, {"deep": {"k": 1, "k": 2}}]})"),
            "format: in the test: x[1].deep.k: the key occurs twice");
  EXPECT_EQ(message_of(R"({"a": {"k": 1}, "b": {"k": 1}})"), "nothing was thrown");
  // Two spellings of one key are one key.
  EXPECT_EQ(message_of(R"({"a": 1, "\u0061": 2})"), "format: in the test: a: the key occurs twice");
}

TEST(StrictJson, RefusesDepthAtTheLimit) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_EQ(message_of(nested(JsonDocument::kMostLevels)), "nothing was thrown");
  EXPECT_EQ(message_of(nested(JsonDocument::kMostLevels + 1)),
            "format: in the test: [0][0][0][0][0][0][0][0]: nested more than 8 levels deep");
  EXPECT_NE(message_of(std::string(1'000'000, '[')).find("nested more than 8 levels deep"), std::string::npos);
}

TEST(StrictJson, RefusesMoreValuesThanTheLimit) {
  std::string text = "[0";
  for (std::size_t i = 0; i + 2 < JsonDocument::kMostValues; ++i) text += ",0";
  EXPECT_EQ(message_of(text + "]"), "nothing was thrown");  // with the list itself: as many as allowed
  EXPECT_EQ(message_of(text + ",0]"), "format: in the test: more than 4000000 values");
}

TEST(StrictJson, RefusesWhatIsNoJson) {
  for (const char* text : {"",       " ",           "{",        "[1,]",        "{\"a\":}", "{'a':1}", "nul",
                           "1 2",    "{\"a\":1} x", "[01]",     "[+1]",        "[1.]",     "[NaN]",   "[Infinity]",
                           "\"\t\"", "// c\n1",     "\"\xff\"", "\"\\ud800\"", "[1e400]",  "[-1e999]"}) {
    const std::string message = message_of(text);
    EXPECT_EQ(message.rfind("format: in the test: not valid JSON at byte ", 0), 0U) << text << " gave " << message;
  }
}

TEST(StrictJson, RefusesZeroBytesAndByteOrderMarks) {
  // The parser beneath takes a zero byte for the end of the text.
  EXPECT_EQ(message_of(std::string("{}\0garbage", 10)), "format: in the test: not valid JSON: a zero byte at byte 3");
  EXPECT_EQ(message_of("\xEF\xBB\xBF{}"), "format: in the test: not valid JSON: a byte order mark");
}

TEST(StrictJson, MessagesStayShortAndPrintable) {
  const std::string message = message_of("{\"a\": \"" + std::string(1000, 'x') + "\\u001b[2J\"}",
                                         [](const JsonNode& root) { static_cast<void>(root["a"].size()); });
  EXPECT_LT(message.size(), 200U);
  EXPECT_EQ(message_of("{\"\\u001b[2J\": 1}",
                       [](const JsonNode& root) { static_cast<void>(root.members()[0].second.text()); }),
            "format: in the test: \\x1b[2J: expected a text, found 1");
}

TEST(StrictJson, WriterIsDeterministicAndReadsBack) {
  Json json;
  json.object().key("b").whole(7).key("a").array().number(0.1).number(-1).end();
  json.key("t").text("ä\"\n").key("no").truth(false).key("yes").truth(true);
  json.key("nan").number(std::numeric_limits<double>::quiet_NaN());
  json.key("empty").object().end().key("none").array().end();
  json.key("o").array().object().key("k").whole(1).end().object().end().end();
  const std::string text = json.end().str();
  EXPECT_EQ(
      text,
      R"({"b":7,"a":[0.10000000000000001,-1],"t":"ä\"\n","no":false,"yes":true,"nan":null,"empty":{},"none":[],"o":[{"k":1},{}]})");
  const JsonDocument document(text, "");
  EXPECT_EQ(document.root()["a"].items()[0].number(), 0.1);
  EXPECT_EQ(document.root()["t"].text(), "ä\"\n");
}

}  // namespace
}  // namespace strata
