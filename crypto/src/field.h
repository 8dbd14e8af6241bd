#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "covey/base/secret.h"

// Arithmetic in GF(p), p = 2^255 - 19, the prime of Curve25519 (Bernstein, PKC 2006).
//
// Time depends on no element and no `small`. What a function leaves in registers is not wiped;
// callers wipe what they keep.
namespace covey::crypto::field {

// A residue as the sum of limb[i] * 2^(51 i). Limbs have room to spare, so that carries wait: an
// element is *tight* when all its limbs are below 2^52 and *loose* when they are below 2^53.
// Arguments may be loose unless said otherwise, results are tight unless said otherwise, and only
// `to_bytes` finds the representative in [0, p).
using Element = std::array<std::uint64_t, 5>;

__extension__ typedef unsigned __int128 Wide;

inline constexpr std::uint64_t kLimbMask = (std::uint64_t{1} << 51) - 1;
inline constexpr Element kZero{};
inline constexpr Element kOne{1};

constexpr Element from_small(std::uint32_t small) { return {small}; }

// Any 256-bit little-endian number, taken modulo p.
inline Element from_bytes(std::span<const std::uint8_t, 32> bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::array<std::uint64_t, 4> words;
  std::memcpy(words.data(), bytes.data(), sizeof words);
  return {words[0] & kLimbMask, (words[0] >> 51 | words[1] << 13) & kLimbMask,
          (words[1] >> 38 | words[2] << 26) & kLimbMask,
          (words[2] >> 25 | words[3] << 39) & kLimbMask, words[3] >> 12};
}

// The representative in [0, p), little-endian.
void to_bytes(const Element& a, std::span<std::uint8_t, 32> out);

bool is_zero(const Element& a);

// One round of carries, from limbs of any size. 2^255 = 19 brings the last carry back to the front.
inline Element carried(const Element& a) {
  return {(a[0] & kLimbMask) + 19 * (a[4] >> 51), (a[1] & kLimbMask) + (a[0] >> 51),
          (a[2] & kLimbMask) + (a[1] >> 51), (a[3] & kLimbMask) + (a[2] >> 51),
          (a[4] & kLimbMask) + (a[3] >> 51)};
}

inline Element add(const Element& a, const Element& b) {
  return carried({a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3], a[4] + b[4]});
}

inline Element sub(const Element& a, const Element& b) {
  // 8p, limb by limb above any loose limb, keeps the differences from going below zero.
  constexpr std::uint64_t kFirst = 8 * (kLimbMask - 18), kOther = 8 * kLimbMask;
  return carried({a[0] + (kFirst - b[0]), a[1] + (kOther - b[1]), a[2] + (kOther - b[2]),
                  a[3] + (kOther - b[3]), a[4] + (kOther - b[4])});
}

// a * small + c, for tight c. The result is loose. With `small` shifted by 64 - 51 bits, the high
// word of a product is the limb's carry and the low word, shifted back, what stays: no carry waits
// for another.
inline Element mul_add_small(const Element& a, std::uint32_t small, const Element& c) {
  const std::uint64_t shifted = std::uint64_t{small} << 13;
  const Wide p0 = Wide{a[0]} * shifted, p1 = Wide{a[1]} * shifted, p2 = Wide{a[2]} * shifted,
             p3 = Wide{a[3]} * shifted, p4 = Wide{a[4]} * shifted;
  const auto carry = [](Wide p) { return static_cast<std::uint64_t>(p >> 64); };
  const auto rest = [](Wide p) { return static_cast<std::uint64_t>(p) >> 13; };
  return {rest(p0) + 19 * carry(p4) + c[0], rest(p1) + carry(p0) + c[1],
          rest(p2) + carry(p1) + c[2], rest(p3) + carry(p2) + c[3], rest(p4) + carry(p3) + c[4]};
}

inline Element mul_small(const Element& a, std::uint32_t small) {
  return mul_add_small(a, small, kZero);
}

// The sum of column[i] * 2^(51 i), for columns below 2^128 - 2^77. By value, so that a sum in
// progress stays in registers.
using Columns = std::array<Wide, 5>;
Element reduced(Columns columns);

// Adds a * b to the columns, unreduced. With tight a one product adds less than 77 * 2^105 to a
// column, so there is room for 65,535 of them.
inline void multiply_accumulate(Columns& columns, const Element& a, const Element& b) {
  const std::uint64_t b1 = 19 * b[1], b2 = 19 * b[2], b3 = 19 * b[3], b4 = 19 * b[4];
  columns[0] +=
      Wide{a[0]} * b[0] + Wide{a[1]} * b4 + Wide{a[2]} * b3 + Wide{a[3]} * b2 + Wide{a[4]} * b1;
  columns[1] +=
      Wide{a[0]} * b[1] + Wide{a[1]} * b[0] + Wide{a[2]} * b4 + Wide{a[3]} * b3 + Wide{a[4]} * b2;
  columns[2] +=
      Wide{a[0]} * b[2] + Wide{a[1]} * b[1] + Wide{a[2]} * b[0] + Wide{a[3]} * b4 + Wide{a[4]} * b3;
  columns[3] += Wide{a[0]} * b[3] + Wide{a[1]} * b[2] + Wide{a[2]} * b[1] + Wide{a[3]} * b[0] +
                Wide{a[4]} * b4;
  columns[4] += Wide{a[0]} * b[4] + Wide{a[1]} * b[3] + Wide{a[2]} * b[2] + Wide{a[3]} * b[1] +
                Wide{a[4]} * b[0];
}

Element mul(const Element& a, const Element& b);
Element square(const Element& a);
Element invert(const Element& a);  // 1/a, and 0 for 0

// Wipes an element, columns or anything else that is its own bytes.
template <typename T>
requires std::is_trivially_copyable_v<T>
void wipe_value(T& value) { covey::wipe({reinterpret_cast<std::uint8_t*>(&value), sizeof value}); }

// A fixed number of secret elements, zero at first. Wipes itself; moves but does not copy.
class SecretElements {
 public:
  explicit SecretElements(std::size_t size) : elements_(size) {}
  SecretElements(SecretElements&& other) noexcept = default;
  SecretElements& operator=(SecretElements&&) = delete;
  ~SecretElements() {
    for (Element& element : elements_) wipe_value(element);
  }

  Element& operator[](std::size_t i) { return elements_[i]; }
  const Element& operator[](std::size_t i) const { return elements_[i]; }
  std::span<const Element> view() const { return elements_; }

 private:
  std::vector<Element> elements_;
};

}  // namespace covey::crypto::field
