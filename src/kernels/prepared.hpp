// A network made ready for prediction: its weights laid out once in the order in which the kernels read them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/view.hpp"
#include "kernels/kernels.hpp"
#include "strata/architecture.hpp"

namespace strata::internal {

/// The numbers of a network, borrowed. x_scaled = (x − offset) / divisor in float64 and then rounded to T once;
/// y = output·divisor + offset likewise. Empty spans: the numbers as they are.
template <class T>
struct NetworkValues {
  struct Layer {
    View<const T> W, b;  // (n_l, n_{l−1}), (n_l, 1)
    Activation activation = Activation::identity;
    View<const T> slope{};  // (n_l, 1); empty: none
  };
  std::vector<Layer> layers;  // 1 … L; the head stands in for the activation of the last
  Stage<T> stage{};           // of the scaled inputs; without rows there is none
  Head head = Head::identity;
  std::span<const double> input_offset, input_divisor;    // n_x each
  std::span<const double> output_offset, output_divisor;  // n_y each

  [[nodiscard]] Index inputs() const {
    return stage.rows.empty() ? layers.front().W.cols : static_cast<Index>(stage.rows.size());
  }
  [[nodiscard]] Index outputs() const { return layers.back().W.rows; }
};

/// What a prepared network is given: numbers that it scales, or what it would have made of them.
enum class Inputs { raw, scaled };

/// Never changes once it is made: any number of threads may use one.
template <class T>
class PreparedNetwork {
 public:
  virtual ~PreparedNetwork() = default;
  PreparedNetwork(const PreparedNetwork&) = delete;
  PreparedNetwork& operator=(const PreparedNetwork&) = delete;

  /// Of the kernels whose bits these are.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] Index inputs() const noexcept { return n_x_; }
  [[nodiscard]] Index outputs() const noexcept { return n_y_; }

  /// A (n_y, m) = what the network says of X (n_x, m), on this thread; false when an input, once scaled, or an output
  /// is no finite number. The bits of an example are those of the kernels, whatever the batch. Memory comes from the
  /// stack; networks with an example too wide for it take some at a thread's first call, which may throw
  /// std::bad_alloc.
  [[nodiscard]] bool predict(const T* X, Index m, T* A, Inputs inputs = Inputs::raw) const;

 protected:
  PreparedNetwork(std::string_view name, const NetworkValues<T>& values);

  /// The activations of a chunk of examples lie in two blocks by turns, A[0] in the first, and before a stage its
  /// inputs in the second; each layer's columns stand `distance` numbers apart.
  struct Buffers {
    T* even;
    T* odd;
    bool scales;  // the inputs
    [[nodiscard]] T* of(std::size_t l) const noexcept { return l % 2 == 0 ? even : odd; }
  };
  /// Whole cache lines, and an odd number of them: columns at a power of two would fall into few sets of a cache.
  [[nodiscard]] static constexpr Index distance(Index n) {
    constexpr Index kLine = 64 / sizeof(T);
    return ((n + kLine - 1) / kLine | 1) * kLine;
  }
  /// The target's scale, applied to m examples.
  void scale_outputs(Index m, T* A) const noexcept;

  std::vector<double> input_offset_, input_divisor_, output_offset_, output_divisor_;
  Stage<T> stage_;  // without rows there is none

 private:
  /// predict for a chunk.
  virtual bool predict_chunk(const T* X, Index m, Buffers buffers, T* A) const noexcept = 0;
  bool predict_on_stack(const T* X, Index m, T* A, Inputs inputs) const noexcept;
  bool predict_in_chunks(const T* X, Index m, Index chunk, T* memory, T* A, Inputs inputs) const noexcept;

  std::vector<StageRow> stage_rows_;
  std::vector<T> stage_parts_, stage_edges_;
  std::string_view name_;
  Index n_x_, n_y_;
  Index even_ = 0, odd_ = 0;  // numbers an example in each block
  Index fits_ = 0;            // examples that pass through the layers together on the stack
};

/// For kernels that have no layout of their own: their operations, one after the other.
template <class T>
[[nodiscard]] std::unique_ptr<PreparedNetwork<T>> prepare_plain(std::unique_ptr<Kernels<T>> kernels,
                                                                const NetworkValues<T>& values);

extern template class PreparedNetwork<float>;
extern template class PreparedNetwork<double>;

}  // namespace strata::internal
