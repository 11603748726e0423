// What stands behind the handles of strata.h, and the one place where exceptions become a status.
#pragma once

#include <cxxabi.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strata/data.hpp"
#include "strata/error.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"
#include "strata/predictor.hpp"
#include "strata/strata.h"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"

struct strata_bytes {
  std::string text;
};

// What was typed, and not yet an Options: a recipe and what overrides it say together what the options are.
struct strata_options {
  std::string recipe;  // empty: none
  std::vector<std::pair<std::string, std::string>> typed;

  [[nodiscard]] strata::TypedOptions typed_options() const { return {typed.begin(), typed.end()}; }
  [[nodiscard]] strata::Options options() const;
};

struct strata_table {
  strata::Table table;
  bool is_frame = false;  // whose columns are what a CSV file of the same cells would have
};

struct strata_model {
  strata::Model model;
};

struct strata_predictor {
  strata::Predictor predictor;
};

struct strata_fit {
  strata::Fit fit;
  std::string json;
  bool has_model = true;
};

struct strata_trace {
  double cost;
  std::vector<std::pair<int, strata::TracedMatrix>> matrices;  // each with its layer
};

namespace strata::internal {

/// Thrown where a function of the caller's wants the call to end.
struct StoppedByCaller {};

/// In a handler: remembers what is being handled as the last error of this thread, and gives its status.
strata_status remember(const char* function);

/// Calls `body`, from which nothing gets out but the end of a thread.
template <class Body>
strata_status answered(const char* function, const Body& body) {
  try {
    body();
    return STRATA_OK;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
    return remember(function);
  }
}

/// A pointer that must not be null. Errors: usage.
template <class T>
T& required(T* pointer, std::string_view what) {
  if (pointer == nullptr) throw Error(ErrorCode::usage, std::string(what) + " is a null pointer");
  return *pointer;
}
[[nodiscard]] inline std::string required_text(const char* text, std::string_view what) {
  return &required(text, what);
}

/// Hands a new handle out.
template <class Handle, class... Arguments>
void give(Handle** place, Arguments&&... arguments) {
  *place = new Handle{std::forward<Arguments>(arguments)...};
}

/// The table as a training with these options reads it, which may tell of it.
[[nodiscard]] Table table_to_train_on(const strata_table& table, const Options& options, const Callbacks& told = {});
/// The table as a model reads it.
[[nodiscard]] Table table_for(const Model& model, const strata_table& table, bool with_target);

/// The texts of a list that has `count` of them, none of which is null.
[[nodiscard]] std::vector<std::string> texts_of(const char* const* texts, std::size_t count, std::string_view what);

}  // namespace strata::internal
