#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "data/byte_source.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kPackedPiece = std::size_t{64} << 10;

class GzipSource final : public ByteSource {
 public:
  GzipSource(std::unique_ptr<ByteSource> compressed, std::string name)
      : compressed_(std::move(compressed)), name_(std::move(name)), piece_(kPackedPiece) {
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) {  // 16: a gzip header, and nothing else
      throw Error(ErrorCode::memory, fmt::format("{}: no memory to inflate", name_));
    }
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::size_t read(std::span<std::byte> into) override {
    const auto room = static_cast<uInt>(std::min<std::size_t>(into.size(), std::size_t{1} << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(into.data());
    stream_.avail_out = room;
    while (!done_ && stream_.avail_out == room) {
      if (damaged_) fail(stream_.msg != nullptr ? stream_.msg : "the compressed data make no sense");
      if (stream_.avail_in == 0 && !refill()) {
        if (!between_members_) fail("it ends in the middle of the compressed data; is the download complete?");
        done_ = true;
        break;
      }
      if (between_members_ && !begin_member()) continue;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      between_members_ = status == Z_STREAM_END;
      damaged_ = !between_members_ && status != Z_OK && status != Z_BUF_ERROR;  // said when what came before is given
    }
    return room - stream_.avail_out;
  }

 private:
  bool refill() {
    const std::size_t got = compressed_->read(piece_);
    stream_.next_in = reinterpret_cast<Bytef*>(piece_.data());
    stream_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }

  // After a member another one may follow, or zeros that pad the file. False: look at more bytes.
  bool begin_member() {
    if (*stream_.next_in == 0 && !first_) {
      ++stream_.next_in;
      --stream_.avail_in;
      padding_ = true;
      return false;
    }
    if (padding_ || (!first_ && *stream_.next_in != 0x1F))
      fail("something that is not gzip follows the compressed data");
    if (!first_) inflateReset(&stream_);
    first_ = between_members_ = false;
    return true;
  }

  [[noreturn]] void fail(const char* what) const {
    throw Error(ErrorCode::format, fmt::format("{}: damaged gzip file: {}", name_, what));
  }

  std::unique_ptr<ByteSource> compressed_;
  std::string name_;
  std::vector<std::byte> piece_;
  z_stream stream_{};
  bool first_ = true, between_members_ = true, padding_ = false, damaged_ = false, done_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> inflate_gzip(std::unique_ptr<ByteSource> compressed, std::string name) {
  return std::make_unique<GzipSource>(std::move(compressed), std::move(name));
}

std::optional<std::size_t> Input::left() const noexcept {
  if (!size_) return std::nullopt;
  return *size_ > given_ ? *size_ - given_ : 0;
}

std::span<const std::byte> Input::peek(std::size_t bytes) {
  if (begin_ > 0) {
    ahead_.erase(ahead_.begin(), ahead_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  std::size_t got = ahead_.size();
  while (got < bytes) {
    // Twice as far each time: what is asked for may be far more than there is.
    if (got == ahead_.size()) ahead_.resize(std::min(bytes, std::max(2 * got, std::size_t{1} << 16)));
    std::size_t more = 0;
    try {
      more = source_->read(std::span(ahead_).subspan(got));
    } catch (...) {
      if (got == 0) throw;  // else it comes again when all before it is read
    }
    if (more == 0) break;
    got += more;
  }
  ahead_.resize(got);
  return std::span(ahead_).first(std::min(bytes, ahead_.size()));
}

std::size_t Input::read(std::span<std::byte> into) {
  if (into.empty()) return 0;
  std::size_t got = 0;
  if (begin_ < ahead_.size()) {
    got = std::min(into.size(), ahead_.size() - begin_);
    std::copy_n(ahead_.begin() + static_cast<std::ptrdiff_t>(begin_), got, into.begin());
    begin_ += got;
  } else {
    got = source_->read(into);
  }
  given_ += got;
  return got;
}

void Input::read_exactly(std::span<std::byte> into, const char* what) {
  while (!into.empty()) {
    const std::size_t got = read(into);
    if (got == 0) {
      throw Error(ErrorCode::format, fmt::format("{}: the file ends inside {}, {} bytes too early; is it complete?",
                                                 name_, what, into.size()));
    }
    into = into.subspan(got);
  }
}

std::size_t Input::fill(std::span<std::byte> into, const char* what) {
  const std::size_t before = given_;
  keep_fault([&] { read_exactly(into, what); });
  return given_ - before;
}

void Input::require_end(const char* after) {
  std::byte one{};
  if (read({&one, 1}) != 0) {
    throw Error(ErrorCode::format,
                fmt::format("{}: more bytes follow after {}; the file is damaged or of another kind", name_, after));
  }
}

}  // namespace strata::internal
