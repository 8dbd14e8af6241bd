#pragma once

#include "covey/aggregation/secagg/graph.h"
#include "covey/crypto/key_agreement.h"
#include "covey/crypto/random.h"

// Every key of secure aggregation and what it is derived from. `roster` is the roster's digest, so
// no key here means anything outside the one group of the one round, plan, model and ring that both
// its holders saw.
namespace covey::secagg {

inline constexpr std::uint64_t kElementSegment = 0;  // of a mask's keystream: the ring elements
inline constexpr std::uint64_t kCounterSegment = 1;  // and the 64-bit counters

// The mask key pair comes from the seed that is shared among the neighbours, so that key agreements
// of other kinds can be derived from the same shares.
crypto::AgreementKeyPair mask_key_pair(const SecretKey& mask_seed);

Digest self_mask_commitment(const SecretKey& self_mask_seed);

// The mask that `position` adds to its own vector.
SecretKey self_mask_key(const Digest& roster, Position position, const SecretKey& self_mask_seed);

// The mask between two neighbours, from their X25519 secret. The one at the lower position adds it,
// the other subtracts it.
SecretKey pairwise_mask_key(const Digest& roster, Position a, Position b, const SecretKey& agreed);

// Seals the one box that `from` sends to `to`.
SecretKey box_key(const Digest& roster, Position from, Position to, const SecretKey& agreed);

// Everything that a device draws in one session, from one seed: with the same seed and the same
// messages a session sends the same bytes again, after a restart too.
class SessionRandom final : public crypto::Random {
 public:
  SessionRandom(const SecretKey& session_seed, const Digest& context);
  void fill(MutableByteView out) override;

 private:
  SecretKey key_;
  std::uint64_t drawn_ = 0;
};

}  // namespace covey::secagg
