#pragma once

namespace covey::client {

// How many threads LibTorch, and the OpenBLAS that it may stand on, compute an operation with. For
// the whole process.
void set_intra_op_threads(int threads);

}  // namespace covey::client
