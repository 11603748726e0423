#include "prediction_writer.hpp"

#include <fmt/format.h>

namespace strata::cli {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

/// RFC 4180: quotes where a reader would otherwise go wrong.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.starts_with(' ') && !text.ends_with(' ')) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

std::string free_name(const std::string& name, std::string_view ending, std::span<const std::string> data,
                      std::span<const std::string> taken) {
  if (std::ranges::find(data, name) == data.end()) return name;
  std::string other = fmt::format("{}{}", name, ending);
  for (int number = 2; std::ranges::find(taken, other) != taken.end(); ++number)
    other = fmt::format("{}{}_{}", name, ending, number);
  return other;
}

void PredictionWriter::add(bool is_picture, const std::string& file, const Predictions& predictions,
                           const Columns& kept, std::size_t first) {
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

void PredictionWriter::flush() {
  sink_(text_);
  text_.clear();
}

void PredictionWriter::add_header(const Predictions& predictions) {
  std::vector<std::string> made = predictions.header;
  if (!predictions.classes.empty()) made.insert(made.begin(), "label");
  std::vector<std::string> taken(keep_.begin(), keep_.end());
  taken.insert(taken.end(), made.begin(), made.end());
  if (with_file_) text_ += csv_cell(free_name("file", "_read", keep_, taken)) + ',';
  for (const std::string& name : keep_) text_ += csv_cell(name) + ',';
  for (std::size_t k = 0; k < made.size(); ++k)
    text_ += (k == 0 ? "" : ",") + csv_cell(free_name(made[k], "_predicted", keep_, taken));
  text_ += '\n';
}

void PredictionWriter::add_csv(const std::string& file, std::size_t columns, const std::string* label,
                               const double* values, const Columns& kept, std::size_t row) {
  if (with_file_) text_ += csv_cell(file) + ',';
  for (const std::vector<std::string>& column : kept) text_ += csv_cell(column[row]) + ',';
  if (label != nullptr) text_ += csv_cell(*label) + ',';
  for (std::size_t k = 0; k < columns; ++k) text_ += (k == 0 ? "" : ",") + shortest_of(values[k], single_);
  text_ += '\n';
}

void PredictionWriter::add_json(const std::string& file, std::size_t i, const Predictions& predictions,
                                const std::string* label, const double* values, const Columns& kept, std::size_t row) {
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

}  // namespace strata::cli
