#include "covey/crypto/hkdf.h"

#include <sodium.h>

#include <algorithm>
#include <initializer_list>

#include "covey/base/check.h"

namespace covey::crypto {
namespace {

constexpr std::size_t kHashBytes = crypto_auth_hmacsha256_BYTES;
using Block = Secret<kHashBytes>;

// HMAC-SHA-256 of the parts, one after another. `key` of any length.
Block hmac(ByteView key, std::initializer_list<ByteView> parts) {
  crypto_auth_hmacsha256_state state;
  // An empty key, such as no salt, may be a null pointer, which libsodium does not take.
  const std::uint8_t nothing = 0;
  crypto_auth_hmacsha256_init(&state, key.empty() ? &nothing : key.data(), key.size());
  for (const ByteView part : parts) {
    crypto_auth_hmacsha256_update(&state, part.data(), part.size());
  }
  Block mac;
  crypto_auth_hmacsha256_final(&state, mac.reveal_mutable().data());
  sodium_memzero(&state, sizeof state);
  return mac;
}

}  // namespace

// T(i) = HMAC(PRK, T(i-1) | info | i), RFC 5869 §2.3.
void hkdf_sha256(ByteView salt, ByteView input_key, ByteView info, MutableByteView out) {
  // The lengths are constants of our callers, and all are a few blocks.
  COVEY_CHECK(out.size() <= 255 * kHashBytes);
  const Block pseudorandom_key = hmac(salt, {input_key});
  Block block;
  ByteView previous;
  for (std::uint8_t counter = 1; !out.empty(); ++counter) {
    block = hmac(pseudorandom_key.reveal(), {previous, info, ByteView(&counter, 1)});
    previous = block.reveal();
    const std::size_t taken = std::min(out.size(), kHashBytes);
    std::copy_n(previous.begin(), taken, out.begin());
    out = out.subspan(taken);
  }
}

SecretKey derive_key(ByteView salt, const SecretKey& input_key, ByteView info) {
  SecretKey key;
  hkdf_sha256(salt, input_key.reveal(), info, key.reveal_mutable());
  return key;
}

}  // namespace covey::crypto
