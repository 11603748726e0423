// The one exception type of Strata.
#pragma once

#include <stdexcept>
#include <string>

#include "strata/export.hpp"

namespace strata STRATA_EXPORT {

/// What kind of thing went wrong; the message says what was expected, what was found, where, and what to do.
enum class ErrorCode {
  usage,        ///< an option, a column or a name that does not exist or does not fit
  not_found,    ///< a file that is not there
  io,           ///< the system refused to read or write
  format,       ///< a file that is not what it should be: damaged, foreign, or newer than this program
  shape,        ///< two matrices that do not fit the equation
  value,        ///< a number or a word where another was expected (NaN, text, an unknown class)
  unsupported,  ///< a valid request that this version cannot carry out
  diverged,     ///< the training produced infinities or NaN
  memory,       ///< more memory is needed than there is
  internal,     ///< a fault of Strata itself
};

/// Every function of Strata reports failure by throwing this type, and only this type. What a function of the caller's
/// own throws (a callback, a chooser of fields) ends the call and passes untouched. (A copy of a value of Strata's is
/// one of its strings and vectors, and may throw what those throw.)
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

}  // namespace strata STRATA_EXPORT
