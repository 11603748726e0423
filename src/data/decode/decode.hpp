// strata-decode: a small program around the libraries of HDF5, PNG, JPEG and zstd. Its standard input is the file,
// which the caller has opened and which must not be a pipe; it writes to its standard output. A fault of a library ends
// this process and no other.
//
// clang-format off
//   strata-decode list         a line for each array: TYPE <tab> DIMENSIONS <tab> NAME
//                                TYPE: u1 i1 u2 i2 u4 i4 u8 i8 f4 f8 (numbers and their bytes), b (truth values),
//                                S (text), with a T behind it where MATLAB wrote the array, which counts its indices
//                                the other way round; DIMENSIONS: whole numbers with commas between, or nothing
//                                "? <tab> REASON <tab> NAME" for an array that cannot be read
//   strata-decode read NAME    the array as an .npy file in C order and the byte order of this machine; text instead
//                                as its examples one by one: the length (32 bits, the smallest byte first), the bytes
//   strata-decode image        a PNG or JPEG picture as an .npy file of bytes, shape (rows, cols, channels):
//                                1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha; upright
//   strata-decode zstd         the bytes that are compressed in it
// clang-format on
//
// Exit code 0, or 1 with one line on standard error, or 2 when called wrongly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace strata::decode {

/// One line for standard error; the program ends with 1.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Standard output, in large pieces. A reader that went away ends the program.
class Output {
 public:
  void write(const void* bytes, std::size_t count);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void flush();

 private:
  std::vector<char> waiting_;
};

/// The header of an .npy file in C order; `type` is u1 … f8, or b1.
[[nodiscard]] std::string npy_header(const std::string& type, std::span<const std::size_t> dims);

/// Of standard input.
[[nodiscard]] std::size_t file_size();
/// Its next bytes; 0 at the end.
[[nodiscard]] std::size_t read_input(std::span<char> into);

void list_hdf5(Output& output);
void read_hdf5(const std::string& name, Output& output);
void read_image(Output& output);
void read_zstd(Output& output);

/// The most pixels that a picture may have; checked before any memory is taken for them.
inline constexpr std::size_t kMostPixels = std::size_t{1} << 28;

/// Writes a picture that comes row by row, turned upright. Rows go straight through where nothing has to be turned.
class PictureWriter {
 public:
  explicit PictureWriter(Output& output) : output_(output) {}
  /// `orientation` as EXIF counts it: 1 upright … 8. `whole`: the caller fills pixels() itself.
  void begin(std::size_t height, std::size_t width, std::size_t channels, int orientation, bool whole);
  void put_row(const std::uint8_t* row);
  [[nodiscard]] std::uint8_t* pixels() noexcept { return pixels_.data(); }
  void end();

 private:
  Output& output_;
  std::size_t height_ = 0, width_ = 0, channels_ = 0, rows_ = 0;
  int orientation_ = 1;
  bool held_ = false;
  std::vector<std::uint8_t> pixels_;
};

/// The orientation in a block of EXIF data (a TIFF header and its first directory), 1 where there is none.
[[nodiscard]] int exif_orientation(std::span<const std::uint8_t> exif);

// Both read on from the beginning of standard input.
void read_png(PictureWriter& picture);
void read_jpeg(PictureWriter& picture);

}  // namespace strata::decode
