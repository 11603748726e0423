// Whatever fails inside, what leaves the library is strata::Error: here every allocation fails in turn.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "base/only_errors.hpp"
#include "data/data_test.hpp"
#include "tools/doctor_samples.hpp"
#include "tools/failing_for_tests.hpp"

namespace strata {
namespace {

using namespace testing;
using How = FailingAllocations::How;
using OnlyErrors = InFolder;

Error translated(const std::function<void()>& body) {
  try {
    only_errors("for a test", body);
  } catch (const Error& error) {
    return error;
  }
  return {ErrorCode::internal, "nothing was thrown"};
}

TEST(Translation, SaysWhatTheSystemSaid) {
  const auto expect = [](ErrorCode code, const std::string& words, const std::function<void()>& body) {
    const Error error = translated(body);
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
    EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
  };
  expect(ErrorCode::memory, "there is not enough memory for a test", [] { throw std::bad_alloc(); });
  expect(ErrorCode::memory, "for a test: 12345 bytes were wanted", [] { throw MemoryWanted(12345); });
  expect(ErrorCode::memory, "for a test", [] { std::vector<int>().reserve(static_cast<std::size_t>(-1)); });
  expect(ErrorCode::not_found, "no/such/file", [] { static_cast<void>(std::filesystem::file_size("no/such/file")); });
  expect(ErrorCode::io, "denied", [] { throw std::system_error(EACCES, std::generic_category()); });
  expect(ErrorCode::internal, "some fault", [] { throw std::logic_error("some fault"); });
  expect(ErrorCode::shape, "an Error", [] { throw Error(ErrorCode::shape, "an Error stays what it is"); });
  EXPECT_THROW(only_errors("for a test", [] { throw 7; }), int);  // what is no exception of C++ is not ours
}

TEST(Translation, NeedsNoMemory) {
  std::optional<Error> caught;
  {
    const FailingAllocations failing(1, How::from_then_on);
    try {
      only_errors("for a test", [] { std::vector<int>().reserve(1000); });
    } catch (const Error& error) {
      caught = error;
    }
  }
  ASSERT_TRUE(caught);
  EXPECT_EQ(static_cast<int>(caught->code()), static_cast<int>(ErrorCode::memory));
  EXPECT_STREQ(caught->what(), "there is not enough memory");
}

TEST_F(OnlyErrors, LeaveATraining) {
  Options options = some_options();
  fail_everywhere("train", some_table, [&](Table& table) { static_cast<void>(train(std::move(table), options)); });
  write_file("data.csv", some_csv());
  options.precision = Precision::float64;
  options.optimizer = OptimizerKind::momentum;
  fail_everywhere("train from a file", [&] { static_cast<void>(train("data.csv", options)); });
  options.validation = "data.csv";
  options.batch_size = 0;
  fail_everywhere("train with a validation file", [&] { static_cast<void>(train("data.csv", options)); });
}

// Of networks that each have a thread, too.
TEST_F(OnlyErrors, LeaveATrainingOfMembers) {
  Options options = some_options();
  options.hidden_layers = {64, 64};
  options.batch_size = 64;
  options.epochs = 2;
  options.members = 2;
  options.threads = 2;
  const auto larger_table = [] {
    std::vector<double> x, y;
    for (int i = 0; i < 90; ++i) x.push_back(std::sin(i)), y.push_back(std::cos(i));
    Table table;
    table.add_numbers("x", {}, x);
    table.add_numbers("y", {}, y);
    return table;
  };
  fail_everywhere("train members", larger_table,
                  [&](Table& own) { static_cast<void>(train(std::move(own), options)); });
}

TEST_F(OnlyErrors, LeaveACheckpoint) {
  write_file("data.csv", some_csv());
  const std::filesystem::path file = "data.csv";
  std::optional<Checkpoint> made;
  Callbacks callbacks;
  callbacks.wants_checkpoint = [&](const Progress&) { return !made; };
  callbacks.checkpoint = [&](Checkpoint checkpoint) { made = std::move(checkpoint); };
  static_cast<void>(train(file, some_options(), callbacks));
  ASSERT_TRUE(made.has_value());
  const Options options = made->options();
  fail_everywhere("save a checkpoint", [&] { made->save("data.checkpoint"); });
  fail_everywhere("load a checkpoint", [] { static_cast<void>(Checkpoint::load("data.checkpoint")); });
  fail_everywhere("go on", [&] { static_cast<void>(resume(std::span(&file, 1), *made, options)); });
}

TEST_F(OnlyErrors, LeaveAModel) {
  const Table table = some_table();
  const Model model = train(some_table(), some_options()).model;
  const std::vector<double> X = {0.5, -1, 0.25, 2};
  const std::vector<double> expected = model.predict(X, 2, 1);
  const std::filesystem::path model_file = "a model with a long name";
  fail_everywhere("predict", [&] { static_cast<void>(model.predict(table, 1)); });
  fail_everywhere("predict numbers", [&] { static_cast<void>(model.predict(X, 2, 1)); });
  fail_everywhere("evaluate", [&] { static_cast<void>(model.evaluate(table, 2)); });
  fail_everywhere("weights", [&] { static_cast<void>(model.weights(1)), static_cast<void>(model.biases(2)); });
  fail_everywhere("save", [&] { model.save(model_file); });
  fail_everywhere("load", [&] { static_cast<void>(Model::load(model_file)); });
  const std::vector<std::byte> bytes = model.to_bytes();
  fail_everywhere("to_bytes", [&] { static_cast<void>(model.to_bytes()); });
  fail_everywhere("from_bytes", [&] { static_cast<void>(Model::from_bytes(bytes)); });
  fail_everywhere("trace", [&] { static_cast<void>(trace(model, table, {}, {})); });
  fail_everywhere("check_gradients", [&] { static_cast<void>(check_gradients(model, table, 3)); });
  fail_everywhere("make a predictor", [&] { static_cast<void>(Predictor(model)); });
  write_file("data.csv", some_csv());
  const auto is_refused = [](ErrorCode code, auto operation) {
    return [=] { refused(code, [&] { static_cast<void>(operation()); }); };
  };
  fail_everywhere("no such layer", is_refused(ErrorCode::usage, [&] { return model.weights(7); }));
  fail_everywhere("too few numbers", is_refused(ErrorCode::shape, [&] { return model.predict(X, 3); }));
  fail_everywhere("trace nothing", is_refused(ErrorCode::usage, [&] { return trace(model, table, {}, 9); }));
  const Options options = some_options();
  const std::filesystem::path data_file = "data.csv";
  fail_everywhere("check_gradients of options", some_table,
                  [&](Table& own) { static_cast<void>(check_gradients(std::move(own), options, 2)); });
  fail_everywhere("check_gradients of a file", [&] { static_cast<void>(check_gradients(data_file, options, 2)); });
  const Source source{"data.csv", {}, {"no such column"}};
  fail_everywhere("read_for",
                  [&] { refused(ErrorCode::usage, [&] { static_cast<void>(read_for(model, source, true)); }); });
  fail_everywhere("read in blocks", [&] {
    TableReader reader(model.features(), {"data.csv", {}, {}}, false);
    while (const auto block = reader.next(5)) static_cast<void>(model.predict(*block, 1));
  });
  fail_everywhere("evaluate in blocks", [&] {
    TableReader reader(model.features(), {"data.csv", {}, {}}, true);
    static_cast<void>(model.evaluate(reader, 1));
  });
  EXPECT_EQ(model.predict(X, 2, 1), expected);
  EXPECT_EQ(Model::load(model_file).predict(X, 2, 1), expected);
}

// Memory for the numbers of a model is taken when it is known how many there are.
TEST_F(OnlyErrors, LeaveWhatIsMoreThanNumbers) {
  const auto holed_table = [] {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> holes;
    std::vector<std::string> words, labels;
    for (int i = 0; i < 12; ++i) {
      holes.push_back(i % 5 == 2 ? nan : std::sin(i));
      words.emplace_back(i % 4 == 0   ? ""
                         : i % 2 == 0 ? "a word longer than a small string"
                                      : "another, as long as that");
      labels.emplace_back(i == 3 ? "" : i % 3 == 0 ? "yes" : "no");
    }
    Table table;
    table.add_numbers("numbers of which some are missing", {}, holes);
    table.add_text("words of which some are missing", words);
    table.add_text("y", labels);
    return table;
  };
  Options options = some_options();
  options.validation = "";
  options.missing_target = MissingTarget::drop;
  options.one_hot_limit = 1;
  options.threads = 1;
  for (const ScaleKind scale : {ScaleKind::standard, ScaleKind::quantile}) {
    options.scale = scale;
    fail_everywhere("train", holed_table, [&](Table& own) { static_cast<void>(train(std::move(own), options)); });
    const Model model = train(holed_table(), options).model;
    const Table table = holed_table().select_fields(
        std::vector<std::string>{"words of which some are missing", "numbers of which some are missing"});
    fail_everywhere("predict", [&] { static_cast<void>(model.predict(table, 1)); });
    const std::vector<std::byte> bytes = model.to_bytes();
    fail_everywhere("to_bytes", [&] { static_cast<void>(model.to_bytes()); });
    fail_everywhere("from_bytes", [&] { static_cast<void>(Model::from_bytes(bytes)); });
    fail_everywhere("trace", [&] { static_cast<void>(trace(model, table, {}, {})); });
    fail_everywhere("columns", [&] { static_cast<void>(encoded_columns(model.features())); });
    const std::vector<UnfamiliarInput> more{
        {"an input with quite a long name", 1, 2, 3, "a word that nobody knew before"}};
    fail_everywhere("what is new", [&] {
      std::vector<UnfamiliarInput> all;
      add(all, more);
      static_cast<void>(to_text(all.front()));
    });
    options.missing_target = MissingTarget::error;
    fail_everywhere("train without a target", holed_table, [&](Table& own) {
      refused(ErrorCode::value, [&] { static_cast<void>(train(std::move(own), options)); });
    });
    options.missing_target = MissingTarget::drop;
  }
}

TEST_F(OnlyErrors, SayHowLargeAModelIs) {
  const Model model = train(some_table(), some_options()).model;
  const std::vector<std::byte> bytes = model.to_bytes();
  model.save("m.strata");
  const auto expect = [&](const std::string& message, const std::function<void()>& load) {
    bool said = false;
    for (long long nth = 1; !said; ++nth) {
      const FailingAllocations failing(nth, How::once);
      try {
        load();
      } catch (const Error& error) {
        said = error.what() == message;
      }
      if (!failing.failed()) break;
    }
    EXPECT_TRUE(said) << "never: " << message;
  };
  const std::string size = "(" + std::to_string(bytes.size()) + " bytes)";
  expect("no memory for the model 'm.strata' " + size, [] { static_cast<void>(Model::load("m.strata")); });
  expect("no memory for the model " + size, [&] { static_cast<void>(Model::from_bytes(bytes)); });
}

// What is made at its first use is made once there is memory for it. In a process that has used nothing yet.
TEST(OnlyErrorsDeathTest, LeaveTheFirstUse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto use_all = [] {
    const Options options = some_options();
    const std::function<void(Table&)> uses[] = {
        [](Table&) { static_cast<void>(option_table()); }, [](Table&) { static_cast<void>(all_recipes()); },
        [&](Table& table) { static_cast<void>(train(std::move(table), options)); }};
    for (const auto& use : uses) {
      bool failed = true;
      for (long long nth = 1; failed; nth += 1 + nth / 40) {
        Table table = some_table();
        const FailingAllocations failing(nth, How::once);
        try {
          use(table);
        } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it is what must leave
        }
        failed = failing.failed();
      }
    }
    std::exit(option_table().size() > 20 && !all_recipes().empty() ? 0 : 1);
  };
  EXPECT_EXIT(use_all(), ::testing::ExitedWithCode(0), "");
}

// A network too wide for the stack takes memory at a thread's first call.
TEST_F(OnlyErrors, LeaveAPredictor) {
  const Architecture net{5, {{3000, Activation::relu}}, 1, Loss::squared_error};
  const Predictor predictor(net, std::vector<float>(net.parameter_count(), 0.01F));
  const std::vector<float> X(130 * 5, 0.5F);
  std::vector<float> A(130);
  std::optional<Error> error;
  {
    const FailingAllocations failing(1, How::once);
    try {
      predictor.predict(std::span<const float>(X), 130, std::span<float>(A));
    } catch (const Error& thrown) {
      error = thrown;
    }
  }
  ASSERT_TRUE(error);
  EXPECT_EQ(static_cast<int>(error->code()), static_cast<int>(ErrorCode::memory));
  EXPECT_EQ(std::string(error->what()).rfind("there is not enough memory for the activations", 0), 0U) << error->what();
  predictor.predict(std::span<const float>(X), 130, std::span<float>(A));
  EXPECT_NE(A[129], 0);
}

TEST_F(OnlyErrors, LeaveAFile) {
  write_file("data.csv", some_csv());
  write_file("data.csv.gz", std::string(std::begin(kGzip), std::end(kGzip)));
  write_file("data.h5", std::string(std::begin(kHdf5), std::end(kHdf5)));
  write_file("picture.png", std::string(std::begin(kPng), std::end(kPng)));
  const std::vector<double> numbers = {1, 2, 3, 4, 5, 6};
  const std::size_t shape[] = {2, 3};
  const Options options;
  for (const char* file : {"data.csv", "data.csv.gz", "data.h5", "picture.png"})
    fail_everywhere(std::string("read ") + file, [&] { static_cast<void>(read_table(file)); });
  const std::filesystem::path picture = "picture.png";
  fail_everywhere("read_image", [&] { static_cast<void>(read_image(picture, shape)); });
  fail_everywhere("write_npy", [&] { write_npy("numbers.npy", shape, numbers); });
  fail_everywhere("read numbers.npy", [&] { static_cast<void>(read_table("numbers.npy")); });
  fail_everywhere("convert", [&] { static_cast<void>(convert("data.csv", "data.sdata", options)); });
  fail_everywhere("verify", [&] { verify_converted("data.sdata"); });
  fail_everywhere("read data.sdata", [&] { static_cast<void>(read_table("data.sdata")); });
  const std::filesystem::path long_name = "a file that is not there, with a long name",
                              text_file = "a text with a long name";
  fail_everywhere("require_writable", [&] { require_writable(long_name); });
  fail_everywhere("write_text", [&] { write_text(text_file, "some text"); });
  fail_everywhere("a file that is not there",
                  [&] { refused(ErrorCode::not_found, [&] { static_cast<void>(read_table(long_name)); }); });
  EXPECT_EQ(read_file(text_file.string()), "some text");
  fail_everywhere("write_text in pieces",
                  [&] { write_text(text_file, [](const TextSink& sink) { sink("some "), sink("pieces"); }); });
  EXPECT_EQ(read_file(text_file.string()), "some pieces");
  // What the caller throws is the caller's own business, and the file stays.
  EXPECT_THROW(write_text(text_file, [](const TextSink& sink) { sink("half"), throw std::logic_error("mine"); }),
               std::logic_error);
  EXPECT_EQ(read_file(text_file.string()), "some pieces");
  for (const auto& entry : std::filesystem::directory_iterator("."))
    EXPECT_NE(entry.path().extension(), ".tmp") << entry.path() << " is left over";
}

TEST_F(OnlyErrors, LeaveATableThatIsWhole) {
  const std::vector<double> numbers(12, 0.5);
  struct Two {
    Table first = some_table(), second;
  };
  const auto two = [&] {
    Two tables;
    tables.second.add_numbers("one more field with a long name", {}, numbers);
    return tables;
  };
  fail_everywhere("append", two, [](Two& tables) {
    try {
      tables.first.append(std::move(tables.second));
    } catch (const Error&) {  // both are as they were
      EXPECT_TRUE(tables.first.fields().size() == 3 && tables.second.fields().size() == 1);
      EXPECT_EQ(tables.first.number(tables.first.fields()[2], 11), 1);
      EXPECT_EQ(tables.second.number(tables.second.fields()[0], 11), 0.5);
      throw;
    }
  });
  struct More {
    Table table = some_table();
    std::string name = "a new field with a long name";
  };
  fail_everywhere(
      "add_numbers", [] { return More(); },
      [&](More& more) {
        try {
          more.table.add_numbers(std::move(more.name), {}, numbers);
        } catch (const Error&) {
          EXPECT_EQ(more.table.fields().size(), 3U);
          EXPECT_EQ(more.table.number(more.table.fields().back(), 11), 1);
          throw;
        }
        EXPECT_EQ(more.table.number(more.table.fields().back(), 11), 0.5);
      });
  struct Lent {
    Table table = some_table();
    std::string name = "a borrowed field with a long name";
    std::shared_ptr<int> released = std::make_shared<int>(0);
    BorrowedNumbers numbers;
  };
  const auto lent = [&] {
    Lent made;
    made.numbers = {numbers.data(), NumberType::f64, 12, {}, 0, [released = made.released] { ++*released; }};
    return made;
  };
  fail_everywhere("add_borrowed", lent, [](Lent& given) {
    try {
      given.table.add_borrowed(std::move(given.name), std::move(given.numbers));
    } catch (const Error&) {
      EXPECT_EQ(*given.released, 1);
      EXPECT_EQ(given.table.fields().size(), 3U);
      throw;
    }
    EXPECT_EQ(*given.released, 0);
    EXPECT_EQ(given.table.number(given.table.fields().back(), 11), 0.5);
  });
  const Table table = some_table();
  const std::vector<std::size_t> rows = {3, 1, 3};
  const std::vector<std::string> some = {"another input with a long name", "the target, with a long name"};
  fail_everywhere("a copy", [&] { static_cast<void>(Table(table)); });
  fail_everywhere("an assignment", [] { return Table(); }, [&](Table& other) { other = table; });
  fail_everywhere("select_rows", [&] { static_cast<void>(table.select_rows(rows)); });
  fail_everywhere("slice_rows", [&] { static_cast<void>(table.slice_rows(2, 5)); });
  fail_everywhere("select_fields", [&] { static_cast<void>(table.select_fields(some)); });
  fail_everywhere("a table", [] { static_cast<void>(Table()); });
  fail_everywhere("where", [&] { static_cast<void>(table.where(table.fields()[0], 3)); });
  const auto refuse = [&](const char* what, ErrorCode code, auto operation) {
    fail_everywhere(what, some_table, [&](Table& own) { refused(code, [&] { operation(own); }); });
  };
  const Field& text = table.fields()[2];
  const Field* const fields[] = {&text};
  const std::vector<std::string> words(12, "a word that is longer than a small string");
  refuse("number", ErrorCode::usage, [&](Table&) { static_cast<void>(table.number(text, 99)); });
  refuse("read_row", ErrorCode::usage, [&](Table&) { table.read_row(fields, 99, nullptr); });
  refuse("require_numbers", ErrorCode::value, [&](Table&) { table.require_numbers(fields); });
  refuse("rename", ErrorCode::usage, [&](Table& own) { own.rename("no field with such a name", ""); });
  fail_everywhere(
      "add_text", [] { return More(); }, [&](More& more) { more.table.add_text(std::move(more.name), words); });
  fail_everywhere(
      "field", [&] { refused(ErrorCode::usage, [&] { static_cast<void>(table.field("a field with a long name")); }); });
}

TEST_F(OnlyErrors, LeaveOptionsAndSteps) {
  const auto options = [] { return Options(); };
  constexpr const char* kNames = "an input with a long name,another input with a long name";
  fail_everywhere("set_option", options, [&](Options& o) { set_option(o, "inputs", kNames); });
  fail_everywhere("a row of the table", options, [&](Options& o) {
    for (const OptionSpec& option : option_table()) {
      if (option.name == "inputs") option.set(o, kNames);
      static_cast<void>(option.show(o));
    }
  });
  fail_everywhere("apply_recipe", options, [](Options& o) { apply_recipe(o, "classic"); });
  fail_everywhere("options_markdown", [] { static_cast<void>(options_markdown()); });
  const auto refuse = [](const char* what, ErrorCode code, auto operation) {
    fail_everywhere(what, [&] { refused(code, [&] { static_cast<void>(operation()); }); });
  };
  refuse("activation_from_name", ErrorCode::usage,
         [] { return activation_from_name("an activation with a long name"); });
  refuse("loss_from_name", ErrorCode::usage, [] { return loss_from_name("a loss with a long name"); });
  const Initializer arrays{.kind = Initializer::Kind::arrays, .file = "a file of arrays with a long name.npz"};
  fail_everywhere("to_text", [&] { static_cast<void>(to_text(arrays)); });
  Options bad;
  bad.momentum = 2;
  refuse("validate", ErrorCode::usage, [&] { return validate(bad), 0; });
  const Architecture none{.inputs = 0, .hidden = {}}, vast{.inputs = 1 << 30, .hidden = {}, .outputs = 1 << 30};
  const Architecture endless{.inputs = 1 << 30, .hidden = std::vector<LayerSpec>(9, {1 << 30}), .outputs = 1 << 30};
  refuse("an architecture", ErrorCode::shape, [&] { return none.validate(), 0; });
  refuse("its parameters", ErrorCode::format, [&] { return endless.parameter_count(); });
  refuse("a predictor", ErrorCode::shape, [&] { return Predictor(vast, std::span<const float>()).inputs(); });
}

TEST_F(OnlyErrors, LeaveTheSteps) {
  const auto refuse = [](const char* what, auto operation) {
    fail_everywhere(what, [&] { refused(ErrorCode::shape, [&] { static_cast<void>(operation()); }); });
  };
  const steps::Matrix X{{1, 2, 3}, {4, 5, 6}}, Y{{0, 1, 1}};
  const int layer_dims[] = {2, 3, 1};
  const steps::Parameters p = steps::initialize_parameters_deep(layer_dims, 1);
  const auto [AL, caches] = steps::model_forward(X, p);
  const std::vector<steps::Gradient> gradients = steps::model_backward(AL, Y, caches);
  fail_everywhere("L_layer_model", [&] { static_cast<void>(steps::L_layer_model(X, Y, layer_dims, 0.1, 3, 1)); });
  fail_everywhere("two_layer_model", [&] { static_cast<void>(steps::two_layer_model(X, Y, {2, 3, 1}, 0.1, 3, 1)); });
  fail_everywhere("initialize", [&] { static_cast<void>(steps::initialize_parameters(2, 3, 1, 1)); });
  fail_everywhere("sigmoid", [&] { static_cast<void>(steps::sigmoid_backward(steps::sigmoid(X), X)); });
  fail_everywhere("relu", [&] { static_cast<void>(steps::relu_backward(steps::relu(X), X)); });
  fail_everywhere("predict", [&] { static_cast<void>(steps::predict(X, p)); });
  refuse("update_parameters", [&] { return steps::update_parameters({}, gradients, 1); });
  fail_everywhere("a matrix", [] { static_cast<void>(steps::Matrix(3, 4)); });
  refuse("a matrix with ragged rows", [] { return steps::Matrix{{1, 2}, {3}}.rows(); });
  refuse("linear_forward", [&] { return steps::linear_forward(X, Y, Y); });
  refuse("linear_activation_forward", [&] { return steps::linear_activation_forward(X, Y, Y, Activation::relu); });
  refuse("model_forward", [&] { return steps::model_forward(X, {}); });
  refuse("compute_cost", [&] { return steps::compute_cost(X, Y); });
  refuse("linear_backward", [&] { return steps::linear_backward(X, caches[1].linear); });
  refuse("linear_activation_backward", [&] { return steps::linear_activation_backward(Y, caches[0]); });
  refuse("model_backward", [&] { return steps::model_backward(X, Y, caches); });
}

TEST_F(OnlyErrors, LeaveWhatIsFarTooLarge) {
  Options options = some_options();
  options.hidden_layers = {1'000'000, 1'000'000};
  const std::string message = error_of(ErrorCode::memory, [&] { return train(some_table(), options).iterations; });
  EXPECT_NE(message.find("the network's 1000005000001 parameters (4000.0 GB)"), std::string::npos) << message;
  constexpr std::ptrdiff_t kMany = std::ptrdiff_t{1} << 33;
  EXPECT_NE(error_of(ErrorCode::memory, [&] { return steps::Matrix(kMany, kMany).rows(); }), "");
  EXPECT_NE(error_of(ErrorCode::memory, [&] { return steps::Matrix(kMany, kMany / 64).rows(); }), "");
}

TEST_F(OnlyErrors, LeaveWhatTheSystemRefuses) {
  write_file("data.csv", some_csv());
  EXPECT_NE(error_of(ErrorCode::io, [] { return convert("data.csv", "no/such/folder/x.sdata", {}).rows; }), "");
  EXPECT_NE(error_of(ErrorCode::io, [] { return convert("data.csv", std::string(5000, 'x'), {}).rows; }), "");
  EXPECT_NE(error_of(ErrorCode::io, [] { return convert("data.csv", "data.csv/x.sdata", {}).rows; }), "");
  EXPECT_NE(error_of(ErrorCode::usage, [] { return convert("data.csv", "/dev/full", {}).rows; }), "");
  EXPECT_NE(error_of(ErrorCode::not_found, [] { return read_table(std::string(5000, 'x')).rows(); }), "");
}

}  // namespace
}  // namespace strata
