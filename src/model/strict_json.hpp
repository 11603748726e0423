// JSON from files that nobody vouches for: every surprise is an Error(format) that names the place of it.
//
// Refused: keys that occur twice, nesting deeper than kMostLevels, more than kMostValues values, numbers that a double
// cannot hold, bytes that are not UTF-8, anything before or after the one value. Whole numbers stay whole: 5 is
// one, 5.0 and -5 are not sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace strata::internal {

struct JsonMember;

/// A value with its members in the order of the text.
struct JsonValue {
  using List = std::vector<JsonValue>;
  using Object = std::vector<JsonMember>;
  // A negative whole number is an int64, any other whole number an uint64.
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, List, Object>
      content;  // null at first
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

/// A place in a document: reads what is there, or says what was expected, what was found, and where.
class JsonNode {
 public:
  JsonNode(const JsonValue& value, const std::string& context, std::string path)
      : value_(&value), context_(&context), path_(std::move(path)) {}

  /// The member of an object; it must be there.
  [[nodiscard]] JsonNode operator[](std::string_view key) const;
  [[nodiscard]] std::optional<JsonNode> find(std::string_view key) const;
  [[nodiscard]] std::vector<std::pair<std::string, JsonNode>> members() const;
  [[nodiscard]] std::vector<JsonNode> items() const;

  [[nodiscard]] const std::string& text() const;
  [[nodiscard]] bool boolean() const;
  /// A whole number from `least` to `most`.
  [[nodiscard]] std::size_t size(std::size_t least = 0,
                                 std::size_t most = std::numeric_limits<std::ptrdiff_t>::max()) const;
  /// A number; null, which stands for a number that is not finite, is NaN.
  [[nodiscard]] double number() const;

  [[noreturn]] void fail(std::string_view expected) const;

 private:
  template <class Content>
  [[nodiscard]] const Content& as(std::string_view expected) const;

  const JsonValue* value_;
  const std::string* context_;
  std::string path_;  // "architecture.hidden[2].units"
};

/// Owns what the nodes point to: keep it while they are in use, in one place.
class JsonDocument {
 public:
  static constexpr std::size_t kMostLevels = 8;
  static constexpr std::size_t kMostValues = 4'000'000;

  /// `context` is what the messages begin with.
  JsonDocument(std::string_view text, std::string context);
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  [[nodiscard]] JsonNode root() const { return {value_, context_, ""}; }

 private:
  std::string context_;
  JsonValue value_;
};

}  // namespace strata::internal
