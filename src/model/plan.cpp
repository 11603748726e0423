#include "model/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/cpus.hpp"
#include "base/text.hpp"
#include "base/thread_pool.hpp"
#include "features/encode.hpp"
#include "kernels/reference.hpp"
#include "kernels/registry.hpp"
#include "model/average.hpp"
#include "network/step.hpp"
#include "network/workspace.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr Index kMostColumns = 256;
constexpr Index kMostNumbers = 1 << 22;  // in the widest layer, as long as that leaves kFewestColumns
constexpr Index kFewestColumns = 16;
constexpr double kSmallWork = 1 << 21;  // multiply-adds of all examples: some 30 µs of one thread

// `in_units`: its outputs are in those of the target.
template <class T>
std::unique_ptr<PreparedNetwork<T>> prepare_one(const Architecture& net, const Parameters<T>& p, Precision precision,
                                                const Features& features, bool in_units) {
  NetworkValues<T> values;
  const int L = net.depth();
  for (int l = 1; l <= L; ++l) {
    if (l < L)
      values.layers.push_back({p.W[l], p.b[l], net.layer(l).activation, p.a[l]});
    else
      values.layers.push_back({p.W[l], p.b[l]});
  }
  const std::vector<StageRow> stage = stage_rows(net);
  const std::vector<T> edges = stage_edges<T>(net);
  values.stage = {stage, p.stage(), edges.data()};
  values.head = net.head();
  std::vector<double> offset, divisor;
  if (is_plain(features)) offset = features.scaling.offset, divisor = features.scaling.divisor;
  if (is_plain(features) && features.scaling.kind == ScaleKind::divide_255) {
    offset.assign(static_cast<std::size_t>(net.inputs), 0.0);
    divisor.assign(static_cast<std::size_t>(net.inputs), 255.0);
  }
  values.input_offset = offset;
  values.input_divisor = divisor;
  if (in_units) values.output_offset = features.target.offset, values.output_divisor = features.target.divisor;
  return prepare_network<T>(chosen_kernels(), precision, values);
}

// The same of several networks: the loss is that of their mean.
template <class T>
void for_each_mean(const Ensemble<T>& of, Examples<T>& examples, Index columns, const Kernels<T>& k,
                   const UseOutputs<T>& use, std::vector<double>* losses) {
  const int L = of.net.depth();
  const Index n_y = of.net.outputs, most = std::min(columns, std::max<Index>(examples.m(), 1));
  Workspace<T> ws(of.net, most, Keep::forward);
  std::vector<double> sums(static_cast<std::size_t>(n_y * most));
  std::vector<T> logits(sums.size());
  for (Index j = 0; j < examples.m(); j += columns) {
    const auto [X, Y, w] = examples.range(j, std::min(columns, examples.m() - j));
    const std::span sum(sums.data(), static_cast<std::size_t>(n_y * X.cols));
    std::ranges::fill(sum, 0.0);
    for (std::size_t i = 0; i < of.networks.size(); ++i) {
      predict(of.net, of.networks[i], X, ws, k);
      add_output(sum, ws.A[L].data, of.shares[i]);
    }
    mean_output(sum, of.net.head(), n_y, of.temperature, ws.A[L].data);
    const View<T> Z(logits.data(), n_y, X.cols);
    use(j, ws.A[L], Y, w, Y.rows > 0 ? loss_of_outputs<T>(of.net, ws.A[L], Y, w, Z, losses) : 0.0);
  }
}

}  // namespace

template <class T>
std::vector<std::unique_ptr<PreparedNetwork<T>>> Plan<T>::prepare() const {
  std::vector<std::unique_ptr<PreparedNetwork<T>>> prepared;
  for (const Parameters<T>& p : of.networks)
    prepared.push_back(prepare_one(of.net, p, precision, features, of.networks.size() == 1));
  return prepared;
}

template <class T>
Index Plan<T>::columns() const {
  Index widest = 1;
  for (int l = 0; l <= of.net.depth(); ++l) widest = std::max<Index>(widest, of.net.units(l));
  return std::clamp(kMostNumbers / widest, kFewestColumns, kMostColumns);
}

