// Every set of kernels against the reference, on shapes, leading dimensions, places in memory, functions and numbers of
// threads that the bytes choose: exactly on small whole numbers, within the bounds of their sums on others; and whoever
// reads or writes beside a matrix meets NaN there.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>

#include "kernels/reference.hpp"
#include "kernels/support.hpp"

namespace strata::fuzz {
namespace {

using namespace strata::testing;

/// Takes decisions from the bytes; from zeros when they are used up.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::size_t below(std::size_t limit) {
    std::size_t value = 0;
    for (std::size_t most = 1; most < limit; most *= 256) value = value * 256 + byte();
    return value % limit;
  }
  bool yes() { return below(2) == 1; }
  template <class List>
  auto one_of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  std::size_t byte() {
    if (bytes_.empty()) return 0;
    const std::size_t first = bytes_[0];
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::span<const std::uint8_t> bytes_;
};

constexpr double kScales[] = {1, 0.1, 3, 30};
constexpr Loss kLosses[] = {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error};
constexpr Activation kExact[] = {Activation::identity, Activation::relu};
constexpr OptimizerKind kRules[] = {OptimizerKind::gradient_descent, OptimizerKind::momentum, OptimizerKind::adam};

template <class T>
double largest(const Guarded<T>& M) {
  double most = 0;
  for (const T value : M.values()) most = std::max(most, std::abs(static_cast<double>(value)));
  return most;
}

/// One case: a set of kernels, its shape, and one operation.
template <class T>
class Case {
 public:
  explicit Case(std::span<const std::uint8_t> bytes) : choices_(bytes) {
    static const auto all = implementations<T>();
    implementation_ = &all[choices_.below(all.size())];
    // The same kernels on one thread
    for (const auto& other : all) {
      if (other.kernels->name() == k().name() && other.pool->threads() == 1) alone_ = other.kernels.get();
    }
    same_as_reference_ = k().name() == "reference";
    whole_ = choices_.yes();
    scale_ = choices_.one_of(kScales);
    random_.seed(choices_.below(std::size_t{1} << 32));
    const Index most = choices_.below(100) == 0 ? Index{1} << 22 : Index{1} << 15;
    n_ = extent(), n_prev_ = extent(), m_ = extent();
    while (n_ * n_prev_ * m_ > most) {
      Index& longest = n_ >= n_prev_ && n_ >= m_ ? n_ : n_prev_ >= m_ ? n_prev_ : m_;
      longest = (longest + 1) / 2;
    }
  }

  void run() {
    using Operation = void (Case::*)();
    constexpr Operation kOperations[] = {&Case::forward,     &Case::backward_params, &Case::backward_input,
                                         &Case::update_once, &Case::elementwise,     &Case::heads,
                                         &Case::penalty,     &Case::updates};
    (this->*choices_.one_of(kOperations))();
  }

 private:
  [[nodiscard]] const Kernels<T>& k() const { return *implementation_->kernels; }

  Index extent() {
    switch (choices_.below(8)) {
      case 0: return 1;
      case 1: return static_cast<Index>(choices_.below(2000)) + 1;
      case 2:
        return (Index{8} << choices_.below(6)) + static_cast<Index>(choices_.below(3)) - 1;  // around powers of two
      default: return static_cast<Index>(choices_.below(80)) + 1;
    }
  }

  Guarded<T> matrix(Index rows, Index cols, bool gap = true) {
    const auto offset = static_cast<Index>(choices_.below(5));
    return Guarded<T>(rows, cols, offset, gap ? static_cast<Index>(choices_.below(8)) : 0);
  }
  Guarded<T> filled(Index rows, Index cols, bool gap = true) {
    Guarded<T> M = matrix(rows, cols, gap);
    whole_ ? fill_integers(M, random_, 4) : fill_normal(M, random_, scale_);
    return M;
  }

  // ---- what is compared ----

