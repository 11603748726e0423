// How the library lives with strata-decode: its errors, its crashes, its absence.
#include "data/decoder.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "sample_pictures.hpp"

namespace strata::testing {
namespace {

class Decoder : public InFolder {
 protected:
  void SetUp() override {
    InFolder::SetUp();
    const char* named = std::getenv("STRATA_DECODE");
    ASSERT_NE(named, nullptr) << "run these tests with ctest, which names the program to test";
    program_ = named;
    write_file("x.h5", "\x89HDF\r\n\x1A\n…");
  }
  void TearDown() override {
    ::setenv("STRATA_DECODE", program_.c_str(), 1);
    InFolder::TearDown();
  }
  // Puts a shell script in the place of strata-decode.
  static void pretend(const std::string& script) {
    write_file("pretender", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions("pretender", std::filesystem::perms::owner_all);
    ::setenv("STRATA_DECODE", (std::filesystem::current_path() / "pretender").c_str(), 1);
  }
  static std::string reading(ErrorCode code) {
    return error_of(code, [] { return read_table("x.h5"); });
  }
  std::string program_;
};

TEST_F(Decoder, its_message_is_the_error) {
  pretend("echo 'the file smells' >&2; echo 'a second line' >&2; exit 1");
  EXPECT_EQ(reading(ErrorCode::format), "x.h5: the file smells");
  pretend("exit 1");
  EXPECT_EQ(reading(ErrorCode::format), "x.h5: the file cannot be read");
  pretend("printf 'red \\033[31m' >&2; exit 1");
  EXPECT_EQ(reading(ErrorCode::format), "x.h5: red \\x1b[31m");
  pretend("yes 'a flood of messages' | head -c 1000000 >&2; exit 1");
  EXPECT_EQ(reading(ErrorCode::format), "x.h5: a flood of messages");
  pretend("echo huh >&2; exit 7");
  EXPECT_EQ(reading(ErrorCode::unsupported), "x.h5: strata-decode failed with the exit code 7: huh");
}

TEST_F(Decoder, its_crash_is_an_error) {
  pretend("kill -SEGV $$");
  EXPECT_EQ(reading(ErrorCode::format), "the HDF5 library crashed while reading x.h5: the file is damaged or hostile");
  pretend("printf 'u1\\t3\\tx\\n'; kill -ABRT $$");
  EXPECT_EQ(reading(ErrorCode::format), "the HDF5 library crashed while reading x.h5: the file is damaged or hostile");
  pretend("kill -XCPU $$");
  EXPECT_EQ(reading(ErrorCode::format), "the HDF5 library took too long over x.h5: the file is damaged or hostile");
  pretend("kill -INT $$");
  EXPECT_EQ(reading(ErrorCode::io), "reading x.h5 was interrupted");
  write_file("p.png", png_file(1, 1, 8, 0, "x"));
  pretend("kill -SEGV $$");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return read_table("p.png"); }),
            "the PNG or JPEG library crashed while reading p.png: the file is damaged or hostile");
}

TEST_F(Decoder, a_crash_after_whole_arrays_leaves_no_table) {
  write_file("array", npy_file("|u1", "(3,)", "abc", false));
  pretend("if [ $1 = list ]; then printf 'u1\\t3\\tx\\n'; else cat array; kill -SEGV $$; fi");
  EXPECT_EQ(reading(ErrorCode::format), "the HDF5 library crashed while reading x.h5: the file is damaged or hostile");
  pretend("if [ $1 = list ]; then printf 'u1\\t3\\tx\\n'; else cat array; fi");
  EXPECT_EQ(numbers(read_table("x.h5"), "x"), (std::vector<double>{'a', 'b', 'c'}));
}

TEST_F(Decoder, its_words_are_checked) {
  pretend("echo nonsense");
  EXPECT_EQ(reading(ErrorCode::format), "x.h5: strata-decode lists 'nonsense', which makes no sense");
  pretend("printf 'x9\\t3\\tx\\n'");
  EXPECT_EQ(reading(ErrorCode::format), "x.h5: strata-decode lists 'x9\\x093\\x09x', which makes no sense");
  write_file("array", npy_file("|u1", "(2,)", "ab", false));
  pretend("if [ $1 = list ]; then printf 'u1\\t3\\tx\\n'; else cat array; fi");
  EXPECT_EQ(reading(ErrorCode::format), "x.h5: x changed while it was read");
  pretend("if [ $1 = list ]; then printf 'S\\t3\\tx\\n'; else printf '\\377\\377\\377\\377'; fi");
  EXPECT_EQ(reading(ErrorCode::format), "x.h5: x: a text is longer than 16 MiB");
  pretend("if [ $1 = list ]; then printf 'u1\\t3\\tx\\n'; else head -c 3 array; fi");
  EXPECT_EQ(reading(ErrorCode::format),
            "x.h5: x: the file ends inside the NPY header, 5 bytes too early; is it complete?");
}

TEST_F(Decoder, what_comes_through_a_pipe_is_what_the_file_holds) {
  {
    const Hdf5File file("y.h5");
    put_array(file, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, "abc");
    put_array(file, "y", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, "\1\2\3");
  }
  write_file("p.png", png_file(2, 1, 8, 0, "\x0A\xC8"));
  write_file("p.jpg", jpeg_file(16, 16, 1, std::string(256, 'x')));
  ASSERT_EQ(::mkfifo("pipe", 0600), 0);
  for (const std::string name : {"y.h5", "p.png", "p.jpg"}) {
    const Table wanted = read_table(name);
    std::jthread writer([&] { std::ofstream("pipe", std::ios::binary) << read_file(name); });
    const Table piped = read_table("pipe");
    writer.join();
    ASSERT_EQ(piped.fields().size(), wanted.fields().size()) << name;
    for (const Field& field : wanted.fields())
      EXPECT_EQ(numbers(piped, field.name), numbers(wanted, field.name)) << name;
  }
  const std::vector<std::size_t> shape = {1, 2};
  std::jthread writer([&] { std::ofstream("pipe", std::ios::binary) << read_file("p.png"); });
  EXPECT_EQ(read_image("pipe", shape), (std::vector<double>{10, 200}));
  writer.join();
}

