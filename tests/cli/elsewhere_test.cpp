// Names of options and values that other tools use: led to ours, never taken for them.
#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "strata/architecture.hpp"
#include "strata/error.hpp"
#include "strata/options.hpp"

namespace strata {
namespace {

// Values that have another name elsewhere.
TEST(Options, ValuesOfOtherToolsLeadToOurs) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"metrics", "auroc", "'roc-auc'"},
      {"monitor", "auc_roc", "'roc-auc'"},
      {"metrics", "mse", "'rmse'"},
      {"metrics", "Cross-Entropy", "'log-loss'"},
      {"metrics", "ap", "'pr-auc'"},
      {"metrics", "acc", "'accuracy'"},
      {"metrics", "macro-f1", "'f1'"},
      {"metrics", "r2_score", "'r2'"},
      {"schedule", "cos", "'cosine'"},
      {"schedule", "onecycle", "'one-cycle'"},
      {"dropout-schedule", "none", "'constant'"},
      {"loss", "mse", "'squared-error'"},
      {"loss", "mae", "'absolute-error'"},
      {"loss", "l1", "'absolute-error'"},
      {"loss", "smooth_l1", "'huber'"},
      {"loss", "bce", "'binary-cross-entropy'"},
      {"loss", "cross_entropy", "'binary-cross-entropy' or 'categorical-cross-entropy'"},
      {"activation", "linear", "'identity'"},
      {"optimizer", "gd", "'gradient-descent'"},
      {"initializer", "kaiming", "'he'"},
      {"initializer", "he_normal", "'he'"},
      {"initializer", "kaiming_uniform", "'he'"},
      {"initializer", "glorot_uniform", "'glorot'"},
      {"initializer", "xavier_uniform", "'glorot'"},
      {"monitor", "val_loss", "'loss'"},
      {"activation", "logistic", "'sigmoid'"},
      {"optimizer", "sgdm", "'momentum'"},
      {"optimizer", "sdg", "'gradient-descent'"},
      {"task", "classification", "'classes' or 'binary'"},
      {"scale", "zscore", "'standard'"},
      {"precision", "bfloat16", "'bf16'"},
  };
  for (const auto& [option, theirs, ours] : cases) {
    std::string found;
    try {
      Options options;
      set_option(options, option, theirs);
    } catch (const Error& error) {
      found = error.what();
    }
    EXPECT_TRUE(found.ends_with("found '" + std::string(theirs) + "'; did you mean " + ours + "?")) << found;
  }
  Options options;
  try {
    set_option(options, "lr", "0.1");
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "there is no option 'lr'; did you mean 'learning-rate'?");
  }
  EXPECT_TRUE(options == Options());
  try {
    static_cast<void>(loss_from_name("mse"));
    ADD_FAILURE() << "taken";
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("'mse' is not a loss; did you mean 'squared-error'?"))
        << error.what();
  }
}

// Values in another form than is taken: what they would be here.
TEST(Options, ValuesInAnotherFormLeadToOurs) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"validation", "20%",
       "--validation: expected a file, a fraction such as 0.2, or last: and such a fraction, found '20%'; did you mean "
       "'0.2'? (a file of that name: ./20%)"},
      {"validation", "Last",
       "--validation: expected a file, a fraction such as 0.2, or last: and such a fraction, found 'Last'; did you "
       "mean "
       "'last:0.2'? (a file of that name: ./Last)"},
      {"time-limit", "5m",
       "--time-limit: expected a time such as 90s, 10min or 1.5h, or none, found '5m'; minutes are min: 5min"},
      {"schedule", "linear",
       "--schedule: expected one of auto, constant, step, cosine, one-cycle, coslog4, flat-cosine, found 'linear'"},
  };
  for (const auto& [option, text, message] : cases) {
    Options options;
    try {
      set_option(options, option, text);
      ADD_FAILURE() << "taken: " << text;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), message);
    }
  }
  Options options;
  for (const char* file : {"./20%", "./last", "a 20%", "0%", "120%"}) {
    set_option(options, "validation", file);
    EXPECT_EQ(options.validation, file);
  }
}

}  // namespace
}  // namespace strata
