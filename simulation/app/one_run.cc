#include "simulation/app/one_run.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "covey/crypto/digest.h"
#include "covey/shell/numbers.h"
#include "simulation/app/describe.h"
#include "simulation/output/report/run_report.h"

namespace covey::simulation {
namespace {

constexpr std::array kChangeable = {
    "task.rounds",           "task.give_up_after", "evaluate.target_metric",
    "evaluate.target_value", "simulation.workers", "simulation.evaluate_every",
    "simulation.keep_models"};

// The report is there to look at while the run goes on.
constexpr std::chrono::seconds kReportEvery{20};

std::string ending_of(const RunEnd& end, const RunInfo& info) {
  if (!end.failure.empty()) return "given up after aborted rounds: " + end.failure;
  if (end.is_stopped) return {};
  if (end.is_target_reached) {
    return "target reached: " + label_of(info.target_metric) +
           (falls(info.target_metric) ? " ≤ " : " ≥ ") +
           text_of_value(info.target_metric, info.target_value);
  }
  return "all " + std::to_string(info.rounds) + " rounds completed";
}

// Rounds until the end, each of them written before the next begins.
Result<Outcome> run_rounds(const SimulationSpec& spec, Engine& engine, RunFolder& folder,
                           Context& context, RoundDisplay& display) {
  Status written;
  auto reported_at = context.now();
  auto end = engine.run([&](const RoundResult& result) {
    written = folder.append(result, engine.model_file(), engine.save_state(),
                            spec.simulation.keep_models);
    display.round_ended(result);
    if (written && context.now() - reported_at >= kReportEvery) {
      written = folder.write_report(run_report(folder.record()));
      reported_at = context.now();
    }
    return written.has_value() && !context.is_stopping();
  });
  COVEY_RETURN_IF_ERROR(written);
  if (!end) return std::move(end).error();
  RunInfo info = folder.record().info;
  info.ended = ending_of(*end, info);
  COVEY_RETURN_IF_ERROR(folder.set_info(info));
  COVEY_RETURN_IF_ERROR(folder.write_report(run_report(folder.record())));
  const std::vector<RoundResult>& results = folder.record().results;
  return Outcome{folder.path(),
                 info,
                 summary_of(info, results),
                 *std::move(end),
                 crypto::sha256(engine.model_file()),
                 results.empty() ? 1 : results.back().version};
}

// A cosine comes down over all of the task's rounds: with another number of them, the rounds before
// would have had other learning rates.
Status check_rounds(const RunRecord& record, const coordinator::TaskSpec& before,
                    const coordinator::TaskSpec& after) {
  const auto is_cosine = [](const coordinator::LearningRateSchedule& schedule) {
    return schedule.decay == coordinator::Decay::kCosine;
  };
  if (before.rounds == after.rounds) return {};
  if (!is_cosine(after.train_schedule) && !is_cosine(after.server_schedule)) return {};
  if (std::ranges::none_of(record.results, &RoundResult::is_completed)) return {};
  return invalid_argument(
      "--resume goes on with the run as it was begun: task.rounds stays " +
      std::to_string(before.rounds) +
      ", since the completed rounds' learning rates depend on it (" +
      (is_cosine(after.train_schedule) ? "train.schedule" : "aggregation.server_schedule") +
      " is 'cosine')");
}

Result<SimulationSpec> changed_spec(const RunRecord& record, const Overrides& overrides) {
  for (const auto& [setting, value] : overrides) {
    if (may_change(setting)) continue;
    return invalid_argument("--resume goes on with the run as it was begun: '" + setting +
                            "' cannot be set any more; only " + changeable_settings() + " can");
  }
  const std::string& base = record.info.base_folder;
  COVEY_ASSIGN_OR_RETURN(const SimulationSpec before,
                         parse_simulation_file(record.task_text, base, {}));
  COVEY_ASSIGN_OR_RETURN(SimulationSpec spec,
                         parse_simulation_file(record.task_text, base, overrides));
  COVEY_RETURN_IF_ERROR(check_rounds(record, before.task, spec.task));
  return spec;
}

}  // namespace

bool may_change(std::string_view setting) {
  return std::ranges::find(kChangeable, setting) != kChangeable.end();
}

std::string changeable_settings() {
  return shell::joined({kChangeable.begin(), kChangeable.end()});
}

Result<Outcome> start_run(const SimulationSpec& spec, const std::string& folder_path,
                          const std::string& data_folder, Context& context, RoundDisplay& display) {
  display.announce(headline_of(spec));
  COVEY_ASSIGN_OR_RETURN(RunFolder folder, RunFolder::create(folder_path, spec.task.name));
  COVEY_ASSIGN_OR_RETURN(const auto engine, context.make_engine(spec, display));
  COVEY_ASSIGN_OR_RETURN(RunInfo info, info_of(spec, *engine));
  info.covey_version = COVEY_VERSION;
  info.started_at = context.unix_ms();
  std::error_code error;
  if (!data_folder.empty()) info.data_folder = std::filesystem::absolute(data_folder, error);
  COVEY_RETURN_IF_ERROR(folder.begin(std::move(info), spec.text, engine->model_file()));
  display.begin(folder.record().info, folder.path(), 0);
  return run_rounds(spec, *engine, folder, context, display);
}

Result<Outcome> resume_run(const std::string& path, const Overrides& overrides, Context& context,
                           RoundDisplay& display) {
  COVEY_ASSIGN_OR_RETURN(RunFolder folder, RunFolder::open(path));
  const RunInfo before = folder.record().info;
  COVEY_ASSIGN_OR_RETURN(const SimulationSpec spec, changed_spec(folder.record(), overrides));
  display.announce(headline_of(spec));
  if (!before.data_folder.empty()) context.set_data_folder(before.data_folder);
  COVEY_ASSIGN_OR_RETURN(const auto engine, context.make_engine(spec, display));
  COVEY_ASSIGN_OR_RETURN(const auto state, folder.state());
  if (state) {
    const Status restored = engine->restore_state(*state);
    if (!restored) {
      return Error{restored.error().code,
                   "'" + folder.path_of("state") + "': " + restored.error().message};
    }
  }
  COVEY_RETURN_IF_ERROR(folder.rewind(engine->rounds_begun()));
  COVEY_ASSIGN_OR_RETURN(RunInfo info, info_of(spec, *engine));
  info.covey_version = before.covey_version;
  info.started_at = before.started_at;
  info.data_folder = before.data_folder;
  info.base_folder = before.base_folder;
  if (!overrides.empty()) COVEY_RETURN_IF_ERROR(folder.set_task_text(spec.text));
  COVEY_RETURN_IF_ERROR(folder.set_info(std::move(info)));
  display.begin(folder.record().info, folder.path(), engine->rounds_completed());
  return run_rounds(spec, *engine, folder, context, display);
}

RoundDisplay::Facts facts_of(const Outcome& outcome) {
  const RunSummary& summary = outcome.summary;
  RoundDisplay::Facts facts;
  if (outcome.end.is_stopped) {
    facts.emplace_back("stopped", "after round " + std::to_string(summary.rounds));
  } else {
    facts.emplace_back("ended", outcome.info.ended);
  }
  if (!outcome.info.target_metric.empty()) {
    facts.emplace_back("target",
                       summary.rounds_to_target
                           ? "reached at round " + std::to_string(*summary.rounds_to_target)
                           : "not reached");
  }
  if (summary.best) {
    facts.emplace_back("best", label_of(summary.headline) + " " +
                                   text_of_value(summary.headline, summary.best->value) +
                                   " at round " + std::to_string(summary.best->round));
  }
  facts.emplace_back(
      "time", shell::text_of_milliseconds(std::llround(1000 * summary.seconds)) + ", " +
                  shell::text_of_number(summary.updates_per_second(), 1) + " updates/s; " +
                  shell::text_of_milliseconds(summary.virtual_time.count()) + " of virtual time");
  facts.emplace_back("report", outcome.folder + "/report.html");
  facts.emplace_back("model", model_path(outcome.folder, outcome.version));
  facts.emplace_back("SHA-256", to_hex(outcome.model));
  return facts;
}

}  // namespace covey::simulation
