#include <fmt/format.h>

#include <filesystem>

#include "base/text.hpp"
#include "data/formats.hpp"
#include "strata/error.hpp"
#include "train/prepare.hpp"

namespace strata::internal {
namespace {

namespace fs = std::filesystem;

// IDX labels, y.npy: the one field of a file of its own, under the name "target".
Table read_target_file(const fs::path& file, const ReadingOptions& reading, const fs::path& spill) {
  FileReader reader = open_data(file);
  const std::string name = reader.name();
  ReadingOptions of_file = reading;  // columns are named of the data
  for (auto* names : {&of_file.numeric, &of_file.categorical, &of_file.date}) names->clear();
  Table table = read_table(reader, Request{.choose = {}, .spill = spill, .reading = of_file});
  if (table.fields().size() != 1) {
    throw Error(ErrorCode::usage, fmt::format("{}: the file holds {} fields; a target file holds one",
                                              spelled("target", name), table.fields().size()));
  }
  table.rename(table.fields().front().name, "target");
  return table;
}

bool wants_labels(const Options& options) { return options.task == Task::binary || options.task == Task::classes; }

// A target column that begins with numbers and later has words is a mistake, unless the user says that it holds labels.
bool has_words(const Table& table, const std::string& target) {
  const Field* field = table.find(target);
  if (field == nullptr || field->is_text()) return false;
  try {
    table.require_numbers(std::span<const Field* const>(&field, 1));
  } catch (const Error&) {
    return true;
  }
  return false;
}

}  // namespace

Table read_training_table(const fs::path& file, Options& options, const fs::path& spill,
                          std::vector<std::string>* notes) {
  FileReader reader = open_data(file);
  // A target that turns out to have words is read once more, which a pipe cannot be.
  if (wants_labels(options)) reader.make_seekable(spill);
  std::string target_file;
  const FieldChooser choose = [&](std::span<const Field> available) {
    bool is_field = options.target.size() != 1;
    for (const Field& field : available) is_field = is_field || field.name == options.target.front();
    if (!is_field && names_input(options.target.front())) target_file = options.target.front();
    return fields_to_train_on(options, !target_file.empty())(available);
  };
  TextReport report;
  Request request{
      .choose = choose, .spill = spill, .reading = static_cast<const ReadingOptions&>(options), .report = &report};
  Table table = read_table(reader, request);
  if (!target_file.empty()) {
    Table target = read_target_file(target_file, options, spill);
    if (table.find("target") != nullptr) target.rename("target", target_file);
    options.target = {target.fields().front().name};
    if (target.rows() != table.rows()) {
      throw Error(ErrorCode::shape,
                  fmt::format("{} has {} examples and the target file {} has {}; they must have as many", reader.name(),
                              table.rows(), printable(target_file), target.rows()));
    }
    table.append(std::move(target));
  } else if (options.target.size() <= 1 && wants_labels(options)) {
    const std::string target = options.target.empty() ? table.fields().back().name : options.target.front();
    if (has_words(table, target)) {
      std::vector<std::string> text = options.categorical;
      text.push_back(target);
      request.text = text;
      table = read_table(reader, request);
    }
  }
  if (notes != nullptr) *notes = notes_of(report);
  return table;
}

}  // namespace strata::internal
