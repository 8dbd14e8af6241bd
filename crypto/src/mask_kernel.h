#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "covey/base/secret.h"
#include "covey/crypto/mask_expander.h"

namespace covey::crypto {

// Where in the keystream of a segment a mask starts. The block counter wraps at 2^64 without
// touching the segment number.
struct MaskPosition {
  std::uint64_t segment;
  std::uint64_t block;
  std::size_t skip_bytes;  // of that block, 0 to 15
};

enum class MaskOperation { kAdd, kSubtract };

// Whether processor and operating system can run that path's kernel. False for kEvp, which has no
// kernel.
bool has_mask_kernel(MaskPath path);

// Adds the keystream from `position` on to `lanes`, or subtracts it. Requires
// has_mask_kernel(path). Lane: uint16_t, uint32_t or uint64_t. Thread-safe.
template <typename Lane, MaskOperation kOperation>
void run_mask_kernel(MaskPath path, const SecretKey& key, const MaskPosition& position,
                     std::span<Lane> lanes);

}  // namespace covey::crypto
