#include <cstring>

#include "parts.hpp"
#include "shared_data.hpp"

namespace strata {
namespace {

namespace fs = std::filesystem;
using testing::crc_of;
using testing::make_model;
using testing::TemporaryFolder;

// --- files of arrays, made by hand ---

void append(std::string& bytes, std::uint64_t value, int count, bool big_endian = false) {
  for (int i = 0; i < count; ++i) {
    const int place = big_endian ? count - 1 - i : i;
    bytes += place < 8 ? static_cast<char>(value >> (8 * place)) : '\0';
  }
}

// A ZIP archive whose members are not compressed, as numpy.savez writes it.
std::string zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string bytes, directory;
  for (const auto& [name, content] : members) {
    const std::size_t begin = bytes.size();
    std::string fields;
    append(fields, 20, 2);  // version needed; then flags, method 0, time, date
    append(fields, 0, 2 + 2 + 2 + 2);
    append(fields, crc_of(content), 4);
    append(fields, content.size(), 4);
    append(fields, content.size(), 4);
    append(fields, name.size(), 2);
    append(fields, 0, 2);
    bytes += "PK\x03\x04" + fields + name + content;
    directory += std::string("PK\x01\x02\x14\x00", 6) + fields;
    append(directory, 0, 2 + 2 + 2 + 4);
    append(directory, begin, 4);
    directory += name;
  }
  const std::size_t begin = bytes.size();
  bytes += directory + "PK\x05\x06";
  append(bytes, 0, 4);
  append(bytes, members.size(), 2);
  append(bytes, members.size(), 2);
  append(bytes, directory.size(), 4);
  append(bytes, begin, 4);
  append(bytes, 0, 2);
  return bytes;
}

struct Array {
  std::string name;
  std::vector<std::size_t> shape;  // of all: the examples first
  double first = 0;                // the numbers are first, first + 1, …
};

std::string npy(const TemporaryFolder& folder, const Array& array) {
  std::size_t count = 1;
  for (const std::size_t n : array.shape) count *= n;
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = array.first + static_cast<double>(i);
  write_npy(folder / "piece.npy", array.shape, values);
  return testing::content_of(folder / "piece.npy");
}

fs::path npz(const TemporaryFolder& folder, const std::vector<Array>& arrays, const std::string& name = "data.npz") {
  std::vector<std::pair<std::string, std::string>> members;
  for (const Array& array : arrays) members.emplace_back(array.name + ".npy", npy(folder, array));
  return folder.write(name, zip(members));
}

std::string png(std::uint32_t width, std::uint32_t height,
                const std::function<unsigned char(std::uint32_t, std::uint32_t)>& grey) {
  std::string lines;
  for (std::uint32_t y = 0; y < height; ++y) {
    lines += '\0';  // no filter
    for (std::uint32_t x = 0; x < width; ++x) lines += static_cast<char>(grey(x, y));
  }
  // The zlib format with one block that is stored as it is, and Adler's checksum.
  std::string packed("\x78\x01\x01", 3);
  append(packed, lines.size(), 2);
  append(packed, ~lines.size(), 2);
  std::uint32_t sum = 1, sums = 0;
  for (const char c : lines) {
    sum = (sum + static_cast<unsigned char>(c)) % 65521;
    sums = (sums + sum) % 65521;
  }
  packed += lines;
  append(packed, sums << 16U | sum, 4, true);
  std::string bytes = "\x89PNG\r\n\x1A\n";
  const auto chunk = [&](const std::string& type, const std::string& content) {
    append(bytes, content.size(), 4, true);
    bytes += type + content;
    append(bytes, crc_of(type + content), 4, true);
  };
  std::string head;
  append(head, width, 4, true);
  append(head, height, 4, true);
  chunk("IHDR", head + std::string("\x08\x00\x00\x00\x00", 5));
  chunk("IDAT", packed);
  chunk("IEND", "");
  return bytes;
}

// --- models ---

Model of_columns() { return make_model<double>({2, {}, 1, Loss::binary_cross_entropy}); }  // x0, x1; y: no, yes

Model of_pictures(const std::vector<std::size_t>& shape = {2, 3}) {
  int n_x = 1;
  for (const std::size_t n : shape) n_x *= static_cast<int>(n);
  Model model = make_model<double>({n_x, {}, 1, Loss::binary_cross_entropy});
  model.data().inputs = {{"train_x", shape}};
  model.data().target.names = {"train_y"};
  model.data().target.classes = {"0", "1"};
  return model;
}

std::vector<std::string> names_of(const Table& table) {
  std::vector<std::string> names;
  for (const Field& field : table.fields()) names.push_back(field.name);
  return names;
}

std::vector<double> numbers_of(const Table& table, const std::string& name) {
  std::vector<double> numbers;
  const Field& field = table.field(name);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t k = 0; k < field.width(); ++k) numbers.push_back(table.number(field, row, k));
  }
  return numbers;
}

