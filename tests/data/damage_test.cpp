// Every truncation and every damaged byte of a small file of each format ends in a table or in an Error; a damaged file
// of a format with checksums never ends in another table.
#include <functional>

#include "sample_pictures.hpp"
#include "zip_writer.hpp"

namespace strata::testing {
namespace {

class Damage : public InFolder {
 protected:
  // True when the bytes were read; false when they were refused.
  static bool survives(const std::string& bytes) {
    write_file("x", bytes);
    try {
      const Table table = read_table("x", [](std::span<const Field> fields) {
        std::vector<std::string> wanted;
        for (const Field& field : fields) {
          if (field.rows == fields.front().rows) wanted.push_back(field.name);
        }
        return wanted;
      });
      std::vector<double> row;
      std::vector<const Field*> fields;
      std::size_t width = 0;
      for (const Field& field : table.fields()) {
        fields.push_back(&field);
        width += field.width();
        for (std::size_t i = 0; i < table.rows(); ++i) static_cast<void>(table.where(field, i));
      }
      row.resize(width);
      for (std::size_t i = 0; i < table.rows(); ++i) table.read_row(fields, i, row.data());
      try {
        table.require_numbers(fields);
      } catch (const Error& error) {
        EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(ErrorCode::value)) << error.what();
      }
      return true;
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_FALSE(message.empty());
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
      EXPECT_NE(static_cast<int>(error.code()), static_cast<int>(ErrorCode::internal)) << message;
      EXPECT_LT(message.size(), 1000U) << message;
    }
    return false;
  }

  // Damage may hit bits that mean nothing; then the table is the same.
  static bool same_or_refused(const std::string& damaged, const std::string& whole) {
    write_file("y", whole);
    const Table expected = read_table("y");
    write_file("x", damaged);
    try {
      const Table table = read_table("x");
      return names(table) == names(expected) && table.rows() == expected.rows() &&
             std::ranges::all_of(names(table), [&](const std::string& name) {
               return numbers(table, name) == numbers(expected, name);
             });
    } catch (const Error&) {
      return true;
    }
  }

  struct Counts {
    std::size_t truncations = 0, flips = 0;  // that were read all the same
  };
  static Counts damage(const std::string& whole, std::size_t step = 1) {
    EXPECT_TRUE(survives(whole));
    Counts read;
    for (std::size_t length = 0; length < whole.size(); length += step)
      read.truncations += survives(whole.substr(0, length)) ? 1 : 0;
    // From the other end too, so that a step leaves out neither the header nor the last bytes.
    for (std::size_t missing = 1; missing < std::min<std::size_t>(whole.size(), 20) && step > 1; ++missing) {
      read.truncations += survives(whole.substr(0, whole.size() - missing)) ? 1 : 0;
    }
    for (std::size_t at = 0; at < whole.size(); at += step) {
      for (const int mask : {0x01, 0x80, 0xFF}) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ mask);
        read.flips += survives(damaged) ? 1 : 0;
      }
    }
    return read;
  }
};

TEST_F(Damage, csv) {
  const Counts read = damage("id,kind,x\r\n1,\"a \"\"b\"\"\",2.5\r\n\r\n2,\"c\nd\",-1e3\r\n3,,7\r\n");
  EXPECT_GT(read.truncations, 0U);  // a CSV file cut at the end of a line is a CSV file
}

TEST_F(Damage, npy) {
  const Counts read = damage(npy_file("<f8", "(2, 3)", packed<double>({1, 2, 3, 4, 5, 6}), false));
  EXPECT_EQ(read.truncations, 0U);
  static_cast<void>(damage(npy_file(">i2", "(2, 3)", packed<std::int16_t>({1, 2, 3, 4, 5, 6}), true)));
  static_cast<void>(damage(npy_file("<U2", "(2,)", packed<std::uint32_t>({'a', 'b', 'c', 0}), false)));
}

