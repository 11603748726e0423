// How a text is written, found from its beginning.
#include "data/dialect.hpp"

#include <memory>
#include <sstream>

#include "base/text.hpp"
#include "data/csv_scanner.hpp"
#include "data_test.hpp"
#include "shared_data.hpp"

namespace strata::testing {
namespace {

class TextOf final : public ByteSource {
 public:
  explicit TextOf(std::string text, std::size_t piece = 1 << 20) : text_(std::move(text)), piece_(piece) {}
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t got = std::min({into.size(), piece_, text_.size() - at_});
    std::memcpy(into.data(), text_.data() + at_, got);
    at_ += got;
    return got;
  }

 private:
  std::string text_;
  std::size_t piece_, at_ = 0;
};

Dialect dialect_of(const std::string& text, const DialectWishes& wishes = {}, std::size_t piece = 1 << 20) {
  Input input(std::make_unique<TextOf>(text, piece), "x.csv");
  Dialect dialect = find_dialect(input, wishes);
  // Nothing is taken away.
  const auto left = input.peek(text.size() + 1);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(left.data()), left.size()), text);
  return dialect;
}

using Names = std::vector<std::string>;

// "a,b|1,2|3,4": the names and the rows, as the dialect has them read.
std::string read_by(const std::string& text, const DialectWishes& wishes = {}, std::size_t piece = 1 << 20) {
  Input input(std::make_unique<TextOf>(text, piece), "x.csv");
  const Dialect dialect = find_dialect(input, wishes);
  std::string all;
  const auto add = [&](std::string_view cell, bool first) { all += (first ? "" : ",") + std::string(cell); };
  for (std::size_t i = 0; i < dialect.names.size(); ++i) add(dialect.names[i], i == 0);
  CsvScanner scanner(input, "x.csv", dialect);
  while (scanner.next_row()) {
    all += "|";
    const auto cells = scanner.cells();
    for (std::size_t i = 0; i < cells.size(); ++i) add(cells[i].text, i == 0);
  }
  return all;
}

char separator_of(const std::string& text) { return dialect_of(text).separator; }

DialectWishes with_header(Header header) {
  DialectWishes wishes;
  wishes.header = header;
  return wishes;
}

TEST(Dialect, of_a_plain_text_has_no_notes) {
  for (const std::string text : {"a,b\n1,2\n", "a,b\r\n1,\"x \"\"y\"\"\"\r\n",
                                 "\xEF\xBB\xBF"
                                 "a,b\n1,ä",
                                 "a\n1\n2\n"}) {
    const Dialect dialect = dialect_of(text);
    EXPECT_EQ(dialect.notes, Names{}) << text;
    EXPECT_TRUE(dialect.header_found && dialect.is_utf8 && dialect.comment.empty() && !dialect.escapes);
    EXPECT_EQ(dialect.separator, ',');
    EXPECT_EQ(dialect.line, 2U);
  }
  EXPECT_EQ(dialect_of("\xEF\xBB\xBF"
                       "a,b\n1,2\n")
                .begin,
            7U);
}

