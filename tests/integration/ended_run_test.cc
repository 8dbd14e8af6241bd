#include <csignal>

#include "covey/client/agent.h"
#include "covey/client/file_storage.h"
#include "integration/world/deeds.h"
#include "integration/world/history.h"
#include "support/catch.h"

// What has ended is never revived: a task or a round that ended right before a kill stays so, and
// devices that still hold a result or a session of it are told, and go on with other work.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_receipts;
using testing::check_truth;
using testing::did;
using testing::Federation;
using testing::History;
using testing::Process;

constexpr int kDevices = 4;
constexpr int kMessages = 7;  // of a device in a round: three are chunks

void restart(Federation& federation) {
  federation.kill_coordinator();
  did("coordinator kills");
  federation.start_coordinator();
}

// What the device's receipt of a round says; "" when it has none.
std::string outcome_of(Federation& federation, int device, const std::string& task,
                       std::uint64_t round) {
  REQUIRE(federation.stop_device(device));
  auto storage =
      client::FileStorage::open(federation.folder() / Federation::name_of(device)).value();
  const std::vector<client::Receipt> receipts = client::stored_receipts(storage).value();
  for (const client::Receipt& receipt : receipts) {
    if (receipt.task == task && receipt.round == round)
      return std::string(name_of(receipt.outcome));
  }
  return {};
}

// The devices do a whole other task.
void go_on(Federation& federation, const std::string& task) {
  federation.submit(task, {.rounds = 2, .devices = kDevices});
  REQUIRE(federation.wait_for_end(task));
  come_to_rest(federation, task, kDevices);
  const auto rounds = check_truth(federation, task);
  CHECK(rounds.size() == 2);
  for (const RoundDetails& round : rounds) CHECK(round.round.survivors == kDevices);
}

void check_stopped(Federation& federation) {
  CHECK(federation.task("stopped").state == TaskState::kStopped);
  const auto rounds = federation.rounds("stopped");
  REQUIRE(rounds.size() == 1);
  CHECK(rounds.front().round.state == RoundState::kAborted);
  CHECK(rounds.front().round.outcome == "the task was stopped");
  CHECK(federation.task("stopped").current_version == 1);
}

}  // namespace

TEST_CASE("a task that was stopped right before a kill stays stopped, wherever its round stood",
          "[coordinator-death][ended]") {
  for (int message = 0; message <= kMessages; ++message) {
    INFO("message " << message);
    Federation federation(kDevices, Federation::kTwoChunks);
    federation.start_coordinator();
    federation.submit("stopped", {.rounds = 5, .devices = kDevices});
    federation.start_devices(kDevices - 1);
    Process& device =
        federation.start_device(kDevices, {"--stop-at", "1:" + std::to_string(message)});
    REQUIRE(device.wait_until_stopped());
    // One that has not trained when the round ends was never in it, and has no receipt.
    REQUIRE(Federation::eventually([&] {
      const auto status = federation.admin().status();
      return status && status->calls_held == kDevices - 1;
    }));
    REQUIRE(federation.covey({"task", "stop", "stopped"}).exit_status == 0);
    restart(federation);
    check_stopped(federation);
    device.send_signal(SIGCONT);
    go_on(federation, "next");
    check_stopped(federation);
    for (int number = 1; number <= kDevices; ++number) {
      CHECK(outcome_of(federation, number, "stopped", 1) == "aborted");
    }
  }
}

TEST_CASE("a stop that a kill kept from being answered took effect whole or not at all",
          "[coordinator-death][ended]") {
  for (const std::string instant : {"before-commit", "after-commit"}) {
    INFO(instant);
    const bool is_durable = instant == "after-commit";
    Federation federation(kDevices);
    federation.start_coordinator();
    federation.submit("stopped", {.rounds = 1, .devices = kDevices});
    federation.start_devices(kDevices - 1);
    // All wait for this one's advertisement: nothing else has to be made durable.
    Process& device = federation.start_device(kDevices, {"--stop-at", "1:1"});
    REQUIRE(device.wait_until_stopped());
    federation.kill_coordinator();
    REQUIRE(federation.start_coordinator({"--die-at", instant + ":1"}));
    CHECK(federation.covey({"task", "stop", "stopped"}).exit_status != 0);
    REQUIRE(federation.coordinator().wait() == 128 + SIGKILL);
    restart(federation);
    if (is_durable) check_stopped(federation);
    CHECK((federation.task("stopped").state == TaskState::kStopped) == is_durable);
    device.send_signal(SIGCONT);
    if (is_durable) {
      go_on(federation, "next");
      check_stopped(federation);
    } else {
      REQUIRE(federation.wait_for_end("stopped"));
      CHECK(check_truth(federation, "stopped").front().round.survivors == kDevices);
    }
  }
}

