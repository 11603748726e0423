// strata train: a table and options in, a model file out.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "api/json.hpp"
#include "checkpoints.hpp"
#include "commands.hpp"
#include "ending.hpp"
#include "live_report.hpp"
#include "out_of_fold.hpp"
#include "part_table.hpp"
#include "progress.hpp"
#include "signals.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"
#include "training_table.hpp"

namespace strata::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStandardOutput = "/dev/stdout";

/// The file that --output names, or kStandardOutput.
std::string output_of(const Arguments& arguments) {
  constexpr std::string_view kUsual = "model.strata";
  const std::string file = arguments.value("output", model_of_checkpoint(arguments.value("resume"), kUsual));
  const bool is_output = file == "-" || file == "/dev/fd/1" || file == "/proc/self/fd/1";
  return is_output ? std::string(kStandardOutput) : file;
}

std::string shown(const std::string& file) { return file == kStandardOutput ? "standard output" : file; }

bool is_terminal(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool terminal = ::isatty(descriptor) == 1;
  ::close(descriptor);
  return terminal;
}

/// Found out before the training, not after it.
void check_output(const std::string& file) {
  std::error_code failed;
  const fs::file_status status = fs::status(file, failed);
  if (fs::is_character_file(status) && is_terminal(file))
    throw Error(ErrorCode::usage, fmt::format("--output: '{}' is a terminal, and a model is no text; name a file, or "
                                              "send standard output to a file or a pipe",
                                              file));
  if (fs::is_regular_file(status) && fs::file_size(file, failed) > 0) {
    try {
      static_cast<void>(Model::load(file));
    } catch (const Error& error) {
      if (error.code() == ErrorCode::io) throw;
      throw Error(ErrorCode::usage, fmt::format("--output: '{}' is there and is not a model that this program can "
                                                "read, so it is not overwritten; choose another name, or remove it",
                                                file));
    }
  }
  require_writable(file);
}

/// `before`: updates that were done when it went on.
void print_json(const Fit& fit, const std::string& file) {
  Json json;
  add_members(json.object(), fit);
  out().line(json.text("model", file).end().str());
}

void print_summary(const Fit& fit, const std::string& file, std::int64_t before, const Options& options) {
  const TrainingRecord& record = fit.model.record();
  const std::int64_t now = fit.iterations - before;
  // (Of a bag, those of the folds that were done before are among them.)
  const bool known = fit.seconds > 0 && (before == 0 || fit.folds == 0);
  const double rate = known ? static_cast<double>(now) / fit.seconds : 0;
  const auto item = [](std::string_view what, std::string_view text) {
    out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<12}", what)), text));
  };
  item("network", describe_networks(fit.model.networks(), fit.model.architecture(), fit.model.precision()));
  item("iterations", fmt::format("{}{} in {}{}", with_commas(static_cast<std::uint64_t>(fit.iterations)),
                                 before > 0 && fit.folds == 0
                                     ? fmt::format(", {} of them", with_commas(static_cast<std::uint64_t>(now)))
                                     : "",
                                 duration(fit.seconds), rate > 0 ? fmt::format(" ({:.0f} a second)", rate) : ""));
  const bool is_error = fit.ending == Ending::diverged || fit.ending == Ending::failed;
  if (!fit.explanation.empty() && !is_error) item("ended", fit.explanation);
  if (record.epochs_tried > 0 && fit.folds == 0) item("best epoch", describe_best(record));
  item("cost", brief(record.cost));
  item("train", describe(record.train));
  if (record.validation) item("validation", describe(*record.validation));
  if (!fit.parts.empty()) item("each fold", describe_mean(fit.parts, options));
  if (record.out_of_fold) item("out of fold", describe_out_of_fold(fit.model));
  if (fit.before) item("before", describe(*fit.before));
  item("model", printable(file));
}

