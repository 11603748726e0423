// The products of one layer alone, one thread: Strata's kernels beside the sgemm of other libraries, in one program and
// in shuffled order (--benchmark_enable_random_interleaving=true).
//
// STRATA_BENCH_OPENBLAS and STRATA_BENCH_ONEDNN name shared libraries to load; without them only Strata is measured.
#include "products.hpp"

#include <benchmark/benchmark.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine.hpp"
#include "peak.hpp"

namespace strata_bench {
namespace {

struct Shape {
  std::ptrdiff_t units, inputs, examples;
};
constexpr Shape kShapes[] = {{20, 30, 32},     {32, 64, 32},      {64, 64, 32},      {64, 64, 64},
                             {128, 128, 128},  {512, 784, 128},   {512, 512, 128},   {256, 256, 1024},
                             {20, 12288, 209}, {2048, 2048, 512}, {4096, 4096, 1024}};

// C (m, n) = A (m, k) B (k, n), column-major; a transposed operand is stored the other way round.
using Gemm = std::function<void(bool transpose_a, bool transpose_b, std::ptrdiff_t m, std::ptrdiff_t n,
                                std::ptrdiff_t k, const float* A, std::ptrdiff_t lda, const float* B,
                                std::ptrdiff_t ldb, float* C, std::ptrdiff_t ldc)>;

void* symbol(void* library, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (void* found = dlsym(library, name)) return found;
  }
  return nullptr;
}

void* load(const char* variable) {
  const char* path = std::getenv(variable);
  if (path == nullptr || *path == '\0') return nullptr;
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(fmt::format("{}: {}", variable, dlerror()));
  return library;
}

// NumPy's own OpenBLAS counts in 64 bits and has a prefix; a system's has neither.
Gemm openblas() {
  void* library = load("STRATA_BENCH_OPENBLAS");
  if (library == nullptr) return {};
  constexpr int kColumnMajor = 102, kPlain = 111, kTransposed = 112;
  if (void* threads = symbol(library, {"scipy_openblas_set_num_threads64_", "openblas_set_num_threads"})) {
    reinterpret_cast<void (*)(int)>(threads)(1);
  }
  if (void* found = symbol(library, {"scipy_cblas_sgemm64_"})) {
    using I = std::int64_t;
    const auto sgemm =
        reinterpret_cast<void (*)(int, int, int, I, I, I, float, const float*, I, const float*, I, float, float*, I)>(
            found);
    return [sgemm](bool ta, bool tb, I m, I n, I k, const float* A, I lda, const float* B, I ldb, float* C, I ldc) {
      sgemm(kColumnMajor, ta ? kTransposed : kPlain, tb ? kTransposed : kPlain, m, n, k, 1, A, lda, B, ldb, 0, C, ldc);
    };
  }
  if (void* found = symbol(library, {"cblas_sgemm"})) {
    const auto sgemm = reinterpret_cast<void (*)(int, int, int, int, int, int, float, const float*, int, const float*,
                                                 int, float, float*, int)>(found);
    return [sgemm](bool ta, bool tb, std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, const float* A,
                   std::ptrdiff_t lda, const float* B, std::ptrdiff_t ldb, float* C, std::ptrdiff_t ldc) {
      const auto i = [](std::ptrdiff_t x) { return static_cast<int>(x); };
      sgemm(kColumnMajor, ta ? kTransposed : kPlain, tb ? kTransposed : kPlain, i(m), i(n), i(k), 1, A, i(lda), B,
            i(ldb), 0, C, i(ldc));
    };
  }
  throw std::runtime_error("STRATA_BENCH_OPENBLAS: the library has no cblas_sgemm");
}

// dnnl_sgemm is row-major: Cᵀ = Bᵀ Aᵀ.
Gemm onednn() {
  void* library = load("STRATA_BENCH_ONEDNN");
  if (library == nullptr) return {};
  void* found = symbol(library, {"dnnl_sgemm"});
  if (found == nullptr) throw std::runtime_error("STRATA_BENCH_ONEDNN: the library has no dnnl_sgemm");
  using I = std::int64_t;
  const auto sgemm =
      reinterpret_cast<int (*)(char, char, I, I, I, float, const float*, I, const float*, I, float, float*, I)>(found);
  return [sgemm](bool ta, bool tb, I m, I n, I k, const float* A, I lda, const float* B, I ldb, float* C, I ldc) {
    sgemm(tb ? 'T' : 'N', ta ? 'T' : 'N', n, m, k, 1, B, ldb, A, lda, 0, C, ldc);
  };
}

class GemmProducts final : public Products {
 public:
  GemmProducts(Gemm gemm, Shape s) : gemm_(std::move(gemm)), s_(s) {
    W_.fill(s.units * s.inputs), dW_.fill(s.units * s.inputs);
    A_.fill(s.inputs * s.examples), dA_.fill(s.inputs * s.examples);
    Z_.fill(s.units * s.examples), dZ_.fill(s.units * s.examples);
  }
  void forward() override {
    gemm_(false, false, s_.units, s_.examples, s_.inputs, W_.data(), s_.units, A_.data(), s_.inputs, Z_.data(),
          s_.units);
  }
  void dW() override {
    gemm_(false, true, s_.units, s_.inputs, s_.examples, dZ_.data(), s_.units, A_.data(), s_.inputs, dW_.data(),
          s_.units);
  }
  void dA() override {
    gemm_(true, false, s_.inputs, s_.examples, s_.units, W_.data(), s_.units, dZ_.data(), s_.units, dA_.data(),
          s_.inputs);
  }

