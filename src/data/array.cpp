#include "data/array.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/checked.hpp"
#include "base/text.hpp"
#include "data/column_survey.hpp"
#include "data/formats.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kLongestText = std::size_t{16} << 20;

template <std::size_t N>
void swap_items(std::byte* items, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) std::reverse(items + i * N, items + (i + 1) * N);
}

void swap_bytes(std::byte* items, std::size_t count, std::size_t item_bytes) {
  if (item_bytes == 2) return swap_items<2>(items, count);
  if (item_bytes == 4) return swap_items<4>(items, count);
  if (item_bytes == 8) return swap_items<8>(items, count);
}

// Walks through the items in the order of a Fortran file and gives each one's place in C order.
class FortranWalk {
 public:
  explicit FortranWalk(std::span<const std::size_t> dims)
      : dims_(dims), strides_(dims.size(), 1), index_(dims.size(), 0) {
    for (std::size_t d = dims.size() - 1; d > 0; --d) strides_[d - 1] = strides_[d] * dims[d];
  }
  std::size_t next() {
    const std::size_t here = position_;
    for (std::size_t d = 0; d < dims_.size(); ++d) {
      position_ += strides_[d];
      if (++index_[d] < dims_[d]) break;
      position_ -= strides_[d] * dims_[d];
      index_[d] = 0;
    }
    return here;
  }

 private:
  std::span<const std::size_t> dims_;
  std::vector<std::size_t> strides_, index_;
  std::size_t position_ = 0;
};

template <std::size_t N>
void scatter(const std::byte* items, std::size_t count, FortranWalk& walk, std::byte* out) {
  for (std::size_t i = 0; i < count; ++i) std::memcpy(out + walk.next() * N, items + i * N, N);
}

// Items of the file, in place, to items of the table; those of half precision grow.
void convert(const ArrayLayout& layout, std::byte* items, std::size_t count) {
  if (layout.swap) swap_bytes(items, count, layout.item_bytes);
  if (layout.kind == ArrayLayout::Kind::boolean) {
    for (std::size_t i = 0; i < count; ++i) items[i] = std::byte{items[i] != std::byte{0}};
  } else if (layout.kind == ArrayLayout::Kind::half) {
    for (std::size_t i = count; i-- > 0;) {  // from the end: an item grows over those behind it, which are done
      std::uint16_t half = 0;
      std::memcpy(&half, items + 2 * i, 2);
      const float value = from_half(half);
      std::memcpy(items + 4 * i, &value, 4);
    }
  }
}

// Grows with the bytes that really come, so that a header that lies costs no memory. Where the input has a fault: the
// rows that are whole.
Buffer read_numbers(Input& input, const ArrayLayout& layout, std::size_t rows, std::size_t width,
                    const std::filesystem::path& spill) {
  const std::size_t item = bytes_of(layout.type), count = checked_multiply(rows, width, "the shape of an array");
  const std::size_t total = checked_multiply(count, item, "the size of an array");
  const bool transpose = layout.fortran && layout.dims.size() > 1;
  const bool direct = !transpose && item == layout.item_bytes;
  Buffer out = Buffer::in(spill);
  if (input.left() || transpose) out.resize(total);  // compared with the layout; else touched only where numbers arrive
  FortranWalk walk(layout.dims);
  std::vector<std::byte> piece(direct ? 0 : kPiece / layout.item_bytes * std::max(item, layout.item_bytes));
  std::size_t at = 0;
  while (at < count && !input.fault()) {
    const std::size_t items = std::min(count - at, kPiece / layout.item_bytes);
    if (out.size() < (at + items) * item) out.resize((at + items) * item);
    std::byte* const into = direct ? out.data() + at * item : piece.data();
    const std::size_t got = input.fill({into, items * layout.item_bytes}, "the numbers") / layout.item_bytes;
    convert(layout, into, got);
    if (transpose) {
      with_number_type(layout.type, [&](auto zero) { scatter<sizeof zero>(into, got, walk, out.data()); });
    } else if (!direct) {
      std::memcpy(out.data() + at * item, into, got * item);
    }
    at += got;
  }
  // In Fortran's order the last number of the first row is the first of the last `rows`.
  out.resize((transpose ? at - std::min(at, count - rows) : at / width) * width * item);
  out.shrink_to_fit();
  return out;
}

void append_utf8(std::uint32_t code, std::string& text) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) code = 0xFFFD;
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0U | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12);
    put(0x80U | (code >> 6 & 0x3FU));
  } else {
    put(0xF0U | code >> 18);
    put(0x80U | (code >> 12 & 0x3FU));
    put(0x80U | (code >> 6 & 0x3FU));
  }
  put(0x80U | (code & 0x3FU));
}

