// The commands, each described and done in a file of its own.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "output.hpp"
#include "strata/model.hpp"

namespace strata::cli {

/// In the order in which they are listed.
[[nodiscard]] std::vector<Command> all_commands();

Command train_command();
Command evaluate_command();
Command predict_command();
Command convert_command();
Command inspect_command();
Command trace_command();
Command check_gradients_command();
Command demo_command();
Command doctor_command();

// --- what several commands say alike (report.cpp) ---

/// Adds "loss", "accuracy", "correct", "examples", or for regression "loss", "rmse", "mae", "r2", "examples", each with
/// `prefix` before it.
void add_metrics(Json& json, const Metrics& metrics, const std::string& prefix);
/// Adds "columns": the name of each column of X, and how it comes from the data.
void add_columns(Json& json, std::span<const EncodedColumn> columns);
/// R² in six digits, or why it is not defined.
[[nodiscard]] std::string describe_r2(const Metrics& metrics);
/// "209/209 right (100 %), loss 0.0123", "RMSE 1.2, MAE 0.9, R2 0.87".
[[nodiscard]] std::string describe(const Metrics& metrics);
/// "12288-20-7-5-1"
[[nodiscard]] std::string layer_sizes(const Architecture& architecture);
/// A word as a shell reads it back.
[[nodiscard]] std::string shell_word(const std::string& word);
/// Opens a file for what the model needs of it and says on stderr which choices were made.
[[nodiscard]] TableReader open_data(const Model& model, const std::string& file, const Arguments& arguments,
                                    bool with_target);
/// All of it.
[[nodiscard]] Table read_data(const Model& model, const std::string& file, const Arguments& arguments,
                              bool with_target);
/// A folder that holds the data sets of the demo; empty when there is none.
[[nodiscard]] std::filesystem::path demo_data_folder();

}  // namespace strata::cli