TEST_CASE("a round that a rollback aborted right before a kill stays aborted",
          "[coordinator-death][ended]") {
  Federation federation(kDevices);
  federation.start_coordinator();
  federation.submit("digits", {.rounds = 4, .devices = kDevices});
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, {"--stop-at", "3:5"});
  REQUIRE(device.wait_until_stopped());
  REQUIRE(federation.covey({"model", "rollback", "digits", "2"}).exit_status == 0);
  restart(federation);
  CHECK(federation.task("digits").current_version == 2);
  CHECK(federation.phase("digits", 3) == "aborted");
  device.send_signal(SIGCONT);
  REQUIRE(federation.wait_for_end("digits"));
  come_to_rest(federation, "digits", kDevices);
  const auto rounds = federation.rounds("digits");
  REQUIRE(rounds.size() == 5);
  CHECK(rounds[2].round.state == RoundState::kAborted);
  CHECK(rounds[2].round.outcome == "the model was rolled back");
  CHECK(rounds[3].round.base_version == 2);
  CHECK(rounds[3].round.new_version == 4);
  for (int number = 1; number <= kDevices; ++number) {
    CHECK(outcome_of(federation, number, "digits", 3) == "aborted");
    check_receipts(federation, "digits", number, rounds);
  }
}

TEST_CASE(
    "a task that was completed right before a kill stays so, and tells a device that was away",
    "[coordinator-death][ended]") {
  for (const int message : {0, 2, 4, 6}) {
    INFO("message " << message);
    Federation federation(kDevices);
    federation.start_coordinator();
    federation.submit("short", {.rounds = 1,
                                .devices = kDevices,
                                .step_idle = "1500ms",
                                .dropout_fraction = 0.25,
                                .minimum = kDevices - 1,
                                .training_deadline = "4s"});
    federation.start_devices(kDevices - 1);
    Process& device =
        federation.start_device(kDevices, {"--stop-at", "1:" + std::to_string(message)});
    REQUIRE(device.wait_until_stopped());
    REQUIRE(federation.wait_for_end("short"));
    restart(federation);
    CHECK(federation.task("short").state == TaskState::kCompleted);
    const auto rounds = check_truth(federation, "short");
    CHECK(rounds.size() == 1);
    device.send_signal(SIGCONT);
    go_on(federation, "next");
    CHECK(federation.task("short").state == TaskState::kCompleted);
    CHECK(check_truth(federation, "short").size() == 1);
    for (int number = 1; number <= kDevices; ++number) {
      check_receipts(federation, "short", number, rounds);
    }
  }
}

TEST_CASE("a task that failed right before a kill stays failed until an operator resumes it",
          "[coordinator-death][ended]") {
  Federation federation(kDevices);
  federation.start_coordinator();
  federation.submit(
      "digits", {.rounds = 1, .devices = kDevices, .training_deadline = "5s", .give_up_after = 1});
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, {"--stop-at", "1:0"});
  REQUIRE(device.wait_until_stopped());
  REQUIRE(Federation::eventually(
      [&] { return federation.task("digits").state == TaskState::kFailed; }));
  restart(federation);
  CHECK(federation.task("digits").state == TaskState::kFailed);
  CHECK(federation.phase("digits", 1) == "aborted");
  device.send_signal(SIGCONT);
  go_on(federation, "next");
  CHECK(federation.task("digits").state == TaskState::kFailed);
  CHECK(federation.rounds("digits").size() == 1);
  for (int number = 1; number <= kDevices; ++number) federation.start_device(number);
  REQUIRE(federation.covey({"task", "resume", "digits"}).exit_status == 0);
  REQUIRE(federation.wait_for_end("digits"));
  const auto rounds = check_truth(federation, "digits");
  REQUIRE(rounds.size() == 2);
  CHECK(rounds.back().round.survivors == kDevices);
}

}  // namespace covey
