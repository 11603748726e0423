// Which recipe a table gets where nobody says how to train (docs/decisions/0018-default-recipe.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "strata/options.hpp"

namespace strata::internal {

/// What is known of the data before a training is defined.
struct DataShape {
  bool columns = false;  ///< a table of columns
  bool pixels = false;   ///< of 8-bit numbers
  std::size_t rows = 0, inputs = 0;
  bool numbers = false;      ///< the target is one
  bool two_classes = false;  ///< the target is one of two
};

/// From so many rows on RealMLP is better also where each says no more than yes or no, and pieces of numbers are
/// learned.
inline constexpr std::size_t kManyRows = 2'000;

/// A recipe with what the size of the table makes of it.
struct DefaultRecipe {
  bool is_realmlp = false;  ///< else plain
  bool in_pieces = false;   ///< its numbers; else PBLD
  int members = 1;
  std::int64_t epochs = 0;  ///< of RealMLP; else 0
  bool operator==(const DefaultRecipe&) const = default;
};

/// Does the user say nothing of the network or of how it learns? (Which data, rows and figures, how many networks and
/// of which numbers, the seed: these belong to every recipe.)
[[nodiscard]] bool leaves_recipe_open(const Options& options);

/// Has somebody named it?
[[nodiscard]] bool is_named(std::string_view option, const Options& options);

/// By the work that a training is, so that a table has the same recipe on every machine.
[[nodiscard]] DefaultRecipe default_recipe(const DataShape& data);

/// Sets RealMLP, but for what is set already. Of classes the epoch is chosen by the log-loss, which is defined whatever
/// is held back.
void set_realmlp(const DefaultRecipe& recipe, bool numbers, Options& options);

}  // namespace strata::internal
