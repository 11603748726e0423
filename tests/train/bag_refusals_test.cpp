// What a bag refuses, and what it warns of.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bag.hpp"

namespace strata {
using namespace bags;
namespace {

TEST(Bag, RefusesFoldsThatTheRowsDoNotHave) {
  const auto said = [](const Options& options, const Table& table) {
    return refusal([&] { static_cast<void>(train(table, options)); }, ErrorCode::value);
  };
  EXPECT_EQ(said(asked({"y"}, {91, 1}), data()), "--folds 91: there are 90 rows, and every fold has at least one");
  Options grouped = asked({"y"}, {19, 2});
  grouped.group_column = "group";
  EXPECT_EQ(said(grouped, data()), "--folds 19x2: 'group' has 18 groups, and every fold has at least one");
  EXPECT_EQ(said(asked({"kind"}, {70, 1}), data()).find("--folds 70: no class has as many rows; the largest is 'down'"),
            0U);
}

TEST(Bag, WarnsOfWhatANetworkNeverSees) {
  std::vector<std::string> kind(40, "a");
  for (std::size_t i = 0; i < 19; ++i) kind[i] = "b";
  kind[19] = "c";
  std::vector<double> x, y(40, 5);
  for (int i = 0; i < 40; ++i) x.push_back(std::sin(i));
  y[3] = 6;
  Table table;
  table.add_numbers("x", {}, x);
  table.add_numbers("y", {}, y);
  table.add_text("kind", kind);
  Options options;
  options.inputs = {"x"}, options.target = {"kind"};
  options.epochs = 2, options.folds = {4, 1};
  const std::string classes = warnings_of(table, options);
  EXPECT_NE(classes.find("--folds 4: fewer rows than folds, so some folds have none of them: 'c' (1 row)"),
            std::string::npos)
      << classes;
  EXPECT_NE(classes.find(": it has all rows of the class 'c', which its network never sees\n"), std::string::npos);
  options.target = {"y"}, options.task = Task::regression;
  const std::string numbers = warnings_of(table, options);
  EXPECT_NE(numbers.find(": 'y' is 5 in all 30 rows that its network is trained on, so that it learns nothing else\n"),
            std::string::npos)
      << numbers;
  options.monitor = Metric::r2;
  EXPECT_NE(refusal([&] { static_cast<void>(train(table, options)); }, ErrorCode::value)
                .find("--monitor r2 is not defined on the 10 rows that are held back: the target is the same in all of "
                      "them; hold back others, or choose another figure; or fewer folds"),
            std::string::npos);
}

TEST(Bag, RefusesWhatContradictsIt) {
  const auto said = [](const std::function<void(Options&)>& set) {
    Options options = asked({"y"});
    set(options);
    return refusal([&] { static_cast<void>(train(data(), options)); }, ErrorCode::usage);
  };
  const std::string end = ": with folds, every fold is what is held back for its network; leave one of them out";
  EXPECT_EQ(said([](Options& o) { o.validation = "0.2"; }), "--folds 4 and --validation 0.2" + end);
  EXPECT_EQ(said([](Options& o) { o.validation = "none"; }), "--folds 4 and --validation none" + end);
  EXPECT_EQ(said([](Options& o) { o.validation_column = "held"; }), "--folds 4 and --validation-column" + end);
  EXPECT_EQ(said([](Options& o) { o.initializer = {.kind = Initializer::Kind::arrays, .file = "a.npz"}; }),
            "--folds 4 and --initializer a.npz: every network of the folds would start from the same arrays; leave one "
            "of them out");
  EXPECT_EQ(said([](Options& o) { o.time_column = "x"; }),
            "--time-column x is about the rows that are last, and the rows of --folds 4 are drawn; leave one of them "
            "out");
  Options options = asked({"y"});
  EXPECT_EQ(refusal([&] { static_cast<void>(cross_validate(data(), options, 3)); }, ErrorCode::usage),
            "--cross-validate 3 and --folds 4: a bag has a figure of its own of rows that each network was kept from; "
            "leave one of them out");
  options.folds = {};
  const Fit fit = train(data(), options);
  options.folds = {4, 1};
  EXPECT_EQ(refusal([&] { static_cast<void>(continue_training(data(), fit.model, options)); }, ErrorCode::usage),
            "--folds 4: a training that continues a model trains the network that it has; leave it out with --folds "
            "none, or train a bag anew");
}

}  // namespace
}  // namespace strata