class ReadFor : public ::testing::Test {
 protected:
  Table read(const Model& model, const Source& source, bool with_target) {
    notes_.clear();
    return read_for(model, source, with_target, &notes_);
  }
  TemporaryFolder folder_;
  std::vector<std::string> notes_;
};

using Names = std::vector<std::string>;

// --- columns ---

TEST_F(ReadFor, OnlyTheColumnsThatAreNeeded) {
  const fs::path file = folder_.write("d.csv", "name,x1,y,x0\nA,1,yes,2\nB,3,no,4\n");
  const Table without = read(of_columns(), {file, {}, {}}, false);
  EXPECT_EQ(names_of(without), (Names{"x0", "x1"}));
  EXPECT_EQ(numbers_of(without, "x0"), (std::vector<double>{2, 4}));
  EXPECT_EQ(names_of(read(of_columns(), {file, {}, {}}, true)), (Names{"x0", "x1", "y"}));
  EXPECT_TRUE(notes_.empty());
  EXPECT_EQ(of_columns().evaluate(read(of_columns(), {file, {}, {}}, true)).examples, 2U);
}

TEST_F(ReadFor, ExplicitNamesOverride) {
  const fs::path file = folder_.write("d.csv", "x1,a,y,answer,x0\n1,5,yes,no,2\n3,6,no,no,4\n");
  const Table table = read(of_columns(), {file, {"a", "x1"}, {"answer"}}, true);
  EXPECT_EQ(numbers_of(table, "x0"), (std::vector<double>{5, 6}));
  EXPECT_EQ(numbers_of(table, "x1"), (std::vector<double>{1, 3}));
  EXPECT_EQ(table.field("y").categories, (Names{"no"}));
  EXPECT_EQ(table.fields().size(), 3U);
}

// The model's own names are what they say, in any order. Others go by their places, though one of them is its own.
TEST_F(ReadFor, OwnNamesInAnotherOrder) {
  const fs::path file = folder_.write("d.csv", "x0,x1,x2\n1,2,3\n");
  const Table own = read(of_columns(), {file, {"x1", "x0"}, {}}, false);
  EXPECT_EQ(numbers_of(own, "x0"), (std::vector<double>{1}));
  EXPECT_EQ(numbers_of(own, "x1"), (std::vector<double>{2}));
  const Table table = read(of_columns(), {file, {"x1", "x2"}, {}}, false);
  EXPECT_EQ(numbers_of(table, "x0"), (std::vector<double>{2}));
  EXPECT_EQ(numbers_of(table, "x1"), (std::vector<double>{3}));
}

TEST_F(ReadFor, MissingColumns) {
  const fs::path file = folder_.write("d.csv", "X0,x1,Y\n1,2,no\n");
  EXPECT_ERROR(read(of_columns(), {file, {}, {}}, false), "usage",
               "d.csv lacks 1 of the model's 2 inputs: 'x0' (did you mean 'X0'?); it has: X0, x1, Y");
  EXPECT_ERROR(read(of_columns(), {file, {"X0", "x1"}, {}}, true), "usage",
               "d.csv lacks the model's target: 'y' (did you mean 'Y'?); it has: X0, x1, Y; name it with --target "
               "NAME, or --target FILE");
  EXPECT_ERROR(read(of_columns(), {file, {"x2", "x1"}, {}}, false), "usage", "--inputs x2: ");
  EXPECT_ERROR(read(of_columns(), {file, {"x2", "x1"}, {}}, false), "usage",
               "d.csv has no such field; did you mean 'X0'? (it has: X0, x1, Y)");
  EXPECT_ERROR(read(of_columns(), {file, {"X0", "x1"}, {"why"}}, true), "usage",
               "d.csv has no such field, and there is no file of that name");
}

