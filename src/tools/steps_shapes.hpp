// The message for two matrices that do not fit: both shapes, the equation, and the rule.
#pragma once

#include "strata/steps.hpp"

namespace strata::steps {

/// Throws Error(shape) unless `fits`.
void require(bool fits, const char* equation, const char* left, const Matrix& a, const char* right, const Matrix& b,
             const char* rule);
void require_same(const char* equation, const char* left, const Matrix& a, const char* right, const Matrix& b);

}  // namespace strata::steps
