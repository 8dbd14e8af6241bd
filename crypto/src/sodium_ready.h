#pragma once

namespace covey::crypto {

// Initializes libsodium on the first call and is free afterwards; ends the process when libsodium
// cannot start, since every key and nonce after that would be worthless. To be called before any
// function of libsodium whose result depends on it: the generator, and all that picks an
// implementation for this processor. Thread-safe.
void ensure_sodium();

}  // namespace covey::crypto
