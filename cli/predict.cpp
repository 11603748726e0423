// strata predict: labels and probabilities, or values, for new data.
#include <fmt/format.h>

#include <algorithm>

#include "commands.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

/// RFC 4180: quotes where a reader would otherwise go wrong.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.starts_with(' ') && !text.ends_with(' ')) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

using Columns = std::vector<std::vector<std::string>>;

/// Writes as it goes, in large pieces.
class PredictionWriter {
 public:
  /// A column tells the file where there are several, or where it is a picture. `keep`: columns of the data.
  PredictionWriter(const Model& model, bool json, bool several_files, std::span<const std::string> keep,
                   const TextSink& sink)
      : single_(model.precision() != Precision::float64),
        json_(json),
        with_file_(several_files),
        keep_(keep),
        sink_(sink) {}

  void begin_file() noexcept { example_ = 0; }

  /// `kept`: the cells of the columns to keep, from row `first` on those of the predictions.
  void add(bool is_picture, const std::string& file, const Predictions& predictions, const Columns& kept,
           std::size_t first) {
    with_file_ = with_file_ || is_picture;
    if (!json_ && !begun_) add_header(predictions);
    begun_ = true;
    for (std::size_t i = 0; i < predictions.examples; ++i) {
      const double* values = predictions.values.data() + i * predictions.columns;
      const std::string* label = predictions.label.empty() ? nullptr : &predictions.classes[predictions.label[i]];
      if (json_)
        add_json(file, example_++, predictions, label, values, kept, first + i);
      else
        add_csv(file, predictions.columns, label, values, kept, first + i);
      if (text_.size() > kPiece) flush();
    }
    flush();
    written_ += predictions.examples;
  }

  [[nodiscard]] std::size_t written() const noexcept { return written_; }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 20;

  void flush() {
    sink_(text_);
    text_.clear();
  }

  void add_header(const Predictions& predictions) {
    std::vector<std::string> made = predictions.header;
    if (!predictions.classes.empty()) made.insert(made.begin(), "label");
    std::vector<std::string> taken(keep_.begin(), keep_.end());
    taken.insert(taken.end(), made.begin(), made.end());
    if (with_file_) text_ += csv_cell(own_name("file", "_read", taken)) + ',';
    for (const std::string& name : keep_) text_ += csv_cell(name) + ',';
    for (std::size_t k = 0; k < made.size(); ++k)
      text_ += (k == 0 ? "" : ",") + csv_cell(own_name(made[k], "_predicted", taken));
    text_ += '\n';
  }

  /// The name of a column that is none of the data's: one that is called as a kept one gets the ending, and a number
  /// where that is taken too.
  [[nodiscard]] std::string own_name(const std::string& name, std::string_view ending,
                                     std::span<const std::string> taken) const {
    if (std::ranges::find(keep_, name) == keep_.end()) return name;
    std::string other = fmt::format("{}{}", name, ending);
    for (int number = 2; std::ranges::find(taken, other) != taken.end(); ++number)
      other = fmt::format("{}{}_{}", name, ending, number);
    return other;
  }

  void add_csv(const std::string& file, std::size_t columns, const std::string* label, const double* values,
               const Columns& kept, std::size_t row) {
    if (with_file_) text_ += csv_cell(file) + ',';
    for (const std::vector<std::string>& column : kept) text_ += csv_cell(column[row]) + ',';
    if (label != nullptr) text_ += csv_cell(*label) + ',';
    for (std::size_t k = 0; k < columns; ++k) text_ += (k == 0 ? "" : ",") + shortest_of(values[k], single_);
    text_ += '\n';
  }

  void add_json(const std::string& file, std::size_t i, const Predictions& predictions, const std::string* label,
                const double* values, const Columns& kept, std::size_t row) {
    Json json;
    json.object();
    if (with_file_) json.text("file", file);
    json.whole("example", i);
    if (!keep_.empty()) json.key("kept").object();
    for (std::size_t k = 0; k < keep_.size(); ++k) json.text(keep_[k], kept[k][row]);
    if (!keep_.empty()) json.end();
    if (label != nullptr) json.text("label", *label);
    json.key(label != nullptr ? "probabilities" : "values").object();
    for (std::size_t k = 0; k < predictions.columns; ++k)
      json.number(label != nullptr ? predictions.classes[k] : predictions.header[k], values[k]);
    text_ += json.end().end().str() + '\n';
  }

  bool single_, json_, with_file_, begun_ = false;
  std::span<const std::string> keep_;
  const TextSink& sink_;
  std::size_t example_ = 0, written_ = 0;  // of this file, of all
  std::string text_;                       // not written yet
};

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
  const auto say_unfamiliar = [&] {
    if (arguments.has("quiet")) return;
    for (const UnfamiliarInput& input : unfamiliar) say(fmt::format("new to the model: {}", to_text(input)));
  };
  if (!to_file) {
    const TextSink sink = [](std::string_view text) { out().write(text); };
    PredictionWriter writer(model, arguments.has("json"), files.size() > 1, keep, sink);
    try {
      predict_all(writer);
    } catch (const Error& error) {
      if (writer.written() == 0) throw;
      throw Error(error.code(),
                  fmt::format("{}\n{} written before it", error.what(),
                              counted(writer.written(), "prediction") + (writer.written() == 1 ? " was" : " were")));
    }
    say_unfamiliar();
    return 0;
  }
  write_text(arguments.value("output"), [&](const TextSink& sink) {
    PredictionWriter writer(model, arguments.has("json"), files.size() > 1, keep, sink);
    predict_all(writer);
  });
  say_unfamiliar();
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
