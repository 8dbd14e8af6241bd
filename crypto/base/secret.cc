#include "covey/base/secret.h"

#include <sodium.h>

namespace covey {

void wipe(MutableByteView bytes) { sodium_memzero(bytes.data(), bytes.size()); }

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace covey
