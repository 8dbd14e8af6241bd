#pragma once

#include <cstdint>
#include <optional>

#include "covey/base/result.h"

namespace covey::secagg {

inline constexpr std::uint32_t kMaxDevices = 65'535;

// A device's place in the group's order. Its shares are evaluated at position + 1.
using Position = std::uint32_t;

// Who masks with whom, and how many of them it takes to lift a mask.
struct GroupParameters {
  std::uint32_t devices = 0;    // n, 2 to kMaxDevices
  std::uint32_t degree = 0;     // k, neighbours of each device: n - 1, or an even number below it
  std::uint32_t threshold = 0;  // t, shares that reconstruct a seed: 1 to k

  Status validate() const;
  bool is_complete() const { return degree + 1 == devices; }
  bool operator==(const GroupParameters&) const = default;
};

// The Harary graph H(k, n) as a ring lattice: each device with its k/2 predecessors and k/2
// successors in the group's order
// ([Bell20] §3.2); with k = n - 1 it is the complete graph of [Bonawitz17]. A neighbour has a slot,
// 0 to k - 1, in ascending distance along the ring. Two words, no tables.
class NeighbourGraph {
 public:
  explicit NeighbourGraph(const GroupParameters& parameters)  // valid ones
      : devices_(parameters.devices), degree_(parameters.degree) {}

  std::uint32_t devices() const { return devices_; }
  std::uint32_t degree() const { return degree_; }
  Position neighbour(Position position, std::uint32_t slot) const;
  // The slot of `other` among the neighbours of `position`; none when they are not adjacent.
  std::optional<std::uint32_t> slot(Position position, Position other) const;

 private:
  std::uint32_t ahead() const { return degree_ + 1 == devices_ ? degree_ : degree_ / 2; }

  std::uint32_t devices_;
  std::uint32_t degree_;
};

}  // namespace covey::secagg
