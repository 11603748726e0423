// What is read: opened once, looked at without a loss, and from a pipe as from a file.
#include "base/file_reader.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

class FileReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "strata-reader-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    input = ::dup(STDIN_FILENO);
  }
  void TearDown() override {
    ::dup2(input, STDIN_FILENO);
    ::close(input);
    fs::remove_all(folder);
  }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
    return folder / name;
  }
  /// Standard input becomes a pipe with this text in it, and its end.
  static void pipe_in(const std::string& text) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
  }
  static void file_in(const fs::path& path, off_t from = 0) {
    const int descriptor = ::open(path.c_str(), O_RDONLY);
    ASSERT_EQ(::lseek(descriptor, from, SEEK_SET), from);
    ::dup2(descriptor, STDIN_FILENO);
    ::close(descriptor);
  }

  fs::path folder;
  int input = -1;
};

std::string as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string rest_of(FileReader& reader, std::size_t piece = 4) {
  std::string all;
  std::vector<std::byte> bytes(piece);
  while (const std::size_t got = reader.read(bytes)) all += as_text(std::span(bytes).first(got));
  return all;
}

template <class Function>
std::string error_of(ErrorCode code, const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST_F(FileReaderTest, reads_in_pieces_and_seeks) {
  FileReader reader(write("x", "0123456789"));
  EXPECT_TRUE(reader.seekable());
  EXPECT_EQ(reader.size(), 10U);
  EXPECT_EQ(reader.path(), folder / "x");
  EXPECT_EQ(reader.name(), (folder / "x").string());
  EXPECT_EQ(rest_of(reader), "0123456789");
  EXPECT_EQ(rest_of(reader), "");
  reader.seek(8);
  EXPECT_EQ(rest_of(reader), "89");
  FileReader moved(std::move(reader));
  moved.seek(0);
  EXPECT_EQ(rest_of(moved, 100), "0123456789");
}

TEST_F(FileReaderTest, bytes_in_memory_are_a_file_without_a_name) {
  const std::string text = "0123456789";
  FileReader reader(std::as_bytes(std::span(text)));
  EXPECT_TRUE(reader.seekable());
  EXPECT_EQ(reader.size(), 10U);
  EXPECT_EQ(reader.name(), "");
  EXPECT_EQ(as_text(reader.peek(3)), "012");
  EXPECT_EQ(rest_of(reader), text);
  EXPECT_EQ(rest_of(reader), "");
  reader.seek(10);
  EXPECT_EQ(rest_of(reader), "");
  reader.seek(8);
  FileReader moved(std::move(reader));
  EXPECT_EQ(rest_of(moved), "89");
  moved = FileReader(std::as_bytes(std::span(text).first(4)));
  moved.seek(1);
  EXPECT_EQ(as_text(moved.peek(100)), "123");
  EXPECT_EQ(rest_of(moved, 100), "123");
  FileReader none(std::span<const std::byte>{});
  none.seek(0);
  EXPECT_EQ(rest_of(none), "");
}

TEST_F(FileReaderTest, looking_ahead_takes_nothing_away) {
  const fs::path path = write("x", "0123456789");
  for (const bool piped : {false, true}) {
    piped ? pipe_in("0123456789") : file_in(path);
    FileReader reader("-");
    EXPECT_EQ(as_text(reader.peek(3)), "012") << piped;
    EXPECT_EQ(as_text(reader.peek(1)), "0") << piped;
    std::array<std::byte, 2> two{};
    EXPECT_EQ(reader.read(two), 2U);
    EXPECT_EQ(as_text(two), "01") << piped;
    EXPECT_EQ(as_text(reader.peek(4)), "2345") << piped;
    FileReader moved = std::move(reader);
    EXPECT_EQ(as_text(moved.peek(100)), "23456789") << piped;
    EXPECT_EQ(rest_of(moved), "23456789") << piped;
    EXPECT_EQ(as_text(moved.peek(1)), "") << piped;
  }
}

TEST_F(FileReaderTest, a_pipe_becomes_a_file_without_a_name) {
  pipe_in("0123456789");
  FileReader reader("-");
  EXPECT_FALSE(reader.seekable());
  EXPECT_EQ(reader.size(), 0U);
  EXPECT_EQ(reader.name(), "standard input");
  EXPECT_EQ(as_text(reader.peek(2)), "01");
  reader.make_seekable(folder);
  EXPECT_TRUE(reader.seekable());
  EXPECT_EQ(reader.size(), 10U);
  EXPECT_TRUE(fs::is_empty(folder));
  EXPECT_EQ(rest_of(reader), "0123456789");
  reader.seek(4);
  EXPECT_EQ(rest_of(reader), "456789");
  struct stat status{};
  ASSERT_EQ(::fstat(reader.descriptor(), &status), 0);
  EXPECT_EQ(status.st_size, 10) << "the room that was reserved is given back";
  reader.make_seekable("/nonexistent");  // there is nothing to do any more
}

TEST_F(FileReaderTest, a_large_pipe_is_copied_whole) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::dup2(ends[0], STDIN_FILENO);
  ::close(ends[0]);
  std::string text;
  for (int i = 0; text.size() < 5'000'000; ++i) text += std::to_string(i) + '\n';
  std::jthread writer([&] {
    for (std::size_t at = 0; at < text.size();) {
      const ssize_t put = ::write(ends[1], text.data() + at, std::min<std::size_t>(text.size() - at, 70'001));
      ASSERT_GT(put, 0);
      at += static_cast<std::size_t>(put);
    }
    ::close(ends[1]);
  });
  FileReader reader("-");
  reader.make_seekable(folder);
  writer.join();
  EXPECT_EQ(rest_of(reader, 1 << 20), text);
}

TEST_F(FileReaderTest, a_file_on_standard_input_is_as_good_as_by_its_name_unless_part_of_it_is_read) {
  const fs::path path = write("x", "0123456789");
  file_in(path);
  EXPECT_TRUE(FileReader("-").seekable());
  file_in(path, 3);
  FileReader reader("-");
  EXPECT_FALSE(reader.seekable());
  reader.make_seekable(folder);
  EXPECT_EQ(reader.size(), 7U);
  EXPECT_EQ(rest_of(reader), "3456789");
}

TEST_F(FileReaderTest, what_was_opened_is_read_whatever_has_the_name_now) {
  const fs::path path = write("x", "old");
  FileReader reader(path);
  fs::rename(write("y", "new"), path);
  EXPECT_EQ(rest_of(reader), "old");
}

TEST_F(FileReaderTest, a_pipe_that_does_not_wait_is_waited_for) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  ::dup2(ends[0], STDIN_FILENO);
  ::close(ends[0]);
  std::jthread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(::write(ends[1], "late", 4), 4);
    ::close(ends[1]);
  });
  FileReader reader("-");
  EXPECT_EQ(rest_of(reader), "late");
  writer.join();
}

