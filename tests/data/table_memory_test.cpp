// Tables of a program's own arrays: every type of numbers, and memory that stays the program's.
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>

#include "data/table_storage.hpp"
#include "data_test.hpp"

namespace strata::testing {
namespace {

template <class T>
class Numbers : public ::testing::Test {};
using Types = ::testing::Types<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t,
                               std::uint64_t, std::int64_t, float, double, unsigned long long, long long>;
TYPED_TEST_SUITE(Numbers, Types);

template <class T>
std::vector<T> edges() {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
    // Exact: 53 bits anywhere. The largest is not, the smallest is a power of two.
    return {T{0}, T{1}, T{1} << 53, (T{1} << 53) - 1, Limits::min(), static_cast<T>(((T{1} << 53) - 1) << 9)};
  } else {
    return {T{0}, T{1}, T{3}, static_cast<T>(Limits::max() / 3), Limits::lowest(), Limits::max()};
  }
}

template <class T>
std::vector<double> as_doubles(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

TYPED_TEST(Numbers, are_copied_and_borrowed_in_their_own_type) {
  using T = TypeParam;
  const std::vector<T> values = edges<T>();
  Table table;
  table.add_numbers("copied", {}, values);
  table.add_numbers("pairs", {}, std::span(values));
  table.add_borrowed("borrowed", {.data = values.data(), .type = number_type<T>(), .rows = values.size()});
  for (const char* name : {"copied", "pairs", "borrowed"}) {
    EXPECT_EQ(numbers(table, name), as_doubles(values)) << name;
    const Block& block = table.storage().blocks[table.storage().place(table.field(name)).block];
    EXPECT_EQ(bytes_of(block.type), sizeof(T));
    EXPECT_EQ(block.type, number_type<T>());
    EXPECT_EQ(table.field(name).is_bytes, (std::is_same_v<T, std::uint8_t>));
  }
  EXPECT_NE(table.storage().blocks[0].numbers.get(), reinterpret_cast<const std::byte*>(values.data()));
  EXPECT_EQ(table.storage().blocks[2].numbers.get(), reinterpret_cast<const std::byte*>(values.data()));
}

TEST(WholeNumbers, are_never_rounded) {
  constexpr std::int64_t kOdd = (std::int64_t{1} << 53) + 1;
  Table table;
  table.add_numbers("a", {}, std::vector<int>{1, 2, 3});
  const std::vector<std::int64_t> ids = {1, 2, kOdd}, negative = {-kOdd, 1, 1};
  const std::string advice =
      ", which float64 cannot hold exactly; add it as text, or as float64 where rounding does not matter";
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.add_numbers("id", {}, ids), 0; }),
            "the table: id, example 2 (counted from 0) is 9007199254740993" + advice);
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.add_numbers("id", {}, negative), 0; }),
            "the table: id, example 0 (counted from 0) is -9007199254740993" + advice);
  const std::vector<std::uint64_t> large = {1, 2, 3, 4, 5, std::numeric_limits<std::uint64_t>::max()};
  bool released = false;
  BorrowedNumbers borrowed{large.data(), NumberType::u64, 3, {2}, 0, [&] { released = true; }};
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.add_borrowed("id", std::move(borrowed)), 0; }),
            "the table: id, example 2 (counted from 0), number 1 is 18446744073709551615" + advice);
  EXPECT_TRUE(released);
  EXPECT_EQ(error_of(ErrorCode::value,
                     [&] {
                       return table.add_numbers("id", {}, std::vector{std::numeric_limits<long long>::max(), 1LL, 1LL}),
                              0;
                     }),
            "the table: id, example 0 (counted from 0) is 9223372036854775807" + advice);
  EXPECT_EQ(names(table), (std::vector<std::string>{"a"}));
}

TEST(Borrowed, layouts) {
  std::array<float, 12> matrix{};  // 4 × 3, in C order
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<float>(i);
  constexpr std::ptrdiff_t kRow = 3 * sizeof(float);
  Table table;
  table.add_borrowed("all", {.data = matrix.data(), .type = NumberType::f32, .rows = 4, .shape = {3}});
  table.add_borrowed("column", {.data = &matrix[1], .type = NumberType::f32, .rows = 4, .stride = kRow});
  table.add_borrowed("two", {.data = &matrix[1], .type = NumberType::f32, .rows = 4, .shape = {2, 1}, .stride = kRow});
  table.add_borrowed("back", {.data = &matrix[9], .type = NumberType::f32, .rows = 4, .stride = -kRow});
  EXPECT_EQ(numbers(table, "all"), std::vector<double>(matrix.begin(), matrix.end()));
  EXPECT_EQ(numbers(table, "column"), (std::vector<double>{1, 4, 7, 10}));
  EXPECT_EQ(numbers(table, "two"), (std::vector<double>{1, 2, 4, 5, 7, 8, 10, 11}));
  EXPECT_EQ(numbers(table, "back"), (std::vector<double>{9, 6, 3, 0}));
  EXPECT_EQ(numbers(table.select_rows(std::vector<std::size_t>{3, 1}), "two"), (std::vector<double>{10, 11, 4, 5}));
  matrix[7] = std::numeric_limits<float>::quiet_NaN();
  const Field* column = table.find("column");
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return table.require_numbers({&column, 1}), 0; }),
            "the table: column, example 2 (counted from 0) is nan; every number must be finite");
}

