#pragma once

#include <vector>

#include "covey/aggregation/secagg/graph.h"
#include "covey/crypto/key_agreement.h"
#include "covey/crypto/signature.h"

namespace covey::secagg {

inline constexpr std::size_t kMaxCertificateChainBytes = 4096;

// What a device says of itself at step 0.
struct Advertisement {
  crypto::AgreementPublicKey channel_key{};
  crypto::AgreementPublicKey mask_key{};
  Digest self_mask_commitment{};
  Bytes certificate_chain;
  crypto::Signature signature{};

  // What `signature` is over, by the key in the certificate.
  Digest signed_digest(const Digest& context) const;
  // Over every field, the signature too: what the roster binds.
  Digest digest() const;
  bool operator==(const Advertisement&) const = default;
};

// The one order in which a set of advertisements may stand in a roster: a permutation drawn by
// hashing all of them together. A coordinator can only try many sets (aggregation/README.md says
// what that gains it), not seat anyone. Returns indices into `digests` by position. Distinct
// digests give the same order whatever order they come in.
std::vector<std::size_t> roster_order(const Digest& context, const std::vector<Digest>& digests);

// The digest that every key of the group is bound to. `ordered` are the advertisements' digests by
// position.
Digest roster_digest(const Digest& context, const GroupParameters& parameters,
                     const std::vector<Digest>& ordered);

// What survivors sign at step 3. `survivors` is the bitmap by position, as on the wire.
Digest survivors_digest(const Digest& roster, ByteView survivors);

}  // namespace covey::secagg
