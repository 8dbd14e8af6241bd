#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/lookup.h"
#include "cli/task_submit.h"
#include "cli/task_wait.h"
#include "covey/coordinator/task_file.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

using namespace coordinator;

int list_tasks(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const auto tasks, client->tasks());
  if (invocation.is_json()) {
    context.out << dump(json_list(tasks)) << '\n';
    return kOk;
  }
  Table table({{"TASK"},
               {"STATE"},
               {"NEXT ROUND", Align::kRight},
               {"MODEL", Align::kRight},
               {"SUBMITTED"},
               {"NOTE"}});
  for (const TaskRecord& task : tasks) {
    table.add({task.name, std::string(name_of(task.state)), std::to_string(task.next_round),
               "v" + std::to_string(task.current_version), text_of_time(task.created_at),
               task.note});
  }
  table.print(context.out);
  return kOk;
}

void print_task(Context& context, const TaskRecord& task) {
  Facts facts = {{"task", task.name},
                 {"state", std::string(name_of(task.state))},
                 {"next round", std::to_string(task.next_round)},
                 {"current model", "v" + std::to_string(task.current_version)},
                 {"submitted", text_of_time(task.created_at)}};
  if (!task.note.empty()) facts.emplace_back("note", task.note);
  const auto spec = parse_task_file(task.file);
  if (spec) {
    facts.emplace_back("rounds asked for", std::to_string(spec->rounds));
    facts.emplace_back("schedule", std::string(name_of(spec->schedule)));
    facts.emplace_back("architecture", spec->model);
    facts.emplace_back("devices a round", std::to_string(spec->cohort.minimum) + " to " +
                                              std::to_string(spec->cohort.target));
    facts.emplace_back("strategy", std::string(name_of(spec->strategy)));
    facts.emplace_back("aggregation", std::string(plan::name_of(spec->secure.masking)));
  }
  print_facts(context.out, facts);
}

int show_task(const Invocation& invocation, Context& context) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord task, find_task(*client, invocation.words[0]));
  if (invocation.has("file")) {
    context.out << task.file;
  } else if (invocation.is_json()) {
    Json json = json_of(task);
    json["file"] = task.file;
    context.out << dump(json) << '\n';
  } else {
    print_task(context, task);
  }
  return kOk;
}

int act(const Invocation& invocation, Context& context, TaskAction action, const char* done) {
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord known, find_task(*client, invocation.words[0]));
  COVEY_CLI_ASSIGN(const TaskRecord task, client->act_on_task(known.name, action));
  if (invocation.is_json()) {
    context.out << dump(json_of(task)) << '\n';
  } else {
    context.out << "Task " << task.name << ' ' << done << "; it is " << name_of(task.state)
                << ".\n";
  }
  return kOk;
}

int pause(const Invocation& invocation, Context& context) {
  return act(invocation, context, TaskAction::kPause, "starts no more rounds");
}
int resume(const Invocation& invocation, Context& context) {
  return act(invocation, context, TaskAction::kResume, "goes on");
}
int stop(const Invocation& invocation, Context& context) {
  return act(invocation, context, TaskAction::kStop, "has ended for good");
}
int run_round(const Invocation& invocation, Context& context) {
  return act(invocation, context, TaskAction::kRunRound, "was told to run a round");
}

}  // namespace

std::vector<Command> task_commands() {
  return {
      {"task",
       "submit",
       "FILE",
       "check a task file, upload its initial model and start it",
       {{"check", "", "only check the file and the model: no coordinator is needed"}},
       "covey task submit digits.toml",
       submit_task},
      {"task", "list", "", "all tasks", {}, "covey task list", list_tasks},
      {"task",
       "show",
       "TASK",
       "one task",
       {{"file", "", "print its task file"}},
       "covey task show digits",
       show_task},
      {"task",
       "pause",
       "TASK",
       "let the running round end, and start no other",
       {},
       "covey task pause digits",
       pause},
      {"task", "resume", "TASK", "go on after a pause", {}, "covey task resume digits", resume},
      {"task", "stop", "TASK", "end a task for good", {}, "covey task stop digits", stop},
      {"task",
       "run",
       "TASK",
       "start a round now (schedule = \"by-hand\")",
       {},
       "covey task run digits",
       run_round},
      {"task",
       "wait",
       "TASK",
       "wait until a task has ended; a paused one is waited for, too",
       {{"timeout", "TIME", "give up after this time, such as 30m (exit status 6)"}},
       "covey task wait digits --timeout 2h",
       wait_for_task},
  };
}

}  // namespace covey::cli
