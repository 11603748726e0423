#include <fmt/format.h>

#include "base/only_errors.hpp"
#include "model/model_data.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

void require_layer(const Architecture& net, int l) {
  if (l < 1 || l > net.depth()) {
    throw Error(ErrorCode::usage,
                fmt::format("there is no layer {}: the layers with weights are 1 to {}", l, net.depth()));
  }
}

template <class T>
std::vector<double> as_doubles(View<const T> matrix) {
  return {matrix.data, matrix.data + matrix.size()};  // a block of θ: no gaps between its columns
}

}  // namespace

Model::Model(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const Architecture& Model::architecture() const noexcept { return data_->architecture; }

Precision Model::precision() const noexcept { return data_->precision(); }

const std::vector<InputField>& Model::inputs() const noexcept { return data_->inputs; }
const Target& Model::target() const noexcept { return data_->target; }
const Scaling& Model::scaling() const noexcept { return data_->scaling; }
const TrainingRecord& Model::record() const noexcept { return data_->record; }

std::vector<double> Model::weights(int l) const try {
  require_layer(data_->architecture, l);
  return std::visit([l](const auto& p) { return as_doubles(p.W[l]); }, data_->parameters);
} catch (...) {
  throw_as_error("for a copy of the weights");
}

std::vector<double> Model::biases(int l) const try {
  require_layer(data_->architecture, l);
  return std::visit([l](const auto& p) { return as_doubles(p.b[l]); }, data_->parameters);
} catch (...) {
  throw_as_error("for a copy of the biases");
}

}  // namespace strata
