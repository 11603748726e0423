#include "base/json.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace strata::internal {

void Json::separate() {
  if (!fresh_) text_ += ',';
  fresh_ = false;
}

Json& Json::object() {
  separate();
  text_ += '{';
  open_ += '}';
  fresh_ = true;
  return *this;
}

Json& Json::array() {
  separate();
  text_ += '[';
  open_ += ']';
  fresh_ = true;
  return *this;
}

Json& Json::end() {
  text_ += open_.back();
  open_.pop_back();
  fresh_ = false;
  return *this;
}

Json& Json::key(std::string_view name) {
  text(name);
  text_ += ':';
  fresh_ = true;
  return *this;
}

Json& Json::text(std::string_view value) {
  separate();
  text_ += json_string(value);
  return *this;
}

Json& Json::number(double value) {
  separate();
  text_ += digits17(value);
  return *this;
}

Json& Json::whole(std::int64_t value) {
  separate();
  text_ += std::to_string(value);
  return *this;
}

Json& Json::truth(bool value) {
  separate();
  text_ += value ? "true" : "false";
  return *this;
}

Json& Json::texts(std::string_view name, std::span<const std::string> values) {
  key(name).array();
  for (const std::string& value : values) text(value);
  return end();
}

Json& Json::numbers(std::string_view name, std::span<const double> values) {
  key(name).array();
  for (const double value : values) number(value);
  return end();
}

Json& Json::wholes(std::string_view name, std::span<const std::size_t> values) {
  key(name).array();
  for (const std::size_t value : values) whole(static_cast<std::int64_t>(value));
  return end();
}

std::string json_key(std::string_view name) {
  std::string key(name);
  std::ranges::replace(key, '-', '_');
  return key;
}

}  // namespace strata::internal
