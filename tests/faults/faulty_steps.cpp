#include "faults/faulty_steps.hpp"

#include <algorithm>
#include <memory>
#include <optional>

#include "base/denormals.hpp"
#include "base/processor.hpp"

namespace strata::testing {
namespace {

using Net = Architecture;
using Theta = Parameters<double>;
using Space = Workspace<double>;

// The sentences of step.cpp. Where `is("…")` is true, the sentence is the wrong one. A fault that mixes up two matrices
// acts only where their shapes agree, as it does in a real program that does not stop at once.
class Copy {
 public:
  explicit Copy(std::string fault) : fault_(std::move(fault)) {}

  void forward(const Net& net, const Theta& p, View<const double> X, Space& ws, const Kernels<double>& k) const {
    const Flush flush(*this, "denormals count in forward");
    const int L = net.depth();
    ws.set_input(X);
    for (int l = 1; l < L; ++l) {
      View<const double> from = ws.A[l - 1];
      if (is("X is fed to every layer") && from.rows == X.rows) from = X;
      const bool skipped = is("the last hidden layer is not activated") && l == L - 1;
      const int g = is("forward uses the activation of the layer below") && l > 1 ? l - 1 : l;
      k.linear_activation_forward(
          skipped ? Activation::identity : net.layer(g).activation, p.W[l],
          p.b[is("forward uses the bias of the layer below") && l > 1 && net.units(l) == net.units(l - 1) ? l - 1 : l],
          from, ws.Z[l], ws.A[l]);
    }
    k.linear_forward(p.W[L], p.b[L], ws.A[L - 1], ws.Z[L]);
  }

  void predict(const Net& net, const Theta& p, View<const double> X, Space& ws, const Kernels<double>& k) const {
    const Flush flush(*this, "denormals count in predict");
    forward(net, p, X, ws, k);
    if (!is("predict gives logits")) k.head_forward(net.head(), ws.Z[net.depth()], ws.A[net.depth()]);
  }

  double cost_of(const Net& net, const Theta& p, double m, double lambda, const Space& ws,
                 const Kernels<double>& k) const {
    double J = is("the cost is a sum") ? ws.loss : ws.loss / m;
    if (lambda != 0 && !is("the cost has no L2")) {
      for (int l = 1; l <= (is("the cost has no L2 of the last layer") ? net.depth() - 1 : net.depth()); ++l) {
        const double c = is("the cost has lambda/m")   ? lambda / m
                         : is("the cost has lambda/2") ? lambda / 2
                                                       : lambda / (2 * m);
        J += c * k.sum_of_squares(p.W[l]);
        if (is("L2 on the biases too")) J += c * k.sum_of_squares(p.b[l]);
      }
    }
    return J;
  }

  double cost(const Net& net, const Theta& p, Batch<double> batch, double lambda, Space& ws,
              const Kernels<double>& k) const {
    const Flush flush(*this, "denormals count in cost");
    const int L = net.depth();
    forward(net, p, batch.X, ws, k);
    const auto m = static_cast<double>(batch.m());
    const bool late = is("the cost is that of the step before");
    const double J_before = late ? cost_of(net, p, m, lambda, ws, k) : 0;
    k.loss_head(net.loss, ws.Z[L], batch.Y, ws.A[L], ws.dZ[L], &ws.loss);
    return late ? J_before : cost_of(net, p, m, lambda, ws, k);
  }

