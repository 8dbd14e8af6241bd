#include "covey/coordinator/step_clock.h"

#include "support/catch.h"
#include "support/secagg_world.h"

using namespace covey;
using namespace covey::coordinator;
using namespace covey::testing;
using namespace std::chrono_literals;

TEST_CASE("a step is closed when nothing of use has come for the idle time, and no later",
          "[coordinator]") {
  WorldOptions options;
  options.devices = 5;
  World world(options);
  StepClock clock(5s, 1'000, 0s);
  CHECK(clock.next_tick() == 5s);
  CHECK_FALSE(clock.tick(*world.coordinator, 4'999ms).closes_step);
  CHECK(clock.tick(*world.coordinator, 5s).closes_step);
  world.coordinator->close_step();  // nobody has advertised: the group has ended
  clock.look(*world.coordinator, 5s);
  CHECK(clock.next_tick() == 10s);
}

TEST_CASE("a new step has its whole idle time from when it began", "[coordinator]") {
  WorldOptions options;
  options.devices = 5;
  World world(options);
  StepClock clock(5s, 1'000, 0s);
  world.run();  // through all steps
  clock.heard(0, *world.coordinator, 3s);
  CHECK(clock.next_tick() == 8s);
  CHECK_FALSE(clock.tick(*world.coordinator, 7'999ms).closes_step);
  CHECK(clock.tick(*world.coordinator, 8s).closes_step);
}
