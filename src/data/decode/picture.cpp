#include <algorithm>
#include <cstdio>
#include <cstring>

#include "decode.hpp"

namespace strata::decode {

void PictureWriter::begin(std::size_t height, std::size_t width, std::size_t channels, int orientation, bool whole) {
  height_ = height;
  width_ = width;
  channels_ = channels;
  orientation_ = orientation >= 1 && orientation <= 8 ? orientation : 1;
  held_ = whole || orientation_ != 1;
  const bool turned = orientation_ >= 5;
  const std::size_t dims[] = {turned ? width : height, turned ? height : width, channels};
  if (held_) pixels_.resize(height * width * channels);
  output_.write(npy_header("u1", dims));
}

void PictureWriter::put_row(const std::uint8_t* row) {
  const std::size_t bytes = width_ * channels_;
  if (held_) {
    std::memcpy(pixels_.data() + rows_ * bytes, row, bytes);
  } else {
    output_.write(row, bytes);
  }
  ++rows_;
}

void PictureWriter::end() {
  if (!held_) return;
  if (orientation_ == 1) return output_.write(pixels_.data(), pixels_.size());
  const bool turned = orientation_ >= 5;
  const std::size_t out_height = turned ? width_ : height_;
  const std::size_t out_width = turned ? height_ : width_;
  std::vector<std::uint8_t> row(out_width * channels_);
  for (std::size_t y = 0; y < out_height; ++y) {
    for (std::size_t x = 0; x < out_width; ++x) {
      // Where the pixel stands in the file. 2, 3, 4: mirrored, turned by half, upside down. 5 to 8: rows are columns.
      std::size_t from_y = turned ? x : y;
      std::size_t from_x = turned ? y : x;
      const bool flip_y = orientation_ == 3 || orientation_ == 4 || orientation_ == 6 || orientation_ == 7;
      const bool flip_x = orientation_ == 2 || orientation_ == 3 || orientation_ == 7 || orientation_ == 8;
      if (flip_y) from_y = height_ - 1 - from_y;
      if (flip_x) from_x = width_ - 1 - from_x;
      std::memcpy(row.data() + x * channels_, pixels_.data() + (from_y * width_ + from_x) * channels_, channels_);
    }
    output_.write(row.data(), row.size());
  }
}

int exif_orientation(std::span<const std::uint8_t> exif) {
  if (exif.size() < 8 || (exif[0] != 'I' && exif[0] != 'M') || exif[0] != exif[1]) return 1;
  const bool little = exif[0] == 'I';
  const auto number = [&](std::size_t at, std::size_t bytes) -> std::size_t {
    if (at > exif.size() || bytes > exif.size() - at) return 0;
    std::size_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8U | exif[at + (little ? bytes - 1 - i : i)];
    return value;
  };
  if (number(2, 2) != 42) return 1;
  const std::size_t directory = number(4, 4);
  const std::size_t entries = number(directory, 2);
  constexpr std::size_t kEntry = 12, kOrientation = 0x0112, kShort = 3;
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntry;
    if (number(entry, 2) != kOrientation) continue;
    const std::size_t value = number(entry + 8, 2);
    return number(entry + 2, 2) == kShort && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

namespace {

void from_the_start() {
  if (std::fseek(stdin, 0, SEEK_SET) != 0) throw Failure("cannot be read from its start");
}

}  // namespace

void read_image(Output& output) {
  std::uint8_t start[8] = {};
  from_the_start();  // the caller has looked at it
  const std::size_t got = std::fread(start, 1, sizeof start, stdin);
  from_the_start();
  PictureWriter picture(output);
  if (got == 8 && std::memcmp(start, "\x89PNG\r\n\x1A\n", 8) == 0) {
    read_png(picture);
  } else if (got >= 3 && std::memcmp(start, "\xFF\xD8\xFF", 3) == 0) {
    read_jpeg(picture);
  } else {
    throw Failure("is not a picture: it is neither PNG nor JPEG");
  }
}

}  // namespace strata::decode
