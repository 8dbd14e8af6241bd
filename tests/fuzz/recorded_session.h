#pragma once

#include "fuzz/service_world.h"

namespace covey::fuzz {

struct RecordedCall {
  std::size_t device = 0;
  Method method = Method::kCheckIn;
  Bytes request;
  Milliseconds at{0};
  bool is_after_restart = false;  // of the coordinator, just before it
};

// What real devices asked in a whole federation, of a coordinator that was the same in all but what
// the fuzzer does to it. The same bytes at every call and in every process.
struct RecordedSession {
  ServiceWorld::Options world;
  std::vector<RecordedCall> calls;
};

// 0: all goes well. 1: a device vanishes when it has masked, and its mask is lifted. 2: another
// vanishes before that, and the coordinator is killed in the middle of a round. 3: two groups.
inline constexpr std::uint32_t kSessions = 4;
const RecordedSession& recorded_session(std::uint32_t index);

// What a device adds to every parameter in a round, and how much that weighs.
float step_of(std::size_t device);
std::uint64_t examples_of(std::size_t device);

}  // namespace covey::fuzz
