// From the cells of an example to its column of X.
#include "features/inputs.hpp"

#include <cmath>
#include <limits>

#include "model/support.hpp"

namespace strata::internal {
namespace {

using testing::error_of;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN(), kInf = std::numeric_limits<double>::infinity();

std::vector<double> encode(const Features& features, std::vector<double> raw) {
  const InputEncoder encoder(features, raw.size());
  EXPECT_EQ(encoder.raw_width(), raw.size());
  std::vector<double> x(encoder.width(), -77.0);
  encoder.encode(raw.data(), x.data());
  return x;
}

Features of(const InputField& input) { return {.inputs = {input}, .scaling = {}, .target = {}}; }

std::vector<std::string> names_of(const Features& features) {
  std::vector<std::string> names;
  for (const EncodedColumn& column : encoded_columns(features)) names.push_back(column.name);
  return names;
}

TEST(Inputs, ANumberHasItsFillAndAColumnForWhatIsMissing) {
  Features features = of({.name = "Age", .shape = {}, .fill = 7.0});
  EXPECT_EQ(encode(features, {3}), (std::vector<double>{3}));
  EXPECT_EQ(encode(features, {kNaN}), (std::vector<double>{7}));
  features.inputs[0].missing = true;
  EXPECT_EQ(encode(features, {3}), (std::vector<double>{3, 0}));
  EXPECT_EQ(encode(features, {kNaN}), (std::vector<double>{7, 1}));
  EXPECT_EQ(names_of(features), (std::vector<std::string>{"Age", "Age missing"}));
  // The offset of the standard scaling is the mean.
  features.inputs[0].fill.reset();
  EXPECT_TRUE(std::isnan(encode(features, {kNaN})[0]));
  features.scaling = {ScaleKind::standard, {5, 0}, {2, 1}};
  EXPECT_EQ(encode(features, {9}), (std::vector<double>{2, 0}));
  EXPECT_EQ(encode(features, {kNaN}), (std::vector<double>{0, 1}));
  EXPECT_EQ(encoded_columns(features)[0].equation, "(Age − 5) / 2; missing: 5");
}

TEST(Inputs, AnArrayKeepsTheRuleThatEveryNumberIsFinite) {
  Features features = of({.name = "x", .shape = {2, 1}});
  features.scaling = {ScaleKind::standard, {1, 1}, {2, 4}};
  EXPECT_EQ(encode(features, {3, 5}), (std::vector<double>{1, 1}));
  EXPECT_TRUE(std::isnan(encode(features, {3, kNaN})[1]));
  EXPECT_EQ(names_of(features), (std::vector<std::string>{"x[0]", "x[1]"}));
}

TEST(Inputs, AYesIsPlusOneAndANoMinusOne) {
  Features features = of({.name = "smokes", .shape = {}, .type = ColumnType::yes_no, .levels = {"no", "yes"}});
  EXPECT_EQ(encode(features, {0}), (std::vector<double>{-1}));
  EXPECT_EQ(encode(features, {1}), (std::vector<double>{1}));
  EXPECT_EQ(encode(features, {2}), (std::vector<double>{0}));
  EXPECT_EQ(encode(features, {kNaN}), (std::vector<double>{0}));
  features.inputs[0].missing = true;
  EXPECT_EQ(encode(features, {kNaN}), (std::vector<double>{0}));
  EXPECT_EQ(encoded_columns(features)[0].equation, "+1 for yes, −1 for no, else 0");
  for (const double wrong : {-1.0, 0.5, 3.0, kInf}) EXPECT_TRUE(std::isnan(encode(features, {wrong})[0])) << wrong;
}

TEST(Inputs, ACategoryHasAColumnForEachLevel) {
  Features features = of({.name = "Port", .shape = {}, .type = ColumnType::category, .levels = {"C", "Q", "S"}});
  EXPECT_EQ(encode(features, {1}), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(encode(features, {3}), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(encode(features, {kNaN}), (std::vector<double>{0, 0, 0}));
  features.inputs[0].pooled = features.inputs[0].missing = true;
  EXPECT_EQ(encode(features, {2}), (std::vector<double>{0, 0, 1, 0, 0}));
  EXPECT_EQ(encode(features, {3}), (std::vector<double>{0, 0, 0, 1, 0}));
  EXPECT_EQ(encode(features, {kNaN}), (std::vector<double>{0, 0, 0, 0, 1}));
  EXPECT_EQ(names_of(features), (std::vector<std::string>{"Port=C", "Port=Q", "Port=S", "Port other", "Port missing"}));
  EXPECT_TRUE(std::isnan(encode(features, {1.5})[0]));
}

TEST(Inputs, ADateIsItsPartsAndItsDays) {
  Features features = of({.name = "when",
                          .shape = {},
                          .type = ColumnType::date,
                          .missing = true,
                          .fill = 31.0,
                          .parts = {DatePart::month, DatePart::hour},
                          .earliest = 0.0});
  EXPECT_EQ(encode(features, {0.5}), (std::vector<double>{1, 12, 0.5, 0}));
  EXPECT_EQ(encode(features, {kNaN}), (std::vector<double>{2, 0, 31, 1}));
  EXPECT_EQ(names_of(features), (std::vector<std::string>{"when: month", "when: hour", "when: days", "when missing"}));
  EXPECT_TRUE(std::isnan(encode(features, {1e9})[0]));
}

TEST(Inputs, OnlyNumbersAndDatesAreScaled) {
  Features features;
  features.inputs = {{.name = "a", .shape = {}, .fill = 255.0},
                     {.name = "b", .shape = {}, .type = ColumnType::category, .levels = {"u", "v"}},
                     {.name = "c", .shape = {}, .type = ColumnType::yes_no, .levels = {"n", "y"}}};
  features.scaling.kind = ScaleKind::divide_255;
  EXPECT_EQ(encode(features, {51, 1, 1}), (std::vector<double>{0.2, 0, 1, 1}));
  features.scaling = {ScaleKind::robust, {1, 0, 0, 0}, {2, 1, 1, 1}};
  EXPECT_EQ(encode(features, {7, 1, 1}), (std::vector<double>{3 / std::sqrt(2.0), 0, 1, 1}));
  features.scaling.divisor[0] = 0;
  EXPECT_EQ(encode(features, {7, 0, 0}), (std::vector<double>{0, 1, 0, -1}));
  EXPECT_TRUE(std::isnan(encode(features, {kInf, 0, 0})[0])) << "an infinite number is an error, whatever bounds it";
  features.scaling = {ScaleKind::quantile, {1, 0, 0, 0}, {2, 1, 1, 1}, {{0, 1, 2}, {}, {}, {}}};
  EXPECT_EQ(encode(features, {1, 1, 0}), (std::vector<double>{0, 0, 1, -1}));
  features.scaling.quantiles[0].clear();
  EXPECT_EQ(encode(features, {5, 1, 0}), (std::vector<double>{2, 0, 1, -1}));
}

TEST(Inputs, TheColumnsOfXHaveNamesOfTheirOwn) {
  Features features;
  features.inputs = {{.name = "x", .shape = {2}},
                     {.name = "c", .shape = {}, .type = ColumnType::category, .levels = {"u"}, .missing = true},
                     {.name = "y", .shape = {}}};
  features.scaling.kind = ScaleKind::none;
  const std::vector<EncodedColumn> columns = encoded_columns(features);
  ASSERT_EQ(columns.size(), 5U);
  EXPECT_EQ(columns[1].name, "x[1]");
  EXPECT_EQ(columns[2].name, "c=u");
  EXPECT_EQ(columns[2].equation, "1 for u, else 0");
  EXPECT_EQ(columns[3].name, "c missing");
  EXPECT_EQ(columns[4].equation, "y");
  std::size_t width = 0;
  for (const InputField& input : features.inputs) width += encoded_width(input);
  EXPECT_EQ(width, columns.size());
}

TEST(Levels, AreOrderedByValueOrByBytes) {
  std::vector<std::string> numbers{"10", "9", "-1", "1e1"}, words{"b", "B", "10", "9"};
  sort_levels(numbers);
  sort_levels(words);
  EXPECT_EQ(numbers, (std::vector<std::string>{"-1", "9", "10", "1e1"}));
  EXPECT_EQ(words, (std::vector<std::string>{"10", "9", "B", "b"}));
  std::vector<std::string> odd{"nan", "2", "1", "nan2"};
  sort_levels(odd);
  EXPECT_EQ(odd, (std::vector<std::string>{"1", "2", "nan", "nan2"}));
}

std::vector<double> codes(const InputField& input, const std::vector<std::string>& cells) {
  Table table;
  table.add_text("c", cells);
  const Field& field = table.field("c");
  const LevelCodes of_cells(input, field);
  std::vector<double> all;
  for (std::size_t row = 0; row < table.rows(); ++row) all.push_back(of_cells.code(table.number(field, row)));
  return all;
}

TEST(Levels, AreFoundByTheirSpelling) {
  const InputField words{.name = "c", .shape = {}, .type = ColumnType::category, .levels = {"a", "b"}};
  EXPECT_EQ(codes(words, {"b", "a", "A", "c"}), (std::vector<double>{1, 0, 2, 2}));
  EXPECT_TRUE(std::isnan(codes(words, {""})[0]));
  const InputField keys{.name = "c", .shape = {}, .type = ColumnType::category, .levels = {"007", "7"}};
  EXPECT_EQ(codes(keys, {"7", "007", "7.0"}), (std::vector<double>{1, 0, 2}));
  const InputField numbers{.name = "c", .shape = {}, .type = ColumnType::category, .levels = {"1", "2.5"}};
  EXPECT_EQ(codes(numbers, {"1.0", "2.50", "+1", "3"}), (std::vector<double>{0, 1, 0, 2}));
  const InputField answers{.name = "c", .shape = {}, .type = ColumnType::yes_no, .levels = {"No", "Yes"}};
  EXPECT_EQ(codes(answers, {"Yes", "NO", "yes", "maybe"}), (std::vector<double>{1, 0, 1, 2}));
}

TEST(Levels, OfNumbersAreFoundByValue) {
  const InputField numbers{.name = "c", .shape = {}, .type = ColumnType::category, .levels = {"1", "2.5"}};
  Table table;
  table.add_numbers("c", {}, std::vector<double>{2.5, 1, 7, kNaN});
  const LevelCodes of_cells(numbers, table.field("c"));
  EXPECT_EQ(of_cells.code(2.5), 1);
  EXPECT_EQ(of_cells.code(1), 0);
  EXPECT_EQ(of_cells.code(7), 2);
  EXPECT_TRUE(std::isnan(of_cells.code(kNaN)));
}

}  // namespace
}  // namespace strata::internal
