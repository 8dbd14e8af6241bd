#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "covey/base/result.h"

namespace covey::simulation {

// Where in a round a device is when something happens to it, in the order of a round. The last five
// are the device's answers in the group's protocol.
enum class Step : std::uint8_t {
  kFetch,
  kTrain,
  kJoin,
  kAdvertise,
  kShare,
  kMask,
  kAgree,
  kUnmask,
};
inline constexpr std::array kSteps = {Step::kFetch, Step::kTrain, Step::kJoin,  Step::kAdvertise,
                                      Step::kShare, Step::kMask,  Step::kAgree, Step::kUnmask};
std::string_view name_of(Step step);  // "advertise"
std::optional<Step> step_from_name(std::string_view name);

enum class FaultKind : std::uint8_t {
  kDrop,     // gone for the rest of the round
  kCrash,    // its process dies and comes back from what it had stored
  kDelay,    // the step takes longer
  kCorrupt,  // a bit of what it sends is flipped; the step is one of the group's protocol
  kNan,      // its training ends with values that are not finite; the step is kTrain
  kPartial,  // it trains for some of its epochs or steps only, drawn evenly from 1; the step is
             // kTrain
};
inline constexpr std::array kFaultKinds = {FaultKind::kDrop,  FaultKind::kCrash,
                                           FaultKind::kDelay, FaultKind::kCorrupt,
                                           FaultKind::kNan,   FaultKind::kPartial};
std::string_view name_of(FaultKind kind);  // "drop"
std::optional<FaultKind> fault_from_name(std::string_view name);

// Whether that can happen at that step: bytes to corrupt are sent in the group's protocol only, and
// kNan and kPartial are of training.
bool is_possible(FaultKind kind, Step step);

struct Fault {
  FaultKind kind = FaultKind::kDrop;
  Step step = Step::kTrain;
  bool operator==(const Fault&) const = default;
};

// The [faults] section of a task file. A device has at most one fault a round: the scheduled one,
// else the first, in the order of FaultKind, that its dice say.
struct FaultSettings {
  // Probability for a device in a round, at a step drawn evenly from the possible ones; where a
  // step has a probability of its own ("drop_at.mask") that is added, at that step. A kind's sum is
  // at most 1.
  std::array<double, kFaultKinds.size()> probability{};                    // by FaultKind
  std::array<std::array<double, kSteps.size()>, kFaultKinds.size()> at{};  // by FaultKind and Step
  std::chrono::milliseconds delay{60'000};                                 // of kDelay
  std::chrono::milliseconds crash_pause{5'000};                            // until it is back
  // Explicit ones: round (from 1) and device (from 0).
  std::map<std::pair<std::uint64_t, std::uint64_t>, Fault> schedule;

  bool is_empty() const;
  // The fault of a device in a round: the same for the same seed, whatever else happens. Each kind
  // has dice of its own, so that more of one leaves the others where they are.
  std::optional<Fault> draw(std::uint64_t seed, std::uint64_t round, std::uint64_t device) const;
};

// "3 17 drop mask": round 3, device 17. kInvalidArgument with what is expected, and for a second
// one of the same device in the same round.
Status add_scheduled(std::string_view line, FaultSettings& settings);

}  // namespace covey::simulation
