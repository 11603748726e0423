// strata train: a table and options in, a model file out.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "commands.hpp"
#include "progress.hpp"
#include "signals.hpp"
#include "strata/error.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStandardOutput = "/dev/stdout";

/// The file that --output names, or kStandardOutput.
std::string output_of(const Arguments& arguments) {
  const std::string file = arguments.value("output", "model.strata");
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

/// The costs as a table that grows: a row for each reported cost or, with mini-batches, for each epoch.
class CostTable {
 public:
  CostTable(const Options& options, ProgressBar& bar)
      : by_epoch_(options.batch_size != 0 && options.report_every == 0),
        single_(options.precision != Precision::float64),
        validates_(!options.validation.empty()),
        bar_(bar) {}

  void cost(const CostReport& report) {
    // A batch that holds every row has no epochs to tell of: then the costs are the rows after all.
    if (by_epoch_ && !latest_ && report.epoch > 0) show_waiting();
    if (by_epoch_) {
      if (!latest_) waiting_.push_back(report);
      return;
    }
    std::string row = fmt::format("{:>11}  {:<20}", report.iteration, number(report.cost));
    if (latest_ && latest_->iteration == report.iteration) row += validation(*latest_);
    print("  iteration  cost", row);
  }

  /// At the end: a run that was too short for an epoch shows its costs. An empty line follows the table.
  void finish() {
    if (by_epoch_ && !latest_) show_waiting();
    if (headed_) out().line("");
  }

  /// Which epochs are told is decided by their number; the last one always is.
  void epoch(const EpochReport& report, std::int64_t iterations) {
    latest_ = report;
    if (!by_epoch_) return;
    if (every_ == 0) {
      const double epochs =
          static_cast<double>(iterations) / static_cast<double>(std::max<std::int64_t>(report.iteration, 1));
      every_ = std::max<std::int64_t>(1, std::llround(epochs / 20));
    }
    if (report.epoch % every_ != 0 && report.epoch != 1 && report.iteration != iterations) return;
    print("      epoch  mean cost",
          fmt::format("{:>11}  {:<20}", report.epoch, number(report.mean_cost)) + validation(report));
  }

 private:
  void show_waiting() {
    by_epoch_ = false;
    for (const CostReport& report : waiting_) cost(report);
    waiting_.clear();
  }

  [[nodiscard]] std::string number(double value) const {
    return single_ ? fmt::format("{:.7g}", value) : shortest(value);
  }

  [[nodiscard]] static std::string validation(const EpochReport& report) {
    if (!report.validation) return {};
    const Metrics& metrics = *report.validation;
    std::string text = fmt::format("  {:<10.5g}", metrics.loss);
    if (metrics.task != Task::regression) text += "  " + percent(metrics.correct, metrics.examples);
    return text;
  }

  void print(std::string_view heading, std::string row) {
    row.erase(row.find_last_not_of(' ') + 1);
    bar_.clear();
    if (!headed_) {
      std::string line(heading);
      if (validates_) line += std::string(35 - line.size(), ' ') + "validation";
      out().line(out().paint(Style::dim, line));
      headed_ = true;
    }
    out().line(row);
  }

  bool by_epoch_;
  bool single_;
  bool validates_;
  ProgressBar& bar_;
  bool headed_ = false;
  std::int64_t every_ = 0;
  std::optional<EpochReport> latest_;
  std::vector<CostReport> waiting_;
};

void print_json_cost(const CostReport& report) {
  Json json;
  json.object().text("event", "cost").whole("iteration", report.iteration).whole("epoch", report.epoch);
  out().line(json.number("cost", report.cost).end().str());
}

void print_json_epoch(const EpochReport& report) {
  Json json;
  json.object().text("event", "epoch").whole("epoch", report.epoch).whole("iteration", report.iteration);
  json.number("cost", report.mean_cost);
  if (report.validation) add_metrics(json, *report.validation, "validation_");
  out().line(json.end().str());
}

void print_json_done(const Fit& fit, const std::string& file) {
  const TrainingRecord& record = fit.model.record();
  Json json;
  json.object().text("event", "done").whole("iterations", fit.iterations).whole("epochs", record.epochs);
  json.number("cost", record.cost).number("seconds", fit.seconds);
  add_metrics(json, record.train, "train_");
  if (record.validation) add_metrics(json, *record.validation, "validation_");
  out().line(json.text("ending", record.ended).text("model", file).end().str());
}

void print_summary(const Fit& fit, const std::string& file) {
  const TrainingRecord& record = fit.model.record();
  const double rate = fit.seconds > 0 ? static_cast<double>(fit.iterations) / fit.seconds : 0;
  const auto item = [](std::string_view what, std::string_view text) {
    out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<12}", what)), text));
  };
  item("network",
       fmt::format("{} ({}, {})", layer_sizes(fit.model.architecture()),
                   counted(fit.model.architecture().parameter_count(), "parameter"), name(fit.model.precision())));
  item("iterations", fmt::format("{} in {}{}", with_commas(static_cast<std::uint64_t>(fit.iterations)),
                                 duration(fit.seconds), rate > 0 ? fmt::format(" ({:.0f} a second)", rate) : ""));
  item("cost", brief(record.cost));
  item("train", describe(record.train));
  if (record.validation) item("validation", describe(*record.validation));
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
std::string save(const Model& model, const std::string& file) {
  try {
    model.save(file);
    return file;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io && error.code() != ErrorCode::not_found) throw;  // no other folder helps
    const std::string saved = save_elsewhere(model);
    if (saved.empty())
      throw Error(error.code(), fmt::format("{}\nNo folder for temporary files takes the model either (TMPDIR can name "
                                            "one): what was trained is lost.",
                                            error.what()));
    say_error(fmt::format("{}\nThe model is in {} instead.", error.what(), saved));
    return saved;
  }
}

