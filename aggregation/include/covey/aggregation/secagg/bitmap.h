#pragma once

#include "covey/base/byte_reader.h"

namespace covey::secagg {

// A set of positions (or slots) below `size`, one bit each, least significant bit first: in memory
// as on the wire.
class Bitmap {
 public:
  Bitmap() = default;
  explicit Bitmap(std::size_t size) : size_(size), bytes_((size + 7) / 8) {}
  // False when `bytes` is not the form of a set below `size`: wrong length, or bits beyond it.
  static bool is_valid(ByteView bytes, std::size_t size);
  static Bitmap from_valid(ByteView bytes, std::size_t size);
  static Bitmap load(ByteReader& in,
                     std::size_t size);  // of what `sized(bytes())` wrote; fails `in` otherwise

  std::size_t size() const { return size_; }
  bool contains(std::size_t i) const { return (bytes_[i / 8] >> (i % 8)) & 1; }
  void insert(std::size_t i) {
    bytes_[i / 8] = static_cast<std::uint8_t>(bytes_[i / 8] | (1u << (i % 8)));
  }
  std::size_t count() const;
  ByteView bytes() const { return bytes_; }
  bool operator==(const Bitmap&) const = default;

 private:
  std::size_t size_ = 0;
  Bytes bytes_;
};

}  // namespace covey::secagg
