// The file of several networks: format 5, and every way in which it can be wrong.
#include <sys/resource.h>

#include <cstring>
#include <fstream>
#include <limits>

#include "parts.hpp"

namespace strata {
using namespace internal;
namespace {

using testing::content_of;
using testing::expect_equal;
using testing::load;
using testing::make_bag;
using testing::make_model;
using testing::message_of;
using testing::Parts;
using testing::TemporaryFolder;
using testing::version_of;

Parts parts_of_bag() {
  Parts parts(make_bag<float>());
  parts.version = "5";
  return parts;
}

TEST(FileOfNetworks, IsOfFormat5OnlyWithSeveral) {
  EXPECT_EQ(version_of(make_bag<float>()), "5");
  EXPECT_EQ(version_of(testing::make_full_model<float>()), "1");
  Model one = make_model<float>({2, {}, 1, Loss::squared_error});
  one.data().record.networks = {{.member = 1, .seed = 1, .epochs = 3}};
  EXPECT_EQ(version_of(one), "1");
}

template <class T>
void expect_a_round_trip(const Model& model) {
  const TemporaryFolder folder;
  model.save(folder / "a");
  const Model again = Model::load(folder / "a");
  expect_equal<T>(again, model);
  again.save(folder / "b");
  EXPECT_EQ(content_of(folder / "a"), content_of(folder / "b"));
  expect_equal<T>(Model::from_bytes(model.to_bytes()), model);
}

TEST(FileOfNetworks, ComesBackAsItWas) {
  expect_a_round_trip<float>(make_bag<float>());
  expect_a_round_trip<double>(make_bag<double>());
  Model bf16 = make_bag<float>();
  bf16.data().bf16 = true;
  expect_a_round_trip<float>(bf16);
  Model members = testing::make_staged_model<float>();
  testing::make_several<float>(members, {0.5, 0.5});
  members.data().record.networks = {{.member = 1, .seed = 1, .epochs = 3}, {.member = 2, .seed = 9, .epochs = 3}};
  expect_a_round_trip<float>(members);
  Model untold = make_model<double>({2, {}, 1, Loss::squared_error});
  testing::make_several<double>(untold, {0.5, 0.5});
  expect_a_round_trip<double>(untold);
}

// What the files hold is what decision 17 and docs/formats.md say.
TEST(FileOfNetworks, HasATensorForEachNetworksBlocks) {
  const Parts parts = parts_of_bag();
  std::vector<std::string> names;
  for (const TensorSpec& each : parts.tensors) names.push_back(each.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"shares", "networks.0.W1", "networks.0.b1", "networks.0.W2", "networks.0.b2",
                                      "networks.1.W1", "networks.1.b1", "networks.1.W2", "networks.1.b2",
                                      "networks.2.W1", "networks.2.b1", "networks.2.W2", "networks.2.b2"}));
  EXPECT_NE(parts.text.find(R"("networks":3,"temperature":1.25,"precision":"float32","record":)"), std::string::npos)
      << parts.text;
  EXPECT_NE(parts.text.find(R"("networks":[{"fold":1,"member":1,"seed":"7","epochs":12,"epochs_tried":20},)"),
            std::string::npos)
      << parts.text;
  EXPECT_NE(parts.text.find(R"("out_of_fold":{"examples":40,"loss":0.5,"correct":30,"accuracy":0.75})"),
            std::string::npos)
      << parts.text;
}

