#pragma once

#include <chrono>

#include "covey/crypto/random.h"

namespace covey::client {

// How long to wait after something has failed.
struct BackOff {
  std::chrono::milliseconds first{1'000};
  std::chrono::milliseconds most{60'000};
  // After what only a person can change: a certificate that is refused, a version that is too old.
  std::chrono::milliseconds when_refused{3'600'000};

  // The pause after the n-th failure in a row (from 1): it doubles up to `most`, and a random part
  // of up to a half is taken off, so that devices which failed together do not come back together.
  std::chrono::milliseconds after(std::uint32_t failures, crypto::Random& random) const;
  std::chrono::milliseconds jittered(std::chrono::milliseconds pause, crypto::Random& random) const;
};

}  // namespace covey::client
