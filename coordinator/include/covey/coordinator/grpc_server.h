#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "covey/coordinator/federation.h"
#include "covey/proto/channel.h"

namespace covey::coordinator {

struct GrpcServerOptions {
  std::string listen = "127.0.0.1:0";  // "host:port"; port 0: any free one
  // Without it, which works on loopback only, devices say their own names and have no keys.
  std::optional<channel::TlsIdentity> tls;
  std::string revocations_pem;  // with tls: the authority's list, as for set_revocations; or empty
  // Told why a device was not let in or a connection was cut, which the device is not. From the
  // server's threads.
  std::function<void(const Error&)> on_refused;

  // Where operators ask; empty: nowhere. Its folder is made with mode 0700 when it is not there,
  // and must be nobody else's to look into.
  std::string admin_socket;

  int max_calls_per_connection = 8;
  std::size_t max_connections_per_device = 8;  // then the one that was used least lately is cut
  // 0: as many as the process's limit of descriptors leaves room for.
  std::size_t max_connections = 0;
  std::uint64_t max_bytes_in_flight = std::uint64_t{256} << 20;  // of messages, over all calls
  // A stream that its reader takes nothing of for so long is ended, and a connection on which no
  // whole call has come by then is cut.
  std::chrono::milliseconds idle{60'000};
};

// DeviceApi over gRPC for devices, and AdminApi over a local socket for operators: two servers, so
// that no device can reach the second. Thread-safe.
class GrpcServer {
 public:
  // Both apis must outlive the server, and must call every Reply, also of calls whose caller has
  // gone: `stop` waits for that. kInvalidArgument for what cannot be served (an insecure address
  // that is not loopback, a socket's path that is too long), the same or kUnauthenticated for
  // certificates that do not belong together, kFailedPrecondition for a folder that others may look
  // into, kUnavailable when an address or the socket is taken.
  static Result<std::unique_ptr<GrpcServer>> start(GrpcServerOptions options, DeviceApi& device_api,
                                                   AdminApi& admin_api);
  ~GrpcServer();  // stops at once

  std::uint16_t port() const;  // that devices connect to

  // Refuses the devices in `list_pem` from their next call on, open connections too. Errors as
  // crypto::CertificateVerifier::set_revocations; kFailedPrecondition without TLS.
  Status set_revocations(std::string_view list_pem);

  // Takes no new calls, lets those under way end within `patience`, then cuts them. Again: nothing.
  void stop(std::chrono::milliseconds patience);

 private:
  struct State;
  explicit GrpcServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace covey::coordinator
