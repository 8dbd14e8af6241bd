#include <atomic>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/secagg_world.h"

using namespace covey;
using namespace covey::secagg;
using namespace covey::testing;

namespace {

// Every part once, each on whichever thread takes it first; how many parts that was is added to
// `parts_run`.
void run_on_threads(CoordinatorSession& coordinator, std::size_t threads, std::size_t& parts_run) {
  const std::size_t parts = coordinator.work_parts();
  parts_run += parts;
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> pool;
  for (std::size_t i = 0; i < threads; ++i) {
    pool.emplace_back([&] {
      for (std::size_t part = next++; part < parts; part = next++) coordinator.run_part(part);
    });
  }
}

// Some vanish after they shared, so that both kinds of masks are taken off, over several slices.
WorldOptions group_that_loses_devices(std::uint32_t bits) {
  WorldOptions options;
  options.devices = 12;
  options.degree = 11;
  options.threshold = 6;
  options.shape = {bits, 300'000, 3};
  options.slice_blocks = 4;
  options.vanish = {Vanish::kMask, Vanish::kNever, Vanish::kMask, Vanish::kAgree, Vanish::kMask};
  return options;
}

}  // namespace

TEST_CASE("the sum has the same bits on any number of threads", "[secagg][threads]") {
  for (const std::uint32_t bits : {16u, 20u, 40u}) {
    for (const std::size_t threads : {1u, 2u, 8u}) {
      INFO(bits << " bits, " << threads << " threads");
      World world(group_that_loses_devices(bits));
      std::size_t parts_run = 0;
      world.run_work = [&](CoordinatorSession& coordinator) {
        run_on_threads(coordinator, threads, parts_run);
      };
      world.run();
      REQUIRE(world.coordinator->step() == CoordinatorStep::kCompleted);
      REQUIRE(world.coordinator->survivors().size() >= 8);
      REQUIRE(parts_run > 2 * threads);  // there was work to share
      CHECK(world.coordinator->sum() == world.plain_sum(world.coordinator->survivors()));
    }
  }
}
