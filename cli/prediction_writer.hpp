// Predictions as CSV or JSON, with columns of the data before them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "output.hpp"
#include "strata/model.hpp"
#include "strata/tools.hpp"

namespace strata::cli {

using Columns = std::vector<std::vector<std::string>>;

/// The name of a column that is none of the data's: one that is called as one of theirs gets the ending, and a number
/// where that is taken too.
[[nodiscard]] std::string free_name(const std::string& name, std::string_view ending, std::span<const std::string> data,
                                    std::span<const std::string> taken);

/// Writes as it goes, in large pieces.
class PredictionWriter {
 public:
  /// A column tells the file where there are several, or where it is a picture. `keep`: columns of the data; borrowed,
  /// as is the sink.
  PredictionWriter(Precision precision, bool json, bool several_files, std::span<const std::string> keep,
                   const TextSink& sink)
      : single_(precision != Precision::float64), json_(json), with_file_(several_files), keep_(keep), sink_(sink) {}

  void begin_file() noexcept { example_ = 0; }
  /// `kept`: the cells of the columns to keep, from row `first` on those of the predictions.
  void add(bool is_picture, const std::string& file, const Predictions& predictions, const Columns& kept,
           std::size_t first);
  [[nodiscard]] std::size_t written() const noexcept { return written_; }

 private:
  void flush();
  void add_header(const Predictions& predictions);
  void add_csv(const std::string& file, std::size_t columns, const std::string* label, const double* values,
               const Columns& kept, std::size_t row);
  void add_json(const std::string& file, std::size_t i, const Predictions& predictions, const std::string* label,
                const double* values, const Columns& kept, std::size_t row);

  bool single_, json_, with_file_, begun_ = false;
  std::span<const std::string> keep_;
  const TextSink& sink_;
  std::size_t example_ = 0, written_ = 0;  // of this file, of all
  std::string text_;                       // not written yet
};

}  // namespace strata::cli
