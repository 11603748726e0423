// clang-format off
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include <csetjmp>
#include <cstring>
#include <memory>

#include "decode.hpp"

namespace strata::decode {
namespace {

// libjpeg reports errors by a call that must not return. All that lives across the jump is in here.
struct JpegState {
  explicit JpegState(PictureWriter& writer) : picture(writer) {}
  ~JpegState() {
    if (created) jpeg_destroy_decompress(&decoder);
  }
  JpegState(const JpegState&) = delete;
  JpegState& operator=(const JpegState&) = delete;

  PictureWriter& picture;
  jpeg_decompress_struct decoder{};
  jpeg_error_mgr errors{};
  jpeg_progress_mgr progress{};
  bool created = false;
  std::vector<std::uint8_t> row, colours;
  char message[JMSG_LENGTH_MAX] = "";
  std::jmp_buf jump;
};

[[noreturn]] void on_error(j_common_ptr common) {
  auto* state = static_cast<JpegState*>(common->client_data);
  common->err->format_message(common, state->message);
  std::longjmp(state->jump, 1);
}

// libjpeg only warns where bytes are missing or make no sense, and paints grey. That is no picture to learn from.
void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:  // cameras do these, and all pixels are there
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM: return;
    default: on_error(common);
  }
}

// A progressive picture may have any number of scans, each as much work as the whole picture.
void on_progress(j_common_ptr common) {
  constexpr int kMostScans = 500;
  if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number > kMostScans) {
    auto* state = static_cast<JpegState*>(common->client_data);
    std::snprintf(state->message, sizeof state->message, "more than %d scans", kMostScans);
    std::longjmp(state->jump, 1);
  }
}

int orientation_of(const jpeg_decompress_struct& decoder) {
  for (jpeg_saved_marker_ptr marker = decoder.marker_list; marker != nullptr; marker = marker->next) {
    constexpr std::size_t kStart = 6;
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length > kStart &&
        std::memcmp(marker->data, "Exif\0\0", kStart) == 0) {
      return exif_orientation({marker->data + kStart, marker->data_length - kStart});
    }
  }
  return 1;
}

// Inks to light. Adobe's programs write the inks inverted, and mark that.
void cmyk_to_rgb(const std::uint8_t* inks, std::size_t width, bool inverted, std::uint8_t* colours) {
  for (std::size_t x = 0; x < width; ++x) {
    const unsigned flip = inverted ? 0U : 255U;
    const unsigned k = inks[4 * x + 3] ^ flip;
    for (std::size_t c = 0; c < 3; ++c) {
      colours[3 * x + c] = static_cast<std::uint8_t>(((inks[4 * x + c] ^ flip) * k + 127U) / 255U);
    }
  }
}

// False: libjpeg found an error, see `message`.
bool decode(JpegState& state) {
  if (setjmp(state.jump) != 0) return false;
  jpeg_decompress_struct& decoder = state.decoder;
  decoder.err = jpeg_std_error(&state.errors);
  state.errors.error_exit = on_error;
  state.errors.emit_message = on_message;
  decoder.client_data = &state;
  jpeg_create_decompress(&decoder);
  state.created = true;
  state.progress.progress_monitor = on_progress;
  decoder.progress = &state.progress;
  jpeg_stdio_src(&decoder, stdin);
  jpeg_save_markers(&decoder, JPEG_APP0 + 1, 0xFFFF);
  static_cast<void>(jpeg_read_header(&decoder, TRUE));
  const std::size_t width = decoder.image_width, height = decoder.image_height;
  if (width == 0 || height == 0 || width > kMostPixels / height) {
    throw Failure("a picture of " + std::to_string(width) + " × " + std::to_string(height) +
                  " pixels is too large; at most 2^28 pixels can be read");
  }
  const int components = decoder.num_components;
  if (components == 1) {
    decoder.out_color_space = JCS_GRAYSCALE;
  } else if (components == 3) {
    decoder.out_color_space = JCS_RGB;
  } else if (components == 4) {
    decoder.out_color_space = JCS_CMYK;
  } else {
    throw Failure("a JPEG picture of " + std::to_string(components) + " colours cannot be read");
  }
  static_cast<void>(jpeg_start_decompress(&decoder));
  state.picture.begin(height, width, components == 1 ? 1 : 3, orientation_of(decoder), false);
  state.row.resize(width * static_cast<std::size_t>(decoder.output_components));
  state.colours.resize(components == 4 ? 3 * width : 0);
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW row = state.row.data();
    static_cast<void>(jpeg_read_scanlines(&decoder, &row, 1));
    if (components == 4) {
      cmyk_to_rgb(row, width, decoder.saw_Adobe_marker != 0, state.colours.data());
      row = state.colours.data();
    }
    state.picture.put_row(row);
  }
  static_cast<void>(jpeg_finish_decompress(&decoder));
  return true;
}

}  // namespace

void read_jpeg(PictureWriter& picture) {
  const auto state = std::make_unique<JpegState>(picture);
  if (!decode(*state)) throw Failure(std::string("the JPEG picture is damaged or cut short: ") + state->message);
  picture.end();
}

}  // namespace strata::decode
