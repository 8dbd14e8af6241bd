#include <csignal>
#include <fstream>
#include <random>

#include "integration/world/deeds.h"
#include "integration/world/history.h"
#include "integration/world/state_folder.h"
#include "support/catch.h"

// What a coordinator has on its disk is damaged, while it is down and while it runs: it is noticed
// and named, and never served.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_standing;
using testing::check_truth;
using testing::contains;
using testing::count_aborted;
using testing::Damage;
using testing::Federation;
using testing::Process;
using testing::state_of;

constexpr int kDevices = 4;
constexpr std::uint64_t kPageBytes = 4096;  // of SQLite, by default

void put_page(const std::filesystem::path& file, std::uint64_t page, const std::string& bytes) {
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(page * kPageBytes));
  out << bytes;
  REQUIRE(out.flush().good());
  testing::did("pages overwritten");
}

std::string garbage() { return std::string(kPageBytes, '\xa5'); }

// A federation that has completed one round and waits in the second, for its last device.
class Waiting {
 public:
  explicit Waiting(int rounds, const std::string& stop = "2:0") : federation(kDevices) {
    federation.start_coordinator();
    federation.submit("digits", {.rounds = rounds, .devices = kDevices});
    federation.start_devices(kDevices - 1);
    Process& device = federation.start_device(kDevices, {"--stop-at", stop});
    REQUIRE(device.wait_until_stopped());
  }
  void go_on() { federation.device(kDevices).send_signal(SIGCONT); }
  TaskState state() { return federation.task("digits").state; }
  std::string note() { return federation.task("digits").note; }
  RoundRecord round(std::uint64_t number) {
    return federation.admin().round("digits", number)->round;
  }
  std::filesystem::path model(std::uint64_t version) {
    return testing::blob_file(federation,
                              testing::digest_of_version(federation, "digits", version));
  }

  Federation federation;
};

}  // namespace

TEST_CASE(
    "a coordinator with a damaged page in its database does not start, names the file and "
    "leaves it as it is",
    "[disk]") {
  Waiting world(2);
  testing::stop_coordinator(world.federation);  // everything is in the database now
  const auto database = state_of(world.federation) / "covey.db";
  const std::string whole = testing::read_text(database);
  const std::uint64_t pages = whole.size() / kPageBytes;
  REQUIRE(pages > 10);
  for (const std::uint64_t page : {std::uint64_t{0}, std::uint64_t{1}, pages / 2, pages - 1}) {
    INFO("page " << page << " of " << pages);
    put_page(database, page, garbage());
    const std::string damaged = testing::read_text(database);
    const std::string said = testing::refusal(world.federation);
    INFO(said);
    CHECK(contains(said, "the database " + database.string() + " is damaged"));
    CHECK(contains(said, "Restore the folder from a backup"));
    CHECK(testing::read_text(database) == damaged);
    testing::write_text(database, whole);
  }
  world.federation.start_coordinator();
  world.go_on();
  REQUIRE(world.federation.wait_for_end("digits"));
  CHECK(count_aborted(check_truth(world.federation, "digits")) == 0);
}

TEST_CASE(
    "pages of the database that are overwritten while the coordinator runs are never served, "
    "and are named at the next start",
    "[disk]") {
  Waiting world(3);
  testing::stop_coordinator(world.federation);
  world.federation.start_coordinator();
  const auto database = state_of(world.federation) / "covey.db";
  const std::uint64_t pages = std::filesystem::file_size(database) / kPageBytes;
  for (std::uint64_t page = 1; page < pages; ++page) put_page(database, page, garbage());
  world.go_on();
  // It goes on with what it has in memory, or says what is wrong.
  const auto is_noticed = [&] { return !world.federation.log_lines("is damaged").empty(); };
  REQUIRE(Federation::eventually(
      [&] { return is_noticed() || world.federation.task("digits").current_version >= 3; }));
  if (!is_noticed()) check_standing(world.federation, "digits");
  world.federation.kill_coordinator();
  CHECK(contains(testing::refusal(world.federation), "is damaged"));
}

TEST_CASE("a coordinator whose current model is damaged does not start, and names the file",
          "[disk]") {
  Waiting world(2);
  const auto model = world.model(2);
  world.federation.kill_coordinator();
  for (const Damage how : testing::kDamages) {
    const std::string whole = testing::damage(model, how);
    const std::string said = testing::refusal(world.federation);
    INFO(said);
    CHECK(contains(said, "task digits"));
    CHECK(contains(said, model.string()));
    CHECK(contains(said, how == Damage::kMissing ? "it is not there" : "Restore it from a backup"));
    testing::write_text(model, whole);
  }
  world.federation.start_coordinator();
  world.go_on();
  REQUIRE(world.federation.wait_for_end("digits"));
  CHECK(count_aborted(check_truth(world.federation, "digits")) == 0);
}

