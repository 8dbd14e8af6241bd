#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "quantizer.h"

// A loop is inlined into one function for each path, and compiled with what that path may use.
#define COVEY_INLINE __attribute__((always_inline)) inline

namespace covey::ring::loops {

// The eight sums are what one vector of AVX-512 holds; elsewhere they are two or four vectors.
COVEY_INLINE double sum_of_squares(std::span<const float> values) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  const float* next = values.data();
  const float* const end = next + values.size();
  for (; end - next >= static_cast<std::ptrdiff_t>(kSums); next += kSums) {
    for (std::size_t k = 0; k < kSums; ++k) {
      const double value = next[k];
      sums[k] += value * value;
    }
  }
  double total = 0;
  for (; next != end; ++next) total += static_cast<double>(*next) * *next;
  for (const double sum : sums) total += sum;
  return total;
}

COVEY_INLINE void scale(std::span<float> values, double factor) {
  float* const data = values.data();
  const std::size_t count = values.size();
  for (std::size_t i = 0; i < count; ++i) data[i] = static_cast<float>(data[i] * factor);
}

template <typename Lane>
COVEY_INLINE std::uint64_t quantize(std::span<const float> values,
                                    std::span<const std::uint32_t> noise, const Quantizer& given,
                                    std::uint64_t weight, std::span<Lane> out) {
  // Lanes up to 32 bits have room for the product, so its factors fit 32 bits too.
  using Product = std::conditional_t<sizeof(Lane) == 8, std::uint64_t, std::uint32_t>;
  const Quantizer quantizer = given;  // `out` could alias what is behind a reference
  const float* const from = values.data();
  const std::uint32_t* const random = noise.data();
  Lane* const to = out.data();
  const std::size_t count = values.size();
  std::uint64_t clipped = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = from[i];
    const double inside = std::min(std::max(value, -quantizer.range), quantizer.range);
    clipped += inside != value ? 1u : 0u;
    const Product level = quantizer.level(inside, random[i]);
    to[i] = static_cast<Lane>(static_cast<Product>(weight) * level);
  }
  return clipped;
}

template <typename Lane>
COVEY_INLINE bool dequantize(std::span<const Lane> lanes, std::uint32_t bits,
                             const Quantizer& given, std::uint64_t weight, std::span<float> out) {
  const Quantizer quantizer = given;
  const Lane mask = static_cast<Lane>(~std::uint64_t{0} >> (64 - bits));
  const std::uint64_t largest = weight * quantizer.max_level;
  const Lane* const from = lanes.data();
  float* const to = out.data();
  const std::size_t count = lanes.size();
  Lane highest = 0;
  if (bits <= 52) {
    const double offset = static_cast<double>(largest);
    for (std::size_t i = 0; i < count; ++i) {
      const Lane element = static_cast<Lane>(from[i] & mask);
      highest = std::max(highest, element);
      to[i] = static_cast<float>(quantizer.small_weighted_value(double_of(element), offset));
    }
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      const Lane element = static_cast<Lane>(from[i] & mask);
      highest = std::max(highest, element);
      to[i] = static_cast<float>(quantizer.weighted_value(element, weight));
    }
  }
  return highest <= largest;
}

}  // namespace covey::ring::loops
