#include <algorithm>
#include <csignal>
#include <sstream>

#include "integration/world/deeds.h"
#include "integration/world/history.h"
#include "support/catch.h"

// A coordinator that is killed just before and just after everything that it makes durable: at each
// such instant the n-th time that it comes there in its life, with n growing from life to life
// until one is long enough for a whole round.
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
constexpr int kMostLives = 400;  // of one instant: more than anything that one round makes durable
constexpr int kMaskedInput = 3;  // a device's first message with it
// The first round leaves nothing behind that the next one could remove: a state of the strategy.
constexpr std::uint64_t kFirstWithAll = 2;

// Dies before it sends its masked vector, in every round, so that the others lift its mask. It
// comes back when that round has ended.
class DroppingDevice {
 public:
  DroppingDevice(Federation& federation, int device) : federation_(federation), device_(device) {
    start();
  }
  void look_after(std::size_t ended_rounds) {
    if (!federation_.device(device_).wait(std::chrono::milliseconds(0))) return;
    if (!died_after_) {
      died_after_ = ended_rounds;
      did("device kills");
    }
    if (ended_rounds > *died_after_) start();
  }

 private:
  void start() {
    federation_.start_device(device_, {"--die-at", "1:" + std::to_string(kMaskedInput)});
    died_after_.reset();
  }

  Federation& federation_;
  const int device_;
  std::optional<std::size_t> died_after_;  // so many rounds
};

struct Trial {
  TaskSettings task;
  std::uint64_t parameters = Federation::kSmallModel;
  bool has_dropout = false;  // its last device vanishes in every round
};

TaskSettings task_of(int devices) {
  return {.rounds = 10'000, .devices = devices, .strategy = "fedavgm"};
}

// One run of a task through many lives of its coordinator.
class Run {
 public:
  Run(const Trial& trial, std::string instant)
      : trial_(trial),
        instant_(std::move(instant)),
        federation_(trial.task.devices, trial.parameters),
        history_(federation_, kTask) {
    federation_.start_coordinator();  // at the address that it has from now on
    federation_.start_devices(trial.task.devices - (trial.has_dropout ? 1 : 0));
    if (trial.has_dropout) dropping_.emplace(federation_, trial.task.devices);
    federation_.kill_coordinator();
  }

  // To the end of the life that was long enough.
  void live() {
    int passing = 1;
    for (; dies(passing); ++passing) {
      REQUIRE(passing < kMostLives);
      CHECK(federation_.coordinator().wait() == 128 + SIGKILL);
      did("coordinator kills");
    }
    CHECK(passing > 1);  // else nothing comes to this instant, and nothing was tried
  }

  std::vector<RoundDetails> end() {
    const int steady = trial_.task.devices - (trial_.has_dropout ? 1 : 0);
    federation_.kill_coordinator();
    federation_.start_coordinator();
    REQUIRE(history_.look());
    if (trial_.has_dropout) federation_.start_device(trial_.task.devices);  // and lives
    come_to_rest(federation_, kTask, trial_.task.devices);
    REQUIRE(history_.look());
    const auto rounds = check_truth(federation_, kTask, trial_.task.strategy);
    for (int device = 1; device <= steady; ++device) {
      check_receipts(federation_, kTask, device, rounds);
    }
    return rounds;
  }

 private:
  // Whether it dies before a round that began in this life has ended.
  bool dies(int passing) {
    INFO("life " << passing);
    const std::vector<std::string> flags{"--die-at", instant_ + ":" + std::to_string(passing)};
    if (!federation_.start_coordinator(flags)) return true;
    bool has_died = false;
    std::optional<std::uint64_t> whole;  // the first round that begins in this life
    REQUIRE(Federation::eventually([&] {
      has_died = federation_.coordinator().wait(std::chrono::milliseconds(0)).has_value();
      if (has_died) return true;
      if (dropping_) dropping_->look_after(history_.ended_rounds());
      if (!history_.look()) return false;
      if (!history_.task()) {
        federation_.try_submit(kTask, trial_.task);
        return false;
      }
      if (!whole) whole = std::max(history_.task()->next_round, kFirstWithAll);
      return history_.has_ended(*whole);
    }));
    return has_died;
  }

  const Trial trial_;
  const std::string instant_;
  Federation federation_;
  History history_;
  std::optional<DroppingDevice> dropping_;
};

std::vector<std::string> all_instants() {
  const Federation federation(1);
  const auto printed = testing::run_command({COVEY_COORDINATOR, "--print-instants"},
                                            federation.folder() / "instants");
  REQUIRE(printed.exit_status == 0);
  std::vector<std::string> instants;
  std::stringstream lines(printed.output);
  for (std::string line; std::getline(lines, line);) instants.push_back(line);
  REQUIRE(!instants.empty());
  return instants;
}

// No round is lost to a kill: each goes on where it stood.
void survives(const Trial& trial, const std::vector<std::string>& instants) {
  for (const std::string& instant : instants) {
    INFO("the instant " << instant);
    Run run(trial, instant);
    run.live();
    const auto rounds = run.end();
    if (!trial.has_dropout) CHECK(count_aborted(rounds) == 0);
    for (const RoundDetails& round : rounds) {
      if (!trial.has_dropout) CHECK(round.round.survivors == round.round.cohort);
    }
    did("instants");
  }
}

Trial with_dropout(int devices) {
  Trial trial{.task = task_of(devices), .has_dropout = true};
  trial.task.step_idle = "2500ms";
  trial.task.dropout_fraction = 0.2;
  return trial;
}

Trial with_groups() {
  Trial trial{.task = task_of(8), .parameters = Federation::kTwoChunks};
  trial.task.group_size = 4;
  return trial;
}

}  // namespace

TEST_CASE(
    "a coordinator may die before and after everything that it makes durable: no round is lost",
    "[coordinator-death][instants]") {
  survives({.task = task_of(4)}, all_instants());
}

TEST_CASE("a coordinator may die before and after it saves groups with large vectors",
          "[coordinator-death][instants]") {
  survives({.task = task_of(4), .parameters = Federation::kTwoChunks}, {"after-put-session"});
}

TEST_CASE("a coordinator may die at any save of a group in which a device vanished, too",
          "[coordinator-death][instants]") {
  survives(with_dropout(5), {"after-put-session"});
}

TEST_CASE("a coordinator of two groups with large vectors may die at every durable instant",
          "[.long][coordinator-death][instants]") {
  survives(with_groups(), all_instants());
}

TEST_CASE("a coordinator may die at every durable instant of rounds in which a device vanishes",
          "[.long][coordinator-death][instants]") {
  survives(with_dropout(5), all_instants());
}

TEST_CASE("an instant that is none is refused, with all that there are",
          "[coordinator-death][instants]") {
  const Federation federation(1);
  const std::vector<std::string> instants = all_instants();
  for (const char* const wrong : {"noon:1", "before-commit", "before-commit:0", "before-commit:x",
                                  "before-commit:1x", ":1", "after:1"}) {
    INFO(wrong);
    const auto refused = testing::run_command({COVEY_COORDINATOR, "--die-at", wrong},
                                              federation.folder() / "refused");
    CHECK(refused.exit_status == 2);
    for (const std::string& instant : instants) {
      CHECK(refused.output.find(instant) != std::string::npos);
    }
  }
}

}  // namespace covey
