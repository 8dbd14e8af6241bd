#include "covey/aggregation/secagg/vector_layout.h"

#include <algorithm>

#include "covey/aggregation/ring/packing.h"

namespace covey::secagg {
namespace {

// So that chunks start where every lane width and every packed width is aligned.
constexpr std::uint64_t kAlignment = 512;

}  // namespace

VectorLayout::VectorLayout(const ring::RingShape& shape)
    : shape_(shape),
      chunk_elements_(kMaxChunkBytes * 8 / shape.bits / kAlignment * kAlignment),
      element_chunks_(
          static_cast<std::uint32_t>((shape.length + chunk_elements_ - 1) / chunk_elements_)) {}

VectorLayout::Range VectorLayout::elements(std::uint32_t chunk) const {
  const std::uint64_t first = chunk * chunk_elements_;
  return {first, std::min(chunk_elements_, shape_.length - first)};
}

std::size_t VectorLayout::size_bytes(std::uint32_t chunk) const {
  if (is_counters(chunk)) return std::size_t{8} * shape_.counters;
  return ring::packed_size_bytes(shape_.bits, elements(chunk).count);
}

std::uint64_t VectorLayout::total_bytes() const {
  return ring::packed_size_bytes(shape_.bits, shape_.length) + std::uint64_t{8} * shape_.counters;
}

}  // namespace covey::secagg
