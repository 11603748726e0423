// A file that is open, and closed when its owner goes.
#pragma once

#include <unistd.h>

#include <utility>

namespace strata::internal {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() { static_cast<void>(close()); }
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  /// Below 0: none.
  [[nodiscard]] int number() const noexcept { return number_; }
  /// To somebody else, who closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(number_, -1); }
  /// Now. False where the system says only then that what was written could not be.
  [[nodiscard]] bool close() noexcept { return number_ < 0 || ::close(release()) == 0; }

 private:
  int number_ = -1;
};

}  // namespace strata::internal
