#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/cpus.hpp"
#include "base/file.hpp"
#include "base/file_reader.hpp"
#include "base/only_errors.hpp"
#include "base/temporary.hpp"
#include "data/decoder.hpp"
#include "kernels/registry.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"
#include "strata/version.hpp"
#include "tools/doctor_samples.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;

/// A new folder under the system's temporary one, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (temporary_folder() / "strata-doctor-XXXXXX").string();
    const Making making;
    if (::mkdtemp(pattern.data()) == nullptr)
      throw Error(ErrorCode::io, fmt::format("cannot make a folder in {}", temporary_folder().string()));
    names_.emplace_back(pattern);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path(), ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  /// A file for `write` to make in it.
  fs::path make(const char* name, const std::function<void(const fs::path&)>& write) {
    const Making making;
    names_.emplace_back(path() / name);
    write(names_.back().path());
    return names_.back().path();
  }
  fs::path write(const char* name, std::span<const unsigned char> bytes) {
    return make(
        name, [&](const fs::path& file) { replace_file(file, [&](const Sink& sink) { sink(std::as_bytes(bytes)); }); });
  }
  [[nodiscard]] const fs::path& path() const noexcept { return names_.front().path(); }

 private:
  std::vector<TemporaryName> names_;  // the folder, then the files
};

void require(bool right, const std::string& found) {
  if (!right) throw Error(ErrorCode::internal, "wrong result: " + found);
}

Table exclusive_or() {
  const double a[] = {0, 0, 1, 1}, b[] = {0, 1, 0, 1}, either[] = {0, 1, 1, 0};
  Table table;
  table.add_numbers("a", {}, a);
  table.add_numbers("b", {}, b);
  table.add_numbers("either", {}, either);
  return table;
}

Options small_network() {
  Options options;
  options.target = {"either"};
  options.hidden_layers = {8};
  options.activation = {Activation::tanh};
  options.scale = ScaleKind::none;
  options.learning_rate = 0.05;
  options.batch_size = 0;
  options.iterations = 300;
  options.threads = 1;
  return options;
}

std::string check_csv(TemporaryFolder& folder) {
  const Table table = read_table(folder.write("t.csv.gz", kGzip));
  require(table.rows() == 2 && table.number(table.field("y"), 1) == 4, fmt::format("{} rows", table.rows()));
  return "2 rows";
}

std::string check_picture(TemporaryFolder& folder, const char* name, std::span<const unsigned char> bytes,
                          std::size_t side, double first) {
  const std::size_t shape[] = {side, side, 1};
  const std::vector<double> pixels = read_image(folder.write(name, bytes), shape);
  require(pixels.size() == side * side && std::abs(pixels[0] - first) < 0.5, fmt::format("first pixel {}", pixels[0]));
  return fmt::format("{0}×{0} pixels", side);
}

std::string check_hdf5(TemporaryFolder& folder) {
  const Table table = read_table(folder.write("t.h5", kHdf5));
  const Field& x = table.field("x");
  require(table.rows() == 3 && table.number(x, 2, 1) == 6, fmt::format("{} rows", table.rows()));
  return "an array of 3×2 bytes";
}

std::string check_model_file(TemporaryFolder& folder) {
  const Fit fit = train(exclusive_or(), small_network());
  const fs::path file = folder.make("t.strata", [&](const fs::path& name) { fit.model.save(name); });
  const Table table = exclusive_or();
  require(Model::load(file).predict(table, 1).values == fit.model.predict(table, 1).values, "other predictions");
  require(fit.model.record().train.correct == 4, fmt::format("{}/4 right", fit.model.record().train.correct));
  return fmt::format("XOR learned, cost {:.2g}, saved, loaded", fit.model.record().cost);
}

std::string check_backpropagation() {
  const GradientCheck check = check_gradients(exclusive_or(), small_network());
  double worst = 0;
  for (const BlockCheck& block : check.blocks) worst = std::max(worst, block.relative_error);
  require(check.passed, fmt::format("relative error {:.2g}", worst));
  return fmt::format("relative error {:.1g}", worst);
}

SelfTest attempt(std::string name, std::string advice, const std::function<std::string()>& test) {
  SelfTest result{std::move(name), false, {}, {}};
  try {
    result.found = test();
    result.passed = true;
  } catch (const std::exception& error) {
    result.found = error.what();
    result.advice = std::move(advice);
  }
  return result;
}

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}", __clang_version__);
#elif defined(__GNUC__)
  return fmt::format("gcc {}", __VERSION__);
#else
  return "unknown";
#endif
}

