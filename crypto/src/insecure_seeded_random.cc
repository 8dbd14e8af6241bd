#include "covey/crypto/insecure_seeded_random.h"

#include <sodium.h>

#include "sodium_ready.h"

namespace covey::crypto {
namespace {

void put_little_endian(std::uint64_t value, MutableByteView out) {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace

InsecureSeededRandom::InsecureSeededRandom(std::uint64_t seed) {
  ensure_sodium();
  put_little_endian(seed, seed_.reveal_mutable());
}

// The seed is the key of ChaCha20 and the number of the call its nonce.
void InsecureSeededRandom::fill(MutableByteView out) {
  std::array<std::uint8_t, crypto_stream_chacha20_NONCEBYTES> nonce{};
  put_little_endian(drawn_++, nonce);
  if (out.empty()) return;
  crypto_stream_chacha20(out.data(), out.size(), nonce.data(), seed_.reveal().data());
}

}  // namespace covey::crypto