TEST(FileOfNetworks, RefusesTensorsThatDoNotFit) {
  const auto expect = [](const std::function<void(Parts&)>& change, const std::string& message) {
    Parts parts = parts_of_bag();
    change(parts);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  const auto share = [&](double value, const std::string& message) {
    expect([&](Parts& p) { std::memcpy(p.numbers[0].data(), &value, sizeof value); }, message);
  };
  share(-0.25, "a network's share is -0.25");
  share(0, "a network's share is 0");
  share(1.25, "a network's share is 1.25");
  share(std::numeric_limits<double>::quiet_NaN(), "a network's share is nan");
  share(std::numeric_limits<double>::infinity(), "a network's share is inf");
  share(0.5, "the shares of its networks are 1.25 together");
  share(0.2500001, "the shares of its networks are 1.0000001 together");
  expect([](Parts& p) { p.tensors[0].name = "W9"; }, "the tensor 'shares' is missing");
  expect([](Parts& p) { p.tensors[5].name = "networks.1.W7"; }, "the tensor 'networks.1.W1' is missing");
  expect(
      [](Parts& p) {
        p.tensors.pop_back();
        p.numbers.pop_back();
      },
      "the tensor 'networks.2.b2' is missing");
  expect(
      [](Parts& p) {
        p.tensors.push_back({"networks.3.W1", "F32", {1}});
        p.numbers.push_back("1234");
      },
      "no model has a tensor 'networks.3.W1'");
  expect([](Parts& p) { p.tensors[0].shape = {3, 1}; },
         "the tensor 'shares' is F64 [3, 1]; the architecture says F64 [3]");
  expect(
      [](Parts& p) {
        const float nan = std::numeric_limits<float>::quiet_NaN();
        std::memcpy(p.numbers[5].data() + 4, &nan, 4);
      },
      "network 1: W[1](2, 1) is nan");

  Parts one(testing::make_full_model<float>());
  one.tensors[4].name = "networks.0.W1";
  EXPECT_EQ(message_of(one.file()), "format: is damaged: the tensor 'W1' is missing");
  one.version = "5";
  EXPECT_EQ(message_of(one.file()), "format: is damaged: the tensor 'W1' is missing");
}

TEST(FileOfNetworks, RefusesNumbersOfNetworksThatCannotBe) {
  const auto expect = [](const std::string& from, const std::string& to, const std::string& message) {
    Parts parts = parts_of_bag();
    parts.replace(from, to);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  const std::string networks = R"("networks":3,)";
  expect(networks, R"("networks":1,)", "metadata: networks: expected a whole number of at least 2, found 1");
  expect(networks, R"("networks":-3,)", "metadata: networks: expected a whole number of at least 2, found -3");
  expect(networks, R"("networks":2.5,)", "metadata: networks: expected a whole number of at least 2, found 2.5");
  expect(networks, R"("networks":[],)", "metadata: networks: expected a whole number of at least 2, found a list");
  expect(networks, R"("networks":10001,)", "metadata: networks: expected a whole number of at most 10000, found 10001");
  expect(networks, R"("networks":10000,)", "13 tensors are too few for its 10000 networks");
  expect(networks, R"("networks":4,)", "13 tensors are too few for its 4 networks");
  expect(networks, R"("networks":2,)", "the tensor 'shares' is F64 [3]; the architecture says F64 [2]");
  expect(networks, "", "the tensor 'W1' is missing");
  // In an older format the key says nothing.
  Parts older = parts_of_bag();
  older.version = "4";
  EXPECT_EQ(message_of(older.file()), "format: is damaged: the tensor 'W1' is missing");
  struct rusage usage{};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, 1'000'000) << "KiB";
}

TEST(FileOfNetworks, RefusesATemperatureThatCannotBe) {
  const auto expect = [](const std::string& to, const std::string& message) {
    Parts parts = parts_of_bag();
    parts.replace("1.25,", to + ",");
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  expect("0", "the temperature is 0");
  expect("-1.25", "the temperature is -1.25");
  expect("null", "the temperature is nan");
  expect(R"("hot")", "metadata: temperature: expected a number, found \"hot\"");
  Model numbers = make_model<float>({2, {}, 1, Loss::squared_error});
  testing::make_several<float>(numbers, {0.5, 0.5});
  Parts regression(numbers);
  regression.version = "5";
  regression.replace(R"("networks":2,)", R"("networks":2,"temperature":1.5,)");
  EXPECT_EQ(message_of(regression.file()), "format: is damaged: a temperature, and no mean of probabilities");
  Parts one(make_model<float>({2, {}, 1, Loss::binary_cross_entropy}));
  one.version = "5";
  one.replace(R"("precision")", R"("temperature":1.5,"precision")");
  EXPECT_EQ(message_of(one.file()), "format: is damaged: a temperature, and no mean of probabilities");
}

TEST(FileOfNetworks, RefusesARecordThatDoesNotFit) {
  const auto expect = [](const std::string& from, const std::string& to, const std::string& message) {
    Parts parts = parts_of_bag();
    parts.replace(from, to);
    EXPECT_EQ(message_of(parts.file()), "format: is damaged: " + message);
  };
  const std::string first = R"({"fold":1,"member":1,"seed":"7","epochs":12,"epochs_tried":20},)";
  expect(first, "", "3 networks, and its record tells of 2");
  expect(first, first + first, "3 networks, and its record tells of 4");
  expect(R"("fold":1,)", "", "some of its networks have a fold, and others none");
  expect(R"("fold":1,)", R"("fold":3,)", "member 1 of fold 2 does not follow the network before it");
  expect(R"("fold":2,"member":1)", R"("fold":2,"member":2)",
         "member 2 of fold 2 does not follow the network before it");
  expect(R"("fold":1,)", R"("fold":0,)",
         "metadata: record.networks[0].fold: expected a whole number of at least 1, found 0");
  expect(R"("fold":1,)", R"("fold":-1,)",
         "metadata: record.networks[0].fold: expected a whole number of at least 1, found -1");
  expect(R"("fold":2,"member":2)", R"("fold":20000,"member":2)", "a network is member 2 of fold 20000");
  expect(R"("fold":2,"member":2)", R"("fold":2,"member":10001)", "a network is member 10001 of fold 2");
  expect(R"("member":2)", R"("member":0)",
         "metadata: record.networks[2].member: expected a whole number of at least 1, found 0");
  expect(R"("seed":"7")", R"("seed":"-7")", "metadata: record.networks[0].seed: expected a seed, found \"-7\"");
  expect(R"("seed":"7")", R"("seed":"18446744073709551616")",
         "metadata: record.networks[0].seed: expected a seed, found \"18446744073709551616\"");
  expect(R"("seed":"7")", R"("seed":7)", "metadata: record.networks[0].seed: expected a text, found 7");
  expect(R"("epochs":12,)", R"("epochs":-1,)",
         "metadata: record.networks[0].epochs: expected a whole number of at least 0, found -1");
  expect(R"("seed":"7",)", "", "metadata: record.networks[0].seed is missing");
  expect(R"("correct":30)", R"("correct":41)",
         "metadata: record.out_of_fold.correct: expected a whole number of at most 40, found 41");
  Model members = make_model<float>({2, {}, 1, Loss::squared_error});
  members.data().record.out_of_fold = {.task = Task::regression};
  EXPECT_ERROR(members.to_bytes(), "internal", "figures out of fold, and no bag");
}

// What cannot be read again is not written.
TEST(FileOfNetworks, IsNotWrittenWhereItIsDamaged) {
  const auto refuse = [](const std::function<void(Model::Data&)>& change, const std::string& message) {
    Model model = make_bag<float>();
    change(model.data());
    EXPECT_ERROR(model.to_bytes(), "internal", message);
  };
  refuse([](Model::Data& d) { d.shares.pop_back(); }, "3 networks with 2 shares");
  refuse([](Model::Data& d) { d.shares.clear(); }, "3 networks with 0 shares");
  refuse([](Model::Data& d) { d.record.networks.pop_back(); }, "3 networks, and its record tells of 2");
  refuse([](Model::Data& d) { d.temperature = 0; }, "the temperature is 0");
  refuse([](Model::Data& d) { d.record.networks[1].epochs = -1; }, "a network has a negative number of epochs");
}

}  // namespace
}  // namespace strata
