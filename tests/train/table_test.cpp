// Training from tables that share their numbers: nothing is written into these, and the bits are those of a file.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "data/data_test.hpp"
#include "strata/trainer.hpp"

namespace strata::testing {
namespace {

using TrainTable = InFolder;

constexpr std::size_t kRows = 60, kInputs = 3;

// Memory that cannot be written to: the program would end.
template <class T>
class ReadOnly {
 public:
  explicit ReadOnly(const std::vector<T>& values) {
    memory_ = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    std::memcpy(memory_, values.data(), values.size() * sizeof(T));
    ::mprotect(memory_, kSize, PROT_READ);
  }
  ~ReadOnly() { ::munmap(memory_, kSize); }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  [[nodiscard]] const void* data() const { return memory_; }

 private:
  static constexpr std::size_t kSize = 4096;
  void* memory_ = nullptr;
};

template <class T>
std::vector<T> inputs() {
  std::vector<T> X;
  for (std::size_t i = 0; i < kRows * kInputs; ++i) X.push_back(static_cast<T>(std::floor(100 + 90 * std::sin(i))));
  return X;
}

std::vector<std::string> labels() {
  std::vector<std::string> y;
  for (std::size_t i = 0; i < kRows; ++i) y.emplace_back(i % 7 < 3 ? "low" : i % 7 < 6 ? "high" : "rare");
  return y;
}

std::string dtype(NumberType type) { return type == NumberType::u8 ? "|u1" : type == NumberType::f32 ? "<f4" : "<f8"; }

Options some_options(bool float64) {
  Options options;
  options.target = {"y"};
  options.hidden_layers = {4};
  options.epochs = 3;
  options.batch_size = 8;
  options.threads = 1;
  options.precision = float64 ? Precision::float64 : Precision::float32;
  return options;
}

void expect_same(const Fit& a, const Fit& b) {
  EXPECT_EQ(a.model.record().cost, b.model.record().cost);
  EXPECT_EQ(a.model.target().classes, b.model.target().classes);
  for (int l = 1; l <= 2; ++l) {
    EXPECT_EQ(a.model.weights(l), b.model.weights(l));
    EXPECT_EQ(a.model.biases(l), b.model.biases(l));
  }
}

template <class T>
void expect_as_from_a_file(bool float64) {
  const std::vector<T> X = inputs<T>();
  write_file("X.npy", npy_file(dtype(number_type<T>()), "(60, 3)", packed(X), false));
  Table file = read_table("X.npy");
  file.add_text("y", labels());
  const Options options = some_options(float64);
  const Fit expected = train(std::move(file), options);

  const ReadOnly<T> memory(X);
  int released = 0;
  Table table;
  table.add_borrowed("array", {memory.data(), number_type<T>(), kRows, {kInputs}, 0, [&released] { ++released; }});
  table.add_text("y", labels());
  expect_same(train(table, options), expected);
  EXPECT_EQ(released, 0);
  expect_same(train(std::move(table), options), expected);
  EXPECT_EQ(released, 1);

  Table copied;
  copied.add_numbers("array", {kInputs}, X);
  copied.add_text("y", labels());
  const Table shared = copied;
  expect_same(train(shared, options), expected);
  EXPECT_EQ(numbers(copied, "array"), std::vector<double>(X.begin(), X.end()));
  expect_same(train(std::move(copied), options), expected);
  EXPECT_EQ(numbers(shared, "array"), std::vector<double>(X.begin(), X.end()));
}

TEST_F(TrainTable, BorrowedAndSharedNumbersGiveTheBitsOfAFile) {
  for (const bool float64 : {false, true}) {
    expect_as_from_a_file<std::uint8_t>(float64);
    expect_as_from_a_file<float>(float64);
    expect_as_from_a_file<double>(float64);
  }
}

// A part that lacks a class, and rows that do not ascend.
TEST_F(TrainTable, PartsGiveTheBitsOfAFileWithTheirRows) {
  std::vector<std::size_t> rows;
  for (std::size_t row = kRows; row-- > 0;)
    if (row % 7 != 6) rows.push_back(row);
  const auto csv = [](const std::vector<std::size_t>& chosen) {
    const std::vector<double> X = inputs<double>();
    const std::vector<std::string> y = labels();
    std::string text = "a,b,c,y\n";
    for (const std::size_t row : chosen) {
      for (std::size_t k = 0; k < kInputs; ++k) text += std::to_string(X[row * kInputs + k] / 4) + ",";
      text += y[row] + "\n";
    }
    return text;
  };
  std::vector<std::size_t> all(kRows);
  for (std::size_t row = 0; row < kRows; ++row) all[row] = row;
  write_file("all.csv", csv(all));
  write_file("part.csv", csv(rows));
  const Options options = some_options(false);
  const Fit expected = train(read_table("part.csv"), options);
  EXPECT_EQ(expected.model.target().classes, (std::vector<std::string>{"high", "low"}));
  const Table whole = read_table("all.csv");
  const std::vector<double> before = numbers(whole, "b");
  expect_same(train(whole.select_rows(rows), options), expected);
  EXPECT_EQ(numbers(whole, "b"), before);
  EXPECT_EQ(expected.model.evaluate(whole.select_rows(rows)).correct, expected.model.record().train.correct);
  EXPECT_EQ(expected.model.evaluate(whole).unseen, kRows - rows.size());
  EXPECT_EQ(expected.model.evaluate(whole).first_unseen, "rare");
  EXPECT_EQ(error_of(ErrorCode::value,
                     [&] { return train(whole.select_rows(std::vector<std::size_t>{6, 13}), options).iterations; }),
            "the target 'y' is the same in every row ('rare'), so there is nothing to learn; is it the right column?");
}

}  // namespace
}  // namespace strata::testing
