// How it learns, and how it runs.
#include "config/option_rows.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr Text kNotNegative = "a number, at least 0";

constexpr Text kSchedules = "constant, step, step:FACTOR@PLACE,PLACE, cosine, one-cycle, coslog4, flat-cosine";

constexpr Text kKindNames = "weights, biases, slopes, numbers, levels, scales";

OptionSpec schedule_row(const Row& r, Schedule TrainingOptions::* member) {
  return later(row(
      r, "Training", std::string(kSchedules), [=](Options& o, Text t) { o.*member = schedule_from(r.name, t); },
      [=](const Options& o) { return to_text(o.*member); }));
}

}  // namespace

std::vector<OptionSpec> training_rows() {
  return {
      // --- Training ---
      choice_row({"optimizer", "NAME", "The rule that changes the weights."}, "Training", &TrainingOptions::optimizer),
      automatic_row(
          {"learning-rate", "RATE",
           "How far a step goes. auto: 0.001 for adam and adamw, 0.01 for momentum and nesterov, 0.0075 for "
           "gradient-descent; 0.005 with the cosine of --schedule auto; with --parametrization ntp and adam or adamw "
           "0.04 for classes, 0.2 for numbers."},
          "a number greater than 0", &TrainingOptions::learning_rate, is_positive),
      later(row(
          {"rate-factor", "KIND:NUMBER",
           "The rate of the parameters of a kind, in learning rates: weights:1,biases:2. A kind that is not named has "
           "1. Beside these: slopes (of --slopes), numbers (of --numeric-embedding), levels (of --embedding-size), "
           "scales (of --input-scale)."},
          "Training", fmt::format("{} for each kind, separated by commas: {}", kNotNegative, kKindNames),
          [](Options& o, Text t) {
            o.rate_factor = numbers_of_kinds("rate-factor", t, kNotNegative, Options().rate_factor, is_not_negative);
          },
          [](const Options& o) { return text_of_kinds(o.rate_factor, Options().rate_factor); })),
      later(choice_row({"parametrization", "NAME",
                        "What a step of the weights is of. ntp: of W times the root of n, the number of inputs of the "
                        "layer, instead of W, so that the rate of W is divided by that root (with gradient-descent, "
                        "momentum and nesterov by n); the decay is not."},
                       "Training", &TrainingOptions::parametrization)),
      later(row(
          {"schedule", "NAME",
           "How the rate goes from the first update to the last. cosine: down to 0 along half a cosine. step: times "
           "0.1 after 0.5 and again after 0.75 of them; others as step:0.3@0.4,0.8. one-cycle: up from 1/25 in the "
           "first 0.3, then down to 1/250000. coslog4: four times up from 0 and down to 0, each twice as long as the "
           "one "
           "before. flat-cosine: 1 for the first half, then down to 0 along half a cosine. auto: constant; cosine "
           "where rows are held back without being asked for "
           "(see --validation), with adam or adamw and neither --learning-rate nor --parametrization ntp."},
          "Training", fmt::format("auto; {}", kSchedules),
          [](Options& o, Text t) {
            o.schedule =
                normal_form(t) == "auto" ? std::nullopt : std::optional(schedule_from("schedule", t, {"auto"}));
          },
          [](const Options& o) { return o.schedule ? to_text(*o.schedule) : std::string("auto"); })),
      later(number_row({"warm-up", "FRACTION",
                        "The first part of the updates, in which the rate rises from 0; the schedule fills the rest."},
                       kFrom0To1, &TrainingOptions::warm_up, is_fraction)),
      later(row(
          {"clip-norm", "NORM|none",
           "A gradient, of all parameters together and with the part of --l2, that is longer than this is shortened to "
           "it."},
          "Training", "a number greater than 0; none",
          [](Options& o, Text t) {
            o.clip_norm = normal_form(t) == "none"
                              ? 0
                              : number_from("clip-norm", t, "a number greater than 0, or none", is_positive);
          },
          [](const Options& o) { return o.clip_norm == 0 ? std::string("none") : shortest(o.clip_norm); })),
      number_row({"momentum", "BETA",
                  "momentum, nesterov: the beta of v = beta v + (1 - beta) dW, W = W - rate v; nesterov steps by beta "
                  "v + (1 - beta) dW, as if the next gradient were this one again."},
                 kFrom0To1, &TrainingOptions::momentum, is_fraction),
      number_row({"beta1", "BETA", "adam, adamw: how slowly the mean of the gradient follows."}, kFrom0To1,
                 &TrainingOptions::beta1, is_fraction),
      number_row({"beta2", "BETA", "adam, adamw: how slowly the mean of its square follows."}, kFrom0To1,
                 &TrainingOptions::beta2, is_fraction),
      number_row({"epsilon", "NUMBER", "adam, adamw: added to the root in the denominator."}, "a number greater than 0",
                 &TrainingOptions::epsilon, is_positive),
      number_row(
          {"l2", "LAMBDA", "Adds lambda/(2m) times the sum of the squared weights to the cost; biases are left out."},
          "a number, at least 0", &TrainingOptions::l2, is_not_negative),
      later(row(
          {"weight-decay", "LAMBDA",
           "Draws the weights towards 0 beside the step that their gradient makes, and not through it: W = W - rate "
           "(step + lambda W); all but the weights are left out, unless weights:0.01,biases:0.001 says so (the kinds "
           "are those of --rate-factor). auto: 0.01 for adamw, else 0; with the hidden layers of --recipe plain its "
           "own."},
          "Training", fmt::format("auto; {}, or one for each kind, separated by commas: {}", kNotNegative, kKindNames),
          [](Options& o, Text t) {
            if (normal_form(t) == "auto") return o.weight_decay.reset();
            PerKind decays;
            if (t.find(':') != Text::npos) {
              decays = numbers_of_kinds("weight-decay", t, kNotNegative, {}, is_not_negative);
            } else {
              decays.weights =
                  number_from("weight-decay", t, fmt::format("{}, or auto", kNotNegative), is_not_negative);
            }
            o.weight_decay = decays;
          },
          [](const Options& o) { return o.weight_decay ? decays_text(*o.weight_decay) : std::string("auto"); })),
      schedule_row({"decay-schedule", "NAME", "How the decay goes, beside what it takes from the rate: as --schedule."},
                   &TrainingOptions::decay_schedule),
      schedule_row({"dropout-schedule", "NAME", "How the rates of --dropout go: as --schedule."},
                   &TrainingOptions::dropout_schedule),
      count_row(
          {"batch-size", "N|full",
           "Examples for each update. full: all of them. The last, shorter batch is used too, unless --last-batch "
           "says otherwise."},
          "Training", kAtLeast1, "full", kMostSteps, &TrainingOptions::batch_size),
      later(choice_row({"last-batch", "HOW",
                        "The examples of an epoch that do not fill a batch of --batch-size. drop: left out, other ones "
                        "in each epoch; fewer rows than a batch are one all the same."},
                       "Training", &TrainingOptions::last_batch)),
      length_row({"iterations", "N", "Updates in all; instead of --epochs."}, &TrainingOptions::iterations,
                 &TrainingOptions::epochs),
      length_row({"epochs", "N",
                  "Passes over the training rows; instead of --iterations. When neither is given: 100 epochs; with a "
                  "--schedule of cosine, one-cycle or flat-cosine as many as pass 500,000 rows through the network, "
                  "from 10 to 30; with coslog4 256."},
                 &TrainingOptions::epochs, &TrainingOptions::iterations),
      later(row(
          {"patience", "N|none",
           "Stop when the validation loss (or what --monitor names) has not become better for so many epochs, and keep "
           "the weights of the best epoch; of epochs that do equally well, those of the last (with --min-delta the "
           "first). auto: 20 where rows are "
           "held back without being asked for (see "
           "--validation), 10 with the cosine of --schedule auto, 20 with --monitor and with --folds, else none."},
          "Training", fmt::format("auto; none; {}", kAtLeast1),
          [](Options& o, Text t) {
            const std::string form = normal_form(t);
            if (form == "auto") return o.patience.reset();
            o.patience = form == "none" ? 0
                                        : whole_from<std::int64_t>("patience", t, "a whole number, at least 1, or none",
                                                                   1, kMostSteps);
          },
          [](const Options& o) {
            return !o.patience ? std::string("auto") : *o.patience == 0 ? "none" : std::to_string(*o.patience);
          })),
      later(row(
          {"monitor", "METRIC",
           "Which figure of the rows held back says how good an epoch is, for --patience. A task has some of these: "
           "see docs/metrics.md. task: roc-auc for two classes, log-loss for more; for numbers rmse with the squared "
           "error of "
           "one target, else the loss."},
          "Training", joined(own_names<Metric>({"task"}), 100),
          [](Options& o, Text t) { o.monitor = monitor_from("monitor", t); },
          [](const Options& o) { return monitor_text(o.monitor); })),
      later(number_row(
          {"min-delta", "D",
           "An epoch is better than the best so far only where it is by more than this; of epochs that do equally well "
           "the first is kept then."},
          "a number, at least 0", &TrainingOptions::min_delta, is_not_negative)),
      later(row(
          {"metrics", "NAMES",
           "Figures to measure beside the usual ones, with commas between: after every epoch on the rows held back, or "
           "on those trained on where none are, and on both at the end."},
          "Training", joined(own_names<Metric>(), 100),
          [](Options& o, Text t) { o.metrics = metrics_from("metrics", t); },
          [](const Options& o) { return list_text(o.metrics, [](Metric each) { return name(each); }); })),
      later(row(
          {"tol", "COST|none",
           "Stop when the mean cost of an epoch has not fallen by more than this below the lowest one for so many "
           "epochs "
           "as --tol-epochs says."},
          "Training", "none; a number, at least 0",
          [](Options& o, Text t) {
            o.tol = normal_form(t) == "none"
                        ? std::nullopt
                        : std::optional(number_from("tol", t, "a number, at least 0, or none", is_not_negative));
          },
          [](const Options& o) { return o.tol ? shortest(*o.tol) : std::string("none"); })),
      later(count_row({"tol-epochs", "N", "For how many epochs --tol waits for a lower cost."}, "Training", kAtLeast1,
                      "", kMostSteps, &TrainingOptions::tol_epochs)),

      // --- Running ---
      unrecorded(count_row(
          {"threads", "N|auto",
           "How many threads compute. auto: what the environment variable STRATA_THREADS says, else one for each "
           "CPU that the process and its container may use. The result does not depend on it."},
          "Running", "a whole number from 1 to 1024", "auto", 1024, &RunningOptions::threads)),
      unrecorded(count_row({"report-every", "N|auto",
                            "Iterations from one reported cost to the next, of a bag in each fold, whose costs are "
                            "printed only where this is given. auto: chosen from the length of the run."},
                           "Running", kAtLeast1, "auto", kMostSteps, &RunningOptions::report_every)),
      unrecorded(row(
          {"time-limit", "TIME|none",
           "Train for at most so long, reading included; instead of --epochs. The first steps tell how many epochs "
           "fit, and the model remembers their number, so that the training can be repeated without a clock; it ends "
           "in time in any case. With a --schedule that ends at 0 (cosine, one-cycle, coslog4, flat-cosine) no more "
           "than the usual number of --epochs are taken, however many fit."},
          "Running", fmt::format("none; {}", kDuration),
          [](Options& o, Text t) {
            o.time_limit = normal_form(t) == "none" ? 0 : seconds_from("time-limit", t, ", or none");
            if (o.time_limit > 0) o.epochs.reset(), o.iterations.reset();
          },
          [](const Options& o) { return o.time_limit == 0 ? std::string("none") : shortest(o.time_limit) + "s"; })),
  };
}

}  // namespace strata::internal
