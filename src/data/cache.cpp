#include "data/cache.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/checked.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "data/cache_reading.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "the cache is little-endian and used where it lies");

constexpr std::uint32_t kPlain = 1, kTyped = 2;  // versions: without what is known of columns, and with it
constexpr std::size_t kPrefix = 40;              // magic, version, checksum, header bytes, rows, file bytes
constexpr std::size_t kChecked = 16;             // the checksum covers what follows from here to the end of the header
constexpr std::size_t kAlignment = 64;
constexpr std::size_t kLongestHeader = std::size_t{1} << 30;
constexpr std::size_t kMostDimensions = 64;
constexpr std::uint8_t kIsBytes = 1, kIsAmbiguous = 2;  // the second in version 2 alone

std::uint32_t checksum(std::span<const std::byte> bytes, std::uint32_t before = 0) {
  return static_cast<std::uint32_t>(::crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::size_t aligned(std::size_t at) {
  return checked_multiply(checked_add(at, kAlignment - 1, "the size of a cache") / kAlignment, kAlignment,
                          "the size of a cache");
}

struct BlockEntry {
  NumberType type = NumberType::f64;
  std::size_t width = 0, begin = 0, size = 0;  // begin and size: bytes of the file, computed
  std::uint32_t crc = 0;
};

// Where the blocks lie, and where the file ends.
std::size_t place_blocks(std::vector<BlockEntry>& blocks, std::size_t rows, std::size_t header_end) {
  std::size_t at = header_end;
  for (BlockEntry& block : blocks) {
    block.begin = aligned(at);
    block.size = checked_multiply(checked_multiply(rows, block.width, "the size of a cache"), bytes_of(block.type),
                                  "the size of a cache");
    at = checked_add(block.begin, block.size, "the size of a cache");
  }
  return at;
}

class HeaderWriter {
 public:
  template <class T>
  void number(std::type_identity_t<T> value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view text) {
    number<std::uint32_t>(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_)); }

 private:
  std::string bytes_;
};

// Every read is checked, every error says at which byte of the file.
class HeaderReader {
 public:
  HeaderReader(std::span<const std::byte> file, const std::string& name, std::size_t begin, std::size_t end)
      : file_(file), name_(name), at_(begin), end_(end) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(
        ErrorCode::format,
        fmt::format("{}: byte {}: {}; the cache is damaged: write it again with strata convert", name_, last_, what));
  }
  template <class T>
  T number(const char* what) {
    if (end_ - at_ < sizeof(T)) fail(fmt::format("the header ends inside {}", what));
    last_ = at_;
    T value;
    std::memcpy(&value, file_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  std::string text(const char* what) {
    const auto length = number<std::uint32_t>(what);
    if (end_ - at_ < length)
      fail(fmt::format("{} has {} bytes, but the header has only {} more", what, length, end_ - at_));
    std::string text(reinterpret_cast<const char*>(file_.data()) + at_, length);
    at_ += length;
    return text;
  }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  void require_end() const {
    if (at_ != end_) fail(fmt::format("the header goes on for {} bytes after its last field", end_ - at_));
  }

 private:
  std::span<const std::byte> file_;
  const std::string& name_;
  std::size_t at_, end_, last_ = at_;  // last: where what was read last begins
};

struct CachedField {
  Field field;
  std::size_t block = 0, offset = 0;
  std::vector<BadCell> bad = {};
  std::vector<SpelledNumber> spelled = {};
};

struct CacheHeader {
  std::uint32_t version = kPlain;
  TextCounts counts;
  std::size_t rows = 0;
  std::string source;
  std::vector<BlockEntry> blocks;
  std::vector<CachedField> fields;
};

// What is known of a column of a text.
void read_column(HeaderReader& in, CachedField& cached) {
  Field& field = cached.field;
  const auto type = in.number<std::uint8_t>("the type of a column");
  if (type > static_cast<std::uint8_t>(ColumnType::constant))
    in.fail(fmt::format("a column has the unknown type {}", type));
  field.type = static_cast<ColumnType>(type);
  field.why = in.text("the reason for a type");
  field.written = in.text("the form of a column");
  field.missing = in.number<std::uint64_t>("the missing cells of a column");
  const auto wrong = in.number<std::uint32_t>("the wrong cells of a column");
  for (std::uint32_t i = 0; i < wrong; ++i) {
    const std::size_t row = in.number<std::uint64_t>("the row of a wrong cell");
    if (row >= field.rows || (i > 0 && row <= cached.bad.back().row))
      in.fail(fmt::format("a wrong cell is in row {} of {} (counted from 0)", row, field.rows));
    const std::size_t line = in.number<std::uint64_t>("the line of a wrong cell");
    std::string text = in.text("a wrong cell");
    cached.bad.push_back(
        {.row = row, .line = line, .text = std::move(text), .record = in.text("the row of a wrong cell")});
  }
  const auto spelled = in.number<std::uint32_t>("the spellings of a column");
  for (std::uint32_t i = 0; i < spelled; ++i) {
    const auto value = in.number<double>("a spelled number");
    if (!std::isfinite(value) || (i > 0 && !(value > cached.spelled.back().value)))
      in.fail("the spelled numbers of a column do not ascend");
    cached.spelled.push_back({.value = value, .text = in.text("the spelling of a number")});
  }
  if (field.is_text() && wrong + spelled > 0) in.fail("a field of text has wrong cells, or spelled numbers");
}

CachedField read_field(HeaderReader& in, const CacheHeader& header) {
  CachedField cached;
  Field& field = cached.field;
  field.rows = header.rows;
  field.name = in.text("the name of a field");
  cached.block = in.number<std::uint32_t>("the block of a field");
  if (cached.block >= header.blocks.size())
    in.fail(fmt::format("a field is in block {} of {} (counted from 0)", cached.block, header.blocks.size()));
  const BlockEntry& block = header.blocks[cached.block];
  cached.offset = in.number<std::uint64_t>("the offset of a field");
  const auto flags = in.number<std::uint8_t>("the flags of a field");
  const std::uint8_t known = header.version == kPlain ? kIsBytes : kIsBytes | kIsAmbiguous;
  if ((flags & ~known) != 0) in.fail(fmt::format("a field has the unknown flags {}", flags));
  field.is_bytes = (flags & kIsBytes) != 0;
  field.is_ambiguous = (flags & kIsAmbiguous) != 0;
  if (field.is_bytes && block.type != NumberType::u8) in.fail("a field of 8-bit numbers is in a block of others");
  const auto rank = in.number<std::uint32_t>("the shape of a field");
  if (rank > kMostDimensions) in.fail(fmt::format("a field has {} dimensions, more than {}", rank, kMostDimensions));
  std::size_t width = 1;
  for (std::uint32_t d = 0; d < rank; ++d) {
    field.shape.push_back(in.number<std::uint64_t>("the shape of a field"));
    width = checked_multiply(width, field.shape.back(), "the shape of a field");
  }
  if (width == 0 || cached.offset > block.width || width > block.width - cached.offset)
    in.fail(fmt::format("{} numbers from number {} do not lie in a row of {}", width, cached.offset, block.width));
  const auto categories = in.number<std::uint32_t>("the texts of a field");
  for (std::uint32_t c = 0; c < categories; ++c) field.categories.push_back(in.text("a text of a field"));
  if (categories > 0 && width != 1) in.fail("a field of text has several numbers an example");
  if (categories > 0) field.type = ColumnType::category;
  if (header.version == kTyped) read_column(in, cached);
  return cached;
}

CacheHeader read_header(std::span<const std::byte> file, const std::string& name) {
  HeaderReader in(file, name, 0, std::min(file.size(), kPrefix));
  if (file.size() < kPrefix)
    in.fail(fmt::format("the file has {} bytes, fewer than the {} that begin a cache", file.size(), kPrefix));
  for (const char expected : kCacheMagic) {
    if (in.number<char>("the magic bytes") != expected) in.fail("expected the first bytes of a data cache");
  }
  const auto version = in.number<std::uint32_t>("the version");
  if (version != kPlain && version != kTyped) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format(
            "{}: byte 8: a data cache of version {}; this program reads versions {} and {}: write it again with "
            "its strata convert",
            name, version, kPlain, kTyped));
  }
  const auto expected_crc = in.number<std::uint32_t>("the checksum");
  const auto length = in.number<std::uint64_t>("the length of the header");
  if (length > kLongestHeader || length > file.size() - kPrefix)
    in.fail(fmt::format("the header should have {} bytes, but the file has only {} after byte {}", length,
                        file.size() - kPrefix, kPrefix));
  const std::size_t end = kPrefix + length;
  if (const std::uint32_t crc = checksum(file.subspan(kChecked, end - kChecked)); crc != expected_crc)
    in.fail(fmt::format("the checksum of the header is {:08x}, expected {:08x}", crc, expected_crc));
  CacheHeader header;
  header.version = version;
  header.rows = in.number<std::uint64_t>("the number of rows");
  const auto size = in.number<std::uint64_t>("the size of the file");

  HeaderReader body(file, name, kPrefix, end);
  if (header.rows == 0) body.fail("there are no rows");
  header.source = body.text("the name of the source");
  if (version == kTyped) {
    for (std::size_t* count : {&header.counts.bad_rows_skipped, &header.counts.bad_rows, &header.counts.bad_cells})
      *count = body.number<std::uint64_t>("what was left out");
  }
  const auto blocks = body.number<std::uint32_t>("the number of blocks");
  for (std::uint32_t b = 0; b < blocks; ++b) {
    BlockEntry block;
    const auto type = body.number<std::uint8_t>("the type of a block");
    if (type > static_cast<std::uint8_t>(NumberType::f64))
      body.fail(fmt::format("a block has the unknown type {}", type));
    block.type = static_cast<NumberType>(type);
    block.width = body.number<std::uint64_t>("the width of a block");
    if (block.width == 0) body.fail("a block has no columns");
    block.crc = body.number<std::uint32_t>("the checksum of a block");
    header.blocks.push_back(block);
  }
  const auto fields = body.number<std::uint32_t>("the number of fields");
  if (fields == 0) body.fail("there are no fields");
  std::set<std::string> names;
  for (std::uint32_t f = 0; f < fields; ++f) {
    header.fields.push_back(read_field(body, header));
    if (!names.insert(header.fields.back().field.name).second)
      body.fail(fmt::format("two fields have the name '{}'", printable(header.fields.back().field.name)));
  }
  body.require_end();
  const std::size_t computed = place_blocks(header.blocks, header.rows, end);
  if (computed != size)
    in.fail(fmt::format("the file should have {} bytes, but its blocks end at byte {}", size, computed));
  if (file.size() != size) {
    throw Error(
        ErrorCode::format,
        fmt::format("{}: byte {}: the file ends here, but its header promises {} bytes: it {}; write it again with "
                    "strata convert",
                    name, file.size(), size, file.size() < size ? "is cut short" : "has something behind its data"));
  }
  return header;
}

