#include "covey/aggregation/ring/counters.h"

#include <cmath>
#include <random>

#include "support/catch.h"
#include "support/seeds.h"

namespace covey::ring {

TEST_CASE("counters take one lane each and come back", "[ring]") {
  Counters counters{1, 20, 3, 4, 5, 6, {-7, 8, INT64_MIN}};
  std::vector<std::uint64_t> lanes(kFirstMetricLane + 3);
  counters.encode(lanes);
  CHECK(lanes[kDevicesLane] == 1);
  CHECK(lanes[kWeightLane] == 20);
  CHECK(lanes[kFirstMetricLane] == std::uint64_t{0} - 7);
  CHECK(Counters::decode(lanes) == counters);
}

TEST_CASE("sums of lanes are sums of counters, negative metrics too", "[ring][property]") {
  testing::for_each_seed(100, [](testing::Seed seed) {
    std::mt19937_64 random(seed);
    std::vector<std::uint64_t> sum(kFirstMetricLane + 1);
    std::uint64_t weight = 0;
    std::int64_t steps = 0;
    double plain = 0;
    for (int device = 0; device < 50; ++device) {
      const double loss = std::uniform_real_distribution<double>(-3, 3)(random);
      Counters counters;
      counters.devices = 1;
      counters.weight = 1 + random() % 1000;
      const MetricSteps metric = quantize_metric(loss, kMaxMetricSteps).value();
      counters.weighted_metrics = {metric.steps * static_cast<std::int64_t>(counters.weight)};
      weight += counters.weight;
      steps += counters.weighted_metrics[0];
      plain += loss * static_cast<double>(counters.weight);
      std::vector<std::uint64_t> lanes(sum.size());
      counters.encode(lanes);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += lanes[i];
    }
    const Counters total = Counters::decode(sum);
    CHECK(total.devices == 50);
    CHECK(total.weight == weight);
    CHECK(total.weighted_metrics[0] == steps);
    CHECK(std::abs(total.metric_mean(0).value() - plain / static_cast<double>(weight)) <= 0x1p-21);
  });
}

TEST_CASE("a mean over no weight is nothing rather than NaN", "[ring]") {
  Counters counters;
  counters.weighted_metrics = {0};
  CHECK_FALSE(counters.metric_mean(0).has_value());
}

TEST_CASE("a metric is rounded to its step, saturates at the limit, and is finite", "[ring]") {
  CHECK(quantize_metric(1.0, 1 << 21).value().steps == 1 << 20);
  CHECK(quantize_metric(-1.5, 1 << 21).value().steps == -3 * (1 << 19));
  CHECK(quantize_metric(0x1.8p-20, 100).value().steps == 2);
  CHECK(quantize_metric(0x1.7p-20, 100).value().steps == 1);
  CHECK_FALSE(quantize_metric(2.0, 1 << 21).value().saturated);
  CHECK(quantize_metric(2.1, 1 << 21).value().saturated);
  CHECK(quantize_metric(2.1, 1 << 21).value().steps == 1 << 21);
  CHECK(quantize_metric(-1e300, 1 << 21).value().steps == -(1 << 21));
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    CHECK_FALSE(quantize_metric(bad, 100).has_value());
  }
}

}  // namespace covey::ring
