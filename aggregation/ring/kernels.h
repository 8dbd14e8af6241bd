#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "covey/base/bytes.h"
#include "quantizer.h"

namespace covey::ring {

// Which instructions run the codec's inner loops. All give the same bits: each loop is written
// once, with a fixed order of IEEE operations, none of them fused, and compiled for each path.
enum class KernelPath { kAvx512, kAvx2, kBaseline };

std::string_view name_of(KernelPath path);  // "avx512", "avx2", "baseline"
// On this machine, fastest first; kBaseline, what the compiler was told to build for, is always
// there.
std::vector<KernelPath> available_kernel_paths();

template <typename Lane>
struct LaneKernels {
  // out[i] = weight · level of values[i], rounded with noise[i], all three of one length; returns
  // how many values lay outside the range. Head-room: weight · max_level fits a lane. No NaN.
  std::uint64_t (*quantize)(std::span<const float> values, std::span<const std::uint32_t> noise,
                            const Quantizer& quantizer, std::uint64_t weight, std::span<Lane> out);
  // out[i] = the weighted value of the lowest `bits` of lanes[i]. False when one of them is larger
  // than any sum of levels with this weight; `out` then means nothing. weight · max_level < 2^bits.
  bool (*dequantize)(std::span<const Lane> lanes, std::uint32_t bits, const Quantizer& quantizer,
                     std::uint64_t weight, std::span<float> out);
};

// The loops of one path.
struct Kernels {
  // In eight sums, added up at the end, always in the same order. Finite exactly when every value
  // is: a double holds the squares of 2^40 of the largest floats.
  double (*sum_of_squares)(std::span<const float> values);
  void (*scale)(std::span<float> values, double factor);
  // One block of the rotation, whose length is a power of two, at most 2^16. `rotate` flips the
  // sign of element i where bit i % 32 of signs[i / 32] is set, then multiplies by the orthonormal
  // Walsh-Hadamard matrix: every pair at distance 1 becomes its sum and its difference, then at
  // distance 2, 4, …, and at last each element is scaled. `unrotate` multiplies and then flips.
  void (*rotate)(std::span<const std::uint32_t> signs, std::span<float> block);
  void (*unrotate)(std::span<const std::uint32_t> signs, std::span<float> block);

  LaneKernels<std::uint16_t> lanes16;
  LaneKernels<std::uint32_t> lanes32;
  LaneKernels<std::uint64_t> lanes64;

  template <typename Lane>
  const LaneKernels<Lane>& lanes() const {
    if constexpr (sizeof(Lane) == 2) return lanes16;
    if constexpr (sizeof(Lane) == 4) return lanes32;
    if constexpr (sizeof(Lane) == 8) return lanes64;
  }
};

const Kernels& kernels_of(KernelPath path);  // which must be available
const Kernels& kernels();                    // the fastest that are

// What waits for memory and not for instructions needs no paths.

// out[i] = a[i] - b[i], of float32 at any alignment, as many as `out` has.
void subtract(ByteView a, ByteView b, std::span<float> out);
// lanes[i] += other[i], wrapping at the lane's width.
template <typename Lane>
void add(std::span<const Lane> other, std::span<Lane> lanes);

}  // namespace covey::ring
