#include <array>
#include <cmath>

#include "data/formats.hpp"
#include "sample_pictures.hpp"

namespace strata::testing {
namespace {

class Picture : public InFolder {
 protected:
  static std::vector<double> read(const std::string& bytes, const std::vector<std::size_t>& shape) {
    write_file("p", bytes);
    return read_image("p", shape);
  }
  static std::string refused(const std::string& bytes) {
    write_file("p", bytes);
    const std::vector<std::size_t> shape = {2, 2, 3};
    return error_of(ErrorCode::format, [&] { return read_image("p", shape); });
  }
};

std::string grey_rows(std::size_t height, std::size_t width, std::size_t channels = 1) {
  std::string rows;
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < channels; ++c) rows += static_cast<char>(pixel(y, x, c));
    }
  }
  return rows;
}

std::vector<double> as_numbers(const std::string& bytes) {
  std::vector<double> all;
  for (const char c : bytes) all.push_back(static_cast<unsigned char>(c));
  return all;
}

TEST_F(Picture, the_same_size_is_the_same_picture) {
  EXPECT_EQ(read(png_file(3, 2, 8, 2, grey_rows(2, 3, 3)), {2, 3, 3}), as_numbers(grey_rows(2, 3, 3)));
  EXPECT_EQ(read(png_file(3, 2, 8, 0, grey_rows(2, 3)), {2, 3}), as_numbers(grey_rows(2, 3)));
  EXPECT_EQ(read(png_file(3, 2, 8, 0, grey_rows(2, 3)), {2, 3, 1}), as_numbers(grey_rows(2, 3)));
}

TEST_F(Picture, grey_is_repeated_and_colour_is_weighted) {
  EXPECT_EQ(read(png_file(2, 1, 8, 0, "\x0A\xC8"), {1, 2, 3}), (std::vector<double>{10, 10, 10, 200, 200, 200}));
  const std::vector<double> grey = read(png_file(2, 1, 8, 2, "\x64\xC8\x32\x4D\x4D\x4D"), {1, 2});
  EXPECT_DOUBLE_EQ(grey[0], 0.299 * 100 + 0.587 * 200 + 0.114 * 50);
  EXPECT_EQ(grey[1], 77.0);  // a grey colour is that grey, to the last bit
}

TEST_F(Picture, transparency_is_laid_on_white) {
  const std::string rows("\x64\xFF\x64\x00\x64\x80", 6);  // grey 100, alpha 255, 0, 128
  const std::vector<double> grey = read(png_file(3, 1, 8, 4, rows), {1, 3});
  EXPECT_EQ(grey[0], 100.0);
  EXPECT_EQ(grey[1], 255.0);
  EXPECT_DOUBLE_EQ(grey[2], (100.0 * 128 + 255.0 * 127) / 255);
  const std::vector<double> colour = read(png_file(1, 1, 8, 6, std::string("\x10\x20\x30\x00", 4)), {1, 1, 3});
  EXPECT_EQ(colour, (std::vector<double>{255, 255, 255}));
}

TEST_F(Picture, every_kind_of_png) {
  // 16 bits are rounded to 8: v / 257.
  EXPECT_EQ(read(png_file(3, 1, 16, 0, std::string("\x80\x80\x01\x00\x00\x80", 6)), {1, 3}),
            (std::vector<double>{128, 1, 0}));
  EXPECT_EQ(read(png_file(2, 1, 16, 2, std::string("\xFF\xFF\x00\x00\x80\x80\xFF\xFF\xFF\xFF\xFF\xFF", 12)), {1, 2, 3}),
            (std::vector<double>{255, 0, 128, 255, 255, 255}));
  // 1, 2 and 4 bits of grey reach from 0 to 255.
  EXPECT_EQ(read(png_file(3, 1, 1, 0, "\xA0"), {1, 3}), (std::vector<double>{255, 0, 255}));
  EXPECT_EQ(read(png_file(4, 1, 2, 0, "\x1B"), {1, 4}), (std::vector<double>{0, 85, 170, 255}));
  EXPECT_EQ(read(png_file(2, 1, 4, 0, "\x1F"), {1, 2}), (std::vector<double>{17, 255}));
  // A palette, without and with a transparent entry; a transparent colour.
  const std::string palette = png_chunk("PLTE", std::string("\xFF\x00\x00\x00\x80\x00", 6));
  EXPECT_EQ(read(png_file(2, 1, 8, 3, std::string("\x01\x00", 2), palette), {1, 2, 3}),
            (std::vector<double>{0, 128, 0, 255, 0, 0}));
  EXPECT_EQ(read(png_file(2, 1, 8, 3, std::string("\x01\x00", 2), palette + png_chunk("tRNS", std::string("\x00", 1))),
                 {1, 2, 3}),
            (std::vector<double>{0, 128, 0, 255, 255, 255}));
  EXPECT_EQ(
      read(png_file(2, 1, 8, 0, std::string("\x05\x06", 2), png_chunk("tRNS", std::string("\x00\x05", 2))), {1, 2}),
      (std::vector<double>{255, 6}));
  // A gamma is not applied: the pixels of the training pictures were not corrected either.
  EXPECT_EQ(read(png_file(2, 1, 8, 0, "\x05\x64", png_chunk("gAMA", std::string("\x00\x01\x86\xA0", 4))), {1, 2}),
            (std::vector<double>{5, 100}));
}

