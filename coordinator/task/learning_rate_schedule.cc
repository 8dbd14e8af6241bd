#include "covey/coordinator/learning_rate_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace covey::coordinator {
namespace {

constexpr double kSmallestFactor = 1e-6;

// From 1 at 0 to exactly 0 at `last` and after.
double half_cosine(std::uint64_t at, std::uint64_t last) {
  if (at == 0) return 1;
  if (at >= last) return 0;
  const double part = static_cast<double>(at) / static_cast<double>(last);
  return (1 + std::cos(std::numbers::pi * part)) / 2;
}

}  // namespace

std::string_view name_of(Decay decay) {
  switch (decay) {
    case Decay::kConstant:
      return "constant";
    case Decay::kStep:
      return "step";
    case Decay::kExponential:
      return "exponential";
    case Decay::kCosine:
      return "cosine";
  }
  return "unknown";
}

double LearningRateSchedule::factor(std::uint64_t round, std::uint64_t rounds) const {
  round = std::max<std::uint64_t>(round, 1);
  if (round <= warmup_rounds) {
    const double rising = static_cast<double>(round) / (static_cast<double>(warmup_rounds) + 1);
    return std::max(kSmallestFactor, rising);
  }
  const std::uint64_t gone = round - warmup_rounds - 1;  // rounds since the whole rate
  const std::uint64_t last = rounds > warmup_rounds ? rounds - warmup_rounds - 1 : 0;
  double value = 1;
  if (decay == Decay::kStep) {
    value = std::pow(decay_factor, static_cast<double>(gone / decay_rounds));
  } else if (decay == Decay::kExponential) {
    value = std::pow(decay_factor, static_cast<double>(gone));
  } else if (decay == Decay::kCosine) {
    value = floor + (1 - floor) * half_cosine(gone, last);
  }
  return std::max(kSmallestFactor, value);
}

}  // namespace covey::coordinator