// The number of a text is used as an index: one that names no text must not get further than this.
void require_texts(const Table& table, const Field& field, std::size_t block_begin) {
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double number = table.number(field, row);
    if (number >= 0 && number < static_cast<double>(field.categories.size()) && number == std::floor(number)) continue;
    const Place& place = table.storage().place(field);
    const Block& block = table.storage().blocks[place.block];
    const std::size_t at = block_begin + (row * block.width + place.offset) * bytes_of(block.type);
    throw Error(ErrorCode::format,
                fmt::format("{}: byte {}: {} is text number {}, but there are {} texts; the cache is damaged: write it "
                            "again with strata convert",
                            table.source(), at, table.where(field, row), shortest(number), field.categories.size()));
  }
}

// Of a block only its own rows are mapped, so that what was looked at takes no memory any more.
class CacheBlocks final : public TableBlocks {
 public:
  CacheBlocks(FileReader& file, const Request& request)
      : file_(file),
        header_(read_header(MappedFile(file).bytes(), file.name())),
        bad_are_missing_(request.reading.bad_cells == BadCells::missing),
        missing_(request.reading.missing),
        missing_words_(MissingWords::only(missing_)),
        kept_(request.kept),
        report_(request.report) {
    std::vector<Field> available;
    for (CachedField& cached : header_.fields) {
      set_date_order(file.name(), cached.field, request.reading);
      available.push_back(cached.field);
    }
    require_obeyed(file.name(), available, request);
    chosen_ = chosen_fields(file.name(), available, request.choose);
    for (const std::size_t i : chosen_) is_only_kept_.push_back(is_only_kept(request, available[i].name));
  }