TEST_F(Picture, interlaced_png) {
  // Adam7 of a 2 × 2 picture: pass 1 has (0,0), pass 6 has (0,1), pass 7 the second line; each line begins with its
  // filter.
  const std::string rows("\0\x01\0\x02\0\x03\x04", 7);
  EXPECT_EQ(read(png_file(2, 2, 8, 0, rows, "", true), {2, 2}), (std::vector<double>{1, 2, 3, 4}));
}

void expect_near(const std::vector<double>& got, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << i;
}

TEST_F(Picture, resizes_as_pillow_does) {
  // Pillow 13, mode 'F', BILINEAR, on the pictures of pixel(): a triangle filter that widens as the picture shrinks.
  expect_near(
      read(png_file(17, 13, 8, 0, grey_rows(13, 17)), {5, 4}),
      {120.16349, 120.56551, 124.49564, 124.50953, 115.80904, 115.01128, 118.71619, 114.93940, 134.75443, 127.02897,
       112.01182, 115.08685, 121.78644, 113.78370, 118.66730, 129.04665, 111.97090, 135.14023, 120.02483, 116.49048},
      1e-4);
  expect_near(read(png_file(2, 3, 8, 0, grey_rows(3, 2)), {5, 7}),
              {0.00000,   0.00000,   7.92857,   18.50000,  29.07143,  37.00000,  37.00000,  28.40000,  28.40000,
               36.75714,  47.90000,  59.04286,  67.40000,  67.40000,  71.00000,  71.00000,  80.00000,  92.00000,
               104.00000, 113.00000, 113.00000, 113.60000, 113.60000, 123.24286, 136.10001, 148.95714, 158.60001,
               158.60001, 142.00000, 142.00000, 152.07143, 165.50000, 178.92857, 189.00000, 189.00000},
              1e-4);
  expect_near(read(png_file(4, 4, 8, 0, grey_rows(4, 4)), {1, 1}), {115.47222}, 1e-4);
  expect_near(read(png_file(5, 6, 8, 0, grey_rows(6, 5)), {6, 2}),
              {37.00000, 111.00000, 113.00000, 197.00000, 177.36363, 96.81818, 90.45454, 113.00000, 85.00000, 117.54546,
               149.36363, 98.81818},
              1e-4);
}

TEST_F(Picture, resizes_every_channel_alike) {
  const std::vector<double> colour = read(png_file(9, 7, 8, 2, grey_rows(7, 9, 3)), {4, 5, 3});
  for (std::size_t c = 0; c < 3; ++c) {
    std::string plane;
    for (std::size_t i = c; i < 9 * 7 * 3; i += 3) plane += grey_rows(7, 9, 3)[i];
    const std::vector<double> grey = read(png_file(9, 7, 8, 0, plane), {4, 5});
    for (std::size_t i = 0; i < grey.size(); ++i) EXPECT_EQ(colour[3 * i + c], grey[i]);
  }
}

TEST_F(Picture, resizing_keeps_the_mean_of_whole_blocks_and_constants) {
  const std::vector<double> constant = read(png_file(30, 20, 8, 0, std::string(600, '\x64')), {7, 11});
  for (const double value : constant) EXPECT_NEAR(value, 100.0, 1e-12);
  for (const double value : read(png_file(40, 40, 8, 0, grey_rows(40, 40)), {3, 3})) {
    EXPECT_GE(value, 0.0);
    EXPECT_LE(value, 255.0);
  }
}

