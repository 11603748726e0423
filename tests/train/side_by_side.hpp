// Trainings of several networks that are large enough for a thread each, for the tests of members.
#pragma once

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "model/model_data.hpp"
#include "train/resume.hpp"

namespace strata {

inline constexpr int kThree = 3;

// So large that a thread for each pays (is_side_by_side); of 215 rows an epoch has 4 steps.
inline Options large() {
  Options options;
  options.hidden_layers = {64, 64};
  options.batch_size = 64;
  options.epochs = 6;
  options.validation_column = "held";
  options.patience = 0;
  options.threads = 2;
  return options;
}

// Every fourth row is held back, whatever the seed is.
inline std::string rows_held(bool words, std::size_t rows = 215) {
  const std::string text = csv(rows, words, 1, 0, true);
  std::string marked;
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size(); ++line) {
    const std::size_t end = text.find('\n', at);
    marked += text.substr(at, end - at) + (line == 0 ? ",held\n" : line % 4 == 0 ? ",1\n" : ",0\n");
    at = end + 1;
  }
  return marked;
}

inline void set_target(Options& options) {
  options.target = {"y"};
  options.ignore = {"whose"};
  if (options.weight_column.empty()) options.ignore.emplace_back("count");
}

// All that one of the networks learned.
inline std::vector<double> network_of(const Model& model, std::size_t network = 0) {
  return std::visit(
      [&](const auto& all) {
        const auto theta = all[network].theta();
        return std::vector<double>(theta.begin(), theta.end());
      },
      model.data().networks);
}

class Members : public Resume {};

struct MembersCase {
  const char* name;
  bool words;
  std::function<void(Options&)> set;
};

inline std::vector<MembersCase> members_cases() {
  return {
      {"adam", false, [](Options&) {}},
      {"dropout, schedules, clipping", true,
       [](Options& o) {
         o.dropout = {0.2}, o.schedule = Schedule{Schedule::Kind::one_cycle}, o.clip_norm = 0.5;
         o.dropout_schedule = {Schedule::Kind::cosine};
       }},
      {"full, l2", false, [](Options& o) { o.batch_size = 0, o.l2 = 0.1, o.epochs = 12; }},
      {"float64", false, [](Options& o) { o.precision = Precision::float64, o.l2 = 0.1; }},
      {"bf16", true, [](Options& o) { o.precision = Precision::bf16; }},
      {"weights, the last batch dropped", true,
       [](Options& o) { o.weight_column = "count", o.last_batch = LastBatch::drop; }},
      {"realmlp", true,
       [](Options& o) {
         const Options mine = o;
         o = Options();
         apply_recipe(o, "realmlp");
         o.hidden_layers = mine.hidden_layers, o.batch_size = 64, o.epochs = 6, o.one_hot_limit = 2;
         o.validation_column = "held", o.patience = 0, o.threads = 2, o.monitor = Metric::loss;
       }},
  };
}

}  // namespace strata
