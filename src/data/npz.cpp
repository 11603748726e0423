// NumPy's .npz: a ZIP archive of .npy files. Only the central directory is believed, and only where it agrees with the
// file: members must lie inside the file without overlap, and may not promise more than deflate can hold.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/checked.hpp"
#include "base/text.hpp"
#include "data/array.hpp"
#include "data/formats.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostMembers = 1'000'000;
constexpr std::size_t kLargestDirectory = std::size_t{100} << 20;
constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kMemberPiece = std::size_t{64} << 10;

struct Member {
  std::string name;
  std::size_t header = 0;      // where its local header begins
  std::size_t compressed = 0;  // bytes in the archive
  std::size_t size = 0;        // bytes when inflated
  std::uint32_t crc = 0;
  bool deflated = false;
};

// Numbers of a record, the smallest byte first.
class Record {
 public:
  Record(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }
  std::span<const std::byte> take(std::size_t count) {
    if (count > bytes_.size())
      throw Error(ErrorCode::format, fmt::format("{}: damaged ZIP archive: a record is cut short", name_));
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    const auto digits = take(bytes);
    for (std::size_t i = bytes; i-- > 0;) value = value << 8U | static_cast<std::uint64_t>(digits[i]);
    return value;
  }
  std::string text(std::size_t count) {
    const auto taken = take(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& name_;
};

class Archive {
 public:
  explicit Archive(FileReader& file) : file_(file), name_(file.name()) { read_directory(); }

  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  FileReader& file() { return file_; }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::format, fmt::format("{}: damaged ZIP archive: {}", name_, what));
  }
  std::vector<std::byte> bytes_at(std::size_t position, std::size_t count) {
    if (position > file_.size() || count > file_.size() - position) fail("a part lies outside of the file");
    std::vector<std::byte> bytes(count);
    file_.seek(position);
    for (std::size_t at = 0; at < count;) {
      const std::size_t got = file_.read(std::span(bytes).subspan(at));
      if (got == 0) fail("the file ends too early");
      at += got;
    }
    return bytes;
  }
  /// Where the bytes of a member begin: behind its local header, which must tell the same name.
  std::size_t data_of(const Member& member) {
    constexpr std::size_t kLocal = 30;
    const auto fixed = bytes_at(member.header, kLocal);
    Record record(fixed, name_);
    if (record.number(4) != 0x04034B50)
      fail(fmt::format("'{}' is not where the directory says", printable(member.name)));
    record.take(22);
    const std::size_t name_length = record.number(2);
    const std::size_t extra_length = record.number(2);
    const auto local_name = bytes_at(member.header + kLocal, name_length);
    if (Record(local_name, name_).text(name_length) != member.name) {
      fail(fmt::format("'{}' has another name in the directory", printable(member.name)));
    }
    const std::size_t data = member.header + kLocal + name_length + extra_length;
    if (data > directory_ || member.compressed > directory_ - data) {
      fail(fmt::format("'{}' lies outside of the file", printable(member.name)));
    }
    return data;
  }

