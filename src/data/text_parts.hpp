// A table of text in parts of whole records, which several threads look at.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "data/byte_source.hpp"
#include "data/csv_scanner.hpp"
#include "data/dialect.hpp"

namespace strata::internal {

/// What is made of the rows of a part.
class TextPart {
 public:
  virtual ~TextPart() = default;
  /// Gets the rows of the part one after the other, each while the scanner stands at it; lines count from 1.
  virtual void add(const CsvScanner& row) = 0;
};

/// How to look at a text in parts.
struct TextLook {
  /// A part without rows. Called by several threads, one at a time.
  std::function<std::unique_ptr<TextPart>()> begin;
  /// Gets the parts in the order of the text, one at a time; its line 1 is line `lines` + 1 of the text.
  std::function<void(std::unique_ptr<TextPart> part, std::size_t lines)> join;
};

inline constexpr std::size_t kPartBytes = std::size_t{2} << 20;

/// Reads all rows of a text from its beginning, on so many threads. Where the parts begin depends on the text alone.
/// Errors: those of the source, of CsvScanner::next_row and of the look; of several the first one in the text, after
/// what is before it was joined.
[[nodiscard]] TextCounts read_in_parts(Input& input, const Dialect& dialect, int threads, const TextLook& look,
                                       std::size_t part_bytes = kPartBytes);

}  // namespace strata::internal
