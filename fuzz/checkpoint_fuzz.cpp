// Checkpoints: loaded, and gone on from with the table of a few rows that the seeds were trained on. What comes of it
// is a model or an error. A change is mostly found by the checksum; then the file gets the one that it should have.
#include "fuzz/checkpoints.hpp"
#include "fuzz/checksum.hpp"
#include "strata/trainer.hpp"

namespace {

using namespace strata;

constexpr std::int64_t kMostUpdates = 200;
constexpr std::size_t kMostParameters = 10'000;

std::optional<std::string> go_on(std::string_view bytes) {
  return fuzz::error_of([&] {
    const fuzz::MemoryFile file(std::as_bytes(std::span(bytes)));
    const Checkpoint from = Checkpoint::load(file.path());
    Options options = from.options();
    options.threads = 1;
    std::int64_t updates = 0;
    Callbacks callbacks;
    callbacks.stop = [&] { return ++updates >= kMostUpdates; };
    // What would be large on purpose is no finding.
    if (from.model().architecture().parameter_count() > kMostParameters) return;
    const Fit fit = resume(fuzz::table_of_checkpoints(), from, options, callbacks);
    if (Model::from_bytes(fit.model.to_bytes()).to_bytes() != fit.model.to_bytes())
      fuzz::wrong("its model is not read back as it was written");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::with_right_checksum(std::string(reinterpret_cast<const char*>(data), size), go_on);
  return 0;
}
