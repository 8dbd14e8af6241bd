#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "coordinator/app/daemon_config.h"
#include "coordinator/app/device_certificates.h"
#include "covey/coordinator/federation_host.h"
#include "covey/coordinator/grpc_server.h"

namespace covey::coordinator {

inline constexpr const char* kCoordinatorVersion = "0.1.0";

// What the settings come to: what a host and the server before it are made with. The store's folder
// is locked from here on.
struct DaemonParts {
  HostOptions host;
  std::unique_ptr<Store> store;
  GrpcServerOptions server;
  DeviceCertificates* certificates = nullptr;  // the host's
};
// Reads keys, certificates and the list of revoked ones. `log`: also told why devices are not let
// in, at most one line a second, however many of them knock.
Result<DaemonParts> prepare_daemon(const DaemonConfig& config, bool is_insecure,
                                   std::function<void(const LogLine&)> log);

// `address` in the state folder: for scripts, and for those who let the daemon choose a port.
Status write_address(const DaemonConfig& config, std::uint16_t port);

LogLine log_line(const char* level, std::string text);  // of now

}  // namespace covey::coordinator
