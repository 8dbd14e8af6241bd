#include "covey/proto/peer_authenticator.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>

#include <algorithm>

#include "covey/crypto/pem.h"
#include "covey/crypto/transcript.h"

namespace covey::channel {
namespace {

// Empty unless the connection has this property exactly once.
std::string_view property(const grpc::AuthContext& context, const char* name) {
  const auto values = context.FindPropertyValues(name);
  if (values.size() != 1) return {};
  return {values.front().data(), values.front().size()};
}

// Of devices that are remembered, at some 200 bytes each: more than are connected to one
// coordinator.
constexpr std::size_t kMostVerified = 65'536;

// Of all that the peer showed in the handshake, as gRPC reports it.
Digest digest_of_shown(const grpc::AuthContext& context) {
  return crypto::Transcript("covey/v1/peer-certificates")
      .field(property(context, GRPC_X509_PEM_CERT_PROPERTY_NAME))
      .field(property(context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME))
      .digest();
}

// What the peer showed in the handshake: its certificate, then its intermediate authorities'. The
// chain that gRPC reports begins with the peer's own certificate on one side only, and TLS stacks
// add the root, which a verifier has by itself.
Result<Bytes> shown_chain(const grpc::AuthContext& context, const std::vector<Bytes>& roots) {
  const std::string_view leaf_pem = property(context, GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (!context.IsPeerAuthenticated() || leaf_pem.empty()) {
    return Error{ErrorCode::kUnauthenticated, "the connection was made without a certificate"};
  }
  COVEY_ASSIGN_OR_RETURN(const Bytes leaf, crypto::certificates_from_pem(leaf_pem));
  Bytes chain = leaf;
  const std::string_view rest_pem = property(context, GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
  if (rest_pem.empty()) return chain;
  COVEY_ASSIGN_OR_RETURN(const auto rest, crypto::split_certificates_from_pem(rest_pem));
  for (const Bytes& certificate : rest) {
    if (certificate == leaf || std::ranges::find(roots, certificate) != roots.end()) continue;
    chain.insert(chain.end(), certificate.begin(), certificate.end());
  }
  return chain;
}

}  // namespace

Result<std::unique_ptr<PeerAuthenticator>> PeerAuthenticator::create(
    const std::string& authorities_pem) {
  COVEY_ASSIGN_OR_RETURN(auto roots, crypto::split_certificates_from_pem(authorities_pem));
  COVEY_ASSIGN_OR_RETURN(auto verifier, crypto::CertificateVerifier::create(roots));
  return std::unique_ptr<PeerAuthenticator>(
      new PeerAuthenticator(std::move(roots), std::move(verifier)));
}

Status PeerAuthenticator::set_revocations(std::string_view list_pem) {
  COVEY_ASSIGN_OR_RETURN(const Bytes list, crypto::revocations_from_pem(list_pem));
  const std::lock_guard lock(mutex_);
  verified_.clear();
  return verifier_.set_revocations(list);
}

Result<crypto::CertifiedIdentity> PeerAuthenticator::identify(const grpc::AuthContext& context) {
  const Digest shown = digest_of_shown(context);
  if (context.IsPeerAuthenticated()) {
    const std::lock_guard lock(mutex_);
    const auto known = verified_.find(shown);
    if (known != verified_.end()) return known->second;
  }
  COVEY_ASSIGN_OR_RETURN(const Bytes chain, shown_chain(context, roots_));
  const std::lock_guard lock(mutex_);
  COVEY_ASSIGN_OR_RETURN(auto identity, verifier_.verify(chain));
  if (verified_.size() == kMostVerified) verified_.clear();
  return verified_.emplace(shown, std::move(identity)).first->second;
}

Result<crypto::CertifiedIdentity> PeerAuthenticator::identify_coordinator(
    const grpc::AuthContext& context) {
  COVEY_ASSIGN_OR_RETURN(const Bytes chain, shown_chain(context, roots_));
  const std::lock_guard lock(mutex_);
  return verifier_.verify_coordinator(chain);
}

}  // namespace covey::channel
