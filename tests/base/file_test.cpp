#include "base/file.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "strata/error.hpp"

// The program's own link and rename, which refuse what a test wants refused: with these errno; 0: nothing. `renames`:
// how many of them succeed before that.
namespace {
struct Refused {
  int link = 0, rename = 0, renames = 0;
} refused;

template <class Function>
int call(const char* name, Function* /*type*/, int refusal, const char* from, const char* to) {
  if (refusal == 0) return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name))(from, to);
  errno = refusal;
  return -1;
}
}  // namespace

extern "C" {
int link(const char* from, const char* to) noexcept {
  return call("link", static_cast<int (*)(const char*, const char*)>(nullptr), refused.link, from, to);
}
int rename(const char* from, const char* to) noexcept {
  const int refusal = refused.renames-- > 0 ? 0 : refused.rename;
  return call("rename", static_cast<int (*)(const char*, const char*)>(nullptr), refusal, from, to);
}
}

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "strata-file-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override {
    refused = {};
    fs::remove_all(folder);
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder)) found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
  }

  fs::path folder;
};

using Names = std::vector<std::string>;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

void write_text(const fs::path& path, std::string_view text) {
  replace_file(path, [&](const Sink& sink) { sink(bytes_of(text)); });
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Function>
Error error_of(const Function& function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return {ErrorCode::internal, ""};
}

#define EXPECT_SAYS(error, words) \
  EXPECT_NE(std::string((error).what()).find(words), std::string::npos) << (error).what()

TEST_F(FileTest, ReplaceWritesANewFileInPieces) {
  const fs::path path = folder / "model.strata";
  replace_file(path, [](const Sink& sink) {
    sink(bytes_of("one "));
    sink({});
    sink(bytes_of("two"));
  });
  EXPECT_EQ(text_of(path), "one two");
  EXPECT_EQ(names(), (Names{"model.strata"}));
}

TEST_F(FileTest, ReplaceTakesThePlaceOfAnOldFile) {
  const fs::path path = folder / "model.strata";
  write_text(path, "a much longer old file");
  write_text(path, "new");
  EXPECT_EQ(text_of(path), "new");
  EXPECT_EQ(names(), (Names{"model.strata"}));
}

TEST_F(FileTest, WhileItIsWrittenTheOldFileIsThere) {
  const fs::path path = folder / "model.strata";
  write_text(path, "old");
  replace_file(path, [&](const Sink& sink) {
    sink(bytes_of("ne"));
    EXPECT_EQ(text_of(path), "old");
    EXPECT_EQ(names().size(), 2U) << "the temporary file stands beside it, on the same file system";
    sink(bytes_of("w"));
  });
  EXPECT_EQ(text_of(path), "new");
}

TEST_F(FileTest, AnExceptionInTheMiddleLeavesTheOldFileAndNothingElse) {
  const fs::path path = folder / "model.strata";
  write_text(path, "old");
  EXPECT_THROW(replace_file(path,
                            [](const Sink& sink) {
                              sink(bytes_of("half of the ne"));
                              throw std::runtime_error("out of ideas");
                            }),
               std::runtime_error);
  EXPECT_EQ(text_of(path), "old");
  EXPECT_EQ(names(), (Names{"model.strata"}));
  EXPECT_THROW(replace_file(folder / "other", [](const Sink&) { throw 1; }), int);
  EXPECT_EQ(names(), (Names{"model.strata"}));
}

// Of what is done while files hold 100,000 bytes at most.
Error error_on_full_disk(const std::function<void()>& act) {
  rlimit before{};
  EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 100000;
  EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  Error error = error_of(act);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  return error;
}

// The system refuses the write in the middle of the file, as a full disk does.
TEST_F(FileTest, AFailingDiskLeavesTheOldFileAndNothingElse) {
  const fs::path path = folder / "model.strata";
  write_text(path, "old");
  const Error error = error_on_full_disk([&] {
    replace_file(path, [](const Sink& sink) {
      for (int i = 0; i < 10; ++i) sink(bytes_of(std::string(30000, 'x')));
    });
  });
  EXPECT_EQ(error.code(), ErrorCode::io);
  EXPECT_SAYS(error, path.string());
  EXPECT_SAYS(error, std::strerror(EFBIG));
  EXPECT_SAYS(error,
              "the limit on the size of files is 100000 bytes here; raise it (in the shell: ulimit -f unlimited)");
  EXPECT_EQ(text_of(path), "old");
  EXPECT_EQ(names(), (Names{"model.strata"}));
}

// The last two are kept: each gets its name when the one behind it is whole.
class TwoFilesTest : public FileTest {
 protected:
  void put(std::string_view text) const {
    replace_file(path, [&](const Sink& sink) { sink(bytes_of(text)); }, previous);
  }
  void expect(std::string_view newest, std::string_view before) const {
    EXPECT_EQ(text_of(path), newest);
    EXPECT_EQ(text_of(previous), before);
    EXPECT_EQ(names(), (Names{"c", "c.previous"}));
  }
  void SetUp() override {
    FileTest::SetUp();
    path = folder / "c", previous = folder / "c.previous";
  }

  fs::path path, previous;
};

TEST_F(TwoFilesTest, TheOneBeforeKeepsAName) {
  put("1");
  EXPECT_EQ(names(), Names{"c"});
  put("2");
  EXPECT_EQ(text_of(previous), "1");
  put("3");
  EXPECT_EQ(text_of(path), "3");
  EXPECT_EQ(text_of(previous), "2");
  EXPECT_THROW(replace_file(
                   path,
                   [](const Sink& sink) {
                     sink(bytes_of("half of th"));
                     throw std::runtime_error("out of ideas");
                   },
                   previous),
               std::runtime_error);
  EXPECT_EQ(text_of(path), "3");
  EXPECT_EQ(text_of(previous), "2");
  EXPECT_EQ(names(), (Names{"c", "c.previous"}));
  // Where it cannot have the name, nothing is replaced.
  fs::remove(previous);
  fs::create_directories(previous / "in the way");
  const Error error = error_of([&] { put("4"); });
  EXPECT_EQ(error.code(), ErrorCode::io);
  EXPECT_SAYS(error, "cannot keep the one before as '" + previous.string() + "': ");
  EXPECT_EQ(text_of(path), "3");
  EXPECT_EQ(names(), (Names{"c", "c.previous"}));
}

// A file system without hard links, or two of them.
TEST_F(TwoFilesTest, WhereAFileHasOneNameACopyIsKept) {
  const std::string first(3'000'000, '1');
  put(first);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  for (const int number : {EPERM, ENOTSUP, EXDEV, EMLINK}) {
    SCOPED_TRACE(std::strerror(number));
    refused.link = number;
    put("2");
    expect("2", first);
    EXPECT_EQ(fs::status(previous).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    put(first);
    expect(first, "2");
  }
  // A disk that is full while it is copied.
  const Error error = error_on_full_disk([&] { put("3"); });
  EXPECT_EQ(error.code(), ErrorCode::io);
  EXPECT_SAYS(error, "cannot write '" + previous.string() + "': ");
  expect(first, "2");
}

TEST_F(TwoFilesTest, ARenameThatFailsLosesNothing) {
  put("1");
  put("2");
  for (const int no_link : {0, EPERM}) {
    refused = {.link = no_link, .rename = EIO};
    Error error = error_of([&] { put("3"); });
    EXPECT_SAYS(error, "cannot keep the one before as '" + previous.string() + "': " + std::strerror(EIO));
    expect("2", "1");
  }
  for (const int no_link : {0, EPERM}) {
    refused = {.link = no_link, .rename = EIO, .renames = 1};
    const Error error = error_of([&] { put("3"); });
    EXPECT_SAYS(error, "cannot replace '" + path.string() + "': " + std::strerror(EIO));
    expect("2", "2");
    refused = {};
    put("2");  // both are names of one file
    expect("2", "2");
  }
  put("3");
  expect("3", "2");
}

// Until the new one is there, both names have a file.
TEST_F(TwoFilesTest, BothStayWhileTheNewOneIsWritten) {
  put("1");
  put("2");
  replace_file(
      path,
      [&](const Sink& sink) {
        sink(bytes_of("3"));
        EXPECT_EQ(text_of(path) + text_of(previous), "21");
      },
      previous);
  expect("3", "2");
}

TEST_F(TwoFilesTest, ANameThatIsALinkStaysOne) {
  fs::create_symlink("older", previous);
  put("1");
  put("2");
  EXPECT_TRUE(fs::is_symlink(previous));
  EXPECT_EQ(text_of(folder / "older"), "1");
  EXPECT_EQ(names(), (Names{"c", "c.previous", "older"}));
}

TEST_F(TwoFilesTest, OnAnotherFileSystem) {
  std::string name = "/dev/shm/strata-file-test-XXXXXX";
  struct stat here{}, there{};
  if (::mkdtemp(name.data()) == nullptr) GTEST_SKIP() << "no folder in /dev/shm";
  const fs::path other = name;
  ASSERT_EQ(::stat(folder.c_str(), &here), 0);
  ASSERT_EQ(::stat(other.c_str(), &there), 0);
  if (here.st_dev == there.st_dev) {
    fs::remove_all(other);
    GTEST_SKIP() << "/dev/shm is no other file system than " << folder;
  }
  write_text(other / "real", "1");
  write_text(previous, "0");
  fs::create_symlink(other / "real", path);
  put("2");
  expect("2", "1");
  put("3");
  expect("3", "2");
  EXPECT_TRUE(fs::is_symlink(path));
  EXPECT_EQ(std::distance(fs::directory_iterator(other), fs::directory_iterator()), 1);
  fs::remove_all(other);
}

TEST_F(FileTest, ALinkStaysALinkAndItsTargetIsReplaced) {
  fs::create_directory(folder / "store");
  write_text(folder / "store" / "v1", "old");
  fs::create_symlink("store/v1", folder / "latest");
  write_text(folder / "latest", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "latest"));
  EXPECT_EQ(text_of(folder / "store" / "v1"), "new");
  EXPECT_EQ(names(), (Names{"latest", "store"}));

  fs::create_symlink("store/v2", folder / "dangling");
  write_text(folder / "dangling", "second");
  EXPECT_TRUE(fs::is_symlink(folder / "dangling"));
  EXPECT_EQ(text_of(folder / "store" / "v2"), "second");
}

TEST_F(FileTest, AFolderInTheWay) {
  fs::create_directory(folder / "model.strata");
  for (const Error& error : {error_of([&] { write_text(folder / "model.strata", "x"); }),
                             error_of([&] { require_writable(folder / "model.strata"); })}) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_SAYS(error, (folder / "model.strata").string());
    EXPECT_SAYS(error, "folder");
  }
  EXPECT_EQ(names(), (Names{"model.strata"}));
}

