#include "covey/aggregation/ring/ring_vector.h"

#include <algorithm>
#include <span>
#include <string>

#include "covey/base/check.h"
#include "kernels.h"

namespace covey::ring {

Status validate(const RingShape& shape) {
  if (shape.bits < 2 || shape.bits > 64) {
    return invalid_argument("a ring has 2 to 64 bits, not " + std::to_string(shape.bits));
  }
  if (shape.length > kMaxLength) {
    return invalid_argument("a ring vector has at most " + std::to_string(kMaxLength) +
                            " elements, not " + std::to_string(shape.length));
  }
  if (shape.counters > kMaxCounters) {
    return invalid_argument("a ring vector has at most " + std::to_string(kMaxCounters) +
                            " counters, not " + std::to_string(shape.counters));
  }
  return {};
}

std::uint32_t lane_bits(std::uint32_t ring_bits) {
  return ring_bits <= 16 ? 16 : ring_bits <= 32 ? 32 : 64;
}

RingVector RingVector::zeros(const RingShape& shape) {
  // Shapes come from `validate`.
  COVEY_CHECK(shape.bits >= 2 && shape.bits <= 64);
  RingVector vector;
  switch (lane_bits(shape.bits)) {
    case 16:
      vector.elements = std::vector<std::uint16_t>(shape.length);
      break;
    case 32:
      vector.elements = std::vector<std::uint32_t>(shape.length);
      break;
    default:
      vector.elements = std::vector<std::uint64_t>(shape.length);
  }
  vector.counters.resize(shape.counters);
  return vector;
}

bool RingVector::has_shape(const RingShape& shape) const {
  return counters.size() == shape.counters &&
         std::visit(
             [&](const auto& lanes) {
               return lanes.size() == shape.length && sizeof(lanes[0]) * 8 == lane_bits(shape.bits);
             },
             elements);
}

void RingVector::reduce(std::uint32_t bits) {
  std::visit(
      [&](auto& lanes) {
        using Lane = typename std::decay_t<decltype(lanes)>::value_type;
        // The lanes were made for this ring.
        COVEY_CHECK(bits >= 1 && bits <= sizeof(Lane) * 8);
        const Lane mask = static_cast<Lane>(~std::uint64_t{0} >> (64 - bits));
        for (Lane& lane : lanes) lane = static_cast<Lane>(lane & mask);
      },
      elements);
}

void RingVector::add(const RingVector& other) {
  // Both were made for one CodecParameters.
  COVEY_CHECK(elements.index() == other.elements.index() &&
              counters.size() == other.counters.size());
  std::visit(
      [&]<typename Lane>(std::vector<Lane>& lanes) {
        const auto& added = *std::get_if<std::vector<Lane>>(&other.elements);
        COVEY_CHECK(lanes.size() == added.size());  // as above
        ring::add(std::span<const Lane>(added), std::span<Lane>(lanes));
      },
      elements);
  ring::add(std::span<const std::uint64_t>(other.counters), std::span<std::uint64_t>(counters));
}

void RingVector::save(ByteWriter& out) const {
  std::visit(
      [&](const auto& lanes) {
        const auto bytes = std::as_bytes(std::span(lanes));
        out.sized({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
      },
      elements);
  for (const std::uint64_t counter : counters) out.u64(counter);
}

RingVector RingVector::load(const RingShape& shape, ByteReader& in) {
  const ByteView saved = in.sized();
  if (saved.size() != shape.length * lane_bits(shape.bits) / 8) in.fail();
  if (!in.ok()) return {};
  RingVector vector = zeros(shape);
  std::visit(
      [&](auto& lanes) {
        std::ranges::copy(std::as_bytes(saved), std::as_writable_bytes(std::span(lanes)).begin());
      },
      vector.elements);
  for (std::uint64_t& counter : vector.counters) counter = in.u64();
  return vector;
}

}  // namespace covey::ring
