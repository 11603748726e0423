#include "model/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata {
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

// Builds the value from the events of nlohmann's parser, which does not build one itself: it would let the last of two
// equal keys win.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Builder(const std::string& context) : context_(context) {}

  JsonValue take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // not in JSON text
  bool key(std::string& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override { return start(JsonValue::Object{}); }
  bool start_array(std::size_t) override { return start(JsonValue::List{}); }
  bool end_object() override {
    refuse_double_keys(std::get<JsonValue::Object>(open_.back().value.content));
    return end();
  }
  bool end_array() override { return end(); }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception&) override {
    throw Error(ErrorCode::format, fmt::format("{}not valid JSON at byte {}, near {}", context_, position,
                                               json_string(printable(shortened(token)))));
  }

 private:
  struct Open {
    JsonValue value;
    std::string key;  // of the member being read
  };

  template <class Content>
  bool add(Content content) {
    count();
    place(JsonValue{std::move(content)});
    return true;
  }

  void place(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* list = std::get_if<JsonValue::List>(&open_.back().value.content)) {
      list->push_back(std::move(value));
    } else {
      std::get<JsonValue::Object>(open_.back().value.content)
          .push_back(JsonMember{std::move(open_.back().key), std::move(value)});
    }
  }

  template <class Content>
  bool start(Content content) {
    count();
    if (open_.size() == JsonDocument::kMostLevels) {
      throw Error(ErrorCode::format, fmt::format("{}{}: nested more than {} levels deep", context_, path(open_.size()),
                                                 JsonDocument::kMostLevels));
    }
    open_.push_back(Open{JsonValue{std::move(content)}, {}});
    return true;
  }

  bool end() {
    JsonValue value = std::move(open_.back().value);
    open_.pop_back();
    place(std::move(value));
    return true;
  }

  void count() {
    if (++values_ > JsonDocument::kMostValues) {
      throw Error(ErrorCode::format, fmt::format("{}more than {} values", context_, JsonDocument::kMostValues));
    }
  }

  void refuse_double_keys(const JsonValue::Object& object) const {
    std::vector<std::string_view> keys;
    keys.reserve(object.size());
    for (const JsonMember& member : object) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice == keys.end()) return;
    throw Error(ErrorCode::format,
                fmt::format("{}{}: the key occurs twice", context_, member_path(path(open_.size() - 1), *twice)));
  }

  // Where the value in the making at this level stands.
  [[nodiscard]] std::string path(std::size_t level) const {
    std::string text;
    for (std::size_t i = 0; i < level; ++i) {
      const auto* list = std::get_if<JsonValue::List>(&open_[i].value.content);
      text = list != nullptr ? item_path(text, list->size()) : member_path(text, open_[i].key);
    }
    return text;
  }

  const std::string& context_;
  std::vector<Open> open_;
  JsonValue root_;
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
  Builder builder(context_);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    throw Error(ErrorCode::format, context_ + "not valid JSON");
  }
  value_ = builder.take();
}

void JsonNode::fail(std::string_view expected) const {
  throw Error(ErrorCode::format, fmt::format("{}{}{}expected {}, found {}", *context_, path_, path_.empty() ? "" : ": ",
                                             expected, description(*value_)));
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  const auto* object = std::get_if<JsonValue::Object>(&value_->content);
  if (object == nullptr) fail("an object");
  for (const JsonMember& member : *object) {
    if (member.key == key) return JsonNode(member.value, *context_, member_path(path_, key));
  }
  return std::nullopt;
}

JsonNode JsonNode::operator[](std::string_view key) const {
  if (std::optional<JsonNode> found = find(key)) return *std::move(found);
  throw Error(ErrorCode::format, fmt::format("{}{} is missing", *context_, member_path(path_, key)));
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
  const auto* object = std::get_if<JsonValue::Object>(&value_->content);
  if (object == nullptr) fail("an object");
  std::vector<std::pair<std::string, JsonNode>> nodes;
  nodes.reserve(object->size());
  for (const JsonMember& member : *object) {
    nodes.emplace_back(member.key, JsonNode(member.value, *context_, member_path(path_, member.key)));
  }
  return nodes;
}

std::vector<JsonNode> JsonNode::items() const {
  const auto* list = std::get_if<JsonValue::List>(&value_->content);
  if (list == nullptr) fail("a list");
  std::vector<JsonNode> nodes;
  nodes.reserve(list->size());
  for (const JsonValue& item : *list) nodes.emplace_back(item, *context_, item_path(path_, nodes.size()));
  return nodes;
}

const std::string& JsonNode::text() const {
  const auto* text = std::get_if<std::string>(&value_->content);
  if (text == nullptr) fail("a text");
  return *text;
}

bool JsonNode::boolean() const {
  const auto* value = std::get_if<bool>(&value_->content);
  if (value == nullptr) fail("true or false");
  return *value;
}

std::size_t JsonNode::size(std::size_t least, std::size_t most) const {
  const auto* number = std::get_if<std::uint64_t>(&value_->content);
  if (number == nullptr || *number < least) fail(fmt::format("a whole number of at least {}", least));
  if (*number > most) fail(fmt::format("a whole number of at most {}", most));
  return *number;
}

double JsonNode::number() const {
  if (is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (const auto* real = std::get_if<double>(&value_->content)) return *real;
  if (const auto* natural = std::get_if<std::uint64_t>(&value_->content)) return static_cast<double>(*natural);
  if (const auto* negative = std::get_if<std::int64_t>(&value_->content)) return static_cast<double>(*negative);
  fail("a number");
}

}  // namespace strata
