#include "model/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kLongestQuote = 60;

std::string shortened(std::string_view text) {
  if (text.size() <= kLongestQuote) return std::string(text);
  return std::string(text.substr(0, kLongestQuote)) + "…";
}

std::string member_path(const std::string& path, std::string_view key) {
  const std::string name = printable(shortened(key));
  return path.empty() ? name : path + "." + name;
}

std::string item_path(const std::string& path, std::size_t index) { return fmt::format("{}[{}]", path, index); }

std::string description(const JsonValue& value) {
  struct Describe {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(std::uint64_t n) const { return std::to_string(n); }
    std::string operator()(double x) const { return shortest(x); }
    std::string operator()(const std::string& text) const { return json_string(printable(shortened(text))); }
    std::string operator()(const JsonValue::List&) const { return "a list"; }
    std::string operator()(const JsonValue::Object&) const { return "an object"; }
  };
  return std::visit(Describe{}, value.content);
}

// Builds the value from the events of nlohmann's parser. Its own builder would let the last of two equal keys win, and
// its own value takes memory when it goes, where there may be none.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(const std::string& context, JsonValue& root) : context_(context), root_(root) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // not in JSON text
  bool key(std::string& name) override {
    std::get<JsonValue::Object>(open_.back()->content).push_back({std::move(name), {}});
    return true;
  }
  bool start_object(std::size_t) override { return start(JsonValue::Object{}); }
  bool start_array(std::size_t) override { return start(JsonValue::List{}); }
  bool end_object() override {
    refuse_double_keys(std::get<JsonValue::Object>(open_.back()->content));
    return end_array();
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception&) override {
    fail(fmt::format("not valid JSON at byte {}, near {}", position, json_string(printable(shortened(token)))));
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(ErrorCode::format, context_ + what); }

  // One value more, null at first.
  JsonValue& place() {
    if (++values_ > JsonDocument::kMostValues) fail(fmt::format("more than {} values", JsonDocument::kMostValues));
    if (open_.empty()) return root_;
    auto* list = std::get_if<JsonValue::List>(&open_.back()->content);
    return list != nullptr ? list->emplace_back() : std::get<JsonValue::Object>(open_.back()->content).back().value;
  }

  template <class Content>
  bool add(Content content) {
    place().content.emplace<Content>(std::move(content));
    return true;
  }

  template <class Content>
  bool start(Content empty) {
    JsonValue& placed = place();
    placed.content.emplace<Content>(std::move(empty));
    if (open_.size() == JsonDocument::kMostLevels)
      fail(fmt::format("{}: nested more than {} levels deep", path(open_.size()), JsonDocument::kMostLevels));
    open_.push_back(&placed);
    return true;
  }

  void refuse_double_keys(const JsonValue::Object& object) const {
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const JsonMember& member : object) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) fail(member_path(path(open_.size() - 1), *twice) + ": the key occurs twice");
  }

  // Where the last value at this level stands.
  [[nodiscard]] std::string path(std::size_t level) const {
    std::string text;
    for (std::size_t i = 0; i < level; ++i) {
      const auto* list = std::get_if<JsonValue::List>(&open_[i]->content);
      text = list != nullptr ? item_path(text, list->size() - 1)
                             : member_path(text, std::get<JsonValue::Object>(open_[i]->content).back().key);
    }
    return text;
  }

  const std::string& context_;
  JsonValue& root_;
  std::vector<JsonValue*> open_;  // each the last value of the one before
  std::size_t values_ = 0;
};

}  // namespace

JsonDocument::JsonDocument(std::string_view text, std::string context) : context_(std::move(context)) {
  // The parser takes a zero byte for the end, and skips a byte order mark.
  if (text.find('\0') != std::string_view::npos) {
    throw Error(ErrorCode::format,
                fmt::format("{}not valid JSON: a zero byte at byte {}", context_, text.find('\0') + 1));
  }
  if (text.substr(0, 3) == "\xEF\xBB\xBF")
    throw Error(ErrorCode::format, context_ + "not valid JSON: a byte order mark");
  Builder builder(context_, value_);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    throw Error(ErrorCode::format, context_ + "not valid JSON");
  }
}

void JsonNode::fail(std::string_view expected) const {
  throw Error(ErrorCode::format, fmt::format("{}{}{}expected {}, found {}", *context_, path_, path_.empty() ? "" : ": ",
                                             expected, description(*value_)));
}

// The value as a Content, or the message that it is none.
template <class Content>
const Content& JsonNode::as(std::string_view expected) const {
  const auto* content = std::get_if<Content>(&value_->content);
  if (content == nullptr) fail(expected);
  return *content;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
  std::vector<std::pair<std::string, JsonNode>> nodes;
  for (const JsonMember& member : as<JsonValue::Object>("an object"))
    nodes.emplace_back(member.key, JsonNode(member.value, *context_, member_path(path_, member.key)));
  return nodes;
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  for (const JsonMember& member : as<JsonValue::Object>("an object"))
    if (member.key == key) return JsonNode(member.value, *context_, member_path(path_, key));
  return std::nullopt;
}

JsonNode JsonNode::operator[](std::string_view key) const {
  if (std::optional<JsonNode> found = find(key)) return *std::move(found);
  throw Error(ErrorCode::format, fmt::format("{}{} is missing", *context_, member_path(path_, key)));
}

std::vector<JsonNode> JsonNode::items() const {
  std::vector<JsonNode> nodes;
  for (const JsonValue& item : as<JsonValue::List>("a list"))
    nodes.emplace_back(item, *context_, item_path(path_, nodes.size()));
  return nodes;
}

const std::string& JsonNode::text() const { return as<std::string>("a text"); }

bool JsonNode::boolean() const { return as<bool>("true or false"); }

std::size_t JsonNode::size(std::size_t least, std::size_t most) const {
  const std::string expected = fmt::format("a whole number of at least {}", least);
  const std::uint64_t number = as<std::uint64_t>(expected);
  if (number < least) fail(expected);
  if (number > most) fail(fmt::format("a whole number of at most {}", most));
  return number;
}

double JsonNode::number() const {
  if (std::holds_alternative<std::nullptr_t>(value_->content)) return std::numeric_limits<double>::quiet_NaN();
  if (const auto* natural = std::get_if<std::uint64_t>(&value_->content)) return static_cast<double>(*natural);
  if (const auto* negative = std::get_if<std::int64_t>(&value_->content)) return static_cast<double>(*negative);
  return as<double>("a number");
}

}  // namespace strata::internal
