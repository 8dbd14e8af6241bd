// AES-256-CTR (FIPS 197, NIST SP 800-38A) fused with the addition of its keystream, in x86
// intrinsics.
//
// Instruction sets are chosen function by function (target attributes), so that the rest of the
// library runs on any processor. Such a function can only inline callees with the same attribute,
// which is why the two vector widths each have an inner loop of their own; all around it is shared.
#include "mask_kernel.h"

#include "covey/base/check.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#define COVEY_TARGET_AES __attribute__((target("sse2,ssse3,aes")))
#define COVEY_TARGET_VAES256 __attribute__((target("avx2,aes,vaes")))
#define COVEY_TARGET_VAES512 __attribute__((target("avx512f,avx512bw,aes,vaes")))
#define COVEY_INLINE __attribute__((always_inline)) static inline

namespace covey::crypto {
namespace {

constexpr std::size_t kBlockBytes = 16;
constexpr int kRoundKeys = 15;
constexpr int kUnroll = 8;  // vectors in flight: hides the latency of the AES units

// What a call leaves in memory: wiped when it ends.
struct Workspace {
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() { wipe({reinterpret_cast<std::uint8_t*>(this), sizeof(*this)}); }

  __m128i round_keys[kRoundKeys];
  alignas(64) std::uint8_t edge[64];  // one vector of lanes and keystream
};

// FIPS 197, section 5.2. AESENCLAST on a word repeated in all four columns is SubWord, then XOR
// with Rcon (ShiftRows moves nothing among equal columns): a shorter chain than AESKEYGENASSIST.
COVEY_TARGET_AES void expand_key(const SecretKey& key, __m128i (&round_keys)[kRoundKeys]) {
  const __m128i last_word = _mm_set1_epi32(0x0f0e0d0c);
  const __m128i last_word_rotated = _mm_set1_epi32(0x0c0f0e0d);  // RotWord
  const std::uint8_t* bytes = key.reveal().data();
  __m128i before = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  __m128i last = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + kBlockBytes));
  __m128i rcon = _mm_set1_epi32(1);
  round_keys[0] = before;
  round_keys[1] = last;
  for (int i = 2; i < kRoundKeys; ++i) {
    const bool even = i % 2 == 0;
    const __m128i word = _mm_aesenclast_si128(
        _mm_shuffle_epi8(last, even ? last_word_rotated : last_word), even ? rcon : __m128i{});
    if (even) rcon = _mm_slli_epi32(rcon, 1);
    // Each word of a round key is the XOR of the words up to it, eight words earlier, and `word`.
    before = _mm_xor_si128(before, _mm_slli_si128(before, 4));
    before = _mm_xor_si128(before, _mm_slli_si128(before, 8));
    before = _mm_xor_si128(before, word);
    std::swap(before, last);
    round_keys[i] = last;
  }
}

// Counter blocks are kept as two 64-bit integers, the segment already big-endian and the block
// number as the processor adds it; this shuffle makes the latter big-endian. The 64-bit addition
// cannot carry into the segment.
COVEY_TARGET_AES __m128i counter_shuffle() {
  return _mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 4, 3, 2, 1, 0);
}
COVEY_TARGET_AES __m128i first_counter(std::uint64_t segment, std::uint64_t block) {
  return _mm_set_epi64x(static_cast<long long>(block),
                        static_cast<long long>(__builtin_bswap64(segment)));
}

struct Vaes512 {
  static constexpr std::size_t kVectorBytes = 64;
  static constexpr std::size_t kVectorBlocks = kVectorBytes / kBlockBytes;

  // The zero-masking form, its mask full: the plain one looks uninitialized to gcc 12.
  COVEY_INLINE COVEY_TARGET_VAES512 __m512i broadcast(__m128i value) {
    return _mm512_maskz_broadcast_i32x4(0xffff, value);
  }

  template <typename Lane, MaskOperation kOperation>
  COVEY_INLINE COVEY_TARGET_VAES512 __m512i combine(__m512i lanes, __m512i mask) {
    constexpr bool kAdd = kOperation == MaskOperation::kAdd;
    if constexpr (sizeof(Lane) == 2) {
      return kAdd ? _mm512_add_epi16(lanes, mask) : _mm512_sub_epi16(lanes, mask);
    } else if constexpr (sizeof(Lane) == 4) {
      return kAdd ? _mm512_add_epi32(lanes, mask) : _mm512_sub_epi32(lanes, mask);
    } else {
      return kAdd ? _mm512_add_epi64(lanes, mask) : _mm512_sub_epi64(lanes, mask);
    }
  }

