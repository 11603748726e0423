// Which fields of a file a model needs, and under which names they are found there.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/file_reader.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "strata/error.hpp"
#include "strata/model.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

constexpr const char* kReading = "to read this file";
constexpr std::size_t kBlockNumbers = std::size_t{1} << 20, kMostRows = std::size_t{1} << 14;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const Field* find(std::span<const Field> fields, const std::string& name) {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

std::vector<std::string> names_of(std::span<const InputField> inputs) {
  std::vector<std::string> names;
  for (const InputField& input : inputs) names.push_back(input.name);
  return names;
}

std::string described(std::span<const Field* const> fields) {
  std::vector<std::string> list;
  for (const Field* field : fields) list.push_back(fmt::format("{} ({})", field->name, example_shape(field->shape)));
  return joined(list);
}

// Labels are words, whatever they look like.
KnownColumn known_target(const Target& target, const std::string& name, std::size_t which) {
  if (target.task != Task::regression) return {name, ColumnType::category, {}};
  return {name, ColumnType::number, which < target.written.size() ? target.written[which] : std::string()};
}

// Made while the file is open: what it has is known, the numbers are not read yet.
class Choice {
 public:
  Choice(const Features& features, const Source& source, bool with_target, std::vector<std::string>* notes)
      : features_(features), source_(source), with_target_(with_target), notes_(notes) {}

  [[nodiscard]] std::vector<std::string> choose(std::span<const Field> available) {
    available_ = available;
    choose_inputs();
    if (with_target_) choose_target();
    return chosen_;
  }

  /// The names that the file uses, and beside each the name that the model uses.
  [[nodiscard]] const std::vector<std::string>& chosen() const noexcept { return chosen_; }
  [[nodiscard]] const std::vector<std::string>& known_as() const noexcept { return known_as_; }
  /// What the columns are that were chosen.
  [[nodiscard]] std::vector<KnownColumn> known() const {
    std::vector<KnownColumn> columns;
    const Target& target = features_.target;
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const std::string& name = known_as_[i];
      if (i < features_.inputs.size()) {
        const auto input = std::ranges::find(features_.inputs, name, &InputField::name);
        columns.push_back({chosen_[i], input->type, input->written});
      } else {
        columns.push_back(known_target(target, chosen_[i], static_cast<std::size_t>(i - features_.inputs.size())));
      }
    }
    return columns;
  }
  /// The target is to be read from this file.
  [[nodiscard]] const std::optional<fs::path>& target_file() const noexcept { return target_file_; }

 private:
  void take(const std::string& name, const std::string& known_as) {
    if (contains(chosen_, name)) {
      throw Error(ErrorCode::usage, fmt::format("{}: the field {} is asked for twice", file(), in_quotes(name)));
    }
    chosen_.push_back(name);
    known_as_.push_back(known_as);
  }

  void note(const std::string& text) const {
    if (notes_ != nullptr) notes_->push_back(text);
  }

  [[nodiscard]] std::string file() const { return input_name(source_.file); }

  void require_count(const std::vector<std::string>& given, std::size_t wanted, const char* option) const {
    if (given.size() == wanted) return;
    throw Error(
        ErrorCode::usage,
        fmt::format("{} names {} field{}, and the model has {}; name them in the model's order, or leave {} out",
                    spelled(option), given.size(), given.size() == 1 ? "" : "s", wanted, spelled(option)));
  }

  void require_there(const std::string& name, const char* option, const char* advice) const {
    if (find(available_, name) != nullptr) return;
    std::vector<std::string> names;
    std::vector<const Field*> fields;
    for (const Field& field : available_) {
      names.push_back(field.name);
      fields.push_back(&field);
    }
    throw Error(ErrorCode::usage,
                fmt::format("{}: {} has no such field{}{} (it has: {})", spelled(option, printable(name)), file(),
                            advice, suggestion(name, names), described(fields)));
  }

  void choose_inputs() {
    const std::vector<InputField>& inputs = features_.inputs;
    if (!source_.inputs.empty()) {
      require_count(source_.inputs, inputs.size(), "inputs");
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        require_there(source_.inputs[i], "inputs", "");
        require_shape(inputs[i], *find(available_, source_.inputs[i]), file());
        take(source_.inputs[i], inputs[i].name);
      }
      return;
    }
    std::vector<const InputField*> missing;
    for (const InputField& input : inputs) {
      if (const Field* field = find(available_, input.name)) {
        require_shape(input, *field, file());
        take(input.name, input.name);
      } else {
        missing.push_back(&input);
      }
    }
    if (!missing.empty()) choose_by_shape(missing);
  }

  // Columns go by their names alone. An array may be known by its shape.
  void choose_by_shape(const std::vector<const InputField*>& missing) {
    std::vector<std::string> names;
    for (const InputField* input : missing) names.push_back(input->name);
    const bool arrays =
        std::any_of(available_.begin(), available_.end(), [](const Field& field) { return !field.shape.empty(); });
    const std::string advice = arrays ? "; name it with " + spelled("inputs", "NAME") : "";
    const InputField& input = *missing.front();
    if (missing.size() > 1 || input.shape.empty()) {
      throw_missing(file(), names, features_.inputs.size(), "input", available_);
    }
    std::vector<const Field*> candidates;
    for (const Field& field : available_) {
      if (field.is_text() || contains(chosen_, field.name) || contains(target_names(), field.name)) continue;
      if (field.shape == input.shape) candidates.push_back(&field);
    }
    if (candidates.empty()) {
      throw_missing(file(), names, features_.inputs.size(), "input", available_,
                    fmt::format("; none of them has the shape {}{}", example_shape(input.shape), advice));
    }
    if (candidates.size() > 1) {
      throw Error(ErrorCode::usage,
                  fmt::format("{} has no {}, and several arrays have the shape of that input of the model: {}{}",
                              file(), in_quotes(input.name), described(candidates), advice));
    }
    take(candidates.front()->name, input.name);
    note(fmt::format("takes {} for the model's input {}: the only array of shape {}",
                     in_quotes(candidates.front()->name), in_quotes(input.name), example_shape(input.shape)));
  }

  [[nodiscard]] const std::vector<std::string>& target_names() const {
    return source_.target.empty() ? features_.target.names : source_.target;
  }

  void choose_target() {
    const std::vector<std::string>& wanted = features_.target.names;
    if (!source_.target.empty()) {
      if (source_.target.size() == 1 && find(available_, source_.target[0]) == nullptr &&
          names_input(source_.target[0])) {
        require_count(source_.target, wanted.size(), "target");
        target_file_ = source_.target[0];
        return;
      }
      require_count(source_.target, wanted.size(), "target");
      for (std::size_t k = 0; k < wanted.size(); ++k) {
        require_there(source_.target[k], "target", ", and there is no file of that name");
        take(source_.target[k], wanted[k]);
      }
      return;
    }
    std::vector<std::string> missing;
    for (const std::string& name : wanted) {
      if (find(available_, name) == nullptr) missing.push_back(name);
    }
    if (!missing.empty()) return choose_only_target(missing);
    for (const std::string& name : wanted) take(name, name);
  }

  // In a file of arrays the one that has a number for each example, and is no input, must be it.
  void choose_only_target(const std::vector<std::string>& missing) {
    const std::vector<std::string>& wanted = features_.target.names;
    const Field& input = *find(available_, chosen_.front());
    std::vector<const Field*> candidates;
    for (const Field& field : available_) {
      // The columns of a CSV file do not know yet how many rows they have: they go by their names alone.
      if (contains(chosen_, field.name) || field.rows == 0 || field.rows != input.rows) continue;
      if (same_shape(field.shape, {})) candidates.push_back(&field);
    }
    if (wanted.size() > 1 || candidates.empty()) {
      throw_missing(file(), missing, wanted.size(), "target", available_,
                    fmt::format("; name it with {}, or {}", spelled("target", "NAME"), spelled("target", "FILE")));
    }
    if (candidates.size() > 1) {
      throw Error(
          ErrorCode::usage,
          fmt::format("{} has no {}, and several arrays have a number for each of the {} examples: {}; name "
                      "the target with {}",
                      file(), in_quotes(wanted[0]), input.rows, described(candidates), spelled("target", "NAME")));
    }
    take(candidates.front()->name, wanted[0]);
    note(fmt::format(
        "takes {} for the model's target {}: the only other array with a number for each of the {} examples",
        in_quotes(candidates.front()->name), in_quotes(wanted[0]), input.rows));
  }

  const Features& features_;
  const Source& source_;
  bool with_target_;
  std::vector<std::string>* notes_;
  std::span<const Field> available_;
  std::vector<std::string> chosen_, known_as_;
  std::optional<fs::path> target_file_;
};

