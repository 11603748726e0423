// ZIP archives for tests, right and wrong ones.
#pragma once

#include <zlib.h>

#include "data_test.hpp"

namespace strata::testing {

inline std::string little(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFFU);
  return text;
}

inline std::string deflated(const std::string& bytes, int flush = Z_FINISH) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, flush);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

struct ZipMember {
  std::string name, bytes;
  bool deflate = false;
  // What the archive says where it should not be the truth.
  std::int64_t claimed_size = -1, claimed_packed = -1, claimed_header = -1;
  std::uint32_t crc_error = 0;
  std::uint64_t flags = 0, method = 99;
  std::string local_name{};
  bool zip64 = false;
  std::string packed{};  // the compressed bytes, where they are not those of `bytes`
};

inline std::string zip_file(const std::vector<ZipMember>& members, const std::string& comment = "",
                            bool end64 = false) {
  std::string file, directory;
  for (const ZipMember& member : members) {
    const std::string packed = !member.packed.empty() ? member.packed
                               : member.deflate       ? deflated(member.bytes)
                                                      : member.bytes;
    const auto crc = static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(member.bytes.data()),
                                                      static_cast<uInt>(member.bytes.size()))) ^
                     member.crc_error;
    const std::uint64_t method = member.method != 99 ? member.method : member.deflate ? 8 : 0;
    const std::uint64_t size =
        member.claimed_size >= 0 ? static_cast<std::uint64_t>(member.claimed_size) : member.bytes.size();
    const std::uint64_t packed_size =
        member.claimed_packed >= 0 ? static_cast<std::uint64_t>(member.claimed_packed) : packed.size();
    const std::uint64_t header =
        member.claimed_header >= 0 ? static_cast<std::uint64_t>(member.claimed_header) : file.size();
    const std::string local_name = member.local_name.empty() ? member.name : member.local_name;
    file += little(0x04034B50, 4) + little(20, 2) + little(member.flags, 2) + little(method, 2) + little(0, 4) +
            little(crc, 4) + little(packed_size, 4) + little(size, 4) + little(local_name.size(), 2) + little(0, 2) +
            local_name + packed;
    const std::string extra =
        member.zip64 ? little(1, 2) + little(24, 2) + little(size, 8) + little(packed_size, 8) + little(header, 8) : "";
    const auto field = [&](std::uint64_t value) { return little(member.zip64 ? 0xFFFFFFFF : value, 4); };
    directory += little(0x02014B50, 4) + little(20, 2) + little(20, 2) + little(member.flags, 2) + little(method, 2) +
                 little(0, 4) + little(crc, 4) + field(packed_size) + field(size) + little(member.name.size(), 2) +
                 little(extra.size(), 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + field(header) +
                 member.name + extra;
  }
  const std::uint64_t offset = file.size();
  std::string end;
  if (end64) {
    end = little(0x06064B50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 4) + little(0, 4) +
          little(members.size(), 8) + little(members.size(), 8) + little(directory.size(), 8) + little(offset, 8);
    end += little(0x07064B50, 4) + little(0, 4) + little(offset + directory.size(), 8) + little(1, 4);
  }
  end += little(0x06054B50, 4) + little(0, 4) + little(end64 ? 0xFFFF : members.size(), 2) +
         little(end64 ? 0xFFFF : members.size(), 2) + little(end64 ? 0xFFFFFFFF : directory.size(), 4) +
         little(end64 ? 0xFFFFFFFF : offset, 4) + little(comment.size(), 2) + comment;
  return file + directory + end;
}

inline std::string gzipped(const std::string& bytes) {
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
  return std::string("\x1F\x8B\x08\0\0\0\0\0\0\xFF", 10) + deflated(bytes) + little(crc, 4) + little(bytes.size(), 4);
}

}  // namespace strata::testing
