#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <cxxopts.hpp>

#include "coordinator/app/daemon_log.h"
#include "coordinator/app/daemon_parts.h"
#include "coordinator/app/dying_store.h"
#include "coordinator/app/open_files.h"

// The daemon: flags and file → objects → run until a signal.
namespace covey::coordinator {
namespace {

constexpr int kRevocationsEveryMs = 2'000;
constexpr std::uint64_t kFewOpenFiles = 4096;
// For answers that are on their way: nobody is held any more by then. Idle connections are cut.
constexpr std::chrono::milliseconds kStopPatience{500};

struct Flags {
  std::string config = "coordinator.toml";
  std::string state;
  std::string listen;
  std::string log_format = "text";
  std::string log_level = "info";
  bool is_insecure = false;
  std::string die_at;
  std::optional<DeathPoint> death;  // what `die_at` says
};

Result<DaemonConfig> configure(const Flags& flags) {
  COVEY_ASSIGN_OR_RETURN(DaemonConfig config, read_daemon_config(flags.config));
  if (!flags.state.empty()) config.state = flags.state;
  if (!flags.listen.empty()) config.listen = flags.listen;
  if (config.admin_socket.empty()) config.admin_socket = config.state + "/admin.sock";
  return config;
}

struct Daemon {
  std::function<void(const LogLine&)> log;
  DeviceCertificates* certificates = nullptr;  // the host's
  std::unique_ptr<FederationHost> host;
  std::unique_ptr<GrpcServer> server;
  bool is_tls = false;
  std::string complaint;  // the last one about the list of revoked certificates

  void say(const char* level, std::string text) const { log(log_line(level, std::move(text))); }
};

Result<Daemon> start(const Flags& flags, const DaemonConfig& config) {
  Daemon daemon;
  COVEY_ASSIGN_OR_RETURN(daemon.log, make_log_sink(flags.log_format, flags.log_level));
  COVEY_ASSIGN_OR_RETURN(DaemonParts parts, prepare_daemon(config, flags.is_insecure, daemon.log));
  daemon.is_tls = parts.server.tls.has_value();
  daemon.certificates = parts.certificates;
  if (flags.death) parts.store = make_dying_store(std::move(parts.store), *flags.death);
  COVEY_ASSIGN_OR_RETURN(daemon.host,
                         FederationHost::open(std::move(parts.host), std::move(parts.store)));
  COVEY_ASSIGN_OR_RETURN(daemon.server,
                         GrpcServer::start(std::move(parts.server), *daemon.host, *daemon.host));
  return daemon;
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

Status read_death(Flags& flags) {
  if (flags.die_at.empty()) return {};
  auto point = DeathPoint::read(flags.die_at, durable_operations());
  if (!point) return invalid_argument("--die-at: " + point.error().message);
  flags.death = *point;
  return {};
}

int print_instants() {
  for (const std::string& instant : instants_of(durable_operations())) {
    if (std::printf("%s\n", instant.c_str()) < 0) return 1;
  }
  return 0;
}

Status run(const Flags& flags) {
  COVEY_ASSIGN_OR_RETURN(const DaemonConfig config, configure(flags));
  // Before any thread, so that all of them leave signals to this one.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const std::uint64_t open_files = raise_open_files();  // before the server looks at them
  COVEY_ASSIGN_OR_RETURN(Daemon daemon, start(flags, config));
  COVEY_RETURN_IF_ERROR(write_address(config, daemon.server->port()));
  daemon.say("info", "covey-coordinator " + std::string(kCoordinatorVersion) +
                         " serves devices at " + config.listen.substr(0, config.listen.rfind(':')) +
                         ":" + std::to_string(daemon.server->port()) + ", operators at " +
                         config.admin_socket);
  if (open_files < kFewOpenFiles) {
    daemon.say("warning", "the system allows " + std::to_string(open_files) +
                              " open files here, and each connected device is one: raise the hard "
                              "limit (LimitNOFILE= of a systemd unit, or `ulimit -Hn`)");
  }
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
       "LEVEL")  //
      ("die-at", "for trials: SIGKILL itself at an instant, when it comes there for the n-th time",
       cxxopts::value(flags.die_at), "INSTANT:N")                        //
      ("print-instants", "print the instants of --die-at, and end")      //
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
      return std::printf("covey-coordinator %s\n", kCoordinatorVersion) < 0 ? 1 : 0;
    if (parsed.count("print-instants") > 0) return print_instants();
    if (!parsed.unmatched().empty()) {
      std::fprintf(stderr, "covey-coordinator takes options only; see --help\n");
      return 2;
    }
    if (const Status legal = read_death(flags); !legal) {
      std::fprintf(stderr, "covey-coordinator: %s\n", legal.error().message.c_str());
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
