#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "integration/world/federation.h"
#include "support/catch.h"

namespace covey {
namespace {

using namespace coordinator;
using nlohmann::json;
using testing::check_completed;
using testing::Federation;
using testing::mean_step;

const std::vector<std::string> kFour = {"device-01", "device-02", "device-03", "device-04"};

}  // namespace

TEST_CASE("a task runs over mutual TLS, and the covey command shows what it came to", "[task]") {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 3});
  federation.start_devices(4);
  CHECK(federation.covey({"task", "wait", "digits"}).exit_status == 0);
  for (const RoundDetails& round : check_completed(federation, "digits", 3)) {
    CHECK(round.survivors == kFour);
    CHECK(round.round.dropped == 0);
  }
  const auto listed = federation.covey({"round", "list", "digits", "--format", "json"});
  CHECK(listed.exit_status == 0);
  const json rounds = json::parse(listed.output, nullptr, false);
  REQUIRE(rounds.is_array());
  REQUIRE(rounds.size() == 3);
  CHECK(rounds[2]["new_version"] == 4);
  CHECK(federation.covey({"status"}).exit_status == 0);
  // Another federation's key is not the one that signed this log.
  Federation other(1);
  const auto foreign =
      federation.covey({"audit", "verify", "--key", other.pki() / "coordinator.pem"});
  CHECK(foreign.exit_status == 5);
}

TEST_CASE("two tasks run side by side on the same devices", "[task]") {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("first", {.rounds = 2});
  federation.submit("second", {.rounds = 2});
  federation.start_devices(4);
  REQUIRE(federation.wait_for_end("first"));
  REQUIRE(federation.wait_for_end("second"));
  check_completed(federation, "first", 2);
  check_completed(federation, "second", 2);
}

TEST_CASE("a roll-back is where the next round starts, and is in the audit log", "[task]") {
  Federation federation(4);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 3});
  // Round 3 waits for this device, so that nothing but the roll-back can end it.
  federation.start_device(4, {"--stop-at", "3:2"});
  for (int device = 1; device <= 3; ++device) federation.start_device(device);
  REQUIRE(federation.device(4).wait_until_stopped());
  CHECK(federation.covey({"model", "rollback", "digits", "9"}).exit_status == 1);
  CHECK(federation.task("digits").current_version == 3);
  CHECK(federation.covey({"model", "rollback", "digits", "1"}).exit_status == 0);
  CHECK(federation.task("digits").current_version == 1);
  federation.device(4).send_signal(SIGCONT);
  REQUIRE(federation.wait_for_end("digits"));

  const auto rounds = federation.rounds("digits");
  REQUIRE(rounds.size() == 4);
  CHECK(rounds[2].round.state == RoundState::kAborted);
  CHECK(rounds[2].round.outcome == "the model was rolled back");
  CHECK(rounds[3].round.base_version == 1);
  CHECK(rounds[3].round.new_version == 4u);
  for (const float value : testing::model_values(federation, "digits")) {
    CHECK(value == Approx(mean_step(kFour)).margin(5e-5));  // one round from zeros, not three
  }
  const auto listed = federation.covey({"audit", "list", "--format", "json"});
  const json entries = json::parse(listed.output, nullptr, false);
  REQUIRE(entries.is_array());
  CHECK(std::ranges::any_of(
      entries, [](const json& entry) { return entry["kind"] == "model rolled back"; }));
}

}  // namespace covey
