#include "covey/crypto/transcript.h"

#include "covey/crypto/digest.h"

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

struct Transcript::State {
  Sha256 sha256;
};

Transcript::Transcript(std::string_view domain) : state_(std::make_unique<State>()) {
  field(domain);
}
Transcript::Transcript(Transcript&&) noexcept = default;
Transcript& Transcript::operator=(Transcript&&) noexcept = default;
Transcript::~Transcript() = default;

Transcript& Transcript::field(ByteView bytes) {
  state_->sha256.add(little_endian(bytes.size()));
  state_->sha256.add(bytes);
  return *this;
}

Transcript& Transcript::number(std::uint64_t value) { return field(little_endian(value)); }

Digest Transcript::digest() const { return state_->sha256.digest(); }

}  // namespace covey::crypto
