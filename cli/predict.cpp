// strata predict: labels and probabilities, or values, for new data.
#include <fmt/format.h>

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

/// Writes as it goes, in large pieces.
class PredictionWriter {
 public:
  /// A column tells the file where there are several, or where it is a picture.
  PredictionWriter(const Model& model, bool json, bool several_files, const TextSink& sink)
      : single_(model.precision() != Precision::float64), json_(json), with_file_(several_files), sink_(sink) {}

  void begin_file() noexcept { example_ = 0; }

  void add(bool is_picture, const std::string& file, const Predictions& predictions) {
    with_file_ = with_file_ || is_picture;
    if (!json_ && !begun_) add_header(predictions);
    begun_ = true;
    for (std::size_t i = 0; i < predictions.examples; ++i) {
      const double* values = predictions.values.data() + i * predictions.columns;
      const std::string* label = predictions.label.empty() ? nullptr : &predictions.classes[predictions.label[i]];
      if (json_)
        add_json(file, example_++, predictions, label, values);
      else
        add_csv(file, predictions.columns, label, values);
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
    if (with_file_) text_ += "file,";
    if (!predictions.classes.empty()) text_ += "label,";
    for (std::size_t k = 0; k < predictions.columns; ++k)
      text_ += (k == 0 ? "" : ",") + csv_cell(predictions.header[k]);
    text_ += '\n';
  }

  void add_csv(const std::string& file, std::size_t columns, const std::string* label, const double* values) {
    if (with_file_) text_ += csv_cell(file) + ',';
    if (label != nullptr) text_ += csv_cell(*label) + ',';
    for (std::size_t k = 0; k < columns; ++k) text_ += (k == 0 ? "" : ",") + shortest_of(values[k], single_);
    text_ += '\n';
  }

  void add_json(const std::string& file, std::size_t i, const Predictions& predictions, const std::string* label,
                const double* values) {
    Json json;
    json.object();
    if (with_file_) json.text("file", file);
    json.whole("example", i);
    if (label != nullptr) json.text("label", *label);
    json.key(label != nullptr ? "probabilities" : "values").object();
    for (std::size_t k = 0; k < predictions.columns; ++k)
      json.number(label != nullptr ? predictions.classes[k] : predictions.header[k], values[k]);
    text_ += json.end().end().str() + '\n';
  }

  bool single_, json_, with_file_, begun_ = false;
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

/// add(predictions) for a block; where one of its examples has no number for an input, for those before that one, which
/// is found by halves, and then its error.
template <class Add>
void predict_block(const Model& model, const Table& block, int threads, const Add& add) {
  try {
    return add(model.predict(block, threads));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::value) throw;
    std::size_t good = 0, suspects = block.rows();  // the first of the suspects follows the good ones
    while (suspects > 1) {
      const std::size_t half = suspects / 2;
      try {
        add(model.predict(block.slice_rows(good, half), threads));
        good += half, suspects -= half;
      } catch (const Error& in_half) {
        if (in_half.code() != ErrorCode::value) throw;
        suspects = half;
      }
    }
    // The error of the block may be that of a later one.
    if (good > 0) add(model.predict(block.slice_rows(good, 1), threads));
    throw;
  }
}

int run(const Arguments& arguments) {
  const std::span<const std::string> files = std::span(arguments.operands).subspan(1);
  const bool to_file = arguments.has("output") && arguments.value("output") != "-";
  if (to_file) require_output(arguments.operands, arguments.value("output"));
  const Model model = Model::load(arguments.operands.front());
  std::vector<UnfamiliarInput> unfamiliar;
  const auto predict_all = [&](PredictionWriter& writer) {
    for (const std::string& file : files) {
      TableReader reader = open_data(model, file, arguments, false);
      writer.begin_file();
      while (const std::optional<Table> block = reader.next())
        predict_block(model, *block, arguments.options.threads, [&](const Predictions& made) {
          add(unfamiliar, made.unfamiliar);
          writer.add(block->is_picture(), file, made);
        });
    }
  };
  const auto say_unfamiliar = [&] {
    if (arguments.has("quiet")) return;
    for (const UnfamiliarInput& input : unfamiliar) say(fmt::format("new to the model: {}", to_text(input)));
  };
  if (!to_file) {
    const TextSink sink = [](std::string_view text) { out().write(text); };
    PredictionWriter writer(model, arguments.has("json"), files.size() > 1, sink);
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
    PredictionWriter writer(model, arguments.has("json"), files.size() > 1, sink);
    predict_all(writer);
  });
  say_unfamiliar();
  if (!arguments.has("quiet")) say(fmt::format("the predictions are in {}", arguments.value("output")));
  return 0;
}

}  // namespace

Command predict_command() {
  return {"predict",
          "predict for new data, or for pictures",
          {"strata predict iris.strata new.csv > predictions.csv", "strata predict cats.strata my_photo.jpg"},
          "Prints CSV: the label and the probability of every class, or the values of a regression, in the shortest "
          "digits that read back exactly. Inputs are matched by name; the target and other columns are ignored. "
          "What is read is predicted and written in blocks, so that a file of any size needs little memory. Where the "
          "data have a fault, the rows before it are predicted, and the error counts them.",
          {{"MODEL", "A file that 'strata train' wrote."},
           {"DATA",
            "A file with the model's inputs in any format that 'strata train' reads, or PNG and JPEG pictures, which "
            "are resized to the network's input and scaled as in training.",
            1, kAnyNumber}},
          {kInputsOfModel, "separator", "header", "comment", "missing", "bad-cells", "threads"},
          {{"output", 'o', "FILE", "Write there, completely or not at all, and not to stdout."},
           {"json", 0, "", "Print a JSON object for each example, numbers with 17 significant digits."},
           kQuietFlag},
          run};
}

}  // namespace strata::cli
