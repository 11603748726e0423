#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <limits>
#include <thread>

#include "model/metadata.hpp"
#include "parts.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;
using testing::bytes_of;
using testing::content_of;
using testing::crc_text;
using testing::expect_equal;
using testing::load;
using testing::make_full_model;
using testing::make_model;
using testing::Parts;
using testing::TemporaryFolder;

TEST(ModelFile, BothPrecisionsComeBackWhole) {
  const TemporaryFolder folder;
  const Model single = make_full_model<float>();
  single.save(folder / "single.strata");
  expect_equal<float>(Model::load(folder / "single.strata"), single);
  const Model full = make_full_model<double>();
  full.save(folder / "full.strata");
  expect_equal<double>(Model::load(folder / "full.strata"), full);
}

TEST(ModelFile, EveryTaskComesBackWhole) {
  const TemporaryFolder folder;
  for (const Architecture& net :
       {Architecture{5, {}, 1, Loss::binary_cross_entropy},
        Architecture{5, {{3, Activation::silu}}, 2, Loss::categorical_cross_entropy},
        Architecture{5, {{3, Activation::mish}, {7, Activation::tanh}}, 4, Loss::categorical_cross_entropy},
        Architecture{1, {}, 1, Loss::squared_error}}) {
    const Model model = make_model<float>(net);
    model.save(folder / "m");
    expect_equal<float>(Model::load(folder / "m"), model);
  }
  // Several yes/no questions, and several numbers, by one name or by many.
  Model several = make_model<double>({5, {}, 3, Loss::binary_cross_entropy});
  several.data().target.names = {"a", "b", "c"};
  several.data().target.classes = {"0", "1"};
  several.data().record.train = {
      .task = Task::binary, .examples = 10, .loss = 0.5, .correct = 7, .accuracy = 0.7, .rmse = 0, .mae = 0, .r2 = 0};
  several.save(folder / "m");
  expect_equal<double>(Model::load(folder / "m"), several);
  Model numbers = make_model<double>({5, {}, 3, Loss::squared_error});
  numbers.data().target.offset = {1, 2, 3};
  numbers.data().target.divisor = {4, 5, 6};
  numbers.save(folder / "m");
  expect_equal<double>(Model::load(folder / "m"), numbers);
}

TEST(ModelFile, TheBytesInMemoryAreThoseOfTheFile) {
  const TemporaryFolder folder;
  const auto check = [&]<class T>(T, const Model& model) {
    model.save(folder / "m");
    std::vector<std::byte> bytes = model.to_bytes();
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), content_of(folder / "m"));
    const Model again = Model::from_bytes(bytes);
    std::ranges::fill(bytes, std::byte{0});  // the model has its own
    expect_equal<T>(again, model);
    again.save(folder / "again");
    EXPECT_EQ(content_of(folder / "again"), content_of(folder / "m"));
  };
  check(float{}, make_full_model<float>());
  check(double{}, make_full_model<double>());
  check(float{}, make_model<float>({5, {{3, Activation::silu}}, 2, Loss::categorical_cross_entropy}));
}

TEST(ModelFile, WithoutAFileTheMessagesSpeakOfTheModel) {
  EXPECT_EQ(testing::error_of([] { static_cast<void>(Model::from_bytes({})); }),
            "format: the model is no Strata model: it is empty");
  std::vector<std::byte> bytes = make_full_model<float>().to_bytes();
  bytes.back() ^= std::byte{1};
  EXPECT_ERROR(Model::from_bytes(bytes), "format", "the model is damaged: its checksum is ");
  Model model = make_full_model<float>();
  model.data().first<float>().W[2](1, 2) = NAN;
  EXPECT_ERROR(model.to_bytes(), "value", "cannot write the model: W[2](2, 3) is nan");
}

TEST(ModelFile, AnR2ThatIsNotDefinedComesBack) {
  const TemporaryFolder folder;
  Model model = make_model<double>({5, {}, 1, Loss::squared_error});
  model.data().record.train.r2 = std::numeric_limits<double>::quiet_NaN();
  model.save(folder / "m");
  EXPECT_NE(content_of(folder / "m").find(R"(\"r2\":null)"), std::string::npos);
  EXPECT_TRUE(std::isnan(Model::load(folder / "m").record().train.r2));
}

TEST(ModelFile, EveryActivationComesBack) {
  Architecture net{2, {}, 1, Loss::binary_cross_entropy};
  for (const Activation activation : all_activations()) net.hidden.push_back({2, activation});
  const TemporaryFolder folder;
  make_model<float>(net).save(folder / "m");
  EXPECT_EQ(Model::load(folder / "m").architecture(), net);
}

