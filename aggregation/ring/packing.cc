#include "covey/aggregation/ring/packing.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "covey/base/check.h"

namespace covey::ring {

static_assert(std::endian::native == std::endian::little, "whole words are copied as they are");

namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

std::uint64_t mask_of(std::uint32_t bits) { return ~std::uint64_t{0} >> (64 - bits); }

template <typename Lane>
void check_sizes(std::size_t lanes, std::uint32_t bits, std::size_t packed) {
  // Callers size both sides by the ring's shape.
  COVEY_CHECK(bits >= 1 && bits <= sizeof(Lane) * 8 && packed == packed_size_bytes(bits, lanes));
}

// The lanes whose b bits, wherever they start in a byte, end within the 8 bytes from that byte on
// and within the packed bytes: one unaligned load gives each. None of them when b is over 57.
std::size_t one_load_lanes(std::size_t packed_bytes, std::uint32_t bits) {
  if (bits > 57 || packed_bytes < kWord) return 0;
  return (packed_bytes - kWord) * 8 / bits + 1;
}

// The element at `bit`, byte by byte: up to nine of them, none past the end.
std::uint64_t element_at(ByteView packed, std::uint64_t bit, std::uint32_t bits) {
  std::uint64_t value = 0;
  std::uint32_t filled = 0;
  std::size_t byte = bit / 8;
  std::uint32_t skip = static_cast<std::uint32_t>(bit % 8);
  for (; filled < bits; ++byte, skip = 0) {
    value |= static_cast<std::uint64_t>(packed[byte] >> skip) << filled;
    filled += 8 - skip;
  }
  return value & mask_of(bits);
}

}  // namespace

std::size_t packed_size_bytes(std::uint32_t bits, std::uint64_t count) {
  return static_cast<std::size_t>(count / 8 * bits + (count % 8 * bits + 7) / 8);
}

template <typename Lane>
void pack(std::span<const Lane> lanes, std::uint32_t bits, MutableByteView out) {
  check_sizes<Lane>(lanes.size(), bits, out.size());
  if (lanes.empty()) return;
  if (bits == sizeof(Lane) * 8) {
    std::memcpy(out.data(), lanes.data(), out.size());
    return;
  }
  const std::uint64_t mask = mask_of(bits);
  std::uint8_t* next = out.data();
  std::uint64_t word = 0;    // bits not yet written, the first of them lowest
  std::uint32_t filled = 0;  // how many, under 64
  for (const Lane lane : lanes) {
    const std::uint64_t value = lane & mask;
    word |= value << filled;
    filled += bits;
    if (filled >= 64) {
      std::memcpy(next, &word, kWord);
      next += kWord;
      filled -= 64;
      word = filled == 0 ? 0 : value >> (bits - filled);
    }
  }
  std::memcpy(next, &word, (filled + 7) / 8);
}

template <typename Lane>
void unpack_add(ByteView packed, std::uint32_t bits, std::span<Lane> lanes) {
  check_sizes<Lane>(lanes.size(), bits, packed.size());
  const std::uint64_t mask = mask_of(bits);
  if (bits == sizeof(Lane) * 8) {
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      Lane element;
      std::memcpy(&element, packed.data() + i * sizeof(Lane), sizeof(Lane));
      lanes[i] = static_cast<Lane>(lanes[i] + element);
    }
    return;
  }
  const std::size_t fast = std::min(lanes.size(), one_load_lanes(packed.size(), bits));
  std::uint64_t bit = 0;
  for (std::size_t i = 0; i < fast; ++i, bit += bits) {
    std::uint64_t word;
    std::memcpy(&word, packed.data() + bit / 8, kWord);
    lanes[i] = static_cast<Lane>(lanes[i] + ((word >> (bit % 8)) & mask));
  }
  for (std::size_t i = fast; i < lanes.size(); ++i, bit += bits) {
    lanes[i] = static_cast<Lane>(lanes[i] + element_at(packed, bit, bits));
  }
}

bool has_clean_padding(ByteView packed, std::uint32_t bits, std::uint64_t count) {
  if (packed.size() != packed_size_bytes(bits, count)) return false;
  const std::uint64_t used = count % 8 * bits % 8;  // bits of the last byte
  return used == 0 || packed.back() >> used == 0;
}

template void pack<std::uint16_t>(std::span<const std::uint16_t>, std::uint32_t, MutableByteView);
template void pack<std::uint32_t>(std::span<const std::uint32_t>, std::uint32_t, MutableByteView);
template void pack<std::uint64_t>(std::span<const std::uint64_t>, std::uint32_t, MutableByteView);
template void unpack_add<std::uint16_t>(ByteView, std::uint32_t, std::span<std::uint16_t>);
template void unpack_add<std::uint32_t>(ByteView, std::uint32_t, std::span<std::uint32_t>);
template void unpack_add<std::uint64_t>(ByteView, std::uint32_t, std::span<std::uint64_t>);

}  // namespace covey::ring
