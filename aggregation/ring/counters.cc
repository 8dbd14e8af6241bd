#include "covey/aggregation/ring/counters.h"

#include <cmath>

#include "covey/base/check.h"

namespace covey::ring {

std::optional<double> Counters::metric_mean(std::size_t metric) const {
  if (weight == 0) return std::nullopt;
  return static_cast<double>(weighted_metrics[metric]) / static_cast<double>(kMetricOne) /
         static_cast<double>(weight);
}

void Counters::encode(std::span<std::uint64_t> lanes) const {
  // Both come from one CodecParameters.
  COVEY_CHECK(lanes.size() == kFirstMetricLane + weighted_metrics.size());
  lanes[kDevicesLane] = devices;
  lanes[kWeightLane] = weight;
  lanes[kCappedWeightsLane] = capped_weights;
  lanes[kClippedDevicesLane] = clipped_devices;
  lanes[kClippedCoordinatesLane] = clipped_coordinates;
  lanes[kSaturatedMetricsLane] = saturated_metrics;
  for (std::size_t i = 0; i < weighted_metrics.size(); ++i) {
    lanes[kFirstMetricLane + i] = static_cast<std::uint64_t>(weighted_metrics[i]);
  }
}

Counters Counters::decode(std::span<const std::uint64_t> lanes) {
  // As above.
  COVEY_CHECK(lanes.size() >= kFirstMetricLane);
  Counters counters;
  counters.devices = lanes[kDevicesLane];
  counters.weight = lanes[kWeightLane];
  counters.capped_weights = lanes[kCappedWeightsLane];
  counters.clipped_devices = lanes[kClippedDevicesLane];
  counters.clipped_coordinates = lanes[kClippedCoordinatesLane];
  counters.saturated_metrics = lanes[kSaturatedMetricsLane];
  for (const std::uint64_t lane : lanes.subspan(kFirstMetricLane)) {
    counters.weighted_metrics.push_back(static_cast<std::int64_t>(lane));
  }
  return counters;
}

Result<MetricSteps> quantize_metric(double value, std::uint64_t limit) {
  if (!std::isfinite(value)) return invalid_argument("a metric is not a finite number");
  const double steps = std::round(value * static_cast<double>(kMetricOne));
  const double bound = static_cast<double>(limit);  // exact: at most 2^53
  if (std::abs(steps) <= bound) return MetricSteps{static_cast<std::int64_t>(steps), false};
  const auto edge = static_cast<std::int64_t>(limit);
  return MetricSteps{value < 0 ? -edge : edge, true};
}

}  // namespace covey::ring
