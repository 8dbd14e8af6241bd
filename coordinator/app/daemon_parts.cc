#include "coordinator/app/daemon_parts.h"

#include <filesystem>
#include <fstream>
#include <mutex>

#include "coordinator/store/durable_file.h"
#include "covey/crypto/pem.h"
#include "covey/settings/text_file.h"

namespace covey::coordinator {
namespace {

constexpr const char* kAdvice = "`covey pki --help` shows how to make one";

// A key of its own for the audit log, where there is no certificate to take one from.
Result<crypto::SigningKeyPair> development_key(const std::string& state) {
  std::error_code error;
  std::filesystem::create_directories(state, error);
  const std::string path = state + "/development.key";
  if (std::filesystem::exists(path, error)) {
    COVEY_ASSIGN_OR_RETURN(const SecretBytes pem,
                           settings::read_secret_file("the development key", path, kAdvice));
    return crypto::private_key_from_pem(text_of(pem.reveal()));
  }
  crypto::SystemRandom random;
  auto key = crypto::SigningKeyPair::from_seed(random.secret_key());
  COVEY_ASSIGN_OR_RETURN(const SecretBytes pem, crypto::private_key_to_pem(key));
  std::ofstream file(path, std::ios::binary);
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  file << text_of(pem.reveal());
  if (!file.flush()) return Error{ErrorCode::kUnknown, path + " cannot be written"};
  return key;
}

// Says why devices are not let in.
class Refusals {
 public:
  explicit Refusals(std::function<void(const LogLine&)> log) : state_(std::make_shared<State>()) {
    state_->log = std::move(log);
  }
  void operator()(const Error& error) const {
    const std::lock_guard lock(state_->mutex);
    const auto now = std::chrono::steady_clock::now();
    ++state_->silent;
    if (now - state_->said_at < std::chrono::seconds(1)) return;
    state_->said_at = now;
    std::string text = "a connection is refused: " + error.message;
    if (state_->silent > 1) text += " (" + std::to_string(state_->silent) + " since the last line)";
    state_->silent = 0;
    state_->log(log_line("warning", std::move(text)));
  }

 private:
  struct State {
    std::mutex mutex;
    std::function<void(const LogLine&)> log;
    std::chrono::steady_clock::time_point said_at{};
    std::size_t silent = 0;
  };
  std::shared_ptr<State> state_;  // with the copies of this in the server
};

// With the coordinator's certificate: who it is on the wire, and its key.
Result<crypto::SigningKeyPair> read_identity(const DaemonConfig& config,
                                             channel::TlsIdentity& tls) {
  COVEY_ASSIGN_OR_RETURN(tls.private_key_pem,
                         settings::read_secret_file("identity.key", config.key, kAdvice));
  COVEY_ASSIGN_OR_RETURN(auto key,
                         crypto::private_key_from_pem(text_of(tls.private_key_pem.reveal())));
  COVEY_ASSIGN_OR_RETURN(
      tls.certificate_pem,
      settings::read_text_file("identity.certificate", config.certificate, kAdvice));
  return key;
}

}  // namespace

LogLine log_line(const char* level, std::string text) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {0, std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), level,
          std::move(text)};
}

Result<DaemonParts> prepare_daemon(const DaemonConfig& config, bool is_insecure,
                                   std::function<void(const LogLine&)> log) {
  COVEY_ASSIGN_OR_RETURN(auto store, open_store({config.state, config.disk_reserve_mib << 20}));
  GrpcServerOptions server;
  server.listen = config.listen;
  server.admin_socket = config.admin_socket;
  server.max_bytes_in_flight = config.bytes_in_flight_mib << 20;
  server.max_calls_per_connection = static_cast<int>(config.calls_per_connection);
  channel::TlsIdentity tls;
  COVEY_ASSIGN_OR_RETURN(tls.authorities_pem,
                         settings::read_text_file("identity.authority", config.authority, kAdvice));
  COVEY_ASSIGN_OR_RETURN(auto certificates,
                         DeviceCertificates::create(tls.authorities_pem, config.revoked));
  COVEY_ASSIGN_OR_RETURN(const auto revoked, certificates->reload());
  server.revocations_pem = revoked.value_or("");
  server.on_refused = Refusals(log);
  std::optional<crypto::SigningKeyPair> key;
  if (is_insecure) {
    COVEY_ASSIGN_OR_RETURN(key, development_key(config.state));
  } else {
    COVEY_ASSIGN_OR_RETURN(key, read_identity(config, tls));
    server.tls = std::move(tls);
  }
  DeviceCertificates* const kept = certificates.get();
  HostOptions host{kCoordinatorVersion, std::move(*key), std::move(certificates), std::move(log)};
  host.worker_threads = config.worker_threads;
  host.bytes_in_flight = config.bytes_in_flight_mib << 20;
  host.calls_per_device = config.calls_per_device;
  return DaemonParts{std::move(host), std::move(store), std::move(server), kept};
}

Status write_address(const DaemonConfig& config, std::uint16_t port) {
  const std::string host = config.listen.substr(0, config.listen.rfind(':'));
  const std::string line = host + ":" + std::to_string(port) + "\n";
  COVEY_ASSIGN_OR_RETURN(IncomingFile file, IncomingFile::create(config.state + "/incoming"));
  COVEY_RETURN_IF_ERROR(file.append(view_of(line)));
  return file.publish(config.state, "address");
}

}  // namespace covey::coordinator
