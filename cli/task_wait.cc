#include "cli/task_wait.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/lookup.h"
#include "cli/patient_client.h"
#include "covey/coordinator/task_file.h"
#include "covey/settings/duration.h"

namespace covey::cli {
namespace {

using namespace coordinator;
using std::chrono::milliseconds;

bool has_ended(const TaskRecord& task) {
  return task.state != TaskState::kRunning && task.state != TaskState::kPaused;
}

int report(const Invocation& invocation, Context& context, const TaskRecord& task) {
  if (invocation.is_json()) {
    context.out << dump(json_of(task)) << '\n';
  } else {
    context.out << "Task " << task.name << " is " << name_of(task.state)
                << (task.note.empty() ? "" : ": " + task.note) << ". Its model is version "
                << task.current_version << ".\n";
  }
  return task.state == TaskState::kCompleted ? kOk : kNoSuccess;
}

std::string progress_of(const TaskRecord& task) {
  const auto spec = parse_task_file(task.file);
  return "Task " + task.name + " is " + std::string(name_of(task.state)) + ": round " +
         std::to_string(task.next_round - 1) + ", model v" + std::to_string(task.current_version) +
         (spec ? ", " + std::to_string(spec->rounds) + " rounds asked for" : std::string());
}

}  // namespace

int wait_for_task(const Invocation& invocation, Context& context) {
  std::optional<milliseconds> end;
  if (invocation.has("timeout")) {
    const auto timeout = settings::parse_duration(invocation.value("timeout"));
    if (!timeout) return usage_error(context, "--timeout is a time with its unit, such as 30m");
    end = context.now() + *timeout;
  }
  COVEY_CLI_ASSIGN(PatientClient client, PatientClient::connect(context, invocation.socket()));
  while (true) {
    COVEY_CLI_ASSIGN(const TaskRecord task, client.call([&](AdminClient& daemon) {
      return find_task(daemon, invocation.words[0]);
    }));
    if (has_ended(task)) {
      client.clear_line();
      return report(invocation, context, task);
    }
    if (end && context.now() >= *end) {
      client.clear_line();
      context.err << "covey: task " << task.name << " is still " << name_of(task.state) << " after "
                  << invocation.value("timeout") << '\n';
      return kTimedOut;
    }
    client.show_progress(progress_of(task));
    context.sleep(milliseconds(1000));
  }
}

}  // namespace covey::cli
