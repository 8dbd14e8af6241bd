#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "simulation/app/comparison_table.h"
#include "simulation/app/sweep_runs.h"
#include "simulation/output/durable_lines.h"

namespace covey::simulation {
namespace {

constexpr std::uint64_t kMostSeeds = 1000;
constexpr std::uint64_t kMostJobs = 256;
constexpr const char* kSeed = "simulation.seed";

struct SweepSettings {
  std::vector<GridAxis> axes;
  Overrides overrides;
  std::uint64_t repeat = 1;
  std::uint64_t jobs = 1;
};

Result<SweepSettings> settings_of(const shell::Invocation& invocation) {
  SweepSettings settings;
  for (const std::string& text : invocation.values("grid")) {
    COVEY_ASSIGN_OR_RETURN(GridAxis axis, parse_axis(text));
    settings.axes.push_back(std::move(axis));
  }
  COVEY_ASSIGN_OR_RETURN(settings.overrides, overrides_of(invocation));
  COVEY_ASSIGN_OR_RETURN(settings.repeat, invocation.number("repeat", 1, 1, kMostSeeds));
  COVEY_ASSIGN_OR_RETURN(settings.jobs, invocation.number("jobs", 1, 1, kMostJobs));
  const bool has_seeds = std::ranges::any_of(
      settings.axes, [](const GridAxis& axis) { return axis.setting == kSeed; });
  if (has_seeds && settings.repeat > 1) {
    return invalid_argument("--repeat and --grid simulation.seed=… do not go together");
  }
  if (settings.axes.empty() && settings.repeat == 1) {
    return invalid_argument("a sweep needs --grid KEY=VALUE,VALUE or --repeat N");
  }
  return settings;
}

// Every combination's task file is read before any of them is run.
Result<std::vector<SweepRuns::Run>> runs_of(const std::string& task_file,
                                            const SimulationSpec& base, SweepSettings& settings,
                                            const Context& context) {
  if (settings.repeat > 1) {
    GridAxis& seeds = settings.axes.emplace_back(GridAxis{kSeed, {}});
    for (std::uint64_t i = 0; i < settings.repeat; ++i) {
      seeds.values.push_back(std::to_string(base.simulation.seed + i));
    }
  }
  COVEY_ASSIGN_OR_RETURN(const auto combinations, combinations_of(settings.axes));
  std::vector<SweepRuns::Run> runs;
  for (const Combination& combination : combinations) {
    Overrides overrides = settings.overrides;
    overrides.insert(overrides.end(), combination.overrides.begin(), combination.overrides.end());
    if (settings.jobs > 1 && base.simulation.workers == 0) {
      overrides.emplace_back("simulation.workers", std::to_string(std::max<std::uint64_t>(
                                                       context.cores / settings.jobs, 1)));
    }
    auto spec = read_simulation_file(task_file, overrides);
    if (!spec) return Error{spec.error().code, combination.name + ": " + spec.error().message};
    runs.push_back({combination, *std::move(spec)});
  }
  return runs;
}

std::string sweep_json(const SimulationSpec& base, const std::vector<GridAxis>& axes,
                       const Comparison& comparison) {
  using Json = nlohmann::ordered_json;
  Json grid = Json::object();
  for (const GridAxis& axis : axes) grid[axis.setting] = axis.values;
  const Json json = {{"task", base.task.name},
                     {"grid", std::move(grid)},
                     {"runs", Json::parse(json_of(comparison))}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status write_results(const std::string& folder, const SimulationSpec& base,
                     const SweepSettings& settings, const std::vector<RunRecord>& records,
                     const Comparison& comparison) {
  const std::string json = sweep_json(base, settings.axes, comparison);
  COVEY_RETURN_IF_ERROR(write_whole(folder + "/sweep.json", view_of(json)));
  const std::string html = comparison_report(base.task.name + ": a sweep", records);
  return write_whole(folder + "/sweep.html", view_of(html));
}

Result<std::string> sweep_folder(const std::string& given, const std::string& task) {
  if (given.empty()) return make_numbered_folder(task + "-sweep");
  std::error_code error;
  std::filesystem::create_directories(given, error);
  if (error) return path_error("cannot make the folder", given, error);
  return given;
}

int run_sweep(const shell::Invocation& invocation, Context& context) {
  auto settings = settings_of(invocation);
  if (!settings) return usage_error(context, settings.error().message);
  const std::string data = invocation.value("data");
  if (!data.empty()) context.set_data_folder(data);
  context.set_data_folder = [](const std::string&) {};  // runs are in many threads
  COVEY_SIM_ASSIGN(const SimulationSpec base,
                   read_simulation_file(invocation.words[0], settings->overrides));
  COVEY_SIM_ASSIGN(auto runs, runs_of(invocation.words[0], base, *settings, context));
  COVEY_SIM_ASSIGN(const std::string folder, sweep_folder(invocation.value("out"), base.task.name));
  context.err << base.task.name << ": " << runs.size() << " runs in " << folder << '\n'
              << std::flush;
  SweepRuns sweep(folder, data, std::move(runs), context);
  if (const Status fits = sweep.check(); !fits) return fail(context, fits.error());
  const Status ran = sweep.run(settings->jobs);
  if (!ran) fail(context, ran.error());  // said first, whatever becomes of the results
  COVEY_SIM_ASSIGN(const std::vector<RunRecord> records, sweep.records());
  const Comparison comparison = compare(records);
  if (const Status written = write_results(folder, base, *settings, records, comparison);
      !written) {
    return fail(context, written.error());
  }
  if (invocation.is_json()) {
    context.out << json_of(comparison) << '\n';
  } else {
    print(context.out, comparison);
    context.out << "\nIn " << folder << ": sweep.html, sweep.json\n";
  }
  if (!ran) return kFailed;
  if (sweep.is_complete()) return kOk;
  context.err << "It goes on when the same command is given again, with --out " << folder << '\n';
  return kStopped;
}

}  // namespace

Command sweep_command() {
  return {"sweep",
          "TASK.toml",
          "run a task with every combination of settings",
          {{"grid", "KEY=A,B,…", "a setting and its values; may be repeated", true},
           {"repeat", "N", "each combination with N seeds: the task's, and those after it"},
           {"set", "KEY=VALUE", "for all runs, instead of what the task file says", true},
           {"rounds", "N", "task.rounds, of all runs"},
           {"workers", "N", "simulation.workers, of each run"},
           {"data", "DIR", "where datasets' folders are (default: $COVEY_DATA_DIR)"},
           {"jobs", "N", "runs at a time (default: 1); they share the cores"},
           {"out", "DIR",
            "the sweep's folder (default: runs/NAME-sweep-1, or the next free number); runs\n"
            "that are in it are not run again, and an interrupted one goes on"},
           {"format", "FORMAT", "text or json"}},
          "covey sim sweep task.toml --grid train.learning_rate=0.01,0.1 --repeat 3 --out lr",
          run_sweep};
}

}  // namespace covey::simulation
