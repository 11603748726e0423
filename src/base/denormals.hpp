// Numbers too small for a full mantissa (below 1.2e-38 in float32) count as zero while this lives, on this thread:
// processors take a hundred times as long for them, and nothing that is learnt needs them.
#pragma once

#include "base/processor.hpp"

namespace strata::internal {

class FlushDenormals {
 public:
  FlushDenormals() noexcept : before_(float_control()) {
    if ((before_ & kFlushing) != kFlushing) set_float_mode(before_ | kFlushing);
  }
  ~FlushDenormals() {
    if ((before_ & kFlushing) != kFlushing) set_float_mode(before_);
  }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned long before_;
};

}  // namespace strata::internal
