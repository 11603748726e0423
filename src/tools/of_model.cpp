#include "tools/of_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <variant>
#include <vector>

#include "base/text.hpp"
#include "model/model_data.hpp"
#include "strata/error.hpp"

namespace strata {

template <class T>
Examples<T> examples_of(const Model& model, const Table& table, std::size_t first, std::size_t count,
                        bool with_target) {
  if (count == 0 || table.rows() == 0) {
    throw Error(ErrorCode::value,
                fmt::format("{} has no rows: there is nothing to look at", printable(table.source())));
  }
  Examples<T> examples(table, model.data(), Rows(count, first), with_target ? model.architecture().outputs : 0,
                       Checked::yes);
  examples.keep();
  return examples;
}

template Examples<float> examples_of(const Model&, const Table&, std::size_t, std::size_t, bool);
template Examples<double> examples_of(const Model&, const Table&, std::size_t, std::size_t, bool);

Parameters<double> parameters_in_float64(const Model& model) {
  Parameters<double> p(model.architecture());
  const std::span<double> theta = p.theta();
  std::visit([&](const auto& own) { std::copy(own.theta().begin(), own.theta().end(), theta.begin()); },
             model.data().parameters);
  return p;
}

double l2_of(const Model& model) {
  for (const auto& [option, text] : model.record().options) {
    double lambda = 0;
    if (option == "l2" && parse_number(text, lambda)) return lambda;
  }
  return 0;
}

}  // namespace strata
