#pragma once

namespace covey::client {

// How many threads LibTorch, and the OpenBLAS that it may stand on, compute an operation with.
// LibTorch's number is the calling thread's, OpenBLAS's the whole process's.
void set_intra_op_threads(int threads);

}  // namespace covey::client
