#include "covey/client/back_off.h"

#include <algorithm>
#include <cstdint>

namespace covey::client {

using std::chrono::milliseconds;

milliseconds BackOff::after(std::uint32_t failures, crypto::Random& random) const {
  milliseconds pause = std::min(first, most);
  for (std::uint32_t i = 1; i < failures && pause < most; ++i) pause = std::min(2 * pause, most);
  return jittered(pause, random);
}

milliseconds BackOff::jittered(milliseconds pause, crypto::Random& random) const {
  std::array<std::uint8_t, 4> bytes{};
  random.fill(bytes);
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  const auto half = static_cast<std::uint64_t>(std::max<std::int64_t>(pause.count(), 0)) / 2;
  return pause - milliseconds(static_cast<std::int64_t>(number % (half + 1)));
}

}  // namespace covey::client
