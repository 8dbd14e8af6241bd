#pragma once

#include <string_view>

#include "covey/base/secret.h"

namespace covey::crypto {

// HKDF-SHA-256, RFC 5869. `out` of at most 255 * 32 bytes (more is a bug).
void hkdf_sha256(ByteView salt, ByteView input_key, ByteView info, MutableByteView out);

// A 256-bit key from `input_key`, bound to the public `salt` and `info`.
SecretKey derive_key(ByteView salt, const SecretKey& input_key, ByteView info);

}  // namespace covey::crypto
