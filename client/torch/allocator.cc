#include "covey/client/torch/allocator.h"

#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace covey::client {

bool keep_freed_memory() {
#if defined(__GLIBC__)
  // The largest block that a thread's own arena gives, and more than it ever has free at its end. A
  // large pad also keeps an arena's parts that are empty for a moment.
  constexpr int kMib = 1 << 20;
  return mallopt(M_MMAP_THRESHOLD, 32 * kMib) == 1 && mallopt(M_TRIM_THRESHOLD, 1024 * kMib) == 1 &&
         mallopt(M_TOP_PAD, 64 * kMib) == 1;
#else
  return false;
#endif
}

}  // namespace covey::client
