#pragma once

namespace covey::client {

// Has the C library keep the memory that a step of a training gives back, for the next one, where
// it may return large blocks to the system and get each page anew: as the heap happens to lie, that
// takes from nothing to two thirds of the time. PROCESS-WIDE, for programs that do little else;
// called before the first thread is started. A process then stays as large as it once was. False
// where the C library has no such settings.
bool keep_freed_memory();

}  // namespace covey::client
