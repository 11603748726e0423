#include "model/predictions.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "model/outcomes.hpp"

namespace strata::internal {
namespace {

std::vector<std::string> header_of(const Target& target, const Architecture& net) {
  std::vector<std::string> header;
  if (has_one_label(target, net)) {
    for (const std::string& name : target.classes) header.push_back("probability_" + name);
    return header;
  }
  const std::string prefix = target.task == Task::binary ? "probability_" : "";
  const auto outputs = static_cast<std::size_t>(net.outputs);
  for (std::size_t k = 0; k < outputs; ++k) {
    // An array of several numbers an example has one name: its numbers are counted as arrays are, from 0.
    header.push_back(prefix +
                     (target.names.size() == outputs ? target.names[k] : fmt::format("{}_{}", target.names[0], k)));
  }
  return header;
}

}  // namespace

bool has_one_label(const Target& target, const Architecture& net) {
  return target.task == Task::classes ||
         (target.task == Task::binary && (net.outputs == 1 || net.head() == Head::softmax));
}

Predictions no_predictions(const Target& target, const Architecture& net) {
  Predictions none;
  none.header = header_of(target, net);
  none.columns = none.header.size();
  if (has_one_label(target, net)) none.classes = target.classes;
  return none;
}

template <class T>
void add_prediction(Predictions& to, const Target& target, const Architecture& net, std::span<const T> a,
                    std::optional<double> threshold) {
  if (has_one_label(target, net)) {
    const bool is_second = static_cast<double>(a.back()) >= threshold.value_or(0);
    to.label.push_back(threshold ? std::size_t{is_second} : predicted_class(net.head(), a.data(), std::ssize(a)));
    if (a.size() == 1) to.values.push_back(static_cast<double>(T{1} - a[0]));
  }
  to.values.insert(to.values.end(), a.begin(), a.end());
  ++to.examples;
}

template void add_prediction(Predictions&, const Target&, const Architecture&, std::span<const float>,
                             std::optional<double>);
template void add_prediction(Predictions&, const Target&, const Architecture&, std::span<const double>,
                             std::optional<double>);

}  // namespace strata::internal
