#pragma once

#include "covey/base/bytes.h"
#include "covey/base/secret.h"

namespace covey::crypto {

// A source of random bytes. Passed to whatever draws, so that nothing is drawn behind the caller's
// back. An implementation that cannot deliver ends the process: there is no error to forget. Not
// thread-safe unless the implementation says so.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableByteView out) = 0;

  SecretKey secret_key() {
    SecretKey key;
    fill(key.reveal_mutable());
    return key;
  }
};

// The operating system's generator, through libsodium. The only one for production. Thread-safe.
class SystemRandom final : public Random {
 public:
  SystemRandom();
  void fill(MutableByteView out) override;
};

}  // namespace covey::crypto
