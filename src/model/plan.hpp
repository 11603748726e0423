// The plan of prediction, for all who predict: the features make x of raw inputs, the layers and the head make a of x,
// and the target's scale is undone.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/view.hpp"
#include "features/examples.hpp"
#include "kernels/kernels.hpp"
#include "kernels/prepared.hpp"
#include "model/model_data.hpp"
#include "network/parameters.hpp"

namespace strata::internal {

/// Networks of one architecture that see the same X, and how their outputs become one. Borrowed.
template <class T>
struct Ensemble {
  const Architecture& net;
  std::span<const Parameters<T>> networks;
  std::span<const double> shares = {};  // of each; one network: none
  double temperature = 1;
};

/// The outputs A[L] for all examples, `columns` at a time: use(first, A, Y, w, loss), with Σ_i w_i L(A[L]^(i), Y^(i))
/// of these examples; without a target Y has no rows, and there is no loss. `losses`: gets L of each example.
template <class T>
using UseOutputs = std::function<void(Index first, View<const T> A, View<const T> Y, const double* w, double loss)>;
template <class T>
void for_each_output(const Ensemble<T>& of, Examples<T>& examples, Index columns, const Kernels<T>& k,
                     const UseOutputs<T>& use, std::vector<double>* losses = nullptr);

/// Σ_i w_i L(A^(i), Y^(i)) of outputs A[L] (n_y, m), which may be means. `Z` (n_y, m): scratch. `losses`: as above.
template <class T>
[[nodiscard]] double loss_of_outputs(const Architecture& net, View<const T> A, View<const T> Y, const double* w,
                                     View<T> Z, std::vector<double>* losses = nullptr);

/// Borrows its parts. Two ways to carry it out give the same bits: with the weights where they are, each product shared
/// by the threads, or with a copy of the weights laid out for the kernels, which pays when it is used again and again.
template <class T>
struct Plan {
  Ensemble<T> of;
  Precision precision;
  const Features& features;

  /// The copy of each network, from raw inputs where these are plain (is_plain), else from their columns of X; of one
  /// alone to the units of the target, of several to A[L]. Errors: unsupported, memory.
  [[nodiscard]] std::vector<std::unique_ptr<PreparedNetwork<T>>> prepare() const;
  /// How many examples pass through the layers together: depends on the network alone.
  [[nodiscard]] Index columns() const;
  /// Where the weights are. Throws Error(value) for an output that, in the units of the target, is no finite number.
  void run(Examples<T>& examples, int threads, const UseOutputs<T>& use, std::vector<double>* losses = nullptr) const;
  /// What is predicted where A[L](k, i) is a, in the units of the target, rounded as the model computes.
  [[nodiscard]] T in_target_units(T a, Index k) const;
};

/// use(plan) with the plan of a model, in the numbers of its precision.
template <class Use>
decltype(auto) with_plan(const Model::Data& model, const Use& use) {
  return std::visit(
      [&]<class T>(const Networks<T>& all) {
        return use(Plan<T>{{model.architecture, all, model.shares, model.temperature}, model.precision(), model});
      },
      model.networks);
}

/// The Error(value) for an output of an example that is no finite number.
[[noreturn]] void refuse_output(const std::string& where, double output);

extern template struct Plan<float>;
extern template struct Plan<double>;

}  // namespace strata::internal
