// A column of a table in the form of the Arrow C data interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/table_storage.hpp"
#include "strata/arrow.h"
#include "strata/data.hpp"

namespace strata::internal {

/// What was moved here, and is released with it.
template <class Struct>
struct Taken : Struct {
  Taken() noexcept : Struct{} {}
  explicit Taken(Struct& given) noexcept : Struct(given) { given.release = nullptr; }
  ~Taken() {
    if (this->release != nullptr) this->release(this);
  }
  Taken(const Taken&) = delete;
  Taken& operator=(const Taken&) = delete;
};
using ArrowChunk = std::shared_ptr<const Taken<ArrowArray>>;

/// Bit i of a bitmap.
[[nodiscard]] inline bool bit_of(const void* bitmap, std::size_t i) noexcept {
  return (static_cast<const std::uint8_t*>(bitmap)[i / 8] >> i % 8 & 1U) != 0;
}

/// The rows of a column that one chunk has.
struct ArrowPart {
  const ArrowArray* array = nullptr;
  std::size_t first = 0, rows = 0;  // items of the buffers
  std::size_t row = 0;              // the first of them in the table
  const void* valid = nullptr;      // none: all are
  const ArrowChunk* chunk = nullptr;
  std::size_t first_entry = 0, entries = 0;  // of the dictionary, where there is one

  [[nodiscard]] bool is_null(std::size_t i) const noexcept { return valid != nullptr && !bit_of(valid, first + i); }
  [[nodiscard]] const void* buffer(std::size_t b) const noexcept { return array->buffers[b]; }
};

/// What a column becomes.
struct ArrowColumn {
  Field field;
  Block block;
  bool of_integers = false;  // as Place::of_integers
};

/// How many items the array has behind its offset. Throws Error(format), which begins with `what`.
[[nodiscard]] std::size_t items_of(const ArrowArray& array, const std::string& what);

/// Errors: as read_arrow. `parts`: at least one row; which of them is null, nobody has to know.
[[nodiscard]] ArrowColumn read_arrow_column(const std::string& source, const std::string& name,
                                            const ArrowSchema& schema, std::vector<ArrowPart> parts);
/// Throws Error(format): "the frame: column 'age': …".
[[noreturn]] void refuse_arrow_column(const std::string& source, const std::string& name, const std::string& what);

}  // namespace strata::internal