TEST(Dialect, separator_is_what_parts_header_and_rows_alike) {
  EXPECT_EQ(separator_of("a,b,c;d\n1,2,3\n"), ',');
  EXPECT_EQ(separator_of("a;b;c,d\n1;2;3\n"), ';');
  EXPECT_EQ(separator_of("a\tb\n1,2\t3,4\n"), '\t');
  EXPECT_EQ(separator_of("a|b\n1|2\n"), '|');
  EXPECT_EQ(separator_of("\"a,b,c\";d\n1;2\n"), ';');
  EXPECT_EQ(separator_of("\"a\n,,,\";d\n"), ';');
  EXPECT_EQ(separator_of("\r\n\n\na;b"), ';');
  // Names that hold more commas than there are separators
  EXPECT_EQ(separator_of("Temp, deg C;Humidity, %;Pressure, hPa\n15.2;41;1065\n28.9;60;969\n"), ';');
  EXPECT_EQ(separator_of("t, C, mean\th, %\n1\t2\n3\t4\n"), '\t');
  // Decimal commas in every row, also under names that hold as many, or under none
  EXPECT_EQ(separator_of("a;b\n1,5;2,5\n3,5;4,5\n"), ';');
  EXPECT_EQ(separator_of("a, x;b, y\n1,5;2,5\n3,5;4,5\n"), ';');
  EXPECT_EQ(separator_of("1,5;2,5\n3,5;4,5\n"), ';');
  // A semicolon in every text
  EXPECT_EQ(separator_of("id,text\n1,hi; you\n2,well; no\n"), ',');
  EXPECT_EQ(separator_of("name,text\nbob,hi; you\nal,well; no\n"), ',');
  EXPECT_EQ(separator_of("1,2,a;b\n3,4,c;d\n"), ',');
  // Some rows that do not fit
  EXPECT_EQ(separator_of("a\tb\tc\n1\t2\t3\n4\t5\t6\nsource, of, this, table\n"), '\t');
  EXPECT_EQ(dialect_of("a;b\n1;2\n").notes, (Names{"the separator is a semicolon"}));
}

TEST(Dialect, one_column_has_no_separator) {
  EXPECT_EQ(read_by("alone"), "alone");
  EXPECT_EQ(read_by("price, EUR\n1\n2\n"), "price, EUR|1|2");
  EXPECT_EQ(read_by("title\nHello, world\nfoo\na; b\n"), "title|Hello, world|foo|a; b");
  EXPECT_EQ(dialect_of("price, EUR\n1\n2\n").notes, Names{});
  EXPECT_EQ(read_by("x\n1\n\n2\n\n"), "x|1||2");
}

// As R's write.table, NumPy's savetxt and programs with columns of a fixed width write.
TEST(Dialect, blanks_part_cells_where_nothing_else_does) {
  EXPECT_EQ(read_by("a b kind\n1 2 x\n3 4 y\n"), "a,b,kind|1,2,x|3,4,y");
  EXPECT_EQ(read_by("  a      b  kind\n  1.5   22  x   \n 13.25   4  y\n"), "a,b,kind|1.5,22,x|13.25,4,y");
  EXPECT_EQ(read_by("\"x\" \"col\"\n\"1\" 0.5 \"red blue\"\n\"2\" 1.5 \"\"\n"),
            "row_names,x,col|1,0.5,red blue|2,1.5,");
  EXPECT_EQ(read_by("# len wid\n1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n"), "len,wid|1.0e+00,2.0e+00|3.0e+00,4.0e+00");
  EXPECT_EQ(read_by("1 2 3\n\n4 5 6\n", with_header(Header::no)), "c1,c2,c3|1,2,3|4,5,6");
  EXPECT_EQ(dialect_of("a b\n1 2\n3 4\n").notes, Names{"the separator is a blank"});
  // Cells with blanks: words, dates with times, thousands, quantities, and rows that are not alike.
  for (const char* one :
       {"full name\nJohn Smith\nAnn Lee\n", "day and time\n2024-01-02 10:00:00\n2024-01-03 11:00:00\n",
        "amount\n1 234\n5 678\n", "weight\n12 kg\n13 kg\n", "a b\n1 2\n3 4\n5 6 7\n"})
    EXPECT_NE(separator_of(one), ' ') << one;
  EXPECT_EQ(separator_of("a b,c d\n1 2,3 4\n5 6,7 8\n"), ',');
}

