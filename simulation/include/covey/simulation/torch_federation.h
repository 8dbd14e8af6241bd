#pragma once

#include "covey/simulation/federation.h"

namespace covey::simulation {

// A federation of the network that the task file names ([model] name, `covey sim models`), shaped
// for the data; a network in `parts` goes before it. Errors as Federation::create, and kNotFound
// for a name that there is not, kInvalidArgument for data that the network does not take.
Result<Federation> make_federation(SimulationSpec spec, Parts parts = {});

}  // namespace covey::simulation
