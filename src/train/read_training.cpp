#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/formats.hpp"
#include "data/frame.hpp"
#include "data/table_storage.hpp"
#include "strata/error.hpp"
#include "train/choose_inputs.hpp"
#include "train/prepare.hpp"
#include "train/training_fields.hpp"

namespace strata::internal {
namespace {

namespace fs = std::filesystem;

// The columns of a text that are to be predicted, if they are there: those that are named, else the last one.
FieldChooser labels_for(const Options& options) {
  return [&options](std::span<const Field> columns) {
    const Field* const last = last_target(columns, options);
    return options.target.empty() && last != nullptr ? std::vector{last->name} : options.target;
  };
}

// Of one target; several are numbers.
bool wants_classes(const Options& options) {
  return options.target.size() <= 1 && (options.task == Task::binary || options.task == Task::classes);
}

// IDX labels, y.npy: the one field of a file of its own, under the name "target".
Table read_target_file(const fs::path& file, const Options& options, const fs::path& spill, TextReport& report) {
  FileReader reader = open_data(file);
  const std::string name = reader.name();
  ReadingOptions reading = static_cast<const ReadingOptions&>(options);  // columns are named of the data
  for (auto* names : {&reading.numeric, &reading.categorical, &reading.date}) names->clear();
  const FieldChooser last = [](std::span<const Field> columns) { return std::vector{columns.back().name}; };
  Table table = read_table(reader, Request{.choose = {},
                                           .spill = spill,
                                           .reading = reading,
                                           .labels = last,
                                           .labels_are_classes = wants_classes(options),
                                           .takes_headerless = true,
                                           .report = &report});
  if (table.fields().size() != 1) {
    throw Error(ErrorCode::usage, fmt::format("{}: the file holds {} fields; a target file holds one",
                                              spelled("target", name), table.fields().size()));
  }
  table.rename(table.fields().front().name, "target");
  return table;
}

}  // namespace

Table read_training_table(std::span<const fs::path> files, Options& options, const fs::path& spill,
                          std::vector<std::string>* notes) {
  std::vector<FileReader> readers = open_data(files);
  std::string target_file;
  std::vector<std::string> wanted;  // their cells, whatever they hold
  std::vector<std::string> others;  // arrays that have another number of examples
  const FieldChooser choose = [&](std::span<const Field> available) {
    bool is_field = options.target.size() != 1;
    for (const Field& field : available) is_field = is_field || field.name == options.target.front();
    if (!is_field && names_input(options.target.front())) target_file = options.target.front();
    std::vector<std::string> names = fields_to_train_on(options, !target_file.empty())(available);
    for (const Field& field : available)
      if (options.inputs.empty() && field.rows > 0 && std::ranges::find(names, field.name) == names.end() &&
          !fits_any(field.name, options.ignore))
        others.push_back(fmt::format("{} ({})", field.name, field.rows));
    wanted = options.inputs;
    wanted.insert(wanted.end(), options.target.begin(), options.target.end());
    if (options.target.empty()) wanted.push_back(last_target(available, options)->name);
    for (const std::string& name :
         {options.validation_column, options.group_column, options.time_column, options.weight_column})
      if (!name.empty()) wanted.push_back(name);
    return names;
  };
  TextReport report;
  Request request{.choose = choose,
                  .spill = spill,
                  .reading = static_cast<const ReadingOptions&>(options),
                  .labels = labels_for(options),
                  .labels_are_classes = wants_classes(options),
                  .numbers = options.weight_column,
                  .threads = options.threads,
                  .report = &report};
  if (spill.empty()) {
    request.without_cells = [&](const Field& field) {
      return is_left_out(field) && !fits_any(field.name, options.categorical) &&
             std::ranges::find(wanted, field.name) == wanted.end();
    };
  }
  Table table = read_table(readers, request);
  if (!target_file.empty()) {
    TextReport of_target;
    Table target = read_target_file(target_file, options, spill, of_target);
    require_all_rows(table.source(), table.storage().counts);
    require_all_rows(printable(target_file), of_target.counts);
    if (table.find("target") != nullptr) target.rename("target", target_file);
    options.target = {target.fields().front().name};
    if (target.rows() != table.rows()) {
      throw Error(ErrorCode::shape,
                  fmt::format("{} has {} examples and the target file {} has {}; they must have as many",
                              table.source(), table.rows(), printable(target_file), target.rows()));
    }
    table.append(std::move(target));
  }
  if (notes == nullptr) return table;
  *notes = notes_of(report);
  if (!others.empty())
    notes->push_back(fmt::format("left out, with another number of examples than the target: {}", joined(others, 6)));
  return table;
}

}  // namespace strata::internal

namespace strata {
using namespace internal;

Table judged(Table table, const Options& options, std::vector<std::string>* notes) {
  return only_errors("to look at these columns", [&] {
    validate(options);
    const std::vector<std::string> names = fields_to_train_on(options, false)(table.fields());
    std::vector<std::string> said;
    const FieldChooser all;
    Table known = judged_frame(std::move(table),
                               Request{.choose = all,
                                       .reading = static_cast<const ReadingOptions&>(options),
                                       .labels = labels_for(options),
                                       .labels_are_classes = wants_classes(options),
                                       .numbers = options.weight_column},
                               said);
    if (notes != nullptr) *notes = std::move(said);
    Table chosen = known.select_fields(names);
    chosen.storage().counts = known.storage().counts;  // of what was left out
    return chosen;
  });
}

}  // namespace strata
