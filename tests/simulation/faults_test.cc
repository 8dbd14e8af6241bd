#include "covey/simulation/faults.h"

#include <cmath>
#include <map>

#include "support/catch.h"

namespace covey::simulation {
namespace {

std::size_t index_of(FaultKind kind) { return static_cast<std::size_t>(kind); }
std::size_t index_of(Step step) { return static_cast<std::size_t>(step); }

// How often each fault comes, over so many draws, for one of each.
std::map<std::pair<FaultKind, Step>, double> frequencies(const FaultSettings& settings,
                                                         std::uint64_t draws) {
  std::map<std::pair<FaultKind, Step>, double> found;
  for (std::uint64_t i = 0; i < draws; ++i) {
    const auto fault = settings.draw(11, 1 + i % 100, i / 100);
    if (fault) found[{fault->kind, fault->step}] += 1.0 / static_cast<double>(draws);
  }
  return found;
}

// Within five deviations of a binomial.
bool is_near(double frequency, double probability, std::uint64_t draws) {
  const double deviation = std::sqrt(probability * (1 - probability) / static_cast<double>(draws));
  return std::abs(frequency - probability) < 5 * deviation;
}

}  // namespace

TEST_CASE("settings without probabilities never fault", "[faults]") {
  const FaultSettings empty;
  CHECK(empty.is_empty());
  for (std::uint64_t i = 0; i < 10'000; ++i) REQUIRE_FALSE(empty.draw(i, i % 7, i / 7));
  FaultSettings settings;
  settings.at[index_of(FaultKind::kDelay)][index_of(Step::kMask)] = 0.1;
  CHECK_FALSE(settings.is_empty());
  FaultSettings scheduled;
  REQUIRE(add_scheduled("1 0 drop mask", scheduled).has_value());
  CHECK_FALSE(scheduled.is_empty());
}

TEST_CASE("a probability is spread evenly over the steps at which a fault is possible",
          "[faults]") {
  constexpr std::uint64_t kDraws = 30'000;
  for (const FaultKind kind : kFaultKinds) {
    FaultSettings settings;
    settings.probability[index_of(kind)] = 0.4;
    const auto found = frequencies(settings, kDraws);
    double possible = 0;
    for (const Step step : kSteps) possible += is_possible(kind, step) ? 1 : 0;
    for (const Step step : kSteps) {
      const auto frequency = found.find({kind, step});
      INFO(name_of(kind) << " at " << name_of(step));
      if (!is_possible(kind, step)) {
        CHECK(frequency == found.end());
      } else {
        REQUIRE(frequency != found.end());
        CHECK(is_near(frequency->second, 0.4 / possible, kDraws));
      }
    }
  }
}

TEST_CASE("a step's own probability is added to the even one, at that step", "[faults]") {
  constexpr std::uint64_t kDraws = 30'000;
  FaultSettings settings;
  settings.probability[index_of(FaultKind::kDrop)] = 0.16;
  settings.at[index_of(FaultKind::kDrop)][index_of(Step::kMask)] = 0.2;
  auto found = frequencies(settings, kDraws);
  CHECK(is_near(found[std::pair(FaultKind::kDrop, Step::kMask)], 0.22, kDraws));
  CHECK(is_near(found[std::pair(FaultKind::kDrop, Step::kAgree)], 0.02, kDraws));
}

TEST_CASE("the first kind that the dice say is the one that comes", "[faults]") {
  constexpr std::uint64_t kDraws = 30'000;
  FaultSettings settings;
  settings.probability[index_of(FaultKind::kCrash)] = 0.5;
  settings.probability[index_of(FaultKind::kNan)] = 0.5;
  auto found = frequencies(settings, kDraws);
  CHECK(is_near(found[std::pair(FaultKind::kNan, Step::kTrain)], 0.25, kDraws));
  settings.probability[index_of(FaultKind::kDrop)] = 1;
  for (std::uint64_t device = 0; device < 100; ++device) {
    CHECK(settings.draw(1, 1, device)->kind == FaultKind::kDrop);
  }
}

TEST_CASE("more of one fault leaves the others where they are", "[faults]") {
  FaultSettings crashes;
  crashes.probability[index_of(FaultKind::kCrash)] = 0.3;
  FaultSettings both = crashes;
  both.probability[index_of(FaultKind::kDrop)] = 0.3;
  std::size_t compared = 0;
  for (std::uint64_t device = 0; device < 1000; ++device) {
    const auto fault = both.draw(5, 2, device);
    if (fault && fault->kind == FaultKind::kDrop) continue;
    CHECK(fault == crashes.draw(5, 2, device));
    ++compared;
  }
  CHECK(compared > 500);
}

TEST_CASE("a fault depends on seed, round and device, and on nothing else", "[faults]") {
  FaultSettings settings;
  settings.probability[index_of(FaultKind::kDrop)] = 0.5;
  const auto drawn = [&](std::uint64_t seed, std::uint64_t round, std::uint64_t first) {
    std::vector<std::optional<Fault>> faults;
    for (std::uint64_t device = 0; device < 64; ++device) {
      faults.push_back(settings.draw(seed, round, first + device));
    }
    return faults;
  };
  CHECK(drawn(1, 1, 0) == drawn(1, 1, 0));
  CHECK(drawn(1, 1, 0) != drawn(2, 1, 0));
  CHECK(drawn(1, 1, 0) != drawn(1, 2, 0));
  CHECK(drawn(1, 1, 0) != drawn(1, 1, 64));
  CHECK(drawn(1, 2, 0) != drawn(2, 1, 0));
}

TEST_CASE("what is scheduled comes whatever the dice say", "[faults]") {
  FaultSettings settings;
  settings.probability[index_of(FaultKind::kDrop)] = 1;
  REQUIRE(add_scheduled("3 17 corrupt mask", settings).has_value());
  REQUIRE(add_scheduled("  3   18 nan train ", settings).has_value());
  CHECK(settings.draw(1, 3, 17) == Fault{FaultKind::kCorrupt, Step::kMask});
  CHECK(settings.draw(2, 3, 17) == Fault{FaultKind::kCorrupt, Step::kMask});
  CHECK(settings.draw(1, 3, 18) == Fault{FaultKind::kNan, Step::kTrain});
  CHECK(settings.draw(1, 4, 17)->kind == FaultKind::kDrop);
  CHECK(settings.draw(1, 3, 16)->kind == FaultKind::kDrop);
}

TEST_CASE("a scheduled fault that makes no sense is refused and changes nothing", "[faults]") {
  FaultSettings settings;
  REQUIRE(add_scheduled("1 2 drop fetch", settings).has_value());
  const auto schedule = settings.schedule;
  const std::map<std::string, std::string> cases = {
      {"", "a fault is a round (from 1)"},
      {"3 17 drop", "such as \"3 17 drop mask\""},
      {"3 17 drop mask again", "a fault is a round"},
      {"0 17 drop mask", "a fault is a round (from 1)"},
      {"-1 17 drop mask", "a fault is a round"},
      {"3 x drop mask", "a fault is a round"},
      {"3 1.5 drop mask", "a fault is a round"},
      {"99999999999999999999 1 drop mask", "a fault is a round"},
      {"3 17 vanish mask", "what happens is one of drop, crash, delay, corrupt, nan"},
      {"3 17 drop masking", "a step is one of fetch, train, join, advertise"},
      {"3 17 nan mask", "nan can happen at train, not at mask"},
      {"3 17 corrupt fetch", "corrupt can happen at advertise, share, mask, agree, unmask, not"},
      {"1 2 delay mask", "device 2 has two faults in round 1"},
  };
  for (const auto& [line, says] : cases) {
    const Status added = add_scheduled(line, settings);
    INFO(line);
    REQUIRE_FALSE(added.has_value());
    CHECK(added.error().code == ErrorCode::kInvalidArgument);
    CHECK(added.error().message.find(says) != std::string::npos);
    CHECK(settings.schedule == schedule);
  }
}

TEST_CASE("steps and faults are found by their names", "[faults]") {
  for (const Step step : kSteps) CHECK(step_from_name(name_of(step)) == step);
  for (const FaultKind kind : kFaultKinds) CHECK(fault_from_name(name_of(kind)) == kind);
  CHECK(name_of(Step::kAdvertise) == "advertise");
  CHECK(name_of(FaultKind::kNan) == "nan");
  CHECK(fault_from_name("partial") == FaultKind::kPartial);
  CHECK_FALSE(step_from_name("masks").has_value());
  CHECK_FALSE(fault_from_name("").has_value());
}

}  // namespace covey::simulation
