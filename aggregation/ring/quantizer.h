#pragma once

#include <algorithm>
#include <cstdint>

namespace covey::ring {

// Both directions of the map between [-range, range] and the levels 0 … max_level (see
// CodecParameters).
struct Quantizer {
  double range = 1;
  std::uint64_t max_level = 1;

  // Stochastic rounding (Suresh et al. 2017, §2): with `noise` uniform over 32 bits, the expected
  // level is level(value) to 2^-32. `value` within [-range, range].
  std::uint64_t level(double value, std::uint32_t noise) const {
    const double top = static_cast<double>(max_level);
    const double exact = std::min((value + range) * (top / (2 * range)), top);
    return (static_cast<std::uint64_t>(static_cast<std::int64_t>(exact * 0x1p32)) + noise) >> 32;
  }

  // Sum of w·x, given the sums of w·level and of w; `sum` is at most max_level · weight. The offset
  // goes out in integers, so that nothing is lost to cancellation.
  double weighted_value(std::uint64_t sum, std::uint64_t weight) const {
    const std::uint64_t missing =
        max_level * weight - sum;  // of what all-highest levels would give
    // Sign and magnitude without a branch, which would be taken at random.
    const std::uint64_t negative = sum < missing ? 1 : 0;
    const std::uint64_t magnitude = ((sum - missing) ^ (0 - negative)) + negative;
    const double twice = static_cast<double>(magnitude) * (negative != 0 ? -1.0 : 1.0);
    return twice * (range / static_cast<double>(max_level));
  }
};

}  // namespace covey::ring
