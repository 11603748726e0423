#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <memory>
#include <new>

#include "decode.hpp"

namespace strata::decode {
namespace {

// libpng reports errors by a jump. All that lives across it is in here, owned by a frame that no jump leaves.
struct PngState {
  explicit PngState(PictureWriter& writer) : picture(writer) {}
  ~PngState() { png_destroy_read_struct(&png, &info, nullptr); }
  PngState(const PngState&) = delete;
  PngState& operator=(const PngState&) = delete;

  PictureWriter& picture;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::vector<std::uint8_t> row;
  char message[200] = "";
  std::jmp_buf jump;
};

[[noreturn]] void on_error(png_structp png, png_const_charp message) {
  auto* state = static_cast<PngState*>(png_get_error_ptr(png));
  std::snprintf(state->message, sizeof state->message, "%s", message);
  std::longjmp(state->jump, 1);
}

void on_warning(png_structp, png_const_charp) {}

int orientation_of(PngState& state) {
#ifdef PNG_eXIf_SUPPORTED
  png_uint_32 length = 0;
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(state.png, state.info, &length, &exif) != 0) return exif_orientation({exif, length});
#endif
  static_cast<void>(state);
  return 1;
}

// False: libpng found an error, see `message`.
bool decode(PngState& state) {
  if (setjmp(state.jump) != 0) return false;
  png_structp png = state.png;
  png_infop info = state.info;
  png_init_io(png, stdin);
  png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);  // the pixels are counted below
  png_set_chunk_cache_max(png, 256);
  png_set_chunk_malloc_max(png, png_alloc_size_t{16} << 20);
  // A wrong checksum is an error in every part: one that can be left out may say how the picture lies, and some
  // versions of libpng take the end mark for such a part.
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(png, info);
  const std::size_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  if (width == 0 || height == 0 || width > kMostPixels / height) {
    throw Failure("a picture of " + std::to_string(width) + " × " + std::to_string(height) +
                  " pixels is too large; at most 2^28 pixels can be read");
  }
  png_set_expand(png);    // palettes to colours, grey of 1, 2 and 4 bits to 8, a transparent colour to alpha
  png_set_scale_16(png);  // 16 bits to 8, rounded
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const std::size_t channels = png_get_channels(png, info);
  if (channels < 1 || channels > 4 || png_get_rowbytes(png, info) != width * channels)
    throw Failure("has an unknown kind of pixels");
  state.picture.begin(height, width, channels, orientation_of(state), passes > 1);
  if (passes > 1) {
    for (int pass = 0; pass < passes; ++pass) {
      for (std::size_t y = 0; y < height; ++y)
        png_read_row(png, state.picture.pixels() + y * width * channels, nullptr);
    }
  } else {
    state.row.resize(width * channels);
    for (std::size_t y = 0; y < height; ++y) {
      png_read_row(png, state.row.data(), nullptr);
      state.picture.put_row(state.row.data());
    }
  }
  png_read_end(png, nullptr);  // the checksum of the last part, and the end mark
  return true;
}

}  // namespace

void read_png(PictureWriter& picture) {
  const auto state = std::make_unique<PngState>(picture);
  state->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, state.get(), on_error, on_warning);
  if (state->png != nullptr) state->info = png_create_info_struct(state->png);
  if (state->info == nullptr) throw std::bad_alloc();
  if (!decode(*state)) throw Failure(std::string("the PNG picture is damaged or cut short: ") + state->message);
  picture.end();
}

}  // namespace strata::decode
