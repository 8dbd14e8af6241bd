#pragma once

#include <map>
#include <vector>

#include "certificate_path.h"

namespace covey::crypto {

// One certificate revocation list (RFC 5280 §5), read whole and not yet believed.
struct RevocationList {
  X509CrlHandle crl;
  Bytes issuer_key_id;
  std::uint64_t number = 0;
  std::vector<std::uint64_t> serials;  // ascending
};

// kInvalidArgument when it is not DER, or says something that is not understood: a list that is
// half understood would let somebody in.
Result<RevocationList> parse_revocations(ByteView der);

bool signed_by(const RevocationList& list, const Issuer& issuer);

// The list held of each authority, which is known by its key: names and key identifiers are what
// an authority says of itself.
class Revocations {
 public:
  // kFailedPrecondition when `list` is older than the one held.
  Status replace(const SigningPublicKey& issuer, RevocationList list);
  bool contain(const SigningPublicKey& issuer, std::uint64_t serial) const;

 private:
  struct Held {
    std::uint64_t number = 0;
    std::vector<std::uint64_t> serials;
  };
  std::map<SigningPublicKey, Held> held_;
};

}  // namespace covey::crypto