TEST_F(FileReaderTest, names_what_is_missing) {
  EXPECT_EQ(error_of(ErrorCode::not_found, [&] { FileReader(folder / "no\x1b[31m.csv"); }),
            "cannot read '" + (folder / "no\\x1b[31m.csv").string() + "': No such file or directory");
  EXPECT_EQ(error_of(ErrorCode::io, [&] { FileReader{folder}; }),
            "cannot read '" + folder.string() + "': Is a directory");
  ::dup2(::open("/dev/null", O_WRONLY), STDIN_FILENO);
  EXPECT_EQ(error_of(ErrorCode::io, [&] { FileReader("-"); }), "standard input cannot be read: it is closed");
  ::close(STDIN_FILENO);
  EXPECT_EQ(error_of(ErrorCode::io, [&] { FileReader("-"); }), "standard input cannot be read: it is closed");
}

TEST_F(FileReaderTest, a_disk_without_room_is_an_error_before_anything_is_written) {
  pipe_in(std::string(60'000, 'x'));
  FileReader reader("-");
  struct rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const struct rlimit small = {1000, old.rlim_max};
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message = error_of(ErrorCode::io, [&] { reader.make_seekable(folder); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, before);
  EXPECT_EQ(message,
            "no room in '" + folder.string() +
                "' for what comes through a pipe and must be a file: " + std::strerror(EFBIG) +
                ": the limit on the size of files is 1000 bytes here; raise it (in the shell: ulimit -f unlimited)");
  EXPECT_TRUE(fs::is_empty(folder));
  pipe_in("x");
  FileReader another("-");
  EXPECT_EQ(error_of(ErrorCode::not_found, [&] { another.make_seekable(folder / "none"); }),
            "cannot make a file in '" + (folder / "none").string() + "': No such file or directory");
}

TEST_F(FileReaderTest, leaves_no_descriptor_behind) {
  const fs::path path = write("x", "0123456789");
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = open_files();
  for (int i = 0; i < 50; ++i) {
    FileReader a(path), b(path);
    a = std::move(b);
    (void)error_of(ErrorCode::io, [&] { FileReader{folder}; });
    pipe_in("x");
    FileReader c("-"), d("-");
    c.make_seekable(folder);
    (void)error_of(ErrorCode::not_found, [&] { d.make_seekable("/nonexistent"); });
  }
  EXPECT_EQ(open_files(), before);
}

TEST(TemporaryFolder, is_the_one_that_is_named) {
  const char* named = std::getenv("TMPDIR");
  const std::string old = named == nullptr ? "" : named;
  ::setenv("TMPDIR", "/somewhere/else", 1);
  EXPECT_EQ(temporary_folder(), "/somewhere/else");
  ::unsetenv("TMPDIR");
  EXPECT_TRUE(fs::is_directory(temporary_folder()));
  if (named != nullptr) ::setenv("TMPDIR", old.c_str(), 1);
}

}  // namespace
}  // namespace strata
