#include "out_of_fold.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <new>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "checkpoints.hpp"
#include "output.hpp"
#include "prediction_writer.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

namespace fs = std::filesystem;

bool is_same_file(const std::string& one, const std::string& other) {
  std::error_code ignored;
  if (fs::equivalent(one, other, ignored)) return true;
  const auto whole = [&](const std::string& file) {
    return fs::weakly_canonical(fs::absolute(file, ignored), ignored);  // where there is none yet
  };
  const fs::path path = whole(one);
  return !path.empty() && path == whole(other);
}

/// The files among what an option names; other words may be columns, or numbers.
void add_files(std::vector<std::pair<std::string, std::string>>& to, const std::vector<std::string>& words,
               const char* option) {
  std::error_code ignored;
  for (const std::string& each : words)
    if (fs::exists(each, ignored)) to.emplace_back(each, fmt::format("a file that {} names", option));
}

/// Does it begin as what write_out_of_fold writes?
bool is_earlier(const std::string& file) {
  std::string begin(64, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<std::size_t>(stream.gcount()));
  std::string_view rest = begin;
  const auto has = [&rest](const std::string& name) {
    const std::size_t comma = rest.find(',');
    const std::string_view cell = rest.substr(0, comma);
    if (comma == std::string_view::npos || (cell != name && !cell.starts_with(name + "_read"))) return false;
    rest.remove_prefix(comma + 1);
    return true;
  };
  static_cast<void>(has("file"));
  return has("line") || has("example");
}

/// A column of files where there are several, one of places, the targets as the data have them, and what `strata
/// predict` prints.
void write_out_of_fold(const OutOfFold& said, const Model& model, const std::string& file) {
  const std::vector<std::string>& targets = model.target().names;
  const std::size_t rows = said.rows.size(), width = rows > 0 ? said.targets.size() / rows : 0;
  const bool is_label = !said.predictions.classes.empty();
  std::vector<std::string> names = targets;
  if (names.size() != width) {  // an array
    names.clear();
    for (std::size_t k = 0; k < width; ++k) names.push_back(fmt::format("{}_{}", targets.front(), k));
  }
  std::vector<std::string> places;
  if (!said.files.empty()) places.emplace_back("file");
  places.emplace_back(said.are_lines ? "line" : "example");
  for (std::string& place : places) place = free_name(place, "_read", names, names);
  names.insert(names.begin(), places.begin(), places.end());
  Columns columns(names.size());
  for (std::size_t i = 0; i < rows; ++i) {
    std::size_t c = 0;
    if (!said.files.empty()) columns[c++].push_back(input_name(said.files[said.file_of[i]]));
    columns[c++].push_back(std::to_string(said.numbers[i]));
    for (std::size_t k = 0; k < width; ++k) {
      const double value = said.targets[width * i + k];
      columns[c++].push_back(is_label ? said.predictions.classes[static_cast<std::size_t>(value)] : shortest(value));
    }
  }
  write_text(file, [&](const TextSink& sink) {
    PredictionWriter(model.precision(), false, false, names, sink).add(false, {}, said.predictions, columns, 0);
  });
}

}  // namespace

void check_out_of_fold(const Arguments& arguments, const Options& options, const std::string& model) {
  const std::string file = arguments.value("out-of-fold");
  std::vector<std::pair<std::string, std::string>> taken{{model, "where the model goes"}};
  for (const std::string& each : arguments.operands)
    if (each != "-") taken.emplace_back(each, "the data itself");
  add_files(taken, options.target, "--target");
  add_files(taken, {options.validation}, "--validation");
  add_files(taken, {options.initializer.file}, "--initializer");
  if (arguments.has("resume")) taken.emplace_back(arguments.value("resume"), "the checkpoint that is gone on from");
  const std::string checkpoint = checkpoint_of(model);  // --checkpoint may be given another time
  for (const char* ending : {"", ".previous"}) taken.emplace_back(checkpoint + ending, "where a checkpoint goes");
  for (const auto& [other, what] : taken)
    if (is_same_file(file, other))
      throw Error(ErrorCode::usage, fmt::format("--out-of-fold: '{}' is {}; name another file", file, what));
  std::error_code failed;
  if (fs::is_regular_file(file, failed) && fs::file_size(file, failed) > 0 && !is_earlier(file))
    throw Error(ErrorCode::usage,
                fmt::format("--out-of-fold: '{}' is there and is no table of out-of-fold predictions, "
                            "so it is not overwritten; choose another name, or remove it",
                            file));
  require_writable(file);
}

bool save_out_of_fold(const Fit& fit, const std::string& file, const std::string& model, bool quiet) {
  try {
    if (!fit.out_of_fold) throw std::bad_alloc();
    write_out_of_fold(*fit.out_of_fold, fit.model, file);
  } catch (const Error& error) {
    say_error(fmt::format("{}; the model is in {}", error.what(), model));
    return false;
  } catch (const std::bad_alloc&) {
    say_error(
        fmt::format("there is not enough memory for the out-of-fold predictions: '{}' is not written; the model "
                    "is in {}",
                    file, model));
    return false;
  }
  const std::size_t missing = fit.model.record().rows - fit.out_of_fold->rows.size();
  if (missing > 0)
    say(fmt::format(
        "the out-of-fold predictions are in {}; {} of {} rows have none, because their folds are not in the "
        "model",
        file, with_commas(missing), with_commas(fit.model.record().rows)));
  else if (!quiet)
    say(fmt::format("the out-of-fold predictions are in {}", file));
  return true;
}

}  // namespace strata::cli
