#include <algorithm>
#include <csignal>
#include <random>
#include <set>
#include <sstream>

#include "integration/world/deeds.h"
#include "integration/world/history.h"
#include "support/catch.h"
#include "support/seeds.h"

// Devices that come and go: three of ten are killed in every round, at instants drawn by a seed.
namespace covey {
namespace {

using namespace coordinator;
using testing::check_receipts;
using testing::check_truth;
using testing::did;
using testing::Federation;
using testing::for_each_seed;
using testing::History;
using testing::Seed;
using testing::TaskSettings;

constexpr const char* kTask = "digits";
constexpr int kDevices = 10;
constexpr int kKilledInARound = 3;
constexpr std::uint64_t kMostPassings = 3;  // so that most of them die within the next round

// A masked vector has more than 3 bytes a parameter, and the coordinator keeps one sum of them in
// its open round. Were the sum of each round kept, the coordinator would grow by twice this; how
// much the allocator keeps for later is no more after a hundred rounds than after twenty.
constexpr std::uint64_t kMostKibARound = Federation::kTwoChunks * 3 / 2 / 1024;

TaskSettings task_of(int rounds) {
  return {.rounds = rounds,
          .devices = kDevices,
          .step_idle = "1500ms",
          .dropout_fraction = 0.3,
          .minimum = kDevices - kKilledInARound,
          .training_deadline = "6s",
          .give_up_after = 1'000};
}

// RssAnon: what the process has in memory now, without the parts of its files that were read.
std::uint64_t resident_kib(const testing::Process& process) {
  std::stringstream status(testing::read_text("/proc/" + std::to_string(process.id()) + "/status"));
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib;
  }
  return 0;
}

class Churn {
 public:
  Churn(Seed seed, int rounds)
      : federation_(kDevices, Federation::kTwoChunks),
        history_(federation_, kTask),
        random_(seed),
        rounds_(rounds) {
    const auto printed = testing::run_command({COVEY_TEST_DEVICE, "--print-instants"},
                                              federation_.folder() / "instants");
    std::stringstream lines(printed.output);
    for (std::string line; std::getline(lines, line);) instants_.push_back(line);
    REQUIRE(!instants_.empty());
    federation_.start_coordinator();
    federation_.submit(kTask, task_of(rounds));
    federation_.start_devices(kDevices);
  }

  // To the end of the task.
  void run() {
    std::size_t seen = 0;
    while (history_.ended_rounds() < static_cast<std::size_t>(rounds_) ||
           federation_.task(kTask).state == TaskState::kRunning) {
      REQUIRE(Federation::eventually([&] {
        bring_back(false);
        return history_.look() &&
               (history_.ended_rounds() > seen || history_.task()->state != TaskState::kRunning);
      }));
      if (history_.task()->state != TaskState::kRunning) break;
      seen = history_.ended_rounds();
      if (early_kib_ == 0 && seen * 5 >= static_cast<std::size_t>(rounds_)) {
        early_kib_ = resident_kib(federation_.coordinator());
        early_rounds_ = seen;
      }
      bring_back(true);  // those that are away for the length of a round
      kill_some();
    }
  }

  void check_memory() {
    const std::uint64_t late_kib = resident_kib(federation_.coordinator());
    const std::uint64_t rounds = history_.ended_rounds() - early_rounds_;
    INFO("memory of the coordinator: " << early_kib_ << " KiB after " << early_rounds_
                                       << " rounds, " << late_kib << " KiB " << rounds
                                       << " rounds later");
    CHECK(early_kib_ > 0);
    CHECK(late_kib < early_kib_ + kMostKibARound * rounds);
    did("KiB of growth", late_kib > early_kib_ ? late_kib - early_kib_ : 0);
  }

  void check() {
    for (int device = 1; device <= kDevices; ++device) federation_.start_device(device);  // to live
    come_to_rest(federation_, kTask, kDevices);
    const auto rounds = check_truth(federation_, kTask);
    for (int device = 1; device <= kDevices; ++device) {
      check_receipts(federation_, kTask, device, rounds);
    }
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  // At once in the middle of what they do, and again at an instant of what they do next.
  void kill_some() {
    std::set<int> chosen;
    while (chosen.size() < kKilledInARound) chosen.insert(1 + static_cast<int>(below(kDevices)));
    for (const int device : chosen) {
      const std::string instant = instants_[below(instants_.size())];
      const std::uint64_t passing = 1 + below(kMostPassings);
      federation_.start_device(device,
                               {"--die-at-instant", instant + ":" + std::to_string(passing)});
      did("device kills");
      if (below(2) == 0) is_patient_.insert(device);
    }
  }

  // Half of those that died come back at once, the others when the round has ended.
  void bring_back(bool has_round_ended) {
    for (int device = 1; device <= kDevices; ++device) {
      if (is_patient_.contains(device) && !has_round_ended) continue;
      if (!federation_.device(device).wait(std::chrono::milliseconds(0))) continue;
      federation_.start_device(device);
      did("device kills");
    }
    if (has_round_ended) is_patient_.clear();
  }

  Federation federation_;
  History history_;
  std::mt19937_64 random_;
  const int rounds_;
  std::vector<std::string> instants_;
  std::set<int> is_patient_;
  std::uint64_t early_kib_ = 0;  // when a fifth of the rounds were over
  std::uint64_t early_rounds_ = 0;
};

}  // namespace

TEST_CASE("rounds go on while devices die at any instant and come back", "[device-death][churn]") {
  for_each_seed(1, [&](Seed seed) {
    Churn run(seed, 8);
    run.run();
    run.check();
  });
}

TEST_CASE("a hundred rounds go on while devices die, and the coordinator does not grow",
          "[.long][device-death][churn]") {
  for_each_seed(1, [&](Seed seed) {
    Churn run(seed, 100);
    run.run();
    run.check_memory();
    run.check();
  });
}

}  // namespace covey
