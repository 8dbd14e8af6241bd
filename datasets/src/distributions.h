#pragma once

#include "covey/datasets/draws.h"

namespace covey::datasets {

// Distributions that are the same bits on every machine.

// Mean 0, deviation 1: Marsaglia's polar method.
double draw_normal(Draws& draws);

// The logarithm of a gamma distribution's value, of scale 1 and a `shape` above 0: for small shapes
// the value itself is below what a double can hold. [Marsaglia and Tsang 2000], whose §6 has the
// step from shape + 1 to a shape below 1.
double draw_log_gamma(Draws& draws, double shape);

}  // namespace covey::datasets
