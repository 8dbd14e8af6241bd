#pragma once

#include <algorithm>

#include "covey/base/bytes.h"

namespace covey::fuzz {

// The fuzzer's bytes, taken from the front as choices. When they have run out, every choice is 0.
class FuzzInput {
 public:
  explicit FuzzInput(ByteView bytes) : rest_(bytes) {}

  bool is_empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    const ByteView taken = raw(1);
    return taken.empty() ? std::uint8_t{0} : taken.front();
  }
  std::uint16_t word() {
    const unsigned low = byte();
    return static_cast<std::uint16_t>(low | unsigned{byte()} << 8);
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }
  std::uint32_t below(std::uint32_t bound) {  // 1 to 65,536
    return (bound <= 256 ? byte() : word()) % bound;
  }
  // As many as there are, up to `count`.
  ByteView raw(std::size_t count) {
    const ByteView taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  ByteView rest() { return raw(rest_.size()); }

 private:
  ByteView rest_;
};

}  // namespace covey::fuzz
