#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <cxxopts.hpp>

#include "coordinator/app/daemon_config.h"
#include "coordinator/app/daemon_log.h"
#include "coordinator/app/device_certificates.h"
#include "covey/coordinator/federation_host.h"
#include "covey/coordinator/grpc_server.h"
#include "covey/crypto/pem.h"
#include "covey/settings/text_file.h"

// The daemon: flags and file → objects → run until a signal.
namespace covey::coordinator {
namespace {

constexpr const char* kVersion = "0.1.0";
constexpr int kRevocationsEveryMs = 2'000;
// For answers that are on their way: nobody is held any more by then. Idle connections are cut.
constexpr std::chrono::milliseconds kStopPatience{500};

constexpr const char* kAdvice = "`covey pki --help` shows how to make one";

struct Flags {
  std::string config = "coordinator.toml";
  std::string state;
  std::string listen;
  std::string log_format = "text";
  std::string log_level = "info";
  bool is_insecure = false;
};

Result<DaemonConfig> configure(const Flags& flags) {
  COVEY_ASSIGN_OR_RETURN(DaemonConfig config, read_daemon_config(flags.config));
  if (!flags.state.empty()) config.state = flags.state;
  if (!flags.listen.empty()) config.listen = flags.listen;
  if (config.admin_socket.empty()) config.admin_socket = config.state + "/admin.sock";
  return config;
}

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

LogLine line_of(const char* level, std::string text) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {0, std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), level,
          std::move(text)};
}

// Says why devices are not let in, at most one line a second, however many of them knock.
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
    state_->log(line_of("warning", std::move(text)));
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

struct Daemon {
  std::function<void(const LogLine&)> log;
  DeviceCertificates* certificates = nullptr;  // the host's
  std::unique_ptr<FederationHost> host;
  std::unique_ptr<GrpcServer> server;
  bool is_tls = false;
  std::string complaint;  // the last one about the list of revoked certificates

  void say(const char* level, std::string text) const { log(line_of(level, std::move(text))); }
};

Result<Daemon> start(const Flags& flags, const DaemonConfig& config) {
  Daemon daemon;
  COVEY_ASSIGN_OR_RETURN(daemon.log, make_log_sink(flags.log_format, flags.log_level));
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
  server.on_refused = Refusals(daemon.log);
  std::optional<crypto::SigningKeyPair> key;
  if (flags.is_insecure) {
    COVEY_ASSIGN_OR_RETURN(key, development_key(config.state));
  } else {
    COVEY_ASSIGN_OR_RETURN(tls.private_key_pem,
                           settings::read_secret_file("identity.key", config.key, kAdvice));
    COVEY_ASSIGN_OR_RETURN(key,
                           crypto::private_key_from_pem(text_of(tls.private_key_pem.reveal())));
    COVEY_ASSIGN_OR_RETURN(
        tls.certificate_pem,
        settings::read_text_file("identity.certificate", config.certificate, kAdvice));
    server.tls = std::move(tls);
  }
  daemon.is_tls = server.tls.has_value();
  daemon.certificates = certificates.get();
  HostOptions host{kVersion, std::move(*key), std::move(certificates), daemon.log};
  host.worker_threads = config.worker_threads;
  host.bytes_in_flight = config.bytes_in_flight_mib << 20;
  host.calls_per_device = config.calls_per_device;
  COVEY_ASSIGN_OR_RETURN(daemon.host, FederationHost::open(std::move(host), std::move(store)));
  COVEY_ASSIGN_OR_RETURN(daemon.server,
                         GrpcServer::start(std::move(server), *daemon.host, *daemon.host));
  return daemon;
}

// For scripts, and for those who let the daemon choose a port.
Status write_address(const DaemonConfig& config, std::uint16_t port) {
  const std::string host = config.listen.substr(0, config.listen.rfind(':'));
  const std::string path = config.state + "/address";
  std::ofstream file(path + ".new");
  file << host << ':' << port << '\n';
  file.close();
  std::error_code error;
  std::filesystem::rename(path + ".new", path, error);
  if (file && !error) return {};
  return Error{ErrorCode::kUnknown, path + " cannot be written"};
}

void complain(Daemon& daemon, const std::string& what) {
  if (what == daemon.complaint) return;  // it is tried again every few seconds
  daemon.say("error", what);
  daemon.complaint = what;
}

