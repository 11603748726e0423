// A file read in blocks is the file read at once, wherever the blocks end, and its faults are found at their places.
#include <zlib.h>

#include "strata/model.hpp"
#include "support.hpp"

namespace strata {
namespace {

using testing::make_model;

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("strata-blocks-" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(path_);
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(path_);
  }
  ~Folder() {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

 private:
  std::filesystem::path path_, before_;
};

void write(const std::string& name, const std::string& text) { std::ofstream(name, std::ios::binary) << text; }

void write_gz(const std::string& name, const std::string& text) {
  const gzFile packed = gzopen(name.c_str(), "wb");
  gzwrite(packed, text.data(), static_cast<unsigned>(text.size()));
  gzclose(packed);
}

// Two inputs, and labels "no" and "yes".
Model some_model() { return make_model<float>({2, {{3, Activation::tanh}}, 1, Loss::binary_cross_entropy}); }

constexpr std::size_t kRows = 23;

std::string csv(std::size_t rows = kRows) {
  std::string text = "x0,note,x1,y\n";
  for (std::size_t i = 0; i < rows; ++i) {
    if (i == 5) text += "\n";  // a blank line
    text += std::to_string(i) + ",\"n,\n\"," + std::to_string(0.25 * static_cast<double>(i)) +
            (i % 3 == 0 ? ",yes\n" : ",no\n");
  }
  return text;
}

std::vector<double> values_in_blocks(const Model& model, const Source& source, std::size_t rows) {
  std::vector<double> values;
  std::size_t blocks = 0;
  TableReader reader(model.features(), source, false);
  while (const auto block = reader.next(rows)) {
    EXPECT_LE(block->rows(), rows);
    ++blocks;
    const std::vector<double> more = model.predict(*block, 1).values;
    values.insert(values.end(), more.begin(), more.end());
  }
  EXPECT_EQ(blocks, (kRows + rows - 1) / rows);
  EXPECT_FALSE(reader.next(rows));
  return values;
}

TEST(TableReader, BlocksAreTheWholeWhereverTheyEnd) {
  const Folder folder;
  const Model model = some_model();
  write("t.csv", csv());
  write_gz("t.csv.gz", csv());
  for (const char* name : {"t.csv", "t.csv.gz"}) {
    const std::vector<double> whole = model.predict(read_for(model, {name, {}, {}}, false)).values;
    ASSERT_EQ(whole.size(), 2 * kRows);
    for (const std::size_t rows : {1, 2, 5, 6, 22, 23, 24})
      EXPECT_EQ(values_in_blocks(model, {name, {}, {}}, rows), whole);
  }
}

TEST(TableReader, ArraysInBlocksWithLabelsInAFileOfTheirOwn) {
  const Folder folder;
  Model model = some_model();
  model.data().inputs = {{"array", {2}}};
  std::vector<double> X(2 * kRows), y(kRows);
  for (std::size_t i = 0; i < X.size(); ++i) X[i] = 0.1 * static_cast<double>(i);
  for (std::size_t i = 0; i < kRows; ++i) y[i] = static_cast<double>(i % 2);
  model.data().target.classes = {"0", "1"};
  write_npy("x.npy", std::vector<std::size_t>{kRows, 2}, X);
  write_npy("y.npy", std::vector<std::size_t>{kRows}, y);
  write_npy("short.npy", std::vector<std::size_t>{kRows - 1}, std::span(y).first(kRows - 1));
  const Source source{"x.npy", {}, {"y.npy"}};
  const std::vector<double> whole = model.predict(read_for(model, source, true)).values;
  for (const std::size_t rows : {1, 7, 23, 100}) EXPECT_EQ(values_in_blocks(model, {"x.npy", {}, {}}, rows), whole);
  TableReader reader(model.features(), source, true);
  testing::expect_equal(model.evaluate(reader, 1), model.evaluate(read_for(model, source, true), 1));
  const auto mismatch = [&](std::size_t rows) {
    TableReader both(model.features(), {"x.npy", {}, {"short.npy"}}, true);
    while (both.next(rows)) {
    }
  };
  for (const std::size_t rows : {4, 22, 100}) {
    EXPECT_ERROR(mismatch(rows), "shape",
                 "short.npy has 22 examples, but x.npy has 23; they must belong together row by row");
  }
}

TEST(TableReader, MetricsOfManyBlocksAreThoseOfTheWhole) {
  const Folder folder;
  for (const Loss loss : {Loss::squared_error, Loss::binary_cross_entropy}) {
    const Model model = make_model<float>({2, {{3, Activation::tanh}}, 1, loss});
    std::string text = "x0,x1,y\n";
    for (int i = 0; i < 40'000; ++i) {
      const std::string y = loss == Loss::squared_error ? std::to_string(0.1 * (i % 77)) : i % 3 == 0 ? "yes" : "no";
      text += std::to_string(i % 13) + "," + std::to_string(0.01 * (i % 101)) + "," + y + "\n";
    }
    write("t.csv", text);
    TableReader reader(model.features(), {"t.csv", {}, {}}, true);
    ASSERT_LT(reader.usual_rows(), 40'000U);
    testing::expect_equal(model.evaluate(reader, 1), model.evaluate(read_for(model, {"t.csv", {}, {}}, true), 1));
  }
}

// Labels that come as a whole, for in Fortran's order an example is all over the file, belong to inputs in blocks.
TEST(TableReader, LabelsMayComeAsAWhole) {
  const Folder folder;
  const Model model = make_model<double>({1, {{3, Activation::tanh}}, 2, Loss::squared_error});
  std::vector<double> x, y;
  for (int i = 0; i < 23; ++i) x.push_back(i);
  for (int i = 0; i < 46; ++i) y.push_back(i * 0.125);
  write_npy("x.npy", std::vector<std::size_t>{23, 1}, x);
  std::string header = "{'descr': '<f8', 'fortran_order': True, 'shape': (23, 2), }";
  header.resize(117, ' ');
  std::string turned("\x93NUMPY\x01\x00\x76\x00", 10);
  turned += header + "\n";
  for (const std::size_t k : {0, 1}) {
    for (std::size_t i = 0; i < 23; ++i) turned.append(reinterpret_cast<const char*>(&y[2 * i + k]), sizeof(double));
  }
  write("y.npy", turned);
  const Source source{"x.npy", {"array"}, {"y.npy"}};
  const Table whole = read_for(model, source, true);
  ASSERT_EQ(whole.rows(), 23U);
  const Field& target = whole.field(model.target().names[0]);
  for (const std::size_t rows : {1, 5, 23, 100}) {
    TableReader reader(model.features(), source, true);
    std::size_t at = 0;
    while (const auto block = reader.next(rows)) {
      for (std::size_t i = 0; i < block->rows(); ++i, ++at) {
        for (const std::size_t k : {0, 1})
          EXPECT_EQ(block->number(block->field(target.name), i, k), whole.number(target, at, k));
      }
    }
    EXPECT_EQ(at, 23U) << rows;
  }
}

TEST(TableReader, IsAtItsEndAfterAnError) {
  const Folder folder;
  const Model model = some_model();
  write("t.csv", "x0,x1,y\n1,2,yes\n1\n3,4,no\n");
  TableReader reader(model.features(), {"t.csv", {}, {}}, true);
  EXPECT_TRUE(reader.next(1));
  EXPECT_THROW(static_cast<void>(reader.next(1)), Error);
  EXPECT_FALSE(reader.next(1)) << "what follows may not belong together";
  EXPECT_ERROR(static_cast<void>(model.evaluate(reader, 1)), "value", "the reader has no examples left to evaluate on");
}

// What predict and evaluate make of a file with a fault: the examples before it, and its error.
TEST(TableReader, GivesWhatIsBeforeAFault) {
  const Folder folder;
  const Model model = some_model();
  const std::string message = "t.csv:7: expected 3 cells, found 1";
  write("t.csv", "x0,x1,y\n1,2,yes\n3,4,no\n5,6,no\n7,8,yes\n9,0,no\n1\n2,3,no\n");
  for (const std::size_t rows : {1, 2, 5, 6, 100}) {
    TableReader reader(model.features(), {"t.csv", {}, {}}, false);
    std::size_t before = 0;
    const auto read_on = [&] {
      while (const auto block = reader.next(rows)) before += block->rows();
    };
    EXPECT_ERROR(read_on(), "format", message);
    EXPECT_EQ(before, 5U) << rows;
    EXPECT_FALSE(reader.next(rows));
  }
  // Who wants all of it gets all of it, or the error.
  EXPECT_ERROR(static_cast<void>(read_for(model, {"t.csv", {}, {}}, true)), "format", message);
  TableReader reader(model.features(), {"t.csv", {}, {}}, true);
  EXPECT_ERROR(static_cast<void>(model.evaluate(reader, 1)), "format", message);
}

// Inputs and target of two files, one of which has a fault: it is no matter of how many examples the other has.
TEST(TableReader, SaysTheFaultOfTheFileThatHasIt) {
  const Folder folder;
  Model model = some_model();
  model.data().inputs = {{"array", {2}}};
  model.data().target.classes = {"0", "1"};
  write_npy("x.npy", std::vector<std::size_t>{kRows, 2}, std::vector<double>(2 * kRows, 0.5));
  write_npy("y.npy", std::vector<std::size_t>{kRows}, std::vector<double>(kRows, 1));
  for (const char* name : {"x", "y"}) {
    std::ifstream file(std::string(name) + ".npy", std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    write_gz(std::string(name) + "-cut.npy.gz", bytes.substr(0, bytes.size() - 50));
    write_gz(std::string(name) + "-long.npy.gz", bytes + "more");
  }
  const auto read_all = [&](const Source& source, std::size_t rows) {
    TableReader reader(model.features(), source, true);
    while (reader.next(rows)) {
    }
  };
  for (const auto& [source, message] :
       {std::pair<Source, std::string>{{"x-cut.npy.gz", {}, {"y.npy"}},
                                       "x-cut.npy.gz: the file ends inside the numbers"},
        {{"x-long.npy.gz", {}, {"y.npy"}}, "x-long.npy.gz: more bytes follow after the last number"},
        {{"x.npy", {}, {"y-cut.npy.gz"}}, "y-cut.npy.gz: the file ends inside the numbers"},
        {{"x.npy", {}, {"y-long.npy.gz"}}, "y-long.npy.gz: more bytes follow after the last number"}}) {
    for (const std::size_t rows : {1, 4, 20, 23, 100}) {
      try {
        read_all(source, rows);
        ADD_FAILURE() << message << " in blocks of " << rows;
      } catch (const Error& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with(message)) << error.what() << " in blocks of " << rows;
      }
    }
    EXPECT_THROW(static_cast<void>(read_for(model, source, true)), Error);
    TableReader reader(model.features(), source, true);
    EXPECT_THROW(static_cast<void>(model.evaluate(reader, 1)), Error);
  }
}

TEST(TableReader, FaultsAreFoundWhereTheyAre) {
  const Folder folder;
  const Model model = some_model();
  const auto read_all = [&](const std::string& text, std::size_t rows) {
    write("t.csv", text);
    TableReader reader(model.features(), {"t.csv", {}, {}}, false);
    while (const auto block = reader.next(rows)) static_cast<void>(model.predict(*block, 1));
  };
  for (const std::size_t rows : {1, 3, 100}) {
    EXPECT_ERROR(read_all("x0,x1\n1,2\n\n3,4\n5,word\n", rows), "value",
                 "t.csv:5:2: expected a number in column 'x1', found 'word'");
    EXPECT_ERROR(read_all("x0,x1\n1,2\n3,4\n5\n", rows), "format",
                 "t.csv:4: expected 2 cells, found 1 (separator: comma; to leave such lines out: --bad-rows skip): 5");
    EXPECT_ERROR(read_all("x0,x1\n1,2\n3,4\n\n5,\n", rows), "value", "t.csv:5:2: the cell of column 'x1' is empty");
    EXPECT_ERROR(read_all("x0,x1\n", rows), "format", "t.csv has a header but no rows");
  }
  Model arrays = some_model();
  arrays.data().inputs = {{"array", {2}}};
  write_npy("x.npy", std::vector<std::size_t>{3, 2}, std::vector<double>{1, 2, 3, 4, 5, std::nan("")});
  TableReader reader(arrays.features(), {"x.npy", {}, {}}, false);
  static_cast<void>(reader.next(2));
  EXPECT_ERROR(arrays.predict(*reader.next(2)), "value",
               "x.npy: array, example 2 (counted from 0), number 1 is nan; every number must be finite");
}

TEST(TableReader, KeepsColumnsBesideWhatTheModelTakes) {
  const Folder folder;
  const Model model = some_model();
  write("a.csv", "id,x0,x1\n007,1.50,\" 2\"\n,2,3\n\"a \"\"b\"\"\",3,4\n");
  for (const std::size_t rows : {1, 2, 100}) {
    TableReader reader(model.features(), Source{.file = "a.csv", .keep = {"x0", "id"}}, false);
    std::vector<std::vector<std::string>> kept(2);
    while (const auto block = reader.next(rows)) {
      ASSERT_EQ(reader.kept().size(), 2U);
      for (std::size_t k = 0; k < 2; ++k) {
        EXPECT_EQ(reader.kept()[k].size(), block->rows());
        kept[k].insert(kept[k].end(), reader.kept()[k].begin(), reader.kept()[k].end());
      }
      EXPECT_EQ(block->fields().size(), 2U);
    }
    EXPECT_EQ(kept[0], (std::vector<std::string>{"1.50", "2", "3"}));
    EXPECT_EQ(kept[1], (std::vector<std::string>{"007", "", "a \"b\""}));
  }
}

TEST(TableReader, KeepsNumbersOfArrays) {
  const Folder folder;
  Model model = make_model<float>({2, {}, 1, Loss::squared_error});
  model.data().inputs = {{"array", {2}}};
  const double numbers[] = {0.1, 2, 1e300, -4};
  write_npy("x.npy", std::vector<std::size_t>{2, 2}, numbers);
  EXPECT_EQ(
      testing::error_of([&] { TableReader(model.features(), Source{.file = "x.npy", .keep = {"array"}}, false); }),
      "shape: --keep array: an example of it has the shape 2, and a column has one number or word a row");
  model.data().inputs = {{"a", {}}, {"b", {}}};
  write_npy("y.npy", std::vector<std::size_t>{2}, std::span(numbers, 2));
  TableReader reader(model.features(), Source{.file = "x.npy"}, false);
  const auto block = reader.next();
  EXPECT_EQ(block->number(block->field("b"), 1), -4);
  EXPECT_EQ(block->where(block->field("b"), 1), "x.npy: array, example 1 (counted from 0), number 1");
  model.data().inputs = {{"array", {}}};
  model.data().architecture.inputs = 1;
  TableReader column(model.features(), Source{.file = "y.npy", .keep = {"array"}}, false);
  static_cast<void>(column.next());
  EXPECT_EQ(column.kept()[0], (std::vector<std::string>{"0.1", "2"}));
}

}  // namespace
}  // namespace strata
