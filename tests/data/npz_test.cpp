#include <sys/resource.h>

#include "zip_writer.hpp"

namespace strata::testing {
namespace {

const std::string kInputs = npy_file("<f8", "(2, 3)", packed<double>({1, 2, 3, 4, 5, 6}), false);
const std::string kLabels = npy_file("|u1", "(2,)", std::string("\1\0", 2), false);
const std::string kClasses = npy_file("|S3", "(3,)", "catdogcow", false);

class Npz : public InFolder {
 protected:
  static std::string refused(const std::string& bytes, ErrorCode code = ErrorCode::format) {
    return reading_error(code, "x.npz", bytes);
  }
  static std::string damaged(const std::vector<ZipMember>& members) {
    const std::string message = refused(zip_file(members));
    const std::string start = "x.npz: damaged ZIP archive: ";
    EXPECT_TRUE(message.starts_with(start)) << message;
    return message.substr(std::min(start.size(), message.size()));
  }
};

TEST_F(Npz, reads_stored_and_deflated_arrays) {
  for (const bool deflate : {false, true}) {
    for (const bool zip64 : {false, true}) {
      write_file("x.npz", zip_file({{.name = "X.npy", .bytes = kInputs, .deflate = deflate, .zip64 = zip64},
                                    {.name = "group/y.npy", .bytes = kLabels, .deflate = deflate, .zip64 = zip64},
                                    {.name = "readme.txt", .bytes = "no array"}},
                                   "a comment", zip64));
      const Table table = read_table("x.npz");
      EXPECT_EQ(names(table), (std::vector<std::string>{"X", "group/y"}));
      EXPECT_EQ(numbers(table, "X"), (std::vector<double>{1, 2, 3, 4, 5, 6}));
      EXPECT_EQ(numbers(table, "group/y"), (std::vector<double>{1, 0}));
      EXPECT_EQ(table.where(table.field("X"), 1, 2), "x.npz: X, example 1 (counted from 0), number 2");
    }
  }
}

TEST_F(Npz, reads_large_deflated_arrays) {
  std::vector<double> values(300'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i % 1000) / 8;
  write_file(
      "x.npz",
      zip_file({{.name = "X.npy", .bytes = npy_file("<f8", "(3000, 100)", packed(values), false), .deflate = true}}));
  EXPECT_EQ(numbers(read_table("x.npz"), "X"), values);
}

TEST_F(Npz, fields_of_different_lengths_need_a_choice) {
  write_file("x.npz", zip_file({{.name = "X.npy", .bytes = kInputs}, {.name = "classes.npy", .bytes = kClasses}}));
  EXPECT_EQ(error_of(ErrorCode::shape, [] { return read_table("x.npz"); }),
            "x.npz: 'X' has 2 examples, but 'classes' has 3; choose fields with as many, or say with --transpose "
            "which index counts the examples");
  std::vector<std::size_t> rows;
  const Table table = read_table("x.npz", [&](std::span<const Field> fields) {
    for (const Field& field : fields) rows.push_back(field.rows);
    return std::vector<std::string>{"classes"};
  });
  EXPECT_EQ(rows, (std::vector<std::size_t>{2, 3}));
  EXPECT_EQ(texts(table, "classes"), (std::vector<std::string>{"cat", "dog", "cow"}));
}

TEST_F(Npz, what_cannot_be_read_is_left_out_and_told_when_asked_for) {
  write_file("x.npz", zip_file({{.name = "X.npy", .bytes = kInputs},
                                {.name = "scale.npy", .bytes = npy_file("<f8", "()", packed<double>({1}), false)},
                                {.name = "objects.npy", .bytes = npy_file("|O", "(2,)", "pickled…", false)}}));
  EXPECT_EQ(names(read_table("x.npz")), (std::vector<std::string>{"X"}));
  EXPECT_EQ(error_of(ErrorCode::unsupported, [] { return read_table("x.npz", only({"scale"})); }),
            "x.npz: 'scale' is a single value, not a list of examples");
  EXPECT_EQ(error_of(ErrorCode::unsupported, [] { return read_table("x.npz", only({"objects"})); }),
            "x.npz: 'objects' cannot be read: x.npz: objects.npy holds pickled Python objects, which may run code and "
            "are never "
            "read; save an array of numbers");
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return read_table("x.npz", only({"Y"})); }),
            "x.npz has no 'Y' (it has: X)");
}

TEST_F(Npz, archives_without_arrays) {
  EXPECT_EQ(refused(zip_file({{.name = "a.bin", .bytes = "a"}})), "x.npz is a ZIP archive without arrays of numbers");
  EXPECT_EQ(refused(zip_file({})), "x.npz is a ZIP archive without arrays of numbers");
  for (const std::string member : {"xl/workbook.xml", "content.xml"}) {
    EXPECT_EQ(refused(zip_file({{.name = member, .bytes = "a"}})),
              "x.npz is a workbook (.xlsx or .ods); convert a sheet of it first: libreoffice --headless --convert-to "
              "csv FILE");
  }
  EXPECT_EQ(refused(zip_file({{.name = "data/train.csv", .bytes = "a"}})),
            "x.npz is a ZIP archive of text; unpack it first: unzip FILE");
  EXPECT_EQ(refused(zip_file({{.name = "n.npy", .bytes = npy_file("<f8", "(0,)", "", false)}})),
            "x.npz is a ZIP archive without arrays of numbers ('n' has no examples)");
}