std::string quadrants() {  // 16 × 8: top left 10, top right 90, bottom left 170, bottom right 250
  std::string pixels;
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 16; ++x) pixels += static_cast<char>(y < 4 ? (x < 8 ? 10 : 90) : (x < 8 ? 170 : 250));
  }
  return pixels;
}

TEST_F(Picture, the_orientation_of_the_camera_is_applied) {
  // Where the four corners (top left, top right, bottom left, bottom right) go: EXIF 2.32, tag 0x0112.
  const std::vector<std::vector<double>> corners = {{10, 90, 170, 250}, {90, 10, 250, 170}, {250, 170, 90, 10},
                                                    {170, 250, 10, 90}, {10, 170, 90, 250}, {170, 10, 250, 90},
                                                    {250, 90, 170, 10}, {90, 250, 10, 170}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const bool turned = orientation >= 5;
    const std::size_t height = turned ? 16 : 8, width = turned ? 8 : 16;
    for (const bool little : {true, false}) {
      write_file("p", jpeg_file(16, 8, 1, quadrants(), {.orientation = orientation, .little = little}));
      const Table table = read_table("p");
      EXPECT_EQ(table.fields()[0].shape, (std::vector<std::size_t>{height, width, 1}));
      const std::vector<double> pixels = numbers(table, "picture");
      expect_near({pixels[0], pixels[width - 1], pixels[(height - 1) * width], pixels[height * width - 1]},
                  corners[static_cast<std::size_t>(orientation) - 1], 2);
    }
    const std::string exif = png_chunk("eXIf", exif_block(orientation, true));
    const std::vector<double> png = read(png_file(16, 8, 8, 0, quadrants(), exif), {height, width});
    expect_near({png[0], png[width - 1], png[(height - 1) * width], png[height * width - 1]},
                corners[static_cast<std::size_t>(orientation) - 1], 0);
  }
}

TEST_F(Picture, every_kind_of_jpeg) {
  const std::string colours("\xC8\x32\x64", 3);
  std::string flat;
  for (int i = 0; i < 16 * 16; ++i) flat += colours;
  for (const bool progressive : {false, true}) {
    const std::vector<double> rgb = read(jpeg_file(16, 16, 3, flat, {.progressive = progressive}), {16, 16, 3});
    expect_near({rgb[0], rgb[1], rgb[2]}, {200, 50, 100}, 2);
  }
  expect_near(read(jpeg_file(16, 16, 1, std::string(256, '\x55')), {1, 1, 3}), {85, 85, 85}, 1);
  // Inks, as they are and as Adobe writes them (inverted); stored as CMYK and as YCCK.
  std::string inks, inverted;
  for (int i = 0; i < 16 * 16; ++i) {
    inks += std::string("\x00\x80\xFF\x40", 4);
    inverted += std::string("\xFF\x7F\x00\xBF", 4);
  }
  const double light = (255.0 - 0x40) / 255;
  const std::vector<double> expected = {255 * light, (255 - 128) * light, 0};
  for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
    const std::vector<double> adobe =
        read(jpeg_file(16, 16, 4, inverted, {.adobe = true, .stored = stored}), {16, 16, 3});
    expect_near({adobe[0], adobe[1], adobe[2]}, expected, 3);
  }
  const std::vector<double> plain = read(jpeg_file(16, 16, 4, inks, {.adobe = false, .stored = JCS_CMYK}), {16, 16, 3});
  expect_near({plain[0], plain[1], plain[2]}, expected, 3);
}

TEST_F(Picture, a_table_holds_the_picture_as_bytes) {
  write_file("photo.png", png_file(3, 2, 8, 6, grey_rows(2, 3, 4)));
  const Table table = read_table("photo.png");
  EXPECT_EQ(table.rows(), 1U);
  EXPECT_EQ(names(table), (std::vector<std::string>{"picture"}));
  EXPECT_EQ(table.fields()[0].shape, (std::vector<std::size_t>{2, 3, 4}));
  EXPECT_TRUE(table.fields()[0].is_bytes);
  EXPECT_EQ(numbers(table, "picture"), as_numbers(grey_rows(2, 3, 4)));
}

