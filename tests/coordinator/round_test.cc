#include "covey/coordinator/round.h"

#include <random>
#include <set>

#include "support/catch.h"
#include "support/seeds.h"

namespace covey::coordinator {
namespace {

using Phase = Round::Phase;
using Place = Round::Place;

CohortRules rules_of(std::uint32_t target, std::uint32_t minimum, double over = 1.0) {
  CohortRules rules;
  rules.target = target;
  rules.minimum = minimum;
  rules.over_selection = over;
  rules.training_deadline = Milliseconds(60'000);
  return rules;
}

template <typename Effect>
const Effect* find(const RoundEffects& effects) {
  for (const RoundEffect& effect : effects) {
    if (const auto* found = std::get_if<Effect>(&effect)) return found;
  }
  return nullptr;
}

constexpr Milliseconds kStart{1'000};

}  // namespace

TEST_CASE("a round forms its group as soon as the target has trained", "[round]") {
  Round round(rules_of(3, 2), kStart);
  for (DeviceHandle device : {7, 8, 9}) CHECK(round.check_in(device));
  CHECK(round.ready(9, kStart).empty());
  CHECK(round.ready(7, kStart).empty());
  const RoundEffects effects = round.ready(8, kStart);
  const auto* form = find<round_effect::FormGroups>(effects);
  REQUIRE(form != nullptr);
  CHECK(form->groups == std::vector<std::vector<DeviceHandle>>{{9, 7, 8}});
  CHECK(round.phase() == Phase::kAggregating);
  CHECK(round.group_of(8) == 0u);
}

TEST_CASE("no more devices get work than over-selection allows", "[round]") {
  Round round(rules_of(10, 8, 1.2), kStart);
  for (DeviceHandle device = 0; device < 12; ++device) CHECK(round.check_in(device));
  CHECK_FALSE(round.check_in(12));
  CHECK(round.check_in(3));  // still at it
  round.leave(3, kStart);
  CHECK(round.check_in(12));       // its place is free
  CHECK_FALSE(round.check_in(3));  // and it has left
}

TEST_CASE("who trains too late is told so, and is in no group", "[round]") {
  Round round(rules_of(2, 2, 2.0), kStart);
  for (DeviceHandle device : {1, 2, 3}) round.check_in(device);
  round.ready(1, kStart);
  round.ready(2, kStart);
  CHECK(round.place(3) == Place::kTooLate);
  CHECK(round.ready(3, kStart).empty());
  CHECK_FALSE(round.group_of(3).has_value());
  CHECK(round.place(4) == Place::kOutside);
}

TEST_CASE("at the deadline the minimum is enough, and fewer end the round by name", "[round]") {
  for (const bool is_enough : {true, false}) {
    Round round(rules_of(4, 2), kStart);
    for (DeviceHandle device : {1, 2, 3, 4}) round.check_in(device);
    round.ready(1, kStart);
    if (is_enough) round.ready(2, kStart);
    REQUIRE(round.next_tick());
    CHECK(round.tick(*round.next_tick() - Milliseconds(1)).empty());
    const RoundEffects effects = round.tick(*round.next_tick());
    if (is_enough) {
      CHECK(find<round_effect::FormGroups>(effects) != nullptr);
    } else {
      const auto* aborted = find<round_effect::Aborted>(effects);
      REQUIRE(aborted != nullptr);
      CHECK(aborted->reason.find("1 did, and the task asks for 2") != std::string::npos);
    }
  }
}

TEST_CASE("when all have trained and nobody else comes, the round does not wait for the deadline",
          "[round]") {
  const CohortRules rules = rules_of(4, 2);
  Round round(rules, kStart);
  for (DeviceHandle device : {1, 2}) {
    round.check_in(device);
    CHECK(round.ready(device, kStart).empty());
  }
  CHECK(round.next_tick() == kStart + Round::patience(rules));
  CHECK(find<round_effect::FormGroups>(round.tick(*round.next_tick())) != nullptr);
}

TEST_CASE("a large cohort is split evenly, and one completed group is enough to merge", "[round]") {
  CohortRules rules = rules_of(10, 4);
  rules.group_size = 4;
  Round round(rules, kStart);
  for (DeviceHandle device = 0; device < 10; ++device) round.check_in(device);
  for (DeviceHandle device = 0; device < 10; ++device) round.ready(device, kStart);
  REQUIRE(round.groups().size() == 3);
  for (const auto& group : round.groups()) CHECK((group.size() == 3 || group.size() == 4));
  CHECK(round.group_ended(0, {false, 0, "too few shared"}).empty());
  CHECK(round.group_ended(0, {true, 3, ""}).empty());  // a group ends once
  CHECK(round.group_ended(2, {false, 0, "too few survivors"}).empty());
  const RoundEffects effects = round.group_ended(1, {true, 3, ""});
  const auto* merge = find<round_effect::Merge>(effects);
  REQUIRE(merge != nullptr);
  CHECK(merge->groups == std::vector<std::uint32_t>{1});
  round.published();
  CHECK(round.phase() == Phase::kCompleted);
  CHECK(round.abort("late").empty());
}

TEST_CASE("a round whose groups all fail ends with the reason of the last", "[round]") {
  Round round(rules_of(2, 2), kStart);
  for (DeviceHandle device : {1, 2}) round.check_in(device);
  for (DeviceHandle device : {1, 2}) round.ready(device, kStart);
  const RoundEffects effects = round.group_ended(0, {false, 0, "too few survivors"});
  REQUIRE(find<round_effect::Aborted>(effects) != nullptr);
  CHECK(round.reason() == "too few survivors");
}

TEST_CASE("a round that is saved and restored anywhere goes on as one that was not", "[round]") {
  testing::for_each_seed(200, [](testing::Seed seed) {
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    CohortRules rules = rules_of(static_cast<std::uint32_t>(2 + random() % 8), 2,
                                 1.0 + static_cast<double>(random() % 3) / 2);
    rules.group_size = static_cast<std::uint32_t>(2 + random() % 5);
    Milliseconds now = kStart;
    Round twin(rules, now);
    Round round(rules, now);
    for (int i = 0; i < 200 && !twin.is_over(); ++i) {
      const auto device = static_cast<DeviceHandle>(random() % 20);
      const auto group = static_cast<std::uint32_t>(random() % 4);
      RoundEffects expected;
      RoundEffects effects;
      switch (random() % 6) {
        case 0:
          CHECK(twin.check_in(device) == round.check_in(device));
          break;
        case 1:
          expected = twin.ready(device, now);
          effects = round.ready(device, now);
          break;
        case 2:
          expected = twin.leave(device, now);
          effects = round.leave(device, now);
          break;
        case 3:
          expected = twin.tick(now);
          effects = round.tick(now);
          break;
        case 4:
          expected = twin.group_ended(group, {device % 2 == 0, 2, "odd"});
          effects = round.group_ended(group, {device % 2 == 0, 2, "odd"});
          break;
        case 5:
          twin.published();
          round.published();
          break;
      }
      REQUIRE(expected.size() == effects.size());
      for (std::size_t each = 0; each < effects.size(); ++each) {
        CHECK(expected[each].index() == effects[each].index());
      }
      CHECK(twin.save(now) == round.save(now));
      const Bytes saved = round.save(now);
      // The clock of the next process has another beginning.
      const Milliseconds shift{static_cast<std::int64_t>(random() % 2 * 5'000'000)};
      auto restored = Round::restore(rules, saved, now + shift);
      REQUIRE(restored.has_value());
      CHECK(restored->save(now + shift) == saved);
      auto back = Round::restore(rules, restored->save(now + shift), now);
      REQUIRE(back.has_value());
      round = std::move(*back);
      now += Milliseconds(static_cast<std::int64_t>(random() % 4'000));
    }
  });
}

TEST_CASE("a damaged saved round is refused, and never read past its end", "[round]") {
  Round round(rules_of(3, 2), kStart);
  for (DeviceHandle device : {1, 2, 3}) round.check_in(device);
  for (DeviceHandle device : {1, 2, 3}) round.ready(device, kStart);
  const Bytes saved = round.save(kStart);
  for (std::size_t length = 0; length < saved.size(); ++length) {
    CHECK_FALSE(Round::restore(rules_of(3, 2), ByteView(saved).first(length), kStart).has_value());
  }
}

TEST_CASE("every round ends, whatever its devices do", "[round]") {
  testing::for_each_seed(300, [](testing::Seed seed) {
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    const CohortRules rules = rules_of(static_cast<std::uint32_t>(2 + random() % 6), 2, 1.5);
    Milliseconds now = kStart;
    Round round(rules, now);
    for (DeviceHandle device = 0; device < 10; ++device) {
      if (random() % 2 == 0) round.check_in(device);
      if (random() % 3 == 0) round.ready(device, now);
      if (random() % 5 == 0) round.leave(device, now);
    }
    while (const auto next = round.next_tick()) {
      REQUIRE(*next > now);  // each wake-up moves on
      now = *next;
      round.tick(now);
    }
    for (std::uint32_t group = 0; group < round.groups().size(); ++group) {
      round.group_ended(group, {random() % 2 == 0, 2, "lost"});
    }
    round.published();
    CHECK(round.is_over());
    CHECK(now - kStart <= rules.training_deadline);
  });
}

}  // namespace covey::coordinator