// In two rounds, so that names may change places.
void rename_all(Table& table, const std::vector<std::string>& from, const std::vector<std::string>& to) {
  const auto between = [](std::size_t i) { return fmt::format("\n{}", i); };  // no field has such a name
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != to[i]) table.rename(from[i], between(i));
  }
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != to[i]) table.rename(between(i), to[i]);
  }
}

// The target in a file of its own, whose only field, or the one of its name, it is.
struct TargetFile {
  TargetFile(const fs::path& path, const Target& target, const ReadingOptions& reading) : file(open_data(path)) {
    const std::string& name = target.names[0];
    const FieldChooser choose = [&](std::span<const Field> available) -> std::vector<std::string> {
      const bool is_there = find(available, name) != nullptr;
      if (is_there || available.size() == 1) {
        known.push_back(known_target(target, is_there ? name : available.front().name, 0));
        return {known.front().name};
      }
      std::vector<const Field*> fields;
      for (const Field& field : available) fields.push_back(&field);
      throw Error(ErrorCode::usage, fmt::format("{}: expected a file with one field, or one named {}; it has: {}",
                                                spelled("target", file.name()), in_quotes(name), described(fields)));
    };
    blocks = read_blocks(file, Request{.choose = choose, .reading = reading, .known = &known});
  }
  FileReader file;
  std::vector<KnownColumn> known;
  Blocks blocks;
};

