#include <algorithm>
#include <csignal>

#include "integration/world/deeds.h"
#include "integration/world/federation.h"
#include "support/catch.h"

// Devices that are killed in the middle of rounds, of which each has seven messages of a device:
// advertisement, shares, two chunks of the masked vector and one of counters, signature, unmasking.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_completed;
using testing::Federation;
using testing::Process;

constexpr int kMessages = 7;
constexpr int kDevices = 5;

// Round n is where it halts, at message n.
std::string point(int round) { return std::to_string(round) + ":" + std::to_string(round); }

// Starts the last device, which dies at message n of round n.
bool dies_at(Federation& federation, int round) {
  Process& device = federation.start_device(kDevices, {"--die-at", point(round)});
  const bool is_dead = device.wait() == 128 + SIGKILL;
  if (is_dead) testing::did("device kills");
  return is_dead;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

TEST_CASE("a device may die at any message of a round: the sum is that of those who masked",
          "[device-death]") {
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit(
      "digits",
      {.rounds = kMessages, .devices = kDevices, .step_idle = "1s", .dropout_fraction = 0.2});
  federation.start_devices(kDevices - 1);
  for (int round = 1; round <= kMessages; ++round) {
    INFO("message " << round);
    REQUIRE(dies_at(federation, round));
    REQUIRE(federation.wait_for_round("digits", static_cast<std::uint64_t>(round)));
  }
  const auto rounds = check_completed(federation, "digits", kMessages);
  for (const RoundDetails& round : rounds) {
    INFO("it died at message " << round.round.number);
    const bool has_masked = round.round.number > 5;
    const bool has_shared = round.round.number > 2;
    CHECK(round.round.survivors == (has_masked ? 5 : 4));
    CHECK(contains(round.survivors, Federation::name_of(kDevices)) == has_masked);
    CHECK(contains(round.dropped, Federation::name_of(kDevices)) == !has_masked);
    CHECK(round.round.dropped == (has_masked ? 0 : 1));
    CHECK(round.round.recovered == (has_shared && !has_masked ? 1 : 0));
  }
}

TEST_CASE("a device that is killed and comes back in the same round is counted once",
          "[device-death]") {
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = kMessages, .devices = kDevices});
  federation.start_devices(kDevices - 1);
  for (int round = 1; round <= kMessages; ++round) {
    INFO("message " << round);
    REQUIRE(dies_at(federation, round));
    CHECK(federation.phase("digits", static_cast<std::uint64_t>(round)) != "completed");
  }
  federation.start_device(kDevices);
  REQUIRE(federation.wait_for_end("digits"));
  for (const RoundDetails& round : check_completed(federation, "digits", kMessages)) {
    CHECK(round.round.survivors == kDevices);
    CHECK(round.round.dropped == 0);
  }
}

TEST_CASE("a device that is killed while it waits for others is counted once", "[device-death]") {
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = kMessages, .devices = kDevices});
  std::vector<std::string> stops;
  for (int round = 1; round <= kMessages; ++round) {
    stops.insert(stops.end(), {"--stop-at", point(round)});
  }
  federation.start_devices(kDevices - 1);
  federation.start_device(kDevices, stops);
  for (int round = 1; round <= kMessages; ++round) {
    INFO("message " << round);
    REQUIRE(federation.device(kDevices).wait_until_stopped());
    federation.start_device(1);  // kills the one that runs
    testing::did("device kills");
    federation.device(kDevices).send_signal(SIGCONT);
  }
  REQUIRE(federation.wait_for_end("digits"));
  for (const RoundDetails& round : check_completed(federation, "digits", kMessages)) {
    CHECK(round.round.survivors == kDevices);
  }
}

}  // namespace covey