TEST(Dialect, separator_can_be_said) {
  EXPECT_EQ(read_by("a,b;c\n1,2;3\n", {.separator = ';'}), "a,b,c|1,2,3");
  EXPECT_EQ(read_by("a b\n1 2\n", {.separator = ' '}), "a,b|1,2");
  EXPECT_EQ(read_by("sep=,\na;b\n1;2\n", {.separator = ';'}), "a,b|1,2");
  for (const char c : {'"', '\n', '\r', '\0'}) {
    EXPECT_EQ(error_of(ErrorCode::usage, [&] { return dialect_of("a\n", {.separator = c}); }),
              "the separator of cells can be no quote, no end of a line and no NUL");
  }
  EXPECT_EQ(error_of(ErrorCode::usage, [] { return dialect_of("a\n", {.comment = "#\n"}); }),
            "the sign of comments can hold no quote, no end of a line and no NUL");
}

TEST(Dialect, first_line_can_name_the_separator) {
  for (const std::string first : {"sep=;", "SEP=;", "\"sep=;\""}) {
    const Dialect dialect = dialect_of("\xEF\xBB\xBF" + first + "\r\na,x;b\r\n1;2\r\n");
    EXPECT_EQ(dialect.separator, ';');
    EXPECT_EQ(dialect.names, (Names{"a,x", "b"}));
    EXPECT_EQ(dialect.line, 3U);
    EXPECT_EQ(dialect.notes, (Names{"the first line says that the separator is ';'"}));
  }
  EXPECT_EQ(read_by("sep=\t\na\tb\n1\t2\n"), "a,b|1,2");
  EXPECT_EQ(read_by("sep=,\nTemp,class\n22.8,dry\n"), "Temp,class|22.8,dry");
  EXPECT_EQ(dialect_of("step=;\n1\n").names, (Names{"step=;"}));
  EXPECT_EQ(dialect_of("sep=\"\n1\n").names, (Names{"sep=\""}));
}

TEST(Dialect, quotes_are_doubled_or_escaped) {
  const Dialect escaped = dialect_of("a,b\n1,\"say \\\"hi\\\", twice\"\n2,\"x\"\n");
  EXPECT_TRUE(escaped.escapes);
  EXPECT_EQ(escaped.notes, (Names{"a quote in a quoted cell is written \\\""}));
  EXPECT_EQ(read_by("a;b\n1;\"{\\\"k\\\": \\\"v;w\\\"}\"\n"), "a,b|1,{\"k\": \"v;w\"}");
  EXPECT_FALSE(dialect_of("a,b\n1,\"C:\\dir\\\"\n2,\"say \"\"hi\"\"\"\n").escapes);
  EXPECT_FALSE(dialect_of("a,b\n1,5\\\"\n").escapes);
}

TEST(Dialect, encoding_is_that_of_the_beginning) {
  const Dialect dialect = dialect_of(
      "Gr\xF6\xDF"
      "e,b\n1,\x80\n");
  EXPECT_FALSE(dialect.is_utf8);
  EXPECT_EQ(dialect.names.front(), "Größe");
  EXPECT_EQ(dialect.notes, (Names{"the text is not UTF-8: what is none is read as Windows-1252"}));
  EXPECT_EQ(dialect_of("a,b\r1,2\r").notes, (Names{"the lines end with CR alone"}));
  // A letter may stand across the end of what is looked at.
  std::string text = "a\n";
  while (text.size() < (1U << 20) - 1) text += "1\n";
  text.resize((1U << 20) - 1);
  EXPECT_TRUE(dialect_of(text + "\n\xC3\xA4\n").is_utf8);
  EXPECT_TRUE(dialect_of(text + "\xC3\xA4\n").is_utf8);
}

