#pragma once

#include <cstdint>

#include "covey/aggregation/secagg/identity.h"

namespace covey::bench {

// CPU that public-key operations take on the calling thread: the bench program is linked so that
// libsodium's curve functions are called through public_key_meter.cc, which times them; nothing in
// the library knows of it.
struct PublicKeyUse {
  double seconds = 0;
  std::uint64_t agreements = 0;
  std::uint64_t signatures = 0;     // made
  std::uint64_t verifications = 0;  // of signatures, in certificates too
  std::uint64_t certificates = 0;   // verified

  PublicKeyUse& operator+=(const PublicKeyUse& other);
};

// What this thread has used since it last asked.
PublicKeyUse take_public_key_use();

// Counts and times certificates, parsing and all, as public-key work.
class MeteredVerifier final : public secagg::IdentityVerifier {
 public:
  explicit MeteredVerifier(crypto::CertificateVerifier verifier) : verifier_(std::move(verifier)) {}
  Result<crypto::CertifiedIdentity> verify(ByteView certificate_chain) override;

 private:
  secagg::CertificateIdentityVerifier verifier_;
};

}  // namespace covey::bench
