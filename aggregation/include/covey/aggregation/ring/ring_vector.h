#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/base/result.h"

namespace covey::ring {

// The shape of what is summed: `length` elements of Z/2^bits, then `counters` lanes of Z/2^64.
struct RingShape {
  std::uint32_t bits = 0;      // b, 2 to 64
  std::uint64_t length = 0;    // d
  std::uint32_t counters = 0;  // lanes of the second segment

  bool operator==(const RingShape&) const = default;
};

inline constexpr std::uint64_t kMaxLength = std::uint64_t{1} << 40;
inline constexpr std::uint32_t kMaxCounters = 4096;

// kInvalidArgument unless every field is within its limits.
Status validate(const RingShape& shape);

// Elements are held in the narrowest of these lanes that has room for b bits; additions wrap at the
// lane's width, and what is above bit b is dropped when the vector is packed or reduced.
using LaneVector = std::variant<std::vector<std::uint16_t>, std::vector<std::uint32_t>,
                                std::vector<std::uint64_t>>;

std::uint32_t lane_bits(std::uint32_t ring_bits);  // 16, 32 or 64

// A vector over the ring and its counters.
struct RingVector {
  LaneVector elements;                  // [length]
  std::vector<std::uint64_t> counters;  // [counters]

  static RingVector zeros(const RingShape& shape);
  bool has_shape(const RingShape& shape) const;
  // Clears what is above bit b of every element, so that equal ring vectors compare equal.
  void reduce(std::uint32_t bits);
  // Lane for lane, counters too, wrapping at the lanes' width. Both have one shape.
  void add(const RingVector& other);
  // Lane for lane, in the machine's own byte order: a saved state stays on its machine.
  void save(ByteWriter& out) const;
  static RingVector load(const RingShape& shape, ByteReader& in);  // fails `in` on another shape
  bool operator==(const RingVector&) const = default;
};

}  // namespace covey::ring
