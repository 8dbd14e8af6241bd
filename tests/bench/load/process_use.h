#pragma once

#include <sys/types.h>

#include "covey/base/result.h"

namespace covey::bench {

// What a process has used so far, as the kernel counts it.
struct ProcessUse {
  double cpu_seconds = 0;   // in it and for it, over all its threads
  double resident_mib = 0;  // now
  double peak_mib = 0;      // the most since its start, or since `forget_peak`
};

// kNotFound when there is no such process.
Result<ProcessUse> use_of(pid_t process);
// The peak is what is resident now. Only one's own processes, and not everywhere.
Status forget_peak(pid_t process);

// Lets this process, and those that it starts, have as many open files as the system allows.
// Returns how many that are.
std::uint64_t raise_open_files();

}  // namespace covey::bench
