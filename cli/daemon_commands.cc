#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/patient_client.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

using namespace coordinator;
constexpr std::size_t kLogPage = 500;

int show_status(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const FederationStatus status, client->status());
  if (invocation.is_json()) {
    context.out << dump(json_of(status)) << '\n';
    return kOk;
  }
  print_facts(context.out, {{"version", status.version},
                            {"running for", text_of_milliseconds(status.now - status.started_at)},
                            {"state", status.is_draining ? "stopping: no new rounds" : "running"},
                            {"running tasks", std::to_string(status.running_tasks)},
                            {"open rounds", std::to_string(status.open_rounds)},
                            {"devices", std::to_string(status.devices_known) + " known, " +
                                            std::to_string(status.devices_recent) + " seen lately"},
                            {"calls held", std::to_string(status.calls_held)},
                            {"in flight", text_of_bytes(status.bytes_in_flight)},
                            {"disk free", text_of_bytes(status.disk_free_bytes)}});
  return kOk;
}

void print_line(const Invocation& invocation, Context& context, const LogLine& line) {
  if (invocation.is_json()) {
    context.out << dump_line(json_of(line)) << '\n';
  } else {
    context.out << text_of_time(line.at) << "  " << padded(line.level, 7, false) << "  "
                << printable(line.text) << '\n';
  }
}

// The daemon numbers its lines from 1 again after a restart.
int show_log(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(PatientClient client, PatientClient::connect(context, invocation.socket()));
  const bool is_followed = invocation.has("follow");
  std::uint64_t after = 0;
  std::size_t outages = 0;
  while (true) {
    COVEY_CLI_ASSIGN(const auto lines,
                     client.call([&](AdminClient& daemon) { return daemon.log(after, kLogPage); }));
    const bool is_restarted = client.outages() != outages;
    outages = client.outages();
    if (is_restarted && after != 0) {
      after = 0;
      continue;
    }
    for (const LogLine& line : lines) {
      print_line(invocation, context, line);
      after = line.sequence;
    }
    context.out << std::flush;
    if (!is_followed && lines.size() < kLogPage) return kOk;
  }
}

int complete(const Invocation& invocation, Context& context) {
  if (invocation.words.front() != "bash") {
    return usage_error(context, "completion is there for bash only");
  }
  context.out << bash_completion();
  return kOk;
}

}  // namespace

std::vector<Command> daemon_commands() {
  return {
      {"", "status", "", "how the coordinator is", {}, "covey status --format json", show_status},
      {"",
       "log",
       "",
       "what the coordinator says, oldest first",
       {{"follow", "", "go on with what comes, across restarts too"}},
       "covey log --follow",
       show_log},
      {"",
       "completion",
       "bash",
       "print the completion of a shell",
       {},
       "source <(covey completion bash)",
       complete}};
}

}  // namespace covey::cli
