#pragma once

#include <memory>
#include <string>
#include <vector>

#include "covey/base/result.h"
#include "covey/crypto/signature.h"

namespace covey::crypto {

// X.509 certificates with Ed25519 keys (RFC 8410), through OpenSSL. Validity periods are not looked
// at: no clock of a device is trusted; what ends a certificate is revocation.

// What a verified certificate says.
struct CertifiedIdentity {
  std::string name;  // the subject's common name
  SigningPublicKey key;
};

// Issues certificates. For the federation's authority, for tests and for benchmarks. Not
// thread-safe.
class CertificateAuthority {
 public:
  // Self-signed. `name`: the common name, 1 to 64 printable ASCII characters.
  static Result<CertificateAuthority> create(const std::string& name, SigningKeyPair key);

  // DER. An intermediate authority may issue in turn; a device may not. `serial`: 1 or more, never
  // used twice by one authority. The same inputs give the same bytes. kInvalidArgument for a name
  // or serial that is not allowed, kFailedPrecondition for an authority whose devices' chains no
  // verifier would take.
  Result<Bytes> issue_device(const std::string& name, const SigningPublicKey& key,
                             std::uint64_t serial) const;
  Result<CertificateAuthority> issue_authority(const std::string& name, SigningKeyPair key,
                                               std::uint64_t serial) const;

  const Bytes& certificate() const { return certificate_; }  // its own, DER
  // The chain that a device of this authority shows: its certificate, then every intermediate up to
  // the root, which is left out: DER certificates one after another.
  Bytes chain_for(ByteView device_certificate) const;

 private:
  CertificateAuthority(std::string name, SigningKeyPair key)
      : name_(std::move(name)), key_(std::move(key)) {}

  std::string name_;
  SigningKeyPair key_;
  Bytes certificate_;
  std::vector<Bytes> intermediates_;  // from this authority up, without the root
};

// Checks chains against trusted roots. An intermediate that was verified once is remembered. Not
// thread-safe.
class CertificateVerifier {
 public:
  static Result<CertificateVerifier> create(
      std::span<const Bytes> trusted_roots);  // DER, at least one
  CertificateVerifier(CertificateVerifier&&) noexcept;
  CertificateVerifier& operator=(CertificateVerifier&&) noexcept;
  ~CertificateVerifier();

  // `chain`: DER certificates one after another, the device's first, at most kMaxChainLength.
  // kUnauthenticated when it does not lead to a root, when a key is not Ed25519, when an authority
  // shows itself as a device or a device as an authority, or when an extension marked critical is
  // not understood; kInvalidArgument when it is not DER or over a limit below.
  Result<CertifiedIdentity> verify(ByteView chain);

  static constexpr std::size_t kMaxChainLength = 4;
  static constexpr std::size_t kMaxChainBytes = 4096;

 private:
  struct State;
  explicit CertificateVerifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace covey::crypto
