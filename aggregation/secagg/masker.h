#pragma once

#include <vector>

#include "covey/aggregation/secagg/vector_layout.h"
#include "covey/base/secret.h"
#include "covey/crypto/mask_expander.h"

namespace covey::secagg {

// One mask and what is done with it.
struct MaskTask {
  SecretKey key;
  bool subtract = false;
};

// Elements that are masked at a time: as many as stay in a core's cache with room for the rest. A
// multiple of 8, so that a block ends on a whole byte when packed.
inline constexpr std::size_t kBlockBytes = std::size_t{128} << 10;

// lanes[i] += or -= lane first + i of every mask, modulo the lane's width.
template <typename Lane>
void apply_masks(const std::vector<MaskTask>& masks, std::uint64_t segment, std::uint64_t first,
                 std::span<Lane> lanes, crypto::MaskExpander& expander);

// Masks a vector chunk by chunk. Holds one block of scratch, no key.
class Masker {
 public:
  Masker(const ring::RingShape& shape, crypto::MaskPath path);

  // A chunk of `update` with all of `masks` applied, packed into `out` of layout.size_bytes(chunk)
  // bytes.
  void mask(const ring::RingVector& update, const VectorLayout& layout, std::uint32_t chunk,
            const std::vector<MaskTask>& masks, MutableByteView out);

 private:
  crypto::MaskExpander expander_;
  ring::LaneVector block_;
};

}  // namespace covey::secagg
