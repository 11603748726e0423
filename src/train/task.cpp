#include "train/task.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "data/table_storage.hpp"
#include "features/inputs.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostClassesNamed = 6;  // classes in a message
// δ of Huber's loss, in standard deviations: were all that the network leaves unexplained normal and as large as the
// target's own spread, its estimate would be 95 % as efficient as that of least squares (Huber and Ronchetti, 2009).
constexpr double kHuberDeviations = 1.35;

std::string count_text(std::size_t count) {
  return count > Values::kMost ? fmt::format("more than {}", Values::kMost) : std::to_string(count);
}

// Text labels in alphabetical order, numbers in theirs: the order of the outputs.
std::vector<std::string> class_names(const Table& table, const Field& field, const Values& values) {
  std::vector<std::string> names;
  for (const auto& [value, rows] : values.rows) names.push_back(label_of(table, field, value));
  if (field.is_text()) sort_levels(names);
  return names;
}

std::string changed_by(Task task) { return fmt::format("; {} overrules it", spelled("task", name(task))); }

void warn_of_lonely(const std::vector<std::string>& lonely, const Messages& messages) {
  if (lonely.empty()) return;
  messages.warning(fmt::format("{} {} one row only, too few to learn from: {}",
                               lonely.size() == 1 ? "a class" : fmt::format("{} classes", lonely.size()),
                               lonely.size() == 1 ? "has" : "have", joined(lonely, kMostClassesNamed)));
}

// NA can be a class.
void tell_usual_words(const std::vector<std::string>& classes, const Messages& messages) {
  const MissingWords missing;
  std::vector<std::string> words;
  for (const std::string& each : classes)
    if (missing.contains(each)) words.push_back(each);
  if (words.empty()) return;
  messages.note(fmt::format("{} {} of the target, as in words only an empty cell is missing; {} says that {} missing",
                            joined(words, kMostClassesNamed), words.size() == 1 ? "is a class" : "are classes",
                            spelled("missing", "WORDS"), words.size() == 1 ? "it is" : "they are"));
}

[[noreturn]] void refuse_constant(const std::string& targets, const std::string& value) {
  throw Error(
      ErrorCode::value,
      fmt::format("the target {} is the same in every row ({}), so there is nothing to learn; is it the right column?",
                  targets, value));
}

// A number for each class: the names of columns, or the places in an array.
Target decide_one_hot(const Survey& survey, const Options& options, const Messages& messages) {
  Target target{.names = options.target, .task = Task::classes, .one_hot = true};
  if (target.names.size() == survey.one_hot().size()) target.classes = target.names;
  for (std::size_t k = target.classes.size(); k < survey.one_hot().size(); ++k)
    target.classes.push_back(std::to_string(k));
  std::vector<std::string> lonely, absent;
  for (std::size_t k = 0; k < target.classes.size(); ++k) {
    const std::size_t rows = survey.one_hot()[k];
    if (rows == survey.rows()) refuse_constant(joined(target.names, kMostClassesNamed), target.classes[k]);
    if (rows == 1) lonely.push_back(target.classes[k]);
    if (rows == 0) absent.push_back(target.classes[k]);
  }
  if (options.task == Task::automatic) {
    messages.note(
        fmt::format("task: classes, because the {} numbers of the target are one-hot: one of them is 1 in "
                    "every row, and the others are 0; {} makes each of them a yes/no question",
                    target.classes.size(), spelled("task", "binary")));
  }
  warn_of_lonely(lonely, messages);
  if (!absent.empty())
    messages.warning(fmt::format("no row is of these classes: {}", joined(absent, kMostClassesNamed)));
  return target;
}

