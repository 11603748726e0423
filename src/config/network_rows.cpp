// What the network is, and what it starts from.
#include "config/option_rows.hpp"
#include "strata/error.hpp"

namespace strata::internal {

std::vector<OptionSpec> network_rows() {
  return {
      // --- Network ---
      row(
          {"hidden-layers", "UNITS",
           "The units of each hidden layer, from input to output. none: logistic or linear regression. auto: 64,32; "
           "where rows are held back unasked (see --validation) 128,128, or 64,64 of fewer than 2,000 rows."},
          "Network", "auto; whole numbers from 1, separated by commas; none",
          [](Options& o, Text t) {
            if (normal_form(t) == "auto") return o.hidden_layers.reset();
            o.hidden_layers = layers_from("hidden-layers", t);
          },
          [](const Options& o) { return o.hidden_layers ? layers_text(*o.hidden_layers) : std::string("auto"); }),
      row(
          {"activation", "NAME",
           "g of the hidden layers: one for all of them, or one for each, separated by commas. auto: relu; with "
           "--parametrization ntp selu for classes and mish for numbers."},
          "Network", joined(own_names<Activation>({"auto"}), 100),
          [](Options& o, Text t) { o.activation = activations_from("activation", t); },
          [](const Options& o) { return activations_text(o.activation); }),
      later(word_row({"slopes", "WHICH",
                      "learned: a hidden layer is A = Z + a (g(Z) - Z), with a slope a of each unit that begins at 1 "
                      "and is learned; fixed: A = g(Z)."},
                     "Network", "learned", "fixed", &NetworkOptions::learned_slopes)),
      later(word_row({"input-scale", "WHICH",
                      "learned: each number that goes into the first layer is multiplied by one that begins at 1 and "
                      "is learned."},
                     "Network", "learned", "none", &NetworkOptions::input_scale)),
      later(row(
          {"dropout", "RATE",
           "Training leaves each unit of a hidden layer out with this probability, anew for every example of every "
           "update: one for all hidden layers, or one for each, separated by commas. Prediction uses all units. auto: "
           "0, but with the hidden layers of --recipe plain its own."},
          "Network", fmt::format("auto; {}; several, separated by commas", kFrom0To1),
          [](Options& o, Text t) {
            if (normal_form(t) == "auto") return o.dropout.clear();
            o.dropout = rates_from("dropout", t);
          },
          [](const Options& o) { return o.dropout.empty() ? std::string("auto") : rates_text(o.dropout); })),
      row(
          {"loss", "LOSS",
           "What is minimised, and with it the last activation: sigmoid, softmax, identity. auto: the one that belongs "
           "to the task; with --parametrization ntp two classes have an output each (softmax). Of numbers, "
           "absolute-error and huber are moved less by a few that are far off, and quantile "
           "predicts what a share of them lies below."},
          "Network", joined(own_names<Loss>({"auto"}), 100),
          [](Options& o, Text t) {
            o.loss = normal_form(t) == "auto" ? std::nullopt : std::optional(kind_from<Loss>("loss", t, {"auto"}));
          },
          [](const Options& o) { return std::string(o.loss ? name(*o.loss) : "auto"); }),
      later(
          automatic_row({"huber-delta", "DELTA",
                         "huber: up to this error, in the units of the target, the square is minimised, beyond it the "
                         "error itself. auto: 1.35 standard deviations of the target in the training rows."},
                        "a number greater than 0", &NetworkOptions::huber_delta, is_positive)),
      later(automatic_row({"quantile", "Q",
                           "quantile: the share of the targets that is to lie below the prediction. auto: 0.5, the "
                           "median."},
                          "a number greater than 0 and less than 1", &NetworkOptions::quantile, is_inside)),
      later(
          automatic_row({"label-smoothing", "E",
                         "The cross-entropies: the right class is to have the probability 1 - E + E/K and each other "
                         "E/K (K classes, 2 for each yes/no question), so that no output needs to grow for ever. auto: "
                         "0.1 where --monitor is accuracy, balanced-accuracy, f1 or mcc, else 0."},
                        kFrom0To1, &NetworkOptions::label_smoothing, is_fraction)),
      row(
          {"initializer", "NAME|FILE",
           "The standard deviation of the normal numbers that weights start from: lecun 1/sqrt(n_in), he sqrt(2/n_in), "
           "glorot sqrt(2/(n_in+n_out)), normal:0.01 as given; biases start at 0. data: weights and biases by the "
           "training rows, so that each unit of Z has deviation 1 and its zero among theirs. FILE.npz: your own "
           "arrays, named W1 (n_1, n_0), b1 (n_1, 1), W2, and so on."},
          "Network", "lecun, he, glorot, normal:NUMBER, zeros, data, an .npz file",
          [](Options& o, Text t) { o.initializer = initializer_from("initializer", t); },
          [](const Options& o) { return to_text(o.initializer); }),
      choice_row(
          {"random", "STREAM",
           "Where those numbers come from: strata's own stream, or that of numpy.random.seed(SEED) followed by randn."},
          "Network", &NetworkOptions::random),
      row(
          {"seed", "N", "The same seed gives the same run, bit for bit, for any number of threads."}, "Network",
          "a whole number from 0 to 18446744073709551615 (numpy: to 4294967295)",
          [](Options& o, Text t) {
            o.seed =
                whole_from<std::uint64_t>("seed", t, "a whole number from 0 to 18446744073709551615", 0, UINT64_MAX);
          },
          [](const Options& o) { return std::to_string(o.seed); }),
      later(row(
          {"members", "N",
           "So many networks are trained side by side on the same rows, each with a seed of its own, and the model "
           "says their mean, whose best epoch is that of all of them. A table without options of the "
           "network or of its training has more than one."},
          "Network", "a whole number from 1 to 64",
          [](Options& o, Text t) { o.members = whole_from("members", t, "a whole number from 1 to 64", 1, 64); },
          [](const Options& o) { return std::to_string(o.members); })),
      choice_row({"precision", "TYPE",
                  "The numbers that the network computes with. bf16: float32, but products of numbers rounded to "
                  "bfloat16, which are faster on large layers."},
                 "Network", &NetworkOptions::precision),
  };
}

}  // namespace strata::internal
