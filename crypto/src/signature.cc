#include "covey/crypto/signature.h"

#include <sodium.h>

#include <algorithm>

#include "sodium_ready.h"

namespace covey::crypto {
namespace {

// Whether the y coordinate of a point's encoding (RFC 8032 §5.1.2: 255 bits, little-endian, the
// sign of x above them) is below p = 2^255 - 19. For public points: time depends on them.
bool is_canonical(std::span<const std::uint8_t, 32> point) {
  const bool high_bits_set =
      (point[31] & 0x7f) == 0x7f && std::all_of(point.begin() + 1, point.end() - 1,
                                                [](std::uint8_t byte) { return byte == 0xff; });
  return !high_bits_set || point[0] < 0xed;
}

}  // namespace

SigningKeyPair SigningKeyPair::from_seed(const SecretKey& seed) {
  ensure_sodium();
  Secret<64> expanded;
  SigningPublicKey public_key;
  crypto_sign_ed25519_seed_keypair(public_key.data(), expanded.reveal_mutable().data(),
                                   seed.reveal().data());
  return SigningKeyPair(std::move(expanded), public_key);
}

Signature SigningKeyPair::sign(ByteView message) const {
  Signature signature;
  crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(),
                               expanded_.reveal().data());
  return signature;
}

// libsodium refuses s >= L and low order by itself. The encodings are checked here as well, because
// what it does about R differs from version to version.
bool verify(const SigningPublicKey& key, ByteView message, const Signature& signature) {
  if (!is_canonical(key)) return false;
  if (!is_canonical(std::span<const std::uint8_t, 64>(signature).first<32>())) return false;
  return crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                             key.data()) == 0;
}

}  // namespace covey::crypto
