#include <utility>

#include "base/only_errors.hpp"
#include "strata/tools.hpp"
#include "train/prepare.hpp"

namespace strata {

GradientCheck check_gradients(const std::filesystem::path& file, const Options& options, std::size_t examples) try {
  validate(options);
  Options named = options;  // a target in a file of its own gets the name that it has in the table
  Table table = read_training_table(file, named);
  return check_gradients(std::move(table), named, examples);
} catch (...) {
  throw_as_error("to read this file");
}

}  // namespace strata