// Byte for byte: a change of the format that nobody meant to make is seen here. A meant one needs a new format version,
// and this test must then go on with the reading of version 1.
TEST(ModelFile, TheBytesOfVersionOne) {
  Model model = make_model<float>({2, {{2, Activation::leaky_relu}}, 1, Loss::binary_cross_entropy});
  Model::Data& data = model.data();
  data.scaling = {ScaleKind::standard, {1, 2}, {3, 4}};
  TrainingRecord& record = data.record;
  record.data = "d.csv";
  record.rows = 4;
  record.options = {{"seed", "1"}};
  record.iterations = 10;
  record.epochs = 5;
  record.cost = 0.1;
  record.train.task = Task::binary;
  record.train.examples = 4;
  record.train.loss = 0.1;
  record.train.correct = 3;
  record.train.accuracy = 0.75;
  record.version = "0.1.0";
  const std::vector<float> theta = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::copy(theta.begin(), theta.end(), data.first<float>().theta().begin());
  const TemporaryFolder folder;
  model.save(folder / "m");

  const std::string text =
      R"({"architecture":{"inputs":2,"hidden":[{"units":2,"activation":"leaky-relu"}],"outputs":1,"loss":"binary-cross-entropy"},)"
      R"("inputs":[{"name":"x0","shape":[]},{"name":"x1","shape":[]}],)"
      R"("target":{"names":["y"],"task":"binary","classes":["no","yes"],"scaled":false},"scaling":"standard","precision":"float32",)"
      R"("record":{"strata":"0.1.0","data":"d.csv","rows":4,"options":{"seed":"1"},"iterations":10,"epochs":5,"ended":"done",)"
      R"("cost":0.10000000000000001,"train":{"examples":4,"loss":0.10000000000000001,"correct":3,"accuracy":0.75}}})";
  std::string escaped;
  for (const char c : text) escaped += c == '"' ? "\\\"" : std::string(1, c);
  const std::string numbers = bytes_of(std::vector<double>{1, 2, 3, 4}) + bytes_of(theta);
  std::string header = R"({"__metadata__":{"format":"strata","format_version":"1","strata":")" + escaped +
                       R"(","crc32":")" + crc_text(text + numbers) +
                       R"("},"scaling.offset":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},)"
                       R"("scaling.divisor":{"dtype":"F64","shape":[2],"data_offsets":[16,32]},)"
                       R"("W1":{"dtype":"F32","shape":[2,2],"data_offsets":[32,48]},)"
                       R"("b1":{"dtype":"F32","shape":[2],"data_offsets":[48,56]},)"
                       R"("W2":{"dtype":"F32","shape":[2,1],"data_offsets":[56,64]},)"
                       R"("b2":{"dtype":"F32","shape":[1],"data_offsets":[64,68]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const std::string length = bytes_of(std::vector<std::uint64_t>{header.size()});
  EXPECT_EQ(content_of(folder / "m"), length + header + numbers);
}

// A loss that came later has its parameters, and a format that older programs know they do not know.
TEST(ModelFile, ALossThatCameLaterComesBackInFormatThree) {
  const TemporaryFolder folder;
  const auto version = [](const fs::path& path) {
    FileReader file(path);
    return *SafetensorsHeader(file).metadata("format_version");
  };
  const auto model_with = [](Loss loss, LossParameters parameters) {
    return make_model<float>({2, {{3, Activation::relu}}, 2, loss, std::move(parameters)});
  };
  for (const auto& [loss, parameters, expected] :
       {std::tuple<Loss, LossParameters, const char*>{Loss::squared_error, {}, "1"},
        {Loss::absolute_error, {}, "3"},
        {Loss::huber, {.delta = {1.35, 0.1}}, "3"},
        {Loss::quantile, {}, "3"},
        {Loss::quantile, {.quantile = 0.9}, "3"},
        {Loss::categorical_cross_entropy, {}, "1"},
        {Loss::categorical_cross_entropy, {.smoothing = 0.1}, "3"}}) {
    const Model model = model_with(loss, parameters);
    model.save(folder / "m");
    EXPECT_EQ(version(folder / "m"), expected) << name(loss);
    expect_equal<float>(Model::load(folder / "m"), model);
  }
  const auto refused = [&](Loss loss, LossParameters parameters, const char* message) {
    EXPECT_ERROR(model_with(loss, std::move(parameters)).save(folder / "m"), "usage", message);
  };
  refused(Loss::huber, {.delta = {1}}, "the loss huber needs 2 deltas, found 1");
  refused(Loss::huber, {.delta = {1, 0}}, "the loss huber needs a delta greater than 0, found 0");
  refused(Loss::squared_error, {.delta = {1, 1}}, "the loss squared-error needs 0 deltas, found 2");
  refused(Loss::quantile, {.quantile = 1},
          "the loss quantile needs a quantile greater than 0 and less than 1, found 1");
  refused(Loss::absolute_error, {.quantile = 0.25}, "the loss absolute-error needs no quantile");
  refused(Loss::categorical_cross_entropy, {.smoothing = 1}, "a smoothing from 0 to less than 1, found 1");
  refused(Loss::huber, {.delta = {1, 1}, .smoothing = 0.1}, "the loss huber needs no smoothing");
}