  std::optional<Table> read(std::size_t most) override {
    if (first_ == header_.rows) return std::nullopt;
    Table table = table_from(file_.name());
    Table::Storage& storage = table.storage();
    storage.rows = std::min(most, header_.rows - first_);
    storage.origins.front().first = first_;
    std::vector<std::size_t> begins;
    for (const BlockEntry& block : header_.blocks) {
      const std::size_t row_bytes = block.width * bytes_of(block.type);
      begins.push_back(block.begin + first_ * row_bytes);
      const auto map = std::make_shared<const MappedFile>(file_, begins.back(), storage.rows * row_bytes);
      const std::shared_ptr<const std::byte> numbers(map, map->bytes().data());
      storage.blocks.push_back({block.type, block.width, numbers, storage.rows});
      storage.blocks.back().is_mapped = true;
    }
    for (const std::size_t i : chosen_) {
      const CachedField& cached = header_.fields[i];
      storage.places.push_back(
          {.block = cached.block, .offset = cached.offset, .name = cached.field.name, .spelled = cached.spelled});
      storage.fields.push_back(cached.field);
      storage.fields.back().rows = storage.rows;
      add_bad(cached, storage);
    }
    if (report_ != nullptr) report_->counts.append(storage.counts, 0);
    storage.counts.append(header_.counts, 0);
    for (std::size_t f = 0; f < storage.fields.size(); ++f) {
      if (storage.fields[f].is_text()) require_texts(table, storage.fields[f], begins[storage.places[f].block]);
      if (!is_only_kept_[f]) require_none_missing(table, storage.fields[f], missing_);
    }
    first_ += storage.rows;
    return table;
  }

