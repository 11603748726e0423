// The members of the objects that strata/json.hpp gives. The program adds to some of them what it alone knows.
#pragma once

#include <span>
#include <string>

#include "base/json.hpp"
#include "strata/json.hpp"

namespace strata::internal {

// Each adds the members of an object, which is open and stays so.
void add_members(Json& json, const Model& model);
void add_members(Json& json, const Curves& curves);
void add_members(Json& json, const Metrics& metrics);
void add_members(Json& json, const CostReport& report);
void add_members(Json& json, const EpochReport& report);
void add_members(Json& json, const PartReport& report);
void add_members(Json& json, const Fit& fit);
void add_members(Json& json, const CrossValidation& found);
void add_members(Json& json, const TrainingPlan& plan);
void add_members(Json& json, const Description& description);
void add_members(Json& json, const Conversion& made);
void add_members(Json& json, const Trace& trace);
void add_members(Json& json, const GradientCheck& check);
void add_members(Json& json, const Diagnosis& diagnosis);

/// Adds "loss", "accuracy", "correct", or for regression "loss", "rmse", "mae", "r2", then what was measured beside
/// these, "examples", and the ends of the intervals as "loss_low", "loss_high"; each with `prefix` before it.
void add_metrics(Json& json, const Metrics& metrics, const std::string& prefix);
/// Adds "inputs".
void add_inputs(Json& json, std::span<const InputField> inputs);
/// Adds "columns": the name of each column of X, and how it comes from the data.
void add_columns(Json& json, std::span<const EncodedColumn> columns);

}  // namespace strata::internal
