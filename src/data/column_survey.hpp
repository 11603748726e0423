// What a whole column of a text table is, and why: judged by all of its cells, in one pass and in bounded memory.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/cell.hpp"
#include "data/dates.hpp"
#include "data/spellings.hpp"
#include "strata/data.hpp"

namespace strata::internal {

/// What the user said of a column, and what its file shows.
struct ColumnWishes {
  enum class As : std::uint8_t { found, number, category, date };
  As as = As::found;
  /// dmy or mdy: for dates that can be read both ways. ymd: nobody said.
  DateParts date_order = DateParts::ymd;
  /// ',' where the file writes a decimal comma (`decimal_sign_of`): "1,234" and "1.234" are then 1.234 and 1234. '.'
  /// and 0: they are 1234 and 1.234.
  char decimal = 0;
};

/// A cell and its place in the file.
struct PlacedCell {
  std::size_t row = 0;   ///< from 0
  std::size_t line = 0;  ///< as it was given
  std::string text;      ///< as it stands there; of a long one the first bytes
  std::string file;      ///< where one of several is meant
};

struct Level {
  std::string text;
  std::size_t count = 0;
};

/// How the cells of a column are to be held.
enum class HeldAs : std::uint8_t { numbers, dates, words };

struct ColumnVerdict {
  ColumnType type = ColumnType::constant;
  std::string why;  ///< for Field::why: a reason and counts, harmless for a terminal
  HeldAs held_as = HeldAs::numbers;
  NumberForm number_form;      ///< where held as numbers
  DateForm date_form;          ///< where held as dates
  bool date_has_time = false;  ///< a cell has a time
  bool is_as_given = false;    ///< what ColumnSurvey::add gave is what the form reads in every cell, or its word
  /// Where that is words: all of them, in the order of their first appearance, and behind how many of them the first
  /// missing cell came.
  std::vector<std::string> words;
  std::size_t words_before_missing = 0;
  /// All dates can be read as day/month and as month/day, and nobody said which; date_form is then the first.
  bool date_is_ambiguous = false;
  /// The user wants dates and there is a cell that is none, `first_wrong`.
  bool is_no_date = false;
  std::size_t filled = 0, missing = 0;  ///< cells
  /// Different values where held as numbers, spellings else. An estimate where there are too many to count.
  std::size_t distinct = 0;
  bool distinct_is_exact = true;
  /// Of the finite numbers, where held as numbers and there are any; else 0.
  double least = 0, greatest = 0;
  std::size_t infinite = 0;  ///< cells: inf, or too large for float64
  bool is_whole = false;     ///< all numbers are whole
  /// The most frequent spellings, then by bytes; empty where there are too many different ones to remember.
  std::vector<Level> levels;
  /// Filled cells that the form does not read, and the first of them: in a column of numbers, or wished to be dates.
  std::size_t wrong = 0;
  std::optional<PlacedCell> first_wrong;
  std::optional<PlacedCell> first_missing;  ///< that is a word, and not empty
  bool are_digits = false;  ///< held as words, and all of them are numbers in one form: 007, or beyond 2^53
  /// Of a column that is to be predicted. Words: no more is missing than the user named. Numbers: how each is spelled
  /// that is not in the shortest way, ascending, where there is one way.
  bool only_named_missing = false;
  bool are_answers = false;  ///< held as numbers: the words of a yes or no, 1 and 0
  std::vector<SpelledNumber> spelled;
};

/// The end of the reason for a column of dates that are ambiguous.
inline constexpr std::string_view kTwoOrders = ", day and month could change places in every one";

/// Looks at the cells of one column, in any order, and judges. The verdict depends on the cells and their places only:
/// neither on the order in which they come nor on how they were parted among surveys that were appended. Memory: about
/// 20 MiB for different words and 64 KiB for different numbers, at most.
///
/// The rules, the first that fits:
/// - constant: no cell is filled, or all are and hold one value. (One value in some of the cells is a category.)
/// - number: at least 4 of 5 filled cells are numbers in one form, that which reads most; the others are wrong cells.
///   Not so where a number has leading zeros (007) or is a whole one beyond 2^53: those are codes, spelled as they are.
/// - identifier: whole numbers, all different and without a gap, in a column whose name says so (`names_rows`).
/// - date: one form reads all filled cells. Digits alone (2024, 20240301) are numbers.
/// - yes_no: the two words of one pair and nothing else.
/// - text, identifier: words, of which more than 50 and more than half differ. Text where at least half of them hold
///   blanks or their mean length is above 64 bytes.
/// - category: all other words.
class ColumnSurvey {
 public:
  static constexpr std::size_t kMostNumbers = 1000;  ///< different spellings that are remembered

  /// `missing` must live as long as the survey.
  explicit ColumnSurvey(const MissingWords& missing);

  /// `row` and `line` say where the cell stands. Gives its number as the plainest form reads it, or its day as the
  /// first form of dates does that reads it, or the number of its word, in the order of their first appearance; NaN
  /// where it is missing, or nothing of these. `count`: so many cells say the same, of which this is the first. Line 0:
  /// the table has no lines.
  double add(std::string_view cell, std::size_t row, std::size_t line, std::size_t count = 1);
  /// A cell that is a finite number and is not spelled, of a column that has more different ones than can be
  /// remembered.
  void add_number(double value, bool is_whole, std::size_t row);
  /// An empty survey of other cells of this column, quicker than a new one where it is appended to this one later.
  [[nodiscard]] ColumnSurvey like() const;
  /// Takes in what `next` saw, whose rows and lines count from where this part of the file ends. `file`: as in
  /// PlacedCell. Gives the numbers here of the words there; kUnknown of Spellings for those that are not known.
  std::vector<std::size_t> append(const ColumnSurvey& next, std::size_t first_row = 0, std::size_t first_line = 0,
                                  const std::string& file = {});

