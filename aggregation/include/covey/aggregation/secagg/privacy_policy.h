#pragma once

#include "covey/aggregation/secagg/graph.h"

namespace covey::secagg {

// What a device insists on, pinned by the app. A coordinator can be stricter, never laxer.
struct PrivacyPolicy {
  std::uint32_t minimum_devices = 10;   // in the roster
  std::uint32_t minimum_survivors = 5;  // whose sum may be revealed
  double corrupt_fraction =
      0.05;  // γ: share of the group that may be the coordinator's accomplices
  bool coordinator_may_lie = true;   // false: it follows the protocol, and is only curious
  std::uint32_t security_bits = 40;  // σ: log2 of the odds against a failure of the guarantee

  // kPermissionDenied, with what was expected and found, unless degree and threshold give what this
  // policy asks for: the tails of the hypergeometric distribution, as in parameter_finder.h, for
  // the roster's own n.
  Status accepts(const GroupParameters& parameters) const;
};

}  // namespace covey::secagg
