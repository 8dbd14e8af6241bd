#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "kernel_loops.h"

// The rotation's loops, on vectors of kBytes bytes in the compilers' common notation for them.
// Vectors go by reference: by value their calling convention would depend on the path.
namespace covey::ring::loops {

template <std::size_t kBytes>
struct Vectors {
  typedef float Floats __attribute__((vector_size(kBytes)));
  typedef std::int32_t Ints __attribute__((vector_size(kBytes)));
  static constexpr std::size_t kLanes = kBytes / sizeof(float);
};

inline constexpr std::int32_t kSignBit = std::int32_t{-0x7fffffff} - 1;

// x[k] = -x[k] where signs[k] is the sign bit and not zero.
template <typename Floats, typename Ints>
COVEY_INLINE void flip(Floats& x, const Ints& signs) {
  x = reinterpret_cast<Floats>(reinterpret_cast<Ints>(x) ^ signs);
}

// The same where bit (i + k) % 32 of signs[(i + k) / 32] is set; i is a multiple of the lanes.
template <std::size_t kBytes>
COVEY_INLINE void flip_at(typename Vectors<kBytes>::Floats& x, const std::uint32_t* signs,
                          std::size_t i) {
  typename Vectors<kBytes>::Ints lane_bit;
#pragma GCC unroll 16
  for (std::size_t k = 0; k < Vectors<kBytes>::kLanes; ++k) lane_bit[k] = std::int32_t{1} << k;
  const auto word = static_cast<std::int32_t>(signs[i / 32] >> (i % 32));
  flip(x, ((lane_bit & word) != 0) & kSignBit);
}

// One level within a vector. A lane whose partner stands before it becomes partner - lane, else
// lane + partner; a - b is a + (-b) and a + b is b + a, bit for bit, so both are one addition.
template <std::size_t kHalf, std::size_t kBytes, std::size_t... kLane>
COVEY_INLINE void level_within(typename Vectors<kBytes>::Floats& x, std::index_sequence<kLane...>) {
  using Ints = typename Vectors<kBytes>::Ints;
  const Ints signs = {((kLane & kHalf) != 0 ? kSignBit : 0)...};
  const auto partners = __builtin_shufflevector(x, x, (kLane ^ kHalf)...);
  flip(x, signs);
  x = partners + x;
}

template <std::size_t kBytes, std::size_t kHalf = 1>
COVEY_INLINE void levels_within(typename Vectors<kBytes>::Floats& x) {
  constexpr std::size_t kLanes = Vectors<kBytes>::kLanes;
  level_within<kHalf, kBytes>(x, std::make_index_sequence<kLanes>());
  if constexpr (2 * kHalf < kLanes) levels_within<kBytes, 2 * kHalf>(x);
}

// log2(kRadix) levels between vectors, those at distance 1 first.
template <std::size_t kRadix, typename Floats>
COVEY_INLINE void levels_between(Floats (&x)[kRadix]) {
#pragma GCC unroll 4
  for (std::size_t half = 1; half < kRadix; half *= 2) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRadix; ++i) {
      if ((i & half) != 0) continue;
      const Floats sum = x[i] + x[i + half];
      x[i + half] = x[i] - x[i + half];
      x[i] = sum;
    }
  }
}

// What a pass does beside its levels.
enum class Pass {
  kFirst,          // first the levels within vectors
  kFirstFlipping,  // before those, flips signs
  kMiddle,         // nothing
  kLast,           // at last multiplies
  kLastFlipping,   // and after that flips signs
};

struct Block {
  float* data;
  std::size_t size;
  const std::uint32_t* signs;  // a bit an element
  float factor;                // that makes the matrix orthonormal
};

// The levels at distances `stride` to kRadix / 2 · stride. Each element is loaded and stored once.
template <std::size_t kBytes, std::size_t kRadix, Pass kPass>
COVEY_INLINE void pass(const Block& block, std::size_t stride) {
  using Floats = typename Vectors<kBytes>::Floats;
  for (std::size_t start = 0; start < block.size; start += kRadix * stride) {
    for (std::size_t i = start; i < start + stride; i += Vectors<kBytes>::kLanes) {
      Floats x[kRadix];
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRadix; ++r) {
        const std::size_t at = i + r * stride;
        std::memcpy(&x[r], block.data + at, sizeof(Floats));
        if constexpr (kPass == Pass::kFirstFlipping) flip_at<kBytes>(x[r], block.signs, at);
        if constexpr (kPass <= Pass::kFirstFlipping) levels_within<kBytes>(x[r]);
      }
      levels_between(x);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < kRadix; ++r) {
        const std::size_t at = i + r * stride;
        if constexpr (kPass >= Pass::kLast) x[r] *= block.factor;
        if constexpr (kPass == Pass::kLastFlipping) flip_at<kBytes>(x[r], block.signs, at);
        std::memcpy(block.data + at, &x[r], sizeof(Floats));
      }
    }
  }
}

