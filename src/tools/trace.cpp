// The trace computes in the model's own precision T: what it shows is what the network computes, not a better version
// of it.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/cpus.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "base/thread_pool.hpp"
#include "features/inputs.hpp"
#include "kernels/registry.hpp"
#include "model/average.hpp"
#include "model/model_data.hpp"
#include "network/step.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"
#include "tools/examined.hpp"

namespace strata {
using namespace internal;
namespace {

template <class T>
TracedMatrix traced(std::string name, std::string equation, std::string file, View<const T> M) {
  const auto rows = static_cast<std::size_t>(M.rows), cols = static_cast<std::size_t>(M.cols);
  TracedMatrix matrix{std::move(name), std::move(equation), std::move(file), rows, cols, {}};
  matrix.values.reserve(matrix.rows * matrix.cols);
  for (Index j = 0; j < M.cols; ++j) matrix.values.insert(matrix.values.end(), M.col(j), M.col(j) + M.rows);
  return matrix;
}

std::string_view scaling_text(const Features& features) {
  if (!is_plain(features)) return "X, each row as beside it";
  switch (features.scaling.kind) {
    case ScaleKind::standard: return "X, each input as (x − mean) / deviation";
    case ScaleKind::divide_255: return "X, each input as x / 255";
    default: return "X";
  }
}

// `piecewise`: the numbers that are embedded are so.
std::string_view text_of(ParameterBlock::Kind kind, bool piecewise) {
  switch (kind) {
    case ParameterBlock::Kind::frequencies: return "F: the frequencies f of each number that is embedded";
    case ParameterBlock::Kind::phases: return "φ: their phases";
    case ParameterBlock::Kind::factors: return "U: the factors of each number that is embedded";
    case ParameterBlock::Kind::mixes:
      return piecewise ? "V: a column for each piece of each number, side by side; e_t(x) = (x − b_{t−1}) / (b_t − "
                         "b_{t−1}), kept from 0 to 1"
                       : "V: the mixes of their cosines, side by side";
    case ParameterBlock::Kind::offsets:
      return piecewise ? "c: what is added for each number" : "c: what is added to each mix";
    case ParameterBlock::Kind::levels: return "E: a column for each level";
    case ParameterBlock::Kind::scales: return "s: the scale of each row of Z[0]";
    default: return "";
  }
}
std::string_view gradient_text_of(ParameterBlock::Kind kind, bool piecewise) {
  switch (kind) {
    case ParameterBlock::Kind::frequencies: return "dF = 1/m Σ −2π x sin(2π f x + φ) * (V dZ[0])";
    case ParameterBlock::Kind::phases: return "dφ = 1/m Σ −sin(2π f x + φ) * (V dZ[0])";
    case ParameterBlock::Kind::factors: return "dU = 1/m Σ x dZ[0]";
    case ParameterBlock::Kind::mixes: return piecewise ? "dV = 1/m Σ dZ[0] e(x)ᵀ" : "dV = 1/m Σ cos(2π f x + φ) dZ[0]ᵀ";
    case ParameterBlock::Kind::offsets: return "dc = 1/m Σ dZ[0]";
    case ParameterBlock::Kind::levels: return "dE = 1/m Σ dZ[0], each example in the column of its level";
    case ParameterBlock::Kind::scales: return "ds = 1/m Σ dA[0] * Z[0]";
    default: return "";
  }
}

// Row i of the embedding of row j of X, both from 1: U(1, 2) X(3) + V(1, 4:9) e(X(3)) + c(1, 2).
std::string piecewise_text(const StageRow& row, std::int64_t i, std::int64_t j) {
  const std::string pieces =
      row.bins == 0 ? "" : fmt::format(" + V({}, {}:{}) e(X({}))", i, row.bin + 1, row.bin + row.bins, j);
  return fmt::format("U({0}, {1}) X({2}){3} + c({0}, {1})", i, row.at + 1, j, pieces);
}

// What the rows of Z[0] are, after those of X.
std::vector<EncodedColumn> rows_of_stage(const Architecture& net, std::span<const EncodedColumn> columns) {
  const InputStage& stage = net.stage;
  std::vector<EncodedColumn> rows;
  std::size_t j = 0;
  for (const StageRow& row : stage_rows(net)) {
    const std::string& name = columns[j++].name;
    const bool keeps_x = row.kind == RowEmbedding::Kind::none || row.kind == RowEmbedding::Kind::periodic;
    if (keeps_x) rows.push_back({name, fmt::format("X({})", j)});
    const std::int64_t count = stage.units_of(row.kind) - (keeps_x ? 1 : 0);
    for (std::int64_t i = 1; i <= count; ++i) {
      const std::string part = fmt::format("{}: {} of {}", name, i, count);
      if (row.kind == RowEmbedding::Kind::levels)
        rows.push_back({part, fmt::format("E({}, X({}) + {})", i, j, row.at + 1)});
      else if (row.kind == RowEmbedding::Kind::piecewise)
        rows.push_back({part, piecewise_text(row, i, static_cast<std::int64_t>(j))});
      else
        rows.push_back({part, fmt::format("V(:, {0})ᵀ cos(2π F(:, {1}) X({2}) + φ(:, {1})) + c({3}, {1})",
                                          row.at * count + i, row.at + 1, j, i)});
    }
  }
  return rows;
}

// Un-fused, as the notes write it: dA[L] = ∂L/∂A[L]. A term with a factor of 0 counts 0, also where it is divided by 0;
// where A[L] is saturated on the wrong side, dA[L] is infinite. The network does not use it: dZ[L] comes from the
// logits. y is smoothed already.
template <class T>
T dA_of_head(Loss loss, T a, T y, T dZ) {
  if (loss == Loss::binary_cross_entropy)
    return (y == T(0) ? T(0) : -y / a) + (y == T(1) ? T(0) : (T(1) - y) / (T(1) - a));
  if (loss == Loss::categorical_cross_entropy) return y == T(0) ? T(0) : -y / a;
  return dZ;  // the head is the identity
}

std::string_view dA_of_head_text(Loss loss) {
  switch (loss) {
    case Loss::binary_cross_entropy: return "dA[{0}] = −({1}/A[{0}] − (1−{1})/(1−A[{0}]))";
    case Loss::categorical_cross_entropy: return "dA[{0}] = −{1}/A[{0}]";
    case Loss::squared_error: return "dA[{0}] = A[{0}] − Y";
    case Loss::absolute_error: return "dA[{0}] = sign(A[{0}] − Y)";
    case Loss::huber: return "dA[{0}] = A[{0}] − Y, from −δ to δ";
    case Loss::quantile: return "dA[{0}] = 1−q where A[{0}] > Y, −q where A[{0}] < Y";
  }
  return "";
}

// Y, or what stands for it in the loss.
std::string smoothed_text(const Architecture& net) {
  const double smoothing = net.loss_parameters.smoothing;
  if (smoothing == 0) return "Y";
  return fmt::format("({} Y + {})", shortest(1 - smoothing), shortest(Objective(net).share(net.outputs)));
}

std::string dZ_of_head_text(const Architecture& net, int L) {
  if (net.head() != Head::identity) return fmt::format("dZ[{0}] = A[{0}] − {1}", L, smoothed_text(net));
  return net.loss == Loss::squared_error ? fmt::format("dZ[{0}] = A[{0}] − Y", L) : fmt::format("dZ[{0}] = dA[{0}]", L);
}

// "1/3 Σ A[2]", or "Σ share A[2]", and what the temperature makes of it.
std::string mean_text(const Model& model) {
  const int L = model.architecture().depth();
  const std::vector<double> shares = model.shares();
  const bool alike = std::ranges::all_of(shares, [&](double share) { return share == shares.front(); });
  const std::string mean =
      fmt::format("{}Σ {}A[{}] of its {} networks", alike ? fmt::format("1/{} ", shares.size()) : "",
                  alike ? "" : "share ", L, shares.size());
  if (model.temperature() == 1) return "A = " + mean;
  return fmt::format("A = {} / {}), M = {}",
                     model.architecture().head() == Head::softmax ? "softmax(log(M)" : "sigmoid(log(M / (1 − M))",
                     shortest(model.temperature()), mean);
}

// What all networks say of X together. `ws`: is written over.
template <class T>
TracedMatrix mean_of(const Model& model, View<const T> X, Workspace<T>& ws, const Kernels<T>& k) {
  const Architecture& net = model.architecture();
  const View<T> A = ws.A[net.depth()];
  std::vector<double> sum(static_cast<std::size_t>(A.size()), 0.0);
  const std::vector<double> shares = model.shares();
  for (std::size_t i = 0; i < shares.size(); ++i) {
    predict(net, std::get<Networks<T>>(model.data().networks)[i], X, ws, k);
    add_output(sum, A.data, shares[i]);
  }
  mean_output(sum, net.head(), A.rows, model.temperature(), A.data);
  return traced("A", mean_text(model), "mean", View<const T>(A));
}

// One pass over a batch: forward, and backward where there is a Y.
template <class T>
Trace trace_of(const Model& model, Examined<T> of, std::optional<int> only) {
  const Architecture& net = of.net;
  const int L = net.depth();
  const Batch<T> batch = of.batch();
  const bool forward_only = batch.Y.rows == 0;
  ThreadPool pool(chosen_threads(0));
  const auto k = make_kernels<T>(chosen_kernels(), model.precision(), pool);
  Workspace<T> ws(net, batch.m(), Keep::all);
  Parameters<T> gradient(net);
  const Parameters<T>& d = gradient;
  Trace trace{static_cast<std::size_t>(batch.m()), std::numeric_limits<double>::quiet_NaN(), {}, {}};
  if (forward_only) {
    predict(net, of.p, batch.X, ws, *k);
  } else {
    trace.cost = train_step(net, of.p, batch, of.lambda, ws, *k, gradient);
  }
  const bool piecewise = of.p.stage_block(ParameterBlock::Kind::factors) != nullptr;
  for (int l = 0; l <= L; ++l) {
    if (only && *only != l) continue;
    const bool slopes = l > 0 && l < L && net.layer(l).learned_slope, stage = l == 0 && !net.stage.empty();
    const std::string g(l == 0 ? "input" : l == L ? name(net.head()) : name(net.layer(l).activation));
    TracedLayer& layer = trace.layers.emplace_back(TracedLayer{l, g, {}});
    const auto add_file = [&](std::string name, std::string equation, std::string file, View<const T> M) {
      layer.matrices.push_back(traced(std::move(name), std::move(equation), std::move(file), M));
    };
    const auto add = [&](const std::string& name, std::string equation, View<const T> M) {
      add_file(name, std::move(equation), name + std::to_string(l), M);
    };
    const auto add_alone = [&](const std::string& name, std::string equation, View<const T> M) {
      add_file(name, std::move(equation), name, M);
    };
    std::vector<T> memory;
    View<T> dA;
    if (!forward_only && (l > 0 || stage)) {
      memory.resize(static_cast<std::size_t>(ws.A[l].size()));
      dA = {memory.data(), ws.A[l].rows, ws.A[l].cols};
      if (l < L) k->linear_backward_input(of.p.W[l + 1], ws.dZ[l + 1], dA);
    }
    if (l == 0) {
      add_alone("X", (stage ? "" : "A[0] = ") + std::string(scaling_text(model.features())), batch.X);
      if (!is_plain(model.features())) layer.matrices.back().meaning = encoded_columns(model.features());
      if (stage) {
        for (const ParameterBlock& block : of.p.blocks())
          if (block.layer == 0)
            add_alone(block.name(), std::string(text_of(block.kind, piecewise)), std::as_const(of.p).view(block));
        add("Z", "Z[0] = e(X), each row as beside it", ws.Z[0]);
        layer.matrices.back().meaning = rows_of_stage(net, encoded_columns(model.features()));
        add("A", net.stage.scales ? "A[0] = s * Z[0]" : "A[0] = Z[0]", ws.A[0]);
      }
      if (forward_only) continue;
      add_alone("Y", "Y", batch.Y);
      if (!stage) continue;
      add("dA", "dA[0] = W[1]ᵀ dZ[1]", dA);
      add("dZ", net.stage.scales ? "dZ[0] = s * dA[0]" : "dZ[0] = dA[0]", ws.dZ[0]);
      for (const ParameterBlock& block : d.blocks())
        if (block.layer == 0)
          add_alone("d" + block.name(), std::string(gradient_text_of(block.kind, piecewise)), d.view(block));
      continue;
    }
    add("Z", fmt::format("Z[{0}] = W[{0}] A[{1}] + b[{0}]", l, l - 1), ws.Z[l]);
    const std::string slopes_file = fmt::format("slopes{}", l);
    if (slopes) add_file("a", fmt::format("a[{}]: the slope of each unit", l), slopes_file, of.p.a[l]);
    add("A",
        fmt::format(fmt::runtime(slopes ? "A[{0}] = Z[{0}] + a[{0}] * ({1}(Z[{0}]) − Z[{0}])" : "A[{0}] = {1}(Z[{0}])"),
                    l, g),
        ws.A[l]);
    if (forward_only) continue;

    if (l == L) {
      for (Index j = 0; j < dA.cols; ++j) {
        for (Index i = 0; i < dA.rows; ++i) {
          const Objective by(net);
          const T y = static_cast<T>(1 - by.smoothing) * batch.Y(i, j) + static_cast<T>(by.share(net.outputs));
          dA(i, j) = dA_of_head(net.loss, ws.A[L](i, j), y, ws.dZ[L](i, j));
        }
      }
      add("dA", fmt::format(fmt::runtime(dA_of_head_text(net.loss)), L, smoothed_text(net)), dA);
      add("dZ", dZ_of_head_text(net, L), ws.dZ[L]);
    } else {
      add("dA", fmt::format("dA[{0}] = W[{1}]ᵀ dZ[{1}]", l, l + 1), dA);
      add("dZ",
          fmt::format(fmt::runtime(slopes ? "dZ[{0}] = dA[{0}] * (1 + a[{0}] * ({1}'(Z[{0}]) − 1))"
                                          : "dZ[{0}] = dA[{0}] * {1}'(Z[{0}])"),
                      l, g),
          ws.dZ[l]);
    }
    const std::string penalty = of.lambda != 0 ? fmt::format(" + λ/m W[{}], λ = {}", l, shortest(of.lambda)) : "";
    add("dW", fmt::format("dW[{0}] = 1/m dZ[{0}] A[{1}]ᵀ{2}", l, l - 1, penalty), d.W[l]);
    add("db", fmt::format("db[{0}] = 1/m Σ dZ[{0}]", l), d.b[l]);
    if (slopes)
      add_file("da", fmt::format("da[{0}] = 1/m Σ dA[{0}] * ({1}(Z[{0}]) − Z[{0}])", l, g), "d" + slopes_file, d.a[l]);
  }
  if (model.networks() > 1 && (!only || *only == L)) trace.mean = mean_of<T>(model, batch.X, ws, *k);
  return trace;
}

}  // namespace

Trace trace(const Model& model, const Table& table, std::optional<std::size_t> example, std::optional<int> layer,
            std::size_t network) try {
  const int L = model.architecture().depth();
  if (layer && (*layer < 0 || *layer > L)) {
    throw Error(
        ErrorCode::usage,
        fmt::format("there is no layer {}: this network has layers 1 to {}, and layer 0 is its input", *layer, L));
  }
  if (example && *example >= table.rows()) {
    throw Error(ErrorCode::usage, fmt::format("there is no example {}: {} has {} rows, counted from 0", *example,
                                              printable(table.source()), table.rows()));
  }
  const std::vector<std::string>& target = model.target().names;
  const bool has_target =
      std::any_of(target.begin(), target.end(), [&](const std::string& name) { return table.find(name); });
  return std::visit(
      [&]<class T>(const Networks<T>&) {
        const std::size_t count = example ? 1 : table.rows();
        return trace_of(model, examined<T>(model, table, example.value_or(0), count, has_target, network), layer);
      },
      model.data().networks);
} catch (...) {
  throw_as_error("for every matrix of the network; trace one example, or fewer rows");
}

}  // namespace strata