 private:
  // The wrong cells in the rows of this block.
  void add_bad(const CachedField& cached, Table::Storage& storage) {
    std::vector<BadCell> words;
    for (const BadCell& cell : cached.bad) {
      if (cell.row < first_ || cell.row - first_ >= storage.rows) continue;
      words.push_back(cell);
      words.back().row -= first_;
      if (missing_words_.contains(cell.text)) {
        ++storage.fields.back().missing;
      } else if (bad_are_missing_) {
        ++storage.fields.back().missing;
        std::size_t& first = storage.counts.first_bad_cell_line;
        first = storage.counts.bad_cells++ == 0 ? cell.line : std::min(first, cell.line);
      } else {
        storage.places.back().bad.push_back(words.back());
      }
    }
    if (kept_ == nullptr) return;
    kept_->words.resize(kept_->names.size());
    for (std::size_t k = 0; k < kept_->names.size(); ++k)
      if (kept_->names[k] == cached.field.name) kept_->words[k] = words;
  }

  FileReader& file_;
  CacheHeader header_;
  bool bad_are_missing_;
  std::vector<std::string> missing_;
  MissingWords missing_words_;
  std::vector<bool> is_only_kept_;  // of the chosen ones
  KeptCells* kept_;
  TextReport* report_;
  std::vector<std::size_t> chosen_;
  std::size_t first_ = 0;
};

}  // namespace

namespace {

// Does version 1 say all of it?
bool is_plain(const Field& field, const Place& place) {
  if (field.missing > 0 || !field.written.empty() || !place.bad.empty() || !place.spelled.empty()) return false;
  return field.is_text() ? field.type == ColumnType::category && field.why.empty() : field.type == ColumnType::number;
}

void require_remembered(const Table& table, const Field& field) {
  const Place& place = table.storage().place(field);
  if (!place.has_more_bad) return;
  throw Error(ErrorCode::value,
              fmt::format("{}: column {} has more wrong cells than a cache keeps, the first at {}: '{}'; say what they "
                          "are with {} or {}",
                          table.source(), in_quotes(field.name), table.where(field, place.bad.front().row),
                          printable(place.bad.front().text), spelled("bad-cells", "missing"),
                          spelled("categorical", printable(field.name))));
}

void write_column(HeaderWriter& header, const Field& field, const Place& place) {
  header.number<std::uint8_t>(static_cast<std::uint8_t>(field.type));
  header.text(field.why);
  header.text(field.written);
  header.number<std::uint64_t>(field.missing);
  header.number<std::uint32_t>(static_cast<std::uint32_t>(place.bad.size()));
  for (const BadCell& cell : place.bad) {
    header.number<std::uint64_t>(cell.row);
    header.number<std::uint64_t>(cell.line);
    header.text(cell.text);
    header.text(cell.record);
  }
  header.number<std::uint32_t>(static_cast<std::uint32_t>(place.spelled.size()));
  for (const auto& [value, text] : place.spelled) {
    header.number<double>(value);
    header.text(text);
  }
}

}  // namespace

