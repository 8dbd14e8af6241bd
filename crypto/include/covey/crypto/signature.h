#pragma once

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace covey::crypto {

using SigningPublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// Ed25519, RFC 8032. Signs digests of a Transcript, so a signature made for one purpose never holds
// for another.
class SigningKeyPair {
 public:
  static SigningKeyPair from_seed(const SecretKey& seed);

  const SigningPublicKey& public_key() const { return public_key_; }
  Signature sign(ByteView message) const;
  SecretKey seed() const {
    return SecretKey(expanded_.reveal().first<32>());
  }  // what from_seed took
  SigningKeyPair clone() const { return SigningKeyPair(expanded_.clone(), public_key_); }

 private:
  SigningKeyPair(Secret<64> expanded, const SigningPublicKey& public_key)
      : expanded_(std::move(expanded)), public_key_(public_key) {}

  Secret<64> expanded_;
  SigningPublicKey public_key_;
};

// False for a wrong signature and for any non-canonical or low-order encoding of key or signature
// (s >= L, y >= p).
bool verify(const SigningPublicKey& key, ByteView message, const Signature& signature);

}  // namespace covey::crypto