TEST_F(FileTest, AMissingFolderIsNamed) {
  const fs::path path = folder / "no" / "such" / "model.strata";
  for (const Error& error : {error_of([&] { write_text(path, "x"); }), error_of([&] { require_writable(path); })}) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_SAYS(error, (folder / "no" / "such").string());
    EXPECT_SAYS(error, "does not exist");
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(FileTest, AFileWhereAFolderShouldBe) {
  write_text(folder / "file", "x");
  const Error error = error_of([&] { write_text(folder / "file" / "model.strata", "x"); });
  EXPECT_EQ(error.code(), ErrorCode::io);
  EXPECT_SAYS(error, std::strerror(ENOTDIR));
}

TEST_F(FileTest, PermissionsFollowTheUmask) {
  const mode_t before = ::umask(027);
  write_text(folder / "a", "x");
  ::umask(0077);
  write_text(folder / "b", "x");
  ::umask(before);
  struct stat status{};
  ASSERT_EQ(::stat((folder / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
  ASSERT_EQ(::stat((folder / "b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(FileTest, ADeviceIsWrittenToDirectly) {
  EXPECT_NO_THROW(write_text("/dev/null", "x"));
  const Error error = error_of([] { write_text("/dev/full", "x"); });
  EXPECT_EQ(error.code(), ErrorCode::io);
  EXPECT_SAYS(error, "/dev/full");
  EXPECT_SAYS(error, std::strerror(ENOSPC));
  EXPECT_TRUE(fs::is_character_file("/dev/full")) << "the device itself was replaced";
  EXPECT_NO_THROW(require_writable("/dev/full"));
  for (const char* name : {"/dev/full", "/dev/stdin", "/dev/stdout", "/dev/stderr"}) EXPECT_TRUE(is_special(name));
  EXPECT_FALSE(is_special(folder / "new"));
  write_text(folder / "old", "x");
  EXPECT_FALSE(is_special(folder / "old"));
}

// As a shell's redirection has it: from where it stands on, and another file under the name is none of its business.
TEST_F(FileTest, WhatIsOpenIsWrittenToDirectly) {
  const int descriptor = ::open((folder / "x").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::write(descriptor, "ab", 2), 2);
  for (const char* parent : {"/dev/fd/", "/proc/self/fd/"}) {
    const std::string name = parent + std::to_string(descriptor);
    EXPECT_NO_THROW(require_writable(name));
    EXPECT_TRUE(is_special(name));
    write_text(name, "cd");
  }
  EXPECT_EQ(text_of(folder / "x"), "abcdcd");
  ::close(descriptor);
  EXPECT_EQ(names(), (Names{"x"}));

  const int read_only = ::open((folder / "x").c_str(), O_RDONLY | O_CLOEXEC);
  const std::string name = "/dev/fd/" + std::to_string(read_only);
  for (const Error& error : {error_of([&] { write_text(name, "x"); }), error_of([&] { require_writable(name); })}) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_SAYS(error, "cannot write '" + name + "': Bad file descriptor");
  }
  ::close(read_only);
  EXPECT_EQ(text_of(folder / "x"), "abcdcd");
}

TEST_F(FileTest, APipeThatDoesNotWaitIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const std::string text(1'000'000, 'x');  // more than a pipe holds
  std::string read;
  std::thread reader([&] {
    char piece[4096];
    for (ssize_t got = -1; got != 0; got = ::read(ends[0], piece, sizeof piece))
      if (got > 0) read.append(piece, static_cast<std::size_t>(got));
  });
  EXPECT_NO_THROW(write_text("/dev/fd/" + std::to_string(ends[1]), text));
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_EQ(read, text);
}

TEST_F(FileTest, NamesWithControlCharactersArePrintedHarmlessly) {
  const Error error = error_of([&] { write_text(folder / "no\x1b[31m" / "x", ""); });
  EXPECT_EQ(std::string(error.what()).find('\x1b'), std::string::npos);
}

TEST_F(FileTest, ANewFileHasThePermissionsOfTheOldOne) {
  write_text(folder / "secret", "old");
  fs::permissions(folder / "secret", fs::perms::owner_read | fs::perms::owner_write);
  write_text(folder / "secret", "new");
  EXPECT_EQ(fs::status(folder / "secret").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(text_of(folder / "secret"), "new");
}

TEST_F(FileTest, ADashIsNoFileToWrite) {
  for (const Error& error : {error_of([] { write_text("-", "x"); }), error_of([] { require_writable("-"); })}) {
    EXPECT_EQ(error.code(), ErrorCode::usage);
    EXPECT_SAYS(error, "'-' is standard input and no file to write; name a file (one named so: ./-)");
  }
}

TEST_F(FileTest, RequireWritableLeavesNoTrace) {
  require_writable(folder / "new");
  EXPECT_TRUE(names().empty());
  write_text(folder / "old", "old");
  require_writable(folder / "old");
  EXPECT_EQ(text_of(folder / "old"), "old");
  EXPECT_EQ(names(), (Names{"old"}));
}

TEST_F(FileTest, WritersCloseTheirFiles) {
  write_text(folder / "x", "0123456789");
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = open_files();
  for (int i = 0; i < 50; ++i) {
    (void)error_of([&] { write_text(folder, "x"); });
    EXPECT_THROW(replace_file(folder / "y", [](const Sink&) { throw 1; }), int);
    EXPECT_THROW(replace_file("/dev/null", [](const Sink&) { throw 1; }), int);
    write_text(folder / "x", "0123456789");
  }
  EXPECT_EQ(open_files(), before);
}

}  // namespace
}  // namespace strata
