#pragma once

#include <ostream>

#include "simulation/output/report/comparison.h"

namespace covey::simulation {

// The best row is marked.
void print(std::ostream& out, const Comparison& comparison);

}  // namespace covey::simulation