/// On SIGUSR1. Whatever goes wrong here, the training goes on.
void save_unfinished(const Model& model, const std::string& file) {
  const std::string when = counted(static_cast<std::uint64_t>(model.record().iterations), "iteration");
  std::string reason;
  if (!is_replaced(file)) {
    reason = fmt::format("'{}' is no file that can be replaced; only the final model goes there", file);
  } else {
    try {
      model.save(file);
    } catch (const Error& error) {
      reason = error.what();
    } catch (const std::bad_alloc&) {
      reason = "there is not enough memory";
    }
  }
  if (reason.empty())
    say(fmt::format("strata: the model after {} is saved in {}; the training goes on", when, file));
  else
    say_warning(fmt::format("the model after {} is not saved: {}\nThe training goes on.", when, reason));
}

/// The model in a new folder for temporary files; empty: none of them takes it.
std::string save_elsewhere(const Model& model) {
  const char* named = std::getenv("TMPDIR");
  for (const char* folder : {named == nullptr ? "" : named, "/var/tmp", "/tmp", "/dev/shm"}) {
    std::string made = fmt::format("{}/strata-XXXXXX", folder);
    if (*folder == '\0' || ::mkdtemp(made.data()) == nullptr) continue;
    const std::string file = made + "/model.strata";
    try {
      model.save(file);
      return file;
    } catch (const Error&) {
      ::rmdir(made.c_str());
    }
  }
  return {};
}

/// Gives where the model is then. A disk may be full by now, and a folder gone: what was trained is not lost for that.
/// `checkpoint`: the last one that there is, or empty.
std::string save(const Model& model, const std::string& file, const std::string& checkpoint) {
  try {
    model.save(file);
    return file;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io && error.code() != ErrorCode::not_found) throw;  // no other folder helps
    const std::string saved = save_elsewhere(model);
    if (saved.empty())
      throw Error(
          error.code(),
          fmt::format("{}\nNo folder for temporary files takes the model either (TMPDIR can name one){}.", error.what(),
                      checkpoint.empty()
                          ? ": what was trained is lost"
                          : fmt::format("; --resume {} goes on from the last checkpoint", shell_word(checkpoint))));
    say_error(fmt::format("{}\nThe model is in {} instead.", error.what(), saved));
    return saved;
  }
}

/// Of --continue.
std::optional<Model> model_to_continue(const Arguments& arguments) {
  if (!arguments.has("continue")) return std::nullopt;
  const auto refuse = [&](const char* other, const char* why) {
    if (arguments.has(other)) throw Error(ErrorCode::usage, fmt::format("--continue and --{}: {}", other, why));
  };
  refuse("resume", "the one begins a training from a model, the other goes on with one that was stopped; give one");
  refuse("recipe", "a training that continues a model has the options of its training; name those that change");
  refuse("out-of-fold",
         "only a bag has predictions of rows that a network was not trained on, and a model is not "
         "trained further as one; leave it out");
  refuse("cross-validate", "the model has seen its data already, and a part of them would say nothing of it");
  return Model::load(arguments.value("continue"));
}

int dry_run(const Arguments& arguments) {
  if (arguments.has("resume"))
    throw Error(ErrorCode::usage, "--dry-run tells of a training that begins; 'strata inspect' tells of a checkpoint");
  const std::optional<Model> model = model_to_continue(arguments);
  ProgressBar bar(err(), false);
  const Callbacks callbacks = callbacks_of(arguments, bar);
  const std::vector<fs::path> files(arguments.operands.begin(), arguments.operands.end());
  print_plan(model ? plan_continuation(files, *model, options_of(*model, arguments.typed_options()), callbacks)
                   : plan_training(files, arguments.options, callbacks),
             arguments.has("json"));
  return 0;
}

std::string goes_on(const Checkpoints& checkpoints) {
  return checkpoints.any_written() ? fmt::format("; --resume {} goes on from there", shell_word(checkpoints.file()))
                                   : "";
}