TEST_F(ReadFor, WrongNumbersOfNames) {
  const fs::path file = folder_.write("d.csv", "x0,x1,y\n1,2,no\n");
  EXPECT_ERROR(read(of_columns(), {file, {"x0"}, {}}, false), "usage",
               "--inputs names 1 field, and the model has 2; name them in the model's order, or leave --inputs out");
  EXPECT_ERROR(read(of_columns(), {file, {}, {"y", "x1"}}, true), "usage",
               "--target names 2 fields, and the model has 1;");
  EXPECT_ERROR(read(of_columns(), {file, {"x0", "x0"}, {}}, false), "usage",
               "d.csv: the field 'x0' is asked for twice, for the model's 'x0' and for its 'x1'");
  EXPECT_ERROR(read(of_columns(), {file, {}, {"x1"}}, true), "usage",
               "d.csv: the field 'x1' is asked for twice, for the model's 'x1' and for its 'y'");
}

TEST_F(ReadFor, LabelsAreWordsWhateverTheyLookLike) {
  Model model = of_columns();
  model.data().target.classes = {"007", "none"};
  const fs::path file = folder_.write("d.csv", "x0,x1,y\n1,2,007\n");
  EXPECT_EQ(read(model, {file, {}, {}}, true).field("y").categories, (Names{"007"}));
  const fs::path other = folder_.write("other.csv", "x0,x1,code\n1,2,007\n");
  EXPECT_EQ(read(model, {other, {}, {"code"}}, true).field("y").categories, (Names{"007"}));
  // Among numbers the value decides, as it did where labels are numbers.
  model.data().target.classes = {"0", "7"};
  const Table labels = read(model, {file, {}, {}}, true);
  EXPECT_EQ(labels.field("y").categories, (Names{"007"}));
  EXPECT_EQ(model.evaluate(labels).examples, 1U);
}

TEST_F(ReadFor, ATargetInAFileOfItsOwn) {
  const fs::path file = folder_.write("x.csv", "x0,x1\n1,2\n3,4\n");
  const fs::path labels = folder_.write("labels.csv", "label\nyes\nno\n");
  const Table table = read(of_columns(), {file, {}, {labels.string()}}, true);
  EXPECT_EQ(names_of(table), (Names{"x0", "x1", "y"}));
  EXPECT_EQ(of_columns().evaluate(table).examples, 2U);
  EXPECT_EQ(notes_, (Names{"takes the target from " + labels.string()}));
  const fs::path many = folder_.write("many.csv", "id,y\n1,yes\n2,no\n");
  EXPECT_EQ(read(of_columns(), {file, {}, {many.string()}}, true).field("y").categories, (Names{"yes", "no"}));
  const fs::path unclear = folder_.write("unclear.csv", "id,answer\n1,yes\n2,no\n");
  EXPECT_ERROR(read(of_columns(), {file, {}, {unclear.string()}}, true), "usage",
               "unclear.csv: expected a file with one field, or one named 'y'; it has: id, answer");
  const fs::path longer = folder_.write("longer.csv", "y\nyes\nno\nno\n");
  EXPECT_ERROR(read(of_columns(), {file, {}, {longer.string()}}, true), "shape", "longer.csv has 3 examples, but ");
}

// --- arrays ---

TEST_F(ReadFor, ArraysByName) {
  const fs::path file = npz(folder_, {{"train_y", {4}, 0}, {"train_x", {4, 2, 3}, 10}, {"other", {4, 2, 3}, 0}});
  const Table table = read(of_pictures(), {file, {}, {}}, true);
  EXPECT_EQ(names_of(table), (Names{"train_x", "train_y"}));
  EXPECT_EQ(numbers_of(table, "train_x")[0], 10);
  EXPECT_TRUE(notes_.empty());
}

TEST_F(ReadFor, TheOnlyArrayOfTheRightShape) {
  const fs::path file =
      npz(folder_, {{"test_x", {4, 2, 3}, 10}, {"wide", {4, 3, 2}, 0}, {"test_y", {4}, 0}, {"names", {2}, 0}});
  const Table table = read(of_pictures(), {file, {}, {}}, true);
  EXPECT_EQ(names_of(table), (Names{"train_x", "train_y"}));
  EXPECT_EQ(numbers_of(table, "train_x")[5], 15);
  EXPECT_EQ(numbers_of(table, "train_y"), (std::vector<double>{0, 1, 2, 3}));
  EXPECT_EQ(
      notes_,
      (Names{"takes 'test_x' for the model's input 'train_x': the only array of shape 2×3",
             "takes 'test_y' for the model's target 'train_y': the only other array with a number for each of the 4 "
             "examples"}));
}

