#include "train/unseen.hpp"

#include <algorithm>

#include "network/workspace.hpp"

namespace strata::internal {
namespace {

// use(x) with each column of X.
template <class T, class Use>
void for_each_example(Examples<T>& examples, const Use& use) {
  constexpr Index kBlock = 256;
  for (Index first = 0; first < examples.m(); first += kBlock) {
    const View<const T> X = examples.range(first, std::min(kBlock, examples.m() - first)).X;
    for (Index i = 0; i < X.cols; ++i) use(X.col(i));
  }
}

int levels_of(const Architecture& net, std::size_t column) {
  return net.stage.rows.empty() ? 0 : net.stage.rows[column].levels;
}

}  // namespace

template <class T>
Unseen unseen_in(Examples<T>& trained, Examples<T>& held, const Architecture& net) {
  std::vector<Unseen::Constant> one;             // the columns that are one number so far
  std::vector<std::vector<bool>> seen, has_new;  // of each column: its codes
  bool is_first = true;
  for_each_example(trained, [&](const T* x) {
    for (std::size_t j = 0; is_first && j < static_cast<std::size_t>(net.inputs); ++j) {
      seen.emplace_back(static_cast<std::size_t>(levels_of(net, j)));
      if (seen.back().empty()) one.push_back({j, static_cast<double>(x[j])});
    }
    is_first = false;
    std::erase_if(one, [x](const Unseen::Constant& each) { return static_cast<double>(x[each.column]) != each.value; });
    for (std::size_t j = 0; j < seen.size(); ++j)
      if (x[j] >= T(0) && x[j] < static_cast<T>(seen[j].size())) seen[j][static_cast<std::size_t>(x[j])] = true;
  });
  std::vector<bool> varies(one.size());
  has_new.resize(seen.size());
  for (std::size_t j = 0; j < seen.size(); ++j) has_new[j].resize(seen[j].size());
  for_each_example(held, [&](const T* x) {
    for (std::size_t i = 0; i < one.size(); ++i)
      varies[i] = varies[i] || static_cast<double>(x[one[i].column]) != one[i].value;
    for (std::size_t j = 0; j < seen.size(); ++j)
      if (x[j] >= T(0) && x[j] < static_cast<T>(seen[j].size()) && !seen[j][static_cast<std::size_t>(x[j])])
        has_new[j][static_cast<std::size_t>(x[j])] = true;
  });
  Unseen unseen;
  for (std::size_t i = 0; i < one.size(); ++i)
    if (varies[i]) unseen.constants.push_back(one[i]);
  for (std::size_t j = 0; j < has_new.size(); ++j)
    for (std::size_t level = 0; level < has_new[j].size(); ++level)
      if (has_new[j][level]) unseen.levels.push_back({j, level});
  return unseen;
}

template <class T>
void hide(const Unseen& unseen, const Architecture& net, Examples<T>& held) {
  if (unseen.empty()) return;
  held.set_edit([unseen, &net](T* x) {
    for (const auto& [column, value] : unseen.constants) x[column] = static_cast<T>(value);
    for (const auto& [column, level] : unseen.levels)
      if (x[column] == static_cast<T>(level)) x[column] = static_cast<T>(levels_of(net, column) - 1);
  });
}

template <class T>
void settle(const Unseen& unseen, const Architecture& net, const Kernels<T>& k, Parameters<T>& p) {
  if (unseen.empty()) return;
  const std::vector<StageRow> rows = stage_rows(net);
  for (const auto& [column, level] : unseen.levels) {
    const View<T> E = p.view(*p.stage_block(ParameterBlock::Kind::levels));
    const StageRow& row = rows[column];
    std::copy_n(E.col(row.at + row.levels - 1), E.rows, E.col(row.at + static_cast<Index>(level)));
  }
  std::vector<T> x(static_cast<std::size_t>(net.inputs));
  for (const auto& [column, value] : unseen.constants) x[column] = static_cast<T>(value);
  const View<const T> X(x.data(), net.inputs, 1);
  Workspace<T> ws(net, 1, Keep::backward);
  ws.set_input(p, X);
  if (!net.stage.empty()) k.stage_forward(ws.stage, X, ws.Z[0], ws.A[0]);
  std::vector<double> sum(static_cast<std::size_t>(p.W[1].rows));
  for (const auto& [column, value] : unseen.constants) {
    const Index to = rows.empty() ? static_cast<Index>(column) : rows[column].to;
    const Index units = rows.empty() ? 1 : static_cast<Index>(net.stage.units_of(rows[column].kind));
    for (Index unit = to; unit < to + units; ++unit) {
      const auto a = static_cast<double>(ws.A[0].col(0)[unit]);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(p.W[1].col(unit)[i]) * a;
      std::fill_n(p.W[1].col(unit), p.W[1].rows, T(0));
    }
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    p.b[1].data[i] = static_cast<T>(static_cast<double>(p.b[1].data[i]) + sum[i]);
}

template Unseen unseen_in(Examples<float>&, Examples<float>&, const Architecture&);
template Unseen unseen_in(Examples<double>&, Examples<double>&, const Architecture&);
template void hide(const Unseen&, const Architecture&, Examples<float>&);
template void hide(const Unseen&, const Architecture&, Examples<double>&);
template void settle(const Unseen&, const Architecture&, const Kernels<float>&, Parameters<float>&);
template void settle(const Unseen&, const Architecture&, const Kernels<double>&, Parameters<double>&);

}  // namespace strata::internal
