// Numbers for words, in the order of their first appearance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strata::internal {

class Words {
 public:
  /// The number of a word: that which it had, or the next one.
  [[nodiscard]] std::size_t index(std::string_view word) { return index(word, hash_of(word)); }
  /// The numbers here of the words of another one.
  [[nodiscard]] std::vector<double> indices(const Words& other);
  [[nodiscard]] std::vector<std::string> all() const;

 private:
  struct Entry {
    std::uint64_t hash;
    std::size_t offset, size;  // of its text in texts_
  };

  [[nodiscard]] static std::uint64_t hash_of(std::string_view word) noexcept;
  [[nodiscard]] std::size_t index(std::string_view word, std::uint64_t hash);
  [[nodiscard]] std::string_view word(const Entry& entry) const noexcept {
    return std::string_view(texts_).substr(entry.offset, entry.size);
  }
  void grow();

  std::vector<Entry> entries_;
  std::vector<std::size_t> slots_;  // open addressing: index in entries_ + 1; 0 is free
  std::string texts_;
};

}  // namespace strata::internal
