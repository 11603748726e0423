#include <fmt/format.h>

#include <fstream>
#include <string>

#include "base/file.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/cache.hpp"
#include "data/formats.hpp"
#include "data/table_storage.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"
#include "train/prepare.hpp"
#include "train/training_fields.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

// Something else that happens to have the name is not to be lost.
void require_replaceable(const fs::path& from, const fs::path& to) {
  internal::require_writable(to);
  std::error_code error;
  if (fs::exists(to, error) && !fs::is_regular_file(to, error)) {
    throw Error(ErrorCode::usage,
                fmt::format("'{}' is a device or a pipe; what is converted is mapped from a file later",
                            printable(to.string())));
  }
  if (!is_standard_input(from) && fs::equivalent(from, to, error)) {
    throw Error(ErrorCode::usage,
                fmt::format("'{}' is the data itself; give the new file another name", printable(to.string())));
  }
  if (fs::is_regular_file(to, error) && fs::file_size(to, error) > 0) {
    std::string head(kCacheMagic.size(), '\0');
    std::ifstream(to, std::ios::binary).read(head.data(), static_cast<std::streamsize>(head.size()));
    if (head != kCacheMagic) {
      throw Error(
          ErrorCode::usage,
          fmt::format("'{}' is there and is no data cache, so it is not overwritten; choose another name, or remove it",
                      printable(to.string())));
    }
  }
}

Table read_all(const fs::path& file, const Options& options, const fs::path& spill, std::vector<std::string>& notes) {
  FileReader reader = open_data(file);
  TextReport report;
  const FieldChooser choose = fields_not_ignored(options);
  const auto& reading = static_cast<const ReadingOptions&>(options);
  Table table = read_table(reader, Request{.choose = choose, .spill = spill, .reading = reading, .report = &report});
  notes = notes_of(report);
  return table;
}

// Where no column was named as the target: in that one they would have stayed words.
void note_missing_words(const Table& table, std::vector<std::string>& notes) {
  std::vector<std::string> words;
  for (const Field& field : table.fields()) {
    const auto& missing = table.storage().place(field).first_missing;
    if (field.is_text() && missing)
      words.push_back(fmt::format("{} in column {}", in_quotes(missing->text), in_quotes(field.name)));
  }
  if (words.empty()) return;
  notes.push_back(fmt::format("taken as missing: {}; in a column that is to be predicted {} keeps such a word",
                              joined(words, 6), spelled("target", "NAME")));
}

}  // namespace

Conversion convert(const fs::path& from, const fs::path& to, const Options& options) try {
  validate(options);
  require_replaceable(from, to);
  const fs::path spill = to.has_parent_path() ? to.parent_path() : fs::path(".");
  Options resolved = options;
  const bool everything = options.inputs.empty() && options.target.empty();
  Conversion made;
  const Table table = everything ? read_all(from, options, spill, made.notes)
                                 : read_training_table(std::span(&from, 1), resolved, spill, &made.notes);
  if (everything) note_missing_words(table, made.warnings);
  made.rows = table.rows();
  made.fields.assign(table.fields().begin(), table.fields().end());
  for (std::size_t f = 0; f < made.fields.size(); ++f) {
    const auto& bad = table.storage().places[f].bad;
    if (bad.empty()) continue;
    made.warnings.push_back(fmt::format("{}: the cell is {}; it and others like it in column {} stay wrong cells",
                                        table.where(table.fields()[f], bad.front().row), in_quotes(bad.front().text),
                                        in_quotes(made.fields[f].name)));
  }
  write_cache(table, to);
  verify_cache(to);
  made.bytes = fs::file_size(to);
  return made;
} catch (...) {
  throw_as_error("to convert this file");
}

void verify_converted(const fs::path& file) {
  only_errors("to read this file", [&] { verify_cache(file); });
}

}  // namespace strata
