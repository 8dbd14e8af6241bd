#pragma once

#include "covey/base/bytes.h"
#include "covey/base/result.h"

namespace covey {

// Reads what ByteWriter wrote. Bounds are checked once and for all: after the first short read
// every further read gives zeros and empty views, and `finish` reports it, so that a caller parses
// straight through and checks at the end. A caller that sizes memory or a loop by a value it read
// must check `ok` first.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u64() { return little_endian(8); }
  ByteView raw(std::size_t size_bytes);
  ByteView sized();  // u64 length, then the bytes
  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out{};
    const ByteView view = raw(N);
    for (std::size_t i = 0; i < view.size(); ++i) out[i] = view[i];
    return out;
  }

  bool ok() const { return ok_; }
  std::size_t remaining() const { return rest_.size(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  // kDataLoss unless all was read, exactly. `what` names the thing read, for the message.
  Status finish(const char* what) const;

 private:
  std::uint64_t little_endian(std::size_t size_bytes);

  ByteView rest_;
  bool ok_ = true;
};

}  // namespace covey
