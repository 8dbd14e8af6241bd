#include "covey/aggregation/ring/rotation.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "covey/crypto/mask_expander.h"
#include "covey/crypto/transcript.h"

namespace covey::ring {
namespace {

constexpr std::uint64_t kMaxBlock = std::uint64_t{1} << 16;
constexpr std::size_t kUnroll = 8;  // a fixed count, which compilers turn into vector instructions

// One level: every pair at distance `half` becomes its sum and its difference.
void butterflies(std::span<float> block, std::size_t half) {
  for (std::size_t start = 0; start < block.size(); start += 2 * half) {
    float* low = block.data() + start;
    float* high = low + half;
    std::size_t i = 0;
    for (; i + kUnroll <= half; i += kUnroll) {
      float sums[kUnroll];
      float differences[kUnroll];
      for (std::size_t k = 0; k < kUnroll; ++k) sums[k] = low[i + k] + high[i + k];
      for (std::size_t k = 0; k < kUnroll; ++k) differences[k] = low[i + k] - high[i + k];
      for (std::size_t k = 0; k < kUnroll; ++k) low[i + k] = sums[k];
      for (std::size_t k = 0; k < kUnroll; ++k) high[i + k] = differences[k];
    }
    for (; i < half; ++i) {
      const float sum = low[i] + high[i];
      const float difference = low[i] - high[i];
      low[i] = sum;
      high[i] = difference;
    }
  }
}

// Multiplies by the orthonormal Walsh-Hadamard matrix, which is its own inverse.
void hadamard(std::span<float> block) {
  for (std::size_t half = 1; half < block.size(); half *= 2) butterflies(block, half);
  const float scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(block.size())));
  for (float& value : block) value *= scale;
}

// The random signs of every block, as the keystream of a key that the public seed gives.
class Signs {
 public:
  explicit Signs(const Digest& public_seed)
      : key_(crypto::Transcript("covey/v1/rotation").field(public_seed).digest()) {}

  void flip(std::span<float> block, std::uint64_t index) {
    bits_.assign((block.size() + 31) / 32, 0);
    expander_.add<std::uint32_t>(key_, index, 0, bits_);
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::uint32_t sign = ((bits_[i / 32] >> (i % 32)) & 1u) << 31;
      block[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(block[i]) ^ sign);
    }
  }

 private:
  SecretKey key_;  // as secret as the seed: not at all
  crypto::MaskExpander expander_;
  std::vector<std::uint32_t> bits_;
};

struct Blocks {
  std::uint64_t size;
  std::uint64_t count;
};

Blocks blocks_of(std::uint64_t length) {
  const std::uint64_t size = rotation_block(length);
  return {size, (length + size - 1) / size};
}

std::span<float> block_at(std::span<float> values, const Blocks& blocks, std::uint64_t index) {
  return values.subspan(std::min(index * blocks.size, values.size() - blocks.size), blocks.size);
}

}  // namespace

std::uint64_t rotation_block(std::uint64_t length) {
  return std::min(kMaxBlock, std::bit_floor(std::max<std::uint64_t>(length, 1)));
}

void rotate(std::span<float> values, const Digest& public_seed) {
  Signs signs(public_seed);
  const Blocks blocks = blocks_of(values.size());
  for (std::uint64_t i = 0; i < blocks.count; ++i) {
    const std::span<float> block = block_at(values, blocks, i);
    signs.flip(block, i);
    hadamard(block);
  }
}

void unrotate(std::span<float> values, const Digest& public_seed) {
  Signs signs(public_seed);
  const Blocks blocks = blocks_of(values.size());
  for (std::uint64_t i = blocks.count; i-- > 0;) {
    const std::span<float> block = block_at(values, blocks, i);
    hadamard(block);
    signs.flip(block, i);
  }
}

}  // namespace covey::ring