// The example of docs/formats.md is what is written, but for its blanks.
TEST(ModelFile, TheExampleOfTheDocumentation) {
  const std::string page = content_of(fs::path(STRATA_SOURCE_DIR) / "docs" / "formats.md");
  const std::size_t begin = page.find("```json\n") + 8, end = page.find("```", begin);
  ASSERT_LT(end, page.size());
  std::string compact;
  bool in_text = false;
  for (const char c : page.substr(begin, end - begin)) {
    if (c == '"') in_text = !in_text;
    if (in_text || (c != ' ' && c != '\n')) compact += c;
  }
  const ModelMetadata metadata = read_metadata(compact, 1);
  EXPECT_EQ(metadata.data->inputs.size(), 2U);
  EXPECT_EQ(write_metadata(*metadata.data, metadata.precision), compact);
}

TEST(ModelFile, TheSameModelGivesTheSameBytes) {
  const TemporaryFolder folder;
  make_full_model<float>().save(folder / "a");
  make_full_model<float>().save(folder / "b");
  Model::load(folder / "a").save(folder / "c");
  EXPECT_EQ(content_of(folder / "a"), content_of(folder / "b"));
  EXPECT_EQ(content_of(folder / "a"), content_of(folder / "c"));
}

TEST(ModelFile, FiguresThatAreNotFiniteBecomeNaN) {
  Model model = make_full_model<float>();
  model.data().record.cost = std::numeric_limits<double>::infinity();
  model.data().record.train.loss = std::numeric_limits<double>::quiet_NaN();
  const TemporaryFolder folder;
  model.save(folder / "m");
  const Model loaded = Model::load(folder / "m");
  EXPECT_TRUE(std::isnan(loaded.record().cost));
  EXPECT_TRUE(std::isnan(loaded.record().train.loss));
}

TEST(ModelFile, TensorsMayComeInAnyOrder) {
  const Model model = make_full_model<float>();
  Parts parts(model);
  const std::string checksum = crc_text(parts.text + parts.all_numbers());  // in Strata's order, whatever the file's
  std::swap(parts.tensors[0], parts.tensors[6]);
  std::swap(parts.numbers[0], parts.numbers[6]);
  std::swap(parts.tensors[1], parts.tensors[4]);
  std::swap(parts.numbers[1], parts.numbers[4]);
  const SafetensorsMetadata metadata = {
      {"crc32", checksum}, {"strata", parts.text}, {"format_version", "1"}, {"format", "strata"}};
  expect_equal<float>(load(safetensors_header(metadata, parts.tensors) + parts.all_numbers()), model);
}

TEST(ModelFile, UnknownKeysOfLaterProgramsAreIgnored) {
  const Model model = make_full_model<double>();
  Parts parts(model);
  parts.replace(R"({"architecture":{)", R"({"later":[1,{}],"architecture":{"later":null,)");
  expect_equal<double>(load(parts.file()), model);
}

TEST(ModelFile, AbsentAndUnreadableFiles) {
  const TemporaryFolder folder;
  EXPECT_ERROR(Model::load(folder / "absent.strata"), "not_found", "absent.strata");
  EXPECT_ERROR(Model::load(folder.path()), "io", folder.path().string());
}

