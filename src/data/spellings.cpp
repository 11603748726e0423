#include "data/spellings.hpp"

#include <bit>
#include <cstring>
#include <utility>

namespace strata::internal {
namespace {

constexpr std::size_t kFirstSlots = 16;

// The last step of MurmurHash3: every bit of the result depends on every bit of x.
std::uint64_t mixed(std::uint64_t x) noexcept {
  x = (x ^ (x >> 33U)) * 0xFF51AFD7ED558CCDU;
  x = (x ^ (x >> 33U)) * 0xC4CEB9FE1A85EC53U;
  return x ^ (x >> 33U);
}

}  // namespace

void HashSample::add(std::uint64_t hash) {
  if (level_ > 0 && hash >> (64U - level_) != 0) return;
  insert(hash == 0 ? 1 : hash);
  while (size_ > most_) {
    ++level_;
    rebuild(slots_.size());
  }
}

void HashSample::append(const HashSample& other) {
  if (other.level_ > level_) {
    level_ = other.level_;
    rebuild(slots_.size());
  }
  for (const std::uint64_t hash : other.slots_) {
    if (hash != 0) add(hash);
  }
}

HashSample HashSample::like() const {
  HashSample empty(most_);
  empty.level_ = level_;
  return empty;
}

void HashSample::insert(std::uint64_t hash) {
  if (2 * (size_ + 1) > slots_.size()) rebuild(slots_.empty() ? kFirstSlots : 2 * slots_.size());
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (slots_[slot] == hash) return;
  }
  slots_[slot] = hash;
  ++size_;
}

void HashSample::rebuild(std::size_t slots) {
  const std::vector<std::uint64_t> before = std::exchange(slots_, std::vector<std::uint64_t>(slots));
  size_ = 0;
  for (const std::uint64_t hash : before) {
    if (hash != 0 && (level_ == 0 || hash >> (64U - level_) == 0)) insert(hash);
  }
}

std::uint64_t Spellings::hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0x9E3779B97F4A7C15U + text.size();
  const char* const end = text.data() + text.size();
  const bool is_long = text.size() >= sizeof hash;
  while (text.size() >= sizeof hash) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    hash = std::rotl((hash ^ word) * 0x9FB21C651E98DF25U, 29);
    text.remove_prefix(sizeof word);
  }
  std::uint64_t rest = 0;
  if (is_long && std::endian::native == std::endian::little) {  // the same without a loop
    std::memcpy(&rest, end - sizeof rest, sizeof rest);
    rest = __builtin_bswap64(rest) & ((std::uint64_t{1} << 8 * text.size()) - 1);
  } else {
    for (const char c : text) rest = rest << 8U | static_cast<unsigned char>(c);
  }
  return mixed(hash ^ rest);
}

std::vector<std::size_t> Spellings::append(const Spellings& other) {
  std::vector<std::size_t> numbers;
  if (!other.complete_) {
    if (complete_) forget();
    sample_.append(other.sample_);
    return numbers;
  }
  numbers.reserve(other.entries_.size());
  for (std::size_t i = 0; i < other.entries_.size(); ++i)
    numbers.push_back(add(other.text(i), hash_of(other.text(i)), other.count(i)));
  return numbers;
}

Spellings Spellings::like() const { return {*this, sample_.like()}; }

std::size_t Spellings::add(std::string_view text, std::uint64_t hash, std::size_t count) {
  if (!complete_) {
    sample_.add(hash);
    return kUnknown;
  }
  if (2 * (entries_.size() + 1) > slots_.size()) grow();
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == static_cast<std::uint32_t>(hash) &&
        std::string_view(texts_).substr(entry.offset, entry.size) == text) {
      entry.count += count;
      return slots_[slot] - 1;
    }
  }
  if (entries_.size() == most_ || text.size() > most_bytes_ - texts_.size()) {
    forget();
    sample_.add(hash);
    return kUnknown;
  }
  entries_.push_back({.hash = static_cast<std::uint32_t>(hash),
                      .offset = static_cast<std::uint32_t>(texts_.size()),
                      .size = static_cast<std::uint32_t>(text.size()),
                      .count = count});
  texts_ += text;
  slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  return entries_.size() - 1;
}

void Spellings::grow() {
  slots_.assign(slots_.empty() ? kFirstSlots : 2 * slots_.size(), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t slot = entries_[i].hash & (slots_.size() - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

void Spellings::forget() {
  complete_ = false;
  for (std::size_t i = 0; i < entries_.size(); ++i) sample_.add(hash_of(text(i)));
  entries_ = {};
  slots_ = {};
  texts_ = {};
}

}  // namespace strata::internal
