// strata convert: any data file into one that training maps into memory.
#include <fmt/format.h>

#include "api/json.hpp"
#include "commands.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

int run(const Arguments& arguments) {
  const std::string& from = arguments.operands.front();
  if (arguments.has("check")) {
    if (arguments.operands.size() > 1)
      throw Error(ErrorCode::usage, "--check reads one file and writes none: strata convert FILE --check");
    verify_converted(from);
    if (!arguments.has("quiet")) out().line(fmt::format("{}: every byte is as it was written", input_name(from)));
    return 0;
  }
  if (arguments.operands.size() < 2)
    throw Error(ErrorCode::usage, "OUT is missing; the command is: strata convert DATA OUT [options]");
  const std::string& to = arguments.operands[1];
  const Conversion made = convert(from, to, arguments.options);
  if (!arguments.has("quiet"))
    for (const std::string& note : made.notes) say(note);
  for (const std::string& warning : made.warnings) say_warning(warning);
  if (arguments.has("json")) {
    Json json;
    add_members(json.object(), made);
    out().line(json.text("file", to).end().str());
    return 0;
  }
  std::vector<std::string> names;
  for (const Field& field : made.fields) names.push_back(field.name);
  const auto item = [](std::string_view what, std::string_view text) {
    out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<10}", what)), printable(text)));
  };
  item("rows", with_commas(made.rows));
  item("fields", joined(names, 12));
  item("bytes", with_commas(made.bytes));
  item("file", to);
  if (!arguments.has("quiet")) say(fmt::format("next:  strata train {} --batch-size 32", shell_word(to)));
  return 0;
}

}  // namespace

Command convert_command() {
  return {
      "convert",
      "write data as a file that training maps into memory",
      {"strata convert train.csv train.sdata", "strata convert images.idx train.sdata --target labels.idx",
       "strata convert train.sdata --check"},
      "Reads a data file once and writes it as a data cache, which 'strata train' and the other commands take like any "
      "data file, but map into memory instead of reading it. With mini-batches the data may then be larger than "
      "memory. The results are the same bits. Needs room on the disk for the numbers twice, and little memory.",
      {{"DATA", "What 'strata train' reads: CSV with a header, HDF5, NPY, NPZ or IDX; one file."},
       {"OUT", "The new file; its customary ending is .sdata. An old data cache there is replaced.", 0, 1, true}},
      with_reading({{"target",
                     "What will be predicted; it may also be a file of its own (IDX labels, NPY). When not given: the "
                     "last column of a CSV file with --inputs, and without it every field is written."},
                    "inputs",
                    "task"}),
      {{"check", 0, "", "Read a data cache, the only file then, and compare its checksums."}, kJsonFlag, kQuietFlag},
      run};
}

}  // namespace strata::cli
