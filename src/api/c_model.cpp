// Models and predictors.
#include <algorithm>
#include <charconv>

#include "api/c_handles.hpp"
#include "base/json.hpp"
#include "model/predictions.hpp"
#include "strata/json.hpp"

using namespace strata;
using namespace strata::internal;

namespace {

std::size_t columns_of(const Model& model) { return no_predictions(model.target(), model.architecture()).columns; }

// The layer of "W12"; 0: the name has none.
int layer_of(std::string_view name) {
  int layer = 0;
  if (name.size() < 2) return 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), layer);
  return error == std::errc{} && end == name.data() + name.size() ? layer : 0;
}

LearnedMatrix parameters_of(const Model& model, std::size_t network, const std::string& name) {
  const Architecture& net = model.architecture();
  const int l = layer_of(name);
  const char letter = name.empty() ? ' ' : name.front();
  if (l > 0 && (letter == 'W' || letter == 'b' || letter == 'a')) {
    std::vector<double> values = letter == 'W'   ? model.weights(l, network)
                                 : letter == 'b' ? model.biases(l, network)
                                                 : model.slopes(l, network);
    const auto rows = static_cast<std::size_t>(net.units(l));
    if (!values.empty()) return {name, rows, values.size() / rows, std::move(values)};
  }
  std::string there = "W1";
  for (const LearnedMatrix& each : model.stage(network)) {
    if (each.name == name) return each;
    there += ", " + each.name;
  }
  throw Error(ErrorCode::usage, "name: the network has no '" + name + "' (it has W and b of layers 1 to " +
                                    std::to_string(net.depth()) + there.substr(2) + ')');
}

template <class T>
void predict(const strata_predictor* predictor, const T* X, std::size_t m, T* A) {
  const Predictor& p = required(predictor, "predictor").predictor;
  if (m == 0) return;
  p.predict(std::span(&required(X, "X"), m * p.inputs()), m, std::span(&required(A, "A"), m * p.outputs()));
}

}  // namespace

extern "C" {

strata_status strata_model_load(const char* file, strata_model** model) {
  return answered(__func__, [&] {
    required(model, "model");
    give(model, Model::load(required_text(file, "file")));
  });
}

strata_status strata_model_save(const strata_model* model, const char* file) {
  return answered(__func__, [&] { required(model, "model").model.save(required_text(file, "file")); });
}

strata_status strata_model_from_bytes(const void* data, size_t size, strata_model** model) {
  return answered(__func__, [&] {
    required(model, "model");
    const auto* const bytes = static_cast<const std::byte*>(data);
    if (size > 0) required(bytes, "data");
    give(model, Model::from_bytes({bytes, size}));
  });
}

strata_status strata_model_to_bytes(const strata_model* model, strata_bytes** bytes) {
  return answered(__func__, [&] {
    required(bytes, "bytes");
    const std::vector<std::byte> all = required(model, "model").model.to_bytes();
    give(bytes, std::string(reinterpret_cast<const char*>(all.data()), all.size()));
  });
}

void strata_model_free(strata_model* model) { delete model; }

strata_status strata_model_describe(const strata_model* model, strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    give(json, to_json(required(model, "model").model));
  });
}

strata_status strata_model_parameters(const strata_model* model, size_t network, const char* name, size_t* rows,
                                      size_t* cols, double* values, size_t count) {
  return answered(__func__, [&] {
    required(rows, "rows");
    required(cols, "cols");
    const LearnedMatrix found = parameters_of(required(model, "model").model, network, required_text(name, "name"));
    if (values != nullptr) {
      if (count < found.values.size())
        throw Error(ErrorCode::shape, "values: '" + found.name + "' has " + std::to_string(found.values.size()) +
                                          " numbers, and there is room for " + std::to_string(count));
      std::ranges::copy(found.values, values);
    }
    *rows = found.rows;
    *cols = found.cols;
  });
}

size_t strata_model_columns(const strata_model* model) {
  size_t columns = 0;
  answered(__func__, [&] { columns = columns_of(required(model, "model").model); });
  return columns;
}

strata_status strata_model_predict(const strata_model* model, const strata_table* table, int threads, double* values,
                                   size_t count, int64_t* labels, strata_bytes** notes) {
  return answered(__func__, [&] {
    const Model& from = required(model, "model").model;
    const Table of = table_for(from, required(table, "table"), false);
    const std::size_t wanted = of.rows() * columns_of(from);
    if (wanted > 0) required(values, "values");
    if (count < wanted)
      throw Error(ErrorCode::shape, "values: " + std::to_string(of.rows()) + " rows have " + std::to_string(wanted) +
                                        " numbers, and there is room for " + std::to_string(count));
    const Predictions predictions = from.predict(of, threads);
    std::unique_ptr<strata_bytes> said;
    if (notes != nullptr) {
      Json json;
      json.array();
      for (const UnfamiliarInput& each : predictions.unfamiliar) json.text(to_text(each));
      said = std::make_unique<strata_bytes>(json.end().str());
    }
    std::ranges::copy(predictions.values, values);
    if (labels != nullptr) std::ranges::copy(predictions.label, labels);
    if (notes != nullptr) *notes = said.release();
  });
}

strata_status strata_model_evaluate(const strata_model* model, const strata_table* table, int threads,
                                    const char* weight_column, strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    const Model& of = required(model, "model").model;
    give(json, to_json(of.evaluate(table_for(of, required(table, "table"), true), threads, {},
                                   weight_column == nullptr ? "" : weight_column)));
  });
}

strata_status strata_predictor_new(const strata_model* model, strata_predictor** predictor) {
  return answered(__func__, [&] {
    required(predictor, "predictor");
    give(predictor, Predictor(required(model, "model").model));
  });
}

void strata_predictor_free(strata_predictor* predictor) { delete predictor; }

size_t strata_predictor_inputs(const strata_predictor* predictor) {
  return predictor == nullptr ? 0 : predictor->predictor.inputs();
}
size_t strata_predictor_outputs(const strata_predictor* predictor) {
  return predictor == nullptr ? 0 : predictor->predictor.outputs();
}

strata_status strata_predictor_predict_f32(const strata_predictor* predictor, const float* X, size_t m, float* A) {
  return answered(__func__, [&] { predict(predictor, X, m, A); });
}

strata_status strata_predictor_predict_f64(const strata_predictor* predictor, const double* X, size_t m, double* A) {
  return answered(__func__, [&] { predict(predictor, X, m, A); });
}

}  // extern "C"