TEST(Dialect, comments_before_the_header) {
  const std::string note = "lines that begin with '#' are comments";
  const Dialect plain = dialect_of("# exported 2020\nlen,wid\n1,2\n");
  EXPECT_EQ(plain.names, (Names{"len", "wid"}));
  EXPECT_EQ(plain.line, 3U);
  EXPECT_EQ(plain.notes, (Names{note}));
  EXPECT_EQ(read_by("#a\n\n# b, c\nlen,wid\n1,2\n# the end\n3,4\n#\n"), "len,wid|1,2|3,4");
  EXPECT_EQ(read_by("# made, by hand\nlen,wid\n1,2\n"), "len,wid|1,2");
  // As numpy.savetxt writes a header, and programs of biology
  const Dialect saved = dialect_of("# len,wid,kind\n1.5,2,0\n3,4,1\n");
  EXPECT_EQ(saved.names, (Names{"len", "wid", "kind"}));
  EXPECT_EQ(saved.line, 2U);
  EXPECT_EQ(saved.notes, (Names{note, "the names of the columns stand behind '#'"}));
  EXPECT_EQ(read_by("##v=1\n##by=x\n#CHROM\tPOS\nc1\t5\nc2\t6\n"), "CHROM,POS|c1,5|c2,6");
  EXPECT_EQ(read_by("# x\n1\n2\n"), "x|1|2");
  EXPECT_EQ(read_by("# people\nname\nbob\nal\n"), "name|bob|al");
  EXPECT_EQ(read_by("# a,b\n1,2\n", with_header(Header::no)), "c1,c2|1,2");
  EXPECT_EQ(read_by("# a,b\n1,2\n", with_header(Header::yes)), "a,b|1,2");
}

TEST(Dialect, number_signs_may_be_meant) {
  EXPECT_EQ(read_by("#,Name\n1,Bob\n2,Al\n"), "#,Name|1,Bob|2,Al");
  EXPECT_EQ(read_by("#tag,count\n#love,5\n#hate,3\n"), "#tag,count|#love,5|#hate,3");
  EXPECT_EQ(read_by("#tag,count\n#love,5\nfoo,3\n#bar,4\n"), "#tag,count|#love,5|foo,3|#bar,4");
  EXPECT_EQ(read_by("tag,count\n#love,5\nfoo,3\n"), "tag,count|#love,5|foo,3");
  EXPECT_EQ(read_by("#a\n#b\n"), "#a|#b");
}

TEST(Dialect, comments_can_be_said) {
  EXPECT_EQ(read_by("% one\na,b\n% two, three\n1,2\n", {.comment = "%"}), "a,b|1,2");
  EXPECT_EQ(read_by("a,b\n#1,2\n3,4\n", {.comment = "#"}), "a,b|3,4");
  EXPECT_EQ(dialect_of("a,b\n1,2\n", {.comment = "#"}).notes, Names{});
  EXPECT_EQ(error_of(ErrorCode::format, [] { return dialect_of("# x\n\n#y", {.comment = "#"}); }),
            "x.csv holds nothing but blank lines and comments");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return dialect_of("\n\r\n \t \n\x1A"); }),
            "x.csv holds nothing but blank lines");
}

bool has_header(const std::string& text) { return dialect_of(text).header_found; }

TEST(Dialect, a_first_line_like_the_rows_below_is_a_row) {
  const Dialect numbers = dialect_of("\n5.1,3.5\n4.9,3.0\n");
  EXPECT_FALSE(numbers.header_found);
  EXPECT_EQ(numbers.names, (Names{"c1", "c2"}));
  EXPECT_EQ(numbers.line, 2U);
  EXPECT_EQ(numbers.begin, 1U);
  EXPECT_EQ(numbers.first_row, "5.1, 3.5");
  EXPECT_EQ(numbers.notes, (Names{"the first line looks like the rows below it: the columns are called c1 to c2"}));
  EXPECT_EQ(read_by("5.1,3.5\n4.9,3.0\n"), "c1,c2|5.1,3.5|4.9,3.0");
  EXPECT_FALSE(has_header("2,1,?,NA\n3,4,5,6\n"));
  EXPECT_FALSE(has_header("1\n0\n"));
  EXPECT_FALSE(has_header("7"));
  // Words too, where they come again or a number is like those below
  EXPECT_FALSE(has_header("4.7,3.1,kindA\n5.5,3.4,kindA\n5.1,2.9,kindB\n"));
  EXPECT_FALSE(has_header("p,x,s\ne,x,s\np,y,t\n"));
  EXPECT_FALSE(has_header("1,Bob,35\n2,Al,40\n3,Carl,28\n"));
  EXPECT_FALSE(has_header("Bob,35\nAl,40\nCarl,28\n"));
  EXPECT_FALSE(has_header("Bob,1.5\nAl,4\n"));
  EXPECT_FALSE(has_header("a;1,5\nb;2,5\n"));
}