template <class T>
void Plan<T>::run(Examples<T>& examples, int threads, const UseOutputs<T>& use, std::vector<double>* losses) const {
  std::size_t used = 0;
  for (const Parameters<T>& p : of.networks)
    used += p.theta().size() - static_cast<std::size_t>(p.stage().E.size());  // of E a few columns
  const double work = static_cast<double>(used) * static_cast<double>(examples.m());
  ThreadPool pool(chosen_threads(threads, work < kSmallWork));
  const auto kernels = make_kernels<T>(chosen_kernels(), precision, pool);
  for_each_output<T>(
      of, examples, columns(), *kernels,
      [&](Index first, View<const T> A, View<const T> Y, const double* w, double loss) {
        for (Index i = 0; i < A.cols; ++i) {
          for (Index k = 0; k < A.rows; ++k) {
            const auto a =
                static_cast<T>(in_units(features.target, static_cast<std::size_t>(k), static_cast<double>(A(k, i))));
            if (!std::isfinite(a)) refuse_output(examples.where(first + i), static_cast<double>(a));
          }
        }
        use(first, A, Y, w, loss);
      },
      losses);
}

template <class T>
T Plan<T>::in_target_units(T a, Index k) const {
  const auto at = static_cast<std::size_t>(k);
  return static_cast<T>(kept_within(features.target, at, in_units(features.target, at, static_cast<double>(a))));
}

template <class T>
void for_each_output(const Ensemble<T>& of, Examples<T>& examples, Index columns, const Kernels<T>& k,
                     const UseOutputs<T>& use, std::vector<double>* losses) {
  if (of.networks.size() > 1) return for_each_mean(of, examples, columns, k, use, losses);
  const Architecture& net = of.net;
  const Parameters<T>& p = of.networks.front();
  const int L = net.depth();
  Workspace<T> ws(net, std::min(columns, std::max<Index>(examples.m(), 1)), Keep::forward);
  for (Index j = 0; j < examples.m(); j += columns) {
    const auto [X, Y, w] = examples.range(j, std::min(columns, examples.m() - j));
    ws.loss = 0;
    if (Y.rows == 0) {
      predict(net, p, X, ws, k);
    } else {
      forward(net, p, {X}, ws, k);
      const Objective objective(net, w);
      for (Index i = 0; losses != nullptr && i < Y.cols; ++i)  // before A[L] takes the place of Z[L]
        losses->push_back(reference::loss_of_example(objective, ws.Z[L].col(i), Y.col(i), Y.rows));
      k.loss_head(objective, ws.Z[L], Y, ws.A[L], ws.dZ[L], &ws.loss);
    }
    use(j, ws.A[L], Y, w, ws.loss);
  }
}

template <class T>
double loss_of_outputs(const Architecture& net, View<const T> A, View<const T> Y, const double* w, View<T> Z,
                       std::vector<double>* losses) {
  logits_of<T>(A, net.head(), Z);
  const Objective objective(net);
  double loss = 0;
  for (Index i = 0; i < Y.cols; ++i) {
    const double own = reference::loss_of_example<T>(objective, Z.col(i), Y.col(i), Y.rows);
    if (losses != nullptr) losses->push_back(own);
    loss += (w == nullptr ? 1.0 : w[i]) * own;
  }
  return loss;
}

void refuse_output(const std::string& where, double output) {
  throw Error(ErrorCode::value, fmt::format("{}: the network's output for this example is {}; its inputs are far "
                                            "outside what the network was trained on",
                                            where, shortest(output)));
}

template struct Plan<float>;
template struct Plan<double>;
template void for_each_output(const Ensemble<float>&, Examples<float>&, Index, const Kernels<float>&,
                              const UseOutputs<float>&, std::vector<double>*);
template void for_each_output(const Ensemble<double>&, Examples<double>&, Index, const Kernels<double>&,
                              const UseOutputs<double>&, std::vector<double>*);
template double loss_of_outputs(const Architecture&, View<const float>, View<const float>, const double*, View<float>,
                                std::vector<double>*);
template double loss_of_outputs(const Architecture&, View<const double>, View<const double>, const double*,
                                View<double>, std::vector<double>*);

}  // namespace strata::internal
