// Counts how often every spelling comes, in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace strata::internal {

/// How many different texts there are: exact up to `most`, then an estimate from those whose hash begins with enough
/// zero bits (its relative error is about 1.2/√most). What is known depends on the set of texts only, not on their
/// order, nor on how they were parted before they were appended.
class HashSample {
 public:
  explicit HashSample(std::size_t most) : most_(most) {}

  void add(std::uint64_t hash);
  void append(const HashSample& other);
  /// An empty one that keeps what would be left of it if it were appended to this one.
  [[nodiscard]] HashSample like() const;
  [[nodiscard]] std::size_t distinct() const noexcept { return size_ << level_; }
  [[nodiscard]] bool is_exact() const noexcept { return level_ == 0; }

 private:
  void insert(std::uint64_t hash);
  void rebuild(std::size_t slots);

  std::size_t most_;
  unsigned level_ = 0;  // hashes that begin with so many zero bits are kept
  std::size_t size_ = 0;
  std::vector<std::uint64_t> slots_ = {};  // open addressing; 0 is free
};

/// Texts and how often each came: all of them, while they are few enough; then only how many there are. Which of the
/// two depends on the set of texts only.
class Spellings {
 public:
  /// Knows the texts while there are at most `most`, of at most `most_bytes` (below 2^32) together; counts up to
  /// `sample` exactly.
  Spellings(std::size_t most, std::size_t most_bytes, std::size_t sample)
      : most_(most), most_bytes_(most_bytes), sample_(sample) {}

  static constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);
  /// Gives the number of the text, in the order of their first appearance; kUnknown where not all are known any more.
  std::size_t add(std::string_view text, std::size_t count = 1) { return add(text, hash_of(text), count); }
  /// Gives the numbers here of the texts of the other one, as far as both know them.
  std::vector<std::size_t> append(const Spellings& other);
  /// An empty one that does not collect what would be forgotten if it were appended to this one.
  [[nodiscard]] Spellings like() const;

  /// The texts are known. Else only `distinct` is.
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  [[nodiscard]] std::size_t distinct() const noexcept { return complete_ ? entries_.size() : sample_.distinct(); }
  [[nodiscard]] bool is_exact() const noexcept { return complete_ || sample_.is_exact(); }
  /// Text and count i of `distinct()`, in the order of their first appearance, where complete.
  [[nodiscard]] std::string_view text(std::size_t i) const noexcept {
    return std::string_view(texts_).substr(entries_[i].offset, entries_[i].size);
  }
  [[nodiscard]] std::size_t count(std::size_t i) const noexcept { return entries_[i].count; }

  [[nodiscard]] static std::uint64_t hash_of(std::string_view text) noexcept;

 private:
  struct Entry {
    std::uint32_t hash, offset, size;  // the lower half of the hash; where the text stands in texts_
    std::size_t count;
  };

  Spellings(const Spellings& other, HashSample sample)
      : most_(other.most_), most_bytes_(other.most_bytes_), complete_(other.complete_), sample_(std::move(sample)) {}

  std::size_t add(std::string_view text, std::uint64_t hash, std::size_t count);
  void grow();
  void forget();

  std::size_t most_, most_bytes_;
  bool complete_ = true;
  std::vector<Entry> entries_ = {};
  std::vector<std::uint32_t> slots_ = {};  // open addressing: index in entries_ + 1; 0 is free
  std::string texts_ = {};
  HashSample sample_;
};

}  // namespace strata::internal
