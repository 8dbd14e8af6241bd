#pragma once

#include "covey/simulation/settings.h"
#include "simulation/app/engine.h"
#include "simulation/output/run_info.h"

namespace covey::simulation {

// "digits: cnn-small on handwriting, fedavg, secure aggregation, 50 rounds": before anything is
// opened.
std::string headline_of(const SimulationSpec& spec);

// All but when it was started and which version of Covey it is. Errors are the dataset's.
Result<RunInfo> info_of(const SimulationSpec& spec, const Engine& engine);

}  // namespace covey::simulation
