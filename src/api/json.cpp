#include "api/json.hpp"

#include "base/only_errors.hpp"

namespace strata {
using namespace internal;
namespace {

template <class Told>
std::string object_of(const Told& told) {
  return only_errors("to write JSON", [&] {
    Json json;
    add_members(json.object(), told);
    return json.end().str();
  });
}

}  // namespace

std::string to_json(const Model& model) { return object_of(model); }
std::string to_json(const Curves& curves) { return object_of(curves); }
std::string to_json(const Metrics& metrics) { return object_of(metrics); }
std::string to_json(const CostReport& report) { return object_of(report); }
std::string to_json(const EpochReport& report) { return object_of(report); }
std::string to_json(const PartReport& report) { return object_of(report); }
std::string to_json(const Fit& fit) { return object_of(fit); }
std::string to_json(const CrossValidation& found) { return object_of(found); }
std::string to_json(const TrainingPlan& plan) { return object_of(plan); }
std::string to_json(const Description& description) { return object_of(description); }
std::string to_json(const Conversion& made) { return object_of(made); }
std::string to_json(const Trace& trace) { return object_of(trace); }
std::string to_json(const GradientCheck& check) { return object_of(check); }
std::string to_json(const Diagnosis& diagnosis) { return object_of(diagnosis); }

}  // namespace strata
