#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>
#include <string>

#include "covey/crypto/certificate.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "covey/crypto/pem.h"
#include "covey/proto/channel.h"
#include "covey/proto/peer_authenticator.h"
#include "covey/proto/status.h"

namespace covey::testing {

inline crypto::SigningKeyPair pair_of(std::uint64_t seed) {
  crypto::InsecureSeededRandom random(seed);
  return crypto::SigningKeyPair::from_seed(random.secret_key());
}

inline crypto::CertificateAuthority authority_of(std::uint64_t seed) {
  return crypto::CertificateAuthority::create("root", pair_of(seed)).value();
}

// What `authority` issued for `key`: `certificate` is its DER.
inline channel::TlsIdentity identity_of(const crypto::CertificateAuthority& root,
                                        const crypto::CertificateAuthority& authority,
                                        const Bytes& certificate,
                                        const crypto::SigningKeyPair& key) {
  return {crypto::certificates_to_pem(root.certificate()).value(),
          crypto::certificates_to_pem(authority.chain_for(certificate)).value(),
          crypto::private_key_to_pem(key).value()};
}

constexpr std::uint64_t kDeviceKey = 20;
constexpr std::uint64_t kCoordinatorKey = 30;

inline channel::TlsIdentity device_of(const crypto::CertificateAuthority& root,
                                      const crypto::CertificateAuthority& authority) {
  const auto key = pair_of(kDeviceKey);
  return identity_of(root, authority,
                     authority.issue_device("device-1", key.public_key(), 7).value(), key);
}

inline channel::TlsIdentity coordinator_of(const crypto::CertificateAuthority& root,
                                           const crypto::CertificateAuthority& authority) {
  const auto key = pair_of(kCoordinatorKey);
  return identity_of(root, authority,
                     authority.issue_coordinator("coordinator.test", key.public_key(), 8).value(),
                     key);
}

// Answers every call with the name that the caller has proved to have.
class NamingService final : public grpc::CallbackGenericService {
 public:
  explicit NamingService(channel::PeerAuthenticator& peers) : peers_(peers) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Answer(peers_.identify(*context->auth_context()));
  }

 private:
  struct Answer final : grpc::ServerGenericBidiReactor {
    explicit Answer(Result<crypto::CertifiedIdentity> peer) {
      if (!peer) {
        Finish(channel::to_grpc(peer.error()));
        return;
      }
      const grpc::Slice name(peer->name + "/" + std::to_string(peer->serial));
      reply = grpc::ByteBuffer(&name, 1);
      StartWriteAndFinish(&reply, {}, grpc::Status::OK);
    }
    void OnDone() override { delete this; }
    grpc::ByteBuffer reply;
  };

  channel::PeerAuthenticator& peers_;
};

// A coordinator on a free port.
class Server {
 public:
  Server(const std::string& authorities_pem, std::shared_ptr<grpc::ServerCredentials> credentials)
      : peers_(channel::PeerAuthenticator::create(authorities_pem).value()), service_(*peers_) {
    grpc::ServerBuilder builder;
    channel::configure_server(builder);
    builder.AddListeningPort("127.0.0.1:0", std::move(credentials), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  explicit Server(const channel::TlsIdentity& identity)
      : Server(identity.authorities_pem, channel::tls_server_credentials(identity).value()) {}

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  channel::PeerAuthenticator& peers() { return *peers_; }

 private:
  int port_ = 0;
  std::unique_ptr<channel::PeerAuthenticator> peers_;
  NamingService service_;
  std::unique_ptr<grpc::Server> server_;
};

// The server's answer to a call with a request of `size_bytes`.
inline Result<std::string> call(const std::shared_ptr<grpc::Channel>& channel,
                                std::size_t size_bytes = 0) {
  grpc::ClientContext context;
  const grpc::Slice slice{std::string(size_bytes, 'x')};
  const grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer reply;
  std::promise<grpc::Status> done;
  grpc::GenericStub stub(channel);
  stub.UnaryCall(&context, "/covey.test/Name", {}, &request, &reply,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  COVEY_RETURN_IF_ERROR(channel::from_grpc(done.get_future().get()));
  std::vector<grpc::Slice> slices;
  if (!reply.Dump(&slices).ok() || slices.empty()) return std::string();
  return std::string(reinterpret_cast<const char*>(slices[0].begin()), slices[0].size());
}

// A channel of gRPC's own, which refuses nothing.
inline std::shared_ptr<grpc::Channel> raw_channel(const Server& server,
                                                  const grpc::SslCredentialsOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("coordinator.test");
  return grpc::CreateCustomChannel(server.address(), grpc::SslCredentials(options), arguments);
}

}  // namespace covey::testing
