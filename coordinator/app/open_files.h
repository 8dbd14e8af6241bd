#pragma once

#include <cstdint>

namespace covey::coordinator {

// Lets this process have as many open files, and so connections, as the system allows it at most:
// shells and service managers give 1024 to begin with. Returns how many that are.
std::uint64_t raise_open_files();

}  // namespace covey::coordinator
