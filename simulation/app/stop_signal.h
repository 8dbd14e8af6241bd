#pragma once

namespace covey::simulation {

// From now on the first SIGINT or SIGTERM asks the run to end with its round, and says so; a second
// one ends the process at once, with status 130.
void catch_stop_signals();
bool is_stop_asked();

}  // namespace covey::simulation
