// PNG and JPEG pictures and HDF5 files, made on the spot.
#pragma once

// clang-format off
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
// clang-format on
#include <hdf5.h>
#include <zlib.h>

#include "data_test.hpp"

namespace strata::testing {

/// Grey levels or colours: pixel (y, x, c) of a picture whose formula anyone can recompute.
inline int pixel(std::size_t y, std::size_t x, std::size_t c) {
  return static_cast<int>((37 * x + 71 * y + 113 * c + 5 * x * y) % 256);
}

inline std::string big_endian(std::uint32_t value) { return packed<std::uint32_t>({value}, true); }

inline std::string png_chunk(const std::string& name, const std::string& bytes) {
  const std::string body = name + bytes;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(bytes.size())) + body + big_endian(static_cast<std::uint32_t>(crc));
}

inline std::string zlib_stream(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}

/// `rows`: the bytes of each line. Kinds: 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha.
inline std::string png_file(std::uint32_t width, std::uint32_t height, int depth, int kind, const std::string& rows,
                            const std::string& more_chunks = "", bool interlaced = false) {
  std::string lines;
  const std::size_t line = height == 0 ? 0 : rows.size() / height;
  for (std::uint32_t y = 0; y < height && !interlaced; ++y) lines += '\0' + rows.substr(y * line, line);
  std::string header = big_endian(width) + big_endian(height);
  for (const int value : {depth, kind, 0, 0, interlaced ? 1 : 0}) header += static_cast<char>(value);
  return "\x89PNG\r\n\x1A\n" + png_chunk("IHDR", header) + more_chunks +
         png_chunk("IDAT", zlib_stream(interlaced ? rows : lines)) + png_chunk("IEND", "");
}

inline std::string exif_block(int orientation, bool little) {
  const auto number = [&](std::uint32_t value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i)
      text += static_cast<char>(value >> (8 * (little ? i : bytes - 1 - i)) & 0xFFU);
    return text;
  };
  // Two entries: the make of the camera (unused), then the orientation.
  return (little ? "II" : "MM") + number(42, 2) + number(8, 4) + number(2, 2) + number(0x010F, 2) + number(2, 2) +
         number(4, 4) + "abc" + '\0' + number(0x0112, 2) + number(3, 2) + number(1, 4) +
         number(static_cast<std::uint32_t>(orientation), 2) + number(0, 2) + number(0, 4);
}

struct JpegOptions {
  int orientation = 0;
  bool little = true;
  bool adobe = true;  // CMYK and YCCK: Adobe's marker, inks inverted
  J_COLOR_SPACE stored = JCS_UNKNOWN;
  bool progressive = false;
};

/// pixels: height × width × channels bytes; 1 grey, 3 colour, 4 inks. The best quality, no shared colours.
inline std::string jpeg_file(unsigned width, unsigned height, int channels, std::string pixels,
                             const JpegOptions& options = {}) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &memory, &size);
  encoder.image_width = width;
  encoder.image_height = height;
  encoder.input_components = channels;
  encoder.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&encoder);
  if (options.stored != JCS_UNKNOWN) jpeg_set_colorspace(&encoder, options.stored);
  jpeg_set_quality(&encoder, 100, TRUE);
  encoder.comp_info[0].h_samp_factor = encoder.comp_info[0].v_samp_factor = 1;
  if (channels == 4) encoder.write_Adobe_marker = options.adobe ? TRUE : FALSE;
  if (options.progressive) jpeg_simple_progression(&encoder);
  jpeg_start_compress(&encoder, TRUE);
  if (options.orientation != 0) {
    const std::string exif = std::string("Exif\0\0", 6) + exif_block(options.orientation, options.little);
    jpeg_write_marker(&encoder, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()),
                      static_cast<unsigned>(exif.size()));
  }
  for (unsigned y = 0; y < height; ++y) {
    JSAMPROW row = reinterpret_cast<JSAMPROW>(pixels.data()) +
                   static_cast<std::size_t>(y) * width * static_cast<unsigned>(channels);
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  std::string bytes(reinterpret_cast<char*>(memory), size);
  jpeg_destroy_compress(&encoder);
  std::free(memory);
  return bytes;
}

/// Adds an array of numbers to an open HDF5 file or group.
inline void put_array(hid_t place, const char* name, hid_t stored, hid_t given, const std::vector<hsize_t>& dims,
                      const void* numbers, hid_t properties = H5P_DEFAULT) {
  const hid_t space =
      dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
  const hid_t array = H5Dcreate2(place, name, stored, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  ASSERT_GE(array, 0) << name;
  if (numbers != nullptr) {
    ASSERT_GE(H5Dwrite(array, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers), 0) << name;
  }
  H5Dclose(array);
  H5Sclose(space);
}

class Hdf5File {
 public:
  explicit Hdf5File(const char* name) : id_(H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
  ~Hdf5File() { H5Fclose(id_); }
  Hdf5File(const Hdf5File&) = delete;
  Hdf5File& operator=(const Hdf5File&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
};

}  // namespace strata::testing