// Of a table as it was read: all rows of its blocks, one after the other.
void write_cache(const Table& table, const fs::path& file) {
  const Table::Storage& storage = table.storage();
  std::vector<BlockEntry> blocks;
  HeaderWriter header;
  bool plain = storage.counts.bad_rows_skipped + storage.counts.bad_rows + storage.counts.bad_cells == 0;
  for (std::size_t f = 0; f < storage.fields.size(); ++f) {
    require_remembered(table, storage.fields[f]);
    plain = plain && is_plain(storage.fields[f], storage.places[f]);
  }
  header.text(fs::path(storage.source).filename().string());
  if (!plain) {
    for (const std::size_t count : {storage.counts.bad_rows_skipped, storage.counts.bad_rows, storage.counts.bad_cells})
      header.number<std::uint64_t>(count);
  }
  header.number<std::uint32_t>(static_cast<std::uint32_t>(storage.blocks.size()));
  const auto bytes_in = [&](const Block& block) {
    return std::span(block.numbers.get(), storage.rows * block.width * bytes_of(block.type));
  };
  for (const Block& block : storage.blocks) {
    assert(block.rows.size() == storage.rows && block.stride == static_cast<std::ptrdiff_t>(block.width));
    blocks.push_back({block.type, block.width, 0, 0, checksum(bytes_in(block))});
    header.number<std::uint8_t>(static_cast<std::uint8_t>(block.type));
    header.number<std::uint64_t>(block.width);
    header.number<std::uint32_t>(blocks.back().crc);
  }
  header.number<std::uint32_t>(static_cast<std::uint32_t>(storage.fields.size()));
  for (std::size_t f = 0; f < storage.fields.size(); ++f) {
    const Field& field = storage.fields[f];
    header.text(field.name);
    header.number<std::uint32_t>(static_cast<std::uint32_t>(storage.places[f].block));
    header.number<std::uint64_t>(storage.places[f].offset);
    header.number<std::uint8_t>((field.is_bytes ? kIsBytes : 0) | (field.is_ambiguous ? kIsAmbiguous : 0));
    header.number<std::uint32_t>(static_cast<std::uint32_t>(field.shape.size()));
    for (const std::size_t n : field.shape) header.number<std::uint64_t>(n);
    header.number<std::uint32_t>(static_cast<std::uint32_t>(field.categories.size()));
    for (const std::string& text : field.categories) header.text(text);
    if (!plain) write_column(header, field, storage.places[f]);
  }
  const std::size_t header_end = kPrefix + header.bytes().size();
  const std::size_t size = place_blocks(blocks, storage.rows, header_end);

  HeaderWriter sizes, prefix;
  sizes.number<std::uint64_t>(header.bytes().size());
  sizes.number<std::uint64_t>(storage.rows);
  sizes.number<std::uint64_t>(size);
  prefix.number<std::uint32_t>(plain ? kPlain : kTyped);
  prefix.number<std::uint32_t>(checksum(header.bytes(), checksum(sizes.bytes())));
  replace_file(file, [&](const Sink& sink) {
    sink(std::as_bytes(std::span(kCacheMagic)));
    sink(prefix.bytes());
    sink(sizes.bytes());
    sink(header.bytes());
    std::size_t at = header_end;
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::vector<std::byte> padding(blocks[b].begin - at);
      sink(padding);
      sink(bytes_in(storage.blocks[b]));
      at = blocks[b].begin + blocks[b].size;
    }
  });
}

void verify_cache(const fs::path& file) {
  FileReader reader(file);
  reader.make_seekable();
  const std::string name = reader.name();
  const MappedFile map(reader);
  const CacheHeader header = read_header(map.bytes(), name);
  for (const BlockEntry& block : header.blocks) {
    const std::uint32_t crc = checksum(map.bytes().subspan(block.begin, block.size));
    if (crc == block.crc) continue;
    throw Error(
        ErrorCode::format,
        fmt::format("{}: the checksum of bytes {} to {} is {:08x}, expected {:08x}; the cache is damaged: write it "
                    "again with strata convert",
                    name, block.begin, block.begin + block.size, crc, block.crc));
  }
}

Blocks read_cache(FileReader& file, const Request& request) { return std::make_unique<CacheBlocks>(file, request); }

}  // namespace strata::internal
