#include <zstd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "decode.hpp"

namespace strata::decode {

// Several frames one after the other are one stream; frames that are to be skipped are.
void read_zstd(Output& output) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), ZSTD_freeDStream);
  if (stream == nullptr) throw std::bad_alloc();
  std::vector<char> packed(ZSTD_DStreamInSize()), text(ZSTD_DStreamOutSize());
  std::size_t left = 0;  // 0: a frame has ended, and all that it holds is written
  while (const std::size_t got = read_input(packed)) {
    ZSTD_inBuffer in{packed.data(), got, 0};
    bool full = false;  // there may be more text than there was room for
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out{text.data(), text.size(), 0};
      left = ZSTD_decompressStream(stream.get(), &out, &in);
      if (ZSTD_isError(left) != 0) throw Failure(std::string("damaged zstd file: ") + ZSTD_getErrorName(left));
      output.write(text.data(), out.pos);
      full = out.pos == out.size && left != 0;
    }
  }
  if (left != 0)
    throw Failure("damaged zstd file: it ends in the middle of the compressed data; is the download complete?");
}

}  // namespace strata::decode
