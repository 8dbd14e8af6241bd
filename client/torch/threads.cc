#include "client/torch/threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

namespace covey::client {

// Set only where it changes, since other threads may be computing: many workers ask for the same.
void set_intra_op_threads(int threads) {
  // OpenBLAS has a pool of its own, which at::set_num_threads does not know of. Its functions are
  // found by name, since another BLAS may stand in its place.
  using GetThreads = int (*)();
  using SetThreads = void (*)(int);
  const auto get = reinterpret_cast<GetThreads>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"));
  const auto set = reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (get != nullptr && set != nullptr && get() != threads) set(threads);
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
}

}  // namespace covey::client
