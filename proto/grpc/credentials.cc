#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <cstdlib>
#include <cstring>

#include "covey/crypto/certificate.h"
#include "covey/crypto/pem.h"
#include "covey/proto/channel.h"
#include "proto/grpc/channel_settings.h"

namespace covey::channel {
namespace {

// gRPC 1.51 has no setting for the least version of TLS, but one for the ciphers of TLS 1.2; those
// of TLS 1.3 are apart from them. This cipher needs a certificate with an RSA key, and there is
// none with such a key in a federation: so nothing of TLS 1.2 is left that two sides could agree
// on.
constexpr const char* kCiphersVariable = "GRPC_SSL_CIPHER_SUITES";
constexpr const char* kCiphersThatNobodyCanUse = "ECDHE-RSA-AES256-GCM-SHA384";

Status set_ciphers() {
  const char* const found = std::getenv(kCiphersVariable);
  if (found != nullptr && std::strcmp(found, kCiphersThatNobodyCanUse) != 0) {
    return Error{ErrorCode::kFailedPrecondition,
                 std::string("the environment variable ") + kCiphersVariable +
                     " is set, but Covey must set it to have TLS 1.3 and nothing older: unset it"};
  }
  if (setenv(kCiphersVariable, kCiphersThatNobodyCanUse, 1) != 0) {
    return Error{ErrorCode::kResourceExhausted, "no memory for an environment variable"};
  }
  return {};
}

// gRPC reads the variable once, when the first credentials are made.
Status require_tls_1_3() {
  static const Status status = set_ciphers();
  return status;
}

void wipe_text(std::string& text) {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

enum class End { kDevice, kCoordinator };

// gRPC says nothing when its credentials make no sense, and every handshake fails: so they are
// checked first.
Status check(const TlsIdentity& identity, End end) {
  COVEY_ASSIGN_OR_RETURN(const auto roots,
                         crypto::split_certificates_from_pem(identity.authorities_pem));
  COVEY_ASSIGN_OR_RETURN(auto verifier, crypto::CertificateVerifier::create(roots));
  COVEY_ASSIGN_OR_RETURN(const Bytes chain,
                         crypto::certificates_from_pem(identity.certificate_pem));
  COVEY_ASSIGN_OR_RETURN(const auto key,
                         crypto::private_key_from_pem(text_of(identity.private_key_pem.reveal())));
  COVEY_ASSIGN_OR_RETURN(const auto own, end == End::kDevice ? verifier.verify(chain)
                                                             : verifier.verify_coordinator(chain));
  if (own.key != key.public_key()) {
    return invalid_argument(
        "the private key does not belong to the certificate: give the key that the certificate was "
        "requested with");
  }
  return require_tls_1_3();
}

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>> tls_server_credentials(
    const TlsIdentity& identity) {
  COVEY_RETURN_IF_ERROR(check(identity, End::kCoordinator));
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = identity.authorities_pem;
  options.pem_key_cert_pairs.emplace_back();
  auto& own = options.pem_key_cert_pairs.front();
  own.private_key = text_of(identity.private_key_pem.reveal());
  own.cert_chain = identity.certificate_pem;
  auto credentials = grpc::SslServerCredentials(options);
  wipe_text(own.private_key);
  return credentials;
}

Result<std::shared_ptr<grpc::ServerCredentials>> insecure_server_credentials(
    const std::string& address) {
  COVEY_RETURN_IF_ERROR(check_loopback(address));
  return grpc::InsecureServerCredentials();
}

Result<std::shared_ptr<grpc::Channel>> open_tls_channel(const std::string& address,
                                                        const std::string& coordinator_name,
                                                        const TlsIdentity& identity) {
  if (coordinator_name.empty()) {
    return invalid_argument(
        "expected the name in the coordinator's certificate, found none: give the one it was "
        "issued for");
  }
  COVEY_RETURN_IF_ERROR(check(identity, End::kDevice));
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = identity.authorities_pem;
  options.pem_cert_chain = identity.certificate_pem;
  options.pem_private_key = text_of(identity.private_key_pem.reveal());
  const auto credentials = grpc::SslCredentials(options);
  wipe_text(options.pem_private_key);
  grpc::ChannelArguments arguments = channel_arguments();
  arguments.SetSslTargetNameOverride(coordinator_name);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

Result<std::shared_ptr<grpc::Channel>> open_insecure_channel(const std::string& address) {
  COVEY_RETURN_IF_ERROR(check_loopback(address));
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   channel_arguments());
}

}  // namespace covey::channel
