#pragma once

#include "covey/crypto/certificate.h"

namespace covey::secagg {

// Decides whose signature a certificate stands for. Called once a certificate in a session. Not
// thread-safe.
class IdentityVerifier {
 public:
  virtual ~IdentityVerifier() = default;
  // Any error refuses the device that showed the certificate.
  virtual Result<crypto::CertifiedIdentity> verify(ByteView certificate_chain) = 0;
};

// Chains of X.509 certificates up to the federation's authority.
class CertificateIdentityVerifier final : public IdentityVerifier {
 public:
  explicit CertificateIdentityVerifier(crypto::CertificateVerifier verifier)
      : verifier_(std::move(verifier)) {}
  Result<crypto::CertifiedIdentity> verify(ByteView certificate_chain) override {
    return verifier_.verify(certificate_chain);
  }

 private:
  crypto::CertificateVerifier verifier_;
};

}  // namespace covey::secagg
