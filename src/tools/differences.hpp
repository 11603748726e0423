// Central differences of the cost, one parameter after the other.
//
// By definition the cost is computed twice for every parameter, forward from the input. That is the check; but a real
// network takes it minutes. The same figures come quicker by the short way: a change of W[l](i, j) by ±ε changes one
// row of Z[l]: Z[l](i, :) ± ε·A[l−1](j, :); a change of b[l](i) shifts that row by ±ε. So nothing below layer l is
// computed again, layer l + 1 changes by the rank-one product W[l+1](:, i) (ΔA[l](i, :)), and from there on the network
// runs as ever. A bias is the weight of one more input that is always 1.
//
// This is the cost of the changed network up to rounding because LINEAR is linear in W, b and A_prev and because the
// loss is a sum over the examples. Whether the kernels at hand keep to that is tested first, not believed; where they
// do not (a faulty kernel), every difference is taken by definition.
#pragma once

#include <vector>

#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "network/step.hpp"
#include "network/workspace.hpp"
#include "strata/architecture.hpp"

namespace strata::internal {

inline constexpr double kEpsilon = 1e-5;

struct Difference {
  double value = 0;  // (J(θ+ε) − J(θ−ε)) / 2ε
  double bend = 0;   // how far the two one-sided slopes are from it, on average over the examples: |L⁺ − 2L + L⁻| / 2ε
  bool kinked = false;  // some pre-activation passes a kink of its g on the way from −ε to +ε
};

/// How a difference is computed.
enum class Way { definition, rank_one };

/// What all threads read: the network at θ.
class Differences {
 public:
  /// k serves all threads that use a Worker, at once. By the definition too where the kernels do not allow `way`.
  /// Throws Error(diverged) when the cost is not finite; Error(memory).
  Differences(const Architecture& net, const Parameters<double>& p, Batch<double> batch, double lambda,
              const Kernels<double>& k, Way way);

  /// What rounding can do to a Difference of layer l: see the derivation in the source.
  [[nodiscard]] double rounding(int l) const noexcept { return rounding_[static_cast<std::size_t>(l)]; }
  /// The rank-one way is taken; false: by definition.
  [[nodiscard]] bool fast() const noexcept { return fast_; }

  class Worker;

 private:
  struct Side {  // θ + ε, or θ − ε
    explicit Side(const Differences& shared);
    Workspace<double> ws;
    std::vector<double> Z, A;  // the changed row of layer l, in a block of examples
  };
  [[nodiscard]] Objective objective(Index example) const;
  [[nodiscard]] bool kernels_are_linear() const;
  [[nodiscard]] bool cost_is_the_sum() const;
  [[nodiscard]] std::vector<double> size_of_sums(int l, Index j) const;
  void bound_rounding();
  void bound_stage(double& whole, double& products) const;

  const Architecture& net_;
  const Parameters<double>& p_;
  Batch<double> batch_;
  double lambda_;
  const Kernels<double>& k_;
  Workspace<double> base_;  // Z[l], A[l], dZ[l] at θ
  double cost_ = 0;         // J at θ
  bool fast_ = true;
  std::vector<double> rounding_;  // [l]
  std::vector<double> losses_;    // wL of each example at θ
};

/// The memory of one thread.
class Differences::Worker {
 public:
  explicit Worker(const Differences& shared);

  /// Chooses column j of a block: what leads from one input of a layer, or from the 1 of the biases, to all its units.
  void select(const ParameterBlock& block, std::size_t j) noexcept;
  /// The difference for unit i and the selected input.
  [[nodiscard]] Difference at(std::size_t i, double epsilon = kEpsilon) noexcept;
  /// The largest |A[l−1](j, :)| of the selected input: ±ε moves a pre-activation by ε times as much.
  [[nodiscard]] double reach() const noexcept { return reach_; }

 private:
  [[nodiscard]] Difference by_definition(std::size_t x, double epsilon) noexcept;
  [[nodiscard]] Difference by_rank_one(std::size_t x, double epsilon) noexcept;
  // Z[l](i, :) and Z[l+1] of a block of examples, and whether anything changed at all between the two sides.
  [[nodiscard]] bool start(Index i, double epsilon, Index begin, Index count, bool& kinked) noexcept;
  [[nodiscard]] double loss_of(Side& side, Index c, Index example) noexcept;

  const Differences& shared_;
  const ParameterBlock* block_ = nullptr;
  std::size_t first_ = 0;  // of θ, in the selected column
  double reach_ = 0;
  std::vector<double> input_;  // A[l−1](j, :)
  Side plus_, minus_;
  Parameters<double> changed_;  // θ, for the definition
};

}  // namespace strata::internal