int run(const Arguments& arguments) {
  if (arguments.has("cross-validate") && !arguments.has("continue")) return cross_validate(arguments);
  if (arguments.has("dry-run")) return dry_run(arguments);
  allow_requests();
  const std::vector<std::string>& data = arguments.operands;
  const std::string file = output_of(arguments);
  const bool json = arguments.has("json");
  const bool quiet = arguments.has("quiet");
  std::error_code ignored;
  for (const std::string& each : data)
    if (each != "-" && fs::equivalent(each, file, ignored))
      throw Error(ErrorCode::usage, fmt::format("--output: '{}' is the data itself", file));
  check_output(file);
  const std::optional<Model> earlier = model_to_continue(arguments);
  if (earlier && fs::equivalent(arguments.value("continue"), file, ignored))
    throw Error(ErrorCode::usage, fmt::format("--output: '{}' is the model that is continued, which the new one would "
                                              "replace; name another",
                                              file));
  std::optional<Checkpoint> from;
  if (arguments.has("resume")) {
    const std::string checkpoint = arguments.value("resume");
    if (fs::equivalent(checkpoint, file, ignored))
      throw Error(ErrorCode::usage,
                  fmt::format("--output: '{}' is the checkpoint itself, which the model would replace", file));
    from = load_checkpoint(checkpoint);
  }
  Options options = from      ? from->options()
                    : earlier ? options_of(*earlier, arguments.typed_options())
                              : arguments.options;
  if (from) arguments.set(options);
  Checkpoints checkpoints(arguments, file, from ? epochs_of(from->model().record()) : 0);
  if (arguments.has("out-of-fold")) {
    if (options.folds == Folds())
      throw Error(ErrorCode::usage, from ? "--out-of-fold: the training of the checkpoint is no bag; leave it out"
                                         : "--out-of-fold: only a bag has predictions of networks that were not "
                                           "trained on a row; give --folds 8 too");
    check_out_of_fold(arguments, options, file);
  }
  if (file == kStandardOutput) out() = err();  // the costs and the figures are no part of the model
  out().outlive_failures();

  ProgressBar bar(err(), !quiet);
  LiveReport live(arguments, options, bar);
  Callbacks callbacks = callbacks_of(arguments, bar);
  callbacks.part = [&](const PartReport& report) { live.fold(report); };
  callbacks.cost = [&](const CostReport& report) {
    begin_interruptible();
    live.cost(report);
  };
  callbacks.epoch = [&](const EpochReport& report) {
    checkpoints.settle();  // before the next is told of, so that never more than one interval can be lost
    live.epoch(report);
  };
  callbacks.wants_model = [] { return model_wanted(); };
  callbacks.model = [&](const Model& model) {
    bar.clear();
    save_unfinished(model, file);
  };
  checkpoints.attach(callbacks, [&] { bar.clear(); });

  if (!quiet && err().is_terminal()) say(fmt::format("reading {} …", input_name(data.front())));
  const std::vector<fs::path> files(data.begin(), data.end());
  const Fit fit = checkpoints.trained([&] {
    return from      ? resume(files, *from, options, callbacks)
           : earlier ? continue_training(files, *earlier, options, callbacks)
                     : strata::train(files, options, callbacks);
  });
  begin_saving(is_replaced(file));
  checkpoints.settle();
  bar.clear();
  live.finish(fit.model.record());
  const std::string last = checkpoints.any_written() ? checkpoints.file().string() : arguments.value("resume");
  const std::string saved = save(fit.model, file, last), where = shown(saved);

  if (json)
    print_json(fit, saved);
  else
    print_summary(fit, where, from ? from->model().record().reached : 0, options);
  try {
    out().require_written();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}; the model is in {}", error.what(), where));
  }
  const bool said =
      !arguments.has("out-of-fold") || save_out_of_fold(fit, arguments.value("out-of-fold"), where, quiet);
  if (fit.ending == Ending::diverged || fit.ending == Ending::failed) {
    say_error(fmt::format("{}\n{}{}.", fit.explanation, what_is_kept(fit, where),
                          fit.ending == Ending::failed ? goes_on(checkpoints) : ""));
    return 1;
  }
  if (interrupted()) {
    const std::string when = how_far(fit);
    if (fit.ending == Ending::interrupted)
      say(fmt::format("strata: interrupted after {}; what was trained is in {}{}", when, where, goes_on(checkpoints)));
    else
      say(fmt::format("strata: the training was done after {}; its model is in {}", when, where));
    return interrupt_exit_code();
  }
  if (saved != file || !said) return 1;
  if (fit.ending == Ending::time_limit)
    say(fmt::format("strata: the time was up after {}; what was trained is in {}{}", how_far(fit), where,
                    goes_on(checkpoints)));
  if (!quiet && file != kStandardOutput) {
    const std::string word = shell_word(file);
    say(fmt::format("next:  strata predict {0} NEW-DATA\n       strata evaluate {0} TEST-DATA", word));
  }
  return 0;
}

}  // namespace

