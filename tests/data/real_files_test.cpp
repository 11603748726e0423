// Real files: the pictures of the course, MNIST, the tables, and CSV files as people publish them.
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "data/array.hpp"
#include "data/csv_scanner.hpp"
#include "data/dialect.hpp"
#include "data_test.hpp"
#include "sha256.hpp"
#include "shared_data.hpp"

namespace strata::testing {
namespace {

double sum(const Table& table, const std::string& name) {
  const std::vector<double> all = numbers(table, name);
  return std::accumulate(all.begin(), all.end(), 0.0);
}

TEST(Sha256, gives_the_published_digests) {  // FIPS 180-4, examples
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

// The numbers below were read with h5py 3.16 and NumPy 2.4.
TEST(CourseFiles, hold_the_pictures_and_labels) {
  STRATA_NEEDS_SHARED_DATA();
  const Table train = read_table(shared_data("course/train_catvnoncat.h5"), only({"train_set_x", "train_set_y"}));
  EXPECT_EQ(train.rows(), 209U);
  const Field& pixels = train.field("train_set_x");
  EXPECT_EQ(pixels.shape, (std::vector<std::size_t>{64, 64, 3}));
  EXPECT_TRUE(pixels.is_bytes);
  EXPECT_FALSE(train.field("train_set_y").is_bytes);
  EXPECT_EQ(train.number(pixels, 0, 0), 17.0);
  EXPECT_EQ(train.number(pixels, 0, 1), 31.0);
  EXPECT_EQ(train.number(pixels, 17, 3), 220.0);
  EXPECT_EQ(train.number(pixels, 5, 12287), 22.0);
  EXPECT_EQ(train.number(pixels, 49, 6000), 116.0);
  EXPECT_EQ(sum(train, "train_set_x"), 264542077.0);
  EXPECT_EQ(sum(train, "train_set_y"), 72.0);
  const Table test = read_table(shared_data("course/test_catvnoncat.h5"), only({"test_set_y", "test_set_x"}));
  EXPECT_EQ(names(test), (std::vector<std::string>{"test_set_y", "test_set_x"}));
  EXPECT_EQ(test.rows(), 50U);
  EXPECT_EQ(sum(test, "test_set_x"), 65969547.0);
  EXPECT_EQ(sum(test, "test_set_y"), 33.0);
  const Table classes = read_table(shared_data("course/test_catvnoncat.h5"), only({"list_classes"}));
  EXPECT_EQ(texts(classes, "list_classes"), (std::vector<std::string>{"non-cat", "cat"}));
}

TEST(CourseFiles, a_wrong_name_lists_the_right_ones) {
  STRATA_NEEDS_SHARED_DATA();
  const std::string file = shared_data("course/train_catvnoncat.h5").string();
  EXPECT_EQ(
      error_of(ErrorCode::usage, [&] { return read_table(file, only({"train_set_X1"})); }),
      file + " has no 'train_set_X1'; did you mean 'train_set_x'? (it has: list_classes, train_set_x, train_set_y)");
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return read_table(file); }),
            file + ": 'list_classes' has 2 examples, but 'train_set_x' has 209; choose fields with as many");
}

