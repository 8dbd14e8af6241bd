#include "covey/crypto/digest.h"

#include <sodium.h>

namespace covey::crypto {

Digest sha256(ByteView message) {
  Digest digest;
  crypto_hash_sha256(digest.data(), message.data(), message.size());
  return digest;
}

}  // namespace covey::crypto
