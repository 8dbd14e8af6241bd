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

namespace {

template <typename Lane>
void mask_elements(std::span<const Lane> elements, std::uint32_t bits, std::uint64_t first,
                   const std::vector<MaskTask>& masks, crypto::MaskExpander& expander,
                   MutableByteView out) {
  constexpr std::size_t kBlock = kBlockBytes / sizeof(Lane);
  std::vector<Lane> block;
  for (std::size_t at = 0; at < elements.size(); at += kBlock) {
    const std::size_t count = std::min(kBlock, elements.size() - at);
    const auto part = elements.subspan(at, count);
    block.assign(part.begin(), part.end());
    apply_masks<Lane>(masks, kElementSegment, first + at, block, expander);
    ring::pack<Lane>(block, bits,
                     out.subspan(ring::packed_size_bytes(bits, at),
                                 ring::packed_size_bytes(bits, count)));
  }
}

}  // namespace

void mask_chunk(const ring::RingVector& update, const VectorLayout& layout, std::uint32_t chunk,
                const std::vector<MaskTask>& masks, crypto::MaskExpander& expander,
                MutableByteView out) {
  if (layout.is_counters(chunk)) {
    std::vector<std::uint64_t> counters = update.counters;
    apply_masks<std::uint64_t>(masks, kCounterSegment, 0, counters, expander);
    ring::pack<std::uint64_t>(counters, 64, out);
    return;
  }
  const VectorLayout::Range range = layout.elements(chunk);
  std::visit(
      [&]<typename Lane>(const std::vector<Lane>& lanes) {
        const std::span<const Lane> part(lanes.data() + range.first, range.count);
        mask_elements(part, layout.shape().bits, range.first, masks, expander, out);
      },
      update.elements);
}

}  // namespace covey::secagg