void reload_revocations(Daemon& daemon) {
  const auto list = daemon.certificates->reload();
  if (!list) return complain(daemon, list.error().message);
  if (!*list) return;
  if (daemon.is_tls) {
    if (const Status set = daemon.server->set_revocations(**list); !set) {
      daemon.certificates->read_again();
      return complain(daemon, set.error().message);
    }
  }
  daemon.say("info", "the list of revoked certificates is read");
}

void wait_for_signal(Daemon& daemon, const sigset_t& signals) {
  const int descriptor = signalfd(-1, &signals, SFD_CLOEXEC);
  for (;;) {
    pollfd events{descriptor, POLLIN, 0};
    const int ready = poll(&events, 1, kRevocationsEveryMs);
    if (ready == 0) reload_revocations(daemon);
    if (ready <= 0) continue;
    signalfd_siginfo info{};
    if (read(descriptor, &info, sizeof(info)) != sizeof(info)) continue;
    if (info.ssi_signo != SIGHUP) break;
    reload_revocations(daemon);
  }
  close(descriptor);
}

Status run(const Flags& flags) {
  COVEY_ASSIGN_OR_RETURN(const DaemonConfig config, configure(flags));
  // Before any thread, so that all of them leave signals to this one.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  COVEY_ASSIGN_OR_RETURN(Daemon daemon, start(flags, config));
  COVEY_RETURN_IF_ERROR(write_address(config, daemon.server->port()));
  daemon.say("info", "covey-coordinator " + std::string(kVersion) + " serves devices at " +
                         config.listen.substr(0, config.listen.rfind(':')) + ":" +
                         std::to_string(daemon.server->port()) + ", operators at " +
                         config.admin_socket);
  if (flags.is_insecure) {
    daemon.say("warning",
               "--insecure: connections are in clear and anyone on this machine can "
               "pass for a device");
  }
  wait_for_signal(daemon, signals);
  daemon.say("info", "stopping: no new rounds; the open ones go on at the next start");
  daemon.host->stop();
  daemon.server->stop(kStopPatience);
  daemon.say("info", "stopped");
  return {};
}

int main_with(int count, char** arguments) {
  cxxopts::Options options(
      "covey-coordinator",
      "The coordinator of a federation: serves devices and the `covey` command.");
  Flags flags;
  options.add_options()  //
      ("config", "the settings", cxxopts::value(flags.config)->default_value(flags.config),
       "FILE")                                                                                //
      ("state", "instead of coordinator.state", cxxopts::value(flags.state), "DIR")           //
      ("listen", "instead of coordinator.listen", cxxopts::value(flags.listen), "HOST:PORT")  //
      ("insecure", "no TLS, on a loopback address only", cxxopts::value(flags.is_insecure))   //
      ("log-format", "text or json", cxxopts::value(flags.log_format)->default_value("text"),
       "FORMAT")  //
      ("log-level", "info, warning or error",
       cxxopts::value(flags.log_level)->default_value("info"),
       "LEVEL")                                                          //
      ("print-config", "print a settings file with every key, and end")  //
      ("version", "print the version, and end")("help", "print this");
  try {
    const auto parsed = options.parse(count, arguments);
    if (parsed.count("help") > 0) {
      std::printf(
          "%s\nExamples:\n  covey-coordinator --print-config > coordinator.toml\n"
          "  covey-coordinator --config coordinator.toml\n\n"
          "SIGTERM and Ctrl-C stop it at a durable state, from which the next start goes on; "
          "SIGHUP reads\nthe list of revoked certificates again. Exit status: 0 stopped, 1 "
          "could not start, 2 wrong usage.\n",
          options.help().c_str());
      return 0;
    }
    if (parsed.count("print-config") > 0) return std::printf("%s", kExampleConfig) < 0 ? 1 : 0;
    if (parsed.count("version") > 0)
      return std::printf("covey-coordinator %s\n", kVersion) < 0 ? 1 : 0;
    if (!parsed.unmatched().empty()) {
      std::fprintf(stderr, "covey-coordinator takes options only; see --help\n");
      return 2;
    }
  } catch (const std::exception& error) {  // cxxopts throws
    std::fprintf(stderr, "%s; see covey-coordinator --help\n", error.what());
    return 2;
  }
  const Status status = run(flags);
  if (status) return 0;
  std::fprintf(stderr, "covey-coordinator: %s\n", status.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace covey::coordinator

int main(int count, char** arguments) {
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // what is to be said is said by us, in our log's form
  return covey::coordinator::main_with(count, arguments);
}
