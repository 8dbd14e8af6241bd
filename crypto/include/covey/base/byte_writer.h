#pragma once

#include "covey/base/bytes.h"

namespace covey {

// Appends little-endian integers and length-prefixed fields to a byte string: the form of saved
// states, never of the wire.
class ByteWriter {
 public:
  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { little_endian(value, 2); }
  void u32(std::uint32_t value) { little_endian(value, 4); }
  void u64(std::uint64_t value) { little_endian(value, 8); }
  void raw(ByteView bytes);
  void sized(ByteView bytes) {  // u64 length, then the bytes
    u64(bytes.size());
    raw(bytes);
  }
  void reserve(std::size_t size_bytes) { out_.reserve(size_bytes); }

  const Bytes& bytes() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  void little_endian(std::uint64_t value, int size_bytes);

  Bytes out_;
};

}  // namespace covey
