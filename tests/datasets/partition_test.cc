#include "covey/datasets/partition.h"

#include <map>
#include <random>
#include <set>

#include "covey/datasets/draws.h"
#include "covey/datasets/examples.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::datasets {
namespace {

using covey::testing::for_each_seed;
using covey::testing::Seed;

void check_covers(const Partition& parts, std::size_t examples) {
  std::set<std::size_t> seen;
  std::size_t total = 0;
  for (const auto& part : parts) {
    CHECK(std::is_sorted(part.begin(), part.end()));
    CHECK_FALSE(part.empty());
    seen.insert(part.begin(), part.end());
    total += part.size();
  }
  CHECK(total == examples);
  CHECK(seen.size() == examples);
  CHECK((examples == 0 || *seen.rbegin() == examples - 1));
}

std::vector<std::int32_t> random_writers(Seed seed, std::size_t examples) {
  std::mt19937_64 random(seed);
  std::vector<std::int32_t> writers;
  for (std::size_t i = 0; i < examples; ++i) {
    writers.push_back(static_cast<std::int32_t>(random() % 30) - 5);
  }
  return writers;
}

}  // namespace

TEST_CASE("a writer's digits are on one device, and every digit is on one", "[datasets]") {
  for_each_seed(50, [](Seed seed) {
    const auto writers = random_writers(seed, 400);
    const auto parts = partition_by_writer(writers, 7, seed);
    REQUIRE(parts.has_value());
    REQUIRE(parts->size() == 7);
    check_covers(*parts, writers.size());
    std::map<std::int32_t, std::set<std::size_t>> devices_of;
    for (std::size_t device = 0; device < parts->size(); ++device) {
      for (const std::size_t example : (*parts)[device]) {
        devices_of[writers[example]].insert(device);
      }
    }
    for (const auto& [writer, devices] : devices_of) CHECK(devices.size() == 1);
    CHECK(partition_by_writer(writers, 7, seed).value() == *parts);
    CHECK(partition_by_writer(writers, 7, seed + 1).value() != *parts);
  });
}

TEST_CASE("an even partition has parts that differ by one example at most", "[datasets]") {
  for_each_seed(20, [](Seed seed) {
    const auto parts = partition_evenly(103, 10, seed);
    REQUIRE(parts.has_value());
    check_covers(*parts, 103);
    for (const auto& part : *parts) CHECK((part.size() == 10 || part.size() == 11));
    CHECK(partition_evenly(103, 10, seed).value() == *parts);
    CHECK(partition_evenly(103, 10, seed + 1).value() != *parts);
  });
}

TEST_CASE("more devices than there is data for are refused", "[datasets]") {
  const std::vector<std::int32_t> writers = {1, 1, 2, 3};
  CHECK(partition_by_writer(writers, 3, 1).has_value());
  CHECK_FALSE(partition_by_writer(writers, 4, 1).has_value());
  CHECK_FALSE(partition_by_writer(writers, 0, 1).has_value());
  CHECK_FALSE(partition_evenly(3, 4, 1).has_value());
  CHECK_FALSE(partition_evenly(3, 0, 1).has_value());
}

TEST_CASE("a partition is the same on every machine", "[datasets]") {
  CHECK(partition_evenly(8, 3, 1).value() == Partition{{3, 4, 6}, {1, 5, 7}, {0, 2}});
}

TEST_CASE("draws below a bound are all possible and none is outside", "[datasets]") {
  Draws draws(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(draws.below(7));
  CHECK(seen.size() == 7);
  CHECK(*seen.rbegin() == 6);
  CHECK(draws.below(1) == 0);
  for (int i = 0; i < 1000; ++i) {
    const double unit = draws.unit();
    CHECK((unit >= 0 && unit < 1));
  }
}

TEST_CASE("a subset holds the examples asked for, in that order", "[datasets]") {
  const Examples examples{{2}, {0, 1, 10, 11, 20, 21}, {5, 6, 7}, 8};
  const std::vector<std::size_t> indices = {2, 0};
  const Examples part = examples.subset(indices);
  CHECK(part.size() == 2);
  CHECK(part.width() == 2);
  CHECK(part.features == std::vector<float>{20, 21, 0, 1});
  CHECK(part.labels == std::vector<std::int64_t>{7, 5});
  CHECK(part.classes == 8);
}

}  // namespace covey::datasets
