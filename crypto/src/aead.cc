#include "covey/crypto/aead.h"

#include <sodium.h>

#include "sodium_ready.h"

namespace covey::crypto {

static_assert(kSealOverheadBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(std::tuple_size_v<AeadNonce> == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);

Bytes seal(const SecretKey& key, const AeadNonce& nonce, ByteView plaintext,
           ByteView associated_data) {
  ensure_sodium();
  Bytes box(plaintext.size() + kSealOverheadBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      box.data(), nullptr, plaintext.data(), plaintext.size(), associated_data.data(),
      associated_data.size(), nullptr, nonce.data(), key.reveal().data());
  return box;
}

Result<SecretBytes> open(const SecretKey& key, const AeadNonce& nonce, ByteView box,
                         ByteView associated_data) {
  ensure_sodium();
  if (box.size() < kSealOverheadBytes) {
    return invalid_argument("expected a sealed box of at least " +
                            std::to_string(kSealOverheadBytes) + " bytes, found " +
                            std::to_string(box.size()) + "; drop its sender");
  }
  SecretBytes plaintext(box.size() - kSealOverheadBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plaintext.reveal_mutable().data(), nullptr, nullptr, box.data(), box.size(),
          associated_data.data(), associated_data.size(), nonce.data(), key.reveal().data()) != 0) {
    return invalid_argument(
        "a sealed box did not open: it was changed on its way, or sealed under another key, nonce "
        "or associated data; drop its sender");
  }
  return plaintext;
}

}  // namespace covey::crypto
