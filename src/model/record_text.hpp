// The record of a training in the text of a model file.
#pragma once

#include "base/json.hpp"
#include "model/strict_json.hpp"
#include "strata/model.hpp"

namespace strata::internal {

void write_record(Json& json, const TrainingRecord& record);
/// Throws Error(format), as JsonNode does.
[[nodiscard]] TrainingRecord read_record(const JsonNode& node, Task task);

}  // namespace strata::internal
