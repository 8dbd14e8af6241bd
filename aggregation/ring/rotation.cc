#include "covey/aggregation/ring/rotation.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "covey/crypto/mask_expander.h"
#include "covey/crypto/transcript.h"
#include "kernels.h"

namespace covey::ring {
namespace {

constexpr std::uint64_t kMaxBlock = std::uint64_t{1} << 16;
// The random signs of every block, as the keystream of a key that the public seed gives.
class Signs {
 public:
  explicit Signs(const Digest& public_seed)
      : key_(crypto::Transcript("covey/v1/rotation").field(public_seed).digest()) {}

  // Bit i % 32 of lane i / 32: whether element i of a block of `size` changes its sign.
  std::span<const std::uint32_t> of_block(std::uint64_t index, std::size_t size) {
    bits_.assign((size + 31) / 32, 0);
    expander_.add<std::uint32_t>(key_, index, 0, bits_);
    return bits_;
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
    kernels().rotate(signs.of_block(i, block.size()), block);
  }
}

void unrotate(std::span<float> values, const Digest& public_seed) {
  Signs signs(public_seed);
  const Blocks blocks = blocks_of(values.size());
  for (std::uint64_t i = blocks.count; i-- > 0;) {
    const std::span<float> block = block_at(values, blocks, i);
    kernels().unrotate(signs.of_block(i, block.size()), block);
  }
}

}  // namespace covey::ring
