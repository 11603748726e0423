// The structs are not believed further than they have to be: how long a buffer is they do not say.
#include "data/arrow_column.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/checked.hpp"
#include "base/text.hpp"
#include "data/array.hpp"
#include "data/words.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr double kNull = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kSecondsADay = 86'400;
constexpr std::int64_t kFirstDay = -719'162, kLastDay = 2'932'896;  // 0001-01-01, 9999-12-31

// How the values of a column lie in its buffers.
enum class Laid : std::uint8_t { nothing, bits, numbers, halves, texts, long_texts, views };

struct ArrowType {
  Laid laid = Laid::nothing;
  NumberType number = NumberType::f64;
  std::int64_t units_a_day = 0;  // of a date; 0: it is none
};

constexpr std::pair<std::string_view, ArrowType> kKnownFormats[] = {
    {"n", {Laid::nothing}},
    {"b", {Laid::bits}},
    {"c", {Laid::numbers, NumberType::i8}},
    {"C", {Laid::numbers, NumberType::u8}},
    {"s", {Laid::numbers, NumberType::i16}},
    {"S", {Laid::numbers, NumberType::u16}},
    {"i", {Laid::numbers, NumberType::i32}},
    {"I", {Laid::numbers, NumberType::u32}},
    {"l", {Laid::numbers, NumberType::i64}},
    {"L", {Laid::numbers, NumberType::u64}},
    {"e", {Laid::halves}},
    {"f", {Laid::numbers, NumberType::f32}},
    {"g", {Laid::numbers, NumberType::f64}},
    {"u", {Laid::texts}},
    {"U", {Laid::long_texts}},
    {"vu", {Laid::views}},
    {"tdD", {Laid::numbers, NumberType::i32, 1}},
    {"tdm", {Laid::numbers, NumberType::i64, kSecondsADay * 1'000}}};

// What formats mean that begin so, and are no column here.
constexpr std::pair<std::string_view, std::string_view> kOtherFormats[] = {{"z", "bytes"},
                                                                           {"Z", "bytes"},
                                                                           {"vz", "bytes"},
                                                                           {"w:", "bytes of a fixed length"},
                                                                           {"d:", "decimals"},
                                                                           {"tt", "times of the day"},
                                                                           {"tD", "durations"},
                                                                           {"ti", "intervals"},
                                                                           {"+l", "lists"},
                                                                           {"+L", "lists"},
                                                                           {"+vl", "lists"},
                                                                           {"+vL", "lists"},
                                                                           {"+w:", "lists of a fixed length"},
                                                                           {"+s", "structs"},
                                                                           {"+m", "maps"},
                                                                           {"+u", "unions"},
                                                                           {"+r", "runs"}};

std::optional<ArrowType> known_type(std::string_view format) {
  for (const auto& [name, type] : kKnownFormats)
    if (format == name) return type;
  if (!format.starts_with("ts") || format.size() < 4 || format[3] != ':') return std::nullopt;
  std::int64_t units = kSecondsADay;
  for (const char unit : {'s', 'm', 'u', 'n'}) {
    if (format[2] == unit) return ArrowType{Laid::numbers, NumberType::i64, units};
    units *= 1'000;
  }
  return std::nullopt;
}

template <class T>
T item(const void* buffer, std::size_t i) noexcept {  // which need not be aligned
  T value;
  std::memcpy(&value, static_cast<const std::byte*>(buffer) + i * sizeof(T), sizeof value);
  return value;
}

// A whole number that float64 may not tell from its neighbours.
template <class T>
bool is_large(T value) noexcept {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  if constexpr (std::is_floating_point_v<T>)
    return false;
  else
    return std::cmp_greater(value, kMost) || std::cmp_less(value, -kMost);
}

class ArrowColumnReader {
 public:
  ArrowColumnReader(const std::string& source, const std::string& name) : source_(source), name_(name) {}

  [[nodiscard]] ArrowColumn read(const ArrowSchema& schema, std::vector<ArrowPart> parts,
                                 bool is_dictionary = false) const {
    if (schema.format == nullptr) fail("its format is a null pointer");
    const std::optional<ArrowType> type = known_type(schema.format);
    if (!type) refuse(schema.format);
    for (ArrowPart& part : parts) look_at(part, type->laid);
    if (schema.dictionary != nullptr) {
      if (is_dictionary) fail("it is a dictionary of dictionaries");
      if (type->laid != Laid::numbers || type->number >= NumberType::f32 || type->units_a_day != 0)
        fail("the indices of its dictionary are no whole numbers");
      return read_by_value(*schema.dictionary, type->number, parts);
    }
    if (type->units_a_day != 0) return read_days(*type, parts);
    const Laid laid = type->laid;
    switch (laid) {
      case Laid::nothing: return copied<double>(parts, [](const ArrowPart&, std::size_t) { return kNull; });
      case Laid::numbers:
        return with_number_type(type->number, [&](auto zero) { return read_numbers<decltype(zero)>(parts); });
      case Laid::halves:
        return copied<float>(parts, [](const ArrowPart& part, std::size_t i) {
          return from_half(item<std::uint16_t>(part.buffer(1), part.first + i));
        });
      default:
        return read_words(parts, laid == Laid::bits ? ColumnType::yes_no : ColumnType::text,
                          [&](const ArrowPart& part, std::size_t i) { return text(laid, part, i); });
    }
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { refuse_arrow_column(source_, name_, what); }
  [[noreturn]] void fail_at(const ArrowPart& part, std::size_t i, const std::string& what) const {
    throw Error(ErrorCode::format, fmt::format("{}: {}", array_place(source_, name_, part.row + i, 0, 1), what));
  }

  [[noreturn]] void refuse(std::string_view format) const {
    std::string_view holds = "another type";
    for (const auto& [other, words] : kOtherFormats)
      if (format.starts_with(other)) holds = words;
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{}: column {} holds {} (Arrow's format {}), which no column here can be; cast it to numbers, "
                    "texts or dates, or leave it out",
                    source_, in_quotes(name_), holds, in_quotes(format)));
  }

  // Are its buffers there?
  void look_at(ArrowPart& part, Laid laid) const {
    const ArrowArray& array = *part.array;
    if (laid == Laid::nothing) return;
    const bool is_text = laid == Laid::texts || laid == Laid::long_texts, is_view = laid == Laid::views;
    const std::int64_t wanted = is_text || is_view ? 3 : 2;
    if (is_view ? array.n_buffers < wanted : array.n_buffers != wanted)
      fail(fmt::format("expected {} buffers{}, found {}", wanted, is_view ? " or more" : "", array.n_buffers));
    if (array.buffers == nullptr) fail("its buffers are a null pointer");
    part.valid = part.buffer(0);
    if (part.valid == nullptr && array.null_count > 0)
      fail(fmt::format("it has {} nulls, and nothing says where", array.null_count));
    if (part.rows > 0 && part.buffer(1) == nullptr) fail("the buffer of its values is a null pointer");
    static_cast<void>(checked_multiply(part.first + part.rows, 16, "the size of an Arrow column"));
  }

  [[nodiscard]] std::string_view text(Laid laid, const ArrowPart& part, std::size_t i) const {
    switch (laid) {
      case Laid::bits: return bit_of(part.buffer(1), part.first + i) ? "True" : "False";  // as pandas writes them
      case Laid::texts: return text_between<std::int32_t>(part, i);
      case Laid::long_texts: return text_between<std::int64_t>(part, i);
      default: return view(part, i);
    }
  }

  template <class Offset>
  [[nodiscard]] std::string_view text_between(const ArrowPart& part, std::size_t i) const {
    const auto begin = item<Offset>(part.buffer(1), part.first + i),
               end = item<Offset>(part.buffer(1), part.first + i + 1);
    if (begin < 0 || end < begin) fail_at(part, i, fmt::format("its text goes from byte {} to byte {}", begin, end));
    if (begin == end) return {};
    const auto* const bytes = static_cast<const char*>(part.buffer(2));
    if (bytes == nullptr) fail_at(part, i, "the buffer of the texts is a null pointer");
    return {bytes + begin, static_cast<std::size_t>(end - begin)};
  }

  // Of up to 12 bytes the text itself, else where it is.
  [[nodiscard]] std::string_view view(const ArrowPart& part, std::size_t i) const {
    struct View {
      std::int32_t size;
      std::array<char, 4> begins;
      std::int32_t buffer, offset;
    };
    constexpr std::int32_t kInside = 12;
    const auto found = item<View>(part.buffer(1), part.first + i);
    if (found.size < 0) fail_at(part, i, fmt::format("its text has {} bytes", found.size));
    if (found.size <= kInside)
      return {static_cast<const char*>(part.buffer(1)) + (part.first + i) * sizeof(View) + sizeof found.size,
              static_cast<std::size_t>(found.size)};
    const auto buffers = static_cast<std::size_t>(part.array->n_buffers);
    const void* const sizes = part.buffer(buffers - 1);
    const auto which = static_cast<std::size_t>(found.buffer);  // a negative one is larger than all
    if (sizes == nullptr || which >= buffers - 3 || part.buffer(2 + which) == nullptr)
      fail_at(part, i, fmt::format("its text is in buffer {} of {}", found.buffer, buffers - 3));
    const auto size = item<std::int64_t>(sizes, which);
    if (found.offset < 0 || std::int64_t{found.offset} + found.size > size)
      fail_at(part, i, fmt::format("its text begins at byte {} of {} and has {}", found.offset, size, found.size));
    return {static_cast<const char*>(part.buffer(2 + which)) + found.offset, static_cast<std::size_t>(found.size)};
  }

  // The numbers of the words, in the order of their first appearance. A null is the empty one.
  template <class TextOf>
  [[nodiscard]] ArrowColumn read_words(std::span<const ArrowPart> parts, ColumnType type, const TextOf& text_of) const {
    Words words;
    std::size_t known = 0;
    Buffer codes(checked_multiply(rows_of(parts), sizeof(std::uint32_t), "a column of text"));
    auto* code = codes.as<std::uint32_t>();
    for (const ArrowPart& part : parts) {
      for (std::size_t i = 0; i < part.rows; ++i) {
        const std::string_view word = part.is_null(i) ? std::string_view() : text_of(part, i);
        const std::size_t number = words.index(word);
        if (number == known) {
          if (!is_utf8(word)) fail_at(part, i, "its text is no UTF-8");
          if (++known > std::numeric_limits<std::uint32_t>::max())
            fail("it has more different texts than can be told apart");
        }
        *code++ = static_cast<std::uint32_t>(number);
      }
    }
    return {{.name = name_, .shape = {}, .categories = words.all(), .rows = rows_of(parts), .type = type},
            Block(NumberType::u32, 1, std::move(codes))};
  }

  // A null is NaN.
  template <class T, class ValueOf>
  [[nodiscard]] ArrowColumn copied(std::span<const ArrowPart> parts, const ValueOf& value_of) const {
    Buffer numbers(checked_multiply(rows_of(parts), sizeof(T), "a column of numbers"));
    T* number = numbers.as<T>();
    for (const ArrowPart& part : parts) {
      for (std::size_t i = 0; i < part.rows; ++i) {
        if constexpr (std::is_floating_point_v<T>) {
          *number++ = part.is_null(i) ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(value_of(part, i));
        } else {
          *number++ = value_of(part, i);
        }
      }
    }
    return {{.name = name_, .shape = {}, .rows = rows_of(parts)}, Block(number_type<T>(), 1, std::move(numbers))};
  }

  template <class T>
  [[nodiscard]] ArrowColumn read_numbers(std::span<const ArrowPart> parts) const {
    const auto value = [](const ArrowPart& part, std::size_t i) { return item<T>(part.buffer(1), part.first + i); };
    if (any_of(parts,
               [&](const ArrowPart& part, std::size_t i) { return is_large(value(part, i)) && !part.is_null(i); })) {
      std::array<char, 24> digits;
      return read_words(parts, ColumnType::text, [&](const ArrowPart& part, std::size_t i) -> std::string_view {
        return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value(part, i)).ptr};
      });
    }
    const bool any_null = any_of(parts, [](const ArrowPart& part, std::size_t i) { return part.is_null(i); });
    if (any_null && !std::is_floating_point_v<T>) {
      ArrowColumn column = copied<double>(parts, value);
      column.of_integers = true;
      return column;
    }
    const ArrowPart& part = parts.front();
    const auto* const numbers = static_cast<const std::byte*>(part.buffer(1)) + part.first * sizeof(T);
    if (any_null || parts.size() > 1 || reinterpret_cast<std::uintptr_t>(numbers) % alignof(T) != 0)
      return copied<T>(parts, value);
    return {{.name = name_, .shape = {}, .rows = part.rows},
            Block(number_type<T>(), 1, std::shared_ptr<const std::byte>(*part.chunk, numbers), part.rows)};
  }

  template <class Is>
  [[nodiscard]] static bool any_of(std::span<const ArrowPart> parts, const Is& is) {
    for (const ArrowPart& part : parts)
      for (std::size_t i = 0; i < part.rows; ++i)
        if (is(part, i)) return true;
    return false;
  }

  // As a text that says the same is read: the seconds of the day first, and what is below them.
  [[nodiscard]] ArrowColumn read_days(const ArrowType& type, std::span<const ArrowPart> parts) const {
    const std::int64_t a_day = type.units_a_day, a_second = std::max<std::int64_t>(1, a_day / kSecondsADay);
    const auto units_of = [&](const ArrowPart& part, std::size_t i) -> std::int64_t {
      if (type.number == NumberType::i32) return item<std::int32_t>(part.buffer(1), part.first + i);
      return item<std::int64_t>(part.buffer(1), part.first + i);
    };
    ArrowColumn column = copied<double>(parts, [&](const ArrowPart& part, std::size_t i) {
      const std::int64_t units = units_of(part, i), rest = (units % a_day + a_day) % a_day;
      const std::int64_t day = units / a_day - (units % a_day < 0 ? 1 : 0), whole = rest / a_second;
      if (day < kFirstDay || day > kLastDay) fail_at(part, i, "it is no date of the years 1 to 9999");
      const double seconds =
          static_cast<double>(whole) + static_cast<double>(rest % a_second) / static_cast<double>(a_second);
      return (static_cast<double>(day) * kSecondsADay + seconds) / kSecondsADay;
    });
    column.field.type = ColumnType::date;
    return column;
  }

  // What the indices stand for. The dictionaries of all parts are read as one, behind each other.
  [[nodiscard]] ArrowColumn read_by_value(const ArrowSchema& schema, NumberType type,
                                          std::span<ArrowPart> parts) const {
    std::vector<ArrowPart> dictionaries;
    std::size_t entries = 0;
    for (ArrowPart& part : parts) {
      const ArrowArray* const array = part.array->dictionary;
      if (array == nullptr) fail("it has no dictionary");
      part.entries = items_of(*array, fmt::format("{}: the dictionary of column {}", source_, in_quotes(name_)));
      part.first_entry = entries;
      dictionaries.push_back({.array = array,
                              .first = static_cast<std::size_t>(array->offset),
                              .rows = part.entries,
                              .row = entries,
                              .chunk = part.chunk});
      entries = checked_add(entries, part.entries, "the size of a dictionary");
    }
    const ArrowColumn values =
        ArrowColumnReader(source_, name_ + " (dictionary)").read(schema, std::move(dictionaries), true);
    const auto entry = [&](const ArrowPart& part, std::size_t i) {
      return with_number_type(type, [&](auto zero) {
        const auto index = item<decltype(zero)>(part.buffer(1), part.first + i);
        if (index < decltype(zero){} || static_cast<std::uint64_t>(index) >= part.entries)
          fail_at(part, i, fmt::format("it is entry {} of a dictionary of {}", index, part.entries));
        return part.first_entry + static_cast<std::size_t>(index);
      });
    };
    const auto value = [&](const ArrowPart& part, std::size_t i) {
      return with_number_type(values.block.type, [&](auto zero) {
        return static_cast<double>(*values.block.row<decltype(zero)>(entry(part, i)));
      });
    };
    if (values.field.type == ColumnType::text || values.field.type == ColumnType::yes_no) {
      const ColumnType is = values.field.type == ColumnType::text ? ColumnType::category : values.field.type;
      return read_words(parts, is, [&](const ArrowPart& part, std::size_t i) -> std::string_view {
        return values.field.categories[static_cast<std::size_t>(value(part, i))];
      });
    }
    ArrowColumn column = copied<double>(parts, value);
    column.field.type = values.field.type;
    column.of_integers = values.of_integers || values.block.type < NumberType::f32;
    return column;
  }

  [[nodiscard]] static std::size_t rows_of(std::span<const ArrowPart> parts) noexcept {
    return parts.back().row + parts.back().rows;
  }

  const std::string& source_;
  std::string name_;
};

}  // namespace

std::size_t items_of(const ArrowArray& array, const std::string& what) {
  if (array.length < 0 || array.offset < 0)
    throw Error(ErrorCode::format,
                fmt::format("{}: it has the length {} and the offset {}", what, array.length, array.offset));
  static_cast<void>(checked_add(static_cast<std::size_t>(array.length), static_cast<std::size_t>(array.offset),
                                "the size of an Arrow array"));
  return static_cast<std::size_t>(array.length);
}

void refuse_arrow_column(const std::string& source, const std::string& name, const std::string& what) {
  throw Error(ErrorCode::format, fmt::format("{}: column {}: {}", source, in_quotes(name), what));
}

ArrowColumn read_arrow_column(const std::string& source, const std::string& name, const ArrowSchema& schema,
                              std::vector<ArrowPart> parts) {
  return ArrowColumnReader(source, name).read(schema, std::move(parts));
}

}  // namespace strata::internal
