#include "tools/examined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "base/text.hpp"
#include "model/model_data.hpp"
#include "strata/error.hpp"

namespace strata::internal {

template <class T>
Examined<T> examined(const Model& model, const Table& table, std::size_t first, std::size_t count, bool with_target,
                     std::size_t network) {
  if (count == 0 || table.rows() == 0) {
    throw Error(ErrorCode::value,
                fmt::format("{} has no rows: there is nothing to look at", printable(table.source())));
  }
  require_network(model.data(), network);
  const Architecture& net = model.architecture();
  Examples<T> examples(table, model.data(), Rows(count, first), with_target ? net.outputs : 0, Checked::yes);
  examples.keep();
  Examined<T> all{net, Parameters<T>(net), model.record().l2, std::move(examples)};
  std::visit([&](const auto& own) { std::ranges::copy(own[network].theta(), all.p.theta().begin()); },
             model.data().networks);
  return all;
}

template Examined<float> examined(const Model&, const Table&, std::size_t, std::size_t, bool, std::size_t);
template Examined<double> examined(const Model&, const Table&, std::size_t, std::size_t, bool, std::size_t);

}  // namespace strata::internal
