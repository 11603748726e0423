#include "train/callbacks.hpp"

namespace strata::internal {

Callbacks watched(Caller& caller, const Callbacks& callbacks) {
  return {.cost = caller.watched(callbacks.cost),
          .epoch = caller.watched(callbacks.epoch),
          .progress = caller.watched(callbacks.progress),
          .part = caller.watched(callbacks.part),
          .note = caller.watched(callbacks.note),
          .warning = caller.watched(callbacks.warning),
          .stop = caller.watched(callbacks.stop),
          .wants_model = caller.watched(callbacks.wants_model),
          .model = caller.watched(callbacks.model),
          .wants_checkpoint = caller.watched(callbacks.wants_checkpoint),
          .checkpoint = caller.watched(callbacks.checkpoint)};
}

Messages messages_of(const Callbacks& callbacks) {
  const auto forward_to = [](const std::function<void(std::string_view)>& to) {
    return [&to](std::string_view text) {
      if (to) to(text);
    };
  };
  return {forward_to(callbacks.note), forward_to(callbacks.warning)};
}

Ending ending_named(std::string_view text) noexcept {
  for (const Ending each : {Ending::interrupted, Ending::diverged, Ending::time_limit, Ending::early_stopping,
                            Ending::tolerance, Ending::failed})
    if (name(each) == text) return each;
  return Ending::done;
}

}  // namespace strata::internal

namespace strata {

std::string_view name(Ending ending) noexcept {
  switch (ending) {
    case Ending::done: return "done";
    case Ending::interrupted: return "interrupted";
    case Ending::time_limit: return "time limit";
    case Ending::early_stopping: return "early stopping";
    case Ending::tolerance: return "tolerance";
    case Ending::failed: return "error";
    case Ending::diverged: break;
  }
  return "diverged";
}

}  // namespace strata
