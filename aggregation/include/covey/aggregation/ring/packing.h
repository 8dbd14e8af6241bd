#pragma once

#include <span>

#include "covey/aggregation/ring/ring_vector.h"
#include "covey/base/bytes.h"

namespace covey::ring {

// Ring elements on the wire: b bits each, least significant bit first, one after another without
// padding; the last byte is filled with zero bits. `count` elements take ceil(bits * count / 8)
// bytes, and 8 elements always end on a byte.
std::size_t packed_size_bytes(std::uint32_t bits, std::uint64_t count);

// `out` has exactly packed_size_bytes(bits, lanes.size()) bytes. Bits above b of a lane are
// dropped. Lane: uint16_t, uint32_t or uint64_t, of at least b bits.
template <typename Lane>
void pack(std::span<const Lane> lanes, std::uint32_t bits, MutableByteView out);

// lanes[i] += element i of `packed`, which has exactly packed_size_bytes(bits, lanes.size()) bytes.
template <typename Lane>
void unpack_add(ByteView packed, std::uint32_t bits, std::span<Lane> lanes);

// Whether the padding bits after the last of `count` elements are zero, as `pack` leaves them.
bool has_clean_padding(ByteView packed, std::uint32_t bits, std::uint64_t count);

}  // namespace covey::ring
