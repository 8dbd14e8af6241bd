#include "covey/crypto/key_agreement.h"

#include <sodium.h>

#include "sodium_ready.h"

namespace covey::crypto {

AgreementKeyPair AgreementKeyPair::from_secret(SecretKey secret) {
  ensure_sodium();
  AgreementPublicKey public_key;
  // Holds for every private key: clamping makes it a multiple of 8 that is no multiple of the base
  // point's prime order.
  COVEY_CHECK(crypto_scalarmult_curve25519_base(public_key.data(), secret.reveal().data()) == 0);
  return AgreementKeyPair(std::move(secret), public_key);
}

Result<SecretKey> AgreementKeyPair::agree(const AgreementPublicKey& peer) const {
  SecretKey shared;
  // Fails when the shared secret is zero, RFC 7748 §6.1.
  if (crypto_scalarmult_curve25519(shared.reveal_mutable().data(), secret_.reveal().data(),
                                   peer.data()) != 0) {
    return invalid_argument(
        "expected an X25519 public key that gives a shared secret, found one of low order; drop "
        "the peer that sent it");
  }
  return shared;
}

bool has_low_order(const AgreementPublicKey& key) {
  ensure_sodium();
  // A scalar of the form that clamping gives is a multiple of the cofactor, so any one of them
  // tells.
  static constexpr std::array<std::uint8_t, 32> kScalar = {8, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0,
                                                           0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   0,
                                                           0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40};
  AgreementPublicKey ignored;
  return crypto_scalarmult_curve25519(ignored.data(), kScalar.data(), key.data()) != 0;
}

}  // namespace covey::crypto
