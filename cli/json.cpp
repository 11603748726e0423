#include <fmt/format.h>

#include <cmath>

#include "output.hpp"

namespace strata::cli {

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
  text_ += '"';
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += value[i];
    } else if (c == '\n') {
      text_ += "\\n";
    } else if (c == '\t') {
      text_ += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
      text_ += fmt::format("\\u{:04x}", c);
    } else if (c < 0x80) {
      text_ += value[i];
    } else {
      // A whole UTF-8 character, or the sign for an unreadable one: JSON must be valid UTF-8.
      const std::size_t length = c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
      bool whole = length != 0 && i + length <= value.size();
      for (std::size_t k = 1; whole && k < length; ++k)
        whole = (static_cast<unsigned char>(value[i + k]) & 0xC0U) == 0x80U;
      const auto second = whole ? static_cast<unsigned char>(value[i + 1]) : 0U;
      if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
          (c == 0xF4 && second > 0x8F))
        whole = false;
      text_ += whole ? value.substr(i, length) : std::string_view("\xEF\xBF\xBD");
      if (whole) i += length - 1;
    }
  }
  text_ += '"';
  return *this;
}

Json& Json::number(double value) {
  if (!std::isfinite(value)) return null();
  separate();
  text_ += fmt::format("{:.17g}", value);
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

Json& Json::null() {
  separate();
  text_ += "null";
  return *this;
}

Json& Json::texts(std::string_view name, std::span<const std::string> values) {
  key(name).array();
  for (const std::string& value : values) text(value);
  return end();
}

Json& Json::wholes(std::string_view name, std::span<const std::size_t> values) {
  key(name).array();
  for (const std::size_t value : values) whole(static_cast<std::int64_t>(value));
  return end();
}

}  // namespace strata::cli