  // kVectors vectors of lanes at `data`; `counter` moves on. The round keys are broadcast from the
  // workspace, once for all vectors in flight: kept in registers, the compiler would spill some to
  // where nobody wipes them.
  template <typename Lane, MaskOperation kOperation, int kVectors>
  COVEY_INLINE COVEY_TARGET_VAES512 void step(const __m128i (&keys)[kRoundKeys], __m512i shuffle,
                                              __m512i& counter, std::uint8_t* data) {
    const __m512i increment = _mm512_set_epi64(4, 0, 4, 0, 4, 0, 4, 0);
    const __m512i first_key = broadcast(keys[0]);
    __m512i state[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      state[v] = _mm512_xor_si512(_mm512_shuffle_epi8(counter, shuffle), first_key);
      counter = _mm512_add_epi64(counter, increment);
    }
#pragma GCC unroll 16
    for (int round = 1; round < kRoundKeys - 1; ++round) {
      const __m512i key = broadcast(keys[round]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) state[v] = _mm512_aesenc_epi128(state[v], key);
    }
    const __m512i last_key = broadcast(keys[kRoundKeys - 1]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      std::uint8_t* at = data + static_cast<std::size_t>(v) * kVectorBytes;
      const __m512i mask = _mm512_aesenclast_epi128(state[v], last_key);
      _mm512_storeu_si512(at, combine<Lane, kOperation>(_mm512_loadu_si512(at), mask));
    }
  }

  template <typename Lane, MaskOperation kOperation>
  COVEY_TARGET_VAES512 static void run(const Workspace& workspace, std::uint64_t segment,
                                       std::uint64_t block, std::uint8_t* data,
                                       std::size_t vectors) {
    const __m512i shuffle = broadcast(counter_shuffle());
    __m512i counter = _mm512_add_epi64(broadcast(first_counter(segment, block)),
                                       _mm512_set_epi64(3, 0, 2, 0, 1, 0, 0, 0));
    for (; vectors >= kUnroll; vectors -= kUnroll, data += kUnroll * kVectorBytes) {
      step<Lane, kOperation, kUnroll>(workspace.round_keys, shuffle, counter, data);
    }
    for (; vectors > 0; --vectors, data += kVectorBytes) {
      step<Lane, kOperation, 1>(workspace.round_keys, shuffle, counter, data);
    }
  }
};

struct Vaes256 {
  static constexpr std::size_t kVectorBytes = 32;
  static constexpr std::size_t kVectorBlocks = kVectorBytes / kBlockBytes;

  template <typename Lane, MaskOperation kOperation>
  COVEY_INLINE COVEY_TARGET_VAES256 __m256i combine(__m256i lanes, __m256i mask) {
    constexpr bool kAdd = kOperation == MaskOperation::kAdd;
    if constexpr (sizeof(Lane) == 2) {
      return kAdd ? _mm256_add_epi16(lanes, mask) : _mm256_sub_epi16(lanes, mask);
    } else if constexpr (sizeof(Lane) == 4) {
      return kAdd ? _mm256_add_epi32(lanes, mask) : _mm256_sub_epi32(lanes, mask);
    } else {
      return kAdd ? _mm256_add_epi64(lanes, mask) : _mm256_sub_epi64(lanes, mask);
    }
  }

  // kVectors vectors of lanes at `data`; `counter` moves on. Sixteen registers cannot hold the
  // round keys as well: they are broadcast from the workspace, once for all vectors in flight.
  template <typename Lane, MaskOperation kOperation, int kVectors>
  COVEY_INLINE COVEY_TARGET_VAES256 void step(const __m128i (&keys)[kRoundKeys], __m256i shuffle,
                                              __m256i& counter, std::uint8_t* data) {
    const __m256i increment = _mm256_set_epi64x(2, 0, 2, 0);
    __m256i state[kVectors];
    const __m256i first_key = _mm256_broadcastsi128_si256(keys[0]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      state[v] = _mm256_xor_si256(_mm256_shuffle_epi8(counter, shuffle), first_key);
      counter = _mm256_add_epi64(counter, increment);
    }
#pragma GCC unroll 16
    for (int round = 1; round < kRoundKeys - 1; ++round) {
      const __m256i key = _mm256_broadcastsi128_si256(keys[round]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) state[v] = _mm256_aesenc_epi128(state[v], key);
    }
    const __m256i last_key = _mm256_broadcastsi128_si256(keys[kRoundKeys - 1]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      auto* at = reinterpret_cast<__m256i*>(data + static_cast<std::size_t>(v) * kVectorBytes);
      const __m256i mask = _mm256_aesenclast_epi128(state[v], last_key);
      _mm256_storeu_si256(at, combine<Lane, kOperation>(_mm256_loadu_si256(at), mask));
    }
  }

