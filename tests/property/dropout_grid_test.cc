#include "support/dropout_grid.h"

// Every size × every step at which devices vanish × every ring: the sum is right bit for bit.
using namespace covey;
using namespace covey::secagg;
using namespace covey::testing;

TEST_CASE("two devices: a sum when both stay, and an end by name when one does not") {
  constexpr AbortReason kExpected[] = {AbortReason::kTooFewDevices, AbortReason::kTooFewShared,
                                       AbortReason::kTooFewSurvivors,
                                       AbortReason::kTooFewSignatures, AbortReason::kTooFewShares};
  for (const std::uint32_t bits : kRings) {
    check_group(2, 1, 1, 0, Vanish::kNever, bits);
    for (std::size_t step = 0; step < 5; ++step) {
      WorldOptions options;
      options.devices = 2;
      options.degree = 1;
      options.threshold = 1;
      options.shape = {bits, 23,
                       0};  // one chunk: whoever vanishes at masking sends it, or does not
      options.vanish = {static_cast<Vanish>(step), Vanish::kNever};
      for (std::uint64_t seed = 1; seed < 20; ++seed) {
        options.seed = seed;
        World world(options);
        if (world.devices[0]->chunks_before_vanishing > 0) continue;
        world.run();
        REQUIRE(world.coordinator->abort_reason().has_value());
        REQUIRE(name_of(*world.coordinator->abort_reason()) == name_of(kExpected[step]));
        break;
      }
    }
  }
}

TEST_CASE("three devices, one vanishes") { check_grid(3, 2, 1, 1); }
TEST_CASE("five devices, two vanish") { check_grid(5, 4, 2, 2); }
TEST_CASE("64 devices on a sparse graph, six vanish") { check_grid(64, 12, 4, 6); }
TEST_CASE("64 devices on the complete graph, 20 vanish") {
  check_group(64, 63, 33, 20, Vanish::kMask, 20);
}
TEST_CASE("255 devices, 12 vanish") { check_grid(255, 6, 2, 12); }
TEST_CASE("256 devices, 13 vanish") { check_grid(256, 6, 2, 13); }
