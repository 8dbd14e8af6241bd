#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "covey/coordinator/admin_client.h"
#include "covey/coordinator/task_file.h"
#include "covey/crypto/certificate.h"
#include "covey/proto/channel.h"
#include "integration/world/process.h"

namespace covey::bench {

// Who a device is.
struct DeviceIdentity {
  std::string name;
  crypto::SigningKeyPair key;
  Bytes certificate_chain;
  channel::TlsIdentity tls;
};

// A round's size.
struct RoundShape {
  std::uint32_t devices = 1000;
  std::uint32_t group_size = 100;
  std::uint64_t length = 100'000;  // of the model, in float32
};

// Names of devices begin with their kind, by which tasks select them.
inline constexpr const char* kWorkers = "worker";
inline constexpr const char* kPollers = "poller";

// A daemon as an operator runs it, on loopback with TLS and its state on disk, and the authority of
// its federation. Gone with its folder when this is. Not thread-safe.
class LoadFederation {
 public:
  static Result<std::unique_ptr<LoadFederation>> start(const std::string& coordinator_program);
  ~LoadFederation();
  LoadFederation(const LoadFederation&) = delete;

  const std::string& address() const { return address_; }  // for devices
  const std::string& coordinator_name() const;
  const Bytes& root() const { return authority_.certificate(); }
  pid_t coordinator_id() const { return coordinator_id_; }
  coordinator::AdminClient& admin() { return *admin_; }
  std::string coordinator_log() const { return coordinator_->output(); }

  Result<DeviceIdentity> issue(const std::string& name);
  // A task for devices of this kind, whose rounds begin by `covey round run` only.
  Result<coordinator::TaskSpec> submit(const std::string& task, const char* kind,
                                       const RoundShape& shape);

 private:
  LoadFederation(std::filesystem::path folder, crypto::CertificateAuthority authority)
      : folder_(std::move(folder)), authority_(std::move(authority)) {}
  Status write_settings();
  Status start_coordinator(const std::string& program);

  const std::filesystem::path folder_;
  crypto::CertificateAuthority authority_;
  std::uint64_t last_serial_ = 0;
  std::optional<testing::Process> coordinator_;
  pid_t coordinator_id_ = 0;
  std::string address_;
  std::unique_ptr<coordinator::AdminClient> admin_;
};

}  // namespace covey::bench