  double train_step(const Net& net, const Theta& p, Batch<double> batch, double lambda, Space& ws,
                    const Kernels<double>& k, Theta& gradient) {
    const Flush flush(*this, "denormals count in train_step");
    const int L = net.depth();
    largest_m_ = std::max(largest_m_, batch.m());
    auto m = static_cast<double>(batch.m());
    if (is("a short batch is divided by the full one")) m = static_cast<double>(largest_m_);
    if (is("1/n_x for 1/m")) m = net.inputs;
    if (is("1/(m-1) for 1/m") && batch.m() > 1) m -= 1;
    forward(net, p, batch.X, ws, k);
    const double loss_before = ws.loss;
    k.loss_head(net.loss, ws.Z[L], batch.Y, ws.A[L], ws.dZ[L], &ws.loss);
    const double J = cost_of(net, p, static_cast<double>(batch.m()), lambda, ws, k);
    const Theta old_gradient = gradient;
    dZ_L_.assign(ws.dZ[L].data, ws.dZ[L].data + ws.dZ[L].size());

    if (is("backward runs from 1 to L")) {
      for (int l = 1; l <= L; ++l) layer(l, net, p, batch, m, lambda, ws, k, gradient);
    } else {
      for (int l = L; l >= (is("the first layer is not trained") ? 2 : 1); --l)
        layer(l, net, p, batch, m, lambda, ws, k, gradient);
    }
    if (is("the gradient is added to the old one")) {
      for (std::size_t i = 0; i < gradient.theta().size(); ++i) gradient.theta()[i] += old_gradient.theta()[i];
    }
    if (is("the cost is that of the step before")) return loss_before / m;
    return J;
  }

 private:
  [[nodiscard]] bool is(std::string_view fault) const { return fault_ == fault; }

  void layer(int l, const Net& net, const Theta& p, Batch<double> batch, double m, double lambda, Space& ws,
             const Kernels<double>& k, Theta& gradient) {
    const int L = net.depth();
    View<const double> dZ = ws.dZ[l], A_prev = ws.A[l - 1];
    if (is("A[l] where A[l-1] belongs") && ws.A[l].rows == A_prev.rows) A_prev = ws.A[l];
    if (is("X where A[l-1] belongs") && batch.X.rows == A_prev.rows) A_prev = batch.X;
    if (is("dZ[L] is fed to every layer") && ws.dZ[L].rows == dZ.rows)
      dZ = View<const double>(dZ_L_.data(), dZ.rows, dZ.cols);
    k.linear_backward_params(dZ, A_prev, 1 / m, gradient.W[l], gradient.b[l]);
    if (is("db is that of the layer above") && l < L && net.units(l) == net.units(l + 1)) {
      std::copy_n(gradient.b[l + 1].data, gradient.b[l].rows, gradient.b[l].data);
    }
    if (lambda != 0) {
      const double c = is("dW has lambda")        ? lambda
                       : is("dW has lambda/(2m)") ? lambda / (2 * m)
                       : is("dW loses lambda W")  ? -lambda / m
                                                  : lambda / m;
      if (!is("dW has no L2")) k.add_scaled(c, is("L2 of the gradient") ? In(gradient.W[l]) : p.W[l], gradient.W[l]);
      if (is("L2 on the biases too, in the gradient only")) k.add_scaled(c, p.b[l], gradient.b[l]);
    }
    if (l > 1) {
      View<const double> W = p.W[l];
      Theta updated;
      if (is("dA[l-1] from the updated W[l]")) {
        updated = p;
        k.add_scaled(-0.1, gradient.W[l], updated.W[l]);
        W = updated.W[l];
      }
      if (is("W of the layer below") && p.W[l - 1].rows == W.rows && p.W[l - 1].cols == W.cols) W = p.W[l - 1];
      if (is("g' is forgotten")) return k.linear_backward_input(W, ws.dZ[l], ws.dZ[l - 1]);
      const int g = is("g' of the layer above") && l < L ? l : l - 1;
      const bool at_wrong_place = is("g' at A[l]") && ws.A[l].rows == ws.A[l - 1].rows;
      k.linear_activation_backward(net.layer(g).activation, W, ws.dZ[l], at_wrong_place ? ws.Z[l] : ws.Z[l - 1],
                                   at_wrong_place ? ws.A[l] : ws.A[l - 1], ws.dZ[l - 1]);
    }
  }

  // Denormal numbers count as zero while this lives.
  class Flush {
   public:
    Flush(const Copy& step, std::string_view forgotten) : step_(step) {
      if (!step.is(forgotten)) flush_.emplace();
    }
    ~Flush() {
      const unsigned long inside = float_mode();
      flush_.reset();
      if (step_.is("the caller's denormals are lost")) set_float_mode(inside);
      if (step_.is("denormals come back to a caller without them")) set_float_mode(step_.usual_mode_);
    }
    Flush(const Flush&) = delete;
    Flush& operator=(const Flush&) = delete;