  template <typename Lane, MaskOperation kOperation>
  COVEY_TARGET_VAES256 static void run(const Workspace& workspace, std::uint64_t segment,
                                       std::uint64_t block, std::uint8_t* data,
                                       std::size_t vectors) {
    const __m256i shuffle = _mm256_broadcastsi128_si256(counter_shuffle());
    __m256i counter = _mm256_add_epi64(_mm256_broadcastsi128_si256(first_counter(segment, block)),
                                       _mm256_set_epi64x(1, 0, 0, 0));
    for (; vectors >= kUnroll; vectors -= kUnroll, data += kUnroll * kVectorBytes) {
      step<Lane, kOperation, kUnroll>(workspace.round_keys, shuffle, counter, data);
    }
    for (; vectors > 0; --vectors, data += kVectorBytes) {
      step<Lane, kOperation, 1>(workspace.round_keys, shuffle, counter, data);
    }
  }
};

// Whole vectors in place; what is before the first or after the last of them goes through a vector
// in the workspace.
template <typename Isa, typename Lane, MaskOperation kOperation>
void run(const SecretKey& key, const MaskPosition& position, std::span<Lane> lanes) {
  Workspace workspace;
  expand_key(key, workspace.round_keys);
  auto* data = reinterpret_cast<std::uint8_t*>(lanes.data());
  std::size_t size = lanes.size_bytes();
  std::uint64_t block = position.block;
  const auto run_edge = [&](std::size_t skip, std::size_t count) {
    std::memcpy(workspace.edge + skip, data, count);
    Isa::template run<Lane, kOperation>(workspace, position.segment, block, workspace.edge, 1);
    std::memcpy(data, workspace.edge + skip, count);
    data += count;
    size -= count;
    block += Isa::kVectorBlocks;
  };

  if (position.skip_bytes > 0) {
    run_edge(position.skip_bytes, std::min(size, Isa::kVectorBytes - position.skip_bytes));
  }
  const std::size_t vectors = size / Isa::kVectorBytes;
  Isa::template run<Lane, kOperation>(workspace, position.segment, block, data, vectors);
  data += vectors * Isa::kVectorBytes;
  size -= vectors * Isa::kVectorBytes;
  block += vectors * Isa::kVectorBlocks;
  if (size > 0) run_edge(0, size);
}

}  // namespace

// __builtin_cpu_supports also asks whether the operating system saves the registers (XGETBV). Not
// every compiler knows "vaes" there, so that bit is read here (CPUID leaf 7, ECX bit 9).
bool has_mask_kernel(MaskPath path) {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  const bool vaes = (ecx & (1U << 9)) != 0 && __builtin_cpu_supports("aes");
  switch (path) {
    case MaskPath::kVaes512:
      return vaes && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    case MaskPath::kVaes256:
      return vaes && __builtin_cpu_supports("avx2");
    case MaskPath::kEvp:
      return false;
  }
  return false;
}

template <typename Lane, MaskOperation kOperation>
void run_mask_kernel(MaskPath path, const SecretKey& key, const MaskPosition& position,
                     std::span<Lane> lanes) {
  if (path == MaskPath::kVaes512) return run<Vaes512, Lane, kOperation>(key, position, lanes);
  // Callers asked has_mask_kernel, and there is no third kernel.
  COVEY_CHECK(path == MaskPath::kVaes256);
  run<Vaes256, Lane, kOperation>(key, position, lanes);
}

}  // namespace covey::crypto

#else  // no kernel for this processor

namespace covey::crypto {

bool has_mask_kernel(MaskPath) { return false; }

template <typename Lane, MaskOperation kOperation>
void run_mask_kernel(MaskPath path, const SecretKey&, const MaskPosition&, std::span<Lane>) {
  COVEY_CHECK(has_mask_kernel(path));  // callers asked it
}

}  // namespace covey::crypto

#endif

namespace covey::crypto {

#define COVEY_INSTANTIATE(Lane, operation)                       \
  template void run_mask_kernel<Lane, MaskOperation::operation>( \
      MaskPath, const SecretKey&, const MaskPosition&, std::span<Lane>);
COVEY_INSTANTIATE(std::uint16_t, kAdd)
COVEY_INSTANTIATE(std::uint32_t, kAdd)
COVEY_INSTANTIATE(std::uint64_t, kAdd)
COVEY_INSTANTIATE(std::uint16_t, kSubtract)
COVEY_INSTANTIATE(std::uint32_t, kSubtract)
COVEY_INSTANTIATE(std::uint64_t, kSubtract)
#undef COVEY_INSTANTIATE

}  // namespace covey::crypto
