#include "lzf.hpp"

#include <hdf5.h>

#include <algorithm>

namespace strata::decode {
namespace {

constexpr H5Z_filter_t kLzf = 32000;        // as it is registered with the HDF Group
constexpr std::size_t kMostInflated = 100;  // three bytes become at most 264

// The third value that h5py stores is the size of a chunk.
std::size_t filter(unsigned flags, std::size_t values, const unsigned* value, std::size_t size, std::size_t* room,
                   void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0 || values < 3 || value[2] == 0 || value[2] / kMostInflated > size) return 0;
  void* const inflated = H5allocate_memory(value[2], false);
  if (inflated == nullptr) return 0;
  if (!inflate_lzf({static_cast<const std::uint8_t*>(*buffer), size},
                   {static_cast<std::uint8_t*>(inflated), value[2]})) {
    H5free_memory(inflated);
    return 0;
  }
  H5free_memory(*buffer);
  *buffer = inflated;
  *room = value[2];
  return value[2];
}

}  // namespace

bool inflate_lzf(std::span<const std::uint8_t> packed, std::span<std::uint8_t> out) noexcept {
  std::size_t at = 0, made = 0;
  while (at < packed.size()) {
    const std::size_t control = packed[at++];
    if (control < 32) {  // so many bytes, and one, as they are
      const std::size_t count = control + 1;
      if (count > packed.size() - at || count > out.size() - made) return false;
      std::copy_n(packed.begin() + static_cast<std::ptrdiff_t>(at), count,
                  out.begin() + static_cast<std::ptrdiff_t>(made));
      at += count;
      made += count;
      continue;
    }
    // Bytes that were there before, which may overlap with those to come.
    std::size_t count = control >> 5U;
    if (count == 7 && at < packed.size()) count += packed[at++];
    if (at == packed.size()) return false;
    count += 2;
    const std::size_t back = ((control & 31U) << 8U) + packed[at++] + 1;
    if (back > made || count > out.size() - made) return false;
    for (; count > 0; --count, ++made) out[made] = out[made - back];
  }
  return made == out.size();
}

void register_lzf() {
  static const H5Z_class2_t known{.version = H5Z_CLASS_T_VERS,
                                  .id = kLzf,
                                  .encoder_present = 0,
                                  .decoder_present = 1,
                                  .name = "lzf",
                                  .can_apply = nullptr,
                                  .set_local = nullptr,
                                  .filter = filter};
  H5Zregister(&known);
}

}  // namespace strata::decode