 private:
  void read_directory() {
    constexpr std::size_t kEnd = 22;
    const std::size_t size = file_.size();
    if (size < kEnd) fail("the file is too short");
    // The end record is at the end of the file, before a comment of at most 65,535 bytes.
    const std::size_t tail_length = std::min(size, kEnd + 65'535);
    const auto tail = bytes_at(size - tail_length, tail_length);
    std::size_t at = tail_length - kEnd;
    const auto is_end = [&](std::size_t i) {
      Record record(std::span<const std::byte>(tail).subspan(i), name_);
      if (record.number(4) != 0x06054B50) return false;
      record.take(16);
      return record.number(2) == tail_length - i - kEnd;
    };
    while (!is_end(at)) {
      if (at == 0) fail("its directory is missing; is the file complete?");
      --at;
    }
    Record end(std::span<const std::byte>(tail).subspan(at), name_);
    end.take(4);
    std::uint64_t disk = end.number(2), directory_disk = end.number(2), here = end.number(2), count = end.number(2);
    std::uint64_t length = end.number(4), offset = end.number(4);
    std::size_t limit = size - tail_length + at;  // the directory ends before this
    if (count == 0xFFFF || length == 0xFFFFFFFF || offset == 0xFFFFFFFF) {
      constexpr std::size_t kLocator = 20, kEnd64 = 56;
      if (limit >= kLocator) {
        const auto locator_bytes = bytes_at(limit - kLocator, kLocator);
        Record locator(locator_bytes, name_);
        if (locator.number(4) == 0x07064B50) {
          locator.take(4);
          const std::size_t end64_at = locator.number(8);
          const auto end64_bytes = bytes_at(end64_at, kEnd64);
          Record end64(end64_bytes, name_);
          if (end64.number(4) != 0x06064B50) fail("its ZIP64 directory is missing");
          end64.take(12);
          disk = end64.number(4), directory_disk = end64.number(4);
          here = end64.number(8), count = end64.number(8), length = end64.number(8), offset = end64.number(8);
          limit = end64_at;
        }
      }
    }
    if (disk != 0 || directory_disk != 0 || here != count) fail("it is one part of an archive in several parts");
    if (count > kMostMembers || length > kLargestDirectory) fail("it has too many members");
    if (offset > limit || length > limit - offset) fail("its directory lies outside of the file");
    directory_ = offset;
    const auto bytes = bytes_at(offset, length);
    Record directory(bytes, name_);
    for (std::uint64_t i = 0; i < count; ++i) read_member(directory);
    if (directory.left() != 0) fail("its directory is longer than its members");
    check_members();
  }

  void read_member(Record& directory) {
    if (directory.number(4) != 0x02014B50) fail("its directory makes no sense");
    directory.take(4);
    const std::uint64_t flags = directory.number(2), method = directory.number(2);
    directory.take(4);
    Member member;
    member.crc = static_cast<std::uint32_t>(directory.number(4));
    member.compressed = directory.number(4);
    member.size = directory.number(4);
    const std::size_t name_length = directory.number(2), extra_length = directory.number(2);
    const std::size_t comment_length = directory.number(2);
    directory.take(8);
    member.header = directory.number(4);
    if (name_length > kLongestName) fail("a name is longer than 4096 bytes");
    member.name = directory.text(name_length);
    Record extra(directory.take(extra_length), name_);
    directory.take(comment_length);
    while (extra.left() >= 4) {
      const std::uint64_t id = extra.number(2);
      Record field(extra.take(extra.number(2)), name_);
      if (id != 1) continue;  // ZIP64: the sizes that do not fit 32 bits, in this order
      for (std::size_t* value : {&member.size, &member.compressed, &member.header}) {
        if (*value == 0xFFFFFFFF) *value = field.number(8);
      }
    }
    const std::string shown = printable(member.name);
    if ((flags & 1U) != 0) throw Error(ErrorCode::unsupported, fmt::format("{}: '{}' is encrypted", name_, shown));
    if (method != 0 && method != 8) {
      throw Error(ErrorCode::unsupported,
                  fmt::format("{}: '{}' is compressed by method {}; stored and deflated members can be read", name_,
                              shown, method));
    }
    member.deflated = method == 8;
    if (member.header >= directory_ || member.compressed > directory_ - member.header)
      fail(fmt::format("'{}' lies outside of the file", shown));
    const bool possible =
        member.deflated ? member.size / kDeflateRatio <= member.compressed : member.size == member.compressed;
    if (!possible) {
      fail(fmt::format("'{}' claims {} bytes out of {}, more than can be packed into so few", shown, member.size,
                       member.compressed));
    }
    members_.push_back(std::move(member));
  }

  void check_members() {
    std::vector<const Member*> order;
    for (const Member& member : members_) order.push_back(&member);
    std::ranges::sort(order, {}, &Member::header);
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (order[i]->header - order[i - 1]->header < order[i - 1]->compressed + 30) {
        fail(fmt::format("'{}' and '{}' overlap", printable(order[i - 1]->name), printable(order[i]->name)));
      }
    }
    std::ranges::sort(order, {}, &Member::name);
    const auto twice = std::ranges::adjacent_find(order, {}, &Member::name);
    if (twice != order.end()) fail(fmt::format("it has two members named '{}'", printable((*twice)->name)));
  }

  FileReader& file_;
  std::string name_;
  std::size_t directory_ = 0;
  std::vector<Member> members_;
};