TEST(Dialect, a_first_line_unlike_the_rows_below_is_a_header) {
  EXPECT_TRUE(has_header("0,1,2\n4,5,6\n"));
  EXPECT_TRUE(has_header(",0,1\n0,5,6\n"));
  EXPECT_TRUE(has_header("a,b\n1,2\n"));
  EXPECT_TRUE(has_header("name,town\nbob,york\nal,rome\n"));
  EXPECT_TRUE(has_header("1990,kind\n4,5\n"));
  EXPECT_TRUE(has_header("y\ny\nn\n"));
  EXPECT_TRUE(has_header("country,1990,1991\nItaly,55,60\nSpain,70,80\n"));
  EXPECT_TRUE(has_header("country,notes,2015\nItaly,x,1995.2\nSpain,x,2020.1\n"));
  EXPECT_TRUE(has_header("gene,10,20,30\nBRCA1,0.5,0.7,0.9\nTP53,0.1,0.2,0.3\n"));
  EXPECT_TRUE(has_header("country,10,20\nItaly,5,7\nSpain,6,9\n"));
  EXPECT_TRUE(has_header("a,b,c"));
  EXPECT_TRUE(has_header("kind,x\nkind,1.5\nother,2.5\n"));
}

TEST(Dialect, header_can_be_said) {
  const Dialect yes = dialect_of("2019,2020\n5,6\n", with_header(Header::yes));
  EXPECT_TRUE(yes.header_found);
  EXPECT_EQ(yes.names, (Names{"2019", "2020"}));
  const Dialect no = dialect_of("a,b\n1,2\n", with_header(Header::no));
  EXPECT_FALSE(no.header_found);
  EXPECT_EQ(no.notes, (Names{"the columns are called c1 to c2"}));
  EXPECT_EQ(read_by("a,b\n1,2\n", with_header(Header::no)), "c1,c2|a,b|1,2");
  EXPECT_EQ(read_by("a,b,\n1,2,\n", with_header(Header::no)), "c1,c2|a,b|1,2");
}

TEST(Dialect, names_of_rows_have_a_name) {
  const Dialect r = dialect_of("\"x\",\"y\"\n\"1\",1.5,2\n\"2\",3,4\n");
  EXPECT_EQ(r.names, (Names{"row_names", "x", "y"}));
  EXPECT_EQ(r.notes, (Names{"the rows have one cell more than the header: the first one is called row_names"}));
  EXPECT_EQ(dialect_of("row_names,y\n1,2,3\n").names, (Names{"row_names_2", "row_names", "y"}));
  const Dialect pandas = dialect_of(",a,b\n0,1,2\n");
  EXPECT_EQ(pandas.names, (Names{"index", "a", "b"}));
  EXPECT_EQ(pandas.notes, (Names{"the first column has no name and is called index"}));
  EXPECT_EQ(dialect_of("\"\",index,index_2\n0,1,2\n").names, (Names{"index_3", "index", "index_2"}));
  EXPECT_EQ(dialect_of("\"\"\n0\n1\n").names, (Names{"c1"}));
}

