// Networks side by side that stop and go on, or are trained further.
#include <algorithm>
#include <memory>
#include <utility>

#include "train/checkpoint.hpp"
#include "train/members.hpp"
#include "train/side_by_side.hpp"

namespace strata {
using namespace internal;
namespace {

TEST_F(Members, GoOnWhereTheyWereStopped) {
  for (const MembersCase& each : members_cases()) {
    Options options = large();
    each.set(options);
    set_target(options);
    options.patience = 4;
    options.l2 = each.name == std::string("realmlp") ? 0 : 0.1;
    options.members = kThree;
    const fs::path file = write("data.csv", rows_held(each.words));
    const Fit whole = train(file, options);
    for (const std::int64_t stop :
         {std::int64_t{1}, whole.iterations / 2, whole.iterations / 2 + 1, whole.iterations - 1}) {
      options.threads = stop % 2 == 0 ? 1 : 2;
      ASSERT_EQ(train(file, options, stopping(stop)).ending, Ending::interrupted) << each.name << stop;
      EXPECT_EQ(Checkpoint::load(checkpoint()).model().networks(), 3U);
      EXPECT_EQ(bytes_of(go_on(file, [](Options& o) { o.threads = 3; }).model), bytes_of(whole.model))
          << each.name << stop;
    }
    const std::string other = refusal([&] { go_on(file, [](Options& o) { o.members = 2; }); }, ErrorCode::usage);
    EXPECT_TRUE(other.starts_with("--members: the training was begun with '3', and '2' is asked for now")) << other;
  }
}

TEST_F(Members, OfADamagedCheckpointAreAnError) {
  Options options = small();
  options.members = 2;
  const fs::path file = stopped(options);
  const auto said = [&](const std::function<void(std::string&)>& change) {
    internal::FileReader reader(checkpoint());
    auto [model, state] = internal::load_checkpoint(reader);
    change(state.text);
    const fs::path other = folder_.path / "changed";
    internal::save_checkpoint(model, state.text, state.tensors, other);
    return refusal(
        [&] {
          const Checkpoint from = Checkpoint::load(other);
          static_cast<void>(resume(std::span(&file, 1), from, from.options()));
        },
        ErrorCode::format);
  };
  const auto replaced = [](std::string from, std::string to) {
    return [from, to](std::string& text) {
      const std::size_t at = text.rfind(from);
      ASSERT_NE(at, std::string::npos) << text;
      text.replace(at, from.size(), to);
    };
  };
  EXPECT_EQ(said(replaced("\"members\":\"2\"", "\"members\":\"3\"")),
            "the checkpoint is damaged: it has 2 networks, and its options say 3");
  EXPECT_EQ(said(replaced("\"descent.member2.iteration\":\"20\"", "\"descent.member2.iteration\":\"19\"")),
            "the checkpoint is damaged: its numbers of updates");
}

// Each goes on from its own weights, with its own batches.
TEST_F(Members, AreTrainedFurther) {
  Options options = large();
  set_target(options);
  options.seed = 9;
  options.members = 2;
  const fs::path file = write("data.csv", rows_held(true)), more = write("more.csv", rows_held(true, 120));
  const Model first = train(file, options).model;
  const auto further = [&](const Model& model, const std::function<void(Options&)>& set = {}) {
    Options then = options_of(model);
    if (set) set(then);
    return continue_training(std::span(&more, 1), model, then).model;
  };
  const Model second = further(first);
  ASSERT_EQ(second.networks(), 2U);
  EXPECT_EQ(second.record().before.size(), 1U);
  for (std::size_t i = 0; i < 2; ++i) {
    Options alone = options;
    alone.members = 1, alone.seed = seed_of_network(9, i);
    const Model before = train(file, alone).model;
    EXPECT_EQ(network_of(second, i), network_of(further(before))) << i;
    EXPECT_NE(network_of(second, i), network_of(first, i));
  }
  EXPECT_EQ(refusal([&] { further(first, [](Options& o) { o.members = 3; }); }, ErrorCode::usage),
            "--members 3: the model has '2', and a training that continues it keeps its columns, its target and its "
            "network; leave it out, or train anew");
  const Model third = further(second);
  EXPECT_EQ(third.networks(), 2U);
  EXPECT_EQ(third.record().before.size(), 2U);
  // A training that continues, too, goes on where it was stopped.
  const Options then = options_of(first);
  static_cast<void>(continue_training(std::span(&more, 1), first, then, stopping(5)));
  EXPECT_EQ(bytes_of(go_on(more).model), bytes_of(second));
}

TEST_F(Members, OfABagAreNotTrainedFurther) {
  Options options = small();
  options.members = 2;
  const fs::path file = write("data.csv", csv(90, false));
  auto data = std::make_unique<Model::Data>(train(file, options).model.data());
  for (std::size_t i = 0; i < 2; ++i) data->record.networks[i].fold = static_cast<std::int64_t>(i) + 1;
  const Model bag(std::move(data));
  const std::string expected =
      "the model is a bag of 2 networks, each stopped on rows that the others were trained on, and is not trained "
      "further: no rows of the new ones would be left for that; train it anew on old and new rows together, with "
      "--folds 2";
  EXPECT_EQ(refusal([&] { static_cast<void>(options_of(bag)); }, ErrorCode::usage), expected);
  EXPECT_EQ(refusal([&] { static_cast<void>(continue_training(std::span(&file, 1), bag, options)); }, ErrorCode::usage),
            expected);
}

}  // namespace
}  // namespace strata
