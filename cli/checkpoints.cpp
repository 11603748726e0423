#include "checkpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <map>
#include <new>
#include <system_error>
#include <utility>

#include "commands.hpp"
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

std::string checkpoint_of(const std::string& model) { return model + std::string(kEnding); }

std::string place_of(const TrainingRecord& record) {
  const std::int64_t fold = record.networks.empty() ? 0 : record.networks.back().fold;
  if (fold > 0 && record.reached == 0) return fmt::format("before fold {}", fold);
  return fmt::format("{}after {}", fold > 0 ? fmt::format("in fold {} ", fold) : "",
                     counted(static_cast<std::uint64_t>(record.reached), "update"));
}

std::int64_t epochs_of(const TrainingRecord& record) {
  std::map<std::int64_t, std::int64_t> of_fold;
  for (const NetworkRecord& each : record.networks)
    if (each.fold > 0) of_fold[each.fold] = std::max({of_fold[each.fold], each.epochs, each.epochs_tried});
  if (of_fold.empty()) return std::max(record.epochs, record.epochs_tried);
  std::int64_t epochs = 0;
  for (const auto& [fold, own] : of_fold) epochs += own;
  return epochs;
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
  file_ = checkpoint_of(model);
  require_writable(file_);
}

bool Checkpoints::due(const Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  const bool is_due = epochs_ > 0 ? progress.epoch / epochs_ > last_epoch_ / epochs_
                                  : std::chrono::duration<double>(now - last_time_).count() >= seconds_;
  last_epoch_ = progress.epoch;
  if (is_due) last_time_ = now;
  return is_due;
}

// On a thread of its own. Whatever goes wrong here, the training goes on.
void Checkpoints::write(const Checkpoint& checkpoint) noexcept {
  try {
    failure_ = fmt::format("the checkpoint {} is not written: ", place_of(checkpoint.model().record()));
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

Fit Checkpoints::trained(const std::function<Fit()>& training) {
  const auto way_on = [this] {
    settle();
    return written_ ? fmt::format("\n--resume {} goes on from the last checkpoint.", shell_word(file_)) : "";
  };
  try {
    return training();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::usage || error.code() == ErrorCode::value) throw;
    throw Error(error.code(), error.what() + way_on());
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::memory, "there is not enough memory" + way_on());
  }
}

void Checkpoints::attach(Callbacks& callbacks, std::function<void()> before) {
  if (file_.empty()) return;
  before_ = std::move(before);
  callbacks.wants_checkpoint = [this](const Progress& progress) { return due(progress); };
  callbacks.checkpoint = [this](Checkpoint checkpoint) {
    settle();
    last_time_ = std::chrono::steady_clock::now();  // it may come unasked
    made_ = std::move(checkpoint);
    try {
      writer_ = std::thread([this] { write(*made_); });
    } catch (const std::system_error&) {  // there is no thread to be had
      write(*made_);
    }
  };
}

}  // namespace strata::cli
