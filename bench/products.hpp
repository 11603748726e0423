#pragma once

namespace strata_bench {

/// Google Benchmark over the shapes, the three products and the libraries; its own options in argv.
int run_products(int argc, char** argv);

}  // namespace strata_bench
