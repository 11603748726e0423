#include "train/initial.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "base/text.hpp"
#include "data/formats.hpp"
#include "strata/data.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// "W1" of an .npz file. The columns of a (n, 1) bias may be left out.
Matrix read_array(FileReader& file, const std::string& name) {
  const FieldChooser choose = [&](std::span<const Field> available) -> std::vector<std::string> {
    std::vector<std::string> names;
    for (const Field& field : available) names.push_back(field.name);
    for (const std::string& each : names) {
      if (each == name) return {name};
    }
    throw Error(ErrorCode::usage,
                fmt::format("{}: there is no array '{}'; W[l] and b[l] are to be named W1, b1, W2, …\n"
                            "the file has: {}",
                            spelled("initializer", file.name()), name, joined(names)));
  };
  const Table table = read_table(file, Request{choose});
  const Field& field = table.field(name);
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

std::vector<Layer> read_arrays(const Architecture& net, const std::filesystem::path& file) {
  FileReader reader = open_data(file);
  reader.make_seekable();  // every array is read for itself
  std::vector<Layer> layers;
  for (const ParameterBlock& block : blocks_of(net)) {
    const bool is_W = block.kind == ParameterBlock::Kind::weights;
    if (is_W) layers.emplace_back();
    (is_W ? layers.back().W : layers.back().b) = read_array(reader, block.name());
  }
  return layers;
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

}  // namespace

template <class T>
Parameters<T> initial_parameters(const Architecture& net, const NetworkOptions& options,
                                 const std::vector<Layer>& given) {
  const bool from_file = given.empty() && options.initializer.kind == Initializer::Kind::arrays;
  if (given.empty() && !from_file) return initialize<T>(net, options.initializer, options.random, options.seed);
  const std::vector<Layer> own = from_file ? read_arrays(net, options.initializer.file) : given;
  if (own.size() != static_cast<std::size_t>(net.depth())) {
    throw Error(ErrorCode::shape,
                fmt::format("the initial weights have {} layers, and the network has {}", own.size(), net.depth()));
  }
  Parameters<T> p(net);
  for (const ParameterBlock& block : p.blocks()) {
    const Layer& layer = own[static_cast<std::size_t>(block.layer - 1)];
    take(block.kind == ParameterBlock::Kind::weights ? layer.W : layer.b, block, p.view(block));
  }
  return p;
}

template Parameters<float> initial_parameters(const Architecture&, const NetworkOptions&, const std::vector<Layer>&);
template Parameters<double> initial_parameters(const Architecture&, const NetworkOptions&, const std::vector<Layer>&);

}  // namespace strata::internal
