#include "base/other_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace strata::internal {
namespace {

struct Name {
  std::string_view ours;       // an option may have a value behind it, a command an option
  std::string_view elsewhere;  // with blanks between
};

constexpr Name kNames[] = {
    // options
    {"target", "label labels label-column y response"},
    {"inputs", "features x columns"},
    {"categorical", "cat-features categorical-features categorical-columns"},
    {"ignore", "drop drop-columns exclude ignore-column"},
    {"separator", "sep delim delimiter"},
    {"missing", "na na-values"},
    {"weight-column", "sample-weight sample-weights weights"},
    {"group-column", "group groups"},
    {"validation", "val val-split val-size val-fraction validation-split validation-fraction test-size eval-set"},
    {"cross-validate", "cv kfold k-fold n-folds num-folds n-splits"},
    {"folds", "bag bagging bags ensemble cv kfold k-fold n-folds num-folds num-bag-folds"},
    {"members",
     "network ensemble ensembles ensemble-size n-ensembles num-ensembles n-models num-models networks n-networks "
     "num-networks n-members num-members member n-estimators"},
    {"network", "member"},
    {"select", "ensemble-selection greedy caruana"},
    {"calibrate", "calibration temperature temperature-scaling"},
    {"hidden-layers", "hidden hidden-units hidden-layer-sizes layers units"},
    {"dropout", "drop-rate dropout-rate"},
    {"loss", "criterion objective loss-function"},
    {"initializer", "init weight-init kernel-initializer"},
    {"seed", "random-seed random-state"},
    {"precision", "dtype"},
    {"optimizer", "opt solver"},
    {"learning-rate", "lr eta alpha initial-lr learning-rate-init step-size"},
    {"schedule", "scheduler lr-schedule lr-scheduler lr-decay learning-rate-schedule"},
    {"warm-up", "warmup warmup-steps warmup-epochs warmup-ratio"},
    {"clip-norm", "clip clipnorm grad-clip gradient-clip gradient-clip-val clip-grad-norm max-norm max-grad-norm"},
    {"l2", "alpha lambda reg reg-lambda"},
    {"weight-decay", "wd decay"},
    {"batch-size", "batch bs"},
    {"iterations", "steps max-steps num-steps"},
    {"epochs", "max-iter max-epochs num-epochs n-epochs num-boost-round n-estimators"},
    {"patience N", "early-stop early-stopping early-stopping-rounds n-iter-no-change"},
    {"metrics", "metric eval-metric scoring"},
    {"monitor", "metric eval-metric"},
    {"metrics roc-auc", "auc auroc roc-auc"},
    {"threads", "jobs n-jobs nthread n-threads num-threads workers num-workers"},
    {"time-limit", "timeout max-time max-runtime"},
    {"output", "out save save-model"},
    {"checkpoint", "save-every save-steps snapshot-freq"},
    {"resume", "restore ckpt-path resume-from-checkpoint"},
    {"continue", "init-model initial-model warm-start finetune fine-tune pretrained from load model"},
    {"report-every", "verbose verbose-eval log-every"},
    // commands
    {"evaluate", "eval test score"},
    {"predict", "pred infer"},
    {"train", "fit"},
    {"train --continue", "continue finetune fine-tune"},
    {"train --resume", "resume"},
    {"--version", "version"},
    // figures, losses, schedules, and other values
    {"loss", "val-loss validation-loss"},
    {"accuracy", "acc val-acc val-accuracy"},
    {"f1", "macro-f1 f1-macro f1-score fscore"},
    {"roc-auc", "auroc auc-roc rocauc val-auc"},
    {"pr-auc", "ap aucpr auprc prauc"},
    {"log-loss", "cross-entropy crossentropy logloss ce bce nll"},
    {"rmse", "mse l2 mean-squared-error"},
    {"mae", "l1 mean-absolute-error"},
    {"r2", "r-squared r2-score"},
    {"squared-error", "mse rmse l2 mean-squared-error"},
    {"absolute-error", "mae l1 mean-absolute-error"},
    {"huber", "smooth-l1"},
    {"binary-cross-entropy", "bce ce cross-entropy crossentropy log-loss logloss logistic"},
    {"categorical-cross-entropy", "ce nll cross-entropy crossentropy log-loss logloss softmax"},
    {"cosine", "cos cosine-annealing"},
    {"one-cycle", "onecycle 1cycle"},
    {"step", "multistep exponential"},
    {"constant", "none const fixed"},
    {"identity", "linear"},
    {"sigmoid", "logistic"},
    {"gradient-descent", "gd sdg"},
    {"momentum", "sgdm sgd-momentum"},
    {"he", "kaiming he-normal he-uniform kaiming-normal kaiming-uniform"},
    {"glorot", "glorot-normal glorot-uniform xavier-normal xavier-uniform"},
    {"lecun", "lecun-normal lecun-uniform"},
    {"classes", "classification multiclass"},
    {"binary", "classification"},
    {"standard", "zscore z-score standardize"},
    {"float32", "fp32 single"},
    {"float64", "fp64 double"},
    {"bf16", "bfloat16"},
};

bool has_word(std::string_view words, std::string_view word) {
  const std::string all = fmt::format(" {} ", words);
  return word.find(' ') == std::string_view::npos && all.find(fmt::format(" {} ", word)) != std::string::npos;
}

}  // namespace

std::string plain_name(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) c = c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return plain;
}

std::string known_elsewhere(std::string_view word, std::span<const std::string> candidates) {
  const std::size_t dashes = std::min(word.find_first_not_of('-'), word.size());
  const std::string plain = plain_name(word.substr(dashes));
  std::string found;
  for (const Name& name : kNames) {
    const std::string ours = fmt::format("{}{}", word.substr(0, dashes), name.ours);
    if (!has_word(name.elsewhere, plain)) continue;
    if (std::ranges::find(candidates, ours.substr(0, ours.find(' '))) == candidates.end()) continue;
    found += fmt::format("{}'{}'", found.empty() ? "" : " or ", ours);
  }
  return found.empty() ? "" : fmt::format("; did you mean {}?", found);
}

std::string suggestion_of_name(std::string_view word, std::span<const std::string> candidates) {
  std::string known = known_elsewhere(word, candidates);
  return known.empty() ? suggestion(word, candidates) : known;
}

}  // namespace strata::internal
