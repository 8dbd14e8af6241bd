// The loops of kernel_loops.h and hadamard_loops.h, compiled for each path. Instruction sets are
// chosen function by function, so that the rest of the library runs on any processor.
//
// This file is built with -ffp-contract=off, since a multiplication fused with an addition rounds
// once instead of twice, and not every path can; with -fno-trapping-math, since nobody reads the
// floating-point exception flags, for whose sake gcc would not turn comparisons into vectors; and
// with -O3 in every build type.
#include "kernels.h"

#include <cstring>

#include "covey/base/check.h"
#include "hadamard_loops.h"
#include "kernel_loops.h"

#define COVEY_TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define COVEY_TARGET_AVX2 __attribute__((target("avx2")))
#define COVEY_TARGET_BASELINE

namespace covey::ring {
namespace {

// One struct of functions a path, and its table.
#define COVEY_PATH(Path, kBytes, COVEY_TARGET)                                                   \
  struct Path {                                                                                  \
    COVEY_TARGET static double sum_of_squares(std::span<const float> values) {                   \
      return loops::sum_of_squares(values);                                                      \
    }                                                                                            \
    COVEY_TARGET static void scale(std::span<float> values, double factor) {                     \
      loops::scale(values, factor);                                                              \
    }                                                                                            \
    COVEY_TARGET static void rotate(std::span<const std::uint32_t> signs,                        \
                                    std::span<float> block) {                                    \
      loops::rotate<kBytes>(signs, block);                                                       \
    }                                                                                            \
    COVEY_TARGET static void unrotate(std::span<const std::uint32_t> signs,                      \
                                      std::span<float> block) {                                  \
      loops::unrotate<kBytes>(signs, block);                                                     \
    }                                                                                            \
    template <typename Lane>                                                                     \
    COVEY_TARGET static std::uint64_t quantize(std::span<const float> values,                    \
                                               std::span<const std::uint32_t> noise,             \
                                               const Quantizer& quantizer, std::uint64_t weight, \
                                               std::span<Lane> out) {                            \
      return loops::quantize(values, noise, quantizer, weight, out);                             \
    }                                                                                            \
    template <typename Lane>                                                                     \
    COVEY_TARGET static bool dequantize(std::span<const Lane> lanes, std::uint32_t bits,         \
                                        const Quantizer& quantizer, std::uint64_t weight,        \
                                        std::span<float> out) {                                  \
      return loops::dequantize(lanes, bits, quantizer, weight, out);                             \
    }                                                                                            \
  };

template <typename Path, typename Lane>
constexpr LaneKernels<Lane> lane_table() {
  return {Path::template quantize<Lane>, Path::template dequantize<Lane>};
}
template <typename Path>
constexpr Kernels table() {
  return {Path::sum_of_squares,
          Path::scale,
          Path::rotate,
          Path::unrotate,
          lane_table<Path, std::uint16_t>(),
          lane_table<Path, std::uint32_t>(),
          lane_table<Path, std::uint64_t>()};
}

COVEY_PATH(Baseline, 16, COVEY_TARGET_BASELINE)
constexpr Kernels kBaselineKernels = table<Baseline>();
#if defined(__x86_64__)
COVEY_PATH(Avx2, 32, COVEY_TARGET_AVX2)
COVEY_PATH(Avx512, 64, COVEY_TARGET_AVX512)
constexpr Kernels kAvx2Kernels = table<Avx2>();
constexpr Kernels kAvx512Kernels = table<Avx512>();
#endif
#undef COVEY_PATH

// __builtin_cpu_supports also asks whether the operating system saves the registers.
std::vector<KernelPath> detect_kernel_paths() {
  std::vector<KernelPath> paths;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    paths.push_back(KernelPath::kAvx512);
  }
  if (__builtin_cpu_supports("avx2")) paths.push_back(KernelPath::kAvx2);
#endif
  paths.push_back(KernelPath::kBaseline);
  return paths;
}

}  // namespace

std::string_view name_of(KernelPath path) {
  switch (path) {
    case KernelPath::kAvx512:
      return "avx512";
    case KernelPath::kAvx2:
      return "avx2";
    case KernelPath::kBaseline:
      return "baseline";
  }
  return "unknown";
}

std::vector<KernelPath> available_kernel_paths() {
  static const std::vector<KernelPath> paths = detect_kernel_paths();
  return paths;
}

const Kernels& kernels_of(KernelPath path) {
#if defined(__x86_64__)
  if (path == KernelPath::kAvx512) return kAvx512Kernels;
  if (path == KernelPath::kAvx2) return kAvx2Kernels;
#endif
  COVEY_CHECK(path == KernelPath::kBaseline);  // callers choose out of available_kernel_paths()
  return kBaselineKernels;
}

const Kernels& kernels() {
  static const Kernels& fastest = kernels_of(available_kernel_paths().front());
  return fastest;
}

void subtract(ByteView a, ByteView b, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    float minuend;
    float subtrahend;
    std::memcpy(&minuend, a.data() + i * sizeof(float), sizeof(float));
    std::memcpy(&subtrahend, b.data() + i * sizeof(float), sizeof(float));
    out[i] = minuend - subtrahend;
  }
}

template <typename Lane>
void add(std::span<const Lane> other, std::span<Lane> lanes) {
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] = static_cast<Lane>(lanes[i] + other[i]);
}

template void add(std::span<const std::uint16_t>, std::span<std::uint16_t>);
template void add(std::span<const std::uint32_t>, std::span<std::uint32_t>);
template void add(std::span<const std::uint64_t>, std::span<std::uint64_t>);

}  // namespace covey::ring
