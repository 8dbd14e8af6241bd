#include "aggregation/secagg/masker.h"

#include <algorithm>

#include "aggregation/secagg/keys.h"
#include "covey/aggregation/ring/packing.h"

namespace covey::secagg {

template <typename Lane>
void apply_masks(const std::vector<MaskTask>& masks, std::uint64_t segment, std::uint64_t first,
                 std::span<Lane> lanes, crypto::MaskExpander& expander) {
  for (const MaskTask& mask : masks) {
    if (mask.subtract) {
      expander.subtract(mask.key, segment, first, lanes);
    } else {
      expander.add(mask.key, segment, first, lanes);
    }
  }
}

template void apply_masks(const std::vector<MaskTask>&, std::uint64_t, std::uint64_t,
                          std::span<std::uint16_t>, crypto::MaskExpander&);
template void apply_masks(const std::vector<MaskTask>&, std::uint64_t, std::uint64_t,
                          std::span<std::uint32_t>, crypto::MaskExpander&);
template void apply_masks(const std::vector<MaskTask>&, std::uint64_t, std::uint64_t,
                          std::span<std::uint64_t>, crypto::MaskExpander&);

Masker::Masker(const ring::RingShape& shape, crypto::MaskPath path)
    : expander_(path), block_(ring::RingVector::zeros({shape.bits, 0, 0}).elements) {}

void Masker::mask(const ring::RingVector& update, const VectorLayout& layout, std::uint32_t chunk,
                  const std::vector<MaskTask>& masks, MutableByteView out) {
  if (layout.is_counters(chunk)) {
    std::vector<std::uint64_t> counters = update.counters;
    apply_masks<std::uint64_t>(masks, kCounterSegment, 0, counters, expander_);
    ring::pack<std::uint64_t>(counters, 64, out);
    return;
  }
  const VectorLayout::Range range = layout.elements(chunk);
  const std::uint32_t bits = layout.shape().bits;
  std::visit(
      [&]<typename Lane>(std::vector<Lane>& block) {
        constexpr std::size_t kBlock = kBlockBytes / sizeof(Lane);
        const auto& elements = std::get<std::vector<Lane>>(update.elements);
        for (std::uint64_t at = 0; at < range.count; at += kBlock) {
          const std::uint64_t count = std::min<std::uint64_t>(kBlock, range.count - at);
          const Lane* first = elements.data() + range.first + at;
          block.assign(first, first + count);
          apply_masks<Lane>(masks, kElementSegment, range.first + at, block, expander_);
          ring::pack<Lane>(
              block, bits,
              out.subspan(ring::packed_size_bytes(bits, at), ring::packed_size_bytes(bits, count)));
        }
      },
      block_);
}

}  // namespace covey::secagg
