#pragma once

#include <chrono>

namespace covey::simulation {

// Since the federation began. Devices' clocks and the coordinator's are the same one here.
using Milliseconds = std::chrono::milliseconds;

}  // namespace covey::simulation
