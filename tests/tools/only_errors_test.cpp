// Whatever fails inside, what leaves the library is strata::Error: here every allocation fails in turn.
#include <gtest/gtest.h>

#include <cmath>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "allocations.hpp"
#include "base/only_errors.hpp"
#include "data/data_test.hpp"
#include "strata/strata.hpp"
#include "tools/doctor_samples.hpp"

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

Table some_table() {
  std::vector<double> a, b;
  std::vector<std::string> y;
  for (int i = 0; i < 12; ++i) {
    a.push_back(std::sin(i));
    b.push_back(std::cos(2 * i));
    y.push_back(i % 3 == 0 ? "a label that is longer than a small string" : "the other one, which is as long as that");
  }
  Table table;
  table.add_numbers("an input with a long name", {}, a);
  table.add_numbers("another input with a long name", {}, b);
  table.add_text("the target, with a long name", y);
  return table;
}

std::string some_csv() {
  std::string text = "an input with a long name,another input with a long name,\"the target, with a long name\"\n";
  for (int i = 0; i < 12; ++i) {
    text +=
        std::to_string(std::sin(i)) + "," + std::to_string(std::cos(2 * i)) + "," +
        (i % 3 == 0 ? "a label that is longer than a small string" : "\"the other one, which is as long as that\"") +
        "\n";
  }
  return text;
}

Options some_options() {
  Options options;
  options.hidden_layers = {4, 3};
  options.epochs = 2;
  options.batch_size = 5;
  options.validation = "0.25";
  options.threads = 2;
  return options;
}

// Calls `operation` again and again with what `prepare` gives; in each call another allocation fails, until a call
// needs fewer. (What `prepare` and the end of its result need is there.)
template <class Prepare, class Operation>
void fail_everywhere(const std::string& what, const Prepare& prepare, const Operation& operation) {
  SCOPED_TRACE(what);
  const auto works = [&] {
    auto state = prepare();
    operation(state);
  };
  works();  // what is made once, such as the list of kernels, is there now
  long long failures = 0;
  for (const How how : {How::once, How::from_then_on}) {
    for (long long nth = 1;; nth += 1 + nth / (how == How::once ? 40 : 10)) {
      auto state = prepare();
      std::optional<Error> error;
      std::exception_ptr other;
      bool failed = false;
      {
        const FailingAllocations failing(nth, how);
        try {
          operation(state);
        } catch (const Error& thrown) {
          error = thrown;
        } catch (...) {
          other = std::current_exception();
        }
        failed = failing.failed();
      }
      ASSERT_FALSE(other) << "allocation " << nth << ": not an Error";
      if (error) {
        ASSERT_TRUE(error->code() == ErrorCode::memory) << "allocation " << nth << ": " << error->what();
      }
      if (!failed) break;
      ++failures;
    }
  }
  EXPECT_GT(failures, 0);
  EXPECT_NO_THROW(works());  // all is as usable as before
}

template <class Operation>
void fail_everywhere(const std::string& what, const Operation& operation) {
  fail_everywhere(what, [] { return 0; }, [&](int) { operation(); });
}

// An operation that must refuse what it is given, where it has the memory to say so.
template <class Operation>
void refused(ErrorCode code, const Operation& operation) {
  bool done = false;
  try {
    operation();
    done = true;
  } catch (const Error& error) {
    if (error.code() == ErrorCode::memory) throw;
    EXPECT_EQ(static_cast<int>(error.code()), static_cast<int>(code)) << error.what();
  }
  EXPECT_FALSE(done);
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
  const Source source{"data.csv", {}, {"no such column"}};
  fail_everywhere("read_for",
                  [&] { refused(ErrorCode::usage, [&] { static_cast<void>(read_for(model, source, true)); }); });
  EXPECT_EQ(model.predict(X, 2, 1), expected);
  EXPECT_EQ(Model::load(model_file).predict(X, 2, 1), expected);
}

// Memory for the numbers of a model is taken when it is known how many there are.
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
  const Table table = some_table();
  fail_everywhere("a table", [] { static_cast<void>(Table()); });
  fail_everywhere("where", [&] { static_cast<void>(table.where(table.fields()[0], 3)); });
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
  fail_everywhere("activation_from_name", [] {
    refused(ErrorCode::usage, [] { static_cast<void>(activation_from_name("an activation with a long name")); });
  });
  const steps::Matrix X{{1, 2, 3}, {4, 5, 6}}, Y{{0, 1, 1}};
  const int layer_dims[] = {2, 3, 1};
  fail_everywhere("L_layer_model", [&] { static_cast<void>(steps::L_layer_model(X, Y, layer_dims, 0.1, 3, 1)); });
  fail_everywhere("relu", [&] { static_cast<void>(steps::relu(X)); });
  fail_everywhere("a matrix", [] { static_cast<void>(steps::Matrix(3, 4)); });
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

struct Own {};

// What the caller's own functions throw is the caller's own business.
TEST_F(OnlyErrors, DoNotHideWhatTheCallerThrows) {
  Options options = some_options();
  write_file("data.csv", some_csv());
  const auto bad_alloc = [] { throw std::bad_alloc(); };
  std::vector<Callbacks> throwing(6);
  throwing[0].cost = [&](const CostReport&) { bad_alloc(); };
  throwing[1].epoch = [&](const EpochReport&) { bad_alloc(); };
  throwing[2].progress = [&](const Progress&) { bad_alloc(); };
  throwing[3].note = [&](std::string_view) { bad_alloc(); };
  throwing[4].warning = [&](std::string_view) { bad_alloc(); };
  throwing[5].stop = [&]() -> bool { throw Own(); };
  options.batch_size = 1000;  // worth a warning
  options.validation = "data.csv";
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_THROW(static_cast<void>(train(some_table(), options, throwing[i])), std::bad_alloc) << i;
    EXPECT_THROW(static_cast<void>(train("data.csv", options, throwing[i])), std::bad_alloc) << i;
  }
  EXPECT_THROW(static_cast<void>(train(some_table(), options, throwing[5])), Own);
  const FieldChooser choose = [](std::span<const Field>) -> std::vector<std::string> {
    throw std::length_error("the caller's own");
  };
  EXPECT_THROW(static_cast<void>(read_table("data.csv", choose)), std::length_error);
}

}  // namespace
}  // namespace strata
