#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "covey/coordinator/cohort.h"

namespace covey::coordinator {

// How a group of the round ended.
struct GroupEnd {
  bool is_completed = false;
  std::uint32_t survivors = 0;  // completed
  std::string reason;           // not completed
};

// What the shell does, in this order. Every effect is preceded by making `save()` durable.
namespace round_effect {
// Opens a secure aggregation for each, numbered from 0.
struct FormGroups {
  std::vector<std::vector<DeviceHandle>> groups;
};
// Every group has ended, some of them with a sum: merge these, in ascending order, and publish the
// model, then call `published`; or `abort`, when that cannot be.
struct Merge {
  std::vector<std::uint32_t> groups;
};
// The last effect. Stops the groups that still run.
struct Aborted {
  std::string reason;
};
}  // namespace round_effect
using RoundEffect =
    std::variant<round_effect::FormGroups, round_effect::Merge, round_effect::Aborted>;
using RoundEffects = std::vector<RoundEffect>;

// The life of one round: training → groups → aggregating → merging → completed, or aborted with a
// reason from anywhere. Pure: time and events come in, effects go out; defined for every event in
// every phase. Not thread-safe.
class Round {
 public:
  enum class Phase : std::uint8_t {
    kTraining = 1,
    kAggregating = 2,
    kMerging = 3,
    kCompleted = 4,
    kAborted = 5,
  };
  enum class Place : std::uint8_t {
    kOutside,   // not of this round, or it has left
    kTraining,  // given work
    kReady,     // trained, waits for a group
    kInGroup,
    kTooLate,  // trained, but the groups were formed without it
  };

  Round(const CohortRules& rules, Milliseconds now);
  // From `save`, with the same rules. The deadline of training goes on from where it stood.
  static Result<Round> restore(const CohortRules& rules, ByteView saved, Milliseconds now);
  Bytes save(Milliseconds now) const;
  // What is under way after `restore`: FormGroups, Merge or nothing.
  RoundEffects resume() const;

  // True when the device is to have the round's work: now, or still.
  bool check_in(DeviceHandle device);
  // It has trained. May form the groups.
  RoundEffects ready(DeviceHandle device, Milliseconds now);
  RoundEffects leave(DeviceHandle device, Milliseconds now);
  RoundEffects tick(Milliseconds now);
  RoundEffects group_ended(std::uint32_t group, GroupEnd end);
  void published();
  RoundEffects abort(std::string reason);

  Phase phase() const { return phase_; }
  bool is_over() const { return phase_ >= Phase::kCompleted; }
  const std::string& reason() const { return reason_; }
  Place place(DeviceHandle device) const;
  std::optional<std::uint32_t> group_of(DeviceHandle device) const;
  const std::vector<std::vector<DeviceHandle>>& groups() const { return groups_; }
  const Cohort& cohort() const { return cohort_; }
  // When `tick` next has something to do, unless an event comes first.
  std::optional<Milliseconds> next_tick() const;

  // Everyone who was given work is done, but fewer than the target: how long others may still come.
  static Milliseconds patience(const CohortRules& rules);

 private:
  RoundEffects close_training();
  RoundEffects close_if_ready(Milliseconds now);

  CohortRules rules_;
  Phase phase_ = Phase::kTraining;
  Milliseconds started_;
  Cohort cohort_;
  std::vector<std::vector<DeviceHandle>> groups_;
  std::vector<std::optional<GroupEnd>> ends_;
  std::string reason_;
};
std::string_view name_of(Round::Phase phase);  // "training"

}  // namespace covey::coordinator
