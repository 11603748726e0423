// The commands, each described and done in a file of its own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "output.hpp"
#include "strata/model.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {

/// In the order in which they are listed.
[[nodiscard]] std::vector<Command> all_commands();

Command describe_command();
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

[[nodiscard]] std::string describe_inputs(const Features& features, const Architecture& net);
[[nodiscard]] std::string describe_target(const Target& target);
[[nodiscard]] std::string describe_scaling(const Scaling& scaling);
/// R² in six digits, or why it is not defined.
[[nodiscard]] std::string describe_r2(const Metrics& metrics);
/// Six digits, or "undefined".
[[nodiscard]] std::string figure(double value);
/// "98.2 %"; with weights "98.2 %; 97.1 % by weight".
[[nodiscard]] std::string describe_accuracy(const Metrics& metrics);
/// As it stands in a text: "ROC AUC".
[[nodiscard]] std::string title_of(Metric metric);
/// "209/209 right (100 %), loss 0.0123", "RMSE 1.2, MAE 0.9, R2 0.87".
[[nodiscard]] std::string describe(const Metrics& metrics);
/// The same of the figures out of fold, which the model has; and whether their rows say more of it: "…, loss 0.0123;
/// these rows also selected and calibrated it".
[[nodiscard]] std::string describe_out_of_fold(const Model& model);
/// "29 of 49: its weights are kept, and these are their figures"
[[nodiscard]] std::string describe_best(const TrainingRecord& record);
/// "12288-20-7-5-1", and what goes in where a stage stands in front: "14 columns → 37-256-256-256-1".
[[nodiscard]] std::string describe_layers(const Architecture& architecture);
/// The same with the number of parameters, of one network or each of several: "3 of 4-64-32-1 (each 2,433 …".
[[nodiscard]] std::string describe_networks(std::size_t count, const Architecture& architecture, Precision precision);
/// A word as a shell reads it back.
[[nodiscard]] std::string shell_word(const std::string& word);
/// Opens a file for what the model needs of it and says on stderr which choices were made: of which file, where a
/// command reads several.
[[nodiscard]] TableReader open_data(const Model& model, const std::string& file, const Arguments& arguments,
                                    bool with_target, const std::vector<std::string>& keep = {});
/// Tells what was left out, or taken as missing though it is a word.
void say_left_out(const TableReader& reader, const std::string& file, const Arguments& arguments);
/// Tells of what the inputs held that no training row did.
void say_unfamiliar(std::span<const UnfamiliarInput> inputs, const Arguments& arguments);
/// All of it.
[[nodiscard]] Table read_data(const Model& model, const std::string& file, const Arguments& arguments,
                              bool with_target);
/// Which network of a model of several a command shows: --network, which counts from 1, as inspect lists them. Here
/// they are counted from 0.
inline constexpr Flag kNetworkFlag{"network", 0, "I",
                                   "Network number I of a model of several; they count from 1, as 'strata inspect' "
                                   "lists them. Default: 1."};
[[nodiscard]] std::size_t network_of(const Arguments& arguments, const Model& model);
/// Of several networks the first is shown: says so, and how to see the others.
void say_which_network(const Arguments& arguments, const Model& model);
/// strata train --cross-validate (cross_validate.cpp).
int cross_validate(const Arguments& arguments);
/// What --dry-run prints (plan.cpp).
void print_plan(const TrainingPlan& plan, bool json);
/// A folder that holds the data sets of the demo; empty when there is none.
[[nodiscard]] std::filesystem::path demo_data_folder();

}  // namespace strata::cli
