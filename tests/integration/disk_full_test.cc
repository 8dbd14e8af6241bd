#include <csignal>

#include "integration/world/history.h"
#include "integration/world/small_disk.h"
#include "integration/world/state_folder.h"
#include "support/catch.h"

// Disks that are full or read-only, of the coordinator and of a device, at moments that a device
// holds open by stopping there. They are mounted by the tests: where that is not permitted, the
// table says that these scenarios were not run.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_standing;
using testing::check_truth;
using testing::contains;
using testing::count_aborted;
using testing::Federation;
using testing::Process;
using testing::SmallDisk;

constexpr int kDevices = 4;
constexpr std::uint64_t kDiskMib = 16;
constexpr std::uint64_t kReserveMib = 4;

// Flags for a coordinator that keeps a small reserve.
std::vector<std::string> with_reserve(const Federation& federation) {
  const auto file = federation.folder() / "small.toml";
  testing::write_text(file, testing::read_text(federation.folder() / "coordinator.toml") +
                                "[limits]\ndisk_reserve_mib = " + std::to_string(kReserveMib) +
                                "\n");
  return {"--config", file};
}

std::string at(std::uint64_t round, int message) {
  return std::to_string(round) + ":" + std::to_string(message);
}

std::size_t count_in(const std::string& text, const std::string& words) {
  std::size_t count = 0;
  for (auto place = text.find(words); place != std::string::npos;
       place = text.find(words, place + 1)) {
    ++count;
  }
  return count;
}

const RoundDetails& round_of(const std::vector<RoundDetails>& rounds, std::uint64_t number) {
  REQUIRE(rounds.size() >= number);
  return rounds[number - 1];
}

}  // namespace

TEST_CASE(
    "a coordinator whose disk fills up ends the round by name, serves what it has, and goes "
    "on when there is room",
    "[disk]") {
  constexpr int kMessages[] = {0, 2, 3, 6};  // each in a round, after which one completes
  constexpr int kStages = 4;
  Federation federation(kDevices);
  const auto disk = SmallDisk::mount(testing::state_of(federation), kDiskMib);
  if (disk == nullptr) return;
  REQUIRE(federation.start_coordinator(with_reserve(federation)));
  federation.submit("digits", {.rounds = kStages, .devices = kDevices});
  std::vector<std::string> stops;
  for (std::uint64_t stage = 0; stage < kStages; ++stage) {
    stops.insert(stops.end(), {"--stop-at", at(2 * stage + 1, kMessages[stage])});
  }
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, stops);
  for (std::uint64_t stage = 0; stage < kStages; ++stage) {
    const std::uint64_t round = 2 * stage + 1;
    INFO("round " << round << ", message " << kMessages[stage]);
    REQUIRE(device.wait_until_stopped());
    disk->fill();
    device.send_signal(SIGCONT);
    const auto complaints = [&] { return federation.log_lines("the store cannot be written"); };
    REQUIRE(Federation::eventually([&] { return complaints().size() == stage + 1; }));
    CHECK(contains(complaints().back(), "full; free some space"));
    CHECK(federation.admin().status()->disk_free_bytes == 0);
    CHECK(contains(federation.covey({"status"}).output, "disk free"));
    CHECK(federation.task("digits").current_version == stage + 1);
    CHECK_FALSE(testing::model_values(federation, "digits").empty());
    disk->make_room();
    REQUIRE(federation.wait_for_round("digits", round));
    const auto ended = federation.admin().round("digits", round);
    CHECK(ended->round.state == RoundState::kAborted);
    CHECK(contains(ended->round.outcome, "could not write it down"));
    CHECK(contains(ended->round.outcome, "full; free some space"));
    CHECK(federation.log_lines("the store can be written again").size() == stage + 1);
  }
  REQUIRE(federation.wait_for_end("digits"));
  CHECK(count_aborted(check_standing(federation, "digits")) == kStages);
}

TEST_CASE(
    "a disk that is full but for the reserve stops no round that is under way, and lets no "
    "other begin",
    "[disk]") {
  Federation federation(kDevices);
  const auto disk = SmallDisk::mount(testing::state_of(federation), kDiskMib);
  if (disk == nullptr) return;
  REQUIRE(federation.start_coordinator(with_reserve(federation)));
  federation.submit("digits", {.rounds = 2, .devices = kDevices});
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, {"--stop-at", at(1, 2)});
  REQUIRE(device.wait_until_stopped());
  disk->fill((kReserveMib << 20) / 2);
  device.send_signal(SIGCONT);
  REQUIRE(federation.wait_for_round("digits", 1));
  CHECK(federation.task("digits").current_version == 2);
  const auto waits = [&] { return federation.log_lines("no round can begin"); };
  REQUIRE(Federation::eventually([&] { return !waits().empty(); }));
  CHECK(contains(waits().front(), "bytes, and the disk has 0 free"));
  const auto refused = federation.try_submit("letters", {.rounds = 1, .devices = kDevices});
  CHECK(refused.exit_status != 0);
  CHECK(contains(refused.output, std::to_string(kReserveMib) + " MiB are kept in reserve"));
  CHECK(federation.task("digits").next_round == 2);
  CHECK(waits().size() == 1);  // said once
  disk->make_room();
  REQUIRE(federation.wait_for_end("digits"));
  CHECK(count_aborted(check_truth(federation, "digits")) == 0);
}

