#pragma once

#include "simulation/app/engine.h"

namespace covey::simulation {

// A federation that trains with LibTorch.
Result<std::unique_ptr<Engine>> make_federation_engine(SimulationSpec spec, RoundDisplay& display);

}  // namespace covey::simulation