Buffer read_texts(Input& input, const ArrayLayout& layout, std::size_t count, Field& field,
                  const std::filesystem::path& spill) {
  Categories categories;
  Buffer out = Buffer::in(spill);
  std::vector<std::byte> item(layout.kind == ArrayLayout::Kind::counted_text ? 4 : layout.item_bytes);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (input.fill(item, "the texts") < item.size()) break;
    text.clear();
    if (layout.kind == ArrayLayout::Kind::counted_text) {  // its length, the smallest byte first, and its bytes
      std::size_t length = 0;
      for (std::size_t d = item.size(); d-- > 0;) length = length << 8U | static_cast<std::size_t>(item[d]);
      if (length > kLongestText)
        throw Error(ErrorCode::format, fmt::format("{}: a text is longer than 16 MiB", input.name()));
      text.resize(length);
      if (input.fill(std::as_writable_bytes(std::span(text)), "the texts") < length) break;
    } else if (layout.kind == ArrayLayout::Kind::bytes_text) {
      text.assign(reinterpret_cast<const char*>(item.data()), item.size());
      text.erase(text.find_last_not_of('\0') + 1);
    } else {
      if (layout.swap) swap_bytes(item.data(), item.size() / 4, 4);
      for (std::size_t at = 0; at < item.size(); at += 4) {
        std::uint32_t code = 0;
        std::memcpy(&code, item.data() + at, 4);
        if (code == 0) break;
        append_utf8(code, text);
      }
    }
    out.resize((i + 1) * sizeof(std::uint32_t));
    out.as<std::uint32_t>()[i] = static_cast<std::uint32_t>(categories.index(text));
  }
  field.categories = categories.take();
  out.shrink_to_fit();
  return out;
}

// The first whole number that float64 may not hold.
std::optional<std::size_t> first_beyond_double(const Buffer& numbers, NumberType type) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53U;
  const auto find = [&](const auto* first, auto is_beyond) -> std::optional<std::size_t> {
    const auto* const end = first + numbers.size() / sizeof *first;
    const auto* const found = std::find_if(first, end, is_beyond);
    return found == end ? std::nullopt : std::optional(static_cast<std::size_t>(found - first));
  };
  if (type == NumberType::u64)
    return find(numbers.as<std::uint64_t>(), [](std::uint64_t n) { return n > std::uint64_t{kMost}; });
  if (type == NumberType::i64)
    return find(numbers.as<std::int64_t>(), [](std::int64_t n) { return n > kMost || n < -kMost; });
  return std::nullopt;
}

std::string text_of(const Buffer& numbers, NumberType type, std::size_t i) {
  return type == NumberType::u64 ? std::to_string(numbers.as<std::uint64_t>()[i])
                                 : std::to_string(numbers.as<std::int64_t>()[i]);
}

// Labels and keys, which are no quantities: words, as they are in a column of a text, whose type may be known.
Block as_words(const Buffer& numbers, NumberType type, bool is_known, Field& field,
               const std::filesystem::path& spill) {
  const MissingWords missing = MissingWords::only({});
  ColumnSurvey survey(missing);
  Categories categories;
  Buffer out = Buffer::in(spill);
  const std::size_t rows = numbers.size() / sizeof(std::uint64_t);
  out.resize(rows * sizeof(std::uint32_t));
  for (std::size_t i = 0; i < rows; ++i) {
    const std::string text = text_of(numbers, type, i);
    if (!is_known) survey.add(text, i, i);
    out.as<std::uint32_t>()[i] = static_cast<std::uint32_t>(categories.index(text));
  }
  if (!is_known) {
    const ColumnVerdict verdict = survey.decide(field.name);
    field.type = verdict.type;
    field.why = verdict.why;
  }
  field.shape.clear();
  field.categories = categories.take();
  return {NumberType::u32, 1, std::move(out)};
}

bool is_ascii(std::string_view text) {
  std::uint64_t all = 0;
  std::size_t i = 0;
  for (; i + sizeof all <= text.size(); i += sizeof all) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof word);
    all |= word;
  }
  for (; i < text.size(); ++i) all |= static_cast<unsigned char>(text[i]);
  return (all & 0x8080808080808080U) == 0;
}

// The characters 0x80 to 0x9F of Windows-1252, as browsers take them (WHATWG Encoding); all others are those of
// Latin-1.
constexpr std::uint16_t kWindows1252[] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

}  // namespace