 private:
  Gemm gemm_;
  Shape s_;
  class Matrix {
   public:
    void fill(std::ptrdiff_t count) {
      numbers_ = make_numbers(count);
      for (std::ptrdiff_t i = 0; i < count; ++i) data()[i] = static_cast<float>(i % 17) / 17 - 0.5F;
    }
    [[nodiscard]] float* data() { return numbers_.get(); }

   private:
    std::shared_ptr<float> numbers_;
  };
  Matrix W_, dW_, A_, dA_, Z_, dZ_;
};

using Make = std::function<std::unique_ptr<Products>(Shape)>;
using Product = void (Products::*)();

void add(const std::string& library, const std::string& product, Shape s, const Make& make, Product call) {
  const std::string name = fmt::format("{}/{}/{}x{}x{}", library, product, s.units, s.inputs, s.examples);
  const double flops =
      2.0 * static_cast<double>(s.units) * static_cast<double>(s.inputs) * static_cast<double>(s.examples);
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    const std::unique_ptr<Products> products = make(s);
    (products.get()->*call)();  // what a library allocates once is not timed
    for (auto _ : state) {
      (products.get()->*call)();
      benchmark::ClobberMemory();
    }
    state.counters["gflops"] =
        benchmark::Counter(flops / 1e9, benchmark::Counter::kIsIterationInvariantRate, benchmark::Counter::kIs1000);
  });
}

void add_peak() {
  for (const PeakLoop& loop : peak_loops()) {
    if (loop.precision != "float32") continue;
    benchmark::RegisterBenchmark(fmt::format("peak/{}", loop.instructions).c_str(), [loop](benchmark::State& state) {
      constexpr long kIterations = 100000;
      for (auto _ : state) loop.loop(kIterations);
      state.counters["gflops"] = benchmark::Counter(loop.flops_of_iteration * kIterations / 1e9,
                                                    benchmark::Counter::kIsIterationInvariantRate);
    });
  }
}

}  // namespace

int run_products(int argc, char** argv) {
  std::vector<std::pair<std::string, Make>> libraries = {
      {"strata", [](Shape s) { return make_products(s.units, s.inputs, s.examples); }}};
  for (const auto& [name, gemm] : {std::pair<std::string, Gemm>{"openblas", openblas()}, {"onednn", onednn()}}) {
    if (gemm) libraries.emplace_back(name, [used = gemm](Shape s) { return std::make_unique<GemmProducts>(used, s); });
  }
  add_peak();
  for (const Shape& s : kShapes) {
    for (const auto& [name, make] : libraries) {
      add(name, "forward", s, make, &Products::forward);
      add(name, "dW", s, make, &Products::dW);
      add(name, "dA", s, make, &Products::dA);
    }
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace strata_bench
