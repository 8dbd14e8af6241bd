#pragma once

#include "integration/lying/lie.h"

namespace covey::testing {

// Work that is invented for the victim: what a task has, changed.
struct Offer {
  federation::RoundId round;
  plan::Plan plan;
  Bytes plan_blob;  // empty: that of `plan`
  Bytes model_blob;
  std::uint64_t plan_bytes = 0;   // 0: as many as there are
  std::uint64_t model_bytes = 0;  // likewise

  // Of a round that was open and whose blobs were served; none: they were not yet.
  static std::optional<Offer> of(const Scene& scene, const federation::Assignment& assignment);
  // Puts the blobs among those that are served.
  federation::Assignment make(Scene& scene) const;
};

}  // namespace covey::testing
