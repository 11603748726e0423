#include "kernels/prepared.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/aligned.hpp"
#include "base/denormals.hpp"

namespace strata::internal {
namespace {

// A thread may have a stack of a few hundred KiB only.
template <class T>
constexpr Index kStackNumbers = (Index{64} << 10) / static_cast<Index>(sizeof(T));
// Examples that pass through the layers together: as many as fill the tiles of every product, at least that of the
// widest.
constexpr Index kChunk = 48, kTile = 12;

// Memory of this thread for networks that are too wide for its stack; kept until the thread ends.
template <class T>
T* thread_memory(Index count) {
  thread_local AlignedVector<T> memory;
  if (static_cast<Index>(memory.size()) < count) memory.resize(static_cast<std::size_t>(count));
  return memory.data();
}

// For the kernels that have no layout of their own: their operations, one after the other.
template <class T>
class PlainNetwork final : public PreparedNetwork<T> {
  using typename PreparedNetwork<T>::Buffers;
  struct Layer {
    std::vector<T> W, b, slope;
    Index n, n_prev;
    Activation activation;
  };

 public:
  PlainNetwork(std::unique_ptr<Kernels<T>> kernels, const NetworkValues<T>& values)
      : PreparedNetwork<T>(kernels->name(), values), kernels_(std::move(kernels)), head_(values.head) {
    for (const auto& from : values.layers) {
      Layer layer{{},
                  {from.b.data, from.b.data + from.b.rows},
                  {from.slope.data, from.slope.data + from.slope.rows},
                  from.W.rows,
                  from.W.cols,
                  from.activation};
      for (Index k = 0; k < layer.n_prev; ++k) layer.W.insert(layer.W.end(), from.W.col(k), from.W.col(k) + layer.n);
      layers_.push_back(std::move(layer));
    }
  }

 private:
  bool predict_chunk(const T* X, Index m, Buffers buffers, T* A) const noexcept override {
    const Index n_x = this->inputs(), n_y = this->outputs(), n_0 = layers_.front().n_prev;
    const bool stage = !this->stage_.rows.empty();
    const View<T> inputs(stage ? buffers.odd : buffers.even, n_x, m, this->distance(n_x));
    bool finite = true;
    for (Index j = 0; j < m; ++j) {
      T* const a = inputs.col(j);
      for (Index i = 0; i < n_x; ++i) {
        const T x = X[i + j * n_x];
        const auto at = static_cast<std::size_t>(i);
        a[i] = !buffers.scales
                   ? x
                   : static_cast<T>((static_cast<double>(x) - this->input_offset_[at]) / this->input_divisor_[at]);
        finite = finite && std::isfinite(a[i]);
      }
    }
    {
      const FlushDenormals flush;
      const View<T> A_0(buffers.even, n_0, m, this->distance(n_0));
      if (stage) kernels_->stage_forward(this->stage_, inputs, A_0, A_0);
      View<const T> A_prev = A_0;
      for (std::size_t l = 1; l <= layers_.size(); ++l) {
        const Layer& layer = layers_[l - 1];
        const View<const T> W(layer.W.data(), layer.n, layer.n_prev), b(layer.b.data(), layer.n, 1);
        if (l == layers_.size()) {
          const View<T> Z(A, n_y, m);
          kernels_->linear_forward(W, b, A_prev, Z);
          kernels_->head_forward(head_, Z, Z);
        } else {
          const View<T> Z(buffers.of(l), layer.n, m, this->distance(layer.n));
          kernels_->linear_forward(W, b, A_prev, Z);
          if (layer.slope.empty()) {
            kernels_->activation_forward(layer.activation, Z, Z);
          } else {
            kernels_->slope_forward(layer.activation, View<const T>(layer.slope.data(), layer.n, 1), Z, Z);
          }
          A_prev = Z;
        }
      }
    }
    this->scale_outputs(m, A);
    for (Index i = 0; i < n_y * m; ++i) finite = finite && std::isfinite(A[i]);
    return finite;
  }

