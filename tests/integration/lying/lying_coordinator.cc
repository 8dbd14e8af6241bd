#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <cxxopts.hpp>

#include "coordinator/app/daemon_log.h"
#include "coordinator/app/daemon_parts.h"
#include "integration/lying/lying_api.h"

// A coordinator of the integration tests: the daemon, but for one device, to which it lies.
namespace covey::testing {
namespace {

using namespace coordinator;

constexpr std::chrono::milliseconds kStopPatience{500};

struct Flags {
  std::string config;
  std::string victim;
  std::string pki;
  std::string folder;
};

Status run(const Flags& flags) {
  sigset_t signals;  // before any thread, so that all of them leave signals to this one
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  COVEY_ASSIGN_OR_RETURN(DaemonConfig config, read_daemon_config(flags.config));
  if (config.admin_socket.empty()) config.admin_socket = config.state + "/admin.sock";
  COVEY_ASSIGN_OR_RETURN(auto log, make_log_sink("text", "info"));
  COVEY_ASSIGN_OR_RETURN(DaemonParts parts, prepare_daemon(config, false, std::move(log)));
  COVEY_ASSIGN_OR_RETURN(auto host,
                         FederationHost::open(std::move(parts.host), std::move(parts.store)));
  LyingApi liar(*host, flags.victim, flags.pki, flags.folder);
  COVEY_ASSIGN_OR_RETURN(auto server, GrpcServer::start(std::move(parts.server), liar, *host));
  COVEY_RETURN_IF_ERROR(write_address(config, server->port()));
  int signal = 0;
  sigwait(&signals, &signal);
  host->stop();
  server->stop(kStopPatience);
  return {};
}

int main_with(int count, char** arguments) {
  cxxopts::Options options("covey-lying-coordinator", "A coordinator that lies to one device.");
  Flags flags;
  options.add_options()("config", "as the daemon's", cxxopts::value(flags.config), "FILE")(
      "victim", "a device's name", cxxopts::value(flags.victim), "NAME")(
      "pki", "the development authority", cxxopts::value(flags.pki), "DIR")(
      "folder", "of lie and deceit.log", cxxopts::value(flags.folder), "DIR")(
      "list", "print the names of all lies, and end");
  try {
    if (options.parse(count, arguments).count("list") > 0) {
      for (const auto& [name, lie] : all_lies()) std::printf("%s\n", name.c_str());
      return 0;
    }
  } catch (const std::exception& error) {  // cxxopts throws
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  const Status status = run(flags);
  if (status) return 0;
  std::fprintf(stderr, "covey-lying-coordinator: %s\n", status.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace covey::testing

int main(int count, char** arguments) {
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // connections that end are no errors
  return covey::testing::main_with(count, arguments);
}
