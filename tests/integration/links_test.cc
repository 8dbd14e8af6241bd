#include <csignal>
#include <map>

#include "integration/world/deeds.h"
#include "integration/world/federation.h"
#include "integration/world/link.h"
#include "integration/world/stepping_transport.h"
#include "support/catch.h"

// Connections that are cut, and addresses that are shared. Device 4 is the one with the bad link.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_completed;
using testing::did;
using testing::Federation;
using testing::Link;
using testing::Process;
using testing::SteppingTransport;
using Direction = Link::Direction;

constexpr int kDevices = 4;

// How a call is cut: before it begins, while it is asked, or while it waits for its answer or gets
// it. A few bytes are let through so that it is in the middle of something.
enum Cut { kBefore, kInRequest, kInAnswer, kNone };
constexpr std::uint64_t kFewBytes = 20;

void cut(Link& link, Cut how) {
  if (how == kBefore) link.cut();
  if (how == kInRequest) link.cut_after(Direction::kUp, kFewBytes);
  if (how == kInAnswer) link.cut_after(Direction::kDown, kFewBytes);
  if (how != kNone) did("cuts");
}

// The call before which the device has stopped.
std::string stopped_before(const Process& device) {
  const std::string log = device.output();
  const std::string mark = SteppingTransport::kMark;
  const std::size_t at = log.rfind(mark);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + mark.size();
  return log.substr(begin, log.find('\n', begin) - begin);
}

void check_all_are_in(Federation& federation, int rounds) {
  for (const RoundDetails& round : check_completed(federation, "digits", rounds)) {
    INFO("round " << round.round.number);
    CHECK(round.round.survivors == kDevices);
    CHECK(round.round.dropped == 0);
    did("rounds completed");
  }
  CHECK(federation.log_lines("second, different message").empty());
  CHECK(federation.admin().devices().value().size() == kDevices);
}

}  // namespace

TEST_CASE(
    "a device whose connection is cut before, in or after any call of a round is counted once",
    "[links]") {
  constexpr int kRounds = 3;
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = kRounds, .devices = kDevices});
  Link link(federation.address());
  federation.start_devices(kDevices - 1);
  Process& device =
      federation.start_device(kDevices, {"--address", link.address(), "--stop-before-calls", "1"});
  std::map<std::string, int> cuts;  // of each call, by name
  while (federation.task("digits").state != TaskState::kCompleted) {
    REQUIRE(device.wait_until_stopped());
    CHECK_FALSE(link.is_cut_due());  // the last call was cut, if it was to be
    const std::string call = stopped_before(device);
    const int done = cuts[call];
    cut(link, static_cast<Cut>(std::min(done, static_cast<int>(kNone))));
    cuts[call] = done + 1;
    device.send_signal(SIGCONT);
  }
  check_all_are_in(federation, kRounds);
  std::vector<std::string> calls{"check-in", "fetch 1", "fetch 2", "join"};
  for (int message = 1; message <= 7; ++message) calls.push_back("send " + std::to_string(message));
  for (int message = 1; message <= 5; ++message) {
    calls.push_back("receive " + std::to_string(message));
  }
  for (const std::string& call : calls) {
    INFO(call);
    CHECK(cuts[call] >= kNone);  // in all three ways
  }
}

TEST_CASE("devices that wait for another one lose their connections again and again, and no round",
          "[links]") {
  constexpr int kMessages = 7;
  constexpr int kCuts = 3;
  Federation federation(kDevices, Federation::kTwoChunks);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = kMessages, .devices = kDevices});
  Link link(federation.address());
  std::vector<std::string> stops;  // before message n in round n
  for (int round = 1; round <= kMessages; ++round) {
    stops.insert(stops.end(), {"--stop-at", std::to_string(round) + ":" + std::to_string(round)});
  }
  Process& awaited = federation.start_device(1, stops);
  for (int device = 2; device <= kDevices; ++device) {
    federation.start_device(device, {"--address", link.address()});
  }
  for (int round = 1; round <= kMessages; ++round) {
    INFO("round " << round);
    REQUIRE(awaited.wait_until_stopped());
    for (int times = 0; times < kCuts; ++times) {
      const std::uint64_t before = link.traffic().connections;
      link.cut();
      did("cuts");
      CHECK(Federation::eventually(
          [&] { return link.traffic().connections >= before + kDevices - 1; }));
    }
    awaited.send_signal(SIGCONT);
  }
  REQUIRE(federation.wait_for_end("digits"));
  check_all_are_in(federation, kMessages);
}

TEST_CASE("devices behind one address are counted as themselves", "[links]") {
  Federation federation(kDevices);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 3, .devices = kDevices});
  Link link(federation.address());
  for (int device = 1; device <= kDevices; ++device) {
    federation.start_device(device, {"--address", link.address()});
  }
  REQUIRE(federation.wait_for_round("digits", 1));
  federation.kill_coordinator();  // and all of them come back at once
  federation.start_coordinator();
  REQUIRE(federation.wait_for_end("digits"));
  check_all_are_in(federation, 3);
  for (const RoundDetails& round : federation.rounds("digits")) {
    CHECK(round.survivors ==
          std::vector<std::string>{"device-01", "device-02", "device-03", "device-04"});
  }
  CHECK(link.traffic().connections >= kDevices);
}

}  // namespace covey
