#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "covey/crypto/certificate.h"

namespace grpc {
class AuthContext;
}

namespace covey::channel {

// Tells who is at the other end of a connection: the name and the key that the peer has proved, in
// the TLS handshake, to be its own. Never its address. A device's chain is verified once and then
// remembered, since each of its calls shows it again; new revocations forget all. Thread-safe.
class PeerAuthenticator {
 public:
  // `authorities_pem`: what tls_server_credentials() was given.
  static Result<std::unique_ptr<PeerAuthenticator>> create(const std::string& authorities_pem);

  // As crypto::CertificateVerifier::set_revocations, which see; holds from the next call on, for
  // connections that are already open too.
  Status set_revocations(std::string_view list_pem);

  // `context`: a ServerContext's auth_context(). kUnauthenticated when there is no certificate (as
  // on every insecure channel) or it is not a device's that holds.
  Result<crypto::CertifiedIdentity> identify(const grpc::AuthContext& context);
  // The same for a device that asks who its coordinator is: a ClientContext's auth_context().
  Result<crypto::CertifiedIdentity> identify_coordinator(const grpc::AuthContext& context);

 private:
  PeerAuthenticator(std::vector<Bytes> roots, crypto::CertificateVerifier verifier)
      : roots_(std::move(roots)), verifier_(std::move(verifier)) {}

  const std::vector<Bytes> roots_;
  std::mutex mutex_;  // guards what is below
  crypto::CertificateVerifier verifier_;
  std::map<Digest, crypto::CertifiedIdentity> verified_;  // by the digest of what was shown
};

}  // namespace covey::channel
