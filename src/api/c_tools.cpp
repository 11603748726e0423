// Looking inside: a trace, and the check of the gradients.
#include <limits>

#include "api/c_handles.hpp"
#include "strata/json.hpp"

using namespace strata;
using namespace strata::internal;

namespace {

// -1 stands for all.
template <class Out, class In>
std::optional<Out> one_of(In given, std::string_view what) {
  if (given == -1) return std::nullopt;
  if (given < 0)
    throw Error(ErrorCode::usage, std::string(what) + ": expected -1 or more, found " + std::to_string(given));
  return static_cast<Out>(given);
}

}  // namespace

extern "C" {

strata_status strata_trace_new(const strata_model* model, const strata_table* table, int64_t example, int layer,
                               size_t network, strata_trace** trace) {
  return answered(__func__, [&] {
    required(trace, "trace");
    const Model& of = required(model, "model").model;
    Trace found = strata::trace(of, table_for(of, required(table, "table"), true),
                                one_of<std::size_t>(example, "example"), one_of<int>(layer, "layer"), network);
    auto made = std::make_unique<strata_trace>();
    made->cost = found.cost;
    for (TracedLayer& each : found.layers)
      for (TracedMatrix& matrix : each.matrices) made->matrices.emplace_back(each.layer, std::move(matrix));
    if (found.mean) made->matrices.emplace_back(model->model.architecture().depth(), std::move(*found.mean));
    *trace = made.release();
  });
}

void strata_trace_free(strata_trace* trace) { delete trace; }

double strata_trace_cost(const strata_trace* trace) {
  return trace == nullptr ? std::numeric_limits<double>::quiet_NaN() : trace->cost;
}

size_t strata_trace_matrices(const strata_trace* trace) { return trace == nullptr ? 0 : trace->matrices.size(); }

strata_status strata_trace_matrix(const strata_trace* trace, size_t index, strata_matrix* matrix) {
  return answered(__func__, [&] {
    required(matrix, "matrix");
    const auto& all = required(trace, "trace").matrices;
    if (index >= all.size())
      throw Error(ErrorCode::usage, "index: the trace has " + std::to_string(all.size()) + " matrices, found " +
                                        std::to_string(index) + " (counted from 0)");
    const auto& [layer, found] = all[index];
    *matrix = {found.name.c_str(), found.equation.c_str(), found.file.c_str(), layer, found.rows,
               found.cols,         found.values.data()};
  });
}

strata_status strata_check_gradients(const strata_model* model, const strata_table* table, size_t examples,
                                     size_t network, strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    const Model& of = required(model, "model").model;
    give(json, to_json(check_gradients(of, table_for(of, required(table, "table"), true), examples, network)));
  });
}

strata_status strata_check_gradients_of(const strata_table* table, const strata_options* options, size_t examples,
                                        strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    const Options asked = required(options, "options").options();
    give(json, to_json(check_gradients(table_to_train_on(required(table, "table"), asked), asked, examples)));
  });
}

}  // extern "C"
