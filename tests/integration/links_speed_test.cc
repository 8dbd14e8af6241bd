#include <csignal>

#include "integration/world/deeds.h"
#include "integration/world/federation.h"
#include "integration/world/link.h"
#include "support/catch.h"

// Links that stall, and links that are slow.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_completed;
using testing::did;
using testing::Federation;
using testing::Link;
using testing::Process;

constexpr int kDevices = 4;
constexpr std::uint64_t kMillionParameters = 1'000'000;
constexpr std::uint64_t kModelBytes = kMillionParameters * sizeof(float);

// However long it takes, while anything still passes.
bool wait_for_end(Federation& federation, const Link& link) {
  std::uint64_t before = 0;
  while (!federation.wait_for_end("digits")) {
    const std::uint64_t now = link.traffic().up + link.traffic().down;
    if (now == before) return false;
    before = now;
  }
  return true;
}

struct Slow {
  std::uint64_t bytes_per_second = 0;
  // All of these are the defaults.
  std::string step_idle = "30s";
  std::string training_deadline = "600s";
  std::uint64_t step_idle_ms = 30'000;
  std::uint64_t device_idle_ms = 60'000;
  std::vector<std::string> device_flags{};
};

// Two devices on slow links, among two on fast ones.
void check_slow_links(const Slow& slow) {
  Federation federation(kDevices, kMillionParameters);
  federation.start_coordinator();
  federation.submit("digits", {.devices = kDevices,
                               .step_idle = slow.step_idle,
                               .training_deadline = slow.training_deadline});
  Link third(federation.address());
  Link fourth(federation.address());
  for (Link* link : {&third, &fourth}) link->limit(slow.bytes_per_second);
  federation.start_devices(kDevices - 2);
  std::vector<std::string> flags = slow.device_flags;
  flags.insert(flags.end(), {"--address", third.address()});
  federation.start_device(3, flags);
  flags.back() = fourth.address();
  federation.start_device(4, flags);
  REQUIRE(wait_for_end(federation, fourth));
  const auto rounds = check_completed(federation, "digits", 1);
  CHECK(rounds.front().round.survivors == kDevices);
  CHECK(rounds.front().round.dropped == 0);
  for (const Link* link : {&third, &fourth}) {
    const Link::Traffic traffic = link->traffic();
    // Each transfer took several times what ends one that does not get on, and came once.
    CHECK(traffic.down > kModelBytes);
    CHECK(traffic.down < kModelBytes + kModelBytes / 10);
    CHECK(traffic.down * 1000 / slow.bytes_per_second > 2 * slow.device_idle_ms);
    CHECK(traffic.up * 1000 / slow.bytes_per_second > 2 * slow.step_idle_ms);
    CHECK(traffic.connections == 1);
    did("KiB over slow links", (traffic.up + traffic.down) / 1024);
  }
}

}  // namespace

TEST_CASE("a device whose link stalls is given up, notices, and is in the next round", "[links]") {
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit(
      "digits",
      {.rounds = 2, .devices = kDevices, .step_idle = "1s", .dropout_fraction = 1.0 / kDevices});
  Link link(federation.address());
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(
      kDevices, {"--address", link.address(), "--idle-ms", "1000", "--stop-at", "1:4"});
  REQUIRE(device.wait_until_stopped());
  CHECK(federation.phase("digits", 1) == "mask");  // one chunk of three is there
  link.stall(true);
  did("stalls");
  device.send_signal(SIGCONT);
  REQUIRE(federation.wait_for_round("digits", 1));
  CHECK(Federation::eventually(
      [&] { return device.output().find("made no progress in time") != std::string::npos; }));
  link.stall(false);
  REQUIRE(federation.wait_for_end("digits"));
  const auto rounds = check_completed(federation, "digits", 2);
  CHECK(rounds[0].survivors == std::vector<std::string>{"device-01", "device-02", "device-03"});
  CHECK(rounds[0].dropped == std::vector<std::string>{"device-04"});
  CHECK(rounds[1].round.survivors == kDevices);
  did("rounds completed", 2);
}

TEST_CASE("a slow link that gets on does not fail: 256 kbit/s, everything 15 times as fast",
          "[links]") {
  check_slow_links({.bytes_per_second = 15 * 32 * 1024,
                    .step_idle = "2s",
                    .training_deadline = "40s",
                    .step_idle_ms = 2000,
                    .device_idle_ms = 4000,
                    .device_flags = {"--idle-ms", "4000"}});
}

TEST_CASE("a link of 256 kbit/s that gets on does not fail at the default time settings",
          "[.long][links]") {
  check_slow_links({.bytes_per_second = 32 * 1024});
}

}  // namespace covey
