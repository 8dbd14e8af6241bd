#pragma once

#include "covey/crypto/random.h"

namespace covey::crypto {

// The same bytes for the same seed: for tests, the simulator and the fuzzer. Anyone who knows the
// seed knows every key. It is a library of its own (covey_insecure_seeded_random) that no
// production target links, and the layering test keeps this header out of client/ and coordinator/.
// Not thread-safe.
class InsecureSeededRandom final : public Random {
 public:
  explicit InsecureSeededRandom(std::uint64_t seed);
  void fill(MutableByteView out) override;

 private:
  SecretKey seed_;
  std::uint64_t drawn_ = 0;  // calls so far: each has a keystream of its own
};

}  // namespace covey::crypto
