#pragma once

#include <string>

#include "simulation/output/run_folder.h"

namespace covey::simulation {

// A run as one HTML file.
std::string run_report(const RunRecord& run);

}  // namespace covey::simulation
