// Pictures: decoded by strata-decode, row by row, and resized on the way, so that a large photo is never held whole.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/checked.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/array.hpp"
#include "data/decoder.hpp"
#include "data/formats.hpp"
#include "strata/data.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

struct Decoded {
  Input input;
  ArrayLayout layout;  // (rows, cols, channels), u8
};

Decoded open_picture(FileReader& file) {
  const std::string name = file.name();
  Input input(std::make_unique<DecoderProcess>("image", file), name);
  ArrayLayout layout = read_npy_header(input);
  const bool fits = layout.dims.size() == 3 && layout.type == NumberType::u8 && !layout.fortran &&
                    layout.dims[2] >= 1 && layout.dims[2] <= 4 && why_no_field(layout).empty();
  if (!fits) throw Error(ErrorCode::format, fmt::format("{}: strata-decode gave no picture", name));
  return {std::move(input), std::move(layout)};
}

// Which pixels of a line make one pixel of the resized line, and how much of each: a triangle around the place where
// its centre falls, as wide as one pixel of the result where the picture shrinks, so that none of its pixels is passed
// over.
struct Taps {
  std::size_t first = 0;
  std::vector<double> weights;  // their sum is 1
};

std::vector<Taps> make_taps(std::size_t from, std::size_t to) {
  std::vector<Taps> all(to);
  if (from == to) {  // the same size is the same picture, to the last bit
    for (std::size_t i = 0; i < to; ++i) all[i] = {i, {1.0}};
    return all;
  }
  const double step = static_cast<double>(from) / static_cast<double>(to);
  const double reach = std::max(step, 1.0);
  for (std::size_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * step;
    const double low = std::max(0.0, std::floor(centre - reach + 0.5));
    const double high = std::min(static_cast<double>(from), std::floor(centre + reach + 0.5));
    Taps& taps = all[i];
    taps.first = static_cast<std::size_t>(low);
    double sum = 0;
    for (double j = low; j < high; j += 1) {  // NOLINT(clang-analyzer-security.FloatLoopCounter): whole numbers
      taps.weights.push_back(std::max(0.0, 1.0 - std::abs(j + 0.5 - centre) / reach));
      sum += taps.weights.back();
    }
    for (double& weight : taps.weights) weight /= sum;
  }
  return all;
}

// One pixel in the channels that are wanted: transparency on white, grey repeated, colour weighted (Rec. 601).
void convert_pixel(const std::uint8_t* pixel, std::size_t channels, double* out, std::size_t wanted) {
  double colour[3];
  const bool grey = channels <= 2;
  for (std::size_t c = 0; c < 3; ++c) colour[c] = pixel[grey ? 0 : c];
  if (channels == 2 || channels == 4) {
    const double alpha = pixel[channels - 1];
    for (double& value : colour) value = (value * alpha + 255.0 * (255.0 - alpha)) / 255.0;
  }
  if (wanted == 3) {
    std::copy_n(colour, 3, out);
  } else if (colour[0] == colour[1] && colour[1] == colour[2]) {
    out[0] = colour[0];  // the weights add up to 1 but for rounding
  } else {
    out[0] = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
  }
}

void resize_line(const double* line, std::span<const Taps> taps, std::size_t channels, double* out) {
  for (std::size_t i = 0; i < taps.size(); ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (std::size_t k = 0; k < taps[i].weights.size(); ++k) {
        sum += taps[i].weights[k] * line[(taps[i].first + k) * channels + c];
      }
      out[i * channels + c] = sum;
    }
  }
}

}  // namespace

std::vector<double> read_image(const std::filesystem::path& file, std::span<const std::size_t> shape) try {
  FileReader reader = open_data(file);
  return read_image(reader, shape);
} catch (...) {
  throw_as_error("for this picture");
}

std::vector<double> internal::read_image(FileReader& file, std::span<const std::size_t> shape) {
  const std::string name = file.name();
  const std::size_t channels = shape.size() == 3 ? shape[2] : 1;
  if ((shape.size() != 2 && shape.size() != 3) || (channels != 1 && channels != 3) || shape[0] == 0 || shape[1] == 0) {
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{}: a picture can become examples of the shape (rows, cols), (rows, cols, 1) or (rows, cols, 3), "
                    "but ({}) is needed",
                    name, fmt::join(shape, ", ")));
  }
  if (!is_picture(file))
    throw Error(ErrorCode::format, fmt::format("{} is not a picture: it is neither PNG nor JPEG", name));
  file.make_seekable();
  auto [input, layout] = open_picture(file);
  const std::size_t height = layout.dims[0], width = layout.dims[1], stored = layout.dims[2];
  const std::vector<Taps> across = make_taps(width, shape[1]);
  const std::vector<Taps> down = make_taps(height, shape[0]);
  const std::size_t line_size = checked_multiply(shape[1], channels, "the size of a picture");
  std::vector<double> picture(checked_multiply(shape[0], line_size, "the size of a picture"), 0.0);
  std::vector<std::byte> bytes(width * stored);
  std::vector<double> wide(width * channels), line(line_size);
  std::size_t done = 0;  // lines of the result that need no further line of the picture
  for (std::size_t y = 0; y < height; ++y) {
    input.read_exactly(bytes, "the picture");
    const auto* pixels = reinterpret_cast<const std::uint8_t*>(bytes.data());
    for (std::size_t x = 0; x < width; ++x)
      convert_pixel(pixels + x * stored, stored, wide.data() + x * channels, channels);
    resize_line(wide.data(), across, channels, line.data());
    while (done < down.size() && down[done].first + down[done].weights.size() <= y) ++done;
    for (std::size_t i = done; i < down.size() && down[i].first <= y; ++i) {
      if (y - down[i].first >= down[i].weights.size()) continue;
      const double weight = down[i].weights[y - down[i].first];
      double* out = picture.data() + i * line_size;
      for (std::size_t k = 0; k < line_size; ++k) out[k] += weight * line[k];
    }
  }
  input.require_end("the last pixel");
  return picture;
}

Blocks internal::read_picture(FileReader& file, const Request& request) {
  auto [input, layout] = open_picture(file);
  layout.dims.insert(layout.dims.begin(), 1);  // one example
  return blocks_of(std::make_unique<Input>(std::move(input)), "picture", layout, request);
}

}  // namespace strata
