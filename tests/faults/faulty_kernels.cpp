#include "faults/faulty_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "kernels/reference.hpp"

namespace strata::testing {
namespace {

using In = View<const double>;
using Out = View<double>;
using Healthy = ReferenceKernels<double>;

// --- linear ---

struct ForgottenBias : Healthy {
  void linear_forward(In W, In b, In A, Out Z) const noexcept override {
    Healthy::linear_forward(W, b, A, Z);
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) Z(i, j) -= b(i, 0);
    }
  }
};

struct BiasOfTheFirstUnit : Healthy {
  void linear_forward(In W, In b, In A, Out Z) const noexcept override {
    Healthy::linear_forward(W, b, A, Z);
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) Z(i, j) += b(0, 0) - b(i, 0);
    }
  }
};

struct LastColumnForgotten : Healthy {
  void linear_forward(In W, In b, In A, Out Z) const noexcept override {
    Healthy::linear_forward(W, b, A.columns(0, A.cols - 1), Z.columns(0, Z.cols - 1));
  }
};

struct LastInputForgotten : Healthy {
  void linear_forward(In W, In b, In A, Out Z) const noexcept override {
    Healthy::linear_forward(W.columns(0, W.cols - 1), b, A.row_block(0, A.rows - 1), Z);
  }
};

// Right to the last rounding, but summed the other way when there is more than one example.
struct OrderDependsOnTheBatch : Healthy {
  void linear_forward(In W, In b, In A, Out Z) const noexcept override {
    if (Z.cols == 1) return Healthy::linear_forward(W, b, A, Z);
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) {
        double sum = 0;
        for (Index k = W.cols; k-- > 0;) sum += W(i, k) * A(k, j);
        Z(i, j) = sum + b(i, 0);
      }
    }
  }
};

struct SumsInFloat : Healthy {
  void linear_forward(In W, In b, In A, Out Z) const noexcept override {
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) {
        auto sum = static_cast<float>(b(i, 0));
        for (Index k = 0; k < W.cols; ++k) sum += static_cast<float>(W(i, k) * A(k, j));
        Z(i, j) = sum;
      }
    }
  }
};

struct WithoutOneOverM : Healthy {
  void linear_backward_params(In dZ, In A, double, Out dW, Out db) const noexcept override {
    Healthy::linear_backward_params(dZ, A, 1, dW, db);
  }
};

struct BiasWithoutOneOverM : Healthy {
  void linear_backward_params(In dZ, In A, double s, Out dW, Out db) const noexcept override {
    reference::linear_backward_weights<double>(dZ, A, s, dW);
    reference::linear_backward_bias<double>(dZ, 1, db);
  }
};

// np.sum(dZ) without its axis: the classic of the course, which trains, only worse.
struct BiasSummedOverUnits : Healthy {
  void linear_backward_params(In dZ, In A, double s, Out dW, Out db) const noexcept override {
    Healthy::linear_backward_params(dZ, A, s, dW, db);
    double sum = 0;
    for (Index i = 0; i < db.rows; ++i) sum += db(i, 0);
    for (Index i = 0; i < db.rows; ++i) db(i, 0) = sum;
  }
};

struct LastRowForgotten : Healthy {
  void linear_backward_params(In dZ, In A, double s, Out dW, Out db) const noexcept override {
    Healthy::linear_backward_params(dZ, A, s, dW, db);
    for (Index k = 0; k < dW.cols; ++k) dW(dW.rows - 1, k) = 0;
  }
};

struct LastExampleForgotten : Healthy {
  void linear_backward_params(In dZ, In A, double s, Out dW, Out db) const noexcept override {
    Healthy::linear_backward_params(dZ.columns(0, dZ.cols - 1), A.columns(0, A.cols - 1), s, dW, db);
  }
};

struct GradientAccumulates : Healthy {
  void linear_backward_params(In dZ, In A, double s, Out dW, Out db) const noexcept override {
    std::vector<double> before(dW.data, dW.data + dW.size());
    Healthy::linear_backward_params(dZ, A, s, dW, db);
    for (std::size_t i = 0; i < before.size(); ++i) dW.data[i] += before[i];
  }
};

