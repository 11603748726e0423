// A trained network made ready to predict inside a program: nothing but the arithmetic is left for a call.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "strata/architecture.hpp"
#include "strata/export.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"

namespace strata STRATA_EXPORT {

/// Made once, used as often as you like. It holds a copy of the weights, laid out for the vector instructions of this
/// CPU (or of the kernels that the environment variable STRATA_KERNELS names), and keeps nothing of what it was made
/// from.
///
/// A call allocates nothing, takes no lock and runs on the caller's thread, whatever STRATA_THREADS says: any number of
/// threads may share one Predictor. Its temporary numbers take 64 KiB of the caller's stack. Where twelve examples of
/// the network do not fit there (two neighbouring layers with more than some 1,300 float32 numbers together), a
/// thread's first call with many examples takes memory of its own, kept until the thread ends; where one does not
/// (16,000), its very first call does. The same is true of a call with inputs that are not all numbers, or with a
/// missing one, and of a model of several networks, whose outputs it keeps apart from their mean.
///
/// The numbers are those of Model::predict, bit for bit, for an example alone and in any batch. In bf16 the weights are
/// rounded when it is made: they take half the memory of float32, and half the time where reading them is what takes
/// it, as for one example of a large network. Batches are faster only with instructions for bfloat16, which
/// `strata doctor` looks for, and slower than in float32 without.
class Predictor {
 public:
  /// Scales inputs and outputs as the model does, and computes in its precision. Errors: unsupported (STRATA_KERNELS),
  /// memory.
  explicit Predictor(const Model& model);
  /// A network without scaling: `theta` is what the stage in front learns, F, φ, U, V, c, E, s as far as it has them,
  /// then W[1], b[1], a[1], …, W[L], b[L], with the slopes that are learned; each matrix column-major. `precision` is
  /// float32 or bf16; the numbers are float for both. Errors: shape (the architecture is none, or another number of
  /// parameters), usage (float64, whose weights are double), unsupported, memory.
  Predictor(const Architecture& net, std::span<const float> theta, Precision precision = Precision::float32);
  Predictor(const Architecture& net, std::span<const double> theta);
  ~Predictor();
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;

  /// A (n_y, m) of X (inputs(), m), both example after example: raw inputs, as Model::predict takes them, NaN where one
  /// is missing; the activations A[L], which are the probability of class 1, of every class, or the values in the units
  /// of the target. Doubles for a network in float32 or bf16 are rounded once they are scaled, as those of a table are.
  /// X and A must not overlap. Errors: shape (X has not m·n_x numbers or A not m·n_y), usage (float for a network in
  /// float64), value (an input, or what the network says of it, is no finite number; A is then of no use), memory.
  void predict(std::span<const float> X, std::size_t m, std::span<float> A) const;
  void predict(std::span<const double> X, std::size_t m, std::span<double> A) const;

  [[nodiscard]] std::size_t inputs() const noexcept;   ///< raw numbers of an example
  [[nodiscard]] std::size_t outputs() const noexcept;  ///< n_y
  [[nodiscard]] Precision precision() const noexcept;
  /// The kernels that were chosen: "avx512", "avx2", ….
  [[nodiscard]] std::string_view kernels() const noexcept;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace strata STRATA_EXPORT
