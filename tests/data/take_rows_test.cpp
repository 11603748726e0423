// From a table to the columns of a matrix, in the memory of the table where that is possible.
#include <sys/wait.h>

#include <cstdio>
#include <numeric>

#include "base/sanitizers.hpp"
#include "data/table_storage.hpp"
#include "data_test.hpp"

namespace strata::testing {
namespace {

// rows × width doubles in one block: 1000·row + column, as a CSV file gives them.
Table one_block(std::size_t rows, std::size_t width) {
  Table table;
  Table::Storage& storage = table.storage();
  Buffer bytes(rows * width * sizeof(double));
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t k = 0; k < width; ++k)
      bytes.as<double>()[row * width + k] = 1000.0 * static_cast<double>(row) + static_cast<double>(k);
  }
  storage.rows = rows;
  storage.origins.push_back({.name = "x.csv", .is_csv = true, .lines = {}});
  for (std::size_t k = 0; k < width; ++k) {
    const std::string name = "c" + std::to_string(k);
    storage.fields.push_back({.name = name, .shape = {}, .categories = {}, .rows = rows});
    storage.places.push_back({.block = 0, .offset = k, .origin = 0, .cell = k + 1, .name = name, .bad = {}});
  }
  storage.blocks.push_back({NumberType::f64, width, std::move(bytes)});
  return table;
}

std::vector<const Field*> fields_of(const Table& table, const std::vector<std::string>& wanted) {
  std::vector<const Field*> found;
  for (const std::string& name : wanted) found.push_back(&table.field(name));
  return found;
}

template <class T>
std::vector<T> values(const Buffer& buffer) {
  return {buffer.as<T>(), buffer.as<T>() + buffer.size() / sizeof(T)};
}

template <class T>
class TakeRows : public ::testing::Test {};
using Precisions = ::testing::Types<float, double>;
TYPED_TEST_SUITE(TakeRows, Precisions);

TYPED_TEST(TakeRows, works_in_the_memory_of_the_block) {
  using T = TypeParam;
  Table table = one_block(5, 3);
  const auto fields = fields_of(table, {"c2", "c0"});
  const std::vector<std::size_t> rows = {0, 2, 3};
  std::vector<double> seen;
  const Buffer buffer = take_rows<T>(std::move(table), fields, Rows(rows), 2, [&](const double* raw, T* out) {
    seen.insert(seen.end(), raw, raw + 2);
    out[0] = static_cast<T>(raw[0] + 0.5);
    out[1] = static_cast<T>(-raw[1]);
  });
  EXPECT_EQ(seen, (std::vector<double>{2, 0, 2002, 2000, 3002, 3000}));
  EXPECT_EQ(values<T>(buffer), (std::vector<T>{T(2.5), T(-0.0), T(2002.5), T(-2000), T(3002.5), T(-3000)}));
  EXPECT_EQ(buffer.capacity(), 6 * sizeof(T));
}

TYPED_TEST(TakeRows, never_overwrites_a_row_that_is_still_to_be_read) {
  using T = TypeParam;
  // All rows, columns exactly as long as the rows were: the tightest case.
  constexpr std::size_t kRows = 257, kWidth = 4;
  constexpr std::size_t n_out = kWidth * sizeof(double) / sizeof(T);
  Table table = one_block(kRows, kWidth);
  const auto fields = fields_of(table, {"c0", "c1", "c2", "c3"});
  std::vector<std::size_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const Buffer buffer = take_rows<T>(std::move(table), fields, Rows(rows), n_out, [&](const double* raw, T* out) {
    for (std::size_t k = 0; k < n_out; ++k) out[k] = static_cast<T>(raw[k % kWidth]);
  });
  const std::vector<T> got = values<T>(buffer);
  ASSERT_EQ(got.size(), kRows * n_out);
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t k = 0; k < n_out; ++k) {
      ASSERT_EQ(got[i * n_out + k], static_cast<T>(1000 * i + k % kWidth)) << i << " " << k;
    }
  }
}

