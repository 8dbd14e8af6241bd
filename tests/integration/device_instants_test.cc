#include <algorithm>
#include <csignal>
#include <sstream>

#include "integration/world/deeds.h"
#include "integration/world/history.h"
#include "support/catch.h"

// A device that is killed just before and just after every write of its storage and every call to
// its coordinator: at each such instant the n-th time that it comes there in its life, with n
// growing from life to life until one is long enough for a whole round. Then each round's record,
// the model and the device's receipts must say the same.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_receipts;
using testing::check_truth;
using testing::count_aborted;
using testing::did;
using testing::Federation;
using testing::History;
using testing::TaskSettings;

constexpr const char* kTask = "digits";
constexpr int kDevices = 4;      // the last one dies
constexpr int kMostLives = 100;  // of one instant: more than a device does in a round

enum class ComesBack { kAtOnce, kAfterTheRound };

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

class Run {
 public:
  Run(std::string instant, ComesBack comes_back, const TaskSettings& task)
      : instant_(std::move(instant)),
        comes_back_(comes_back),
        federation_(kDevices),
        history_(federation_, kTask) {
    federation_.start_coordinator();
    federation_.submit(kTask, task);
    federation_.start_devices(kDevices - 1);
  }

  // To the end of the life that was long enough. Returns how many there were before it.
  int live() {
    int passing = 1;
    for (; dies(passing); ++passing) {
      REQUIRE(passing < kMostLives);
      CHECK(federation_.device(kDevices).wait() == 128 + SIGKILL);
      did("device kills");
      if (comes_back_ == ComesBack::kAfterTheRound) wait_for_open_round();
    }
    return passing - 1;
  }

  std::vector<RoundDetails> end() {
    federation_.start_device(kDevices);
    // A round without it may have been the last one.
    const std::uint64_t next = federation_.task(kTask).next_round;
    REQUIRE(federation_.wait_for_round(kTask, next));
    come_to_rest(federation_, kTask, kDevices);
    REQUIRE(history_.look());
    const auto rounds = check_truth(federation_, kTask);
    for (int device = 1; device <= kDevices; ++device) {
      check_receipts(federation_, kTask, device, rounds);
    }
    return rounds;
  }

 private:
  // Whether it dies before a round that it was in, and that began in this life, has ended.
  bool dies(int passing) {
    INFO("life " << passing);
    REQUIRE(history_.look());
    const std::uint64_t whole = history_.task()->next_round;
    federation_.start_device(kDevices,
                             {"--die-at-instant", instant_ + ":" + std::to_string(passing)});
    bool has_died = false;
    REQUIRE(Federation::eventually([&] {
      has_died = federation_.device(kDevices).wait(std::chrono::milliseconds(0)).has_value();
      return has_died ||
             (history_.look() && history_.has_seen(Federation::name_of(kDevices), whole));
    }));
    return has_died;
  }

  void wait_for_open_round() {
    REQUIRE(history_.look());
    const std::uint64_t open = history_.task()->next_round - 1;
    REQUIRE(Federation::eventually(
        [&] { return open == 0 || (history_.look() && history_.has_ended(open)); }));
  }

  const std::string instant_;
  const ComesBack comes_back_;
  Federation federation_;
  History history_;
};

std::vector<std::string> all_instants() {
  const Federation federation(1);
  const auto printed = testing::run_command({COVEY_TEST_DEVICE, "--print-instants"},
                                            federation.folder() / "instants");
  REQUIRE(printed.exit_status == 0);
  std::vector<std::string> instants;
  std::stringstream lines(printed.output);
  for (std::string line; std::getline(lines, line);) instants.push_back(line);
  REQUIRE(!instants.empty());
  return instants;
}

// No round is declined by a device that has nothing against it: that has a scenario of its own.
bool is_of_declining(const std::string& instant) { return instant.ends_with("-decline"); }

// Rounds that go on without a device soon.
TaskSettings impatient() {
  return {.rounds = 10'000,
          .devices = kDevices,
          .step_idle = "1500ms",
          .dropout_fraction = 0.25,
          .minimum = kDevices - 1,
          .training_deadline = "4s",
          .give_up_after = 1'000};
}

void goes_on_without_it(const std::vector<std::string>& instants) {
  std::size_t without = 0;
  for (const std::string& instant : instants) {
    INFO("the instant " << instant);
    Run run(instant, ComesBack::kAfterTheRound, impatient());
    CHECK((run.live() > 0 || is_of_declining(instant)));
    const auto rounds = run.end();
    without += static_cast<std::size_t>(std::ranges::count_if(rounds, [](const auto& round) {
      return round.round.state == RoundState::kCompleted &&
             !contains(round.survivors, Federation::name_of(kDevices));
    }));
    did("instants");
  }
  CHECK(without > 0);
  did("rounds without the device", without);
}

}  // namespace

TEST_CASE("a device may die at any instant and come back: it is counted once in every round",
          "[device-death][instants]") {
  for (const std::string& instant : all_instants()) {
    INFO("the instant " << instant);
    Run run(instant, ComesBack::kAtOnce, {.rounds = 10'000, .devices = kDevices});
    CHECK((run.live() > 0 || is_of_declining(instant)));
    const auto rounds = run.end();
    CHECK(count_aborted(rounds) == 0);
    for (const RoundDetails& round : rounds) CHECK(round.round.survivors == kDevices);
    did("instants");
  }
}

TEST_CASE("a device that comes back after its round is in the sum or says that it is not",
          "[device-death][instants]") {
  goes_on_without_it({"after-append", "after-send"});
}

TEST_CASE("a device may die at any instant and come back after its round",
          "[.long][device-death][instants]") {
  goes_on_without_it(all_instants());
}

TEST_CASE("a device that dies while it declines a round has not taken part in it",
          "[device-death][instants]") {
  for (const char* const instant : {"before-decline:1", "after-decline:1", "before-put:1"}) {
    INFO("the instant " << instant);
    Federation federation(kDevices);
    federation.start_coordinator();
    TaskSettings task = impatient();
    task.rounds = 2;
    federation.submit(kTask, task);
    federation.start_devices(kDevices - 1);
    auto& device =
        federation.start_device(kDevices, {"--fail-training", "1", "--die-at-instant", instant});
    REQUIRE(device.wait() == 128 + SIGKILL);
    did("device kills");
    federation.start_device(kDevices, {"--fail-training", "1"});
    REQUIRE(federation.wait_for_end(kTask));
    come_to_rest(federation, kTask, kDevices);
    const auto rounds = check_truth(federation, kTask);
    CHECK(!contains(rounds.front().survivors, Federation::name_of(kDevices)));
    for (int number = 1; number <= kDevices; ++number) {
      check_receipts(federation, kTask, number, rounds);
    }
  }
}

}  // namespace covey
