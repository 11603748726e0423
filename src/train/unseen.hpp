// What rows that are held back have and those that a network is trained on have not: a word, a missing cell, another
// number than one.
#pragma once

#include <cstddef>
#include <vector>

#include "features/examples.hpp"
#include "kernels/kernels.hpp"
#include "network/parameters.hpp"
#include "strata/architecture.hpp"

namespace strata::internal {

struct Unseen {
  struct Constant {
    std::size_t column;  // of X: one number in all rows to train on, and not in all held ones
    double value;
    bool operator==(const Constant&) const = default;
  };
  struct Level {
    std::size_t column, level;  // of X, with codes; and one of them that no row to train on has
    bool operator==(const Level&) const = default;
  };
  std::vector<Constant> constants;
  std::vector<Level> levels;
  [[nodiscard]] bool empty() const noexcept { return constants.empty() && levels.empty(); }
};

/// Reads all of both, a block after the other.
template <class T>
[[nodiscard]] Unseen unseen_in(Examples<T>& trained, Examples<T>& held, const Architecture& net);

/// Held rows become as the network knows rows: the number that it has seen, and for a word the code of any other.
template <class T>
void hide(const Unseen& unseen, const Architecture& net, Examples<T>& held);

/// The same for good, of a network that is trained: what a column always was goes into b[1], and its weights in W[1]
/// become 0; a word is to E as any other. For rows such as it was trained on it says the same, up to rounding.
template <class T>
void settle(const Unseen& unseen, const Architecture& net, const Kernels<T>& k, Parameters<T>& p);

extern template Unseen unseen_in(Examples<float>&, Examples<float>&, const Architecture&);
extern template Unseen unseen_in(Examples<double>&, Examples<double>&, const Architecture&);
extern template void hide(const Unseen&, const Architecture&, Examples<float>&);
extern template void hide(const Unseen&, const Architecture&, Examples<double>&);
extern template void settle(const Unseen&, const Architecture&, const Kernels<float>&, Parameters<float>&);
extern template void settle(const Unseen&, const Architecture&, const Kernels<double>&, Parameters<double>&);

}  // namespace strata::internal
