#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace covey::ring {

// An integer below 2^52 as a double, exactly: as the low bits of a number between 2^52 and 2^53.
// Not every processor has the conversion for vectors.
inline double double_of(std::uint64_t small) {
  return std::bit_cast<double>(small | std::bit_cast<std::uint64_t>(0x1p52)) - 0x1p52;
}

// Both directions of the map between [-range, range] and the levels 0 … max_level, at most 2^24 - 1
// (see CodecParameters).
struct Quantizer {
  double range = 1;
  std::uint64_t max_level = 1;

  // Stochastic rounding (Suresh et al. 2017, §2): with `noise` uniform over 32 bits, the expected
  // level is level(value) to 2^-32. `value` within [-range, range].
  //
  // The level is floor((floor(exact · 2^32) + noise) / 2^32): the whole part of `exact`, and one
  // more where floor(fraction · 2^32) + noise >= 2^32. The right-hand side of
  // floor(fraction · 2^32) >= 2^32 - noise is an integer, so the floor may be left out; divided by
  // 2^32 it is fraction >= 1 - noise · 2^-32. From `exact` on nothing is rounded: it is below 2^24,
  // so its whole part fits 32 bits, what remains has no more bits than `exact` itself, and
  // 1 + noise · 2^-32 is the double with `noise` as the first bits after the point. So doubles and
  // 32-bit integers are enough, of which processors have vectors.
  std::uint32_t level(double value, std::uint32_t noise) const {
    const double top = static_cast<double>(max_level);
    const double exact = std::min((value + range) * (top / (2 * range)), top);
    const std::int32_t whole = static_cast<std::int32_t>(exact);
    const double fraction = exact - static_cast<double>(whole);
    const auto one_and_noise =
        std::bit_cast<double>(std::bit_cast<std::uint64_t>(1.0) | (std::uint64_t{noise} << 20));
    return static_cast<std::uint32_t>(whole) + (fraction >= 2 - one_and_noise ? 1u : 0u);
  }

  // Sum of w·x, given the sums of w·level and of w; `sum` is at most max_level · weight. The offset
  // goes out in integers, so that nothing is lost to cancellation.
  double weighted_value(std::uint64_t sum, std::uint64_t weight) const {
    const std::uint64_t missing =
        max_level * weight - sum;  // of what all-highest levels would give
    // Sign and magnitude without a branch, which would be taken at random.
    const std::uint64_t negative = sum < missing ? 1 : 0;
    const std::uint64_t magnitude = ((sum - missing) ^ (0 - negative)) + negative;
    // The halves and the product are exact, so their sum is rounded once, as the whole would be.
    const double size = double_of(magnitude >> 32) * 0x1p32 + double_of(magnitude & 0xffffffffu);
    const double twice =
        std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) | (negative << 63));
    return twice * (range / static_cast<double>(max_level));
  }

  // The same for sums and max_level · weight below 2^52: doubles are then as exact as integers.
  // `offset` is max_level · weight.
  double small_weighted_value(double sum, double offset) const {
    return (2 * sum - offset) * (range / static_cast<double>(max_level));
  }
};

}  // namespace covey::ring