struct TransposedW : Healthy {
  void linear_backward_input(In W, In dZ, Out dA) const noexcept override {
    if (W.rows != W.cols) return Healthy::linear_backward_input(W, dZ, dA);
    for (Index j = 0; j < dA.cols; ++j) {
      for (Index k = 0; k < dA.rows; ++k) {
        dA(k, j) = 0;
        for (Index i = 0; i < W.rows; ++i) dA(k, j) += W(k, i) * dZ(i, j);
      }
    }
  }
};

struct LastUnitForgotten : Healthy {
  void linear_backward_input(In W, In dZ, Out dA) const noexcept override {
    if (W.rows == 1) return Healthy::linear_backward_input(W, dZ, dA);
    Healthy::linear_backward_input(W.row_block(0, W.rows - 1), dZ.row_block(0, dZ.rows - 1), dA);
  }
};

struct L2Replaces : Healthy {
  void add_scaled(double c, In X, Out Y) const noexcept override {
    for (Index j = 0; j < Y.cols; ++j) {
      for (Index i = 0; i < Y.rows; ++i) Y(i, j) = c * X(i, j);
    }
  }
};

struct SumOfMagnitudes : Healthy {
  [[nodiscard]] double sum_of_squares(In X) const noexcept override {
    double sum = 0;
    for (Index j = 0; j < X.cols; ++j) {
      for (Index i = 0; i < X.rows; ++i) sum += std::abs(X(i, j));
    }
    return sum;
  }
};

// --- activations: dZ = dA * derivative(z, a), for one of them ---

template <class Derivative>
struct WrongDerivative : Healthy {
  WrongDerivative(Activation wrong, Derivative derivative) : wrong_(wrong), derivative_(derivative) {}
  void activation_backward(Activation g, In dA, In Z, In A, Out dZ) const noexcept override {
    if (g != wrong_) return Healthy::activation_backward(g, dA, Z, A, dZ);
    for (Index j = 0; j < dZ.cols; ++j) {
      for (Index i = 0; i < dZ.rows; ++i) dZ(i, j) = dA(i, j) * derivative_(Z(i, j), A(i, j), dA(i, j));
    }
  }

 private:
  Activation wrong_;
  Derivative derivative_;
};

template <class Derivative>
std::shared_ptr<const Kernels<double>> wrong_derivative(Activation g, Derivative derivative) {
  return std::make_shared<WrongDerivative<Derivative>>(g, derivative);
}

double silu_slope(double z) {
  const double s = 1 / (1 + std::exp(-z));
  return s + z * s * (1 - s);
}
double gelu_slope_by_tanh(double z) {  // of the popular approximation, beside the exact g
  const double c = 0.7978845608028654, t = std::tanh(c * (z + 0.044715 * z * z * z));
  return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * c * (1 + 3 * 0.044715 * z * z);
}

struct WrongLeakySlope : Healthy {
  void activation_forward(Activation g, In Z, Out A) const noexcept override {
    if (g != Activation::leaky_relu) return Healthy::activation_forward(g, Z, A);
    for (Index j = 0; j < A.cols; ++j) {
      for (Index i = 0; i < A.rows; ++i) A(i, j) = Z(i, j) > 0 ? Z(i, j) : 0.1 * Z(i, j);
    }
  }
  void activation_backward(Activation g, In dA, In Z, In A, Out dZ) const noexcept override {
    if (g != Activation::leaky_relu) return Healthy::activation_backward(g, dA, Z, A, dZ);
    for (Index j = 0; j < dZ.cols; ++j) {
      for (Index i = 0; i < dZ.rows; ++i) dZ(i, j) = dA(i, j) * (A(i, j) > 0 ? 1 : 0.1);
    }
  }
};

// --- heads and losses ---

