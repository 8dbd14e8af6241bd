#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace covey::simulation {

// Where a run stands at a moment.
struct RunProgress {
  std::uint64_t rounds = 0;     // that the task wants
  std::uint64_t completed = 0;  // of them
  std::uint64_t round = 0;      // the running one
  std::uint64_t devices = 0;    // that were asked to take part in it
  std::uint64_t trained = 0;    // of them
  std::string headline;         // "test accuracy 91.20 %"; may be empty
  double updates_per_second = 0;
  std::optional<std::chrono::milliseconds> left;  // until the last round has ended

  double part() const;  // 0 … 1, the running round's devices among it
};

// A bar and what there is to say, in at most `width` columns: what does not fit is left out from
// the end.
std::string status_line(const RunProgress& progress, std::size_t width);

}  // namespace covey::simulation
