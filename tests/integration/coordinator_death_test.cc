#include <csignal>

#include "integration/world/deeds.h"
#include "integration/world/federation.h"
#include "support/catch.h"

// A coordinator that is killed or stopped in the middle of rounds, at points that a device holds
// open by stopping there.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_completed;
using testing::Federation;
using testing::Process;

constexpr int kDevices = 4;
constexpr int kMessages = 7;  // of a device in a round: three are chunks

void kill_and_restart(Federation& federation) {
  federation.kill_coordinator();
  federation.start_coordinator();
  testing::did("coordinator kills");
}

void check_all_survived(Federation& federation, int rounds) {
  for (const RoundDetails& round : check_completed(federation, "digits", rounds)) {
    INFO("round " << round.round.number);
    CHECK(round.round.survivors == kDevices);
    CHECK(round.round.dropped == 0);
    testing::did("rounds completed");
  }
}

}  // namespace

TEST_CASE("a coordinator that is killed at any step of a round goes on where it stood",
          "[coordinator-death]") {
  constexpr int kRounds = kMessages + 1;  // in the first the device stops while it trains
  const char* const kPhases[kRounds] = {"training", "advertise", "share", "mask",
                                        "mask",     "mask",      "agree", "unmask"};
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = kRounds, .devices = kDevices});
  std::vector<std::string> stops;
  for (int round = 1; round <= kRounds; ++round) {
    stops.insert(stops.end(),
                 {"--stop-at", std::to_string(round) + ":" + std::to_string(round - 1)});
  }
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, stops);
  for (int round = 1; round <= kRounds; ++round) {
    const auto number = static_cast<std::uint64_t>(round);
    INFO("round " << round);
    REQUIRE(device.wait_until_stopped());
    CHECK(federation.phase("digits", number) == kPhases[round - 1]);
    kill_and_restart(federation);
    CHECK(federation.phase("digits", number) == kPhases[round - 1]);
    device.send_signal(SIGCONT);
  }
  REQUIRE(federation.wait_for_end("digits"));
  check_all_survived(federation, kRounds);
}

TEST_CASE("a coordinator that is killed at the first and the last moments of a round loses nothing",
          "[coordinator-death]") {
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 4, .devices = kDevices});
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, {"--stop-at", "2:7", "--stop-at", "3:7"});
  REQUIRE(Federation::eventually([&] { return !federation.phase("digits", 1).empty(); }));
  kill_and_restart(federation);  // the round is hardly there
  REQUIRE(device.wait_until_stopped());
  device.send_signal(SIGCONT);
  for (int asked = 0; asked < 100'000 && federation.phase("digits", 2) == "unmask";) ++asked;
  kill_and_restart(federation);  // while masks come off, the sum is merged or the model written
  REQUIRE(device.wait_until_stopped());
  device.send_signal(SIGCONT);
  REQUIRE(federation.wait_for_round("digits", 3));
  kill_and_restart(federation);  // what was announced stays
  CHECK(federation.task("digits").current_version == 4);
  REQUIRE(federation.wait_for_end("digits"));
  check_all_survived(federation, 4);
}

TEST_CASE("SIGTERM in the middle of a round stops the coordinator, and its next start goes on",
          "[coordinator-death]") {
  Federation federation(kDevices);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 2, .devices = kDevices});
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, {"--stop-at", "1:3"});
  REQUIRE(device.wait_until_stopped());
  CHECK(federation.phase("digits", 1) == "mask");
  federation.coordinator().send_signal(SIGTERM);
  // Other devices' calls are held for longer than this.
  REQUIRE(federation.coordinator().wait(std::chrono::seconds(8)).value_or(-1) == 0);
  CHECK(federation.coordinator().output().find("stopped") != std::string::npos);
  federation.kill_coordinator();  // which has ended
  federation.start_coordinator();
  device.send_signal(SIGCONT);
  REQUIRE(federation.wait_for_end("digits"));
  check_all_survived(federation, 2);
}

}  // namespace covey
