// What only the rows of a fold have is to its network as what nobody has seen.
#include "train/unseen.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bag.hpp"
#include "base/thread_pool.hpp"
#include "kernels/registry.hpp"
#include "model/model_data.hpp"
#include "model/plan.hpp"
#include "network/initialize.hpp"
#include "network/parameters.hpp"
#include "train/prepare.hpp"

namespace strata {
using namespace bags;
using namespace internal;
namespace {

constexpr std::size_t kRare = 33;  // the row whose word no other row has

/// Four words, of which one is rare, an x, and a number that is missing in one row.
Table words(const std::string& of_all = {}) {
  std::vector<double> x, y;
  std::vector<std::string> word;
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto at = static_cast<double>(i);
    x.push_back(std::sin(3 * at + 1));
    y.push_back(x.back() + (i % 3 == 0 ? 0.5 : 0.0));
    word.emplace_back(i == kRare ? "rare" : i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c");
    if (!of_all.empty()) word.back() = of_all;
  }
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, y);
  table.add_text("word", word);
  return table;
}

/// One of its networks.
Model single(const Model& bag, std::size_t network) {
  auto data = std::make_unique<Model::Data>(bag.data());
  std::visit([&](auto& all) { all = {all[network]}; }, data->networks);
  data->shares.clear(), data->record.networks.clear(), data->record.out_of_fold.reset();
  return Model(std::move(data));
}

enum class How { one_hot, scaled, embedded };

Options with_words(How how) {
  Options options = asked({"y"});
  options.inputs = {"x", "word"};
  if (how == How::scaled) options.scale = ScaleKind::robust;
  if (how == How::embedded) options.one_hot_limit = 2, options.embedding_size = 4;
  return options;
}

TEST(Unseen, IsToTheNetworkOfItsFoldAsAWordThatNobodyHasSeen) {
  for (const How how : {How::one_hot, How::scaled, How::embedded}) {
    SCOPED_TRACE(static_cast<int>(how));
    for (const int members : {1, 2}) {
      Options options = with_words(how);
      options.members = members;
      const Fit fit = train(words(), options);
      const std::vector<std::string>& levels = fit.model.inputs().back().levels;
      const auto level = static_cast<std::size_t>(std::ranges::find(levels, "rare") - levels.begin());
      ASSERT_LT(level, levels.size());
      ASSERT_EQ(fit.model.inputs().back().embedded, how == How::embedded);
      for (std::size_t j = 0; j < fit.model.networks(); ++j) {
        const PartReport& fold = fit.parts[j / static_cast<std::size_t>(members)];
        const bool is_held = std::ranges::count(fold.rows, kRare) == 1;
        const Model one = single(fit.model, j);
        const std::vector<double> rare = one.predict(words("rare")).values, unknown = one.predict(words("?")).values;
        EXPECT_EQ(rare == unknown, is_held) << j;
        EXPECT_NE(one.predict(words("a")).values, unknown);
        std::vector<double> column;  // what the network has learned of the word
        if (how == How::embedded) {
          const std::vector<LearnedMatrix> stage = one.stage();
          const auto E = std::ranges::find(stage, "E", &LearnedMatrix::name);
          ASSERT_NE(E, stage.end());
          const auto begin = E->values.begin() + static_cast<std::ptrdiff_t>(level * E->rows);
          column.assign(begin, begin + static_cast<std::ptrdiff_t>(E->rows));
        } else {
          const std::vector<double> W = one.weights(1);
          const std::size_t n_1 = W.size() / (1 + levels.size());
          const auto begin = W.begin() + static_cast<std::ptrdiff_t>((1 + level) * n_1);
          column.assign(begin, begin + static_cast<std::ptrdiff_t>(n_1));
        }
        EXPECT_EQ(std::ranges::all_of(column, [](double w) { return w == 0; }), is_held) << j;
      }
    }
  }
}

// With decay, momentum, a periodic embedding and factors of the inputs, as with a resumed training.
TEST(Unseen, StaysSoHoweverItIsTrained) {
  Options options;
  apply_recipe(options, "realmlp");
  const Options mine = with_words(How::one_hot);
  options.target = mine.target, options.inputs = mine.inputs;
  options.hidden_layers = {6, 5}, options.batch_size = 8, options.epochs = 6, options.folds = mine.folds;
  options.patience = 5, options.one_hot_limit = 9;
  std::vector<Checkpoint> made;
  Callbacks callbacks;
  std::int64_t done = 0;
  callbacks.progress = [&](const Progress&) { ++done; };
  callbacks.wants_checkpoint = [&](const Progress&) { return done % 20 == 0; };
  callbacks.checkpoint = [&](Checkpoint checkpoint) { made.push_back(std::move(checkpoint)); };
  const Fit fit = train(words(), options, callbacks);
  for (std::size_t j = 0; j < 4; ++j) {
    const Model one = single(fit.model, j);
    EXPECT_EQ(one.predict(words("rare")).values == one.predict(words("?")).values,
              std::ranges::count(fit.parts[j].rows, kRare) == 1)
        << j;
  }
  for (const Checkpoint& from : made) expect_same(resume(words(), from, from.options()), fit);
}

TEST(Unseen, AreColumnsAndCodesOfTheRowsHeldBackAlone) {
  Table table;
  table.add_numbers("x", {}, std::vector<double>{0, 0, 0, 5, 7, 0});
  table.add_numbers("z", {}, std::vector<double>{1, 2, 3, 4, 5, 6});
  table.add_text("few", std::vector<std::string>{"a", "b", "a", "b", "c", "a"});
  table.add_text("many", std::vector<std::string>{"p", "q", "r", "s", "t", "p"});
  table.add_numbers("y", {}, std::vector<double>{1, 2, 3, 4, 5, 6});
  Options options;
  options.target = {"y"}, options.inputs = {"x", "z", "few", "many"};
  options.task = Task::regression, options.scale = ScaleKind::none, options.validation = "none";
  options.one_hot_limit = 3, options.embedding_size = 2, options.categorical = {"few", "many"};
  options.hidden_layers = std::vector<int>{3};
  const auto ignore = [](std::string_view) {};
  const Problem problem = define_problem(table, options, {ignore, ignore});
  const Architecture& net = problem.architecture;
  ASSERT_EQ(net.inputs, 6);  // x, z, few=a, few=b, few=c, many
  ASSERT_EQ(net.stage.rows.size(), 6U);
  ASSERT_EQ(net.stage.rows[5], (RowEmbedding{RowEmbedding::Kind::levels, 6}));
  for (const bool keeps : {false, true}) {
    Examples<float> all(table, problem, problem.train_rows, 1, Checked::no);
    if (keeps) all.keep();
    const auto found = [&](std::vector<std::size_t> trained, std::vector<std::size_t> held) {
      Examples<float> one = all.part(std::move(trained)), other = all.part(std::move(held));
      return unseen_in(one, other, net);
    };
    const Unseen unseen = found({0, 1, 2}, {3, 4, 5});
    EXPECT_EQ(unseen.constants, (std::vector<Unseen::Constant>{{0, 0}, {4, 0}}));
    EXPECT_EQ(unseen.levels, (std::vector<Unseen::Level>{{5, 3}, {5, 4}}));
    EXPECT_FALSE(unseen.empty());
    const Unseen other = found({1, 3}, {0, 2, 4, 5});  // both "b"
    EXPECT_EQ(other.constants, (std::vector<Unseen::Constant>{{2, 0}, {3, 1}, {4, 0}}));
    EXPECT_EQ(other.levels, (std::vector<Unseen::Level>{{5, 0}, {5, 2}, {5, 4}}));
    EXPECT_TRUE(found({0, 1, 2, 3, 4, 5}, {3}).empty());

    Examples<float> held = all.part({4, 3});
    hide(unseen, net, held);
    const View<const float> X = held.all().X;
    const std::vector<float> s{0, 5, 0, 0, 0, 5}, t{0, 4, 0, 1, 0, 5};  // x, z, a, b, c, and the code of any other word
    EXPECT_EQ(std::vector<float>(X.col(0), X.col(0) + 6), s);
    EXPECT_EQ(std::vector<float>(X.col(1), X.col(1) + 6), t);
  }
}

// Whatever a number becomes in front of the layers.
TEST(Unseen, IsSettledWithoutAWordOfWhatTheNetworkKnows) {
  using Kind = RowEmbedding::Kind;
  for (const Kind kind : {Kind::none, Kind::periodic, Kind::piecewise}) {
    SCOPED_TRACE(static_cast<int>(kind));
    Architecture net{.inputs = 3, .hidden = {{.units = 5, .activation = Activation::tanh}}, .outputs = 2};
    net.loss = Loss::squared_error;
    for (int i = 0; i < 3 && kind != Kind::none; ++i)
      net.stage.rows.push_back(
          {kind, 0, kind == Kind::piecewise ? std::vector<double>{-1, 0, 2} : std::vector<double>()});
    net.stage.scales = kind == Kind::periodic;
    Parameters<float> p = initialize<float>(net, {Initializer::Kind::he}, RandomStream::strata, 4);
    ThreadPool pool(1);
    const auto k = make_kernels<float>(chosen_kernels(), Precision::float32, pool);
    const auto said = [&](float x) {
      const std::vector<float> X{0.4F, x, -0.7F};
      const Features as_they_are;
      Examples<float> one(raw_rows<float>(X, 3), as_they_are, 1, Checked::no);
      std::vector<float> out;
      for_each_output<float>({net, std::span(&p, 1)}, one, 1, *k,
                             [&](Index, View<const float> A, View<const float>, const double*, double) {
                               out.assign(A.data, A.data + A.rows);
                             });
      return out;
    };
    const std::vector<float> known = said(-0.25F);
    EXPECT_NE(said(1.5F), known);
    settle({.constants = {{1, -0.25}}, .levels = {}}, net, *k, p);
    const std::vector<float> settled = said(-0.25F);
    for (std::size_t i = 0; i < known.size(); ++i) EXPECT_NEAR(settled[i], known[i], 2e-6);
    EXPECT_EQ(said(1.5F), settled);
  }
}

// A number that is another in one row alone: the network of that row's fold does not know it.
TEST(Unseen, AreNumbersToo) {
  Table table = words();
  std::vector<double> flag(kRows);
  flag[kRare] = 1;
  table.add_numbers("flag", {}, flag);
  const auto with = [&](double value) {
    Table of_all = words();
    of_all.add_numbers("flag", {}, std::vector<double>(kRows, value));
    return of_all;
  };
  for (const NumericEmbedding embedding :
       {NumericEmbedding::none, NumericEmbedding::pbld, NumericEmbedding::piecewise}) {
    SCOPED_TRACE(static_cast<int>(embedding));
    Options options = asked({"y"});
    options.inputs = {"x", "flag"}, options.numeric = {"flag"};
    options.scale = ScaleKind::standard, options.numeric_embedding = embedding;
    const Fit fit = train(table, options);
    for (std::size_t j = 0; j < fit.model.networks(); ++j) {
      const Model one = single(fit.model, j);
      EXPECT_EQ(one.predict(with(0)).values == one.predict(with(1)).values,
                std::ranges::count(fit.parts[j].rows, kRare) == 1)
          << j;
    }
  }
}

}  // namespace
}  // namespace strata
