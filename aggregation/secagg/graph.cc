#include "covey/aggregation/secagg/graph.h"

#include <string>

namespace covey::secagg {

Status GroupParameters::validate() const {
  if (devices < 2 || devices > kMaxDevices) {
    return invalid_argument("a group has 2 to " + std::to_string(kMaxDevices) + " devices, not " +
                            std::to_string(devices));
  }
  if (degree == 0 || degree >= devices || (degree % 2 == 1 && !is_complete())) {
    return invalid_argument(
        "each of " + std::to_string(devices) + " devices has " + std::to_string(devices - 1) +
        " neighbours or an even number below that, not " + std::to_string(degree));
  }
  if (threshold == 0 || threshold > degree) {
    return invalid_argument("the threshold is 1 to " + std::to_string(degree) +
                            ", the number of neighbours, not " + std::to_string(threshold));
  }
  return {};
}

Position NeighbourGraph::neighbour(Position position, std::uint32_t slot) const {
  const std::uint32_t distance = slot < ahead() ? slot + 1 : devices_ - degree_ + slot;
  return (position + distance) % devices_;
}

std::optional<std::uint32_t> NeighbourGraph::slot(Position position, Position other) const {
  const std::uint32_t distance = (other + devices_ - position) % devices_;
  if (distance == 0) return std::nullopt;
  if (distance <= ahead()) return distance - 1;
  const std::uint32_t behind = devices_ - distance;
  if (behind <= degree_ - ahead()) return degree_ - behind;
  return std::nullopt;
}

}  // namespace covey::secagg
