#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/curves_svg.h"
#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/lookup.h"
#include "cli/round_table.h"
#include "cli/round_watch.h"
#include "covey/shell/files.h"
#include "covey/shell/table.h"

namespace covey::cli {
namespace {

using namespace coordinator;

int list_rounds(const Invocation& invocation, Context& context) {
  const auto last = invocation.number("last", 20, 1, 1'000'000'000);
  if (!last) return usage_error(context, last.error().message);
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord task, find_task(*client, invocation.words[0]));
  const std::uint64_t from = task.next_round > *last ? task.next_round - *last : 1;
  COVEY_CLI_ASSIGN(const auto rounds, rounds_from(*client, task.name, from));
  if (invocation.is_json()) {
    context.out << dump(json_list(rounds)) << '\n';
    return kOk;
  }
  context.out << round_titles() << '\n';
  for (const RoundRecord& round : rounds) {
    if (round.state == RoundState::kOpen) {
      context.out << padded(std::to_string(round.number), 6, true) << "  " << printable(round.phase)
                  << " …\n";
    } else {
      context.out << round_line(round) << '\n';
    }
  }
  return kOk;
}

void print_round(Context& context, const RoundDetails& details) {
  const RoundRecord& round = details.round;
  Facts facts = {{"round", std::to_string(round.number) + " of task " + round.task},
                 {"state", std::string(name_of(round.state))}};
  if (!round.phase.empty()) facts.emplace_back("phase", round.phase);
  if (!round.outcome.empty()) facts.emplace_back("outcome", round.outcome);
  facts.emplace_back("from model", "v" + std::to_string(round.base_version));
  if (round.new_version) facts.emplace_back("new model", "v" + std::to_string(*round.new_version));
  facts.emplace_back("started", text_of_time(round.started_at));
  if (round.ended_at != 0) {
    facts.emplace_back("took", text_of_milliseconds(round.ended_at - round.started_at));
  }
  facts.emplace_back("given work", std::to_string(round.assigned) + " devices");
  facts.emplace_back("in groups", std::to_string(round.cohort) + " devices");
  facts.emplace_back("in the sum", std::to_string(round.survivors) + " devices");
  facts.emplace_back("dropped", std::to_string(round.dropped) + " devices, the masks of " +
                                    std::to_string(round.recovered) + " lifted by others' shares");
  facts.emplace_back("up, down",
                     text_of_bytes(round.bytes_up) + ", " + text_of_bytes(round.bytes_down));
  for (const auto& [name, value] : round.metrics) {
    facts.emplace_back(name, text_of_number(value, 6));
  }
  facts.emplace_back("plan", to_hex(round.plan));
  facts.emplace_back("survivors", joined(details.survivors));
  facts.emplace_back("dropped out", joined(details.dropped));
  print_facts(context.out, facts);
}

int show_round(const Invocation& invocation, Context& context) {
  const auto number = number_in(invocation.words[1], "ROUND");
  if (!number) return usage_error(context, number.error().message);
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord task, find_task(*client, invocation.words[0]));
  COVEY_CLI_ASSIGN(const RoundDetails details, client->round(task.name, *number));
  if (invocation.is_json()) {
    Json json = json_of(details.round);
    json["survivor_names"] = details.survivors;
    json["dropped_names"] = details.dropped;
    context.out << dump(json) << '\n';
  } else {
    print_round(context, details);
  }
  return kOk;
}

int plot_rounds(const Invocation& invocation, Context& context) {
  if (!invocation.has("out")) return usage_error(context, "--out FILE.svg is missing");
  const std::string path = invocation.value("out");
  COVEY_CLI_ASSIGN(const auto client, context.connect(invocation.socket()));
  COVEY_CLI_ASSIGN(const TaskRecord task, find_task(*client, invocation.words[0]));
  COVEY_CLI_ASSIGN(const auto rounds, rounds_from(*client, task.name, 1));
  const auto completed = std::ranges::count(rounds, RoundState::kCompleted, &RoundRecord::state);
  if (completed == 0) {
    return fail(context, {ErrorCode::kFailedPrecondition,
                          "task '" + task.name + "' has completed no round yet"});
  }
  COVEY_CLI_ASSIGN(shell::AtomicFile file, shell::AtomicFile::create(path));
  Status written = file.append(view_of(curves_svg(task.name, rounds)));
  if (written) written = file.finish();
  if (!written) return fail(context, written.error());
  context.out << path << ": " << completed << (completed == 1 ? " round" : " rounds") << '\n';
  return kOk;
}

}  // namespace

std::vector<Command> round_commands() {
  return {
      {"round",
       "list",
       "TASK",
       "the rounds of a task",
       {{"last", "N", "this many at most (default: 20)"}},
       "covey round list digits --last 50",
       list_rounds},
      {"round",
       "show",
       "TASK ROUND",
       "one round, and who took part",
       {},
       "covey round show digits 12",
       show_round},
      {"round",
       "watch",
       "TASK",
       "follow a task, a line for each round, until it runs no more",
       {{"last", "N", "begin with this many rounds that have ended (default: 10)"}},
       "covey round watch digits",
       watch_rounds},
      {"round",
       "plot",
       "TASK",
       "draw accuracy and loss by round",
       {{"out", "FILE", "the SVG file to write"}},
       "covey round plot digits --out digits.svg",
       plot_rounds},
  };
}

}  // namespace covey::cli