TEST_F(Picture, is_told_by_its_first_bytes) {
  write_file("a.txt", png_file(1, 1, 8, 0, "x"));
  write_file("b.txt", jpeg_file(1, 1, 1, "x"));
  write_file("c.png", "a,b\n1,2\n");
  write_file("d.png", "");
  for (const char* name : {"a.txt", "b.txt", "c.png", "d.png"}) {
    FileReader file(name);
    EXPECT_EQ(is_picture(file), std::string_view(name).ends_with("txt")) << name;
    std::array<std::byte, 1> first{};
    const std::string all = read_file(name);
    EXPECT_EQ(file.read(first), all.empty() ? 0U : 1U) << "looking must leave everything to be read";
    EXPECT_EQ(static_cast<char>(first[0]), all.empty() ? '\0' : all[0]) << name;
  }
  EXPECT_EQ(error_of(ErrorCode::not_found, [] { return open_data("b.tx"); }),
            "there is no file 'b.tx'; did you mean 'b.txt'?");
}

TEST_F(Picture, what_is_no_picture) {
  EXPECT_EQ(refused("a,b\n1,2\n"), "p is not a picture: it is neither PNG nor JPEG");
  EXPECT_EQ(refused(""), "p is not a picture: it is neither PNG nor JPEG");
  const std::string png = png_file(3, 2, 8, 2, grey_rows(2, 3, 3));
  EXPECT_TRUE(refused(png.substr(0, png.size() - 20)).starts_with("p: the PNG picture is damaged or cut short: "));
  std::string wrong = png;
  wrong[50] ^= 1;
  EXPECT_TRUE(refused(wrong).starts_with("p: the PNG picture is damaged or cut short: "));
  const std::string jpeg = jpeg_file(64, 64, 3, grey_rows(64, 64, 3));
  EXPECT_EQ(refused(jpeg.substr(0, jpeg.size() / 2)),
            "p: the JPEG picture is damaged or cut short: Premature end of JPEG file");
  EXPECT_TRUE(refused("\xFF\xD8\xFF nothing").starts_with("p: the JPEG picture is damaged or cut short: "));
}

TEST_F(Picture, too_many_pixels_are_refused_before_they_take_memory) {
  EXPECT_EQ(refused(png_file(1 << 20, 1 << 20, 8, 2, "")),
            "p: a picture of 1048576 × 1048576 pixels is too large; at most 2^28 pixels can be read");
  EXPECT_TRUE(
      refused(png_file((1 << 14) + 1, 1 << 14, 8, 0, "")).ends_with("is too large; at most 2^28 pixels can be read"));
  EXPECT_TRUE(
      refused(png_file(1 << 14, 1 << 14, 8, 0, "")).starts_with("p: the PNG picture is damaged or cut short: "));
  std::string jpeg = jpeg_file(16, 16, 1, std::string(256, 'x'));
  const std::size_t frame = jpeg.find("\xFF\xC0");
  jpeg.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);
  EXPECT_EQ(refused(jpeg), "p: a picture of 65280 × 65280 pixels is too large; at most 2^28 pixels can be read");
}

TEST_F(Picture, shapes_that_are_no_picture) {
  write_file("p", png_file(1, 1, 8, 0, "x"));
  const std::vector<std::pair<std::vector<std::size_t>, std::string>> cases = {{{}, ""},
                                                                               {{4}, "4"},
                                                                               {{2, 2, 2}, "2, 2, 2"},
                                                                               {{2, 2, 4}, "2, 2, 4"},
                                                                               {{0, 2, 3}, "0, 2, 3"},
                                                                               {{2, 2, 2, 3}, "2, 2, 2, 3"}};
  for (const auto& [shape, text] : cases) {
    EXPECT_EQ(error_of(ErrorCode::unsupported, [&] { return read_image("p", shape); }),
              "p: a picture can become examples of the shape (rows, cols), (rows, cols, 1) or (rows, cols, 3), but (" +
                  text + ") is needed");
  }
}

TEST_F(Picture, names_that_look_like_options) {
  write_file("-h", png_file(1, 1, 8, 0, "\x07"));
  const std::vector<std::size_t> shape = {1, 1};
  EXPECT_EQ(read_image("-h", shape), (std::vector<double>{7}));
}

}  // namespace
}  // namespace strata::testing
