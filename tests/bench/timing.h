#pragma once

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <vector>

// Shared by the benchmark programs.
namespace covey::bench {

// CPU time of the calling thread: does not count the time other programs had the core.
inline double thread_cpu_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// CPU seconds of one call of `body` on this thread.
template <typename Body>
double time_cpu_seconds(Body&& body) {
  const double start = thread_cpu_seconds();
  body();
  return thread_cpu_seconds() - start;
}

// The mean of the middle two where their number is even; 0 of nothing.
inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace covey::bench
