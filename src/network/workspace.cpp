#include "network/workspace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "base/checked.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "kernels/kernels.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// Where each matrix of a layer begins, in numbers, for one example; the plan is this table times largest_m. H = g(Z)
// is A, unless dropout makes another A of it.
struct Places {
  std::size_t Z, H, A, dZ;
};

struct Plan {
  std::vector<Places> layers;  // [l], l = 0 … L; 0 is used where there is a stage
  std::size_t rows = 0;        // numbers an example, in all
};

Plan make_plan(const Architecture& net, Keep keep) {
  const int L = net.depth();
  Plan plan;
  plan.layers.resize(static_cast<std::size_t>(L) + 1);
  const auto take = [&](std::size_t rows) {
    const std::size_t begin = plan.rows;
    plan.rows = checked_add(plan.rows, rows, "the size of the workspace");
    return begin;
  };
  std::size_t widest = 0;
  const bool stage = !net.stage.empty();
  for (int l = stage ? 0 : 1; l <= L; ++l) widest = std::max(widest, static_cast<std::size_t>(net.units(l)));

  // Buffers that layers take turns in: l and l − 1 are never in the same one.
  std::array<std::size_t, 2> turns{}, dZ_turns{};
  if (keep == Keep::forward) turns = {take(widest), take(widest)};
  if (keep == Keep::backward) dZ_turns = {take(widest), take(widest)};

  if (stage) {  // in prediction A[0] takes the place of Z[0]
    const auto n = static_cast<std::size_t>(net.units(0));
    Places& at = plan.layers[0];
    at.A = keep == Keep::forward ? turns[0] : take(n);
    at.Z = net.stage.scales && keep != Keep::forward ? take(n) : at.A;
    at.dZ = keep == Keep::forward ? turns[0] : keep == Keep::all ? take(n) : dZ_turns[0];
  }
  for (int l = 1; l <= L; ++l) {
    Places& at = plan.layers[static_cast<std::size_t>(l)];
    const auto n = static_cast<std::size_t>(net.units(l));
    const auto turn = static_cast<std::size_t>(l % 2);
    switch (keep) {
      case Keep::forward:
        at = {turns[turn], turns[turn], turns[turn], turns[1 - turn]};  // dZ[L] where A[L−1] was
        break;
      case Keep::backward:
      case Keep::all: {
        const bool from_Z = l < L && (net.layer(l).learned_slope || !derivative_from_output(net.layer(l).activation));
        const bool drops = l < L && net.layer(l).dropout > 0;
        at.A = take(n);
        at.H = drops && !from_Z ? take(n) : at.A;
        at.Z = from_Z || keep == Keep::all ? take(n) : at.H;
        at.dZ = keep == Keep::all ? take(n) : dZ_turns[turn];
        break;
      }
    }
  }
  return plan;
}

}  // namespace

std::vector<StageRow> stage_rows(const Architecture& net) {
  std::vector<StageRow> rows;
  if (net.stage.empty()) return rows;
  Index to = 0, numbers = 0, levels = 0, bins = 0;
  for (int i = 0; i < net.inputs; ++i) {
    const RowEmbedding row = net.stage.rows.empty() ? RowEmbedding() : net.stage.rows[static_cast<std::size_t>(i)];
    const bool is_code = row.kind == RowEmbedding::Kind::levels;
    rows.push_back({row.kind, to, is_code ? levels : numbers, row.levels, bins, row.bins()});
    to += static_cast<Index>(net.stage.units_of(row.kind));
    numbers += is_code || row.kind == RowEmbedding::Kind::none ? 0 : 1;
    levels += row.levels;
    bins += row.bins();
  }
  return rows;
}

template <class T>
std::vector<T> stage_edges(const Architecture& net) {
  std::vector<T> edges;
  for (const RowEmbedding& row : net.stage.rows)
    for (const double edge : row.edges) edges.push_back(static_cast<T>(edge));
  return edges;
}

std::size_t workspace_numbers(const Architecture& net, Keep keep) { return make_plan(net, keep).rows; }

template <class T>
Workspace<T>::Workspace(const Architecture& net, Index largest_m, Keep keep)
    : Z(net.depth()),
      A(net.depth()),
      dZ(net.depth()),
      g(static_cast<std::size_t>(net.depth())),
      L_(net.depth()),
      largest_m_(largest_m),
      rates_(g.size()) {
  const Plan plan = make_plan(net, keep);
  const auto m = static_cast<std::size_t>(largest_m);
  const std::size_t count = checked_multiply(plan.rows, m, "the size of the workspace");
  try {
    memory_.resize(count);
  } catch (const std::exception&) {
    throw Error(ErrorCode::memory,
                fmt::format("no memory for the layers' activations: {} examples take {:.1f} GB; use a smaller {}",
                            largest_m, static_cast<double>(count) * sizeof(T) / 1e9, spelled("batch-size")));
  }
  rows_ = stage_rows(net);
  stage.rows = rows_;
  edges_ = stage_edges<T>(net);
  stage.edges = edges_.data();
  std::size_t words = 0;  // of bits, an example
  for (int l = rows_.empty() ? 1 : 0; l <= L_; ++l) {
    const Places& at = plan.layers[static_cast<std::size_t>(l)];
    const auto view = [&](std::size_t place) { return View<T>(memory_.data() + place * m, net.units(l), largest_m); };
    Z[l] = view(at.Z);
    A[l] = view(at.A);
    dZ[l] = view(at.dZ);
    if (l == 0 || l == L_) continue;
    Pointwise<T>& layer = g[static_cast<std::size_t>(l)];
    layer.activation = net.layer(l).activation;
    if (keep == Keep::forward || net.layer(l).dropout == 0) continue;
    rates_[static_cast<std::size_t>(l)] = net.layer(l).dropout;
    layer.dropout.H = view(at.H);
    layer.dropout.words = (net.units(l) + 63) / 64;
    words += static_cast<std::size_t>(layer.dropout.words);
  }
  kept_.resize(words * m);
  std::uint64_t* kept = kept_.data();
  for (Pointwise<T>& layer : g) {
    layer.dropout.kept = kept;
    kept += layer.dropout.words * largest_m;
  }
}

template <class T>
void Workspace<T>::set_input(const Parameters<T>& p, View<const T> X, const Pass& pass) {
  assert(X.cols <= largest_m_);
  stage.p = p.stage();
  for (std::size_t l = 1; l < g.size(); ++l) {
    g[l].slope = p.a[static_cast<int>(l)];
    Dropout<T>& dropout = g[l].dropout;
    dropout.rate = pass.training ? rates_[l] * pass.dropout : 0;
    if (dropout.rate == 0) continue;
    assert(pass.rows != nullptr);
    dropout.key = CounterRandom(pass.seed, RandomPurpose::dropout, static_cast<std::uint32_t>(l))
                      .key(static_cast<std::uint64_t>(pass.step));
    dropout.rows = pass.rows;
    dropout.H.cols = X.cols;
  }
  for (int l = 0; l <= L_; ++l) Z[l].cols = A[l].cols = dZ[l].cols = X.cols;
  if (rows_.empty()) A[0] = {const_cast<T*>(X.data), X.rows, X.cols, X.ld};  // a view among the others, and only read
}

template std::vector<float> stage_edges(const Architecture&);
template std::vector<double> stage_edges(const Architecture&);
template class Workspace<float>;
template class Workspace<double>;

}  // namespace strata::internal
