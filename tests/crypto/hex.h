#pragma once

#include <algorithm>
#include <string_view>

#include "covey/base/bytes.h"
#include "covey/base/secret.h"

namespace covey::testing {

// For vectors written in a test: an even number of lower-case digits.
inline Bytes from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(16 * digit(hex[i]) + digit(hex[i + 1])));
  }
  return bytes;
}

template <std::size_t N>
std::array<std::uint8_t, N> array_from_hex(std::string_view hex) {
  std::array<std::uint8_t, N> out{};
  const Bytes bytes = from_hex(hex);
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), out.begin());
  return out;
}

inline SecretKey key_from_hex(std::string_view hex) { return SecretKey(array_from_hex<32>(hex)); }

// first, first + 1, …, last
inline Bytes counting(int first, int last) {
  Bytes bytes;
  for (int value = first; value <= last; ++value) bytes.push_back(static_cast<std::uint8_t>(value));
  return bytes;
}

}  // namespace covey::testing