TEST_F(ReadFor, TheOnlyArrayWithANumberForEachClass) {
  Model model = of_pictures();
  model.data().target = {.names = {"train_y"}, .task = Task::classes, .classes = {"0", "1", "2"}, .one_hot = true};
  const fs::path file = npz(folder_, {{"train_x", {4, 2, 3}, 10}, {"test_y", {4, 3}, 0}, {"number", {4}, 0}});
  EXPECT_EQ(names_of(read(model, {file, {}, {}}, true)), (Names{"train_x", "train_y"}));
  EXPECT_EQ(notes_, (Names{"takes 'test_y' for the model's target 'train_y': the only other array with 3 numbers for "
                           "each of the 4 examples"}));
}

TEST_F(ReadFor, NotesAreNotNeeded) {
  const fs::path file = npz(folder_, {{"test_x", {4, 2, 3}, 10}, {"test_y", {4}, 0}});
  EXPECT_EQ(read_for(of_pictures(), {file, {}, {}}, true).rows(), 4U);
}

TEST_F(ReadFor, SeveralArraysThatCouldBeIt) {
  const fs::path file = npz(folder_, {{"a", {4, 2, 3}}, {"b", {4, 2, 3}}, {"u", {4}}, {"v", {4, 1}}});
  EXPECT_ERROR(read(of_pictures(), {file, {}, {}}, false), "usage",
               "data.npz has no 'train_x', and several arrays have the shape of that input of the model: a (2×3), b "
               "(2×3); name it with "
               "--inputs NAME");
  EXPECT_ERROR(read(of_pictures(), {file, {"b"}, {}}, true), "usage",
               "data.npz has no 'train_y', and several arrays have a number for each of the 4 examples: u (one "
               "number), v (1); name the "
               "target with --target NAME");
  const Table table = read(of_pictures(), {file, {"b"}, {"v"}}, true);
  EXPECT_EQ(names_of(table), (Names{"train_x", "train_y"}));
}

TEST_F(ReadFor, NoArrayThatCouldBeIt) {
  const fs::path file = npz(folder_, {{"train_z", {4, 3, 3}}, {"u", {5}}});
  EXPECT_ERROR(read(of_pictures(), {file, {}, {}}, false), "usage",
               "data.npz lacks the model's input: 'train_x' (did you mean 'train_z'?); it has: train_z (3×3), u (one "
               "number); none of "
               "them has the shape 2×3; name it with --inputs NAME");
  EXPECT_ERROR(read(of_pictures({3, 3}), {file, {}, {}}, true), "usage",
               "data.npz lacks the model's target: 'train_y'");
  EXPECT_ERROR(read(of_pictures(), {file, {"train_z"}, {}}, false), "shape",
               "data.npz: an example of 'train_z' has the shape 3×3; the model's input 'train_x' has the shape 2×3");
  const fs::path named = npz(folder_, {{"train_x", {4, 3, 3}}}, "named.npz");
  EXPECT_ERROR(read(of_pictures(), {named, {}, {}}, false), "shape",
               "named.npz: an example of 'train_x' has the shape 3×3; the model's input 'train_x' has the shape 2×3");
}

TEST_F(ReadFor, ArraysWithLabelsInAFileOfTheirOwn) {
  write_npy(folder_ / "x.npy", std::vector<std::size_t>{3, 2, 3}, std::vector<double>(18, 1.0));
  write_npy(folder_ / "y.npy", std::vector<std::size_t>{3}, std::vector<double>{0, 1, 1});
  const Table table = read(of_pictures(), {folder_ / "x.npy", {}, {(folder_ / "y.npy").string()}}, true);
  EXPECT_EQ(names_of(table), (Names{"train_x", "train_y"}));
  EXPECT_EQ(numbers_of(table, "train_y"), (std::vector<double>{0, 1, 1}));
  EXPECT_EQ(of_pictures().evaluate(table).examples, 3U);
  EXPECT_ERROR(read(of_pictures(), {folder_ / "x.npy", {}, {}}, true), "usage",
               "x.npy lacks the model's target: 'train_y'; it has: ");
}

