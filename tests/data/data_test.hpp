// What the tests of the data room share: a folder of their own, files from bytes, errors as values.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "strata/data.hpp"
#include "strata/error.hpp"

namespace strata::testing {
using namespace internal;

/// Every test runs in an empty folder of its own, so that file names in messages are short and always the same.
class InFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    before_ = std::filesystem::current_path();
    std::string name = (std::filesystem::temp_directory_path() / "strata-data-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    std::filesystem::current_path(folder_);
  }
  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

 private:
  std::filesystem::path before_, folder_;
};

inline void write_file(const std::string& name, const std::string& bytes) {
  std::ofstream file(name, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(file.good()) << name;
}

inline std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The message of the Error that `call` throws; the test fails when it throws none, or one with another code.
template <class Call>
std::string error_of(ErrorCode code, Call&& call) {
  try {
    static_cast<void>(std::forward<Call>(call)());
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

/// The same for reading a file with these bytes.
inline std::string reading_error(ErrorCode code, const std::string& name, const std::string& bytes) {
  write_file(name, bytes);
  return error_of(code, [&] { return read_table(name); });
}

/// What an error about a word among numbers or dates ends with.
inline std::string ways_out(const std::string& column, const std::string& row) {
  return " (to let such cells count as missing: --bad-cells missing; to leave such rows out: --bad-rows skip; for a "
         "column of words: --categorical " +
         column + ")" + (row.empty() ? "" : ": " + row);
}

inline FieldChooser only(std::vector<std::string> names) {
  return [names](std::span<const Field>) { return names; };
}

inline std::vector<double> numbers(const Table& table, const std::string& name) {
  const Field& field = table.field(name);
  std::vector<double> all;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t k = 0; k < field.width(); ++k) all.push_back(table.number(field, row, k));
  }
  return all;
}

inline std::vector<std::string> texts(const Table& table, const std::string& name) {
  const Field& field = table.field(name);
  std::vector<std::string> all;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    all.push_back(field.categories.at(static_cast<std::size_t>(table.number(field, row))));
  }
  return all;
}

inline std::vector<std::string> names(const Table& table) {
  std::vector<std::string> all;
  for (const Field& field : table.fields()) all.push_back(field.name);
  return all;
}

/// Bytes of numbers; `big`: the largest byte first.
template <class T>
std::string packed(const std::vector<T>& values, bool big = false) {
  std::string bytes;
  for (const T value : values) {
    char digits[sizeof(T)];
    std::memcpy(digits, &value, sizeof value);
    if (big) std::reverse(digits, digits + sizeof value);
    bytes.append(digits, sizeof value);
  }
  return bytes;
}

inline std::string npy_file(const std::string& header, const std::string& numbers, char version = 1) {
  std::string bytes = std::string("\x93NUMPY") + version + '\0';
  const std::size_t digits = version == 1 ? 2 : 4;
  for (std::size_t i = 0; i < digits; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xFFU);
  return bytes + header + numbers;
}

inline std::string npy_file(const std::string& type, const std::string& shape, const std::string& numbers, bool fortran,
                            char version = 1) {
  return npy_file(
      "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }\n",
      numbers, version);
}

}  // namespace strata::testing
