#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "covey/base/result.h"

namespace covey::ring {

// The second segment of a ring vector, lanes of Z/2^64: what one device says about its
// contribution, or the sum over devices.
inline constexpr std::size_t kDevicesLane = 0;  // the constant 1
inline constexpr std::size_t kWeightLane = 1;
inline constexpr std::size_t kCappedWeightsLane = 2;
inline constexpr std::size_t kClippedDevicesLane = 3;
inline constexpr std::size_t kClippedCoordinatesLane = 4;
inline constexpr std::size_t kSaturatedMetricsLane = 5;
inline constexpr std::size_t kFirstMetricLane = 6;

// A metric is fixed-point: a signed number of steps of 2^-20, multiplied by the device's weight, in
// two's complement. The limit of CodecParameters keeps the sum over all devices within 63 bits and
// the sign.
inline constexpr std::uint64_t kMetricOne = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kMaxWeightedMetricSum = ~std::uint64_t{0} >> 1;
inline constexpr std::uint64_t kMaxMetricSteps = std::uint64_t{1} << 53;  // exact as a double

struct Counters {
  std::uint64_t devices = 0;
  std::uint64_t weight = 0;
  std::uint64_t capped_weights = 0;   // devices whose weight was over the cap
  std::uint64_t clipped_devices = 0;  // devices whose difference was over the L2 bound
  std::uint64_t clipped_coordinates =
      0;  // coordinates moved to the edge of their range, float buffers included
  std::uint64_t saturated_metrics = 0;  // metrics moved to the largest magnitude that has room
  std::vector<std::int64_t> weighted_metrics;  // weight · steps

  // The weighted mean of a metric; nothing when no device had any weight.
  std::optional<double> metric_mean(std::size_t metric) const;

  void encode(std::span<std::uint64_t> lanes) const;             // of kFirstMetricLane + metrics
  static Counters decode(std::span<const std::uint64_t> lanes);  // of at least kFirstMetricLane
  bool operator==(const Counters&) const = default;
};

struct MetricSteps {
  std::int64_t steps = 0;
  bool saturated = false;
};

// `value` in steps of 2^-20, to nearest, within [-limit, limit]. kInvalidArgument for NaN and
// infinities.
Result<MetricSteps> quantize_metric(double value, std::uint64_t limit);

}  // namespace covey::ring