  std::unique_ptr<Kernels<T>> kernels_;
  Head head_;
  std::vector<Layer> layers_;
};

}  // namespace

template <class T>
PreparedNetwork<T>::PreparedNetwork(std::string_view name, const NetworkValues<T>& values)
    : input_offset_(values.input_offset.begin(), values.input_offset.end()),
      input_divisor_(values.input_divisor.begin(), values.input_divisor.end()),
      output_offset_(values.output_offset.begin(), values.output_offset.end()),
      output_divisor_(values.output_divisor.begin(), values.output_divisor.end()),
      stage_rows_(values.stage.rows.begin(), values.stage.rows.end()),
      name_(name),
      n_x_(values.inputs()),
      n_y_(values.outputs()),
      even_(distance(values.layers.front().W.cols)),
      odd_(stage_rows_.empty() ? 0 : distance(n_x_)) {
  stage_.rows = stage_rows_;
  for (const StageRow& row : stage_rows_) {
    if (row.kind != RowEmbedding::Kind::piecewise) continue;
    const T* const edges = values.stage.edges + row.bin + row.at;
    stage_edges_.insert(stage_edges_.end(), edges, edges + row.bins + 1);
  }
  stage_.edges = stage_edges_.data();
  const auto& [F, phi, U, V, c, E, s] = values.stage.p;
  auto& to = stage_.p;
  const std::pair<View<const T>, View<const T>*> parts[] = {{F, &to.F}, {phi, &to.phi}, {U, &to.U}, {V, &to.V},
                                                            {c, &to.c}, {E, &to.E},     {s, &to.s}};
  for (const auto& [from, copy] : parts) {
    for (Index k = 0; k < from.cols; ++k) {
      stage_parts_.insert(stage_parts_.end(), from.col(k), from.col(k) + from.rows);
    }
  }
  const T* next = stage_parts_.data();
  for (const auto& [from, copy] : parts) {
    if (from.data == nullptr) continue;
    *copy = {next, from.rows, from.cols};
    next += from.size();
  }
  for (std::size_t l = 1; l <= values.layers.size(); ++l) {
    Index& widest = l % 2 == 0 ? even_ : odd_;
    widest = std::max(widest, distance(values.layers[l - 1].W.rows));
  }
  fits_ = kStackNumbers<T> / (even_ + odd_);
  if (fits_ >= kTile) fits_ = std::min(kChunk, fits_ / kTile * kTile);
}

template <class T>
bool PreparedNetwork<T>::predict(const T* X, Index m, T* A, Inputs inputs) const {
  if (fits_ >= std::min(m, kTile)) return predict_on_stack(X, m, A, inputs);
  return predict_in_chunks(X, m, kChunk, thread_memory<T>(kChunk * (even_ + odd_)), A, inputs);
}

template <class T>
bool PreparedNetwork<T>::predict_on_stack(const T* X, Index m, T* A, Inputs inputs) const noexcept {
  alignas(kAlignment) T memory[kStackNumbers<T>];
  return predict_in_chunks(X, m, fits_, memory, A, inputs);
}

template <class T>
bool PreparedNetwork<T>::predict_in_chunks(const T* X, Index m, Index chunk, T* memory, T* A,
                                           Inputs inputs) const noexcept {
  const Buffers buffers{memory, memory + chunk * even_, inputs == Inputs::raw && !input_divisor_.empty()};
  bool finite = true;
  for (Index first = 0; first < m; first += chunk) {
    const Index count = std::min(chunk, m - first);
    finite &= predict_chunk(X + first * n_x_, count, buffers, A + first * n_y_);
  }
  return finite;
}

template <class T>
void PreparedNetwork<T>::scale_outputs(Index m, T* A) const noexcept {
  if (output_divisor_.empty()) return;
  for (Index j = 0; j < m; ++j) {
    for (Index k = 0; k < n_y_; ++k) {
      T& a = A[k + j * n_y_];
      const auto at = static_cast<std::size_t>(k);
      a = static_cast<T>(static_cast<double>(a) * output_divisor_[at] + output_offset_[at]);
    }
  }
}

template <class T>
std::unique_ptr<PreparedNetwork<T>> prepare_plain(std::unique_ptr<Kernels<T>> kernels, const NetworkValues<T>& values) {
  return std::make_unique<PlainNetwork<T>>(std::move(kernels), values);
}

template class PreparedNetwork<float>;
template class PreparedNetwork<double>;
template std::unique_ptr<PreparedNetwork<float>> prepare_plain(std::unique_ptr<Kernels<float>>,
                                                               const NetworkValues<float>&);
template std::unique_ptr<PreparedNetwork<double>> prepare_plain(std::unique_ptr<Kernels<double>>,
                                                                const NetworkValues<double>&);

}  // namespace strata::internal