TEST_F(ReadFor, IdxFiles) {
  std::string pictures("\x00\x00\x08\x03", 4), labels("\x00\x00\x08\x01", 4);
  for (const std::uint64_t n : {2, 2, 3}) append(pictures, n, 4, true);
  for (int i = 0; i < 12; ++i) pictures += static_cast<char>(10 * i);
  append(labels, 2, 4, true);
  labels += std::string("\x01\x00", 2);
  const fs::path x = folder_.write("t10k-images", pictures), y = folder_.write("t10k-labels", labels);
  const Table table = read(of_pictures(), {x, {}, {y.string()}}, true);
  EXPECT_EQ(names_of(table), (Names{"train_x", "train_y"}));
  EXPECT_EQ(numbers_of(table, "train_x")[11], 110);
  EXPECT_EQ(numbers_of(table, "train_y"), (std::vector<double>{1, 0}));
}

TEST_F(ReadFor, TheCourseFilesByShape) {
  STRATA_NEEDS_SHARED_DATA();
  Model model = of_pictures({64, 64, 3});
  model.data().inputs[0].name = "train_set_x";
  model.data().target.names = {"train_set_y"};
  const Table table = read(model, {testing::shared_data("course/test_catvnoncat.h5"), {}, {}}, true);
  EXPECT_EQ(table.rows(), 50U);
  EXPECT_EQ(names_of(table), (Names{"train_set_x", "train_set_y"}));
  ASSERT_EQ(notes_.size(), 2U);
  EXPECT_EQ(notes_[0], "takes 'test_set_x' for the model's input 'train_set_x': the only array of shape 64×64×3");
  EXPECT_NE(notes_[1].find("takes 'test_set_y' for the model's target 'train_set_y'"), std::string::npos);
  EXPECT_EQ(model.evaluate(table).examples, 50U);
}

// --- pictures ---

TEST_F(ReadFor, APictureBecomesTheModelsInput) {
  const fs::path file =
      folder_.write("photo.png", png(6, 4, [](std::uint32_t x, std::uint32_t) { return x < 3 ? 0 : 200; }));
  const Table grey = read(of_pictures({2, 2}), {file, {}, {}}, false);
  EXPECT_EQ(names_of(grey), (Names{"train_x"}));
  EXPECT_EQ(grey.field("train_x").shape, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(grey.rows(), 1U);
  const std::vector<double> numbers = numbers_of(grey, "train_x");
  EXPECT_LT(numbers[0], 60);
  EXPECT_GT(numbers[1], 140);
  EXPECT_EQ(notes_, (Names{"resizes " + file.string() + " to 2×2"}));
  const Table colour = read(of_pictures({4, 6, 3}), {file, {}, {}}, false);
  const std::vector<double> same_size = numbers_of(colour, "train_x");
  EXPECT_EQ(same_size[0], 0);
  EXPECT_EQ(same_size[3 * 5], 200);
  EXPECT_EQ(same_size[3 * 5 + 2], 200);
  EXPECT_EQ(of_pictures({4, 6, 3}).predict(colour).examples, 1U);
}

TEST_F(ReadFor, PicturesForModelsThatTakeNone) {
  const fs::path file = folder_.write("photo.png", png(6, 4, [](std::uint32_t, std::uint32_t) { return 7; }));
  EXPECT_ERROR(read(of_columns(), {file, {}, {}}, false), "usage",
               "photo.png is a picture; the model takes 2 inputs (x0, x1), not pictures: give it a table with these");
  EXPECT_ERROR(read(of_pictures({12}), {file, {}, {}}, false), "usage",
               "photo.png is a picture; the model takes 1 input (train_x), not pictures");
  EXPECT_ERROR(read(of_pictures({3, 4, 6}), {file, {}, {}}, false), "usage",
               "photo.png is a picture; the model's input 'train_x' has the shape 3×4×6, and a picture can only become "
               "rows×columns, or "
               "rows×columns×channels with 1 or 3 channels");
  EXPECT_ERROR(read(of_pictures(), {file, {}, {}}, true), "usage",
               "photo.png is a picture, which does not say what it shows: evaluate takes a table or a file of arrays "
               "with the target");
}

TEST_F(ReadFor, FilesThatAreNot) {
  EXPECT_ERROR(read(of_columns(), {folder_ / "absent.csv", {}, {}}, false), "not_found", "absent.csv");
}

}  // namespace
}  // namespace strata
