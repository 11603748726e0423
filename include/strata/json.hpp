// What is found, as JSON: what the program prints with --json, for a binding to another language.
#pragma once

#include <string>

#include "strata/export.hpp"
#include "strata/model.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"

namespace strata STRATA_EXPORT {

// Each gives one object in one line of UTF-8, its keys always in the same order. Numbers have 17 significant digits;
// what is not a number, or infinite, is null. Errors: memory.

/// strata inspect: what the model is, and how it was trained.
[[nodiscard]] std::string to_json(const Model& model);
/// strata inspect --curves: "epochs", "loss", "validation_loss", …, a list each.
[[nodiscard]] std::string to_json(const Curves& curves);
/// strata evaluate: a figure under its name, and the ends of its interval as "loss_low" and "loss_high".
[[nodiscard]] std::string to_json(const Metrics& metrics);

/// strata train, while it goes on: the "event" cost, epoch, and fold of a bag or part of a cross-validation.
[[nodiscard]] std::string to_json(const CostReport& report);
[[nodiscard]] std::string to_json(const EpochReport& report);
[[nodiscard]] std::string to_json(const PartReport& report);
/// At its end: the event done. The program adds the "model" that it wrote.
[[nodiscard]] std::string to_json(const Fit& fit);
/// strata train --cross-validate, at its end: the event done.
[[nodiscard]] std::string to_json(const CrossValidation& found);
/// strata train --dry-run.
[[nodiscard]] std::string to_json(const TrainingPlan& plan);

/// strata describe.
[[nodiscard]] std::string to_json(const Description& description);
/// strata convert. The program adds the "file" that it wrote.
[[nodiscard]] std::string to_json(const Conversion& made);
/// strata trace: the values of a matrix row by row.
[[nodiscard]] std::string to_json(const Trace& trace);
/// strata check-gradients.
[[nodiscard]] std::string to_json(const GradientCheck& check);
/// strata doctor, without the environment. The program adds that, and a test of its own.
[[nodiscard]] std::string to_json(const Diagnosis& diagnosis);

/// All options and recipes: "options", of each its "name", the "value" that it takes, "group", "default", "range" and
/// "help"; and "recipes", of each its "name", "help" and "settings", a value for each option. Values are texts, as
/// typed.
[[nodiscard]] std::string options_json();

}  // namespace strata STRATA_EXPORT
