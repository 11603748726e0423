#include <fmt/format.h>

#include "base/only_errors.hpp"
#include "model/model_data.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

// use(p) of one of the networks.
template <class Use>
auto of_network(const Model::Data& data, std::size_t network, const Use& use) {
  require_network(data, network);
  return std::visit([&](const auto& all) { return use(all[network]); }, data.networks);
}

// W[l], b[l] or a[l], whose columns lie without gaps between them.
template <class Views>
std::vector<double> as_doubles(const Model::Data& data, int l, std::size_t network, const Views& views_of) {
  const int L = data.architecture.depth();
  if (l < 1 || l > L)
    throw Error(ErrorCode::usage, fmt::format("there is no layer {}: the layers with weights are 1 to {}", l, L));
  return of_network(data, network, [&](const auto& p) {
    const auto matrix = views_of(p)[l];
    return std::vector<double>(matrix.data, matrix.data + matrix.size());
  });
}

std::vector<LearnedMatrix> stage_of(const Model::Data& data, std::size_t network) {
  return of_network(data, network, [](const auto& p) {
    std::vector<LearnedMatrix> parts;
    for (const ParameterBlock& block : p.blocks()) {
      if (block.layer > 0) break;
      const auto* const first = p.view(block).data;
      parts.push_back({block.name(), block.rows, block.cols, {first, first + block.size()}});
    }
    return parts;
  });
}

}  // namespace

void internal::require_network(const Model::Data& data, std::size_t network) {
  const std::size_t count = data.network_count();
  if (network < count) return;
  throw Error(ErrorCode::usage,
              count == 1 ? fmt::format("there is no network {}: the model is one network, number 0", network)
                         : fmt::format("there is no network {}: the model has {}, 0 to {}", network, count, count - 1));
}

Model::Model(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

const Architecture& Model::architecture() const noexcept { return data_->architecture; }

Precision Model::precision() const noexcept { return data_->precision(); }

const Features& Model::features() const noexcept { return *data_; }
const std::vector<InputField>& Model::inputs() const noexcept { return data_->inputs; }
const Target& Model::target() const noexcept { return data_->target; }
const Scaling& Model::scaling() const noexcept { return data_->scaling; }
const TrainingRecord& Model::record() const noexcept { return data_->record; }

std::size_t Model::networks() const noexcept { return data_->network_count(); }
double Model::temperature() const noexcept { return data_->temperature; }
std::vector<double> Model::shares() const { return data_->shares.empty() ? std::vector<double>{1.0} : data_->shares; }

std::vector<double> Model::weights(int l, std::size_t network) const try {
  return as_doubles(*data_, l, network, [](const auto& p) -> const auto& { return p.W; });
} catch (...) {
  throw_as_error("for a copy of the weights");
}

std::vector<double> Model::biases(int l, std::size_t network) const try {
  return as_doubles(*data_, l, network, [](const auto& p) -> const auto& { return p.b; });
} catch (...) {
  throw_as_error("for a copy of the biases");
}

std::vector<double> Model::slopes(int l, std::size_t network) const try {
  return as_doubles(*data_, l, network, [](const auto& p) -> const auto& { return p.a; });
} catch (...) {
  throw_as_error("for a copy of the slopes");
}

std::vector<LearnedMatrix> Model::stage(std::size_t network) const try {
  return stage_of(*data_, network);
} catch (...) {
  throw_as_error("for a copy of what the stage in front of the layers has learned");
}

}  // namespace strata
