#pragma once

#include "covey/aggregation/secagg/identity.h"
#include "covey/crypto/signature.h"

namespace covey::simulation {

// The keys of virtual devices: drawn from the seed and the device's number, and vouched for by
// nobody. What a real federation has an authority and X.509 for is the one part of the protocol
// that a simulation leaves out.
crypto::SigningKeyPair key_of_device(std::uint64_t seed, std::uint64_t device);

// A "certificate chain" is the 32 bytes of a key. Holds nothing: as many threads as one likes.
class KeyVerifier final : public secagg::IdentityVerifier {
 public:
  Result<crypto::CertifiedIdentity> verify(ByteView certificate_chain) override;
};

}  // namespace covey::simulation
