#pragma once

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::crypto {

using AgreementPublicKey = std::array<std::uint8_t, 32>;

// X25519, RFC 7748.
class AgreementKeyPair {
 public:
  static AgreementKeyPair from_secret(SecretKey secret);  // any 32 bytes are a private key

  const AgreementPublicKey& public_key() const { return public_key_; }
  // The raw shared secret: not uniform, to be passed through HKDF. kInvalidArgument for a peer's
  // key of low order, whose shared secret is zero.
  Result<SecretKey> agree(const AgreementPublicKey& peer) const;

 private:
  AgreementKeyPair(SecretKey secret, const AgreementPublicKey& public_key)
      : secret_(std::move(secret)), public_key_(public_key) {}

  SecretKey secret_;
  AgreementPublicKey public_key_;
};

// Whether every agreement with this key gives the zero secret, as `agree` would find out (curve
// points of order 1, 2, 4 and 8, and of its twist, in every encoding). A coordinator asks, so that
// no device has to refuse a neighbour for it.
bool has_low_order(const AgreementPublicKey& key);

}  // namespace covey::crypto
