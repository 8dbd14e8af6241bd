#pragma once

#include <algorithm>
#include <cmath>

#include "covey/aggregation/plan/plan.h"
#include "covey/datasets/draws.h"
#include "covey/simulation/settings.h"
#include "simulation/engine/virtual_time.h"

namespace covey::simulation {

// How long devices take for things, in virtual time.
class DeviceTimes {
 public:
  explicit DeviceTimes(const SimulationSettings& settings) : settings_(settings) {}

  // A message or a blob, one way.
  Milliseconds transfer(std::uint64_t bytes) const {
    const double bits = 8.0 * static_cast<double>(bytes);
    return settings_.latency +
           Milliseconds(static_cast<std::int64_t>(bits / (settings_.megabits_per_second * 1000)));
  }

  static constexpr std::uint64_t kMessageBytes = 256;  // about what a call without a body takes
  Milliseconds message() const { return transfer(kMessageBytes); }

  Milliseconds training(const plan::TrainSettings& train, std::size_t device,
                        std::uint64_t examples) const {
    const std::uint64_t a_step = std::min<std::uint64_t>(train.batch_size, examples);
    const std::uint64_t passes = train.steps > 0 ? train.steps * a_step : train.epochs * examples;
    datasets::Draws draws(datasets::mixed_seed(settings_.seed ^ kStream, device));
    const double factor = std::exp(settings_.speed_spread * draws.bell());
    const double seconds = static_cast<double>(passes) / (settings_.examples_per_second * factor);
    return Milliseconds(static_cast<std::int64_t>(std::min(seconds, kLongest) * 1000));
  }

 private:
  static constexpr std::uint64_t kStream = 0x7370656564;  // apart from the seed's other uses
  static constexpr double kLongest = 1e9;                 // thirty years

  SimulationSettings settings_;
};

}  // namespace covey::simulation
