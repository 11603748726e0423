#include "train/initial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>

#include "base/text.hpp"
#include "data/formats.hpp"
#include "network/initialize.hpp"
#include "strata/data.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// Has a Layer it?
bool is_of_layer(const ParameterBlock& block) {
  return block.kind == ParameterBlock::Kind::weights || block.kind == ParameterBlock::Kind::biases;
}

// "W1" of an .npz file. The columns of a (n, 1) vector may be left out. Nothing: there is no such array.
std::optional<Matrix> read_array(FileReader& file, const ParameterBlock& block, std::vector<std::string>& names) {
  bool found = false;
  const FieldChooser choose = [&](std::span<const Field> available) -> std::vector<std::string> {
    names.clear();
    for (const Field& field : available) names.push_back(field.name);
    found = std::ranges::find(names, block.name()) != names.end();
    return {found || names.empty() ? block.name() : names.front()};  // of no array read_table says so
  };
  const Table table = read_table(file, Request{choose});
  if (!found) return std::nullopt;
  const Field& field = table.field(block.name());
  const Field* const fields[] = {&field};
  table.require_numbers(fields);
  Matrix matrix(static_cast<std::ptrdiff_t>(table.rows()), static_cast<std::ptrdiff_t>(field.width()));
  for (std::size_t i = 0; i < table.rows(); ++i) {
    for (std::size_t k = 0; k < field.width(); ++k) {
      matrix(static_cast<std::ptrdiff_t>(i), static_cast<std::ptrdiff_t>(k)) = table.number(field, i, k);
    }
  }
  return matrix;
}

template <class T>
void take(const Matrix& from, const ParameterBlock& block, View<T> to) {
  if (from.rows() != to.rows || from.cols() != to.cols) {
    throw Error(ErrorCode::shape, fmt::format("the initial {} is ({}, {}), and in this network it must be ({}, {})",
                                              block.letter(), from.rows(), from.cols(), to.rows, to.cols));
  }
  for (std::size_t x = 0; x < block.size(); ++x) {
    to.data[x] = static_cast<T>(from.data()[x]);
    if (!std::isfinite(to.data[x])) {
      throw Error(ErrorCode::value, fmt::format("the initial {} is {}; expected a finite number", block.element(x),
                                                shortest(from.data()[x])));
    }
  }
}

// The arrays of a file: W and b of every layer; the stage and the slopes stay as they are where they are not in it.
template <class T>
void take_file(const std::filesystem::path& name, Parameters<T>& p) {
  FileReader file = open_data(name);
  file.make_seekable();  // every array is read for itself
  std::vector<std::string> names;
  std::vector<std::optional<Matrix>> arrays;
  for (const ParameterBlock& block : p.blocks()) {
    arrays.push_back(read_array(file, block, names));
    if (arrays.back() || !is_of_layer(block)) continue;
    throw Error(ErrorCode::usage,
                fmt::format("{}: there is no array '{}'; W[l] and b[l] are to be named W1, b1, W2, …\n"
                            "the file has: {}",
                            spelled("initializer", file.name()), block.name(), joined(names)));
  }
  for (std::size_t x = 0; x < arrays.size(); ++x)
    if (arrays[x]) take(*arrays[x], p.blocks()[x], p.view(p.blocks()[x]));
}

// Of the examples, evenly spread over them.
template <class T>
void start_from(const TrainingRows<T>& rows, const Architecture& net, std::uint64_t seed, Parameters<T>& p) {
  assert(rows.examples != nullptr && rows.kernels != nullptr);
  Examples<T>& examples = *rows.examples;
  const Index m = examples.m(), count = examples_for_start(net, m);
  std::vector<T> X(static_cast<std::size_t>(count * examples.n_x())),
      Y(static_cast<std::size_t>(count * examples.n_y()));
  // (Two steps, so that nothing overflows: j·m does where there are very many.)
  const auto number = [&](Index j) { return j * (m / count) + j * (m % count) / count; };
  examples.gather(count, number, X.data(), Y.data());
  initialize_by<T>({X.data(), examples.n_x(), count}, net, seed, *rows.kernels, p);
}

}  // namespace

template <class T>
Parameters<T> initial_parameters(const Architecture& net, const NetworkOptions& options, const Start& start,
                                 TrainingRows<T> rows) {
  if (!start.theta.empty()) {
    Parameters<T> p(net);
    assert(start.theta.size() == p.theta().size());
    std::ranges::transform(start.theta, p.theta().begin(), [](double each) { return static_cast<T>(each); });
    return p;
  }
  const bool from_file = start.layers.empty() && options.initializer.kind == Initializer::Kind::arrays;
  if (start.layers.empty() && !from_file) {
    Parameters<T> p = initialize<T>(net, options.initializer, options.random, options.seed);
    if (options.initializer.kind == Initializer::Kind::data) start_from(rows, net, options.seed, p);
    return p;
  }
  Parameters<T> p = initialize<T>(net, {Initializer::Kind::zeros}, RandomStream::strata, options.seed);
  if (from_file) {
    take_file(options.initializer.file, p);
    return p;
  }
  if (start.layers.size() != static_cast<std::size_t>(net.depth())) {
    throw Error(ErrorCode::shape, fmt::format("the initial weights have {} layers, and the network has {}",
                                              start.layers.size(), net.depth()));
  }
  for (const ParameterBlock& block : p.blocks()) {
    if (!is_of_layer(block)) continue;
    const Layer& layer = start.layers[static_cast<std::size_t>(block.layer - 1)];
    take(block.kind == ParameterBlock::Kind::weights ? layer.W : layer.b, block, p.view(block));
  }
  return p;
}

template Parameters<float> initial_parameters(const Architecture&, const NetworkOptions&, const Start&,
                                              TrainingRows<float>);
template Parameters<double> initial_parameters(const Architecture&, const NetworkOptions&, const Start&,
                                               TrainingRows<double>);

}  // namespace strata::internal
