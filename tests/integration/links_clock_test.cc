#include <chrono>
#include <map>

#include "covey/client/agent.h"
#include "integration/world/deeds.h"
#include "integration/world/device_state.h"
#include "integration/world/federation.h"
#include "support/catch.h"

namespace covey {
namespace {

using namespace coordinator;
using testing::check_completed;
using testing::did;
using testing::Federation;

constexpr int kDevices = 4;
constexpr std::chrono::hours kMonth{24 * 30};

std::vector<std::string> with_clock_off_by(std::chrono::seconds shift) {
  return {std::string("LD_PRELOAD=") + COVEY_SHIFTED_CLOCK,
          "COVEY_TEST_CLOCK_SHIFT_S=" + std::to_string(shift.count())};
}

// What the device has written of its rounds, as soon as there are so many of them.
std::vector<client::Receipt> receipts_of(const Federation& federation, int device, int rounds) {
  std::vector<client::Receipt> receipts;
  CHECK(Federation::eventually([&] {
    auto storage = testing::copy_of_state(federation, device);
    auto found = client::stored_receipts(storage);
    if (found) receipts = std::move(*found);
    return receipts.size() == static_cast<std::size_t>(rounds);
  }));
  return receipts;
}

}  // namespace

TEST_CASE("devices whose clocks are 30 days ahead and behind take part, and have their receipts",
          "[links]") {
  constexpr int kRounds = 2;
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = kRounds, .devices = kDevices});
  federation.start_device(1);
  federation.start_device(2);
  federation.start_device(3, {}, with_clock_off_by(kMonth));
  federation.start_device(4, {}, with_clock_off_by(-kMonth));
  REQUIRE(federation.wait_for_end("digits"));
  for (const RoundDetails& round : check_completed(federation, "digits", kRounds)) {
    CHECK(round.round.survivors == kDevices);
    CHECK(round.round.dropped == 0);
    did("rounds completed");
  }
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const std::map<int, std::chrono::hours> shifts{{1, {}}, {3, kMonth}, {4, -kMonth}};
  for (const auto& [device, shift] : shifts) {
    INFO(Federation::name_of(device));
    for (const client::Receipt& receipt : receipts_of(federation, device, kRounds)) {
      CHECK(receipt.outcome == client::RoundOutcome::kContributed);
      // Its clock was really wrong; the rest is what the test has taken.
      const auto off = std::chrono::abs(receipt.when - (now + shift));
      CHECK(off < std::chrono::hours(24));
    }
  }
}

}  // namespace covey
