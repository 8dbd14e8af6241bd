#include "coordinator/grpc/byte_budget.h"

#include <vector>

#include "support/catch.h"

using covey::coordinator::ByteBudget;

namespace {

TEST_CASE("one peer cannot use up the budget, and what it gives back is there again",
          "[grpc][budget]") {
  ByteBudget budget(1600);
  std::vector<ByteBudget::SharedHold> greedy;
  while (auto hold = budget.take("greedy", 40)) greedy.push_back(std::move(hold));
  CHECK(greedy.size() == 5);  // an eighth
  CHECK(budget.take("other", 1400) != nullptr);
  greedy.pop_back();
  CHECK(budget.take("greedy", 40) != nullptr);
  CHECK(budget.take("greedy", 41) == nullptr);
}

TEST_CASE("the last quarter of the budget is for peers that have nothing under way",
          "[grpc][budget]") {
  ByteBudget budget(1600);
  std::vector<ByteBudget::SharedHold> greedy;
  for (int peer = 0; peer < 100; ++peer) {
    while (auto hold = budget.take("greedy-" + std::to_string(peer % 12), 10)) {
      greedy.push_back(std::move(hold));
    }
  }
  CHECK(greedy.size() == 120 + 12 - 6);  // three quarters, and one more of each who came late
  std::vector<ByteBudget::SharedHold> modest;
  for (int peer = 0; peer < 30; ++peer) {
    modest.push_back(budget.take("modest-" + std::to_string(peer), 10));
    CHECK(modest.back() != nullptr);
  }
  CHECK(budget.take("late", 400) == nullptr);
  greedy.clear();
  CHECK(budget.take("late", 400) != nullptr);
}

TEST_CASE("a first message may have all of the budget, and a hold on nothing takes nothing",
          "[grpc][budget]") {
  ByteBudget budget(100);
  const auto nothing = budget.take("peer", 0);
  auto again = budget.take("peer", 0);
  REQUIRE(nothing != nullptr);
  again.reset();
  CHECK(budget.take("peer", 101) == nullptr);
  const auto all = budget.take("peer", 100);
  CHECK(all != nullptr);
  CHECK(budget.take("other", 1) == nullptr);
}

}  // namespace
