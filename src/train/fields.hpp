// The state of a training, field by field. Each part that has state lists its fields once, in a member template
//
//     template <class Visit>
//     void fields(const Visit& visit) { visit("steps", steps_), visit("theta", p.theta()); }
//
// which writing and reading share, so that none can be forgotten in one of them. A field is a number, a span of numbers
// whose length is known, or a part with fields of its own.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <concepts>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "model/model_file.hpp"
#include "strata/error.hpp"

namespace strata::internal {

/// All fields in their order; a name is the way to it: "descent.now.theta".
struct SavedFields {
  std::vector<std::pair<std::string, std::string>> numbers;  // as text that reads back as the same number
  std::vector<SavedTensor> tensors;                          // their names begin with kStatePrefix
};

template <class Field>
concept NumberField = std::is_arithmetic_v<Field>;
template <class Field>
concept SpanField = requires(Field field) { std::span(field); };

template <std::floating_point T, std::size_t size>
[[nodiscard]] TensorSpec spec_of(const std::string& name, std::span<T, size> numbers) {
  return {std::string(kStatePrefix) + name, sizeof(T) == sizeof(double) ? "F64" : "F32", {numbers.size()}};
}

class FieldWriter {
 public:
  explicit FieldWriter(SavedFields& to, std::string prefix = {}) : to_(to), prefix_(std::move(prefix)) {}

  template <class Field>
  void operator()(std::string_view name, Field&& field) const {
    using Kind = std::remove_cvref_t<Field>;
    std::string path = prefix_ + std::string(name);
    if constexpr (NumberField<Kind>) {
      to_.numbers.emplace_back(std::move(path), fmt::format("{}", field));
    } else if constexpr (SpanField<Kind>) {
      if (field.empty()) return;  // a tensor without numbers has no place in a file
      const auto bytes = std::as_bytes(std::span(field));
      to_.tensors.push_back({spec_of(path, std::span(field)), {bytes.begin(), bytes.end()}});
    } else {
      field.fields(FieldWriter(to_, path + "."));
    }
  }

 private:
  SavedFields& to_;
  std::string prefix_;
};

/// In the order in which they were written. Throws Error(format), beginning with "is damaged: ", where another field is
/// there, or a number that is none of its kind; a whole number is at least 0.
class FieldReader {
 public:
  /// Borrowed, both of them.
  explicit FieldReader(const SavedFields& from) : from_(from), place_(&own_place_) {}

  template <class Field>
  void operator()(std::string_view name, Field&& field) const {
    using Kind = std::remove_cvref_t<Field>;
    const std::string path = prefix_ + std::string(name);
    if constexpr (NumberField<Kind>) {
      const std::string& text =
          next(from_.numbers, place_->number, path, [](const auto& each) { return each.first; }).second;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), field);
      if (error != std::errc{} || end != text.data() + text.size() || (std::integral<Kind> && field < Kind{}))
        fail(fmt::format("the number '{}' is {}", path, in_quotes(text.substr(0, 40))));
    } else if constexpr (SpanField<Kind>) {
      if (field.empty()) return;
      const auto& [spec, bytes] = next(from_.tensors, place_->tensor, std::string(kStatePrefix) + path,
                                       [](const auto& each) { return each.spec.name; });
      if (spec != spec_of(path, std::span(field))) fail(fmt::format("the numbers '{}' are not {}", path, field.size()));
      std::memcpy(field.data(), bytes.data(), bytes.size());
    } else {
      field.fields(FieldReader(from_, place_, path + "."));
    }
  }

  void require_end() const {
    if (place_->number != from_.numbers.size() || place_->tensor != from_.tensors.size())
      fail("there is more in it than belongs to its training");
  }

 private:
  struct Place {
    std::size_t number = 0, tensor = 0;  // the next
  };
  FieldReader(const SavedFields& from, Place* place, std::string prefix)
      : from_(from), place_(place), prefix_(std::move(prefix)) {}

  [[noreturn]] static void fail(const std::string& what) { throw Error(ErrorCode::format, "is damaged: " + what); }

  template <class Item, class NameOf>
  const Item& next(const std::vector<Item>& items, std::size_t& at, const std::string& path, const NameOf& name) const {
    if (at == items.size() || name(items[at]) != path) fail(fmt::format("'{}' is missing", path));
    return items[at++];
  }

  const SavedFields& from_;
  Place own_place_;
  Place* place_;
  std::string prefix_;
};

}  // namespace strata::internal
