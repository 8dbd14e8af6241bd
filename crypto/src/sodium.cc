#include <sodium.h>

#include "covey/base/check.h"
#include "sodium_ready.h"

namespace covey::crypto {

void ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  // Fails only where the operating system has no source of randomness; going on without one is not
  // an option.
  COVEY_CHECK(ready);
}

}  // namespace covey::crypto