inline constexpr std::size_t kInnerBlock = 8192;  // floats, which the first-level cache holds

// Every level of an inner block, eight vectors at a time.
template <std::size_t kBytes, Pass kFirst>
COVEY_INLINE void inner_levels(const Block& block) {
  std::size_t stride = Vectors<kBytes>::kLanes;
  pass<kBytes, 8, kFirst>(block, stride);
  for (stride *= 8; stride * 8 <= block.size; stride *= 8) {
    pass<kBytes, 8, Pass::kMiddle>(block, stride);
  }
  if (stride * 4 == block.size) pass<kBytes, 4, Pass::kMiddle>(block, stride);
  if (stride * 2 == block.size) pass<kBytes, 2, Pass::kMiddle>(block, stride);
}

// The levels between inner blocks, of which there are at most eight.
template <std::size_t kBytes, Pass kLast>
COVEY_INLINE void outer_levels(const Block& block, std::size_t inner) {
  switch (block.size / inner) {
    case 1:
      return pass<kBytes, 1, kLast>(block, inner);
    case 2:
      return pass<kBytes, 2, kLast>(block, inner);
    case 4:
      return pass<kBytes, 4, kLast>(block, inner);
    default:
      return pass<kBytes, 8, kLast>(block, inner);
  }
}

template <std::size_t kBytes, Pass kFirst, Pass kLast>
COVEY_INLINE void hadamard(const Block& block) {
  const std::size_t inner = std::min(block.size, kInnerBlock);
  for (std::size_t start = 0; start < block.size; start += inner) {
    inner_levels<kBytes, kFirst>({block.data + start, inner, block.signs + start / 32, 1});
  }
  outer_levels<kBytes, kLast>(block, inner);
}

// Of blocks too small for a pass of eight vectors.
COVEY_INLINE void small_flip(const Block& block) {
  for (std::size_t i = 0; i < block.size; ++i) {
    const std::uint32_t sign = ((block.signs[i / 32] >> (i % 32)) & 1u) << 31;
    block.data[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(block.data[i]) ^ sign);
  }
}
COVEY_INLINE void small_hadamard(const Block& block) {
  float* const x = block.data;
  for (std::size_t half = 1; half < block.size; half *= 2) {
    for (std::size_t start = 0; start < block.size; start += 2 * half) {
      for (std::size_t i = start; i < start + half; ++i) {
        const float sum = x[i] + x[i + half];
        x[i + half] = x[i] - x[i + half];
        x[i] = sum;
      }
    }
  }
  for (std::size_t i = 0; i < block.size; ++i) x[i] *= block.factor;
}

COVEY_INLINE Block block_of(std::span<const std::uint32_t> signs, std::span<float> values) {
  const double size = static_cast<double>(values.size());
  return {values.data(), values.size(), signs.data(), static_cast<float>(1.0 / std::sqrt(size))};
}

template <std::size_t kBytes>
COVEY_INLINE void rotate(std::span<const std::uint32_t> signs, std::span<float> values) {
  const Block block = block_of(signs, values);
  if (block.size >= 8 * Vectors<kBytes>::kLanes) {
    return hadamard<kBytes, Pass::kFirstFlipping, Pass::kLast>(block);
  }
  small_flip(block);
  small_hadamard(block);
}

template <std::size_t kBytes>
COVEY_INLINE void unrotate(std::span<const std::uint32_t> signs, std::span<float> values) {
  const Block block = block_of(signs, values);
  if (block.size >= 8 * Vectors<kBytes>::kLanes) {
    return hadamard<kBytes, Pass::kFirst, Pass::kLastFlipping>(block);
  }
  small_hadamard(block);
  small_flip(block);
}

}  // namespace covey::ring::loops
