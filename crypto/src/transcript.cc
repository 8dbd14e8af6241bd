#include "covey/crypto/transcript.h"

#include <sodium.h>

namespace covey::crypto {
namespace {

std::array<std::uint8_t, 8> little_endian(std::uint64_t value) {
  std::array<std::uint8_t, 8> out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  return out;
}

}  // namespace

// Wiped, since a commitment hashes the secret that it commits to.
struct Transcript::State {
  State() { crypto_hash_sha256_init(&sha256); }
  State(const State&) = default;
  State& operator=(const State&) = delete;
  ~State() { sodium_memzero(&sha256, sizeof sha256); }

  void add(ByteView bytes) { crypto_hash_sha256_update(&sha256, bytes.data(), bytes.size()); }

  crypto_hash_sha256_state sha256;
};

Transcript::Transcript(std::string_view domain) : state_(std::make_unique<State>()) {
  field(domain);
}
Transcript::Transcript(Transcript&&) noexcept = default;
Transcript& Transcript::operator=(Transcript&&) noexcept = default;
Transcript::~Transcript() = default;

Transcript& Transcript::field(ByteView bytes) {
  state_->add(little_endian(bytes.size()));
  state_->add(bytes);
  return *this;
}

Transcript& Transcript::number(std::uint64_t value) { return field(little_endian(value)); }

Digest Transcript::digest() const {
  State finished(*state_);
  Digest digest;
  crypto_hash_sha256_final(&finished.sha256, digest.data());
  return digest;
}

}  // namespace covey::crypto
