// What a cache keeps of the columns of a text.
#include "data/cache.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "data_test.hpp"

namespace strata::testing {
namespace {

class CacheTypes : public InFolder {
 protected:
  static Table read(const ReadingOptions& reading = {}) { return read_table("t.sdata", {}, reading); }
  static void write(const std::string& text, const ReadingOptions& reading = {}) {
    write_file("t.csv", text);
    write_cache(read_table("t.csv", {}, reading), "t.sdata");
  }
  static int version() { return read_file("t.sdata")[8]; }
};

const std::string kText =
    "id;size;share;seen;kind;member;note;few\n"
    "1;1,5;5 %;01.02.2024;x;yes;;7\n"
    "2;;7 %;13.02.2024;NA;no;;7\n"
    "3;2,5;9 %;;y;yes;;7\n"
    "4;u;1 %;14.02.2024;y;no;;7\n"
    "5;3;2 %;15.02.2024;x;no;;7\n"
    "6;4;v;16.02.2024;x;no;;7\n"
    "7;5,5;;17.02.2024;x;no;;7\n";

TEST_F(CacheTypes, are_those_of_the_text) {
  write(kText);
  EXPECT_EQ(version(), 2);
  const Table text = read_table("t.csv"), cache = read();
  verify_cache("t.sdata");
  ASSERT_EQ(names(cache), names(text));
  for (const Field& field : text.fields()) {
    const Field& other = cache.field(field.name);
    EXPECT_EQ(other.type, field.type) << field.name;
    EXPECT_EQ(other.why, field.why) << field.name;
    EXPECT_EQ(other.missing, field.missing) << field.name;
    EXPECT_EQ(other.written, field.written) << field.name;
    EXPECT_EQ(other.categories, field.categories) << field.name;
    for (std::size_t row = 0; row < text.rows(); ++row) {
      const double a = text.number(field, row), b = cache.number(other, row);
      EXPECT_EQ(std::memcmp(&a, &b, sizeof a), 0) << field.name << " " << row;
      EXPECT_EQ(holds_word(text, field, row), holds_word(cache, other, row)) << field.name << " " << row;
    }
  }
  write_cache(cache, "again.sdata");
  EXPECT_EQ(read_table("again.sdata").field("size").why, text.field("size").why);
}

TEST_F(CacheTypes, wrong_cells_stay_wrong_or_count_as_missing) {
  write(kText);
  const auto refusal = [](const Table& table, const char* name) {
    return error_of(ErrorCode::value, [&] { return table.require_numbers(std::vector{table.find(name)}), 0; });
  };
  const std::string way = " (to let such cells count as missing: --bad-cells missing): ";
  EXPECT_EQ(refusal(read().slice_rows(2, 5), "size"),
            "t.sdata: size, example 3 (counted from 0) is the text 'u'; expected a number" + way +
                "4;u;1 %;14.02.2024;y;no;;7");
  EXPECT_EQ(refusal(read(), "share"), "t.sdata: share, example 5 (counted from 0) is the text 'v'; expected a number" +
                                          way + "6;4;v;16.02.2024;x;no;;7");
  EXPECT_EQ(refusal(read(), "size"), "t.sdata: size, example 1 (counted from 0) is nan; every number must be finite");
  const Table missing = read({.bad_cells = BadCells::missing});
  EXPECT_EQ(missing.field("size").missing, 2U);
  EXPECT_EQ(missing.field("share").missing, 2U);
  EXPECT_EQ(missing.storage().counts.bad_cells, 2U);
  EXPECT_FALSE(holds_word(missing, missing.field("size"), 3));
  // In blocks each has its own.
  FileReader file("t.sdata");
  const auto blocks = read_blocks(file, Request{{}});
  static_cast<void>(blocks->next(3));
  const auto second = blocks->next(2);
  ASSERT_TRUE(second);
  EXPECT_TRUE(holds_word(*second, second->field("size"), 0));
  EXPECT_FALSE(holds_word(*second, second->field("size"), 1));
  EXPECT_EQ(second->where(second->field("size"), 0), "t.sdata: size, example 3 (counted from 0)");
}

TEST_F(CacheTypes, what_was_left_out_is_remembered) {
  write(kText + "8;6\n", {.bad_cells = BadCells::missing, .bad_rows = BadRows::skip});
  const TextCounts counts = read().storage().counts;
  EXPECT_EQ(counts.bad_rows_skipped, 1U);
  EXPECT_EQ(counts.bad_cells, 2U);
  EXPECT_EQ(counts.bad_rows, 0U);
  write(kText, {.bad_rows = BadRows::skip});
  EXPECT_EQ(read().rows(), 5U);
  EXPECT_EQ(read().storage().counts.bad_rows, 2U);
}

TEST_F(CacheTypes, dates_stay_ambiguous_and_labels_keep_their_spelling) {
  write_file("t.csv", "seen,mark\n01/02/2024,+1.0\n03/04/2024,-2\n05/06/2024,+1.0\n");
  const FieldChooser all = [](std::span<const Field>) { return std::vector<std::string>{"seen", "mark"}; };
  FileReader file = open_data("t.csv");
  const Request request{.choose = all,
                        .labels = [](std::span<const Field>) { return std::vector<std::string>{"mark"}; }};
  write_cache(read_table(file, request), "t.sdata");
  EXPECT_EQ(version(), 2);
  const Table cache = read();
  EXPECT_TRUE(cache.field("seen").is_ambiguous);
  EXPECT_FALSE(cache.field("mark").is_ambiguous);
  const std::vector<SpelledNumber>& spelled = cache.storage().place(cache.field("mark")).spelled;
  ASSERT_EQ(spelled.size(), 1U);
  EXPECT_EQ(spelled[0].value, 1);
  EXPECT_EQ(spelled[0].text, "+1.0");
}

TEST_F(CacheTypes, plain_numbers_keep_the_first_format) {
  write("a,b\n1,2.5\n3,4\n");
  EXPECT_EQ(version(), 1);
  write("a,b\n1,2.5\n3,\n");
  EXPECT_EQ(version(), 2);
  write("a,b\n1,x\n3,y\n");
  EXPECT_EQ(version(), 2);
}

TEST_F(CacheTypes, more_wrong_cells_than_are_remembered_are_an_error) {
  std::string text = "a,b\n";
  for (int i = 0; i < 10'002; ++i) text += "word,1\n1,1\n1,1\n1,1\n1,1\n1,1\n";
  EXPECT_EQ(
      error_of(ErrorCode::value, [&] { return write(text), 0; }),
      "t.csv: column 'a' has more wrong cells than a cache keeps, the first at t.csv:2:1 (column 'a'): 'word'; say "
      "what they are with --bad-cells missing or --categorical a");
}

}  // namespace
}  // namespace strata::testing
