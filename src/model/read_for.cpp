// Which fields of a file a model needs, and under which names they are found there.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/file_reader.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/formats.hpp"
#include "data/frame.hpp"
#include "data/table_storage.hpp"
#include "features/encode.hpp"
#include "features/weights.hpp"
#include "model/read_for.hpp"
#include "strata/error.hpp"
#include "strata/model.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

constexpr const char* kReading = "to read this file";
constexpr std::size_t kBlockNumbers = std::size_t{1} << 20, kMostRows = std::size_t{1} << 14;

// The numbers of an array become fields of one number each.
void part_matrix(Table& table, const std::string& matrix, std::span<const InputField> inputs) {
  Table::Storage& storage = table.storage();
  const auto at = static_cast<std::size_t>(table.find(matrix) - storage.fields.data());
  const Field field = storage.fields[at];
  const Place place = storage.places[at];
  storage.fields.erase(storage.fields.begin() + static_cast<std::ptrdiff_t>(at));
  storage.places.erase(storage.places.begin() + static_cast<std::ptrdiff_t>(at));
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    storage.fields.push_back({.name = inputs[k].name, .shape = {}, .is_bytes = field.is_bytes, .rows = field.rows});
    storage.places.push_back(place);
    storage.places.back().offset += k;
    storage.places.back().is_part = true;
  }
}

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

// Of a field of an array, one number or word an example: as it is spelled.
std::vector<std::string> spellings_of(const Table& table, const std::string& name, std::span<const BadCell> words) {
  const Field& field = table.field(name);
  std::vector<std::string> cells;
  const Place& place = table.storage().place(field);
  const Block& block = table.storage().blocks[place.block];
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (field.is_text()) {
      cells.push_back(field.categories[static_cast<std::size_t>(table.number(field, row))]);
      continue;
    }
    const double number = table.number(field, row);
    if (number != number && !words.empty() && words.front().row == row) {
      cells.push_back(words.front().text);
      words = words.subspan(1);
      continue;
    }
    if (number != number && field.missing > 0) {
      cells.emplace_back();
      continue;
    }
    if (field.type == ColumnType::date) {
      cells.push_back(date_text(number));
      continue;
    }
    with_number_type(block.type, [&](auto zero) {
      const auto value = block.row<decltype(zero)>(row)[place.offset];
      if constexpr (std::is_floating_point_v<decltype(zero)>)
        cells.push_back(shortest(value));
      else
        cells.push_back(std::to_string(value));
    });
  }
  return cells;
}

// What is missing for the model is so everywhere.
ReadingOptions reading_of(const Features& features, ReadingOptions reading) {
  reading.missing.insert(reading.missing.end(), features.missing.begin(), features.missing.end());
  return reading;
}

// The target in a file of its own, whose only field, or the one of its name, it is.
struct TargetFile {
  TargetFile(const fs::path& path, const Target& target, const ReadingOptions& reading) : file(open_data(path)) {
    const std::string& name = target.names[0];
    const FieldChooser choose = [&](std::span<const Field> available) -> std::vector<std::string> {
      const bool is_there = std::ranges::find(available, name, &Field::name) != available.end();
      if (is_there || available.size() == 1) {
        known.push_back(known_target(target, is_there ? name : available.front().name, 0));
        return {known.front().name};
      }
      throw Error(ErrorCode::usage, fmt::format("{}: expected a file with one field, or one named {}; it has: {}",
                                                spelled("target", file.name()), in_quotes(name), described(available)));
    };
    blocks = read_blocks(
        file,
        Request{.choose = choose, .reading = reading, .known = &known, .takes_headerless = true, .report = &report});
  }
  FileReader file;
  std::vector<KnownColumn> known;
  TextReport report;
  Blocks blocks;
};

