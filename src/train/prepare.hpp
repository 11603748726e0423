// From a table and options to what a training works on: which task, which network, which numbers.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/view.hpp"
#include "data/buffer.hpp"
#include "network/step.hpp"
#include "strata/data.hpp"
#include "strata/model.hpp"
#include "strata/options.hpp"

namespace strata {

/// Receives a sentence for the user.
struct Messages {
  std::function<void(std::string_view)> note;
  std::function<void(std::string_view)> warning;
};

/// Everything decided, nothing automatic any more.
struct Problem {
  Options options;
  Architecture architecture;
  std::vector<InputField> inputs;
  Target target;
  Scaling scaling;
  std::vector<std::size_t> train_rows;       // ascending
  std::vector<std::size_t> validation_rows;  // ascending; empty unless --validation is a fraction
};

/// Which fields of a file the options ask for: the inputs, and the target unless `target_elsewhere`.
/// Throws Error(usage) when a name is unknown or the target is not clear.
[[nodiscard]] FieldChooser fields_to_train_on(const Options& options, bool target_elsewhere);

/// Reads what the options name: the inputs and the target, which may be in a file of its own (then options.target
/// becomes the name it has in the table). `spill`: where the numbers go instead of memory, if anywhere.
[[nodiscard]] Table read_training_table(const std::filesystem::path& file, Options& options,
                                        const std::filesystem::path& spill = {});

/// Decides. Throws Error(usage), Error(value) or Error(shape) when the table and the options do not fit each other.
[[nodiscard]] Problem define_problem(const Table& table, const Options& options, const Messages& messages);

/// The examples as the equations want them: X (n_x, m) scaled, Y (n_y, m), in memory; or, where they may be more than
/// memory holds, a way to make any of them.
template <class T>
struct Examples {
  Buffer X_memory;
  std::vector<T> Y_memory;
  Index n_x = 0, n_y = 0, m = 0;
  /// Not empty: nothing is in memory. Writes an example: n_x and n_y numbers.
  std::function<void(Index example, T* x, T* y)> make;

  /// All of them, which must be in memory.
  [[nodiscard]] Batch<T> all() noexcept {
    return {View<T>(reinterpret_cast<T*>(X_memory.data()), n_x, m), View<const T>(Y_memory.data(), n_y, m)};
  }
};

/// Copies some rows of a table.
template <class T>
[[nodiscard]] Examples<T> copy_examples(const Table& table, const Problem& problem, std::span<const std::size_t> rows);
/// Turns the training rows of a table into examples, in the table's own memory where they fit: there is no second copy.
template <class T>
[[nodiscard]] Examples<T> take_examples(Table&& table, const Problem& problem);
/// The same examples, with the same bits, made when they are asked for. Borrows both.
template <class T>
[[nodiscard]] Examples<T> make_examples(const Table& table, const Problem& problem, std::span<const std::size_t> rows);

}  // namespace strata