TEST_CASE(
    "a model that is damaged while a round runs is not served: the round ends by name, and "
    "none begins before it is restored",
    "[disk]") {
  for (const Damage how : {Damage::kAltered, Damage::kMissing}) {
    Waiting world(2);
    const auto model = world.model(2);
    const std::string whole = testing::damage(model, how);
    world.federation.start_device(kDevices);  // which has to fetch it again
    REQUIRE(world.federation.wait_for_round("digits", 2));
    INFO(world.round(2).outcome);
    CHECK(contains(world.round(2).outcome, "its plan or its model cannot be read"));
    CHECK(contains(world.round(2).outcome, model.string()));
    REQUIRE(Federation::eventually([&] { return world.state() == TaskState::kFailed; }));
    CHECK(contains(world.note(), "a round could not be started"));
    CHECK(contains(world.note(), model.string()));
    const auto got = world.federation.covey({"model", "get", "digits", "--out", "/dev/null"});
    CHECK(got.exit_status != 0);
    CHECK(contains(got.output, model.string()));
    testing::write_text(model, whole);
    CHECK(world.federation.covey({"task", "resume", "digits"}).exit_status == 0);
    REQUIRE(world.federation.wait_for_end("digits"));
    CHECK(count_aborted(check_standing(world.federation, "digits")) == 1);
  }
}

TEST_CASE("a plan that is damaged while a round runs ends it by name, and is written anew",
          "[disk]") {
  Waiting world(2);
  const auto plan = testing::blob_file(world.federation, world.round(2).plan);
  const std::string whole = testing::damage(plan, Damage::kAltered);
  world.federation.start_device(kDevices);
  REQUIRE(world.federation.wait_for_end("digits"));
  CHECK(contains(world.round(2).outcome, plan.string()));
  CHECK(count_aborted(check_standing(world.federation, "digits")) == 1);
  CHECK(testing::read_text(plan) == whole);
}

TEST_CASE("a damaged model of an earlier version is refused by name, and nothing else is",
          "[disk]") {
  Waiting world(2);
  const auto model = world.model(1);
  const auto get = [&](const std::string& version) {
    const auto file = world.federation.folder() / "fetched.safetensors";
    std::filesystem::remove(file);
    return world.federation.covey({"model", "get", "digits", "--version", version, "--out", file});
  };
  for (const Damage how : testing::kDamages) {
    const std::string whole = testing::damage(model, how);
    const auto refused = get("1");
    INFO(refused.output);
    CHECK(refused.exit_status != 0);
    CHECK(contains(refused.output, model.string()));
    CHECK(get("2").exit_status == 0);
    world.federation.kill_coordinator();
    world.federation.start_coordinator();
    CHECK(get("1").exit_status != 0);
    testing::write_text(model, whole);
    CHECK(get("1").exit_status == 0);
  }
  world.go_on();
  REQUIRE(world.federation.wait_for_end("digits"));
  CHECK(count_aborted(check_truth(world.federation, "digits")) == 0);
}

TEST_CASE(
    "a damaged session ends its round by name at the next start, and the next round completes",
    "[disk]") {
  for (const Damage how : {Damage::kAltered, Damage::kTruncated}) {
    Waiting world(2, "2:3");
    world.federation.kill_coordinator();
    testing::damage(state_of(world.federation) / "sessions" / "digits" / "2-0", how);
    world.federation.start_coordinator();
    CHECK_FALSE(world.federation.log_lines("is damaged: its round cannot go on").empty());
    world.go_on();
    REQUIRE(world.federation.wait_for_end("digits"));
    INFO(world.round(2).outcome);
    CHECK(world.round(2).state == RoundState::kAborted);
    CHECK(contains(world.round(2).outcome, "group 0 could not be opened"));
    CHECK(count_aborted(check_standing(world.federation, "digits")) == 1);
  }
}

TEST_CASE(
    "a write-ahead log that is cut off anywhere costs the newest records at most: what is "
    "left fits together, or is named",
    "[disk]") {
  constexpr int kCuts = 10;
  std::mt19937_64 random(7);
  Waiting world(6, "4:3");
  Federation& federation = world.federation;
  const std::uint64_t version = federation.task("digits").current_version;
  federation.kill_coordinator();
  // Devices would take an older coordinator at its word.
  for (int device = 1; device < kDevices; ++device) federation.kill_device(device);
  const auto state = state_of(federation);
  std::filesystem::remove(state / "admin.sock");  // which cannot be copied
  const auto kept = federation.folder() / "kept";
  const auto restore = [&](const auto& from, const auto& to) {
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
  };
  restore(state, kept);
  const std::uint64_t size = std::filesystem::file_size(kept / "covey.db-wal");
  REQUIRE(size > 0);
  for (int cut = 0; cut < kCuts; ++cut) {
    const std::uint64_t left = cut == 0 ? 0 : random() % size;
    INFO("the first " << left << " of " << size << " bytes");
    restore(kept, state);
    std::filesystem::resize_file(state / "covey.db-wal", left);
    testing::did("logs cut off");
    if (!federation.start_coordinator({"--log-level", "info"})) {
      const std::string said = federation.coordinator().output();
      INFO(said);
      CHECK((contains(said, "is damaged") || contains(said, "is not in the store")));
      continue;
    }
    if (const auto task = federation.task("digits"); !task.name.empty()) {
      CHECK(task.current_version <= version);
      check_standing(federation, "digits");
    }
    federation.kill_coordinator();
  }
  restore(kept, state);
  federation.start_coordinator();
  federation.start_devices(kDevices - 1);
  world.go_on();
  REQUIRE(federation.wait_for_end("digits"));
  CHECK(count_aborted(check_truth(federation, "digits")) == 0);
}

}  // namespace covey
