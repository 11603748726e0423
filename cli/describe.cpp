// strata describe: what is in a file, before anything is learned from it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "commands.hpp"
#include "strata/json.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

constexpr std::size_t kMostFields = 40;   // in the table
constexpr std::size_t kMostClasses = 12;  // beside the target

/// The first `most` columns of it, "…" at the end where that is not all.
std::string cut(const std::string& text, std::size_t most) {
  if (display_width(text) <= most) return text;
  std::size_t end = 0, width = 0;
  while (width + 1 < most || (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U) ++width;
    ++end;
  }
  return text.substr(0, end) + "…";
}

/// In six digits, but whole numbers whole, as long as a double tells them apart.
std::string of_type(const Field& field, double value) {
  if (field.type == ColumnType::date) return date_text(value);
  const bool is_whole = value == std::trunc(value) && std::abs(value) < 0x1p53;
  return is_whole ? fmt::format("{:.0f}", value) : brief(value);
}

/// "0.42 to 80", "S 644, C 168, Q 77".
std::string values_of(const FieldDescription& each) {
  if (each.least) {
    std::string least = of_type(each.field, *each.least), greatest = of_type(each.field, *each.greatest);
    if (*each.least == *each.greatest) return least;
    if (least == greatest) least = shortest(*each.least), greatest = shortest(*each.greatest);
    return fmt::format("{} to {}", least, greatest);
  }
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(each.levels.size(), 6); ++i) {
    const CountedValue& level = each.levels[i];
    if (level.count == 1) break;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", cut(printable(level.text), 20), with_commas(level.count));
  }
  return text;
}

std::string type_of(const Field& field) {
  return field.shape.empty() ? std::string(name(field.type)) : shape_text(field.shape);
}

std::string distinct_of(const FieldDescription& each) {
  if (each.field.width() != 1) return "";
  return (each.distinct_is_exact ? "" : "~") + with_commas(each.distinct);
}

std::string missing_of(const FieldDescription& each) {
  const std::size_t all = each.field.rows * each.field.width();
  return each.field.missing == 0 ? "" : percent(each.field.missing, all);
}

std::string plural(const std::string& type) {
  if (type == "yes/no" || type == "text") return type;
  return type == "category" ? "categories" : type + "s";
}

/// "12 numbers, 1 category", in the order of their first.
std::string describe_types(const Description& description) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const FieldDescription& each : description.fields) {
    const std::string type = each.field.shape.empty() ? std::string(name(each.field.type)) : "array";
    const auto found = std::ranges::find(counts, type, &std::pair<std::string, std::size_t>::first);
    if (found == counts.end())
      counts.emplace_back(type, 1);
    else
      ++found->second;
  }
  std::string text;
  for (const auto& [type, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", with_commas(count), count == 1 ? type : plural(type));
  return text;
}

void print_fields(const Description& description) {
  const std::size_t width = std::max<std::size_t>(out().width(), 60);
  TextTable table({{"column"}, {"type"}, {"missing", true}, {"distinct", true}, {"values"}, {"why"}});
  std::vector<std::vector<std::string>> rows;
  std::size_t taken[5] = {6, 4, 7, 8, 6};
  for (const FieldDescription& each : description.fields) {
    if (rows.size() == kMostFields) break;
    rows.push_back({cut(printable(each.field.name), width / 5), type_of(each.field), missing_of(each),
                    distinct_of(each), cut(values_of(each), width / 4)});
    for (std::size_t c = 0; c < 5; ++c) taken[c] = std::max(taken[c], display_width(rows.back()[c]));
  }
  std::size_t left = 2;  // of the line
  for (const std::size_t each : taken) left += each + 2;
  left = width > left ? width - left : 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    // The reason takes several lines, and none where a window is too narrow.
    std::vector<std::string> reason = {""};
    if (left >= 16) reason = split(wrapped(printable(description.fields[i].field.why), left, 0), '\n');
    for (std::size_t line = 0; line < reason.size(); ++line) {
      std::vector<std::string> cells = line == 0 ? std::move(rows[i]) : std::vector<std::string>(5);
      cells.push_back(cut(reason[line], left));
      table.add(std::move(cells));
    }
  }
  if (description.fields.size() > kMostFields)
    table.add({fmt::format("… {} more: --json", with_commas(description.fields.size() - kMostFields))});
  out().write(table.text(out()));
}