TEST(Mnist, holds_the_digits) {
  STRATA_NEEDS_SHARED_DATA();
  const Table images = read_table(shared_data("mnist/t10k-images-idx3-ubyte.gz"));
  EXPECT_EQ(images.rows(), 10'000U);
  EXPECT_EQ(images.fields()[0].shape, (std::vector<std::size_t>{28, 28}));
  EXPECT_TRUE(images.fields()[0].is_bytes);
  EXPECT_EQ(sum(images, "images"), 264923200.0);
  EXPECT_EQ(images.number(images.fields()[0], 0, 202), 84.0);
  EXPECT_EQ(images.number(images.fields()[0], 123, 400), 32.0);
  const Table train = read_table(shared_data("mnist/train-images-idx3-ubyte.gz"));
  EXPECT_EQ(train.rows(), 60'000U);
  EXPECT_EQ(train.number(train.fields()[0], 0, 152), 3.0);
  EXPECT_EQ(train.number(train.fields()[0], 0, 153), 18.0);
  EXPECT_EQ(train.number(train.fields()[0], 9999, 300), 204.0);
  const Table labels = read_table(shared_data("mnist/train-labels-idx1-ubyte.gz"));
  std::vector<std::size_t> counts(10);
  for (const double label : numbers(labels, "labels")) ++counts.at(static_cast<std::size_t>(label));
  EXPECT_EQ(counts, (std::vector<std::size_t>{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}));
  Table both = read_table(shared_data("mnist/t10k-images-idx3-ubyte.gz"));
  both.append(read_table(shared_data("mnist/t10k-labels-idx1-ubyte.gz")));
  EXPECT_EQ(both.number(both.field("labels"), 0), 7.0);
  const std::string labels_file = shared_data("mnist/train-labels-idx1-ubyte.gz").string();
  Table short_one = read_table(shared_data("mnist/t10k-images-idx3-ubyte.gz"));
  EXPECT_EQ(error_of(ErrorCode::shape, [&] { return short_one.append(read_table(labels_file)), 0; }),
            labels_file + " has 60000 examples, but " + shared_data("mnist/t10k-images-idx3-ubyte.gz").string() +
                " has 10000; they must belong together row by row");
}

TEST(EmbeddedTables, are_read_whole) {
  const std::filesystem::path data = std::filesystem::path(STRATA_SOURCE_DIR) / "data";
  const Table cancer = read_table(data / "breast_cancer.csv");
  EXPECT_EQ(cancer.rows(), 569U);
  EXPECT_EQ(cancer.fields().size(), 31U);
  std::size_t malignant = 0;
  for (const std::string& word : texts(cancer, "target")) malignant += word == "malignant" ? 1 : 0;
  EXPECT_EQ(malignant, 212U);
  const Table digits = read_table(data / "digits.csv");
  EXPECT_EQ(digits.rows(), 1797U);
  EXPECT_EQ(digits.fields().size(), 65U);
}

class MessyTables : public InFolder {
 protected:
  void SetUp() override {
    STRATA_NEEDS_SHARED_DATA();
    InFolder::SetUp();
    manifest_ = nlohmann::json::parse(read_file(shared_data("tables/manifest.json").string()));
    for (const auto& [key, value] : manifest_.items()) {
      if (value.is_array() && !value.empty() && value[0].contains("parsed_sha256")) messy_ = value;
    }
    ASSERT_EQ(messy_.size(), 13U);
  }
  void TearDown() override {
    if (has_shared_data()) InFolder::TearDown();
  }
  nlohmann::json manifest_, messy_;
};

// A cell as Python's csv module reads it, which neither trims nor decodes: from the bytes of the record.
std::string as_python_reads(const CsvScanner& scanner, std::size_t cell) {
  const auto cells = scanner.cells();
  const std::size_t end = cell + 1 < cells.size() ? cells[cell + 1].at - 1 : scanner.record().size();
  std::string text(scanner.record().substr(cells[cell].at, end - cells[cell].at));
  if (!cells[cell].quoted) return text;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = text.find("\"\""); i != std::string::npos; i = text.find("\"\"", i + 1)) text.erase(i, 1);
  std::string room;
  EXPECT_EQ(cells[cell].text, as_utf8(text, room));
  return text;
}

TEST_F(MessyTables, every_cell_is_the_one_that_pythons_csv_module_finds) {
  for (const auto& entry : messy_) {
    SCOPED_TRACE(entry["name"]);
    const std::string path = shared_data("tables/" + entry["file"].get<std::string>()).string();
    FileReader file(path);
    Input input(std::make_unique<FileSource>(file), path);
    Dialect dialect = find_dialect(input);
    EXPECT_EQ(std::string(1, dialect.separator), entry["delimiter"].get<std::string>());
    EXPECT_EQ(dialect.header_found, entry["has_header"].get<bool>());
    EXPECT_EQ(dialect.is_utf8, entry["utf8"].get<bool>());
    EXPECT_FALSE(dialect.escapes);
    dialect.begin = entry["bom"].get<bool>() ? 3 : 0;  // the header too
    CsvScanner scanner(input, path, dialect);
    std::string records;
    std::size_t count = 0;
    std::map<std::string, std::size_t> widths;
    while (scanner.next()) {
      if (scanner.cells().size() == 1 && scanner.cells()[0].is_blank()) continue;
      for (std::size_t i = 0; i < scanner.cells().size(); ++i) {
        records += (i > 0 ? "\x1F" : "") + as_python_reads(scanner, i);
      }
      records += '\x1E';
      ++widths[std::to_string(scanner.cells().size())];
      ++count;
    }
    EXPECT_EQ(count, entry["parsed_records"].get<std::size_t>());
    EXPECT_EQ(nlohmann::json(widths), entry["record_widths"]);
    EXPECT_EQ(sha256(records), entry["parsed_sha256"].get<std::string>());
  }
}

TEST_F(MessyTables, clean_tables_are_plain) {
  for (const auto& entry : manifest_["tables"]) {
    SCOPED_TRACE(entry["name"]);
    const std::string path = shared_data("tables/" + entry["file"].get<std::string>()).string();
    FileReader file(path);
    Input input(std::make_unique<FileSource>(file), path);
    const Dialect dialect = find_dialect(input);
    EXPECT_EQ(dialect.notes, std::vector<std::string>{});
    EXPECT_EQ(dialect.names.size(), entry["n_features"].get<std::size_t>() + 1);
    EXPECT_EQ(dialect.names.back(), entry["target"].get<std::string>());
    CsvScanner scanner(input, path, dialect);
    std::size_t rows = 0;
    while (scanner.next_row()) ++rows;
    EXPECT_EQ(rows, entry["rows"].get<std::size_t>());
  }
}

TEST_F(MessyTables, are_tables_or_clear_errors) {
  for (const auto& entry : messy_) {
    const std::string name = entry["name"];
    SCOPED_TRACE(name);
    const std::string file = shared_data("tables/" + entry["file"].get<std::string>()).string();
    if (name == "horse_colic_raw.csv") {
      EXPECT_EQ(error_of(ErrorCode::format, [&] { return read_table(file); }),
                file +
                    ":1: the first line must name the columns, but it looks like a row (2, 1, 530101, 38.50, … (24 "
                    "more)); put a line of names before it, or let the columns be c1, c2, … with --header no; if "
                    "these are names: --header yes");
    } else if (name == "gdp_per_capita.tsv.csv") {
      EXPECT_EQ(error_of(ErrorCode::format, [&] { return read_table(file); }),
                file +
                    ":192: expected 7 cells, found 1 (separator: tab; to leave such lines out: --bad-rows skip): "
                    "International Monetary Fund, World Economic Outlook Database, April 2016");
    } else {
      EXPECT_EQ(read_table(file).rows(), entry["parsed_records"].get<std::size_t>() - 1);
    }
  }
}

TEST_F(MessyTables, lines_are_those_of_the_file) {
  const auto file = [](const char* name) { return shared_data(std::string("tables/messy/") + name).string(); };
  const Table news = read_table(file("fake_news.csv"));  // articles of many lines
  EXPECT_EQ(news.where(news.field("rownames"), 149), file("fake_news.csv") + ":3802:1 (column 'rownames')");
  const Table quakes = read_table(file("earthquake_cr.csv"));  // lone CR
  EXPECT_EQ(quakes.where(quakes.fields()[17], 3501),
            file("earthquake_cr.csv") + ":3503:18 (column '>1001 Deaths, lon')");
  const Table volcanoes = read_table(file("volcano_latin1.csv"));
  const std::vector<std::string> mountains = texts(volcanoes, "Volcano Name");  // Latin-1 in the file
  EXPECT_EQ(mountains[1094], "Río Murta");
  const Table titanic = read_table(file("titanic_raw.csv"));
  EXPECT_EQ(error_of(ErrorCode::value, [&] { return titanic.require_numbers(std::vector{titanic.find("Age")}), 0; }),
            file("titanic_raw.csv") + ":7:6: the cell of column 'Age' is empty");
}

}  // namespace
}  // namespace strata::testing