Table picture_for(const Features& features, FileReader& reader, bool with_target, std::vector<std::string>* notes) {
  const std::string file = reader.name();
  const std::vector<InputField>& inputs = features.inputs;
  if (with_target) {
    throw Error(ErrorCode::usage,
                fmt::format("{} is a picture, which does not say what it shows: evaluate takes a table or a file of "
                            "arrays with the target; predict takes pictures",
                            file));
  }
  if (inputs.size() != 1 || inputs[0].shape.size() < 2) {
    throw Error(ErrorCode::usage,
                fmt::format("{} is a picture; the model takes {} ({}), not pictures: give it a table with these", file,
                            inputs.size() == 1 ? "1 input" : fmt::format("{} inputs", inputs.size()),
                            joined(names_of(inputs), 6)));
  }
  std::vector<std::size_t> shape = inputs[0].shape;
  if (shape.size() == 2) shape.push_back(1);
  if (shape.size() != 3 || (shape[2] != 1 && shape[2] != 3)) {
    throw Error(ErrorCode::usage,
                fmt::format("{} is a picture; the model's input {} has the shape {}, and a picture can only become "
                            "rows×columns, or rows×columns×channels with 1 or 3 channels",
                            file, in_quotes(inputs[0].name), example_shape(inputs[0].shape)));
  }
  const std::vector<double> numbers = read_image(reader, shape);
  if (notes != nullptr) notes->push_back(fmt::format("resizes {} to {}", file, example_shape(inputs[0].shape)));
  Table table;
  table.add_numbers(inputs[0].name, inputs[0].shape, numbers);
  table.storage().is_picture = true;
  return table;
}

// cats.jpg that is no picture, for a model of pictures: the name says what was meant.
void require_picture_inside(const Features& features, const fs::path& file) {
  const std::string ending = file.extension().string();
  const bool named = ending == ".jpg" || ending == ".jpeg" || ending == ".png" || ending == ".JPG" || ending == ".PNG";
  if (!named || features.inputs.size() != 1 || features.inputs[0].shape.size() < 2) return;
  throw Error(ErrorCode::format, fmt::format("{} is not a picture: it begins neither as a PNG nor as a JPEG file does",
                                             printable(file.string())));
}

std::size_t rows_left(TableBlocks& blocks) {
  std::size_t rows = 0;
  while (const auto table = blocks.next(kMostRows)) rows += table->rows();
  return rows;
}

}  // namespace

struct [[gnu::visibility("hidden")]] TableReader::Data {
  Data(const Features& of, const Source& source, bool with_target, std::vector<std::string>* notes);
  [[nodiscard]] std::optional<Table> next(std::size_t rows);
  void add_target(std::optional<Table>& table, std::size_t asked);

