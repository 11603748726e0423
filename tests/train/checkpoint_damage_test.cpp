// A checkpoint that is damaged, newer, or made so is an error that says so.
#include <stdexcept>
#include <utility>

#include "train/checkpoint.hpp"
#include "train/resume.hpp"

namespace strata {
namespace {

// Every truncation and every changed byte: a typed error, or nothing changed.
TEST_F(Resume, NoticesDamage) {
  Options options = small();
  options.hidden_layers = {2};
  options.patience = 5;
  const fs::path file = stopped(options, 8);
  const std::string good = bytes_of(checkpoint());
  const std::string right = bytes_of(go_on(file).model);
  const auto ends = [&](const std::string& bytes) {
    std::ofstream(checkpoint(), std::ios::binary) << bytes;
    try {
      return bytes_of(go_on(file).model) == right;
    } catch (const Error& error) {
      return error.code() == ErrorCode::format;
    }
  };
  for (std::size_t size = 0; size < good.size(); size += 3) ASSERT_TRUE(ends(good.substr(0, size))) << size;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ (1U << (at % 8)));
    ASSERT_TRUE(ends(bytes)) << at;
  }
}

TEST_F(Resume, RefusesANewerCheckpoint) {
  static_cast<void>(stopped(small()));
  const auto said = [&](const std::string& from, const std::string& to) {
    internal::FileReader reader(checkpoint());
    auto [model, state] = internal::load_checkpoint(reader);
    state.text.replace(state.text.find(from), from.size(), to);
    internal::save_checkpoint(model, state.text, state.tensors, folder_.path / "changed");
    const std::string message =
        refusal([&] { static_cast<void>(Checkpoint::load(folder_.path / "changed")); }, ErrorCode::format);
    const std::string name = "'" + (folder_.path / "changed").string() + "' ";
    EXPECT_TRUE(message.starts_with(name)) << message;
    return message.substr(std::min(name.size(), message.size()));
  };
  EXPECT_EQ(said("\"version\":2", "\"version\":3"),
            "was written by a newer Strata (checkpoint 3; this program reads up to 2): update Strata");
  EXPECT_EQ(said("\"epochs\"", "\"eras\""),
            "is damaged: training: options.eras: expected a value of an option, found \"12\"");
  EXPECT_EQ(said("\"kernels\"", "\"kernel\""), "is damaged: training: kernels is missing");
}

// With curves of other figures than are measured, the model could not be read again.
TEST_F(Resume, RefusesCurvesOfOtherFigures) {
  Options options = small();
  options.validation = "0.2";
  const fs::path file = stopped(options, 20);
  const auto said = [&](const std::function<void(Curves&)>& change) {
    internal::FileReader reader(checkpoint());
    auto [model, state] = internal::load_checkpoint(reader);
    change(const_cast<Curves&>(model.record().curves));  // NOLINT: a test's own
    internal::save_checkpoint(model, state.text, state.tensors, folder_.path / "changed");
    const Checkpoint from = Checkpoint::load(folder_.path / "changed");
    return refusal([&] { static_cast<void>(resume(std::span(&file, 1), from, from.options())); }, ErrorCode::format);
  };
  const std::string damaged = "the checkpoint is damaged: its curves";
  EXPECT_EQ(said([](Curves& curves) { curves.validation.pop_back(); }), damaged);
  EXPECT_EQ(said([](Curves& curves) { curves.train.push_back(curves.validation[0]); }), damaged);
  EXPECT_EQ(said([](Curves&) {}), "nothing");
}

// Of a checkpoint that was made so: with a right checksum and wrong fields.
TEST_F(Resume, RefusesFieldsThatCannotBe) {
  const fs::path file = stopped(small(), 20);
  const auto said = [&](const std::function<void(Checkpoint::Data&)>& change) {
    Checkpoint from = Checkpoint::load(checkpoint());
    change(const_cast<Checkpoint::Data&>(from.data()));  // NOLINT: a test's own
    from.save(folder_.path / "changed");
    return refusal(
        [&] {
          const Checkpoint changed = Checkpoint::load(folder_.path / "changed");
          static_cast<void>(resume(std::span(&file, 1), changed, changed.options()));
        },
        ErrorCode::format);
  };
  const auto number = [](Checkpoint::Data& data, std::string_view name) -> std::string& {
    for (auto& [each, text] : data.fields.numbers)
      if (each == name) return text;
    throw std::runtime_error("no such field");
  };
  EXPECT_EQ(said([&](auto& data) { number(data, "descent.iteration") = "21"; }),
            "the checkpoint is damaged: its numbers of updates");
  EXPECT_EQ(said([&](auto& data) { number(data, "descent.kept.iteration") = "30"; }),
            "the checkpoint is damaged: its numbers of updates");
  EXPECT_EQ(said([&](auto& data) { number(data, "stopping.waited") = "-1"; }),
            "the checkpoint is damaged: the number 'stopping.waited' is '-1'");
  EXPECT_EQ(said([&](auto& data) { number(data, "stopping.best") = "much"; }),
            "the checkpoint is damaged: the number 'stopping.best' is 'much'");
  EXPECT_EQ(said([&](auto& data) { number(data, "stopping.best").assign(4000, '7').push_back('!'); }),
            "the checkpoint is damaged: the number 'stopping.best' is '" + std::string(40, '7') + "'");
  EXPECT_EQ(said([](auto& data) { data.fields.numbers.pop_back(); }),
            "the checkpoint is damaged: 'history.stride' is missing");
  EXPECT_EQ(said([&](auto& data) { number(data, "history.stride") = "0"; }), "the checkpoint is damaged: its curves");
  EXPECT_EQ(said([](auto& data) { data.fields.numbers.emplace_back("more", "1"); }),
            "the checkpoint is damaged: there is more in it than belongs to its training");
  EXPECT_EQ(said([](auto& data) { data.fields.tensors.pop_back(); }),
            "the checkpoint is damaged: 'training.trend.costs' is missing");
  EXPECT_EQ(said([](auto& data) { std::swap(data.fields.tensors.front(), data.fields.tensors.back()); }),
            "the checkpoint is damaged: 'training.descent.kept.theta' is missing");
}

}  // namespace
}  // namespace strata