// Sizes from the file are compared with what the file has before memory is taken for them.
TEST(ModelFile, WhatCannotBeReadAgainIsNotWritten) {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::function<void(Model::Data&)>& change, const char* code,
                          const std::string& message) {
    Model model = make_full_model<float>();
    change(model.data());
    EXPECT_ERROR(model.save(folder / "m"), code, message);
    EXPECT_EQ(folder.files(), 0U);
  };
  refuse([](Model::Data& d) { d.first<float>().W[2](1, 2) = NAN; }, "value",
         "m': W[2](2, 3) is nan; a model whose weights are not finite is of no use");
  refuse([](Model::Data& d) { d.scaling.offset.pop_back(); }, "internal",
         "m': the model is damaged: the scaling of the inputs has 2 offsets and 3 divisors, expected 3 each");
  refuse([](Model::Data& d) { d.inputs[0].name = "\xFF"; }, "unsupported",
         "m': a name of an input, a level, a target or a class is not UTF-8");
  refuse([](Model::Data& d) { d.record.options.push_back({"seed", "2"}); }, "internal", "option 'seed' occurs twice");
  refuse([](Model::Data& d) { d.record.iterations = -1; }, "internal", "a negative number of iterations");
  for (const ScaleKind open : {ScaleKind::automatic, ScaleKind::automatic_quantile})
    refuse([=](Model::Data& d) { d.scaling = {open, {}, {}}; }, "internal", "the scaling is not decided");
  refuse([](Model::Data& d) { d.target.task = Task::automatic; }, "internal", "the task is not decided");
}

TEST(ModelFile, AFailedSaveLeavesTheOldModel) {
  const TemporaryFolder folder;
  const Model old = make_full_model<float>();
  old.save(folder / "m");
  const std::string before = content_of(folder / "m");
  // The system refuses to write more than a few bytes: the failure comes in the middle of the numbers.
  Model large = make_model<float>({300, {{300, Activation::relu}}, 1, Loss::binary_cross_entropy});
  struct rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
  const struct rlimit small{100'000, limit.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string message = testing::error_of([&] { large.save(folder / "m"); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(message.substr(0, 3), "io:") << message;
  EXPECT_NE(message.find((folder / "m").string()), std::string::npos) << message;
  EXPECT_EQ(content_of(folder / "m"), before);
  EXPECT_EQ(folder.files(), 1U) << "a temporary file was left";
  expect_equal<float>(Model::load(folder / "m"), old);
}

TEST(ModelFile, PlacesThatCannotBeWritten) {
  const TemporaryFolder folder;
  const Model model = make_full_model<float>();
  EXPECT_ERROR(model.save(folder / "no" / "m"), "io", "does not exist");
  EXPECT_ERROR(model.save(folder.write("file", "") / "m"), "io", "file/m");
  EXPECT_ERROR(model.save(folder.path()), "io", "folder");
  EXPECT_ERROR(model.save("/dev/full"), "io", "/dev/full");
  EXPECT_EQ(folder.files(), 1U);
}

// Somebody who loads while another saves gets the old or the new model, whole.
TEST(ModelFile, ReadersNeverSeeHalfAModel) {
  const TemporaryFolder folder;
  const Model a = make_model<float>({50, {{60, Activation::relu}}, 1, Loss::binary_cross_entropy});
  const Model b = make_model<float>({50, {{61, Activation::relu}}, 1, Loss::binary_cross_entropy});
  a.save(folder / "m");
  std::jthread writer([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      b.save(folder / "m");
      a.save(folder / "m");
    }
  });
  for (int i = 0; i < 200; ++i) EXPECT_NO_THROW(static_cast<void>(Model::load(folder / "m")));
}

// Format versions 1 and 5 stay what they were: the files of the first programs that had them, read and written again.
TEST(ModelFile, FormatsStayAsTheyAre) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(STRATA_SOURCE_DIR "/tests/model/golden")) {
    if (entry.path().extension() != ".strata") continue;
    ++files;
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(stream), {}};
    const std::vector<std::byte> again = Model::load(entry.path()).to_bytes();
    EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(bytes)), again)) << entry.path();
  }
  EXPECT_EQ(files, 5U);
}

TEST(ModelFile, WeightsAndBiasesByLayer) {
  const Model model = make_model<float>({2, {{3, Activation::relu}}, 1, Loss::binary_cross_entropy});
  const std::vector<float> theta = testing::theta_of<float>(model);
  EXPECT_EQ(model.weights(1), std::vector<double>(theta.begin(), theta.begin() + 6));
  EXPECT_EQ(model.biases(1), std::vector<double>(theta.begin() + 6, theta.begin() + 9));
  EXPECT_EQ(model.weights(2), std::vector<double>(theta.begin() + 9, theta.begin() + 12));
  EXPECT_EQ(model.biases(2), std::vector<double>(theta.begin() + 12, theta.end()));
  EXPECT_ERROR(model.weights(0), "usage", "there is no layer 0: the layers with weights are 1 to 2");
  EXPECT_ERROR(model.biases(3), "usage", "there is no layer 3: the layers with weights are 1 to 2");
}

}  // namespace
}  // namespace strata
