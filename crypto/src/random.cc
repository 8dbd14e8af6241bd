#include "covey/crypto/random.h"

#include <sodium.h>

#include "sodium_ready.h"

namespace covey::crypto {

SystemRandom::SystemRandom() { ensure_sodium(); }

void SystemRandom::fill(MutableByteView out) {
  if (out.empty()) return;
  randombytes_buf(out.data(), out.size());  // aborts by itself when the system cannot deliver
}

}  // namespace covey::crypto
