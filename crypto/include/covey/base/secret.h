#pragma once

#include <cstring>
#include <utility>

#include "covey/base/bytes.h"

namespace covey {

void wipe(MutableByteView bytes);                  // never optimized away
bool equal_constant_time(ByteView a, ByteView b);  // time depends on the lengths only

// N secret bytes. Wipes itself, moves but does not copy (`clone` is the greppable way), cannot be
// printed or compared early-exit. `reveal` gives the bytes to the code that must have them.
template <std::size_t N>
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const std::uint8_t, N> bytes) {
    std::memcpy(bytes_.data(), bytes.data(), N);
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      wipe(other.bytes_);
    }
    return *this;
  }
  ~Secret() { wipe(bytes_); }

  Secret clone() const { return Secret(std::span<const std::uint8_t, N>(bytes_)); }
  std::span<const std::uint8_t, N> reveal() const { return bytes_; }
  std::span<std::uint8_t, N> reveal_mutable() { return bytes_; }
  bool equals(const Secret& other) const { return equal_constant_time(bytes_, other.bytes_); }
  bool operator==(const Secret&) const = delete;

 private:
  std::array<std::uint8_t, N> bytes_{};
};

using SecretKey = Secret<32>;  // a 256-bit symmetric key, X25519 private key or seed

// Secret bytes whose number is known at run time only (an opened box, a saved session). Same rules
// as Secret.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size_bytes) : bytes_(size_bytes) {}
  explicit SecretBytes(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      wipe(bytes_);
      bytes_ = std::move(other.bytes_);
    }
    return *this;
  }
  ~SecretBytes() { wipe(bytes_); }

  std::size_t size() const { return bytes_.size(); }
  ByteView reveal() const { return bytes_; }
  MutableByteView reveal_mutable() { return bytes_; }
  bool operator==(const SecretBytes&) const = delete;

 private:
  Bytes bytes_;
};

}  // namespace covey
