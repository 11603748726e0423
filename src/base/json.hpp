// JSON, written in the order of the calls, so that the same values give the same bytes. For the library and the
// program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace strata::internal {

/// Numbers with 17 significant digits; not-a-number and infinities are null.
class Json {
 public:
  Json& object();
  Json& array();
  Json& end();
  Json& key(std::string_view name);
  Json& text(std::string_view value);
  Json& number(double value);
  Json& whole(std::int64_t value);
  Json& truth(bool value);
  // key and value
  Json& text(std::string_view name, std::string_view value) { return key(name).text(value); }
  Json& number(std::string_view name, double value) { return key(name).number(value); }
  Json& whole(std::string_view name, std::int64_t value) { return key(name).whole(value); }
  Json& whole(std::string_view name, std::size_t value) { return key(name).whole(static_cast<std::int64_t>(value)); }
  Json& truth(std::string_view name, bool value) { return key(name).truth(value); }
  Json& texts(std::string_view name, std::span<const std::string> values);
  Json& numbers(std::string_view name, std::span<const double> values);
  Json& wholes(std::string_view name, std::span<const std::size_t> values);

  [[nodiscard]] const std::string& str() const noexcept { return text_; }

 private:
  void separate();
  std::string text_;
  std::string open_;  // the brackets that are to be closed
  bool fresh_ = true;
};

/// A name as a key of JSON: '_' for '-'.
[[nodiscard]] std::string json_key(std::string_view name);

}  // namespace strata::internal
