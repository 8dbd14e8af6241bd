#pragma once

#include "covey/aggregation/secagg/identity.h"
#include "covey/coordinator/federation.h"

namespace covey::coordinator {

// Ties a message to the peer that brought it: the certificate in an advertisement must be the one
// of the connection, so that no device can advertise as another. Not thread-safe.
class BoundVerifier final : public secagg::IdentityVerifier {
 public:
  explicit BoundVerifier(secagg::IdentityVerifier& certificates) : certificates_(certificates) {}

  void expect(const Peer& peer) { peer_ = peer; }

  Result<crypto::CertifiedIdentity> verify(ByteView certificate_chain) override {
    COVEY_ASSIGN_OR_RETURN(auto identity, certificates_.verify(certificate_chain));
    // Without TLS, which is for development on one machine, a peer has a name only.
    const bool has_key = peer_.key != crypto::SigningPublicKey{};
    if (identity.name != peer_.name || (has_key && identity.key != peer_.key)) {
      return Error{ErrorCode::kUnauthenticated,
                   "the certificate is not the one of the device that sent it"};
    }
    return identity;
  }

 private:
  secagg::IdentityVerifier& certificates_;
  Peer peer_;
};

}  // namespace covey::coordinator