TEST(Dialect, separators_at_the_ends_of_lines_make_no_column) {
  const Names note = {"a separator ends the lines; the empty column behind it is left out"};
  for (const std::string text : {"a,b,\n1,2,\n3,4,\n", "a,b\n1,2,\n3,4,\n"}) {
    const Dialect dialect = dialect_of(text);
    EXPECT_EQ(dialect.names, (Names{"a", "b"}));
    EXPECT_EQ(dialect.empty_columns, 1U);
    EXPECT_EQ(dialect.notes, note);
    EXPECT_EQ(read_by(text), "a,b|1,2|3,4");
  }
  EXPECT_EQ(dialect_of("a,b,,\n1,2,,\n").notes,
            (Names{"a separator ends the lines; the empty columns behind it are left out"}));
  EXPECT_EQ(read_by("a,b,,\n1,2,,\n"), "a,b|1,2");
  EXPECT_EQ(read_by("a,b,\n1,2\n3,4\n"), "a,b|1,2|3,4");
  EXPECT_EQ(read_by("1,2,\n3,4,\n"), "c1,c2|1,2|3,4");
  // Somewhere there is something.
  EXPECT_EQ(read_by("a,b,\n1,2,\n3,4,5\n"), "a,b,c3|1,2,|3,4,5");
  EXPECT_EQ(read_by("a,b,c\n1,2,\n3,4,\n"), "a,b,c|1,2,|3,4,");
}

TEST(Dialect, every_column_has_a_name_of_its_own) {
  const Dialect twice = dialect_of("a,b,a,a_2,a\n1,2,3,4,5\n");
  EXPECT_EQ(twice.names, (Names{"a", "b", "a_3", "a_2", "a_4"}));
  EXPECT_EQ(twice.notes, (Names{"names that come again are told apart: a_3, a_4"}));
  const Dialect none = dialect_of("a,,c3,,e\n1,2,3,4,5\n");
  EXPECT_EQ(none.names, (Names{"a", "c2", "c3", "c4", "e"}));
  EXPECT_EQ(none.notes, (Names{"columns without a name are called by their place: c2, c4"}));
  EXPECT_EQ(dialect_of("c2,,b\n1,2,3\n").names, (Names{"c2", "c2_2", "b"}));
  EXPECT_EQ(dialect_of(" a ,\" b \", \"c\"\n1,2,3\n").names, (Names{"a", " b ", "c"}));
}

TEST(Dialect, does_not_depend_on_the_pieces_of_the_stream) {
  const std::string text =
      "\xEF\xBB\xBFsep=;\r\n# made by hand\r\n;\"a;\"\"b\";c,d;c,d;\r\n\r\n1;2;K\xF6ln;x;\r\n# "
      "no\r\n2;\"3\r\n4\";5;6;\r\n\x1A";
  const std::string whole = read_by(text);
  EXPECT_EQ(whole, "index,a;\"b,c,d,c,d_2|1,2,Köln,x|2,3\r\n4,5,6");
  for (std::size_t piece = 1; piece <= 7; ++piece) EXPECT_EQ(read_by(text, {}, piece), whole) << piece;
}

TEST(Dialect, a_header_may_be_longer_than_the_first_look) {
  std::string header, row;
  for (int i = 0; i < 300'000; ++i) {
    header += (i == 0 ? "" : ";") + ("c," + std::to_string(i));
    row += i == 0 ? "1" : ";1";
  }
  const Dialect dialect = dialect_of(header + "\n" + row + ";\n");
  EXPECT_EQ(dialect.names.size(), 300'000U);
  EXPECT_EQ(dialect.empty_columns, 1U);
  const std::string lines(1'500'000, '\n');
  EXPECT_EQ(read_by(lines + "a;b\n1;2\n"), "a,b|1,2");
  std::string comments;
  for (int i = 0; i < 100'000; ++i) comments += "# written by hand\n";
  EXPECT_EQ(read_by(comments + "a;b\n1;2\n"), "a,b|1,2");
  EXPECT_EQ(dialect_of("\"a" + lines + "\";b\n1;2\n").names, (Names{"a" + lines, "b"}));
}

TEST(Dialect, faults_in_the_first_line_are_errors) {
  EXPECT_EQ(error_of(ErrorCode::format, [] { return dialect_of("a,\"b\n1,2\n"); }),
            "x.csv:1:2: the quote that opens here is never closed");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return dialect_of("\n" + std::string(70 << 20, 'x')); }),
            "x.csv:2:1: a cell is longer than 16 MiB");
  EXPECT_EQ(error_of(ErrorCode::format, [] { return dialect_of(std::string(1'000'000, ',')); }),
            "x.csv:1: more than 1,000,000 columns");
}