// Several targets: classes that are one-hot, regression with several outputs, or several yes/no questions.
Target decide_several(const Table& table, const Survey& survey, const Options& options, const Messages& messages) {
  bool yes_or_no = true;
  for (std::size_t t = 0; t < options.target.size(); ++t) {
    const std::string& name = options.target[t];
    if (table.field(name).is_text()) {
      throw Error(ErrorCode::value,
                  fmt::format("target '{}' is text; several targets must be numbers", printable(name)));
    }
    for (const auto& [value, rows] : survey.targets()[t].rows) yes_or_no = yes_or_no && (value == 0 || value == 1);
  }
  const bool may_be_classes = options.task == Task::classes || options.task == Task::automatic;
  if (may_be_classes && !survey.one_hot().empty()) return decide_one_hot(survey, options, messages);
  if (options.task == Task::classes) {
    throw Error(ErrorCode::usage,
                fmt::format("{} with several target numbers needs one of them to be 1 in every row "
                            "and the others 0; use {} or {}",
                            spelled("task", "classes"), spelled("task", "binary"), spelled("task", "regression")));
  }
  if (options.task == Task::binary && !yes_or_no) {
    throw Error(ErrorCode::usage, fmt::format("{} with several target numbers needs each of them to be 0 or 1; use {}",
                                              spelled("task", "binary"), spelled("task", "regression")));
  }
  Target target{.names = options.target, .task = options.task};
  if (options.task == Task::automatic) {
    target.task = yes_or_no ? Task::binary : Task::regression;
    messages.note(yes_or_no ? "task: binary, a yes/no question for each target, because they hold only 0 and 1" +
                                  changed_by(Task::regression)
                            : "task: regression, because there are several targets that hold numbers");
  }
  if (target.task == Task::binary) target.classes = {"0", "1"};
  return target;
}

// A network has an output for each.
void require_few(const std::string& quoted, const Values& values) {
  if (values.rows.size() <= Values::kMost) return;
  throw Error(ErrorCode::usage,
              fmt::format("the target {} has {} different values, too many for classes; is it the right column?",
                          quoted, count_text(values.rows.size())));
}

// Numbers can be labels or quantities, and only how often they come back tells which.
Task task_of_numbers(const std::string& quoted, const Values& values, std::size_t rows, const Messages& messages) {
  const std::size_t count = values.rows.size();
  if (!values.all_whole) {
    messages.note(fmt::format("task: regression, because the target {} holds numbers that are not whole", quoted));
    return Task::regression;
  }
  const std::string holds =
      fmt::format("because the target {} holds {} different whole numbers", quoted, count_text(count));
  if (count == 2) {
    messages.note(fmt::format("task: binary, {}{}", holds, changed_by(Task::regression)));
    return Task::binary;
  }
  if (count > kMostClasses) {
    messages.note(fmt::format("task: regression, {} (more than {}){}", holds, kMostClasses,
                              count > Values::kMost ? "" : changed_by(Task::classes)));
    return Task::regression;
  }
  const bool classes = may_be_classes(count, rows);
  const bool doubtful = rows < 2 * kRowsOfAClass * count;
  const std::string text = classes ? fmt::format("task: classes, {} (at most {}) in {} rows{}", holds, kMostClasses,
                                                 rows, changed_by(Task::regression))
                                   : fmt::format("task: regression, {} in {} rows, and classes need {} rows each{}",
                                                 holds, rows, kRowsOfAClass, changed_by(Task::classes));
  doubtful ? messages.warning(text) : messages.note(text);
  return classes ? Task::classes : Task::regression;
}

Task automatic_task(const Field& field, const Values& values, std::size_t rows, const Messages& messages) {
  const std::string quoted = in_quotes(field.name);
  if (!field.is_text()) return task_of_numbers(quoted, values, rows, messages);
  require_few(quoted, values);
  const std::size_t count = values.rows.size();
  const Task task = count == 2 ? Task::binary : Task::classes;
  messages.note(
      fmt::format("task: {}, because the target {} holds {} different texts", name(task), quoted, count_text(count)));
  return task;
}

}  // namespace

std::string label_of(const Table& table, const Field& field, double value) {
  if (field.is_text()) return field.categories[static_cast<std::size_t>(value)];
  const std::vector<SpelledNumber>& all = table.storage().place(field).spelled;
  const auto found = std::ranges::lower_bound(all, value, {}, &SpelledNumber::value);
  return found != all.end() && found->value == value ? found->text : shortest(value);
}

