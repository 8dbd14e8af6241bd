#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "covey/datasets/partition.h"
#include "datasets/partition_checks.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::datasets {
namespace {

using covey::testing::for_each_seed;
using covey::testing::Seed;
using testing::check_covers;

using Labels = std::vector<std::int64_t>;

Labels random_labels(Seed seed, std::size_t examples) {
  std::mt19937_64 random(seed);
  Labels labels;
  for (std::size_t i = 0; i < examples; ++i) {
    labels.push_back(static_cast<std::int64_t>(random() % 10));
  }
  return labels;
}

std::map<std::int64_t, std::size_t> label_counts(const Labels& labels,
                                                 const std::vector<std::size_t>& part) {
  std::map<std::int64_t, std::size_t> counts;
  for (const std::size_t example : part) ++counts[labels[example]];
  return counts;
}

// The share of its most frequent label, on average over the devices.
double purity(const Labels& labels, const Partition& parts) {
  double sum = 0;
  for (const auto& part : parts) {
    std::size_t most = 0;
    for (const auto& [label, count] : label_counts(labels, part)) most = std::max(most, count);
    sum += static_cast<double>(most) / static_cast<double>(part.size());
  }
  return sum / static_cast<double>(parts.size());
}

}  // namespace

TEST_CASE("each device gets its number of shards of the sorted examples", "[datasets][property]") {
  for_each_seed(30, [](Seed seed) {
    Labels labels(1000);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int64_t>(i % 10);
    std::ranges::shuffle(labels, std::mt19937_64(seed));
    const auto parts = partition_by_shards(labels, 50, 2, seed);
    REQUIRE(parts.has_value());
    REQUIRE(parts->size() == 50);
    check_covers(*parts, labels.size());
    // 100 shards of 10, ten of each label: a device has one label twice or two labels once.
    for (const auto& part : *parts) {
      CHECK(part.size() == 20);
      const auto counts = label_counts(labels, part);
      CHECK(counts.size() <= 2);
      for (const auto& [label, count] : counts) CHECK(count % 10 == 0);
    }
    CHECK(partition_by_shards(labels, 50, 2, seed).value() == *parts);
    CHECK(partition_by_shards(labels, 50, 2, seed + 1).value() != *parts);
  });
}

TEST_CASE("shards that do not come out even differ by one example", "[datasets]") {
  const Labels labels = random_labels(1, 1003);
  const auto parts = partition_by_shards(labels, 7, 3, 1);
  REQUIRE(parts.has_value());
  check_covers(*parts, labels.size());
  for (const auto& part : *parts) CHECK((part.size() >= 3 * 47 && part.size() <= 3 * 48));
}

TEST_CASE("a Dirichlet partition gives each device as much, of labels of its own",
          "[datasets][property]") {
  for_each_seed(20, [](Seed seed) {
    const Labels labels = random_labels(seed, 2003);
    for (const double alpha : {0.001, 0.5, 1000.0}) {
      const auto parts = partition_by_dirichlet(labels, 40, alpha, seed);
      REQUIRE(parts.has_value());
      check_covers(*parts, labels.size());
      for (const auto& part : *parts) CHECK((part.size() == 50 || part.size() == 51));
      CHECK(partition_by_dirichlet(labels, 40, alpha, seed).value() == *parts);
      CHECK(partition_by_dirichlet(labels, 40, alpha, seed + 1).value() != *parts);
    }
  });
}

TEST_CASE("the smaller alpha is, the fewer labels a device has", "[datasets][property]") {
  double last = 1.1;
  const Labels labels = random_labels(7, 20'000);
  for (const double alpha : {0.01, 1.0, 10.0, 10'000.0}) {
    double sum = 0;
    for (Seed seed = 1; seed <= 5; ++seed) {
      sum += purity(labels, partition_by_dirichlet(labels, 100, alpha, seed).value());
    }
    CHECK(sum / 5 < last - 0.05);
    last = sum / 5;
    if (alpha < 0.1) CHECK(sum / 5 > 0.85);
  }
  CHECK(last < 0.2);  // ten labels, 200 examples a device: about as the whole
}

// E[Σ q²] of Dir(αp) over C even labels is (α/C + 1)/(α + 1): a device's first labels, before any
// is used up, come in those proportions.
TEST_CASE("proportions are as concentrated as the Dirichlet distribution says", "[datasets]") {
  const Labels labels = random_labels(3, 400'000);
  for (const double alpha : {0.5, 2.0, 20.0}) {
    double sum = 0;
    const auto parts = partition_by_dirichlet(labels, 1000, alpha, 11);
    REQUIRE(parts.has_value());
    const std::size_t devices = 500;
    for (std::size_t device = 0; device < devices; ++device) {
      const double size = static_cast<double>((*parts)[device].size());
      double pairs = 0;  // alike, of two different examples: unbiased
      for (const auto& [label, count] : label_counts(labels, (*parts)[device])) {
        pairs += static_cast<double>(count) * static_cast<double>(count - 1);
      }
      sum += pairs / (size * (size - 1));
    }
    CHECK(sum / static_cast<double>(devices) ==
          Approx((alpha / 10 + 1) / (alpha + 1)).epsilon(0.06));
  }
}

TEST_CASE("more devices than there are examples for are refused by labels too", "[datasets]") {
  const Labels labels = {0, 1, 1, 0, 2, 2};
  CHECK(partition_by_shards(labels, 3, 2, 1).has_value());
  CHECK_FALSE(partition_by_shards(labels, 4, 2, 1).has_value());
  CHECK_FALSE(partition_by_shards(labels, 0, 2, 1).has_value());
  CHECK_FALSE(partition_by_shards(labels, 1, 0, 1).has_value());
  check_covers(partition_by_dirichlet(labels, 6, 0.001, 1).value(), 6);
  CHECK_FALSE(partition_by_dirichlet(labels, 7, 1, 1).has_value());
  CHECK_FALSE(partition_by_dirichlet(labels, 0, 1, 1).has_value());
  CHECK_FALSE(partition_by_dirichlet(labels, 2, 0, 1).has_value());
}

TEST_CASE("partitions by label are the same on every machine", "[datasets]") {
  const Labels labels = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0};
  CHECK(partition_by_shards(labels, 2, 2, 1).value() ==
        Partition{{1, 2, 6, 7, 8}, {0, 3, 4, 5, 9}});
  CHECK(partition_by_dirichlet(labels, 3, 0.5, 1).value() ==
        Partition{{1, 4, 6, 7}, {0, 3, 9}, {2, 5, 8}});
}

}  // namespace covey::datasets
