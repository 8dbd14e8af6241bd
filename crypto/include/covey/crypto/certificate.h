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
  std::uint64_t serial = 0;  // which of its authority's certificates it is
};

// Issues certificates. For the federation's authority, for tests and for benchmarks. Not
// thread-safe.
class CertificateAuthority {
 public:
  // Self-signed. `name`: the common name, 1 to 64 printable ASCII characters.
  static Result<CertificateAuthority> create(const std::string& name, SigningKeyPair key);

  // The authority that `certificate` (its own, DER) and `key` were part of. `intermediates`: for
  // one that is no root, those between it and the root, the nearest first. kInvalidArgument when
  // they do not belong together.
  static Result<CertificateAuthority> restore(ByteView certificate, SigningKeyPair key,
                                              std::span<const Bytes> intermediates = {});

  // DER. An intermediate authority may issue in turn; a device may not. `serial`: 1 or more, never
  // used twice by one authority. The same inputs give the same bytes. kInvalidArgument for a name
  // or serial that is not allowed, kFailedPrecondition for an authority whose devices' chains no
  // verifier would take.
  Result<Bytes> issue_device(const std::string& name, const SigningPublicKey& key,
                             std::uint64_t serial) const;
  // For TLS servers, where issue_device()'s are for TLS clients. `name`: a DNS name, which need not
  // exist in the DNS: devices connect to whatever address they are given and ask for this name.
  Result<Bytes> issue_coordinator(const std::string& name, const SigningPublicKey& key,
                                  std::uint64_t serial) const;
  Result<CertificateAuthority> issue_authority(const std::string& name, SigningKeyPair key,
                                               std::uint64_t serial) const;

  // A certificate revocation list (RFC 5280 §5), DER: every certificate of this authority that has
  // been revoked, by serial. `number` grows from list to list.
  Result<Bytes> issue_revocations(std::span<const std::uint64_t> serials,
                                  std::uint64_t number) const;

  const std::string& name() const { return name_; }
  const Bytes& certificate() const { return certificate_; }  // its own, DER
  // The chain that a device or coordinator of this authority shows: its certificate, then every
  // intermediate up to the root, which is left out: DER certificates one after another.
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
  // not understood, or when it or an authority above it has been revoked; kInvalidArgument when it
  // is not DER or over a limit below.
  Result<CertifiedIdentity> verify(ByteView chain);
  // The same for a coordinator's certificate: no device's passes here, and no coordinator's there.
  Result<CertifiedIdentity> verify_coordinator(ByteView chain);

  // From now on, what `list` names is refused: a revocation list in DER, in place of the last one
  // of the same authority. `issuers`: for an authority that is no root, its certificate and those
  // above it without the root, DER, one after another. Dates are not looked at. kUnauthenticated
  // when no trusted authority signed it, kFailedPrecondition when a later one is held (or another
  // of the same number), kInvalidArgument when it is not a list that this understands whole. After
  // an error what was held still holds.
  Status set_revocations(ByteView list, ByteView issuers = {});

  static constexpr std::size_t kMaxChainLength = 4;
  static constexpr std::size_t kMaxChainBytes = 4096;
  static constexpr std::size_t kMaxRevocationBytes = 32 << 20;  // some 800,000 certificates

 private:
  struct State;
  explicit CertificateVerifier(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace covey::crypto