// The bytes of one member. Only one is read at a time.
class MemberSource final : public ByteSource {
 public:
  MemberSource(Archive& archive, const Member& member)
      : archive_(archive), member_(member), packed_left_(member.compressed), left_(member.size), piece_(kMemberPiece) {
    at_ = archive.data_of(member);
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) {
      throw Error(ErrorCode::memory, fmt::format("{}: no memory to inflate", archive.name()));
    }
  }
  ~MemberSource() override { inflateEnd(&stream_); }
  MemberSource(const MemberSource&) = delete;
  MemberSource& operator=(const MemberSource&) = delete;

  std::size_t read(std::span<std::byte> into) override {
    into = into.first(std::min({into.size(), left_, std::size_t{1} << 30}));
    if (left_ == 0) {
      finish();
      return 0;
    }
    const std::size_t got = member_.deflated ? inflate_into(into) : read_packed(into);
    if (got == 0) fail("it ends too early");
    crc_ = static_cast<std::uint32_t>(crc32(crc_, reinterpret_cast<const Bytef*>(into.data()), static_cast<uInt>(got)));
    left_ -= got;
    return got;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    archive_.fail(fmt::format("'{}': {}", printable(member_.name), what));
  }
  // Several members may be read side by side.
  std::size_t read_packed(std::span<std::byte> into) {
    archive_.file().seek(at_);
    const std::size_t got = archive_.file().read(into);
    at_ += got;
    packed_left_ -= std::min(got, packed_left_);
    return got;
  }
  bool refill() {
    if (stream_.avail_in > 0) return true;
    const std::size_t got = read_packed(std::span(piece_).first(std::min(piece_.size(), packed_left_)));
    stream_.next_in = reinterpret_cast<Bytef*>(piece_.data());
    stream_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }
  std::size_t inflate_into(std::span<std::byte> into) {
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = static_cast<uInt>(into.size());
    while (!ended_ && stream_.avail_out == into.size()) {
      // When the compressed bytes are used up, inflate may still hold some that it has not given.
      const bool more = packed_left_ == 0 ? stream_.avail_in > 0 : refill();
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END) {
        ended_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR && stream_.avail_out == into.size()) {
        fail("the compressed data make no sense");
      } else if (!more && stream_.avail_out == into.size()) {
        break;
      }
    }
    return into.size() - stream_.avail_out;
  }
  void finish() {
    if (member_.deflated && !ended_) {
      std::byte more{};
      if (inflate_into({&more, 1}) != 0) fail("it inflates to more bytes than it claims");
      if (!ended_) fail("it ends too early");
    }
    if (packed_left_ > 0 || stream_.avail_in > 0) fail("it has more bytes than it uses");
    if (crc_ != member_.crc) fail("its checksum is wrong");
  }

  Archive& archive_;
  const Member& member_;
  std::size_t at_ = 0;       // in the file
  std::size_t packed_left_;  // not yet read from the file
  std::size_t left_;         // not yet given
  std::vector<std::byte> piece_;
  z_stream stream_{};
  std::uint32_t crc_ = 0;
  bool ended_ = false;
};

}  // namespace

Blocks read_npz(FileReader& file, const Request& request) {
  const auto archive = std::make_shared<Archive>(file);
  const std::string& name = archive->name();
  std::vector<Field> available;
  std::vector<const Member*> members;
  std::vector<ArrayLayout> layouts;
  std::vector<RefusedArray> refused;
  const auto open = [archive](const Member& member) {
    return std::make_unique<Input>(std::make_unique<MemberSource>(*archive, member),
                                   fmt::format("{}: {}", archive->name(), printable(member.name)), member.size);
  };
  bool is_workbook = false, has_text = false;
  constexpr std::string_view kText[] = {".csv", ".tsv", ".txt", ".data"};
  for (const Member& member : archive->members()) {
    is_workbook = is_workbook || member.name.starts_with("xl/") || member.name == "content.xml";
    has_text = has_text || std::ranges::any_of(kText, [&](auto ending) { return member.name.ends_with(ending); });
    constexpr std::string_view kEnding = ".npy";
    if (!member.name.ends_with(kEnding)) continue;
    const std::string field_name = member.name.substr(0, member.name.size() - kEnding.size());
    try {
      const ArrayLayout layout = examples_first(read_npy_header(*open(member)), request.reading.transpose);
      const std::string reason = why_no_field(layout);
      if (reason.empty()) {
        available.push_back(field_of(field_name, layout));
        members.push_back(&member);
        layouts.push_back(layout);
      } else {
        refused.push_back({field_name, reason});
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unsupported) throw;
      refused.push_back({field_name, fmt::format("cannot be read: {}", error.what())});
    }
  }
  if (available.empty()) {
    std::string what = is_workbook ? fmt::format("is a workbook (.xlsx or .ods); {}", kOfWorkbook)
                       : has_text  ? "is a ZIP archive of text; unpack it first: unzip FILE"
                                   : "is a ZIP archive without arrays of numbers";
    if (!refused.empty()) what += fmt::format(" ('{}' {})", printable(refused.front().name), refused.front().reason);
    throw Error(ErrorCode::format, fmt::format("{} {}", name, what));
  }
  const std::vector<std::size_t> chosen = chosen_fields(name, available, request.choose, refused);
  require_equal_rows(name, available, chosen);
  report_arrays(request, {}, refused);
  std::vector<ArrayField> arrays;
  for (const std::size_t i : chosen) {
    const auto open_array = [open, member = members[i]] {
      auto input = open(*member);
      static_cast<void>(read_npy_header(*input));
      return input;
    };
    arrays.push_back({available[i], layouts[i], open_array});
  }
  return blocks_of(name, std::move(arrays), request);
}

}  // namespace strata::internal
