#include "cli/round_watch.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/lookup.h"
#include "cli/patient_client.h"
#include "cli/round_table.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

using namespace coordinator;

struct View {
  TaskRecord task;
  std::vector<RoundRecord> rounds;
  UnixMs now = 0;  // of the daemon's clock
};

Result<View> look(AdminClient& daemon, const std::string& name, std::uint64_t from) {
  COVEY_ASSIGN_OR_RETURN(TaskRecord task, find_task(daemon, name));
  COVEY_ASSIGN_OR_RETURN(const FederationStatus status, daemon.status());
  COVEY_ASSIGN_OR_RETURN(auto rounds, rounds_from(daemon, name, from));
  return View{std::move(task), std::move(rounds), status.now};
}

std::string progress_of(const View& view) {
  for (const RoundRecord& round : view.rounds) {
    if (round.state != RoundState::kOpen) continue;
    return "round " + std::to_string(round.number) + ": " + printable(round.phase) + ", " +
           std::to_string(round.assigned) + " devices at work, " + std::to_string(round.cohort) +
           " in groups, " + text_of_milliseconds(std::max<UnixMs>(view.now - round.started_at, 0));
  }
  return "no round is running; task " + view.task.name + " is " +
         std::string(name_of(view.task.state));
}

// Prints the rounds that have ended, up to the first that has not; gives the number to go on from.
std::uint64_t print_ended(const View& view, std::uint64_t next, const Invocation& invocation,
                          Context& context, PatientClient& client) {
  for (const RoundRecord& round : view.rounds) {
    if (round.state == RoundState::kOpen) break;
    client.clear_line();
    context.out << (invocation.is_json() ? dump_line(json_of(round)) : round_line(round)) << '\n'
                << std::flush;
    next = round.number + 1;
  }
  return next;
}

}  // namespace

int watch_rounds(const Invocation& invocation, Context& context) {
  const auto last = invocation.number("last", 10, 0, 1'000'000'000);
  if (!last) return usage_error(context, last.error().message);
  COVEY_CLI_ASSIGN(PatientClient client, PatientClient::connect(context, invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord task, client.call([&](AdminClient& daemon) {
    return find_task(daemon, invocation.words[0]);
  }));
  std::uint64_t next = task.next_round > *last ? task.next_round - *last : 1;
  if (!invocation.is_json()) context.out << round_titles() << '\n' << std::flush;
  while (true) {
    COVEY_CLI_ASSIGN(const View view, client.call([&](AdminClient& daemon) {
      return look(daemon, task.name, next);
    }));
    next = print_ended(view, next, invocation, context, client);
    const bool has_open = std::ranges::any_of(
        view.rounds, [](const RoundRecord& round) { return round.state == RoundState::kOpen; });
    if (view.task.state != TaskState::kRunning && !has_open) {
      client.clear_line();
      if (!invocation.is_json()) {
        context.out << "Task " << view.task.name << " is " << name_of(view.task.state)
                    << (view.task.note.empty() ? "" : ": " + printable(view.task.note)) << ".\n";
      }
      return kOk;
    }
    client.show_progress(progress_of(view));
    context.sleep(std::chrono::milliseconds(500));
  }
}

}  // namespace covey::cli
