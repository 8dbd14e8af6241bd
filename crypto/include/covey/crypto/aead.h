#pragma once

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::crypto {

inline constexpr std::size_t kSealOverheadBytes = 16;
using AeadNonce = std::array<std::uint8_t, 24>;

// XChaCha20-Poly1305. A (key, nonce) pair seals one message only. Returns plaintext.size() +
// kSealOverheadBytes bytes.
Bytes seal(const SecretKey& key, const AeadNonce& nonce, ByteView plaintext,
           ByteView associated_data);

// kInvalidArgument when key, nonce, associated data or any byte of the box is not what was sealed.
Result<SecretBytes> open(const SecretKey& key, const AeadNonce& nonce, ByteView box,
                         ByteView associated_data);

}  // namespace covey::crypto
