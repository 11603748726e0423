#include "checkpoints.hpp"

#include <fmt/format.h>

#include <exception>
#include <limits>
#include <system_error>
#include <utility>

#include "output.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".checkpoint";
constexpr std::string_view kPrevious = ".previous";

}  // namespace

Checkpoint load_checkpoint(const std::string& file) try { return Checkpoint::load(file); } catch (const Error& error) {
  const std::string previous = file + std::string(kPrevious);
  std::error_code failed;
  if (error.code() != ErrorCode::format || !fs::exists(previous, failed)) throw;
  throw Error(error.code(), fmt::format("{}\nThe one before it is there: --resume {}", error.what(), previous));
}

std::string model_of_checkpoint(const std::string& checkpoint, std::string_view otherwise) {
  std::string_view model = checkpoint;
  if (model.ends_with(kPrevious)) model.remove_suffix(kPrevious.size());
  if (!model.ends_with(kEnding) || model.size() == kEnding.size()) return std::string(otherwise);
  return std::string(model.substr(0, model.size() - kEnding.size()));
}

Checkpoints::Checkpoints(const Arguments& arguments, const std::string& model, std::int64_t epoch)
    : last_epoch_(epoch) {
  const bool periodic = arguments.has("checkpoint");
  if (!periodic && (!arguments.has("resume") || !is_replaced(model))) return;  // what goes on can be interrupted again
  const std::string every = periodic ? arguments.value("checkpoint") : "";
  if (!periodic)
    seconds_ = std::numeric_limits<double>::infinity();
  else if (every.find_first_not_of("0123456789") == std::string::npos)
    epochs_ = static_cast<std::int64_t>(arguments.whole("checkpoint", 1, 0));
  else
    seconds_ = option_seconds("checkpoint", every, ", or a number of epochs such as 5");
  if (!is_replaced(model))
    throw Error(ErrorCode::usage, fmt::format("--checkpoint writes beside the model, and '{}' is no file that can be "
                                              "replaced: name one with --output",
                                              model));
  file_ = model + std::string(kEnding);
  require_writable(file_);
}

bool Checkpoints::due(const Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_due = epochs_ > 0 ? progress.epoch > last_epoch_ && progress.epoch % epochs_ == 0
                                  : std::chrono::duration<double>(now - last_time_).count() >= seconds_;
  last_epoch_ = progress.epoch;
  if (is_due) last_time_ = now;
  return is_due;
}

// On a thread of its own. Whatever goes wrong here, the training goes on.
void Checkpoints::write(const Checkpoint& checkpoint) noexcept {
  const auto updates = static_cast<std::uint64_t>(checkpoint.model().record().reached);
  try {
    failure_ = fmt::format("the checkpoint after {} is not written: ", counted(updates, "update"));
    try {
      checkpoint.save(file_, file_.string() + std::string(kPrevious));
      failure_.clear();
      written_ = true;
    } catch (const Error& error) {
      failure_ += error.what();
    }
  } catch (const std::exception&) {
    failure_ = "no memory";  // short enough to need none
  }
}

void Checkpoints::settle() {
  if (!made_) return;
  if (writer_.joinable()) writer_.join();
  made_.reset();
  if (failure_.empty()) {
    said_ = false;
  } else if (!std::exchange(said_, true)) {
    before_();
    say_warning(fmt::format("{}\nThe training goes on{}.", failure_,
                            written_ ? fmt::format("; the last one stays in {}", file_.string()) : ""));
  }
}

void Checkpoints::attach(Callbacks& callbacks, std::function<void()> before) {
  if (file_.empty()) return;
  before_ = std::move(before);
  callbacks.wants_checkpoint = [this](const Progress& progress) { return due(progress); };
  callbacks.checkpoint = [this](Checkpoint checkpoint) {
    settle();
    made_ = std::move(checkpoint);
    try {
      writer_ = std::thread([this] { write(*made_); });
    } catch (const std::system_error&) {  // there is no thread to be had
      write(*made_);
    }
  };
}

}  // namespace strata::cli