std::string instructions() {
  std::string text;
#if defined(__x86_64__)
  const auto add = [&](bool there, const char* name) {
    text += there ? (text.empty() ? "" : " ") + std::string(name) : "";
  };
  add(__builtin_cpu_supports("sse4.2") != 0, "sse4.2");
  add(__builtin_cpu_supports("avx2") != 0, "avx2");
  add(__builtin_cpu_supports("fma") != 0, "fma");
  add(__builtin_cpu_supports("avx512f") != 0, "avx512f");
#endif
  return text;
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with("model name") && colon != std::string::npos && colon + 2 <= line.size())
      return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

Diagnosis diagnose() try {
  Diagnosis diagnosis;
  diagnosis.version = STRATA_VERSION;
  diagnosis.compiler = compiler();
  diagnosis.instructions = instructions();
  diagnosis.processor = processor();
  diagnosis.cpus = available_cpus();
  for (const Backend& each : available_backends()) diagnosis.kernels.emplace_back(each.name);
  for (const Backend& each : backends_for_other_cpus()) diagnosis.kernels_elsewhere.emplace_back(each.name);

  std::vector<SelfTest>& tests = diagnosis.tests;
  tests.push_back(attempt("kernels", "unset STRATA_KERNELS, or name one that exists", [&] {
    diagnosis.chosen_kernels = chosen_kernels();
    const char* forced = std::getenv("STRATA_KERNELS");
    diagnosis.chosen_because =
        forced != nullptr && *forced != '\0' ? "STRATA_KERNELS asks for it" : "the fastest that this processor can run";
    const Backend& backend = backend_named(diagnosis.chosen_kernels);
    diagnosis.peak = measured_peak(backend);
    diagnosis.native_bf16 = backend.native_bf16();
    return diagnosis.chosen_kernels;
  }));
  tests.push_back(attempt("threads", "set STRATA_THREADS to a number from 1 to 1024, or unset it",
                          [] { return fmt::format("{}", chosen_threads(0)); }));
  // What a broken part makes fail elsewhere is no fault of its own: there is nothing to advise or to report.
  const bool can_compute = !diagnosis.chosen_kernels.empty();
  const auto attempt_with = [&](bool there, const char* part, std::string name, std::string advice,
                                const std::function<std::string()>& test) {
    tests.push_back(attempt(std::move(name), there ? std::move(advice) : "", [&] {
      return there ? test() : throw Error(ErrorCode::unsupported, fmt::format("needs {}", part));
    }));
  };
  constexpr const char* kReport = "please report this";
  attempt_with(can_compute, "the kernels", "gradients", kReport, check_backpropagation);
  std::optional<TemporaryFolder> folder;
  tests.push_back(attempt("temporary files", "set TMPDIR to a folder that can be written", [&] {
    folder.emplace();
    return folder->path().parent_path().string();
  }));
  if (!folder) return diagnosis;
  constexpr const char* kHelper = "build it with ./dev build, or name it with the variable STRATA_DECODE";
  tests.push_back(attempt("strata-decode", kHelper, [] { return find_decoder().string(); }));
  const bool can_decode = tests.back().passed;
  attempt_with(can_compute, "the kernels", "training", kReport, [&] { return check_model_file(*folder); });
  tests.push_back(attempt("reading CSV", kReport, [&] { return check_csv(*folder); }));
  attempt_with(can_decode, "strata-decode", "reading HDF5", "", [&] { return check_hdf5(*folder); });
  attempt_with(can_decode, "strata-decode", "reading PNG", "",
               [&] { return check_picture(*folder, "t.png", kPng, 2, 0); });
  attempt_with(can_decode, "strata-decode", "reading JPEG", "",
               [&] { return check_picture(*folder, "t.jpg", kJpeg, 8, 200); });
  return diagnosis;
} catch (...) {
  throw_as_error("for the diagnosis");
}

void require_writable(const fs::path& file) { internal::require_writable(file); }
bool is_replaced(const fs::path& file) { return !is_special(file); }
void remove_temporary_files() noexcept { internal::remove_temporary_files(); }

void write_text(const fs::path& file, std::string_view text) {
  write_text(file, [&](const TextSink& sink) { sink(text); });
}

void write_text(const fs::path& file, const std::function<void(const TextSink&)>& write) {
  only_errors("to write this file", [&](Caller& caller) {
    const auto watched = caller.watched(write);
    replace_file(file, [&](const Sink& sink) {
      watched([&](std::string_view text) { sink(std::as_bytes(std::span(text.data(), text.size()))); });
    });
  });
}

}  // namespace strata