TEST_F(Damage, npz) {
  const std::string array = npy_file("<f8", "(2, 3)", packed<double>({1, 2, 3, 4, 5, 6}), false);
  const std::string labels = npy_file("|u1", "(2,)", "ab", false);
  for (const bool zip64 : {false, true}) {
    const Counts read = damage(zip_file(
        {{.name = "X.npy", .bytes = array, .deflate = true, .zip64 = zip64}, {.name = "y.npy", .bytes = labels}}, "",
        zip64));
    EXPECT_EQ(read.truncations, 0U);
  }
}

TEST_F(Damage, the_numbers_of_an_npz_file_are_guarded) {
  const std::string array = npy_file("<f8", "(2, 3)", packed<double>({1, 2, 3, 4, 5, 6}), false);
  for (const bool deflate : {false, true}) {
    const std::string whole = zip_file({{.name = "X.npy", .bytes = array, .deflate = deflate}});
    const std::size_t data = 30 + 5;  // behind the local header and the name
    const std::size_t end = whole.find("PK\x01\x02");
    for (std::size_t at = data; at < end; ++at) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      EXPECT_TRUE(same_or_refused(damaged, whole)) << at;
    }
  }
}

TEST_F(Damage, idx) {
  const std::string whole = std::string("\0\0\x08\x03", 4) + big_endian(2) + big_endian(2) + big_endian(2) + "abcdefgh";
  EXPECT_EQ(damage(whole).truncations, 0U);
}

TEST_F(Damage, gzip) {
  const std::string text = "a,b\n1,2\n3,4\n5,6\n";
  const std::string whole = gzipped(text);
  const Counts read = damage(whole);
  EXPECT_EQ(read.truncations, 0U);
  for (std::size_t at = 10; at < whole.size(); ++at) {  // behind the header every byte counts
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_TRUE(same_or_refused(damaged, whole)) << at;
  }
  static_cast<void>(damage(gzipped(std::string("\0\0\x08\x01", 4) + big_endian(5) + "hello")));
}

// Each of these costs a process or two, so not every byte is tried.
TEST_F(Damage, hdf5) {
  {
    const Hdf5File file("small.h5");
    put_array(file, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3, 2}, "abcdef");
    put_array(file, "y", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, {3}, std::vector<double>{1, 2, 3}.data());
  }
  const std::string whole = read_file("small.h5");
  // The file is mostly empty room; the bytes that say something are tried, thinned out.
  ASSERT_TRUE(survives(whole));
  std::size_t tried = 0;
  for (std::size_t at = 0, seen = 0; at < whole.size(); ++at) {
    if (whole[at] == '\0' || seen++ % 3 != 0) continue;
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (at % 2 == 0 ? 0xFF : 0x01));
    static_cast<void>(survives(damaged));
    ++tried;
  }
  EXPECT_GT(tried, 50U);
  for (std::size_t length = 0; length < whole.size(); length += 97) {
    EXPECT_FALSE(survives(whole.substr(0, length))) << length;
  }
}

TEST_F(Damage, png) {
  std::string rows;
  for (int i = 0; i < 5 * 4 * 3; ++i) rows += static_cast<char>(i * 37);
  for (const std::string& part : {std::string(), png_chunk("eXIf", exif_block(6, true))}) {
    const Counts read = damage(png_file(5, 4, 8, 2, rows, part), 3);
    EXPECT_EQ(read.truncations, 0U);
    EXPECT_EQ(read.flips, 0U);  // every chunk has a checksum
  }
}

TEST_F(Damage, jpeg) {
  std::string pixels;
  for (int i = 0; i < 16 * 16; ++i) pixels += static_cast<char>(i * 37);
  const std::string whole = jpeg_file(16, 16, 1, pixels, {.orientation = 6});
  const Counts read = damage(whole, 11);
  EXPECT_EQ(read.truncations, 0U);
}

}  // namespace
}  // namespace strata::testing
