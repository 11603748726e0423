#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "decode.hpp"

namespace strata::decode {
namespace {

constexpr std::size_t kPiece = std::size_t{256} << 10;

void write_all(const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes, count);
    if (written < 0) {
      if (errno == EINTR) continue;
      throw Failure(std::string("cannot write: ") + std::strerror(errno));
    }
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

}  // namespace

void Output::write(const void* bytes, std::size_t count) {
  const char* from = static_cast<const char*>(bytes);
  if (waiting_.size() + count > kPiece) flush();
  if (count > kPiece) return write_all(from, count);
  waiting_.insert(waiting_.end(), from, from + count);
}

void Output::flush() {
  write_all(waiting_.data(), waiting_.size());
  waiting_.clear();
}

std::string npy_header(const std::string& type, std::span<const std::size_t> dims) {
  const bool little = std::endian::native == std::endian::little;
  const char order = type.back() == '1' ? '|' : little ? '<' : '>';
  std::string text = std::string("{'descr': '") + order + type + "', 'fortran_order': False, 'shape': (";
  for (const std::size_t n : dims) text += std::to_string(n) + ", ";
  text += "), }";
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string start("\x93NUMPY\x01\x00", 8);
  start += static_cast<char>(text.size() & 0xFFU);
  start += static_cast<char>(text.size() >> 8U);
  return start + text;
}

std::size_t file_size() {
  struct stat status{};
  if (::fstat(STDIN_FILENO, &status) != 0) throw Failure(std::string("cannot be read: ") + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw Failure("is not a file");
  return static_cast<std::size_t>(status.st_size);
}

std::size_t read_input(std::span<char> into) {
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw Failure(std::string("cannot be read: ") + std::strerror(errno));
  }
}

}  // namespace strata::decode
