// Training, and what it tells.
#include <algorithm>
#include <chrono>
#include <filesystem>

#include "api/c_handles.hpp"
#include "strata/json.hpp"

using namespace strata;
using namespace strata::internal;

namespace {

// Functions of the caller's that say 0 where the training is to go on.
template <class Function, class... Arguments>
void tell(Function function, void* context, const Arguments&... arguments) {
  if (function(context, arguments...) != 0) throw StoppedByCaller();
}

// Between two calls of a function that is dear.
class Pause {
 public:
  explicit Pause(double seconds)
      : length_(
            std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::clamp(seconds, 0.0, 1e6)))) {
  }
  [[nodiscard]] bool is_over() {
    if (length_ == Clock::duration::zero()) return true;
    const Clock::time_point now = Clock::now();
    if (now < end_) return false;
    end_ = now + length_;
    return true;
  }
  void end() { end_ = Clock::time_point::min(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::duration length_;
  Clock::time_point end_ = Clock::time_point::min();
};

Callbacks callbacks_of(const strata_callbacks* given) {
  Callbacks callbacks;
  if (given == nullptr) return callbacks;
  if (given->size < sizeof(strata_callbacks))
    throw Error(ErrorCode::usage, "callbacks: their size is " + std::to_string(given->size) + ", expected at least " +
                                      std::to_string(sizeof(strata_callbacks)));
  const strata_callbacks to = *given;
  // Who is told of an epoch may want it to be the last.
  const auto before_stop = std::make_shared<Pause>(to.pause);
  if (to.cost != nullptr) {
    callbacks.cost = [to](const CostReport& report) {
      const strata_cost cost{report.iteration, report.epoch, report.cost, report.fold};
      tell(to.cost, to.context, &cost);
    };
  }
  if (to.epoch != nullptr) {
    callbacks.epoch = [to, before_stop](const EpochReport& report) {
      const std::string json = to_json(report);
      const strata_epoch epoch{report.epoch, report.iteration, report.mean_cost, report.fold, json.c_str()};
      tell(to.epoch, to.context, &epoch);
      before_stop->end();
    };
  }
  if (to.progress != nullptr) {
    callbacks.progress = [to, pause = Pause(to.pause)](const Progress& report) mutable {
      if (!pause.is_over() && report.iteration < report.iterations) return;
      const strata_progress progress{report.iteration, report.iterations, report.epoch, report.cost};
      tell(to.progress, to.context, &progress);
    };
  }
  if (to.part != nullptr) {
    callbacks.part = [to](const PartReport& report) { tell(to.part, to.context, to_json(report).c_str()); };
  }
  const auto sentences = [&to](int (*function)(void*, const char*)) -> std::function<void(std::string_view)> {
    if (function == nullptr) return {};
    return [function, context = to.context](std::string_view sentence) {
      tell(function, context, std::string(sentence).c_str());
    };
  };
  callbacks.note = sentences(to.note);
  callbacks.warning = sentences(to.warning);
  if (to.stop != nullptr)
    callbacks.stop = [to, before_stop] { return before_stop->is_over() && to.stop(to.context) != 0; };
  return callbacks;
}

// `trained`: what the training leaves.
void give_fit(strata_fit** place, Fit trained) {
  std::string json = to_json(trained);
  give(place, std::move(trained), std::move(json));
}

Options options_in(const strata_options* options) { return required(options, "options").options(); }

}  // namespace

extern "C" {

strata_status strata_train(const strata_table* table, const strata_options* options, const strata_callbacks* callbacks,
                           strata_fit** fit) {
  return answered(__func__, [&] {
    required(fit, "fit");
    const Options asked = options_in(options);
    const Callbacks told = callbacks_of(callbacks);
    give_fit(fit, train(table_to_train_on(required(table, "table"), asked, told), asked, told));
  });
}

strata_status strata_train_files(const char* const* files, size_t count, const strata_options* options,
                                 const strata_callbacks* callbacks, strata_fit** fit) {
  return answered(__func__, [&] {
    required(fit, "fit");
    const std::vector<std::string> names = texts_of(files, count, "files");
    const std::vector<std::filesystem::path> paths(names.begin(), names.end());
    give_fit(fit, train(paths, options_in(options), callbacks_of(callbacks)));
  });
}

strata_status strata_continue(const strata_table* table, const strata_model* model, const strata_options* options,
                              const strata_callbacks* callbacks, strata_fit** fit) {
  return answered(__func__, [&] {
    required(fit, "fit");
    const Model& from = required(model, "model").model;
    if (options != nullptr && !options->recipe.empty())
      throw Error(ErrorCode::usage,
                  "options: a training that continues a model has the options of its training, and no "
                  "recipe; set those that change");
    give_fit(fit, continue_training(table_for(from, required(table, "table"), true), from,
                                    options_of(from, options == nullptr ? TypedOptions() : options->typed_options()),
                                    callbacks_of(callbacks)));
  });
}

void strata_fit_free(strata_fit* fit) { delete fit; }

strata_status strata_fit_model(strata_fit* fit, strata_model** model) {
  return answered(__func__, [&] {
    required(model, "model");
    if (!required(fit, "fit").has_model) throw Error(ErrorCode::usage, "fit: its model was taken before");
    give(model, std::move(fit->fit.model));
    fit->has_model = false;
  });
}

strata_status strata_fit_describe(const strata_fit* fit, strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    give(json, required(fit, "fit").json);
  });
}

size_t strata_fit_out_of_fold_rows(const strata_fit* fit) {
  return fit == nullptr || !fit->fit.out_of_fold ? 0 : fit->fit.out_of_fold->rows.size();
}

strata_status strata_fit_out_of_fold(const strata_fit* fit, int64_t* rows, double* values) {
  return answered(__func__, [&] {
    const std::optional<OutOfFold>& found = required(fit, "fit").fit.out_of_fold;
    if (!found)
      throw Error(ErrorCode::usage,
                  "fit: only a bag has predictions of networks that were not trained on a row; set the option folds");
    if (rows != nullptr) std::ranges::copy(found->rows, rows);
    if (values != nullptr) std::ranges::copy(found->predictions.values, values);
  });
}

strata_status strata_plan(const strata_table* table, const strata_options* options, const strata_callbacks* callbacks,
                          strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    const Options asked = options_in(options);
    const Callbacks told = callbacks_of(callbacks);
    give(json, to_json(plan_training(table_to_train_on(required(table, "table"), asked, told), asked, told)));
  });
}

}  // extern "C"
