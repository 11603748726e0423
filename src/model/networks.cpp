#include "model/networks.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "config/option_values.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

void require_sound(bool fits, const std::string& message) {
  if (!fits) throw Error(ErrorCode::format, "is damaged: " + message);
}

// Of a bag each has a fold, and they follow each other fold by fold and member by member.
void require_network_records(const TrainingRecord& record) {
  const bool bag = !record.networks.empty() && record.networks.front().fold > 0;
  const NetworkRecord* before = nullptr;
  for (const NetworkRecord& each : record.networks) {
    const auto in_range = [](std::int64_t count, std::int64_t least) {
      return count >= least && count <= std::int64_t{kMostNetworks};
    };
    require_sound(in_range(each.fold, 0) && in_range(each.member, 1),
                  fmt::format("a network is member {} of fold {}", each.member, each.fold));
    require_sound((each.fold > 0) == bag, "some of its networks have a fold, and others none");
    require_sound(before == nullptr || std::pair(before->fold, before->member) < std::pair(each.fold, each.member),
                  fmt::format("member {} of fold {} does not follow the network before it", each.member, each.fold));
    require_sound(each.epochs >= 0 && each.epochs_tried >= 0, "a network has a negative number of epochs");
    before = &each;
  }
  require_sound(!record.out_of_fold || bag, "figures out of fold, and no bag");
}

}  // namespace

void require_networks(const Model::Data& data) {
  const std::size_t count = data.network_count(), kept = data.shares.size(), told = data.record.networks.size();
  require_sound(kept == (count > 1 ? count : 0), fmt::format("{} networks with {} shares", count, kept));
  require_sound(told == 0 || told == count, fmt::format("{} networks, and its record tells of {}", count, told));
  double sum = 0;
  for (const double share : data.shares) {
    require_sound(share > 0 && share <= 1, fmt::format("a network's share is {}", shortest(share)));
    sum += share;
  }
  require_sound(count <= 1 || std::abs(sum - 1) < 1e-9,
                fmt::format("the shares of its networks are {} together", shortest(sum)));
  require_sound(std::isfinite(data.temperature) && data.temperature > 0,
                fmt::format("the temperature is {}", shortest(data.temperature)));
  require_sound(data.temperature == 1 || (count > 1 && data.target.task != Task::regression),
                "a temperature, and no mean of probabilities");
  require_network_records(data.record);
}

}  // namespace strata::internal
