#include "base/only_errors.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

// Made while there is memory: a copy of it takes none.
const Error kNoMemoryLeft(ErrorCode::memory, "there is not enough memory");

ErrorCode code_of(const std::error_code& reason) {
  if (reason == std::errc::no_such_file_or_directory) return ErrorCode::not_found;
  return reason == std::errc::not_enough_memory ? ErrorCode::memory : ErrorCode::io;
}

[[noreturn]] void throw_translated(const char* purpose) {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const MemoryWanted& wanted) {
    throw Error(ErrorCode::memory, fmt::format("there is not enough memory {}: {} bytes were wanted in one piece",
                                               purpose, wanted.bytes()));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::memory, fmt::format("there is not enough memory {}", purpose));
  } catch (const std::length_error&) {  // of a vector or a string
    throw Error(ErrorCode::memory,
                fmt::format("there is not enough memory {}: what it needs cannot even be addressed", purpose));
  } catch (const std::filesystem::filesystem_error& error) {
    throw Error(code_of(error.code()),
                fmt::format("'{}': {}", printable(error.path1().string()), error.code().message()));
  } catch (const std::system_error& error) {
    throw Error(code_of(error.code()), fmt::format("the system refused: {}", error.what()));
  } catch (const std::exception& error) {
    throw Error(ErrorCode::internal, fmt::format("a fault of Strata itself, please report it: {}", error.what()));
  }
}

}  // namespace

void throw_as_error(const char* purpose) {
  try {
    throw_translated(purpose);
  } catch (const std::bad_alloc&) {  // none for the message either
    throw kNoMemoryLeft;             // NOLINT(misc-throw-by-value-catch-by-reference): a new one would want memory
  }
}

}  // namespace strata::internal
