#include "data/words.hpp"

#include "data/spellings.hpp"

namespace strata::internal {

std::uint64_t Words::hash_of(std::string_view word) noexcept { return Spellings::hash_of(word); }

std::size_t Words::index(std::string_view word, std::uint64_t hash) {
  if (2 * (entries_.size() + 1) > slots_.size()) grow();
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && this->word(entry) == word) return slots_[slot] - 1;
  }
  entries_.push_back({.hash = hash, .offset = texts_.size(), .size = word.size()});
  texts_ += word;
  slots_[slot] = entries_.size();
  return entries_.size() - 1;
}

std::vector<double> Words::indices(const Words& other) {
  std::vector<double> numbers;
  numbers.reserve(other.entries_.size());
  for (const Entry& entry : other.entries_)
    numbers.push_back(static_cast<double>(index(other.word(entry), entry.hash)));
  return numbers;
}

std::vector<std::string> Words::all() const {
  std::vector<std::string> words;
  words.reserve(entries_.size());
  for (const Entry& entry : entries_) words.emplace_back(word(entry));
  return words;
}

void Words::grow() {
  constexpr std::size_t kFirstSlots = 16;
  slots_.assign(slots_.empty() ? kFirstSlots : 2 * slots_.size(), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = entries_[i].hash & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = i + 1;
  }
}

}  // namespace strata::internal
