// The doors of the library: what the language, its library or the system throws inside leaves as strata::Error.
#pragma once

#include <cstddef>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

namespace strata::internal {

/// An allocation that failed and knows how much it wanted.
class MemoryWanted final : public std::bad_alloc {
 public:
  explicit MemoryWanted(std::size_t bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  std::size_t bytes_;
};

/// In a handler: throws what is being handled as an Error. Lacking memory becomes Error(memory), "there is not enough
/// memory " and `purpose`, also where there is none for these words. What is no std::exception (the end of a thread)
/// passes.
[[noreturn]] void throw_as_error(const char* purpose);

/// Remembers whether a function of the caller's threw: what it threw is the caller's own business and passes untouched.
class Caller {
 public:
  /// The same function, watched; an empty one stays empty. Borrows it.
  template <class Result, class... Arguments>
  [[nodiscard]] std::function<Result(Arguments...)> watched(const std::function<Result(Arguments...)>& function) {
    if (!function) return {};
    return [this, &function](Arguments... arguments) -> Result {
      try {
        return function(std::forward<Arguments>(arguments)...);
      } catch (...) {
        threw_ = true;
        throw;
      }
    };
  }
  [[nodiscard]] bool threw() const noexcept { return threw_; }

 private:
  bool threw_ = false;
};

/// What `body` gives. A body that takes a Caller& calls the caller's functions through it.
template <class Body>
decltype(auto) only_errors(const char* purpose, const Body& body) {
  Caller caller;
  try {
    if constexpr (std::is_invocable_v<const Body&, Caller&>) {
      return body(caller);
    } else {
      return body();
    }
  } catch (...) {
    if (caller.threw()) throw;
    throw_as_error(purpose);
  }
}

}  // namespace strata::internal