  [[noreturn]] void wrong(const std::string& what) const {
    std::fprintf(stderr, "%s: %s, n = %td, n_prev = %td, m = %td, %s\n", implementation_->label.c_str(), what.c_str(),
                 n_, n_prev_, m_, whole_ ? "whole numbers" : "any numbers");
    std::abort();
  }
  /// `roundings`: how many units in the last place of `size` may be between them; none on whole numbers.
  void expect_near(const Guarded<T>& found, const Guarded<T>& expected, double roundings, double size,
                   const std::string& what) const {
    if (!found.intact()) wrong(what + " was written to outside");
    const double bound = same_as_reference_ || whole_ ? 0 : roundings * size * std::numeric_limits<T>::epsilon();
    const auto a = found.values(), b = expected.values();
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!(std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])) <= bound)) {
        wrong(what + ", number " + std::to_string(i) + " is " + std::to_string(a[i]) + ", not " + std::to_string(b[i]) +
              " (bound " + std::to_string(bound) + ")");
      }
    }
  }
  void expect_same(const Guarded<T>& found, const Guarded<T>& expected, const std::string& what) const {
    if (!found.intact()) wrong(what + " was written to outside");
    if (!same_bits(found, expected)) wrong(what + " has other bits");
  }
  /// A sum of K products rounds at most K + 1 times, and its partial sums stay below √K times a few largest products.
  static double roundings_of_sum(Index K) {
    const auto terms = static_cast<double>(K);
    return (terms + 2) * std::sqrt(terms) * 4;
  }

  // ---- the operations ----

  void forward() {
    const Guarded<T> W = filled(n_, n_prev_), b = filled(n_, 1), A_prev = filled(n_prev_, m_);
    const Activation g = whole_ ? choices_.one_of(kExact) : choices_.one_of(all_activations());
    Guarded<T> Z = matrix(n_, m_), A = matrix(n_, m_), Z_alone(n_, m_), A_alone(n_, m_), in_place = matrix(n_, m_),
               Z_expected(n_, m_), A_expected(n_, m_);
    k().linear_activation_forward(g, W.view(), b.view(), A_prev.view(), Z.view(), A.view());
    k().linear_activation_forward(g, W.view(), b.view(), A_prev.view(), in_place.view(), in_place.view());
    alone_->linear_forward(W.view(), b.view(), A_prev.view(), Z_alone.view());
    alone_->activation_forward(g, Z_alone.view(), A_alone.view());
    reference_.linear_activation_forward(g, W.view(), b.view(), A_prev.view(), Z_expected.view(), A_expected.view());
    expect_same(Z, Z_alone, "Z against one thread");
    expect_same(A, A_alone, "A against one thread and the composition");
    expect_same(in_place, A, "A over Z");
    const double size = largest(W) * largest(A_prev) + largest(b), roundings = roundings_of_sum(n_prev_);
    expect_near(Z, Z_expected, roundings, size, "Z");
    expect_near(A, A_expected, 2 * roundings + 32, 1 + size, "A");
  }

  void backward_params() {
    const Guarded<T> dZ = filled(n_, m_), A_prev = filled(n_prev_, m_);
    Guarded<T> dW = matrix(n_, n_prev_), db = matrix(n_, 1), dW_alone(n_, n_prev_), db_alone(n_, 1),
               dW_expected(n_, n_prev_), db_expected(n_, 1);
    const double s = whole_ ? 0.25 : 1 / static_cast<double>(m_);
    k().linear_backward_params(dZ.view(), A_prev.view(), s, dW.view(), db.view());
    alone_->linear_backward_params(dZ.view(), A_prev.view(), s, dW_alone.view(), db_alone.view());
    reference_.linear_backward_params(dZ.view(), A_prev.view(), s, dW_expected.view(), db_expected.view());
    expect_same(dW, dW_alone, "dW against one thread");
    expect_same(db, db_alone, "db against one thread");
    const double roundings = roundings_of_sum(m_) * s;
    expect_near(dW, dW_expected, roundings, largest(dZ) * largest(A_prev), "dW");
    expect_near(db, db_expected, roundings, largest(dZ), "db");
  }

  void backward_input() {
    const Guarded<T> W = filled(n_, n_prev_), dZ = filled(n_, m_), Z_prev = filled(n_prev_, m_);
    const Activation g = whole_ ? choices_.one_of(kExact) : choices_.one_of(all_activations());
    Guarded<T> A_prev = matrix(n_prev_, m_), found = matrix(n_prev_, m_), dA = matrix(n_prev_, m_), alone(n_prev_, m_),
               expected(n_prev_, m_);
    reference_.activation_forward(g, Z_prev.view(), A_prev.view());
    k().linear_activation_backward(g, W.view(), dZ.view(), Z_prev.view(), A_prev.view(), found.view());
    k().linear_backward_input(W.view(), dZ.view(), dA.view());
    alone_->linear_backward_input(W.view(), dZ.view(), alone.view());
    expect_same(dA, alone, "dA_prev against one thread");
    alone_->activation_backward(g, alone.view(), Z_prev.view(), A_prev.view(), alone.view());
    if (!found.intact() || found.values() != alone.values()) wrong("dZ_prev is not its composition");
    reference_.linear_backward_input(W.view(), dZ.view(), expected.view());
    const double size = largest(W) * largest(dZ), roundings = roundings_of_sum(n_);
    expect_near(dA, expected, roundings, size, "dA_prev");
    reference_.activation_backward(g, expected.view(), Z_prev.view(), A_prev.view(), expected.view());
    // Where g' is read from a rounded A it is off by a rounding of 1.8 dA at most.
    expect_near(found, expected, 2 * roundings + 64, 1 + 2 * size * std::sqrt(static_cast<double>(n_)), "dZ_prev");
  }

  UpdateRule rule() {
    const auto t = static_cast<long long>(choices_.below(1000)) + 1;
    return {choices_.one_of(kRules), 0.9, {0.5, 0.9, 0.999, 1e-8, t}};
  }

  // The gradient used at once leaves the bits of the gradient kept and then used, alone and on threads.
  void update_once() {
    const Guarded<T> dZ = filled(n_, m_), A_prev = filled(n_prev_, m_);
    Guarded<T> W = filled(n_, n_prev_, false), b = filled(n_, 1, false), W1 = filled(n_, n_prev_, false),
               W2 = filled(n_, n_prev_, false), b1 = filled(n_, 1, false), b2 = filled(n_, 1, false);
    for (Guarded<T>* squares : {&W2, &b2}) {
      for (Index j = 0; j < squares->view().cols; ++j) {
        for (Index i = 0; i < n_; ++i) squares->view()(i, j) *= (*squares)(i, j);
      }
    }
    Guarded<T> kept_W = W, kept_b = b, kept_W1 = W1, kept_W2 = W2, kept_b1 = b1, kept_b2 = b2;
    Guarded<T> dW = matrix(n_, n_prev_, false), db = matrix(n_, 1, false), dW2 = dW, db2 = db;
    const UpdateRule how = rule();
    const double s = whole_ ? 0.25 : 1 / static_cast<double>(m_), c = choices_.yes() ? 0.25 : 0;
    const double decay = how.kind != OptimizerKind::gradient_descent && choices_.yes() ? 0.125 : 0;
    k().linear_backward(dZ.view(), A_prev.view(), s,
                        {.d = dW.view(), .rule = &how, .block = {W.view(), W1.view().data, W2.view().data, c, decay}},
                        {.d = db.view(), .rule = &how, .block = {b.view(), b1.view().data, b2.view().data}});
    alone_->linear_backward(dZ.view(), A_prev.view(), s, {.d = dW2.view(), .penalty = c, .theta = kept_W.view()},
                            {.d = db2.view()});
    alone_->update(how, {kept_W.view(), kept_W1.view().data, kept_W2.view().data, 0, decay}, dW2.view().data);
    alone_->update(how, {kept_b.view(), kept_b1.view().data, kept_b2.view().data}, db2.view().data);
    if (!dW.intact() || !db.intact()) wrong("the memory for the gradient was left");
    expect_same(W, kept_W, "W after an update at once");
    expect_same(b, kept_b, "b after an update at once");
    expect_same(W1, kept_W1, "the first moment of W");
    expect_same(W2, kept_W2, "the second moment of W");
    expect_same(b1, kept_b1, "the first moment of b");
    expect_same(b2, kept_b2, "the second moment of b");
  }

  void elementwise() {
    whole_ = false;
    const Guarded<T> Z = filled(n_, m_), dA = filled(n_, m_);
    const Activation g = choices_.one_of(all_activations());
    Guarded<T> A = matrix(n_, m_), dZ = matrix(n_, m_), A_alone(n_, m_), dZ_alone(n_, m_), expected(n_, m_);
    k().activation_forward(g, Z.view(), A.view());
    alone_->activation_forward(g, Z.view(), A_alone.view());
    reference_.activation_forward(g, Z.view(), expected.view());
    expect_same(A, A_alone, "A against one thread");
    expect_near(A, expected, 16, 1 + largest(Z), "A");
    k().activation_backward(g, dA.view(), Z.view(), A.view(), dZ.view());
    alone_->activation_backward(g, dA.view(), Z.view(), A.view(), dZ_alone.view());
    reference_.activation_backward(g, dA.view(), Z.view(), A.view(), expected.view());
    expect_same(dZ, dZ_alone, "dZ against one thread");
    expect_near(dZ, expected, 64, 1 + largest(dA), "dZ");
  }

  void heads() {
    whole_ = false;
    const Guarded<T> Z = filled(n_, m_), Y = filled(n_, m_);
    const Loss loss = choices_.one_of(kLosses);
    Guarded<T> A = matrix(n_, m_), dZ = matrix(n_, m_), H = matrix(n_, m_), A_expected(n_, m_), dZ_expected(n_, m_);
    double sum = -1, expected = -1;
    k().loss_head(loss, Z.view(), Y.view(), A.view(), dZ.view(), &sum);
    k().head_forward(head_of(loss), Z.view(), H.view());
    reference_.loss_head(loss, Z.view(), Y.view(), A_expected.view(), dZ_expected.view(), &expected);
    expect_same(H, A, "the head against its loss");
    expect_near(A, A_expected, 16 + static_cast<double>(n_), 1, "A[L]");
    expect_near(dZ, dZ_expected, 16 + static_cast<double>(n_), 1 + largest(Z) + largest(Y), "dZ[L]");
    const double terms = static_cast<double>(Z.view().size()) * (1 + 2 * largest(Z)) * (1 + largest(Y));
    const double squares = loss == Loss::squared_error ? largest(Z) + largest(Y) : 1;
    if (!(std::abs(sum - expected) <= 1e-13 * terms * squares)) {
      wrong("the loss is " + std::to_string(sum) + ", not " + std::to_string(expected));
    }
  }

  void penalty() {
    const Guarded<T> X = filled(n_, m_);
    Guarded<T> Y = filled(n_, m_), expected = Y;
    k().add_scaled(-0.5, X.view(), Y.view());
    reference_.add_scaled(-0.5, X.view(), expected.view());
    expect_near(Y, expected, 1, largest(X) + largest(expected), "Y + c X");
    const double found = k().sum_of_squares(X.view()), right = reference_.sum_of_squares(X.view());
    if (!(std::abs(found - right) <= (whole_ ? 0 : 1e-13 * static_cast<double>(X.view().size()) * right))) {
      wrong("the sum of squares is " + std::to_string(found) + ", not " + std::to_string(right));
    }
  }

  void updates() {
    whole_ = false;
    const Index size = n_ * n_prev_;
    Guarded<T> theta = filled(size, 1, false), first = filled(size, 1, false), second = filled(size, 1, false);
    const Guarded<T> d = filled(size, 1, false);
    for (Index i = 0; i < size; ++i) second.view()(i, 0) *= second(i, 0);
    const double before = largest(theta);
    Guarded<T> theta2 = theta, first2 = first, second2 = second, theta3 = theta, first3 = first, second3 = second;
    const UpdateRule how = rule();
    k().update(how, {theta.view(), first.view().data, second.view().data}, d.view().data);
    alone_->update(how, {theta2.view(), first2.view().data, second2.view().data}, d.view().data);
    reference_.update(how, {theta3.view(), first3.view().data, second3.view().data}, d.view().data);
    expect_same(theta, theta2, "the parameters against one thread");
    expect_same(first, first2, "the first moment against one thread");
    expect_same(second, second2, "the second moment against one thread");
    expect_near(theta, theta3, 32, 1 + before + largest(theta3), "the parameters");
    expect_near(first, first3, 4, largest(first3) + largest(d) + before, "the first moment");
    expect_near(second, second3, 4, largest(second3) + 1, "the second moment");
  }

  Choices choices_;
  const Implementation<T>* implementation_;
  const Kernels<T>* alone_ = nullptr;
  const ReferenceKernels<T> reference_;
  std::mt19937_64 random_;
  bool same_as_reference_ = false, whole_ = false;
  double scale_ = 1;
  Index n_ = 1, n_prev_ = 1, m_ = 1;
};

}  // namespace
}  // namespace strata::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> choices(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    strata::fuzz::Case<float>(choices).run();
  } else {
    strata::fuzz::Case<double>(choices).run();
  }
  return 0;
}