Table picture_for(const Features& features, FileReader& reader, bool with_target, std::vector<std::string>& notes) {
  const std::string file = reader.name();
  const std::vector<InputField>& inputs = features.inputs;
  if (with_target) {
    throw Error(ErrorCode::usage,
                fmt::format("{} is a picture, which does not say what it shows: evaluate takes a table or a file of "
                            "arrays with the target; predict takes pictures",
                            file));
  }
  if (inputs.size() != 1 || inputs[0].shape.size() < 2) {
    std::vector<std::string> names;
    for (const InputField& input : inputs) names.push_back(input.name);
    throw Error(
        ErrorCode::usage,
        fmt::format("{} is a picture; the model takes {} ({}), not pictures: give it a table with these", file,
                    inputs.size() == 1 ? "1 input" : fmt::format("{} inputs", inputs.size()), joined(names, 6)));
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
  notes.push_back(fmt::format("resizes {} to {}", file, example_shape(inputs[0].shape)));
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
  /// `of_rows`: see Choice. `judges_others`: see Request; for a training, which takes several texts as one table.
  Data(const Features& of, std::span<const fs::path> paths, const Source& source, std::span<const ColumnOfRows> of_rows,
       bool with_target, bool judges_others);
  [[nodiscard]] std::optional<Table> next(std::size_t rows);
  [[nodiscard]] std::optional<Table> next_that_count(std::size_t rows);
  [[nodiscard]] std::optional<Table> next_rows(std::size_t rows);
  void add_target(std::optional<Table>& table, std::size_t asked);

  const Features& features;
  std::vector<FileReader> files;
  FileReader& file;                  // the first
  std::vector<std::string> choices;  // made, a sentence each
  std::optional<Table> picture;
  std::vector<std::string> found, known_as;
  std::string matrix;
  KeptCells kept;
  TextReport report;
  Blocks blocks;
  std::optional<TargetFile> target;
  std::optional<Table> labels;   // read, and not all given yet: some formats come as a whole
  std::size_t labels_given = 0;  // of these
  std::size_t given = 0;
  bool drops = false;  // rows without a target
  std::size_t dropped = 0;
  std::string weight_column;  // of rows that are measured on
  std::size_t weight_0 = 0;   // rows
  bool ended = false;
};

TableReader::Data::Data(const Features& of, std::span<const fs::path> paths, const Source& source,
                        std::span<const ColumnOfRows> of_rows, bool with_target, bool judges_others)
    : features(of),
      files(open_data(paths)),
      file(files.front()),
      drops(with_target && source.missing_target == MissingTarget::drop) {
  if (with_target) weight_column = source.weight_column;
  if (is_picture(file)) {
    if (!source.keep.empty())
      throw Error(ErrorCode::usage, fmt::format("{}: {} is a picture and has no columns",
                                                spelled_names("keep", source.keep), file.name()));
    picture = picture_for(features, file, with_target, choices);
    return;
  }
  const ReadingOptions reading = reading_of(features, source.reading);
  std::vector<KnownColumn> known;
  Choice choice(features, source, of_rows, with_target, report.dialect, choices);
  const FieldChooser choose = [&](std::span<const Field> available) {
    require_picture_inside(features, file.path());
    std::vector<std::string> names = choice.choose(available);
    known = choice.known();
    return names;
  };
  kept.names = source.keep;
  std::vector<std::string> expected = source.inputs;
  for (const InputField& input : features.inputs)
    if (source.inputs.empty()) expected.push_back(input.name);
  Request request{.choose = choose,
                  .reading = reading,
                  .known = &known,
                  .judges_others = judges_others,
                  .takes_headerless = true,
                  .report = &report,
                  .expected = expected};
  if (!judges_others) request.kept = &kept;
  blocks = read_blocks(files, request);
  matrix = choice.matrix();
  found = choice.chosen();
  known_as = choice.known_as();
  if (!choice.target_file()) return;
  target.emplace(*choice.target_file(), features.target, reading);
  choices.push_back(fmt::format("takes the target from {}", input_name(*choice.target_file())));
}

std::optional<Table> TableReader::Data::next(std::size_t rows) {
  while (true) {
    std::optional<Table> table = next_that_count(rows);
    if (!table || !drops) return table;
    const std::vector<std::size_t> without = rows_without_target(features.target, *table);
    if (without.empty()) return table;
    dropped += without.size();
    std::vector<std::size_t> with;
    for (std::size_t row = 0, next = 0; row < table->rows(); ++row) {
      if (next < without.size() && without[next] == row)
        ++next;
      else
        with.push_back(row);
    }
    if (!with.empty()) return table->select_rows(with);
  }
}

std::optional<Table> TableReader::Data::next_that_count(std::size_t rows) {
  while (true) {
    std::optional<Table> table = next_rows(rows);
    if (weight_column.empty() || picture) return table;
    if (!table && given > 0 && weight_0 == given) throw_all_0(file.name(), weight_column, given);
    if (!table) return table;
    const Weights weights(*table, weight_column);
    weight_0 += weights.of_weight_0();
    if (weights.of_weight_0() == 0) return table;
    std::vector<std::size_t> counting;
    for (std::size_t i = 0; i < weights.rows().size(); ++i) counting.push_back(weights.rows()[i]);
    if (!counting.empty()) return table->select_rows(counting);
  }
}

std::optional<Table> TableReader::Data::next_rows(std::size_t rows) {
  if (blocks == nullptr) return std::exchange(picture, std::nullopt);
  if (std::exchange(ended, true)) return std::nullopt;  // after an error too: inputs and target may be out of step
  std::optional<Table> table = blocks->next(rows);
  if (table && report.dialect.names.empty()) {
    kept.cells.clear();
    kept.words.resize(kept.names.size());
    for (std::size_t k = 0; k < kept.names.size(); ++k)
      kept.cells.push_back(spellings_of(*table, kept.names[k], kept.words[k]));
  }
  if (table && !matrix.empty()) part_matrix(*table, matrix, features.inputs);
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
  require_all_rows(file.name(), report.counts);
  require_all_rows(target->file.name(), target->report.counts);
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
    : data_(only_errors(kReading, [&] {
        return std::make_unique<Data>(features, std::span(&source.file, 1), source, std::span<const ColumnOfRows>(),
                                      with_target, false);
      })) {
  if (notes == nullptr) return;
  std::ranges::copy(data_->report.dialect.notes, std::back_inserter(*notes));
  if (!data_->report.turned.empty()) notes->push_back(data_->report.turned);
  std::ranges::copy(data_->choices, std::back_inserter(*notes));
}
TableReader::~TableReader() = default;
TableReader::TableReader(TableReader&&) noexcept = default;
TableReader& TableReader::operator=(TableReader&&) noexcept = default;

std::optional<Table> TableReader::next(std::size_t rows) {
  return only_errors(kReading, [&] { return data_->next(rows == 0 ? usual_rows() : rows); });
}

const std::vector<std::vector<std::string>>& TableReader::kept() const noexcept { return data_->kept.cells; }

const std::string& TableReader::weight_column() const noexcept { return data_->weight_column; }

std::vector<std::string> TableReader::left_out() const {
  std::vector<std::string> notes = notes_of(data_->report.counts);
  const auto note = [&](std::size_t rows, const char* which) {
    if (rows > 0)
      notes.push_back(
          fmt::format("{} row{} {} {} left out", rows, rows == 1 ? "" : "s", which, rows == 1 ? "is" : "are"));
  };
  note(data_->weight_0, "of weight 0");
  note(data_->dropped, "without the target");
  return notes;
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

Table internal::read_to_train(const Features& features, std::span<const fs::path> files, Source source,
                              std::span<const ColumnOfRows> of_rows, std::vector<std::string>& notes) {
  source.file = files.front();
  TableReader::Data data(features, files, source, of_rows, true, true);
  std::optional<Table> table = data.next(kAllRows);
  std::ranges::copy(notes_of(data.report), std::back_inserter(notes));
  std::ranges::copy(data.choices, std::back_inserter(notes));
  return std::move(*table);
}

Table read_for(const Features& features, Table table, bool with_target, const ReadingOptions& reading,
               std::vector<std::string>* notes) {
  return only_errors(kReading, [&] {
    std::vector<KnownColumn> known;
    for (const InputField& input : features.inputs) known.push_back({input.name, input.type, input.written});
    for (std::size_t k = 0; with_target && k < features.target.names.size(); ++k)
      known.push_back(known_target(features.target, features.target.names[k], k));
    std::vector<std::string> said;
    Table made = known_frame(std::move(table), known, reading_of(features, reading), said);
    if (notes != nullptr) *notes = std::move(said);
    return made;
  });
}

Table read_for(const Features& features, const Source& source, bool with_target, std::vector<std::string>* notes) {
  return *TableReader(features, source, with_target, notes).next(kAllRows);
}

}  // namespace strata