float from_half(std::uint16_t half) noexcept {
  const int exponent = (half >> 10) & 0x1F;
  const int fraction = half & 0x3FF;
  float value;
  if (exponent == 0x1F) {
    value = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    value = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  }
  return (half & 0x8000) != 0 ? -value : value;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U; };
    const unsigned first = byte(i);
    std::size_t length = 1;
    if (first >= 0x80) {
      length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
      if (first < 0xC2 || first > 0xF4) return false;
      for (std::size_t k = 1; k < length; ++k) {
        if ((byte(i + k) & 0xC0U) != 0x80U) return false;
      }
      const unsigned second = byte(i + 1);
      if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
          (first == 0xF4 && second > 0x8F)) {
        return false;
      }
    }
    i += length;
  }
  return true;
}

namespace {

void require_size(const Input& input, const ArrayLayout& layout) {
  const std::size_t count = checked_product(layout.dims, "the shape of an array");
  const std::size_t expected = checked_multiply(count, layout.item_bytes, "the size of an array");
  if (input.left() && *input.left() != expected) {
    const bool fewer = *input.left() < expected;
    throw Error(
        ErrorCode::format,
        fmt::format("{}: the header promises {} numbers of {} bytes, {} bytes, but {} {} follow; the file is {}",
                    input.name(), count, layout.item_bytes, expected, fewer ? "only" : "in fact", *input.left(),
                    fewer ? "cut short" : "damaged, or holds more than one array"));
  }
}

// Where the first index runs fastest, an example's numbers are all over the file; and every open array of an HDF5 file
// is a process.
constexpr std::size_t kMostOpen = 32;

class ArrayBlocks final : public TableBlocks {
 public:
  ArrayBlocks(std::string name, std::vector<ArrayField> arrays, const Request& request)
      : name_(std::move(name)), arrays_(std::move(arrays)), inputs_(arrays_.size()), spill_(request.spill) {
    for (const ArrayField& array : arrays_) are_words_.push_back(are_words(array, request));
    left_ = arrays_.front().field.rows;
    whole_ = arrays_.size() > kMostOpen;
    for (std::size_t i = 0; i < arrays_.size(); ++i)
      whole_ = whole_ || !are_words_[i] || (arrays_[i].layout.fortran && arrays_[i].field.width() > 1);
  }

  std::optional<Table> read(std::size_t most) override {
    if (left_ == 0) return std::nullopt;
    const std::size_t wanted = whole_ ? left_ : std::min(most, left_);
    std::size_t rows = wanted;
    Table table = table_from(name_, spill_);
    table.storage().origins.front().first = first_;
    left_ -= rows;
    for (std::size_t i = 0; i < arrays_.size(); ++i) {
      const ArrayLayout& layout = arrays_[i].layout;
      const bool counted = layout.kind == ArrayLayout::Kind::counted_text;
      if (inputs_[i] == nullptr) {
        inputs_[i] = arrays_[i].open();
        if (!counted) require_size(*inputs_[i], layout);
      }
      Input& input = *inputs_[i];
      Field field = arrays_[i].field;
      Block block = layout.is_text() ? Block(NumberType::u32, 1, read_texts(input, layout, rows, field, spill_))
                                     : number_block(input, layout, rows, are_words_[i], field);
      field.rows = block.rows.size();
      if (left_ == 0 && field.rows == wanted)
        input.keep_fault([&] { input.require_end(counted ? "the last text" : "the last number"); });
      if (input.fault()) keep_fault(input.fault());
      if (field.rows < rows) {  // a fault, before any that was met in another array
        if (field.rows == 0) return std::nullopt;
        if (i > 0) table = table.slice_rows(0, field.rows);
        rows = field.rows;
      }
      table.storage().add_array(std::move(field), std::move(block), 0);
      if (left_ == 0) inputs_[i].reset();
    }
    first_ += rows;
    return table;
  }

 private:
  // Is it one of words? Nothing: where it holds a whole number that is too large.
  static std::optional<bool> are_words(const ArrayField& array, const Request& request) {
    const NumberType type = array.layout.type;
    if ((type != NumberType::i64 && type != NumberType::u64) || array.field.width() > 1) return false;
    if (is_only_kept(request, array.field.name)) return true;
    const KnownColumn* known = known_column(request, array.field.name);
    if (known == nullptr && !all_known(request)) return std::nullopt;
    return known != nullptr && (known->type == ColumnType::category || known->type == ColumnType::yes_no);
  }

  // None of its numbers is rounded.
  Block number_block(Input& input, const ArrayLayout& layout, std::size_t rows, std::optional<bool> are_words,
                     Field& field) {
    const std::size_t width = field.width();
    Buffer numbers = read_numbers(input, layout, rows, width, spill_);
    const std::optional<std::size_t> beyond = first_beyond_double(numbers, layout.type);
    if (are_words.value_or(beyond.has_value()))
      return as_words(numbers, layout.type, are_words.has_value(), field, spill_);
    if (beyond) {  // a fault of its row, before any that the input has
      const std::size_t row = *beyond / width;
      input.keep_fault([&] {
        throw Error(ErrorCode::value,
                    fmt::format("{} is {}, beyond 2^53, where float64 would round it; {} leaves the array out",
                                array_place(name_, field.name, first_ + row, *beyond % width, width),
                                text_of(numbers, layout.type, *beyond), spelled("ignore", printable(field.name))));
      });
      numbers.resize(row * width * sizeof(std::uint64_t));
    }
    return {layout.type, width, std::move(numbers)};
  }