// Memory whose owner counts.
struct Counted {
  std::vector<double> values{0, 1, 2, 3, 4, 5};
  int released = 0;
  BorrowedNumbers borrowed(std::size_t rows = 3) {
    return {values.data(), NumberType::f64, rows, {2}, 0, [this] { ++released; }};
  }
};

TEST(Borrowed, refuses_what_does_not_fit_and_gives_it_back) {
  Counted owner;
  Table table;
  table.add_numbers("a", {}, std::vector<double>{1, 2, 3});
  int expected = 0;
  const auto refused = [&](ErrorCode code, std::string name, const auto& change) {
    BorrowedNumbers numbers = owner.borrowed();
    change(numbers);
    const std::string message =
        error_of(code, [&] { return table.add_borrowed(std::move(name), std::move(numbers)), 0; });
    EXPECT_EQ(owner.released, ++expected);
    EXPECT_EQ(table.fields().size(), 1U);
    return message;
  };
  EXPECT_EQ(refused(ErrorCode::usage, "a", [](BorrowedNumbers&) {}), "the table already has a field named 'a'");
  EXPECT_EQ(refused(ErrorCode::shape, "x", [](BorrowedNumbers& numbers) { numbers.rows = 2; }),
            "field 'x': 4 numbers do not make 3 examples of shape (2,)");
  EXPECT_EQ(refused(ErrorCode::shape, "x", [](BorrowedNumbers& numbers) { numbers.rows = 0; }),
            "field 'x': 0 numbers do not make 3 examples of shape (2,)");
  EXPECT_EQ(refused(ErrorCode::shape, "x", [](BorrowedNumbers& numbers) { numbers.shape = {0}; }),
            "field 'x': 0 numbers do not make 3 examples of shape (0,)");
  EXPECT_NE(refused(ErrorCode::format, "x", [](BorrowedNumbers& numbers) { numbers.rows = std::size_t{1} << 63; })
                .find("9223372036854775808 * 2 is larger than any memory"),
            std::string::npos);
  EXPECT_EQ(refused(ErrorCode::usage, "x", [](BorrowedNumbers& numbers) { numbers.data = nullptr; }),
            "field 'x': its memory is a null pointer");
  EXPECT_NE(
      refused(ErrorCode::usage, "x", [](BorrowedNumbers& numbers) { numbers.stride = 12; })
          .find("field 'x': numbers of 8 bytes must begin at a multiple of 8 and be a multiple of it apart; found "
                "the address 0x"),
      std::string::npos);
  EXPECT_NE(refused(ErrorCode::usage, "x",
                    [](BorrowedNumbers& numbers) { numbers.data = static_cast<const char*>(numbers.data) + 4; })
                .find("4 and the stride 0: copy them, with add_numbers"),
            std::string::npos);
  table.add_borrowed("x", {.data = owner.values.data(), .rows = 3});  // nobody to tell
}

TEST(Borrowed, is_released_once_when_the_last_that_needs_it_is_gone) {
  Counted owner;
  std::optional<Table> table(std::in_place);
  table->add_borrowed("x", owner.borrowed());
  table->add_numbers("y", {}, std::vector<int>{7, 8, 9});
  std::optional<Table> copy(*table);
  std::optional<Table> rows(copy->select_rows(std::vector<std::size_t>{2, 2}));
  const Table other = table->select_fields(std::vector<std::string>{"y"});
  Table other_rows = other.slice_rows(0, 2);
  Table moved = std::move(*table);
  table.reset();
  Table assigned;
  assigned = moved;
  moved = Table();
  copy.reset();
  EXPECT_EQ(owner.released, 0);
  other_rows.append(rows->select_fields(std::vector<std::string>{"x"}));
  rows.reset();
  assigned = other;
  EXPECT_EQ(owner.released, 0);
  EXPECT_EQ(numbers(other_rows, "x"), (std::vector<double>{4, 5, 4, 5}));
  EXPECT_EQ(numbers(other_rows, "y"), (std::vector<double>{7, 8}));
  other_rows = Table();  // `other` has no need of it
  EXPECT_EQ(owner.released, 1);
}

TEST(Borrowed, is_released_when_what_follows_throws) {
  Counted owner;
  try {
    Table table;
    table.add_borrowed("x", owner.borrowed());
    const Table copy = table;
    Table two;
    two.add_numbers("x", {}, std::vector<double>{1, 2});
    two.append(Table(copy));
  } catch (const Error&) {
    EXPECT_EQ(owner.released, 1);
  }
  EXPECT_EQ(owner.released, 1);
}

TEST(Borrowed, copies_may_go_away_on_other_threads) {
  Counted owner;
  {
    Table table;
    table.add_borrowed("x", owner.borrowed());
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([copy = table] {
        for (std::size_t i = 0; i < 100; ++i) {
          const Table part = copy.slice_rows(i % 3, 1);
          EXPECT_EQ(part.number(part.field("x"), 0), 2.0 * static_cast<double>(i % 3));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(owner.released, 0);
  }
  EXPECT_EQ(owner.released, 1);
}

}  // namespace
}  // namespace strata::testing
