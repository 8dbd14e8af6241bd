#pragma once

#include "support/catch.h"
#include "support/secagg_world.h"

namespace covey::testing {

// One group in which `vanishing` devices, spread over all of them, are last seen before this step.
inline void check_group(std::uint32_t devices, std::uint32_t degree, std::uint32_t threshold,
                        std::uint32_t vanishing, Vanish step, std::uint32_t bits) {
  WorldOptions options;
  options.seed = devices * 100 + bits + static_cast<std::uint32_t>(step);
  options.devices = devices;
  options.degree = degree;
  options.threshold = threshold;
  options.shape = {bits, 23, 1};
  options.vanish.assign(devices, Vanish::kNever);
  for (std::uint32_t i = 0; i < vanishing; ++i) {
    options.vanish[(i * devices / vanishing + 1) % devices] = step;
  }
  World world(options);
  world.run();
  INFO(devices << " devices, " << vanishing << " vanish at step " << static_cast<int>(step) << ", "
               << bits << " bits, ended as "
               << (world.coordinator->abort_reason() ? name_of(*world.coordinator->abort_reason())
                                                     : "completed"));
  REQUIRE(world.coordinator->step() == secagg::CoordinatorStep::kCompleted);
  const auto& survivors = world.coordinator->survivors();
  REQUIRE(world.coordinator->sum() == world.plain_sum(survivors));
  // Whoever vanishes before its vector is whole is not in the sum; whoever vanishes later is.
  if (step >= Vanish::kAgree) {
    REQUIRE(survivors.size() == devices);
  } else {
    REQUIRE(survivors.size() >= devices - vanishing);
    if (step < Vanish::kMask) REQUIRE(survivors.size() == devices - vanishing);
  }
}

inline constexpr Vanish kSteps[] = {Vanish::kAdvertise, Vanish::kShare,  Vanish::kMask,
                                    Vanish::kAgree,     Vanish::kUnmask, Vanish::kNever};
inline constexpr std::uint32_t kRings[] = {16, 20, 32};

inline void check_grid(std::uint32_t devices, std::uint32_t degree, std::uint32_t threshold,
                       std::uint32_t vanishing) {
  for (const Vanish step : kSteps) {
    for (const std::uint32_t bits : kRings) {
      check_group(devices, degree, threshold, step == Vanish::kNever ? 0 : vanishing, step, bits);
    }
  }
}

}  // namespace covey::testing
