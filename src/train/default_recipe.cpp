#include "train/default_recipe.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/names.hpp"

namespace strata::internal {

bool is_named(std::string_view option, const Options& options) { return options.named.contains(std::string(option)); }

bool leaves_recipe_open(const Options& options) {
  constexpr std::string_view kOfAll[] = {"seed", "members", "precision", "monitor", "metrics", "patience", "min-delta"};
  return std::ranges::none_of(option_table(), [&](const OptionSpec& option) {
    if (option.group != "Network" && option.group != "Training") return false;
    if (std::ranges::find(kOfAll, option.name) != std::end(kOfAll)) return false;
    return is_named(option.name, options) || option.show(options) != option.standard;
  });
}

DefaultRecipe default_recipe(const DataShape& data) {
  constexpr std::int64_t kRowsToPass = 300'000, kFewestEpochs = 64, kMostEpochs = 256, kLeastEpochs = 16;
  constexpr double kMostWork = 16e12, kMostWeights = 2e6;  // of work: multiplications and additions
  const auto rows = static_cast<std::int64_t>(data.rows);
  DefaultRecipe recipe{.is_realmlp = data.rows >= kManyRows || !data.two_classes, .members = 4};
  if (!recipe.is_realmlp) return recipe;
  recipe.in_pieces = data.rows >= kManyRows;
  recipe.epochs = std::clamp(kRowsToPass / rows, kFewestEpochs, kMostEpochs);
  // 256 units thrice over 16 rows of A[0] for each input: forward, back to W and back to A.
  const double weights = 256 * (16 * static_cast<double>(data.inputs) + 2 * 256);
  const auto work = [&] { return 6 * weights * static_cast<double>(rows * recipe.epochs) * recipe.members; };
  if (weights > kMostWeights) return {};
  while (recipe.members > 1 && work() > kMostWork) recipe.members /= 2;
  while (recipe.epochs > kLeastEpochs && work() > kMostWork) recipe.epochs /= 2;
  if (work() > kMostWork) return {};
  return recipe;
}

void set_realmlp(const DefaultRecipe& recipe, bool numbers, Options& options) {
  std::vector<std::string> texts;
  for (const OptionSpec& option : option_table()) texts.push_back(option.show(options));
  TypedOptions own;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const OptionSpec& option = option_table()[i];
    if (texts[i] != option.standard || is_named(option.name, options)) own.emplace_back(option.name, texts[i]);
  }
  const std::set<std::string> named = options.named;
  apply_recipe(options, "realmlp", own);
  options.named = named;
  if (recipe.in_pieces && !is_named("numeric-embedding", options))
    options.numeric_embedding = NumericEmbedding::piecewise;
  if (!numbers && !options.monitor) options.monitor = Metric::log_loss;
  options.epochs = recipe.epochs;
}

}  // namespace strata::internal
