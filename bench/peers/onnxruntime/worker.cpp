// ONNX Runtime's C API: one session, inputs and outputs in memory of our own that are wrapped once, Run per call.
//
// The library is the one of the Python package, which brings no header. The functions of its API are a table whose
// order never changes (new ones are added at the end), so the few that are needed are taken by their place in OrtApi.
#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "runner.hpp"
#include "work.hpp"

namespace {

using strata_bench::Work;

constexpr std::uint32_t kApiVersion = 18;  // the functions below are much older
constexpr int kAllOptimizations = 99, kWarnings = 2, kDeviceAllocator = 0, kDefaultMemory = 0, kFloat = 1;

using Status = void*;
struct ApiBase {
  const void* const* (*GetApi)(std::uint32_t version);
  const char* (*GetVersionString)();
};

class Api {
 public:
  Api() {
    const char* path = std::getenv("STRATA_BENCH_ONNXRUNTIME");
    void* library = path != nullptr ? dlopen(path, RTLD_NOW) : nullptr;
    if (library == nullptr) {
      throw std::runtime_error(path == nullptr ? "STRATA_BENCH_ONNXRUNTIME names no library" : dlerror());
    }
    const auto base = reinterpret_cast<const ApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
    if (base == nullptr) throw std::runtime_error(std::string(path) + " has no OrtGetApiBase");
    version = base()->GetVersionString();
    table_ = base()->GetApi(kApiVersion);
    if (table_ == nullptr) throw std::runtime_error("ONNX Runtime " + version + " is too old");
  }

  // OrtApi's function at `place`, which returns a status.
  template <class... Arguments>
  void call(std::size_t place, Arguments... arguments) const {
    const auto function = reinterpret_cast<Status (*)(Arguments...)>(const_cast<void*>(table_[place]));
    if (const Status status = function(arguments...)) {
      const auto message = reinterpret_cast<const char* (*)(Status)>(const_cast<void*>(table_[kGetErrorMessage]));
      throw std::runtime_error(message(status));
    }
  }
  void release(std::size_t place, void* object) const {
    reinterpret_cast<void (*)(void*)>(const_cast<void*>(table_[place]))(object);
  }

  enum Place : std::size_t {
    kGetErrorMessage = 2,
    kCreateEnv = 3,
    kCreateSession = 7,
    kRun = 9,
    kCreateSessionOptions = 10,
    kSetSessionGraphOptimizationLevel = 23,
    kSetIntraOpNumThreads = 24,
    kSetInterOpNumThreads = 25,
    kCreateTensorWithData = 49,
    kCreateCpuMemoryInfo = 69,
    kReleaseSession = 95,
    kReleaseValue = 96,
    kAddSessionConfigEntry = 130
  };
  std::string version;

 private:
  const void* const* table_ = nullptr;
};

class Net final : public strata_bench::Runner {
 public:
  Net(const Work& work, const Api& api, void* environment)
      : work_(work),
        api_(api),
        X_(strata_bench::read_numbers<float>(work, "x", work.rows * work.inputs())),
        Y_(strata_bench::read_numbers<float>(work, "y", work.rows * work.outputs())),
        A_(static_cast<std::size_t>(work.batch * work.outputs())) {
    void *options = nullptr, *memory = nullptr;
    api.call(Api::kCreateSessionOptions, &options);
    api.call(Api::kSetSessionGraphOptimizationLevel, options, kAllOptimizations);
    api.call(Api::kSetIntraOpNumThreads, options, work.threads);
    api.call(Api::kSetInterOpNumThreads, options, 1);
    api.call(Api::kAddSessionConfigEntry, options, "session.set_denormal_as_zero", "1");
    api.call(Api::kCreateSession, environment, (work.folder / "model.onnx").c_str(), static_cast<const void*>(options),
             &session_);
    api.call(Api::kCreateCpuMemoryInfo, kDeviceAllocator, kDefaultMemory, &memory);
    const auto wrap = [&](float* data, std::int64_t width) {
      const std::int64_t shape[] = {work.batch, width};
      void* value = nullptr;
      api.call(Api::kCreateTensorWithData, static_cast<const void*>(memory), static_cast<void*>(data),
               static_cast<std::size_t>(shape[0] * shape[1]) * sizeof(float), static_cast<const std::int64_t*>(shape),
               std::size_t{2}, kFloat, &value);
      return value;
    };
    for (std::ptrdiff_t i = 0; i < work.batches(); ++i) {
      inputs_.push_back(wrap(X_.data() + i * work.batch * work.inputs(), work.inputs()));
    }
    output_ = wrap(A_.data(), work.outputs());
  }
  ~Net() override {
    for (void* value : inputs_) api_.release(Api::kReleaseValue, value);
    api_.release(Api::kReleaseValue, output_);
    api_.release(Api::kReleaseSession, session_);
  }
  Net(const Net&) = delete;
  Net& operator=(const Net&) = delete;

  void reset() override { next_ = 0; }
  void run(std::ptrdiff_t count) override {
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      predict(inputs_[next_]);
      next_ = next_ + 1 == inputs_.size() ? 0 : next_ + 1;
    }
  }
  double loss() override {
    predict(inputs_[0]);
    return strata_bench::mean_loss(work_, A_.data(), Y_.data(), work_.batch);
  }

 private:
  void predict(const void* input) {
    const char* const in_names[] = {"X"};
    const char* const out_names[] = {"A"};
    api_.call(Api::kRun, session_, static_cast<const void*>(nullptr), static_cast<const char* const*>(in_names),
              static_cast<const void* const*>(&input), std::size_t{1}, static_cast<const char* const*>(out_names),
              std::size_t{1}, &output_);
  }

  Work work_;
  const Api& api_;
  std::vector<float> X_, Y_, A_;
  void* session_ = nullptr;
  std::vector<void*> inputs_;
  void* output_ = nullptr;
  std::size_t next_ = 0;
};

}  // namespace

int main() {
  try {
    const Api api;
    void* environment = nullptr;
    api.call(Api::kCreateEnv, kWarnings, "strata_bench", &environment);
    strata_bench::serve({{"ready", "onnxruntime"}, {"version", api.version}}, [&](const Work& work) {
      if (work.kind != "predict") throw strata_bench::NotBuilt("ONNX Runtime is timed for prediction only");
      return std::make_unique<Net>(work, api, environment);
    });
  } catch (const std::exception& error) {
    std::cerr << "onnxruntime_worker: " << error.what() << '\n';
    return 1;
  }
}
