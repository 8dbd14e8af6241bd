#pragma once

#include <cstdint>
#include <string>

namespace covey::testing {

// Says what the scenario that runs has done, for the table that its program prints: "coordinator
// kills", "rounds completed", "cuts". Counts of the same name add up, within a scenario and over
// all of them. Thread-safe.
void did(const std::string& what, std::uint64_t times = 1);

}  // namespace covey::testing
