// strata predict: labels and probabilities, or values, for new data.
#include <fmt/format.h>

#include <algorithm>

#include "commands.hpp"
#include "prediction_writer.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

/// Found out before anything is read: predictions do not replace what they are made of.
void require_output(const std::vector<std::string>& operands, const std::string& file) {
  std::error_code ignored;
  for (const std::string& operand : operands) {
    if (operand != "-" && std::filesystem::equivalent(operand, file, ignored) &&
        std::filesystem::is_regular_file(file, ignored))
      throw Error(ErrorCode::usage, fmt::format("--output: '{}' is the {} itself; name another file", file,
                                                &operand == operands.data() ? "model" : "data"));
  }
  require_writable(file);
}

/// add(predictions, first) for a block; where one of its examples has no number for an input, for those before that
/// one, which is found by halves, and then its error. `first`: the first row of the predictions in the block.
template <class Predict, class Add>
void predict_block(const Table& block, const Predict& predict, const Add& add) {
  try {
    return add(predict(block), 0);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::value) throw;
    std::size_t good = 0, suspects = block.rows();  // the first of the suspects follows the good ones
    while (suspects > 1) {
      const std::size_t half = suspects / 2;
      try {
        add(predict(block.slice_rows(good, half)), good);
        good += half, suspects -= half;
      } catch (const Error& in_half) {
        if (in_half.code() != ErrorCode::value) throw;
        suspects = half;
      }
    }
    // The error of the block may be that of a later one.
    if (good > 0) add(predict(block.slice_rows(good, 1)), good);
    throw;
  }
}

std::optional<double> threshold_of(const Arguments& arguments) {
  if (!arguments.has("threshold")) return {};
  double value = 0;
  if (!parse_number(arguments.value("threshold"), value) || !(value >= 0 && value <= 1))
    throw Error(ErrorCode::usage, fmt::format("--threshold: expected a probability from 0 to 1, found '{}'",
                                              arguments.value("threshold")));
  return value;
}

int run(const Arguments& arguments) {
  const std::span<const std::string> files = std::span(arguments.operands).subspan(1);
  const bool to_file = arguments.has("output") && arguments.value("output") != "-";
  if (to_file) require_output(arguments.operands, arguments.value("output"));
  const std::optional<double> threshold = threshold_of(arguments);
  const std::vector<std::string> keep =
      arguments.has("keep") ? option_names("keep", arguments.value("keep")) : std::vector<std::string>();
  const Model model = Model::load(arguments.operands.front());
  const auto predict = [&](const Table& table) { return model.predict(table, arguments.options.threads, threshold); };
  std::vector<UnfamiliarInput> unfamiliar;
  const auto predict_all = [&](PredictionWriter& writer) {
    for (const std::string& file : files) {
      TableReader reader = open_data(model, file, arguments, false, keep);
      writer.begin_file();
      while (const std::optional<Table> block = reader.next())
        predict_block(*block, predict, [&](const Predictions& made, std::size_t first) {
          add(unfamiliar, made.unfamiliar);
          writer.add(block->is_picture(), file, made, reader.kept(), first);
        });
      say_left_out(reader, file, arguments);
    }
  };
  if (!to_file) {
    const TextSink sink = [](std::string_view text) { out().write(text); };
    PredictionWriter writer(model.precision(), arguments.has("json"), files.size() > 1, keep, sink);
    try {
      predict_all(writer);
    } catch (const Error& error) {
      if (writer.written() == 0) throw;
      throw Error(error.code(),
                  fmt::format("{}\n{} written before it", error.what(),
                              counted(writer.written(), "prediction") + (writer.written() == 1 ? " was" : " were")));
    }
    say_unfamiliar(unfamiliar, arguments);
    return 0;
  }
  write_text(arguments.value("output"), [&](const TextSink& sink) {
    PredictionWriter writer(model.precision(), arguments.has("json"), files.size() > 1, keep, sink);
    predict_all(writer);
  });
  say_unfamiliar(unfamiliar, arguments);
  if (!arguments.has("quiet")) say(fmt::format("the predictions are in {}", arguments.value("output")));
  return 0;
}

}  // namespace

Command predict_command() {
  return {
      "predict",
      "predict for new data, or for pictures",
      {"strata predict iris.strata new.csv > predictions.csv", "strata predict cats.strata my_photo.jpg"},
      "Prints CSV: the label and the probability of every class, or the values of a regression, in the shortest "
      "digits that read back exactly. Inputs are matched by name; the target and other columns are ignored, but for "
      "those to keep. A matrix without names (NPY, or CSV without a header) is taken by position, which is said. "
      "What is read is predicted and written in blocks, so that a file of any size needs little memory. Where the "
      "data have a fault, the rows before it are predicted, and the error counts them; with --bad-rows "
      "skip a faulty row has no prediction, which is said (--keep a column to tell the others by).",
      {{"MODEL", "A file that 'strata train' wrote."},
       {"DATA",
        "A file with the model's inputs in any format that 'strata train' reads, or PNG and JPEG pictures, which "
        "are resized to the network's input and scaled as in training.",
        1, kAnyNumber}},
      with_reading_of_model({kInputsOfModel, "bad-rows", "threads"}),
      {{"keep", 0, "COLUMNS",
        "Columns of the data to print before the predictions, as they are spelled there: names, separated by commas. A "
        "prediction that is called as one of them gets another name: label_predicted."},
       {"threshold", 0, "P",
        "Two classes: the label is the second (whose probability is the last column) where its probability is at "
        "least P. When not given: where it is more than 0.5. [a number from 0 to 1]"},
       {"output", 'o', "FILE", "Write there, completely or not at all, and not to stdout."},
       {"json", 0, "", "Print a JSON object for each example, numbers with 17 significant digits."},
       kQuietFlag},
      run};
}

}  // namespace strata::cli
