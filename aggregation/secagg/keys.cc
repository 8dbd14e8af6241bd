#include "aggregation/secagg/keys.h"

#include <algorithm>

#include "covey/base/byte_writer.h"
#include "covey/crypto/hkdf.h"
#include "covey/crypto/transcript.h"

namespace covey::secagg {
namespace {

Bytes info_of(std::string_view label, std::initializer_list<std::uint64_t> numbers) {
  ByteWriter out;
  out.sized(view_of(label));
  for (const std::uint64_t number : numbers) out.u64(number);
  return out.take();
}

}  // namespace

crypto::AgreementKeyPair mask_key_pair(const SecretKey& mask_seed) {
  return crypto::AgreementKeyPair::from_secret(
      crypto::derive_key({}, mask_seed, info_of("covey/v1/mask-key-pair", {})));
}

Digest self_mask_commitment(const SecretKey& self_mask_seed) {
  return crypto::Transcript("covey/v1/self-mask-commitment")
      .field(self_mask_seed.reveal())
      .digest();
}

SecretKey self_mask_key(const Digest& roster, Position position, const SecretKey& self_mask_seed) {
  return crypto::derive_key(roster, self_mask_seed, info_of("covey/v1/self-mask", {position}));
}

SecretKey pairwise_mask_key(const Digest& roster, Position a, Position b, const SecretKey& agreed) {
  return crypto::derive_key(roster, agreed,
                            info_of("covey/v1/pairwise-mask", {std::min(a, b), std::max(a, b)}));
}

SecretKey box_key(const Digest& roster, Position from, Position to, const SecretKey& agreed) {
  return crypto::derive_key(roster, agreed, info_of("covey/v1/box", {from, to}));
}

SessionRandom::SessionRandom(const SecretKey& session_seed, const Digest& context)
    : key_(crypto::derive_key(context, session_seed, info_of("covey/v1/session", {}))) {}

void SessionRandom::fill(MutableByteView out) {
  constexpr std::size_t kMostBytes = 255 * 32;  // of one HKDF expansion
  while (!out.empty()) {
    const MutableByteView part = out.first(std::min(out.size(), kMostBytes));
    crypto::hkdf_sha256({}, key_.reveal(), info_of("covey/v1/draw", {drawn_++}), part);
    out = out.subspan(part.size());
  }
}

}  // namespace covey::secagg
