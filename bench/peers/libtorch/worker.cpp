// PyTorch's C++ library at its best: no Python, autograd on plain tensors, the fused optimizer kernels.
#include <torch/torch.h>

#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "runner.hpp"
#include "work.hpp"

namespace {

using strata_bench::Work;

template <class T>
torch::Tensor read_matrix(const Work& work, const char* name, std::ptrdiff_t rows, std::ptrdiff_t cols) {
  std::vector<T> numbers = strata_bench::read_numbers<T>(work, name, rows * cols);
  return torch::from_blob(numbers.data(), {rows, cols}, c10::CppTypeToScalarType<T>::value).clone();
}

template <class T>
class Net final : public strata_bench::Runner {
 public:
  explicit Net(const Work& work) : work_(work) {
    const torch::Tensor X = read_matrix<T>(work, "x", work.rows, work.inputs());
    Y_ = read_matrix<T>(work, "y", work.rows, work.outputs());
    const torch::Tensor targets = work.loss == "categorical_cross_entropy" ? Y_.argmax(1) : Y_;
    for (std::ptrdiff_t i = 0; i < work.batches(); ++i) {
      const std::ptrdiff_t begin = i * work.batch, end = begin + work.batch;
      batches_.emplace_back(X.slice(0, begin, end), targets.slice(0, begin, end));
    }
    theta_ = read_matrix<T>(work, "theta", 1, work.parameter_count());
    reset();
  }

  void reset() override {
    p_.clear(), m_.clear(), v_.clear(), steps_.clear();
    std::ptrdiff_t at = 0;
    for (std::size_t l = 1; l < work_.layers.size(); ++l) {
      const std::ptrdiff_t n_prev = work_.layers[l - 1], n = work_.layers[l];
      // column-major W (n, n_prev) is C order (n_prev, n); PyTorch keeps (n, n_prev) in C order
      p_.push_back(theta_.slice(1, at, at + n * n_prev).view({n_prev, n}).t().clone(torch::MemoryFormat::Contiguous));
      at += n * n_prev;
      p_.push_back(theta_.slice(1, at, at + n).view({n}).clone());
      at += n;
    }
    for (torch::Tensor& x : p_) {
      x.requires_grad_(work_.kind == "train");
      m_.push_back(torch::zeros_like(x)), v_.push_back(torch::zeros_like(x));
      steps_.push_back(torch::zeros({}, torch::kFloat32));
    }
    next_ = 0;
  }

  void run(std::ptrdiff_t count) override {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const auto& [X, Y] = batches_[next_];
      next_ = next_ + 1 == batches_.size() ? 0 : next_ + 1;
      if (work_.kind == "train") {
        step(X, Y);
      } else {
        const torch::InferenceMode no_gradient;
        head(forward(X));
      }
    }
  }

  double loss() override {
    const torch::InferenceMode no_gradient;
    const torch::Tensor A = head(forward(batches_[0].first)).contiguous();
    return strata_bench::mean_loss<T>(work_, A.data_ptr<T>(), Y_.data_ptr<T>(), work_.batch);
  }

 private:
  torch::Tensor forward(torch::Tensor A) {
    for (std::size_t i = 0; i < p_.size(); i += 2) {
      A = torch::linear(A, p_[i], p_[i + 1]);
      if (i + 2 < p_.size()) A = torch::relu(A);
    }
    return A;
  }

  torch::Tensor head(const torch::Tensor& Z) {
    if (work_.loss == "binary_cross_entropy") return torch::sigmoid(Z);
    return work_.loss == "categorical_cross_entropy" ? torch::softmax(Z, 1) : Z;
  }

  void step(const torch::Tensor& X, const torch::Tensor& Y) {
    const torch::Tensor Z = forward(X);
    torch::Tensor J;
    if (work_.loss == "binary_cross_entropy") {
      J = torch::binary_cross_entropy_with_logits(Z, Y);
    } else if (work_.loss == "categorical_cross_entropy") {
      J = torch::cross_entropy_loss(Z, Y);
    } else {
      J = torch::mse_loss(Z, Y, at::Reduction::Sum) / (2 * Y.size(0));
    }
    const std::vector<torch::Tensor> d = torch::autograd::grad({J}, p_);
    const torch::NoGradGuard no_gradient;
    const double rate = work_.learning_rate;
    if (work_.optimizer == "adam") {
      for (torch::Tensor& t : steps_) t += 1;
      at::_fused_adam_(p_, d, m_, v_, {}, steps_, rate, 0.9, 0.999, 0, 1e-8, false, false);
    } else {
      for (std::size_t i = 0; i < p_.size(); ++i) p_[i].sub_(d[i], rate);
    }
  }

  Work work_;
  torch::Tensor Y_, theta_;
  std::vector<std::pair<torch::Tensor, torch::Tensor>> batches_;
  std::vector<torch::Tensor> p_, m_, v_, steps_;
  std::size_t next_ = 0;
};

std::unique_ptr<strata_bench::Runner> make(const Work& work) {
  if (work.precision == "float64") return std::make_unique<Net<double>>(work);
  return std::make_unique<Net<float>>(work);
}

}  // namespace

int main() {
  const char* threads = std::getenv("STRATA_BENCH_THREADS");
  torch::set_num_threads(threads != nullptr ? std::atoi(threads) : 1);
  torch::set_num_interop_threads(1);
  at::globalContext().setFlushDenormal(true);
  strata_bench::serve({{"ready", "libtorch"}, {"version", TORCH_VERSION}}, make);
}