  /// No filled cell is anything but a word, and all of these are known: `add` gave their numbers.
  [[nodiscard]] bool gives_words() const noexcept;
  [[nodiscard]] ColumnVerdict decide(std::string_view name, const ColumnWishes& wishes = {}) const;
  /// From now on as if only these words had been missing.
  void keep_missing(const MissingWords& only);
  /// The numbers that one form reads and that the column does not spell in the shortest way, ascending. Empty where one
  /// is spelled in two ways, or there are too many to know.
  [[nodiscard]] std::vector<SpelledNumber> spelled_numbers(const NumberForm& form) const;
  /// The plainest form reads as many cells as any other.
  [[nodiscard]] bool is_read_plainly() const;
  /// The decimal sign that this column can only have: '.', ',', or 0 where it does not show.
  [[nodiscard]] char decimal_sign() const;

 private:
  // Whole and finite numbers as the forms with one decimal sign read them.
  struct Range {
    double least = std::numeric_limits<double>::infinity(), greatest = -std::numeric_limits<double>::infinity();
    std::uint64_t run = 0;  // the sum of a hash of each whole number: equal for equal sets of different numbers
    std::size_t infinite = 0;
    bool is_whole = true;

    void add(double value, std::size_t count) noexcept;
    void append(const Range& other) noexcept;
    [[nodiscard]] static std::uint64_t run_between(double first, double last) noexcept;
  };

  // What of a cell matters for the type of its column.
  struct Kind {
    std::uint8_t number_forms = 0;
    Affix affix = Affix::none;
    bool is_code = false, is_large = false;
    bool is_infinite = false;  // by the word inf: in every form a number, but no reason to take the others for numbers
    std::uint8_t unused = 0;
    std::uint16_t date_forms = 0;

    [[nodiscard]] bool operator==(const Kind& other) const noexcept {  // of all bytes at once
      return std::bit_cast<std::uint64_t>(*this) == std::bit_cast<std::uint64_t>(other);
    }
    [[nodiscard]] bool is_read_by(std::size_t form, Affix with) const noexcept;
  };

  struct Group {
    Kind kind;
    std::size_t count = 0;
    PlacedCell first;
    Range by_point, by_comma;

    [[nodiscard]] const Range& range_in(const NumberForm& form) const noexcept;
  };

  struct Numbers;
  struct Dates;

  Group& group_of(const Kind& kind, std::string_view cell, std::size_t row, std::size_t line,
                  const std::string& file = {});
  Group& group_at(const Kind& kind, std::string_view cell, std::size_t row, std::size_t line);
  std::size_t add_word(std::string_view cell, std::string_view bare, std::size_t count);
  void begin_missing(std::size_t words_before) noexcept;
  [[nodiscard]] std::size_t count_read(std::size_t form, Affix affix) const noexcept;
  [[nodiscard]] Numbers best_numbers(char decimal) const;
  [[nodiscard]] Dates best_dates(const ColumnWishes& wishes) const;
  template <class IsMeant>
  [[nodiscard]] const Group* first_of(IsMeant is_meant, std::size_t& count) const;
  [[nodiscard]] const Group* first_code(const Numbers& numbers) const;
  [[nodiscard]] std::string first_other(const Numbers& numbers, const Dates& dates) const;
  [[nodiscard]] std::string missing_text() const;
  [[nodiscard]] std::size_t distinct_numbers(const NumberForm& form) const;
  [[nodiscard]] bool numbers_rows(const Numbers& numbers) const noexcept;
  void judge_numbers(ColumnVerdict& verdict, const Numbers& numbers, std::string_view name, bool found) const;
  void judge_dates(ColumnVerdict& verdict, const Dates& dates) const;
  void judge_words(ColumnVerdict& verdict, const Numbers& numbers, const Dates& dates) const;
  template <class IsWrong>
  void find_wrong(ColumnVerdict& verdict, IsWrong is_wrong) const;
  void add_levels(ColumnVerdict& verdict) const;

  struct MissingWord {
    PlacedCell first;
    std::size_t count = 0;
  };

  void add_missing(std::string_view word, std::size_t row, std::size_t line, const std::string& file,
                   std::size_t count);

  const MissingWords* missing_;
  std::size_t filled_ = 0, empty_ = 0;
  std::size_t words_before_missing_ = Spellings::kUnknown;  // kUnknown: no cell is missing
  std::vector<MissingWord> missing_words_ = {};             // that came, but for the empty one
  bool gave_too_few_words_ = false;                         // some were taken for missing
  std::vector<Group> groups_ = {};
  std::size_t last_group_ = 0;
  Spellings numbers_, words_;
  std::size_t bytes_ = 0, with_blanks_ = 0;  // of the words
  std::size_t with_time_ = 0, two_orders_ = 0;
  std::array<std::array<std::size_t, 2>, kYesNoPairs.size()> answers_{};  // cells by pair, no and yes
};

/// The decimal sign of a file: ',' where a column shows a decimal comma and none a point; '.' the other way round; else
/// 0.
[[nodiscard]] char decimal_sign_of(std::span<const ColumnSurvey> columns);

/// Whether a column of this name may number the rows: no name, id, index, Unnamed: 0, row, rownames, row_names, no, nr,
/// #, in any case, or "id" as the last word (PassengerId, customer_id, Provider Id).
[[nodiscard]] bool names_rows(std::string_view name);

}  // namespace strata::internal
