#pragma once

#include <string>

#include "covey/aggregation/ring/ring_vector.h"

namespace covey::secagg {

inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::size_t kMaxTaskNameBytes = 128;

// What one secure aggregation is about. Each device fills this in from what it saw itself: the
// digests are of the plan and the model that it fetched, never of what it was told. Everything
// signed and every key derived in the group is bound to it, so devices that saw different things
// cannot end up in one sum.
struct GroupContext {
  std::string task;         // 1 to kMaxTaskNameBytes bytes
  std::uint64_t round = 0;  // grows with every round of the task
  std::uint32_t group = 0;  // within the round
  Digest plan{};
  Digest model{};
  ring::RingShape shape;

  Status validate() const;
  Digest digest() const;  // over kProtocolVersion and every field
};

}  // namespace covey::secagg