TEST_CASE(
    "a coordinator does not start on a full or a read-only disk, says why, and starts when "
    "that is over",
    "[disk]") {
  Federation federation(kDevices);
  const auto state = testing::state_of(federation);
  const auto disk = SmallDisk::mount(state, kDiskMib);
  if (disk == nullptr) return;
  REQUIRE(federation.start_coordinator(with_reserve(federation)));
  federation.submit("digits", {.rounds = 2, .devices = kDevices});
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, {"--stop-at", at(1, 3)});
  REQUIRE(device.wait_until_stopped());
  federation.kill_coordinator();
  disk->fill();
  const std::string full = testing::refusal(federation, with_reserve(federation));
  INFO(full);
  CHECK(contains(full, state.string()));
  CHECK(contains(full, "full; free some space"));
  disk->make_room();
  disk->make_read_only(state);
  const std::string read_only = testing::refusal(federation, with_reserve(federation));
  INFO(read_only);
  CHECK(contains(read_only, state.string()));
  CHECK(contains(read_only, "read-only"));
  disk->make_writable(state);
  REQUIRE(federation.start_coordinator(with_reserve(federation)));
  device.send_signal(SIGCONT);
  REQUIRE(federation.wait_for_end("digits"));
  CHECK(count_aborted(check_truth(federation, "digits")) == 0);  // the round went on
}

TEST_CASE(
    "a coordinator whose disk becomes read-only ends the round by name, and goes on when it "
    "can write",
    "[disk]") {
  Federation federation(kDevices);
  const auto state = testing::state_of(federation);
  const auto disk = SmallDisk::mount(state, kDiskMib);
  if (disk == nullptr) return;
  REQUIRE(federation.start_coordinator(with_reserve(federation)));
  federation.submit("digits", {.rounds = 1, .devices = kDevices});
  federation.start_devices(kDevices - 1);
  Process& device = federation.start_device(kDevices, {"--stop-at", at(1, 2)});
  REQUIRE(device.wait_until_stopped());
  // The database is open, and stays as it was opened.
  disk->make_read_only(state / "incoming");
  device.send_signal(SIGCONT);
  const auto complaints = [&] { return federation.log_lines("the store cannot be written"); };
  REQUIRE(Federation::eventually([&] { return !complaints().empty(); }));
  CHECK(contains(complaints().front(), "the file system is read-only"));
  CHECK_FALSE(testing::model_values(federation, "digits").empty());
  disk->make_writable(state / "incoming");
  REQUIRE(federation.wait_for_end("digits"));
  const auto rounds = check_standing(federation, "digits");
  CHECK(contains(round_of(rounds, 1).round.outcome, "read-only"));
  CHECK(federation.task("digits").note == "all its rounds are done");
}

TEST_CASE(
    "a device whose disk is full sends nothing that it could not keep, says so, and goes on "
    "when there is room",
    "[disk]") {
  constexpr int kRounds = 10;
  const std::string name = Federation::name_of(kDevices);
  Federation federation(kDevices);
  const auto disk = SmallDisk::mount(federation.folder() / name, 1);
  if (disk == nullptr) return;
  federation.start_coordinator();
  federation.submit("digits", {.rounds = kRounds, .devices = kDevices});
  federation.start_devices(kDevices - 1);
  for (int round = 1; round <= kRounds; ++round) {
    INFO("round " << round);
    // It stops before each of its calls: in every round the disk is full from a later one on. A new
    // process has no earlier error to tell of.
    Process& device = federation.start_device(kDevices, {"--stop-before-calls", "1"});
    for (int calls = 0; calls < round; ++calls) {
      REQUIRE(device.wait_until_stopped());
      device.send_signal(SIGCONT);
    }
    REQUIRE(device.wait_until_stopped());
    disk->fill();
    const auto complaints = [&] { return count_in(device.output(), "No space left on device"); };
    const std::size_t before = complaints();
    const auto goes_on_until = [&](const auto& is_so) {
      return Federation::eventually([&] {
        device.send_signal(SIGCONT);
        return is_so();
      });
    };
    REQUIRE(goes_on_until([&] { return complaints() > before; }));
    disk->make_room();
    REQUIRE(goes_on_until([&] {
      return federation.task("digits").current_version > static_cast<std::uint64_t>(round);
    }));
  }
  federation.start_device(kDevices);
  REQUIRE(federation.wait_for_end("digits"));
  testing::come_to_rest(federation, "digits", kDevices);
  const auto rounds = check_truth(federation, "digits");
  CHECK(count_aborted(rounds) == 0);
  for (const RoundDetails& round : rounds) CHECK(round.survivors.size() == kDevices);
  check_receipts(federation, "digits", kDevices, rounds);
}

}  // namespace covey