struct SoftmaxWithoutMaximum : Healthy {
  void head_forward(Head head, In Z, Out A) const noexcept override {
    if (head != Head::softmax) return Healthy::head_forward(head, Z, A);
    for (Index j = 0; j < Z.cols; ++j) {
      double sum = 0;
      for (Index i = 0; i < Z.rows; ++i) sum += A(i, j) = std::exp(Z(i, j));
      for (Index i = 0; i < Z.rows; ++i) A(i, j) /= sum;
    }
  }
  void loss_head(const Objective& of, In Z, In Y, Out A, Out dZ, double* sum) const noexcept override {
    if (of.loss != Loss::categorical_cross_entropy) return Healthy::loss_head(of, Z, Y, A, dZ, sum);
    *sum = reference::loss_head<double>(of, Z, Y, dZ, dZ);  // the loss of the logits; then A from them, in place or not
    head_forward(Head::softmax, Z, A);
    for (Index j = 0; j < Z.cols; ++j) {
      for (Index i = 0; i < Z.rows; ++i) dZ(i, j) = (of.w == nullptr ? 1 : of.w[j]) * (A(i, j) - Y(i, j));
    }
  }
};

struct SoftmaxOverExamples : Healthy {
  void head_forward(Head head, In Z, Out A) const noexcept override {
    if (head != Head::softmax) return Healthy::head_forward(head, Z, A);
    for (Index i = 0; i < Z.rows; ++i) {
      double largest = Z(i, 0), sum = 0;
      for (Index j = 1; j < Z.cols; ++j) largest = std::max(largest, Z(i, j));
      for (Index j = 0; j < Z.cols; ++j) sum += A(i, j) = std::exp(Z(i, j) - largest);
      for (Index j = 0; j < Z.cols; ++j) A(i, j) /= sum;
    }
  }
};

// A change made to the loss or to dZ after the healthy loss_head.
template <class Change>
struct ChangedLoss : Healthy {
  explicit ChangedLoss(Change change) : change_(change) {}
  void loss_head(const Objective& of, In Z, In Y, Out A, Out dZ, double* sum) const noexcept override {
    std::vector<double> logits;
    for (Index j = 0; j < Z.cols; ++j) logits.insert(logits.end(), Z.col(j), Z.col(j) + Z.rows);
    Healthy::loss_head(of, Z, Y, A, dZ, sum);
    change_(of, In(logits.data(), Z.rows, Z.cols), Y, In(A), dZ, *sum);
  }

 private:
  Change change_;
};

template <class Change>
std::shared_ptr<const Kernels<double>> changed_loss(Change change) {
  return std::make_shared<ChangedLoss<Change>>(change);
}

template <class Each>
void for_each(Out M, const Each& each) {
  for (Index j = 0; j < M.cols; ++j) {
    for (Index i = 0; i < M.rows; ++i) M(i, j) = each(i, j);
  }
}

// −Σ y ln a + (1−y) ln(1−a) from the probabilities: at ±1e3 it is infinite, or NaN from 0·ln 0.
void loss_from_probabilities(const Objective& of, In, In Y, In A, Out, double& sum) {
  if (of.loss != Loss::binary_cross_entropy) return;
  sum = 0;
  for (Index j = 0; j < A.cols; ++j) {
    for (Index i = 0; i < A.rows; ++i) sum -= Y(i, j) * std::log(A(i, j)) + (1 - Y(i, j)) * std::log(1 - A(i, j));
  }
}
// The same with the probabilities clipped, so that nothing is infinite: finite, and wrong.
void loss_from_clipped_probabilities(const Objective& of, In, In Y, In A, Out, double& sum) {
  if (of.loss != Loss::binary_cross_entropy) return;
  sum = 0;
  for (Index j = 0; j < A.cols; ++j) {
    for (Index i = 0; i < A.rows; ++i) {
      const double a = std::clamp(A(i, j), 1e-15, 1 - 1e-15);
      sum -= Y(i, j) * std::log(a) + (1 - Y(i, j)) * std::log(1 - a);
    }
  }
}
void the_no_forgotten(const Objective& of, In Z, In Y, In, Out, double& sum) {
  if (of.loss != Loss::binary_cross_entropy) return;
  sum = 0;
  for (Index j = 0; j < Z.cols; ++j) {
    for (Index i = 0; i < Z.rows; ++i)
      sum += Y(i, j) * (Z(i, j) < 0 ? std::log1p(std::exp(Z(i, j))) - Z(i, j) : std::log1p(std::exp(-Z(i, j))));
  }
}

}  // namespace

