// All that the benchmark knows of the library's inside is behind this header.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "runner.hpp"
#include "work.hpp"

namespace strata_bench {

/// The implementation of the kernels that this machine gets, and the version.
[[nodiscard]] std::string engine_version();
[[nodiscard]] std::string engine_kernels();

/// Throws NotBuilt for a work that this version of the library cannot do.
[[nodiscard]] std::unique_ptr<Runner> make_engine_runner(const Work& work);

/// `count` numbers that lie as Strata's own do: from the start of a cache line on, large ones in huge pages.
[[nodiscard]] std::shared_ptr<float> make_numbers(std::ptrdiff_t count);

/// One layer's three products alone, on random numbers, one thread.
class Products {
 public:
  virtual ~Products() = default;
  virtual void forward() = 0;  // Z = W A_prev + b
  virtual void dW() = 0;       // dW = 1/m dZ A_prevᵀ, db = 1/m Σ dZ
  virtual void dA() = 0;       // dA_prev = Wᵀ dZ
};
[[nodiscard]] std::unique_ptr<Products> make_products(std::ptrdiff_t units, std::ptrdiff_t inputs,
                                                      std::ptrdiff_t examples);

}  // namespace strata_bench