/// "mild 10, none 10, … (12 more)"; a description names only the most frequent ones.
std::string classes_of(const Description& description) {
  std::vector<std::string> shown;
  for (const CountedValue& each :
       std::span(description.classes).first(std::min(description.classes.size(), kMostClasses)))
    shown.push_back(fmt::format("{} {}", cut(each.text, 20), with_commas(each.count)));
  const auto target = std::ranges::find(description.fields, description.target,
                                        [](const FieldDescription& each) -> const auto& { return each.field.name; });
  if (!shown.empty() && target->distinct > shown.size())
    shown.push_back(fmt::format("… ({} more)", with_commas(target->distinct - shown.size())));
  return joined(shown, shown.size());
}

void print_text(const Description& description) {
  const auto item = [](std::string_view what, std::string_view text) {
    const std::size_t width = std::max<std::size_t>(out().width(), 60);
    out().line(
        fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<9}", what)), wrapped(printable(text), width, 9)));
  };
  item("data", description.source);
  item("rows", with_commas(description.rows));
  item("columns", fmt::format("{}: {}", with_commas(description.fields.size()), describe_types(description)));
  for (const std::string& note : description.notes) item("written", note);
  if (!description.target.empty()) {
    std::string text = description.target;
    if (description.target_is_guessed)
      text += fmt::format(" (the last {}column; --target names another)",
                          description.weight_column.empty() && description.group_column.empty() ? "" : "other ");
    const std::string classes = classes_of(description);
    if (!classes.empty()) text += ": " + classes;
    item("target", text);
  }
  const auto of = [&](const std::string& column) -> const FieldDescription& {
    return *std::ranges::find(description.fields, column, [](const auto& each) { return each.field.name; });
  };
  if (const std::string& column = description.weight_column; !column.empty())
    item("weight", fmt::format("{}: {} of {} rows have the weight 0 and will not count", column,
                               with_commas(of(column).zeros), with_commas(of(column).field.rows)));
  if (const std::string& column = description.group_column; !column.empty())
    item("group", fmt::format("{}: {}{} of rows that stay together", column,
                              of(column).distinct_is_exact ? "" : "about ", counted(of(column).distinct, "group")));
  out().line("");
  print_fields(description);
  if (!description.warnings.empty()) out().line("");
  for (const std::string& warning : description.warnings) item("warning", warning);
}

int run(const Arguments& arguments) {
  const Description description = describe(std::filesystem::path(arguments.operands.front()), arguments.options);
  if (arguments.has("json"))
    out().line(to_json(description));
  else
    print_text(description);
  return 0;
}

}  // namespace

Command describe_command() {
  return {
      "describe",
      "show what is in a data file: columns, types, what is missing or odd",
      {"strata describe titanic.csv --target Survived"},
      "Reads all of a file and prints, for each column, what it is taken for and why, how much is missing, how many "
      "values differ, and their range or the most frequent of them; then what is probably not meant: cells of "
      "another type, columns or rows that come twice, and columns that give the target away.",
      {{"DATA", "What 'strata train' reads; one file."}},
      with_reading(
          {{"target", "The column to be predicted. When not given: the last column of a CSV file."},
           {"weight-column",
            "The column that will say how much each row counts: how many have the weight 0, and what is no weight."},
           {"group-column", "The column whose rows of one value will stay together: how many groups there are."}}),
      {kJsonFlag},
      run};
}

}  // namespace strata::cli