Target decide_target(const Table& table, const Survey& survey, const Options& options, const Messages& messages) {
  const Field& field = table.field(options.target.front());
  if (options.target.size() > 1 || field.width() > 1) return decide_several(table, survey, options, messages);
  const std::string quoted = in_quotes(field.name);
  const Values& values = survey.targets().front();
  if (values.rows.size() == 1) {
    const std::string label = label_of(table, field, values.rows.begin()->first);
    refuse_constant(quoted, field.is_text() ? in_quotes(label) : label);
  }
  Target target{.names = options.target, .task = options.task};
  if (target.task == Task::automatic) target.task = automatic_task(field, values, survey.rows(), messages);
  if (target.task == Task::regression) {
    if (field.is_text()) {
      throw Error(ErrorCode::value, fmt::format("{} needs numbers, but the target {} is text (for example {}){}{}",
                                                spelled("task", "regression"), quoted,
                                                in_quotes(label_of(table, field, values.rows.begin()->first)),
                                                field.why.empty() ? "" : ": ", field.why));
    }
    return target;
  }
  require_few(quoted, values);
  if (target.task == Task::binary && values.rows.size() != 2) {
    throw Error(ErrorCode::usage,
                fmt::format("{} needs a target with two different values; {} has {}; use {}", spelled("task", "binary"),
                            quoted, values.rows.size(), spelled("task", "classes")));
  }
  target.classes = class_names(table, field, values);
  if (field.is_text()) tell_usual_words(target.classes, messages);
  std::vector<std::string> lonely;
  for (const auto& [value, rows] : values.rows)
    if (rows == 1) lonely.push_back(label_of(table, field, value));
  warn_of_lonely(lonely, messages);
  return target;
}

int output_units(const Target& target, const Table& table) {
  if (target.task == Task::classes) return static_cast<int>(target.classes.size());
  std::size_t units = 0;
  for (const std::string& name : target.names) units += table.field(name).width();
  return static_cast<int>(units);
}

Loss decide_loss(const Target& target, const Options& options) {
  const auto wrong = [&](const char* fits) {
    return Error(ErrorCode::usage, fmt::format("{} does not fit the task {}; it takes {}",
                                               spelled("loss", name(*options.loss)), name(target.task), fits));
  };
  switch (target.task) {
    case Task::binary:
      if (options.loss && head_of(*options.loss) == Head::identity)
        throw wrong("binary-cross-entropy or categorical-cross-entropy");
      if (options.loss == Loss::categorical_cross_entropy && target.names.size() > 1)
        throw wrong("binary-cross-entropy");
      if (options.loss) return *options.loss;
      // The rates of this parametrization are made for an output for each class.
      return options.parametrization == Parametrization::ntp && target.names.size() == 1
                 ? Loss::categorical_cross_entropy
                 : Loss::binary_cross_entropy;
    case Task::classes:
      if (options.loss && options.loss != Loss::categorical_cross_entropy) throw wrong("categorical-cross-entropy");
      return Loss::categorical_cross_entropy;
    case Task::regression:
    case Task::automatic: break;
  }
  if (options.loss && head_of(*options.loss) != Head::identity)
    throw wrong("squared-error, absolute-error, huber or quantile");
  return options.loss.value_or(Loss::squared_error);
}

LossParameters decide_loss_parameters(Loss loss, const Options& options, std::span<const double> deviations,
                                      bool scaled) {
  LossParameters of;
  of.quantile = options.quantile.value_or(of.quantile);
  of.smoothing = options.label_smoothing.value_or(0);
  if (loss != Loss::huber) return of;
  for (const double deviation : deviations) {
    // In the units of the target; those of the network are deviations where it is scaled.
    const double delta = options.huber_delta.value_or(kHuberDeviations * deviation);
    of.delta.push_back(scaled ? delta / deviation : delta);
  }
  return of;
}

}  // namespace strata::internal