TYPED_TEST(TakeRows, takes_new_memory_where_columns_are_longer) {
  using T = TypeParam;
  Table table = one_block(3, 1);
  const auto fields = fields_of(table, {"c0"});
  const std::vector<std::size_t> rows = {1, 2};
  const Buffer buffer = take_rows<T>(std::move(table), fields, Rows(rows), 5, [](const double* raw, T* out) {
    for (int k = 0; k < 5; ++k) out[k] = static_cast<T>(raw[0] + k);
  });
  EXPECT_EQ(values<T>(buffer), (std::vector<T>{1000, 1001, 1002, 1003, 1004, 2000, 2001, 2002, 2003, 2004}));
}

TYPED_TEST(TakeRows, a_column_one_number_longer_than_a_row_takes_new_memory) {
  using T = TypeParam;
  constexpr std::size_t kRows = 50, kWidth = 3;
  constexpr std::size_t n_out = kWidth * sizeof(double) / sizeof(T) + 1;
  Table table = one_block(kRows, kWidth);
  const auto fields = fields_of(table, {"c0", "c1", "c2"});
  std::vector<std::size_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  const Buffer buffer = take_rows<T>(std::move(table), fields, Rows(rows), n_out, [&](const double* raw, T* out) {
    for (std::size_t k = 0; k < n_out; ++k) out[k] = static_cast<T>(raw[k % kWidth]);
  });
  const std::vector<T> got = values<T>(buffer);
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i], static_cast<T>(1000 * (i / n_out) + i % n_out % kWidth)) << i;
  }
}

TYPED_TEST(TakeRows, a_row_taken_twice_is_read_before_it_is_gone) {
  using T = TypeParam;
  Table table = one_block(4, 2);
  const auto fields = fields_of(table, {"c0", "c1"});
  const std::vector<std::size_t> rows = {0, 0, 0, 1, 1, 2};
  constexpr std::size_t n_out = 2 * sizeof(double) / sizeof(T);
  const Buffer buffer = take_rows<T>(std::move(table), fields, Rows(rows), n_out, [&](const double* raw, T* out) {
    for (std::size_t k = 0; k < n_out; ++k) out[k] = static_cast<T>(raw[1]);
  });
  const std::vector<T> got = values<T>(buffer);
  ASSERT_EQ(got.size(), rows.size() * n_out);
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], static_cast<T>(1000 * rows[i / n_out] + 1)) << i;
}

TYPED_TEST(TakeRows, takes_rows_in_any_order_and_twice) {
  using T = TypeParam;
  Table table = one_block(4, 2);
  const auto fields = fields_of(table, {"c0", "c1"});
  const std::vector<std::size_t> rows = {3, 0, 0, 2};
  const Buffer buffer = take_rows<T>(std::move(table), fields, Rows(rows), 1,
                                     [](const double* raw, T* out) { *out = static_cast<T>(raw[1]); });
  EXPECT_EQ(values<T>(buffer), (std::vector<T>{3001, 1, 1, 2001}));
}

TYPED_TEST(TakeRows, joins_fields_of_several_blocks_and_types) {
  using T = TypeParam;
  Table table;
  table.add_numbers("x", {2}, std::vector<double>{1, 2, 3, 4});
  table.add_text("t", std::vector<std::string>{"a", "b"});
  Buffer pixels(2);
  pixels.as<std::uint8_t>()[0] = 200;
  pixels.as<std::uint8_t>()[1] = 255;
  table.storage().origins.push_back({.name = "p.idx", .is_csv = false, .lines = {}});
  table.storage().add_array({.name = "p", .shape = {}, .categories = {}, .is_bytes = true, .rows = 2},
                            Block(NumberType::u8, 1, std::move(pixels)), 2);
  const auto fields = fields_of(table, {"p", "x", "t"});
  const std::vector<std::size_t> rows = {0, 1};
  const Buffer buffer = take_rows<T>(std::move(table), fields, Rows(rows), 4, [](const double* raw, T* out) {
    for (int k = 0; k < 4; ++k) out[k] = static_cast<T>(raw[k]);
  });
  EXPECT_EQ(values<T>(buffer), (std::vector<T>{200, 1, 2, 0, 255, 3, 4, 1}));
}