TEST_F(Decoder, is_killed_when_nobody_listens_any_more) {
  pretend("echo $$ > id; while :; do echo nonsense; done");
  {
    DecoderProcess process("list", FileReader("x.h5"));
    std::byte bytes[10];
    EXPECT_GT(process.read(bytes), 0U);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const int id = std::stoi(read_file("id"));
  EXPECT_EQ(::kill(id, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(Decoder, leaves_no_process_and_no_descriptor_behind) {
  const auto descriptors = [] {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
      count += entry.exists() || true ? 1 : 0;
    return count;
  };
  const std::size_t before = descriptors();
  for (const char* script : {"exit 1", "kill -SEGV $$", "echo nonsense"}) {
    pretend(std::string(script) + " 2>/dev/null >/dev/null");
    EXPECT_NE(error_of(ErrorCode::format, [] { return read_table("x.h5"); }), "") << script;
  }
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(Decoder, gets_three_descriptors_and_the_default_signals) {
  // A descriptor that this process forgot to protect must not reach the program that reads hostile files.
  const int leaked = ::dup(0);
  for (const int number : {SIGPIPE, SIGXFSZ}) ::signal(number, SIG_IGN);
  pretend("ls /proc/self/fd | tr '\\n' ' ' >&2; grep SigIgn /proc/self/status | tr '\\n\\t' '  ' >&2; exit 1");
  const std::string message = reading(ErrorCode::format);
  for (const int number : {SIGPIPE, SIGXFSZ}) ::signal(number, SIG_DFL);
  ::close(leaked);
  EXPECT_TRUE(message.starts_with("x.h5: 0 1 2 3 SigIgn: ")) << message;  // 3 is the folder that ls reads
  const std::uint64_t ignored = std::stoull(message.substr(message.rfind(": ") + 2), nullptr, 16);
  EXPECT_EQ(ignored & 0x7FFFFFFFU, 0U) << message;  // above are two of the C library's own
}

TEST_F(Decoder, its_absence_names_the_places) {
  ::setenv("STRATA_DECODE", "/nowhere/strata-decode", 1);
  EXPECT_EQ(reading(ErrorCode::unsupported),
            "HDF5, PNG, JPEG and zstd files are read by the program strata-decode, which is not here (looked for: "
            "/nowhere/strata-decode); install Strata completely, or name the program in the environment variable "
            "STRATA_DECODE");
  ::setenv("STRATA_DECODE", std::filesystem::current_path().c_str(), 1);  // a folder is no program
  EXPECT_NE(reading(ErrorCode::unsupported), "");
  ::unsetenv("STRATA_DECODE");
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  try {
    EXPECT_TRUE(std::filesystem::exists(find_decoder()));  // an installed one may be there
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find((here / "strata-decode").string()), std::string::npos);
    EXPECT_NE(std::string(error.what()).find((here.parent_path() / "libexec/strata/strata-decode").string()),
              std::string::npos);
  }
}

TEST_F(Decoder, an_empty_name_is_no_name) {
  ::setenv("STRATA_DECODE", "", 1);
  try {
    EXPECT_NE(find_decoder(), "");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/proc"), 0U);
  }
}

TEST_F(Decoder, the_program_itself_answers_wrong_calls_and_wrong_names) {
  ::setenv("STRATA_DECODE", program_.c_str(), 1);
  const auto run = [&](const std::string& arguments) {
    const int status = ::system((program_ + " " + arguments + " > out 2> err").c_str());
    return std::pair{WEXITSTATUS(status), read_file("err")};
  };
  const std::pair usage{
      2, std::string("usage: strata-decode list | read NAME | image | zstd, with the file as standard input\n")};
  EXPECT_EQ(run(""), usage);
  EXPECT_EQ(run("read < x.h5"), usage);
  EXPECT_EQ(run("frob < x.h5"), usage);
  EXPECT_EQ(run("list more < x.h5"), usage);
  EXPECT_EQ(run("list <&-"), (std::pair{1, std::string("cannot be read: Bad file descriptor\n")}));
  EXPECT_EQ(run("list < ."), (std::pair{1, std::string("is not a file\n")}));
  EXPECT_EQ(::system(("cat x.h5 | " + program_ + " list 2> err").c_str()), 256);
  EXPECT_EQ(read_file("err"), "is not a file\n");
  EXPECT_EQ(run("image < x.h5"), (std::pair{1, std::string("is not a picture: it is neither PNG nor JPEG\n")}));
  {
    const Hdf5File file("y.h5");
    put_array(file, "x", H5T_STD_U8LE, H5T_NATIVE_UINT8, {3}, "abc");
  }
  EXPECT_EQ(run("read z < y.h5"), (std::pair{1, std::string("the HDF5 file has no array 'z'\n")}));
  EXPECT_EQ(run("list < y.h5").first, 0);
  EXPECT_EQ(read_file("out"), "u1\t3\tx\n");
  EXPECT_EQ(run("read x < y.h5").first, 0);
  EXPECT_EQ(read_file("out").substr(128), "abc");
}

}  // namespace
}  // namespace strata::testing