// The cases that people sent.
class DialectCases : public ::testing::Test {
 protected:
  void SetUp() override { STRATA_NEEDS_SHARED_DATA(); }
  static std::string text_of(const std::string& name) {
    return read_file((shared_data("") / ".." / "cases" / name).lexically_normal().string());
  }
  static Names names_of(const std::string& name) { return dialect_of(text_of(name)).names; }
};

TEST_F(DialectCases, are_read_as_they_are_meant) {
  EXPECT_EQ(read_by(text_of("08-one-column-blank/new.csv")), "x|1|2||4|5");
  EXPECT_EQ(read_by(text_of("08-one-column-blank/quoted.csv")), "x|1|2||4");
  EXPECT_EQ(read_by(text_of("08-one-column-blank/two.csv")), "x,z|1,0|2,0|4,0");
  const Names weather = {"Temp, deg C", "Humidity, %", "Pressure, hPa", "class"};
  EXPECT_EQ(names_of("09-header-commas/semicolon_three_commas.csv"), weather);
  EXPECT_EQ(names_of("09-header-commas/tab_more_commas.tsv").size(), 4U);
  EXPECT_EQ(names_of("09-header-commas/pipe.csv"), (Names{"Temp", "Humidity", "Pressure", "class"}));
  EXPECT_EQ(names_of("10-excel-sep-line/comma.csv").size(), 4U);
  EXPECT_EQ(names_of("10-excel-sep-line/semicolon.csv").size(), 4U);
  EXPECT_EQ(names_of("12-savetxt-header/savetxt.csv"), (Names{"len", "wid", "kind"}));
  EXPECT_EQ(names_of("12-savetxt-header/comment_one.csv"), (Names{"len", "wid", "kind"}));
  EXPECT_EQ(read_by(text_of("33-padded-labels/quoted_after_space.csv")), "a,b,kind|0,1,cat, big|1,0,dog, big");
  EXPECT_EQ(names_of("07-pandas-index/sorted.csv"), (Names{"index", "t1", "t2", "state"}));
  EXPECT_FALSE(has_header(text_of("34-headerless-text/flowers.data")));
  EXPECT_EQ(names_of("34-headerless-text/flowers.data").size(), 4U);
  EXPECT_EQ(names_of("25-wide-with-names/names_with_commas.csv")[1], "size, cm");
}

// Every beginning of a text is a table or an error.
TEST(Dialect, every_truncation_ends_well) {
  const std::string texts[] = {
      "\xEF\xBB\xBFsep=;\r\n# by hand\r\n;\"a;\"\"b\";c,d;c;\r\n\r\n1;2;K\xF6ln;x;\r\n# "
      "no\r\n2;\"3\r\n4\";5;6;\r\n\x1A",
      "#x\n#y\n\"a\",b\n\"say \\\"hi\\\"\",1\n,\n", "4.7,3.1,kindA\r5.5,3.4,kindA\r\r5.1,2.9,kindB\r",
      "x\n\n1\n\n \n2\n\n"};
  for (const std::string& text : texts) {
    for (std::size_t length = 0; length <= text.size(); ++length) {
      for (std::size_t piece : {std::size_t{1}, std::size_t{3}, text.size() + 1}) {
        try {
          static_cast<void>(read_by(text.substr(0, length), {}, piece));
        } catch (const Error&) {
        }
      }
    }
  }
}

}  // namespace
}  // namespace strata::testing
