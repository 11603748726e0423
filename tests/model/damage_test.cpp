// Every truncation and every changed byte of a model file: it is noticed, or it changed nothing.
#include <sys/mman.h>
#include <unistd.h>

#include "support.hpp"

namespace strata {
namespace {

using testing::content_of;
using testing::expect_equal;
using testing::TemporaryFolder;

// A file that no disk has to hold: many thousands of them are written here.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("strata-damage", 0)) {
    if (descriptor_ < 0) throw std::runtime_error("no file in memory");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void write(const std::string& bytes) const {
    const auto size = static_cast<ssize_t>(bytes.size());
    if (::ftruncate(descriptor_, size) != 0 || ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) != size) {
      throw std::runtime_error("cannot write to memory");
    }
  }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

// A model that every program reads, one of inputs of every type, and one of several networks.
enum class Kind { plain, typed, several };

Model model_of(Kind kind) {
  if (kind == Kind::several) return testing::make_bag<float>();
  return kind == Kind::plain ? testing::make_full_model<float>() : testing::make_typed_model<float>();
}

class Damage : public ::testing::TestWithParam<Kind> {
 protected:
  Damage() {
    const TemporaryFolder folder;
    original_.save(folder / "good");
    good_ = content_of(folder / "good");
  }

  // From a file and from memory, which must say the same; true when it worked.
  bool loads(const std::string& bytes, const std::string& what) {
    file_.write(bytes);
    const std::string of_file = refusal([&] { return Model::load(file_.path()); }, "'" + file_.path() + "' ", what);
    const std::string of_bytes =
        refusal([&] { return Model::from_bytes(std::as_bytes(std::span(bytes))); }, "the model ", what);
    EXPECT_EQ(of_file, of_bytes) << what;
    return of_bytes.empty();
  }

  // What the error says of `subject`; nothing where it loads, and then nothing may have changed.
  std::string refusal(const std::function<Model()>& load, const std::string& subject, const std::string& what) {
    try {
      const Model model = load();
      expect_equal<float>(model, original_);
      EXPECT_FALSE(HasFailure()) << what << " changed the model unnoticed";
      return "";
    } catch (const Error& error) {
      const std::string message = error.what();
      EXPECT_EQ(error.code(), ErrorCode::format) << what << ": " << message;
      EXPECT_EQ(message.find(subject), 0U) << "no name in: " << message;
      return message.substr(std::min(subject.size(), message.size()));
    }
  }

  MemoryFile file_;
  const Model original_ = model_of(GetParam());
  std::string good_;
};

TEST_P(Damage, EveryTruncation) {
  for (std::size_t size = 0; size < good_.size(); ++size) {
    ASSERT_FALSE(loads(good_.substr(0, size), "the end at byte " + std::to_string(size)));
  }
  EXPECT_TRUE(loads(good_, "nothing"));
  EXPECT_FALSE(loads(good_ + '\0', "a byte more"));
}

TEST_P(Damage, EveryChangedByte) {
  std::size_t harmless = 0;
  for (std::size_t at = 0; at < good_.size(); ++at) {
    for (const int mask : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF}) {
      std::string bytes = good_;
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      if (loads(bytes, "byte " + std::to_string(at) + " changed by " + std::to_string(mask))) ++harmless;
      if (HasFailure()) return;
    }
    // Characters that mean something in the header.
    for (const char c : {'"', '{', '}', '[', ']', ',', ':', '\\', '0', '9', '-', 'e', '\0'}) {
      if (good_[at] == c) continue;
      std::string bytes = good_;
      bytes[at] = c;
      if (loads(bytes, "byte " + std::to_string(at) + " became " + std::string(1, c))) ++harmless;
      if (HasFailure()) return;
    }
  }
  // Only blanks at the end of the header may become other blanks.
  EXPECT_LT(harmless, 20U);
}

TEST_P(Damage, EveryByteLeftOutOrDoubled) {
  for (std::size_t at = 0; at < good_.size(); ++at) {
    std::string less = good_, more = good_;
    less.erase(at, 1);
    more.insert(at, 1, good_[at]);
    EXPECT_FALSE(loads(less, "byte " + std::to_string(at) + " left out"));
    EXPECT_FALSE(loads(more, "byte " + std::to_string(at) + " doubled"));
    if (HasFailure()) return;
  }
}

TEST_P(Damage, PiecesOfTheFileInOtherPlaces) {
  // Blocks swapped, zeroed and repeated, as broken disks and copies do.
  constexpr std::size_t kBlock = 64;
  for (std::size_t from = 0; from + kBlock <= good_.size(); from += kBlock) {
    std::string zeroed = good_;
    zeroed.replace(from, kBlock, kBlock, '\0');
    EXPECT_FALSE(loads(zeroed, "a block of zeros at " + std::to_string(from)));
    for (std::size_t to = 0; to + kBlock <= good_.size(); to += kBlock) {
      if (from == to || good_.compare(from, kBlock, good_, to, kBlock) == 0) continue;
      std::string copied = good_;
      copied.replace(to, kBlock, good_, from, kBlock);
      EXPECT_FALSE(loads(copied, "block " + std::to_string(from) + " over block " + std::to_string(to)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Damage, ::testing::Values(Kind::plain, Kind::typed, Kind::several));

}  // namespace
}  // namespace strata