int run(const Arguments& arguments) {
  allow_requests();
  const std::string& data = arguments.operands.front();
  const std::string file = output_of(arguments);
  const bool json = arguments.has("json");
  const bool quiet = arguments.has("quiet");
  std::error_code ignored;
  if (data != "-" && fs::equivalent(data, file, ignored))
    throw Error(ErrorCode::usage, fmt::format("--output: '{}' is the data itself", file));
  check_output(file);
  if (file == kStandardOutput) out() = err();  // the costs and the figures are no part of the model
  out().outlive_failures();

  ProgressBar bar(err(), !quiet);
  CostTable table(arguments.options, bar);
  std::int64_t iterations = 0;

  Callbacks callbacks;
  callbacks.note = [&](std::string_view text) {
    if (!quiet) say(text);
  };
  callbacks.warning = [&](std::string_view text) {
    bar.clear();
    say_warning(text);
  };
  callbacks.progress = [&](const Progress& progress) {
    begin_interruptible();
    iterations = progress.iterations;
    bar.update(progress);
  };
  callbacks.cost = [&](const CostReport& report) {
    begin_interruptible();
    if (quiet) return;
    if (!json) return table.cost(report);
    bar.clear();
    print_json_cost(report);
  };
  callbacks.epoch = [&](const EpochReport& report) {
    if (quiet) return;
    if (!json) return table.epoch(report, iterations);
    bar.clear();
    print_json_epoch(report);
  };
  callbacks.stop = [] { return interrupted(); };
  callbacks.wants_model = [] { return model_wanted(); };
  callbacks.model = [&](const Model& model) {
    bar.clear();
    save_unfinished(model, file);
  };

  if (!quiet && err().is_terminal()) say(fmt::format("reading {} …", input_name(data)));
  const Fit fit = strata::train(fs::path(data), arguments.options, callbacks);
  begin_saving(is_replaced(file));
  bar.clear();
  table.finish();
  const std::string saved = save(fit.model, file), where = shown(saved);

  if (json)
    print_json_done(fit, saved);
  else
    print_summary(fit, where);
  try {
    out().require_written();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}; the model is in {}", error.what(), where));
  }
  if (fit.ending == Ending::diverged) {
    say_error(fmt::format("{}\nThe last good weights are in {}.", fit.explanation, where));
    return 1;
  }
  if (interrupted()) {
    const std::string when = counted(static_cast<std::uint64_t>(fit.iterations), "iteration");
    if (fit.ending == Ending::interrupted)
      say(fmt::format("strata: interrupted after {}; what was trained is in {}", when, where));
    else
      say(fmt::format("strata: the training was done after {}; its model is in {}", when, where));
    return interrupt_exit_code();
  }
  if (saved != file) return 1;
  if (!quiet && file != kStandardOutput) {
    const std::string word = shell_word(file);
    say(fmt::format("next:  strata predict {0} NEW-DATA\n       strata evaluate {0} TEST-DATA", word));
  }
  return 0;
}

}  // namespace

Command train_command() {
  return {"train",
          "learn from a table or pictures, and write a model",
          {"strata train iris.csv --target species --output iris.strata",
           "strata train train.h5 --inputs train_set_x --target train_set_y --recipe classic --hidden-layers 20,7,5"},
          "Trains a network on DATA and writes it to one file that holds all that a prediction needs. Costs and final "
          "figures go to stdout, messages to stderr. Ctrl-C stops after the present step and saves what is trained, as "
          "do SIGTERM, SIGHUP and SIGXCPU; a second time, it stops at once. SIGUSR1 saves what is trained so far, and "
          "the training goes on.",
          {{"DATA",
            "CSV with a header (also .gz), HDF5, NPY, NPZ or IDX, or what 'strata convert' wrote: one example a row. "
            "\"Inputs\" and \"target\" are columns of a CSV file, or arrays of the others."}},
          all_options(),
          {{"recipe", 0, "NAME",
            "Begin with a named set of options: classic (all that the notes set). Other options override it."},
           {"output", 'o', "FILE",
            "Where the model goes. Default: model.strata. An old model there is replaced when the training ends (or "
            "SIGUSR1 comes). -: standard output; all that it would have goes to stderr then."},
           kJsonFlag,
           kQuietFlag},
          run};
}

}  // namespace strata::cli
