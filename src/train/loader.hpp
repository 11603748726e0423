// Batches in the order that (seed, epoch) gives; a full batch is the data itself, in its own order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "features/examples.hpp"
#include "network/step.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// Examples a batch, of m in all.
[[nodiscard]] inline std::int64_t batch_size_of(const TrainingOptions& options, std::int64_t m) noexcept {
  return options.batch_size <= 0 ? m : std::min(options.batch_size, m);
}
/// Batches an epoch.
[[nodiscard]] inline std::int64_t batches_of(const TrainingOptions& options, std::int64_t m) noexcept {
  const std::int64_t size = batch_size_of(options, m);
  return (options.last_batch == LastBatch::drop ? m : m + size - 1) / size;
}

template <class T>
class Loader {
 public:
  /// A batch of m examples or more is full. `examples` is borrowed; those of a full batch are in memory. The passes are
  /// for training with this seed; `with_rows`: and know where their examples stand in the table.
  Loader(Examples<T>& examples, const TrainingOptions& options, std::uint64_t seed, bool with_rows);

  /// The next batch, for this step; the last one of an epoch may be shorter, where it is kept. Valid until the next
  /// call of any function.
  [[nodiscard]] Batch<T> next(std::int64_t step);

  /// Where the next batch begins; `seek` goes back there.
  struct Position {
    std::uint32_t epoch = 0;
    Index example = 0;
  };
  [[nodiscard]] Position position() const noexcept { return {epoch_, position_}; }
  void seek(Position position);
  /// Where the batch of this step begins.
  [[nodiscard]] Position at(std::int64_t step) const noexcept;

  /// Σ w of all examples: their number, where each counts 1.
  [[nodiscard]] double weight() const noexcept { return weight_; }
  /// The same of those that the epoch of the last batch uses.
  [[nodiscard]] double epoch_weight() const noexcept { return epoch_weight_; }
  [[nodiscard]] bool full() const noexcept { return size_ == examples_.m(); }
  [[nodiscard]] Index batch_size() const noexcept { return size_; }
  [[nodiscard]] std::int64_t batches_per_epoch() const noexcept { return batches_; }

 private:
  /// Behind the last example of an epoch.
  [[nodiscard]] Index end() const noexcept { return std::min<Index>(batches_ * size_, examples_.m()); }
  void shuffle(std::uint32_t epoch);
  [[nodiscard]] Index example(Index at) const noexcept;

  Examples<T>& examples_;
  Index size_;
  std::int64_t batches_;
  double weight_, epoch_weight_;
  std::uint64_t seed_;
  std::uint32_t epoch_ = 0;
  Index position_ = 0;
  std::vector<std::uint32_t> order_;     // of the examples in this epoch
  std::vector<std::size_t> long_order_;  // instead, where there are 2³² of them or more
  AlignedVector<T> X_, Y_;
  std::vector<double> w_;          // of the batch; empty: 1 each
  std::vector<std::size_t> rows_;  // of the batch, in the table; empty: nobody asks
};

extern template class Loader<float>;
extern template class Loader<double>;

}  // namespace strata::internal