  std::string name_;
  std::vector<ArrayField> arrays_;
  std::vector<std::unique_ptr<Input>> inputs_;
  std::vector<std::optional<bool>> are_words_;  // of each
  std::filesystem::path spill_;
  std::size_t left_ = 0, first_ = 0;
  bool whole_ = false;
};

}  // namespace

std::string_view as_utf8(std::string_view text, std::string& room) {
  if (is_ascii(text) || is_utf8(text)) return text;
  room.clear();
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    append_utf8(byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80U] : byte, room);
  }
  return room;
}

struct Categories::State {
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> index;
  std::string room;
};

Categories::Categories() = default;
Categories::~Categories() = default;
Categories::Categories(Categories&&) noexcept = default;
Categories& Categories::operator=(Categories&&) noexcept = default;

std::size_t Categories::index(std::string_view text) {
  if (!state_) state_ = std::make_unique<State>();  // most columns of a table are numbers
  text = as_utf8(text, state_->room);
  const auto found = state_->index.find(text);
  if (found != state_->index.end()) return found->second;
  const std::size_t next = state_->index.size();
  state_->index.emplace(std::string(text), next);
  return next;
}

std::vector<std::string> Categories::take() {
  if (!state_) return {};
  std::vector<std::string> names(state_->index.size());
  while (!state_->index.empty()) {
    auto node = state_->index.extract(state_->index.begin());
    names[node.mapped()] = std::move(node.key());
  }
  return names;
}

ArrayLayout examples_first(const ArrayLayout& layout, Transpose transpose) {
  const bool turns = transpose == Transpose::yes || (transpose == Transpose::automatic && layout.is_turned);
  ArrayLayout turned = layout;
  turned.is_turned = false;
  if (!turns || layout.dims.size() < 2) return turned;
  std::ranges::reverse(turned.dims);
  turned.fortran = !layout.fortran;
  return turned;
}

void report_arrays(const Request& request, std::span<const std::string> turned, std::span<const RefusedArray> refused) {
  if (request.report == nullptr) return;
  if (!turned.empty())
    request.report->turned = fmt::format(
        "MATLAB turns arrays round: the last index of the file counts the examples of {}; {} takes the first",
        joined(turned, 6), spelled("transpose", "no"));
  if (!refused.empty()) request.report->left_out = "left out: " + reasons_of(refused);
}

Field field_of(std::string name, const ArrayLayout& layout) {
  Field field{.name = std::move(name), .shape = {}, .categories = {}};
  field.rows = layout.dims.front();
  field.shape.assign(layout.dims.begin() + 1, layout.dims.end());
  field.is_bytes = layout.kind == ArrayLayout::Kind::number && layout.type == NumberType::u8;
  if (layout.is_text()) field.shape.clear();
  return field;
}

std::string why_no_field(const ArrayLayout& layout) {
  if (layout.dims.empty()) return "is a single value, not a list of examples";
  if (layout.dims.front() == 0) return "has no examples";
  std::size_t width = 1;
  for (const std::size_t n : std::span(layout.dims).subspan(1))
    width = checked_multiply(width, n, "the shape of an example");
  if (width == 0) return "has examples without numbers";
  if (layout.is_text() && width != 1) return "has several texts for each example";
  return "";
}

Blocks blocks_of(std::string name, std::vector<ArrayField> arrays, const Request& request) {
  return std::make_unique<ArrayBlocks>(std::move(name), std::move(arrays), request);
}

Blocks blocks_of(std::unique_ptr<Input> input, const std::string& field, const ArrayLayout& in_file,
                 const Request& request) {
  const std::string name = input->name();
  const ArrayLayout layout = examples_first(in_file, request.reading.transpose);
  if (const std::string reason = why_no_field(layout); !reason.empty())
    throw Error(ErrorCode::format, fmt::format("{}: the array {}", name, reason));
  const Field found = field_of(field, layout);
  static_cast<void>(chosen_fields(name, {&found, 1}, request.choose));
  const auto once = std::make_shared<std::unique_ptr<Input>>(std::move(input));
  return blocks_of(name, {{found, layout, [once] { return std::move(*once); }}}, request);
}

}  // namespace strata::internal