Command train_command() {
  return {
      "train",
      "learn from a table or pictures, and write a model",
      {"strata train iris.csv --target species --output iris.strata",
       "strata train train.h5 --inputs train_set_x --target train_set_y --recipe classic --hidden-layers 20,7,5"},
      "Trains a network on DATA and writes it to one file that holds all that a prediction needs. Costs and final "
      "figures go to stdout, messages to stderr. Ctrl-C stops after the present step and saves what is trained, as "
      "do SIGTERM, SIGHUP and SIGXCPU; a second time, it stops at once. SIGUSR1 saves what is trained so far, and "
      "the training goes on. SIGXFSZ and SIGPIPE are ignored: a write that fails is told of.",
      {{"DATA",
        "CSV with a header (also .gz), HDF5, NPY, NPZ or IDX, or what 'strata convert' wrote: one example a row. "
        "\"Inputs\" and \"target\" are columns of a CSV file, or arrays of the others. Several CSV files with the "
        "same columns are one table.",
        1, kAnyNumber}},
      all_options(),
      {{"recipe", 0, "NAME",
        "Begin with a named set of options: plain (a small network, trained on all rows), realmlp (RealMLP), classic "
        "(all that the notes set). Other options override it. Without it the size of a table and its classes decide."},
       {"output", 'o', "FILE",
        "Where the model goes. Default: model.strata. An old model there is replaced when the training ends (or "
        "SIGUSR1 comes). -: standard output; all that it would have goes to stderr then."},
       {"out-of-fold", 0, "FILE",
        "With --folds: write there what is predicted of each row by the networks that were not trained on it, as CSV: "
        "the line of the row, its target, and what 'strata predict' prints; the file before it where there are "
        "several."},
       {"cross-validate", 0, "PARTS",
        "Measure how good such a training is, and write no model: the rows are parted, of each class as much "
        "(--group-column keeps groups whole), and each part is predicted by a network that is trained on the others."},
       {"checkpoint", 0, "EVERY",
        "Write beside the model, every so many epochs (5) or so often (10min) and when it is interrupted, how the "
        "training stands: MODEL.checkpoint, and MODEL.checkpoint.previous, the one before."},
       {"resume", 0, "FILE",
        "Go on from a checkpoint with the same DATA, and leave the same model, bit for bit, as if the training had "
        "never stopped. Its options are those of the checkpoint; a longer --epochs may be asked for, but not of a bag "
        "that has a fold that is done. Without --checkpoint it writes one when it is interrupted. The model goes where "
        "it went before, unless --output says otherwise."},
       {"continue", 0, "MODEL",
        "Train this model further, with other DATA: its columns with their levels and scaling, its target and its "
        "network stay, and its training is repeated from the weights that it has; options say what is to be otherwise. "
        "A rate that had come down to 0 begins at a tenth. The new model goes to --output, "
        "which is another file."},
       {"dry-run", 0, "", "Stop before the first step and print what the training would do; no model is written."},
       kJsonFlag,
       kQuietFlag},
      run};
}

}  // namespace strata::cli