std::vector<KernelFault> kernel_faults() {
  const auto inverted = [](double, double a, double) { return a > 0 ? 0.0 : 1.0; };
  const auto by_the_gradient = [](double, double, double dA) { return dA > 0 ? 1.0 : 0.0; };
  std::vector<KernelFault> all = {
      {"the bias is forgotten",
       std::make_shared<ForgottenBias>(),
       {"exactness", "equations", "gradients", "step by hand"}},
      {"every unit has the bias of the first", std::make_shared<BiasOfTheFirstUnit>(), {"exactness", "equations"}},
      {"forward leaves out the last example", std::make_shared<LastColumnForgotten>(), {"exactness", "equations"}},
      {"forward leaves out the last input", std::make_shared<LastInputForgotten>(), {"exactness", "equations"}},
      {"the order of summation depends on the batch", std::make_shared<OrderDependsOnTheBatch>(), {"batches"}},
      {"sums run in float", std::make_shared<SumsInFloat>(), {"equations", "trajectory", "gradients"}},
      {"dW and db without 1/m",
       std::make_shared<WithoutOneOverM>(),
       {"step by hand", "gradients", "exactness", "batches"}},
      {"db without 1/m", std::make_shared<BiasWithoutOneOverM>(), {"step by hand", "gradients", "exactness"}},
      {"db summed over the units too",
       std::make_shared<BiasSummedOverUnits>(),
       {"step by hand", "gradients", "exactness"}},
      {"dW leaves out the last unit", std::make_shared<LastRowForgotten>(), {"exactness", "gradients"}},
      {"dW leaves out the last example",
       std::make_shared<LastExampleForgotten>(),
       {"exactness", "gradients", "step by hand"}},
      {"dW is added to the old one", std::make_shared<GradientAccumulates>(), {"repetition", "trajectory"}},
      {"dA = W dZ", std::make_shared<TransposedW>(), {"gradients", "equations"}},
      {"dA leaves out the last unit", std::make_shared<LastUnitForgotten>(), {"exactness", "gradients"}},
      {"L2 replaces dW", std::make_shared<L2Replaces>(), {"gradients", "step by hand"}},
      {"L2 sums |W|", std::make_shared<SumOfMagnitudes>(), {"gradients", "step by hand"}},
      {"ReLU's mask is inverted", wrong_derivative(Activation::relu, inverted), {"step by hand", "gradients"}},
      {"ReLU's mask is that of dA", wrong_derivative(Activation::relu, by_the_gradient), {"step by hand", "gradients"}},
      {"sigmoid' without (1 - a)",
       wrong_derivative(Activation::sigmoid, [](double, double a, double) { return a; }),
       {"gradients", "equations"}},
      {"tanh' = 1 - a",
       wrong_derivative(Activation::tanh, [](double, double a, double) { return 1 - a; }),
       {"gradients", "equations"}},
      {"SiLU' is read from A",
       wrong_derivative(Activation::silu, [](double, double a, double) { return silu_slope(a); }),
       {"gradients"}},
      {"GELU' of the tanh approximation",
       wrong_derivative(Activation::gelu, [](double z, double, double) { return gelu_slope_by_tanh(z); }),
       {"gradients"}},
      {"leaky ReLU's slope is 0.1, forward and backward", std::make_shared<WrongLeakySlope>(), {"equations"}},
      {"softmax without the maximum", std::make_shared<SoftmaxWithoutMaximum>(), {"extreme logits"}},
      {"softmax over the examples", std::make_shared<SoftmaxOverExamples>(), {"equations"}},
      {"dZ = Y - A",
       changed_loss([](const Objective&, In, In Y, In A, Out dZ, double&) {
         for_each(dZ, [&](Index i, Index j) { return Y(i, j) - A(i, j); });
       }),
       {"step by hand", "gradients"}},
      {"dZ[L] = (A - Y) * g'",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.loss == Loss::binary_cross_entropy)
           for_each(dZ, [&](Index i, Index j) { return (A(i, j) - Y(i, j)) * A(i, j) * (1 - A(i, j)); });
       }),
       {"step by hand", "gradients"}},
      {"the loss is a mean over the outputs",
       changed_loss([](const Objective&, In Z, In, In, Out, double& sum) { sum /= static_cast<double>(Z.rows); }),
       {"gradients", "equations"}},
      {"Huber's error is not held",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.loss == Loss::huber) for_each(dZ, [&](Index i, Index j) { return A(i, j) - Y(i, j); });
       }),
       {"losses"}},
      {"Huber's lines do not meet the square",
       changed_loss([](const Objective& of, In Z, In Y, In, Out, double& sum) {
         for (Index j = 0; of.loss == Loss::huber && j < Z.cols; ++j) {
           for (Index i = 0; i < Z.rows; ++i)
             if (std::abs(Z(i, j) - Y(i, j)) > of.delta[i]) sum += 0.5 * of.delta[i] * of.delta[i];
         }
       }),
       {"losses"}},
      {"every output has the first delta",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.loss == Loss::huber)
           for_each(dZ, [&](Index i, Index j) { return std::clamp(A(i, j) - Y(i, j), -of.delta[0], of.delta[0]); });
       }),
       {"losses"}},
      {"quantile for 1 - quantile",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.loss == Loss::quantile)
           for_each(dZ, [&](Index i, Index j) { return A(i, j) > Y(i, j) ? of.quantile : of.quantile - 1; });
       }),
       {"losses"}},
      {"the absolute error of a few is squared",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.loss == Loss::absolute_error) for_each(dZ, [&](Index i, Index j) { return A(i, j) - Y(i, j); });
       }),
       {"losses"}},
      {"the error is not smoothed",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.smoothing != 0) for_each(dZ, [&](Index i, Index j) { return A(i, j) - Y(i, j); });
       }),
       {"losses"}},
      {"a yes/no question is smoothed over the outputs",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.smoothing == 0 || of.loss != Loss::binary_cross_entropy) return;
         const double share = of.smoothing / static_cast<double>(A.rows);
         for_each(dZ, [&](Index i, Index j) { return A(i, j) - (1 - of.smoothing) * Y(i, j) - share; });
       }),
       {"losses"}},
      {"the error is not weighted",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.w != nullptr) for_each(dZ, [&](Index i, Index j) { return A(i, j) - Y(i, j); });
       }),
       {"weights"}},
      {"the error has the weight of the next example",
       changed_loss([](const Objective& of, In, In Y, In A, Out dZ, double&) {
         if (of.w != nullptr)
           for_each(dZ, [&](Index i, Index j) { return of.w[(j + 1) % A.cols] * (A(i, j) - Y(i, j)); });
       }),
       {"weights"}},
      {"the loss is weighted twice",
       changed_loss([](const Objective& of, In Z, In Y, In, Out, double& sum) {
         for (Index j = 0; of.w != nullptr && j < Z.cols; ++j)
           sum += of.w[j] * (of.w[j] - 1) * reference::loss_of_example(of, Z.col(j), Y.col(j), Z.rows);
       }),
       {"weights"}},
      {"the loss of y = 0 is forgotten", changed_loss(the_no_forgotten), {"step by hand", "gradients"}},
      {"the loss from probabilities", changed_loss(loss_from_probabilities), {"extreme logits"}},
      {"the loss from clipped probabilities", changed_loss(loss_from_clipped_probabilities), {"extreme logits"}},
      {"squared error without the half",
       changed_loss([](const Objective& of, In, In, In, Out, double& sum) {
         if (of.loss == Loss::squared_error) sum *= 2;
       }),
       {"gradients", "equations"}},
      {"the loss is kept as a float",
       changed_loss([](const Objective&, In, In, In, Out, double& sum) { sum = static_cast<float>(sum); }),
       {"equations", "gradients"}},
  };
  std::ranges::move(update_faults(), std::back_inserter(all));
  return all;
}

}  // namespace strata::testing
