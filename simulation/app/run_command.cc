#include "simulation/app/command.h"
#include "simulation/app/one_run.h"

namespace covey::simulation {
namespace {

RoundDisplay::Options display_options(const shell::Invocation& invocation, const Context& context) {
  const bool is_quiet = invocation.has("quiet");
  const auto style = invocation.is_json() ? RoundDisplay::Style::kJson
                     : is_quiet           ? RoundDisplay::Style::kQuiet
                                          : RoundDisplay::Style::kText;
  return {style, context.is_terminal && !is_quiet, context.width};
}

// What of the command line does not go together, or nothing.
std::string conflict_of(const shell::Invocation& invocation) {
  const bool resumes = invocation.has("resume");
  if (!resumes && invocation.words.empty()) {
    return "a task file is missing: covey sim run TASK.toml, or covey sim run --resume DIR";
  }
  if (!resumes) return {};
  if (!invocation.words.empty()) {
    return "--resume takes the task file that is in its folder: leave '" + invocation.words[0] +
           "' out";
  }
  for (const char* option : {"out", "seed", "data"}) {
    if (invocation.has(option)) {
      return std::string("--") + option +
             " does not go with --resume, which goes on with a run "
             "as it was begun";
    }
  }
  return {};
}

int finish(const Result<Outcome>& outcome, Context& context, RoundDisplay& display) {
  if (!outcome) {
    display.end({});
    return fail(context, outcome.error());
  }
  display.end(facts_of(*outcome));
  if (outcome->end.is_stopped) {
    context.err << "It goes on with: covey sim run --resume " << outcome->folder << '\n';
    return kStopped;
  }
  return outcome->end.failure.empty() ? kOk : kFailed;
}

int run_task(const shell::Invocation& invocation, Context& context) {
  const std::string conflict = conflict_of(invocation);
  if (!conflict.empty()) return usage_error(context, conflict);
  const auto overrides = overrides_of(invocation);
  if (!overrides) return usage_error(context, overrides.error().message);
  std::ostream nowhere(nullptr);
  const bool says_nothing = invocation.is_json() && invocation.has("quiet");
  RoundDisplay display(context.out, says_nothing ? nowhere : context.err,
                       display_options(invocation, context), context.now);
  if (invocation.has("resume")) {
    return finish(resume_run(invocation.value("resume"), *overrides, context, display), context,
                  display);
  }
  const std::string data = invocation.value("data");
  if (!data.empty()) context.set_data_folder(data);
  COVEY_SIM_ASSIGN(const SimulationSpec spec,
                   read_simulation_file(invocation.words[0], *overrides));
  return finish(start_run(spec, invocation.value("out"), data, context, display), context, display);
}

}  // namespace

Command run_command() {
  return {"run",
          "[TASK.toml]",
          "run a task, and leave models, metrics and a report in a folder",
          {{"set", "KEY=VALUE", "instead of what the task file says; may be repeated", true},
           {"rounds", "N", "task.rounds: completed rounds"},
           {"seed", "N", "simulation.seed: of everything"},
           {"workers", "N", "simulation.workers: threads that train (0: one for each core)"},
           {"data", "DIR", "where datasets' folders are (default: $COVEY_DATA_DIR)"},
           {"out", "DIR", "the run's folder (default: runs/NAME-1, or the next free number)"},
           {"resume", "DIR",
            "go on with the run in a folder, to the same bits; of the settings only those can\n"
            "be set that do not change what was computed: task.rounds, task.give_up_after,\n"
            "evaluate.target_*, simulation.workers, .evaluate_every and .keep_models"},
           {"quiet", "", "say only how it ended"},
           {"format", "FORMAT", "text, or json: an object for each round, a line each"}},
          "covey sim run task.toml --set train.learning_rate=0.1 --rounds 50",
          run_task};
}

}  // namespace covey::simulation