TEST(TakeRowsErrors, a_row_that_is_not_there) {
  Table table = one_block(2, 1);
  const auto fields = fields_of(table, {"c0"});
  const std::vector<std::size_t> rows = {0, 2};
  EXPECT_EQ(error_of(ErrorCode::internal,
                     [&] {
                       return take_rows<double>(std::move(table), fields, Rows(rows), 1, [](const double*, double*) {});
                     }),
            "take_rows: row 2 of a table of 2 rows");
}

TEST(TakeRowsErrors, no_rows_make_no_numbers) {
  Table table = one_block(2, 1);
  const auto fields = fields_of(table, {"c0"});
  const Buffer buffer = take_rows<double>(std::move(table), fields, Rows(0), 1, [](const double*, double*) {});
  EXPECT_EQ(buffer.size(), 0U);
}

#if !STRATA_ADDRESS_SANITIZER && !STRATA_THREAD_SANITIZER
std::size_t peak_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  }
  return 0;
}

// In a process of its own, so that its peak is not that of another test. Exit code: the growth of the peak, in tenths
// of the size of the data.
template <class Work>
double growth_in_sizes_of_the_data(std::size_t data_bytes, const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    const std::size_t before = peak_kilobytes();
    work();
    const std::size_t growth = (peak_kilobytes() - before) * 1024;
    ::_exit(static_cast<int>(std::min<std::size_t>(250, 10 * growth / data_bytes)));
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  return WEXITSTATUS(status) / 10.0;
}

TEST(Memory, a_table_of_doubles_becomes_a_matrix_in_its_own_memory) {
  constexpr std::size_t kRows = 400'000, kWidth = 40;  // 128 MB
  constexpr std::size_t kBytes = kRows * kWidth * sizeof(double);
  const double growth = growth_in_sizes_of_the_data(kBytes, [] {
    Table table = one_block(kRows, kWidth);
    std::vector<const Field*> fields;
    for (const Field& field : table.fields()) fields.push_back(&field);
    std::vector<std::size_t> rows(kRows);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    const Buffer buffer =
        take_rows<double>(std::move(table), fields, Rows(rows), kWidth, [](const double* raw, double* out) {
          for (std::size_t k = 0; k < kWidth; ++k) out[k] = raw[k] / 2;
        });
    if (buffer.as<double>()[kRows * kWidth - 1] != (1000.0 * (kRows - 1) + kWidth - 1) / 2) ::_exit(255);
  });
  EXPECT_GE(growth, 1.0);
  EXPECT_LE(growth, 1.2);  // twice the data would be 2
}

TEST(Memory, a_buffer_that_grows_never_needs_the_room_of_two) {
  constexpr std::size_t kBytes = std::size_t{128} << 20;
  const double growth = growth_in_sizes_of_the_data(kBytes, [] {
    Buffer buffer;
    for (std::size_t at = 0; at < kBytes; at += 4096) {
      buffer.resize(at + 4096);
      std::memset(buffer.data() + at, 1, 4096);
    }
  });
  EXPECT_GE(growth, 1.0);
  EXPECT_LE(growth, 1.3);
}

TEST_F(InFolder, a_csv_file_needs_the_memory_of_its_numbers) {
  constexpr std::size_t kRows = 300'000, kWidth = 30;  // 72 MB as doubles, 36 MB as text
  {
    std::ofstream file("x.csv");
    for (std::size_t k = 0; k < kWidth; ++k) file << (k > 0 ? "," : "") << "c" << k;
    file << '\n';
    std::string line;
    for (std::size_t k = 0; k < kWidth; ++k) line += (k > 0 ? "," : "") + std::to_string(k % 10) + ".5";
    line += '\n';
    for (std::size_t row = 0; row < kRows; ++row) file << line;
  }
  const double growth = growth_in_sizes_of_the_data(kRows * kWidth * sizeof(double), [] {
    ::setenv("STRATA_THREADS", "2", 1);  // each thread has some rows that are not in the table yet
    const Table table = read_table("x.csv");
    if (table.rows() != kRows || table.number(table.fields()[29], kRows - 1) != 9.5) ::_exit(255);
  });
  EXPECT_GE(growth, 1.0);
  EXPECT_LE(growth, 1.3);
}
#endif

}  // namespace
}  // namespace strata::testing
