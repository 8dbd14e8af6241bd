#pragma once

#include <memory>
#include <string>

#include "covey/base/result.h"
#include "covey/base/secret.h"

namespace grpc {
class Channel;
class ServerBuilder;
class ServerCredentials;
}  // namespace grpc

namespace covey::channel {

// What the gRPC shells of devices and of the coordinator share: a channel's limits, its pings and
// who may be at its ends. For client/grpc/ and coordinator/grpc/. Thread-safe, but see
// TlsIdentity.

// A part of 1 MiB and what goes around it, with room to spare. Larger messages are refused by
// either side.
constexpr std::size_t kMaxMessageBytes = 2 << 20;

// Beside every call without TLS, in its metadata: what the device says its name is.
constexpr const char* kInsecureNameKey = "covey-device";

// Who one is in TLS 1.3, and whom one believes. Anything below TLS 1.3 is off for every gRPC
// channel of the process from the first TlsIdentity that is used below (an environment variable of
// gRPC's is set): use it before other gRPC credentials are made and before threads read the
// environment.
struct TlsIdentity {
  std::string authorities_pem;  // the federation's root certificate; several while one is replaced
  std::string certificate_pem;  // one's own, then any intermediate authorities'
  SecretBytes private_key_pem;  // PKCS#8, not encrypted
};

// The coordinator's: limits and pings, to be set on every server.
void configure_server(grpc::ServerBuilder& builder);

// The coordinator's: only devices whose certificates lead to `authorities_pem` get through, which
// PeerAuthenticator must still name and look up among the revoked. kInvalidArgument or
// kUnauthenticated when the three parts do not belong together or are not a coordinator's.
Result<std::shared_ptr<grpc::ServerCredentials>> tls_server_credentials(
    const TlsIdentity& identity);
// For tries on one machine. kInvalidArgument unless `address` can be reached from it only.
Result<std::shared_ptr<grpc::ServerCredentials>> insecure_server_credentials(
    const std::string& address);

// A device's. The coordinator at `address` ("host:port") must show a certificate for
// `coordinator_name`, however it is reached. Connects when it is first used. Errors as for servers.
Result<std::shared_ptr<grpc::Channel>> open_tls_channel(const std::string& address,
                                                        const std::string& coordinator_name,
                                                        const TlsIdentity& identity);
Result<std::shared_ptr<grpc::Channel>> open_insecure_channel(const std::string& address);

// Ok for a loopback address, localhost or a Unix socket, in gRPC's notation: "127.0.0.1:50051",
// "[::1]:50051", "localhost:50051", "unix:/run/covey.sock".
Status check_loopback(const std::string& address);

}  // namespace covey::channel
