#include "covey/datasets/partition.h"

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>

#include "covey/datasets/draws.h"
#include "datasets/partition_checks.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::datasets {
namespace {

using covey::testing::for_each_seed;
using covey::testing::Seed;
using testing::check_covers;

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
    const auto parts = partition_by_key(writers, 7, seed);
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
    CHECK(partition_by_key(writers, 7, seed).value() == *parts);
    CHECK(partition_by_key(writers, 7, seed + 1).value() != *parts);
  });
}

TEST_CASE("an even partition has parts that differ by one example at most", "[datasets]") {
  for_each_seed(20, [](Seed seed) {
    const auto parts = partition_iid(103, 10, seed);
    REQUIRE(parts.has_value());
    check_covers(*parts, 103);
    for (const auto& part : *parts) CHECK((part.size() == 10 || part.size() == 11));
    CHECK(partition_iid(103, 10, seed).value() == *parts);
    CHECK(partition_iid(103, 10, seed + 1).value() != *parts);
  });
}

TEST_CASE("more devices than there is data for are refused", "[datasets]") {
  const std::vector<std::int32_t> writers = {1, 1, 2, 3};
  CHECK(partition_by_key(writers, 3, 1).has_value());
  CHECK_FALSE(partition_by_key(writers, 4, 1).has_value());
  CHECK_FALSE(partition_iid(3, 4, 1).has_value());
  CHECK_FALSE(partition_iid(3, 0, 1).has_value());
}

TEST_CASE("a partition is the same on every machine", "[datasets]") {
  CHECK(partition_iid(8, 3, 1).value() == Partition{{3, 4, 6}, {1, 5, 7}, {0, 2}});
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

namespace {

// The plain twin: whoever has the fewest examples so far, the first of them, gets the next key.
Partition dealt_plainly(const std::vector<std::int32_t>& keys, std::size_t devices, Seed seed) {
  const std::set<std::int32_t> distinct(keys.begin(), keys.end());
  std::vector<std::int32_t> order(distinct.begin(), distinct.end());
  Draws(seed).shuffle(std::span(order));
  Partition parts(devices);
  for (const std::int32_t key : order) {
    auto& part = *std::ranges::min_element(parts, {}, &std::vector<std::size_t>::size);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == key) part.push_back(i);
    }
  }
  for (auto& part : parts) std::ranges::sort(part);
  return parts;
}

}  // namespace

TEST_CASE("the next writer goes to the device with the fewest digits", "[datasets][property]") {
  for_each_seed(50, [](Seed seed) {
    const auto writers = random_writers(seed, 300);
    CHECK(partition_by_key(writers, 9, seed).value() == dealt_plainly(writers, 9, seed));
  });
}

TEST_CASE("without a number of devices there is one for each writer", "[datasets]") {
  const std::vector<std::int32_t> writers = {7, -1, 7, 3};
  CHECK(partition_by_key(writers, 0, 1).value() == Partition{{1}, {3}, {0, 2}});
  CHECK_FALSE(partition_by_key({}, 0, 1).has_value());
}

TEST_CASE("quantities follow the power law, whatever the seed", "[datasets][property]") {
  for_each_seed(20, [](Seed seed) {
    const auto parts = partition_by_quantity(10'000, 20, 1.0, seed);
    REQUIRE(parts.has_value());
    check_covers(*parts, 10'000);
    std::vector<std::size_t> sizes;
    for (const auto& part : *parts) sizes.push_back(part.size());
    const auto as_dealt = sizes;
    std::ranges::sort(sizes, std::greater<>());
    double harmonic = 0;
    for (int rank = 1; rank <= 20; ++rank) harmonic += 1.0 / rank;
    for (std::size_t rank = 1; rank <= 20; ++rank) {
      const double expected = 1 + 9'980 / harmonic / static_cast<double>(rank);
      CHECK(static_cast<double>(sizes[rank - 1]) == Approx(expected).margin(1.01));
    }
    CHECK(as_dealt != sizes);  // the largest is not always the first device
    CHECK(partition_by_quantity(10'000, 20, 1.0, seed).value() == *parts);
  });
}

TEST_CASE("the smallest device has an example however steep the power law is", "[datasets]") {
  for (const double exponent : {0.0, 3.0, 10.0}) {
    for (const std::size_t examples : {std::size_t{50}, std::size_t{51}, std::size_t{5000}}) {
      const auto parts = partition_by_quantity(examples, 50, exponent, 1);
      REQUIRE(parts.has_value());
      check_covers(*parts, examples);
    }
  }
  CHECK_FALSE(partition_by_quantity(49, 50, 1, 1).has_value());
  CHECK_FALSE(partition_by_quantity(50, 0, 1, 1).has_value());
  CHECK_FALSE(partition_by_quantity(50, 5, -1, 1).has_value());
}

}  // namespace covey::datasets