TEST_F(Npz, damage_is_found) {
  const std::string array = npy_file("<f8", "(100,)", std::string(800, 'x'), false);
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = kInputs, .crc_error = 1}}), "'X.npy': its checksum is wrong");
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = kInputs, .deflate = true, .crc_error = 1}}),
            "'X.npy': its checksum is wrong");
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = kInputs, .local_name = "Y.npy"}}),
            "'X.npy' has another name in the directory");
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = kInputs}, {.name = "X.npy", .bytes = kInputs}}),
            "it has two members named 'X.npy'");
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = kInputs, .claimed_header = 1}}),
            "'X.npy' is not where the directory says");
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = kInputs, .claimed_header = 1'000'000}}),
            "'X.npy' lies outside of the file");
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = kInputs, .claimed_size = 5000, .claimed_packed = 5000}}),
            "'X.npy' lies outside of the file");
  EXPECT_EQ(
      damaged({{.name = "X.npy", .bytes = kInputs, .claimed_size = 7}}),
      "'X.npy' claims 7 bytes out of " + std::to_string(kInputs.size()) + ", more than can be packed into so few");
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = kInputs},
                     {.name = "Y.npy", .bytes = kInputs, .claimed_header = 0, .local_name = "X.npy"}}),
            "'X.npy' and 'Y.npy' overlap");
  EXPECT_EQ(damaged({{.name = "X.npy",
                      .bytes = array,
                      .deflate = true,
                      .packed = "\x01\x05garbage that is no deflate stream, or is it? It is not, not at all."}}),
            "'X.npy': the compressed data make no sense");
  const std::string packed = deflated(array);
  EXPECT_EQ(damaged({{.name = "X.npy", .bytes = array, .deflate = true, .packed = packed + "more"}}),
            "'X.npy': it has more bytes than it uses");
  EXPECT_EQ(
      damaged({{.name = "X.npy", .bytes = array, .deflate = true, .packed = packed.substr(0, packed.size() - 3)}}),
      "'X.npy': it ends too early");
  EXPECT_EQ(damaged({{.name = std::string(4097, 'x'), .bytes = ""}}), "a name is longer than 4096 bytes");
  const std::string whole = zip_file({{.name = "X.npy", .bytes = kInputs}});
  EXPECT_EQ(refused(whole + "x"), "x.npz: damaged ZIP archive: its directory is missing; is the file complete?");
  EXPECT_EQ(refused(whole.substr(0, 18)), "x.npz: damaged ZIP archive: the file is too short");
}

TEST_F(Npz, refuses_what_it_does_not_know) {
  EXPECT_EQ(refused(zip_file({{.name = "X.npy", .bytes = kInputs, .flags = 1}}), ErrorCode::unsupported),
            "x.npz: 'X.npy' is encrypted");
  EXPECT_EQ(refused(zip_file({{.name = "X.npy", .bytes = kInputs, .method = 12}}), ErrorCode::unsupported),
            "x.npz: 'X.npy' is compressed by method 12; stored and deflated members can be read");
}

std::size_t peak_kilobytes() {
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss);
}

TEST_F(Npz, a_bomb_is_refused_without_memory) {
  // 42 kB that claim 4 GiB: by a size that deflate cannot reach, by members that share their bytes, by bytes that
  // inflate to more than they claim, and by a header that promises more than its member has.
  const std::string zeros(40 << 20, '\0');
  const std::string packed = deflated(zeros);
  ASSERT_LT(packed.size(), 42'000U);
  const std::string impossible =
      zip_file({{.name = "X.npy", .bytes = "", .deflate = true, .claimed_size = 4'294'967'294, .packed = packed}});
  std::vector<ZipMember> members;
  for (int i = 0; i < 100; ++i) {
    ZipMember member{.name = std::to_string(i) + ".npy", .bytes = "", .deflate = true};
    member.claimed_size = 40 << 20;
    member.claimed_packed = static_cast<std::int64_t>(packed.size());
    member.claimed_header = 31 * i;
    members.push_back(member);
  }
  members.back().packed = packed;
  const std::string sharing = zip_file(members);
  const std::string array = npy_file("|u1", "(923,)", zeros, false);
  const std::string more = zip_file({{.name = "X.npy",
                                      .bytes = "",
                                      .deflate = true,
                                      .claimed_size = static_cast<std::int64_t>(array.size() - zeros.size()) + 923,
                                      .packed = deflated(array)}});
  const std::string empty =
      zip_file({{.name = "X.npy", .bytes = npy_file("<f8", "(536870912,)", "", false), .deflate = true}});

  const std::size_t before = peak_kilobytes();
  EXPECT_EQ(refused(impossible), "x.npz: damaged ZIP archive: 'X.npy' claims 4294967294 bytes out of " +
                                     std::to_string(packed.size()) + ", more than can be packed into so few");
  EXPECT_NE(refused(sharing).find("overlap"), std::string::npos);
  EXPECT_EQ(refused(more), "x.npz: damaged ZIP archive: 'X.npy': it inflates to more bytes than it claims");
  EXPECT_EQ(refused(empty),
            "x.npz: X.npy: the header promises 536870912 numbers of 8 bytes, 4294967296 bytes, but only 0 follow; the "
            "file is "
            "cut short");
  EXPECT_LT(peak_kilobytes() - before, std::size_t{4} << 10);
}

}  // namespace
}  // namespace strata::testing
