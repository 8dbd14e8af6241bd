#pragma once

#include <optional>
#include <string>

#include "simulation/app/command.h"
#include "simulation/output/run_folder.h"
#include "simulation/output/run_summary.h"

namespace covey::simulation {

// How a run came out, its folder written.
struct Outcome {
  std::string folder;
  RunInfo info;
  RunSummary summary;
  RunEnd end;
  Digest model{};  // of the last version's file
  std::uint64_t version = 0;
};

// A new run. An empty `folder` stands for the next free one. `data_folder`: what --data said.
Result<Outcome> start_run(const SimulationSpec& spec, const std::string& folder,
                          const std::string& data_folder, Context& context, RoundDisplay& display);

// Goes on with the one in `folder`, whose task file `overrides` change. kInvalidArgument when they
// would change what was computed already.
Result<Outcome> resume_run(const std::string& folder, const Overrides& overrides, Context& context,
                           RoundDisplay& display);

// The settings that may be another when a run goes on.
bool may_change(std::string_view setting);
std::string changeable_settings();  // "task.rounds, …"

// What is said at the end.
RoundDisplay::Facts facts_of(const Outcome& outcome);

}  // namespace covey::simulation
