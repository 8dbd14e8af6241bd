#pragma once

#include <cstdint>
#include <string>

#include "covey/base/result.h"

namespace covey::coordinator {

// What an operator sets: coordinator.toml. Paths are relative to the file.
struct DaemonConfig {
  std::string state = "covey-state";      // folder of everything that is kept
  std::string listen = "127.0.0.1:7400";  // for devices; port 0: any free one
  std::string admin_socket;               // empty: admin.sock in `state`

  std::string certificate;  // PEM, the coordinator's own, then intermediates
  std::string key;          // PEM, PKCS#8
  std::string authority;    // PEM, the federation's root
  std::string revoked;      // PEM, the authority's list; read again when the file changes

  std::uint64_t bytes_in_flight_mib = 256;
  std::uint64_t disk_reserve_mib = 256;
  std::uint32_t calls_per_device = 64;
  std::uint32_t calls_per_connection = 8;
  std::uint32_t worker_threads = 0;  // 0: one a core
};

// kInvalidArgument with line and column, an unknown key with the nearest legal one; kNotFound for a
// file that is not there.
Result<DaemonConfig> read_daemon_config(const std::string& path);
inline constexpr const char* kExampleConfig = R"(# coordinator.toml: every key, with its default
[coordinator]
state = "covey-state"          # models, rounds and the audit log; one folder a coordinator
listen = "127.0.0.1:7400"      # 0.0.0.0:7400 for every network; port 0 takes any free one
#admin_socket = "…"            # default: admin.sock in the state folder

[identity]                     # from `covey pki issue --coordinator`
certificate = "coordinator.pem"
key = "coordinator.key"
authority = "authority.pem"
#revoked = "revoked.crl"       # from `covey pki revoke`; read again when it changes

[limits]
bytes_in_flight_mib = 256      # of requests that wait
disk_reserve_mib = 256         # nothing is stored that would leave less
calls_per_device = 64          # that wait
calls_per_connection = 8
worker_threads = 0             # 0: one a core
)";

}  // namespace covey::coordinator