  const Features& features;
  FileReader file;
  std::optional<Table> picture;
  std::vector<std::string> found, known_as;
  Blocks blocks;
  std::optional<TargetFile> target;
  std::optional<Table> labels;   // read, and not all given yet: some formats come as a whole
  std::size_t labels_given = 0;  // of these
  std::size_t given = 0;
  bool ended = false;
};

TableReader::Data::Data(const Features& of, const Source& source, bool with_target, std::vector<std::string>* notes)
    : features(of), file(open_data(source.file)) {
  if (is_picture(file)) {
    picture = picture_for(features, file, with_target, notes);
    return;
  }
  ReadingOptions reading = source.reading;
  reading.missing.insert(reading.missing.end(), features.missing.begin(), features.missing.end());
  std::vector<KnownColumn> known;
  Choice choice(features, source, with_target, notes);
  const FieldChooser choose = [&](std::span<const Field> available) {
    require_picture_inside(features, source.file);
    std::vector<std::string> names = choice.choose(available);
    known = choice.known();
    return names;
  };
  blocks = read_blocks(file, Request{.choose = choose, .reading = reading, .known = &known});
  found = choice.chosen();
  known_as = choice.known_as();
  if (!choice.target_file()) return;
  target.emplace(*choice.target_file(), features.target, reading);
  if (notes != nullptr) notes->push_back(fmt::format("takes the target from {}", input_name(*choice.target_file())));
}

std::optional<Table> TableReader::Data::next(std::size_t rows) {
  if (blocks == nullptr) return std::exchange(picture, std::nullopt);
  if (std::exchange(ended, true)) return std::nullopt;  // after an error too: inputs and target may be out of step
  std::optional<Table> table = blocks->next(rows);
  if (table) rename_all(*table, found, known_as);
  if (target) add_target(table, rows);
  if (!table) return table;
  given += table->rows();
  ended = false;
  return table;
}

// The rows of its own file that belong to these; both files end together.
void TableReader::Data::add_target(std::optional<Table>& table, std::size_t asked) {
  const std::size_t rows = table ? table->rows() : 0;
  if (!labels) labels = target->blocks->next(std::max<std::size_t>(rows, 1)), labels_given = 0;
  const std::size_t there = labels ? labels->rows() - labels_given : 0;
  const bool is_last = rows < asked;
  std::size_t more = is_last && there == rows ? rows_left(*target->blocks) : 0;
  if (there < rows || (is_last && there + more != rows)) {
    more += rows_left(*target->blocks);
    const std::size_t all_labels = given + there + more;
    throw Error(ErrorCode::shape,
                fmt::format("{} has {} examples, but {} has {}; they must belong together row by row",
                            target->file.name(), all_labels, file.name(), given + rows + rows_left(*blocks)));
  }
  if (!table) return;
  Table those = labels->slice_rows(labels_given, rows);
  labels_given += rows;
  if (labels_given == labels->rows()) labels.reset();
  those.rename(std::string(those.fields().front().name), features.target.names[0]);
  table->append(std::move(those));
}

TableReader::TableReader(const Features& features, const Source& source, bool with_target,
                         std::vector<std::string>* notes)
    : data_(only_errors(kReading, [&] { return std::make_unique<Data>(features, source, with_target, notes); })) {}
TableReader::~TableReader() = default;
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;

std::optional<Table> TableReader::next(std::size_t rows) {
  return only_errors(kReading, [&] { return data_->next(rows == 0 ? usual_rows() : rows); });
}

std::size_t TableReader::usual_rows() const noexcept {
  const Target& target = data_->features.target;
  std::size_t numbers = 8 * std::max(target.classes.size(), target.names.size());  // what is made of a row is longer
  for (const InputField& input : data_->features.inputs) {
    std::size_t width = 1;
    for (const std::size_t size : input.shape) width *= size;
    numbers += std::max(width, encoded_width(input));
  }
  return std::clamp<std::size_t>(kBlockNumbers / numbers, 1, kMostRows);
}

Table read_for(const Features& features, const Source& source, bool with_target, std::vector<std::string>* notes) {
  return *TableReader(features, source, with_target, notes).next(kAllRows);
}

}  // namespace strata
