#include "train/weigh.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "config/names.hpp"

namespace strata::internal {

template <class T>
void weigh(const Problem& problem, std::size_t parts, HeldOut<T>& held_out, const Messages& messages,
           Model::Data& model) {
  const Options& options = problem.options;
  if (options.select == Select::none && options.calibrate == Calibrate::none) return;
  auto& networks = std::get<Networks<T>>(model.networks);
  const auto members = static_cast<std::size_t>(options.members);
  if (networks.size() != static_cast<std::size_t>(options.folds.repeats) * parts * members)
    return messages.warning("not all folds have networks, so that these count alike and are not calibrated");
  const auto told = [&](std::string_view what, Metric metric, double before) {
    messages.note(fmt::format("{}: out of fold the {} is {:.5g}, and was {:.5g}", what, name(metric),
                              held_out.figures().value(metric), before));
  };
  if (options.select != Select::none) {
    const Metric metric = *options.monitor;
    const double before = held_out.figures().value(metric);
    Networks<T> chosen;
    std::vector<NetworkRecord> records;
    std::vector<double> shares;
    chosen.reserve(networks.size()), records.reserve(networks.size()), shares.reserve(networks.size());
    const std::vector<std::size_t> counts = held_out.select();
    const auto all = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::size_t{0}) * parts);
    for (std::size_t j = 0; j < networks.size(); ++j) {
      const std::size_t count = counts[j / (parts * members) * members + j % members];
      if (count == 0) continue;
      chosen.push_back(std::move(networks[j]));
      records.push_back(std::move(model.record.networks[j]));
      shares.push_back(static_cast<double>(count) / all);
    }
    const std::size_t candidates = counts.size() - static_cast<std::size_t>(std::ranges::count(counts, std::size_t{0}));
    networks = std::move(chosen);
    model.record.networks = std::move(records), model.shares = std::move(shares);
    told(fmt::format("{} of {} candidates are selected", candidates, counts.size()), metric, before);
  }
  if (options.calibrate != Calibrate::none) {
    const double before = held_out.figures().loss;
    model.temperature = held_out.calibrate();
    told(fmt::format("calibrated with the temperature {:.4g}", model.temperature), Metric::loss, before);
  }
}

template void weigh(const Problem&, std::size_t, HeldOut<float>&, const Messages&, Model::Data&);
template void weigh(const Problem&, std::size_t, HeldOut<double>&, const Messages&, Model::Data&);

}  // namespace strata::internal
