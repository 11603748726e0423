// What to learn from, and how it is read.
#include <algorithm>

#include "config/option_rows.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr Text kPatterns = "names or patterns (* any text, ? any sign), separated by commas";

}  // namespace

std::vector<OptionSpec> data_rows() {
  return {
      // --- Data ---
      names_row({"target", "COLUMN",
                 "What to predict; it may also be a file of its own (IDX labels, NPY). When not given: the last column "
                 "of a CSV file."},
                "Data", "a name; several, separated by commas, for regression", &DataOptions::target),
      names_row({"inputs", "COLUMNS",
                 "What to predict it from. When not given: every other column, without identifiers, free text and "
                 "constants."},
                "Data", "names, separated by commas", &DataOptions::inputs),
      choice_row(
          {"task", "TASK",
           "The kind of prediction. auto: a text target, one with at most 20 distinct whole numbers that have 5 "
           "rows each in the mean, and numbers that are one-hot are classes (binary when there are two); anything "
           "else is regression."},
          "Data", &DataOptions::task),
      choice_row(
          {"scale", "SCALE",
           "How inputs are scaled. standard: mean 0 and standard deviation 1, fitted on the training rows. robust: by "
           "the median and the quartiles, large numbers bent to at most 3; the columns of yes/no and of categories "
           "too. quantile: to a normal distribution. auto: "
           "1/255 for 8-bit pixels; quantile where rows are held back without being asked for (see --validation); "
           "standard for anything else. auto-quantile: 1/255 for 8-bit pixels, else quantile. The model remembers it."},
          "Data", &DataOptions::scale),
      later(
          choice_row({"impute", "HOW",
                      "What stands for a missing number: the mean or the median of the training rows. Where these lack "
                      "some, a column of its own tells the network which were missing."},
                     "Data", &DataOptions::impute)),
      later(count_row({"one-hot-limit", "N",
                       "How many values of a category have a column of their own: the most frequent ones; the others "
                       "share one."},
                      "Data", "a whole number from 1 to 1000000", {}, 1'000'000, &DataOptions::one_hot_limit)),
      later(count_row({"embedding-size", "N|none",
                       "A category with more values than --one-hot-limit becomes so many numbers, learned for each of "
                       "its values; any other word, and a missing cell, have numbers of their own, which begin at 0 "
                       "and are learned from missing cells where training rows have some."},
                      "Data", "a whole number from 1 to 1000", "none", 1000, &DataOptions::embedding_size)),
      later(choice_row({"numeric-embedding", "NAME",
                        "pbld: beside each number the network gets 3 numbers more, a learned mixture of 16 cosines of "
                        "learned frequencies and phases. piecewise: in its place the network gets 16 learned functions "
                        "of it that are linear between quantiles of the training rows, at most 48 pieces each."},
                       "Data", &DataOptions::numeric_embedding)),
      later(choice_row(
          {"missing-target", "HOW", "Rows to train on that lack the target: error, or drop to leave them out."}, "Data",
          &DataOptions::missing_target)),
      later(column_row({"weight-column", "COLUMN",
                        "A column of numbers that says how much each row counts, in all that is fitted and measured; "
                        "it is no input. Rows of weight 0 are left out. Weight 2 is the row twice."},
                       "Data", &DataOptions::weight_column)),
      later(row(
          {"class-weights", "WEIGHTS",
           "How much the rows of each class count: a:1,b:5 (a class that is not named: 1), or balanced, so that all "
           "classes count alike. Multiplies what --weight-column says, for "
           "the rows that are trained on: those held back are measured as evaluate does."},
          "Data", "none; balanced; classes and numbers greater than 0, such as a:1,b:5",
          [](Options& o, Text t) { o.class_weights = class_weights_from("class-weights", t); },
          [](const Options& o) { return class_weights_text(o.class_weights); })),
      row(
          {"scale-target", "SCALE",
           "Regression: train on the target scaled to mean 0 and standard deviation 1. Costs are then of the scaled "
           "target; predictions stay in the units of the data. auto: standard where inputs and target are columns or "
           "with --parametrization ntp, none for other arrays."},
          "Data", "auto, standard, none",
          [](Options& o, Text t) {
            const std::string form = normal_form(t);
            const std::string names[] = {"auto", "standard", "none"};
            if (std::ranges::find(names, form) == std::end(names)) refuse_name("scale-target", names, t);
            o.scale_target = form == names[0] ? std::nullopt : std::optional(form == names[1]);
          },
          [](const Options& o) {
            return std::string(!o.scale_target ? "auto" : *o.scale_target ? "standard" : "none");
          }),
      later(word_row({"clamp-target", "RANGE",
                      "Regression. training: a prediction below the least target of the training rows is that, and one "
                      "above the largest is that one."},
                     "Data", "training", "none", &DataOptions::clamp_target)),
      row(
          {"validation", "FILE|FRACTION",
           "Rows to measure on that are not trained on: a file of their own, or this part of the data, of each class "
           "as much; last:0.2 is the last fifth of the rows, as they stand or by --time-column. auto: 0.2 with "
           "--patience N, and for a table of 200 rows or more where none of --patience, "
           "--epochs and --iterations is given: its best epoch is kept; else none."},
          "Data", "auto; none; a file; a number greater than 0 and less than 1; last: and such a number",
          [](Options& o, Text t) {
            const std::string form = normal_form(t);
            if (form == "auto") return o.validation.clear();
            const std::optional<ValidationPart> part = validation_part(t);
            o.validation = form == kNoValidation || (part && part->is_last) ? form : std::string(t);
          },
          [](const Options& o) { return o.validation.empty() ? std::string("auto") : o.validation; }),
      later(column_row({"validation-column", "COLUMN",
                        "A column that says which rows are held back, instead of --validation: yes or no, 1 or 0, "
                        "validation or train, test or train. It is no input."},
                       "Data", &DataOptions::validation_column)),
      later(row(
          {"folds", "K|KxR",
           "Train a bag: the rows are parted in so many folds, of each class as much, and for each fold a network is "
           "trained on the others; of its epochs, the one that does best on its own fold is kept. The model "
           "says the mean of all networks, and every row gets a prediction of those that were not trained on it. 5x5: "
           "5 folds, parted 5 times. auto: 5x5 of at most 500 rows, else 8. It takes the place of --validation."},
          "Data", fmt::format("none; auto; {}", kFolds), [](Options& o, Text t) { o.folds = folds_from("folds", t); },
          [](const Options& o) { return to_text(o.folds); })),
      later(choice_row({"select", "HOW",
                        "Which networks of a bag count how much in its mean. none: all alike. greedy: as a greedy "
                        "selection with replacement finds best on the rows of the folds; the candidates are the "
                        "--members and, with KxR, the partings, and those that do not count are left out of the file."},
                       "Data", &DataOptions::select)),
      later(choice_row({"calibrate", "HOW",
                        "temperature: the probabilities of a bag become as sure as they are right on the rows of the "
                        "folds, by one number for all of them."},
                       "Data", &DataOptions::calibrate)),
      later(column_row({"group-column", "COLUMN",
                        "Rows that have the same in this column, such as a patient or a customer, stay together: whole "
                        "groups are held back, and make the parts of --folds and --cross-validate. It is no input."},
                       "Data", &DataOptions::group_column)),
      later(column_row({"time-column", "COLUMN",
                        "The numbers or dates by which --validation last:0.2 finds the last rows. Rows of the same "
                        "time stay together."},
                       "Data", &DataOptions::time_column)),

      // --- Reading ---
      later(row(
          {"separator", "SIGN", "What parts the cells of a line. auto: found from the header and the rows together."},
          "Reading", "auto; one sign, such as ; or |; tab; blank",
          [](Options& o, Text t) { o.separator = separator_from("separator", t); },
          [](const Options& o) { return separator_text(o.separator); })),
      later(choice_row({"header", "WHICH",
                        "Does the first line name the columns? auto: unless it looks like the rows below it. Without "
                        "a header the columns are c1, c2, and so on."},
                       "Reading", &ReadingOptions::header)),
      later(row(
          {"comment", "SIGN", "Lines that begin with it are no rows."}, "Reading", "none; one sign, such as #",
          [](Options& o, Text t) { o.comment = normal_form(t) == "none" ? '\0' : sign_from("comment", t, "or none"); },
          [](const Options& o) { return o.comment == 0 ? std::string("none") : std::string(1, o.comment); })),
      later(choice_row({"decimal", "SIGN", "What stands before the decimals. auto: what the columns show."}, "Reading",
                       &ReadingOptions::decimal)),
      later(names_row({"missing", "WORDS",
                       "What stands for a missing cell, beside an empty one, NA, N/A, NaN, null, None, ?, #N/A, - and "
                       "a point alone."},
                      "Reading", "words, separated by commas", &ReadingOptions::missing)),
      later(names_row({"numeric", "COLUMNS", "Columns of numbers, whatever else they seem to be."}, "Reading",
                      kPatterns, &ReadingOptions::numeric)),
      later(names_row({"categorical", "COLUMNS",
                       "Columns whose cells are names for a kind of thing, even where they are numbers, or differ in "
                       "most rows."},
                      "Reading", kPatterns, &ReadingOptions::categorical)),
      later(names_row({"date", "COLUMNS", "Columns of dates or times."}, "Reading", kPatterns, &ReadingOptions::date)),
      later(names_row({"ignore", "COLUMNS", "Columns that are not to be learned from."}, "Reading", kPatterns,
                      &ReadingOptions::ignore)),
      later(choice_row({"date-order", "ORDER",
                        "How dates of numbers are written: 3.4.2024 is in April (dmy) or in March (mdy). auto: what "
                        "the whole column shows; where it shows neither, the column is left out."},
                       "Reading", &ReadingOptions::date_order)),
      later(
          choice_row({"bad-cells", "WHAT", "What becomes of a word in a column of numbers. missing: it counts as one."},
                     "Reading", &ReadingOptions::bad_cells)),
      later(choice_row(
          {"bad-rows", "WHAT",
           "What becomes of a line with too many cells or too few, or with a word in a column of numbers. skip: left "
           "out, and counted."},
          "Reading", &ReadingOptions::bad_rows)),
      later(
          choice_row({"transpose", "WHICH",
                      "Does the last index of an array count the examples? auto: in HDF5 files of MATLAB, which turns "
                      "arrays round."},
                     "Reading", &ReadingOptions::transpose)),
  };
}

}  // namespace strata::internal
