#include "support/dropout_grid.h"

// The thousand of the grid in dropout_grid_test.cc, a program of its own so that both can run at
// once.
using covey::testing::check_grid;

TEST_CASE("1,000 devices, 40 vanish") { check_grid(1000, 6, 2, 40); }
