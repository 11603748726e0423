// What the targets of the parsers share: bytes as a source or as a file, and what may come of them. libFuzzer finds
// what crashes, leaks, hangs or is undefined; these functions abort on what is wrong without that.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_source.hpp"
#include "data/formats.hpp"
#include "strata/data.hpp"
#include "strata/error.hpp"

namespace strata::fuzz {
using namespace internal;

using Bytes = std::span<const std::byte>;

inline Bytes bytes_of(const std::uint8_t* data, std::size_t size) { return std::as_bytes(std::span(data, size)); }

[[noreturn]] inline void wrong(const std::string& what) {
  // Not as a C string: what is compared holds bits of numbers.
  std::fprintf(stderr, "wrong: ");
  std::fwrite(what.data(), 1, what.size(), stderr);
  std::fprintf(stderr, "\n");
  std::abort();
}

/// Gives at most so many bytes at a time.
class MemorySource final : public ByteSource {
 public:
  MemorySource(Bytes bytes, std::size_t piece) : left_(bytes), piece_(piece) {}
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = std::min({into.size(), left_.size(), piece_});
    if (count != 0) std::memcpy(into.data(), left_.data(), count);
    left_ = left_.subspan(count);
    return count;
  }

 private:
  Bytes left_;
  std::size_t piece_;
};

/// A file that no disk has to hold.
class MemoryFile {
 public:
  explicit MemoryFile(Bytes bytes) : descriptor_(::memfd_create("strata-fuzz", 0)) {
    if (descriptor_ < 0 || ::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
      wrong("no file in memory");
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

/// In one line what some messages say in two: a name in a file that breaks lines is still seen.
inline std::string in_one_line(std::string message) {
  for (const std::string_view below :
       {"\nthe data has: ", "\nit has: ", "\nthere are: ", "\nleft out: ", "\nNo fold is left."}) {
    if (const std::size_t at = message.find(below); at != std::string::npos) message.erase(at, 1);
  }
  return message;
}

/// The message of the Error that `action` ends with, or nothing; any other exception ends the program.
template <class Action>
std::optional<std::string> error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    const std::string message = in_one_line(error.what());
    if (error.code() == ErrorCode::internal) wrong("bad input is no internal error: " + message);
    if (message.empty() || message.size() > 2000)
      wrong("an error of " + std::to_string(message.size()) + " characters: " + message);
    const bool control = std::ranges::any_of(message, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (control) wrong("an error with control characters: " + message);
    return message;
  }
  return std::nullopt;
}

/// Everything that a table says of itself, as text.
inline std::string description(const Table& table) {
  std::string text;
  std::vector<const Field*> fields;
  std::size_t width = 0;
  for (const Field& field : table.fields()) {
    text += field.name + '\n';
    for (const std::string& category : field.categories) text += category + '\n';
    fields.push_back(&field);
    width += field.width();
  }
  std::vector<double> row(width);
  const auto add = [&](double value) {
    char bits[sizeof value];
    std::memcpy(bits, &value, sizeof value);
    text.append(bits, sizeof bits);
  };
  for (std::size_t i = 0; i < table.rows(); ++i) {
    table.read_row(fields, i, row.data());
    for (const double value : row) add(value);
  }
  for (const Field* field : fields) {
    if (table.rows() != 0) text += table.where(*field, table.rows() - 1) + '\n';
  }
  // Without its advice, which depends on who reads: where a model knows the types, none can be named.
  const std::string verdict = error_of([&] { table.require_numbers(fields); }).value_or("numbers");
  return text + verdict.substr(0, verdict.find(" (to let such cells"));
}

/// Fields with as many rows as the first.
inline std::vector<std::string> of_equal_rows(std::span<const Field> fields) {
  std::vector<std::string> wanted;
  for (const Field& field : fields) {
    if (field.rows == fields.front().rows) wanted.push_back(field.name);
  }
  return wanted;
}

/// What comes of the bytes: a table or an error. It may not depend on the pieces that the bytes come in.
template <class Reader>
void read_in_pieces(Bytes bytes, const Reader& reader) {
  const FieldChooser choose = of_equal_rows;
  const auto outcome = [&](std::size_t piece) {
    std::string text;
    const auto error = error_of([&] {
      auto input = std::make_unique<Input>(std::make_unique<MemorySource>(bytes, piece), "data", bytes.size());
      text = description(*reader(std::move(input), Request{choose, {}})->next(kAllRows));
    });
    return error.value_or(text);
  };
  const std::string whole = outcome(bytes.size() + 1), pieces = outcome(1 + bytes.size() % 7);
  if (whole != pieces) wrong("at once it is\n" + whole + "\nand in pieces it is\n" + pieces);
}

}  // namespace strata::fuzz
