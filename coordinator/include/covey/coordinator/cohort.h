#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "covey/aggregation/secagg/coordinator_session.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/coordinator/task_file.h"

namespace covey::coordinator {

using secagg::DeviceHandle;
// Of the coordinator's monotonic clock. What is saved are durations, never points in time.
using Milliseconds = std::chrono::milliseconds;

// The devices of one round, from being given work to being in a group. Not thread-safe.
class Cohort {
 public:
  enum class State : std::uint8_t { kTraining = 1, kReady = 2, kGrouped = 3, kLeft = 4 };

  explicit Cohort(const CohortRules& rules) : rules_(rules) {}

  // Whether one more device may be given work: over-selection · target at most are at it at once.
  bool has_room() const;
  // False when there is no room, or when the device has left. True again for one that is at it.
  bool assign(DeviceHandle device);
  // False when it was not assigned, or has left.
  bool ready(DeviceHandle device);
  void leave(DeviceHandle device);  // it declined, or is revoked; not for one in a group

  std::optional<State> state(DeviceHandle device) const;
  std::size_t assigned() const { return states_.size(); }
  std::size_t count(State state) const { return counts_[static_cast<std::size_t>(state)]; }
  bool is_enough() const { return count(State::kReady) >= rules_.target; }
  bool is_minimum() const { return count(State::kReady) >= rules_.minimum; }
  // Everybody who was given work has trained or left.
  bool is_settled() const { return count(State::kTraining) == 0; }

  // Splits those who are ready evenly into as few groups as the rules allow, in the order in which
  // they became ready, at most `target` of them.
  std::vector<std::vector<DeviceHandle>> form_groups();

  void save(ByteWriter& out) const;
  void load(ByteReader& in);

 private:
  void put(DeviceHandle device, State state);

  CohortRules rules_;
  std::map<DeviceHandle, State> states_;
  std::array<std::size_t, 5> counts_{};  // of devices in each state
  std::vector<DeviceHandle> ready_;      // in order
};

}  // namespace covey::coordinator