   private:
    const Copy& step_;
    std::optional<FlushDenormals> flush_;
  };

  using In = View<const double>;
  std::string fault_;
  unsigned long usual_mode_ = float_mode();
  Index largest_m_ = 0;
  std::vector<double> dZ_L_;
};

}  // namespace

const std::vector<StepFault>& step_faults() {
  static const std::vector<StepFault> all = {
      {"none", {}},
      {"X is fed to every layer", {"equations"}},
      {"the last hidden layer is not activated", {"equations", "step by hand"}},
      {"forward uses the activation of the layer below", {"equations", "gradients"}},
      {"forward uses the bias of the layer below", {"equations", "gradients"}},
      {"predict gives logits", {"equations", "repetition"}},
      {"the cost is a sum", {"step by hand", "equations", "gradients"}},
      {"the cost has no L2", {"step by hand", "gradients"}},
      {"the cost has no L2 of the last layer", {"step by hand", "gradients"}},
      {"the cost has lambda/m", {"step by hand", "gradients"}},
      {"the cost has lambda/2", {"step by hand", "gradients"}},
      {"the cost is that of the step before", {"step by hand", "equations", "repetition"}},
      {"L2 on the biases too", {"equations", "gradients"}},
      {"L2 on the biases too, in the gradient only", {"step by hand", "gradients"}},
      {"L2 of the gradient", {"step by hand", "gradients"}},
      {"dW has no L2", {"step by hand", "gradients"}},
      {"dW has lambda", {"step by hand", "gradients"}},
      {"dW has lambda/(2m)", {"step by hand", "gradients"}},
      {"dW loses lambda W", {"step by hand", "gradients"}},
      {"a short batch is divided by the full one", {"batches", "trajectory"}},
      {"1/n_x for 1/m", {"step by hand", "gradients"}},
      {"1/(m-1) for 1/m", {"step by hand", "gradients"}},
      {"backward runs from 1 to L", {"step by hand", "gradients"}},
      {"the first layer is not trained", {"step by hand", "gradients", "repetition"}},
      {"the gradient is added to the old one", {"repetition", "trajectory"}},
      {"A[l] where A[l-1] belongs", {"gradients", "equations"}},
      {"X where A[l-1] belongs", {"gradients", "equations"}},
      {"dZ[L] is fed to every layer", {"gradients", "equations"}},
      {"db is that of the layer above", {"gradients", "equations"}},
      {"dA[l-1] from the updated W[l]", {"step by hand", "gradients"}},
      {"W of the layer below", {"gradients", "equations"}},
      {"g' is forgotten", {"step by hand", "gradients"}},
      {"g' of the layer above", {"gradients", "equations"}},
      {"g' at A[l]", {"gradients", "equations"}},
      {"denormals count in forward", {"denormals"}},
      {"denormals count in predict", {"denormals"}},
      {"denormals count in cost", {"denormals"}},
      {"denormals count in train_step", {"denormals"}},
      {"the caller's denormals are lost", {"denormals"}},
      {"denormals come back to a caller without them", {"denormals"}},
  };
  return all;
}

Subject faulty_step(const std::string& fault, const Kernels<double>& kernels) {
  const auto copy = std::make_shared<Copy>(fault);
  return Subject{
      kernels,
      [copy](const Net& net, const Theta& p, Batch<double> batch, double lambda, Space& ws, const Kernels<double>& k,
             Theta& gradient) { return copy->train_step(net, p, batch, lambda, ws, k, gradient); },
      [copy](const Net& net, const Theta& p, Batch<double> batch, double lambda, Space& ws, const Kernels<double>& k) {
        return copy->cost(net, p, batch, lambda, ws, k);
      },
      [copy](const Net& net, const Theta& p, View<const double> X, Space& ws, const Kernels<double>& k) {
        copy->predict(net, p, X, ws, k);
      },
      [copy](const Net& net, const Theta& p, View<const double> X, Space& ws, const Kernels<double>& k) {
        copy->forward(net, p, X, ws, k);
      },
  };
}

}  // namespace strata::testing
