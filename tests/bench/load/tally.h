#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

namespace covey::bench {

using LoadClock = std::chrono::steady_clock;

// What the devices of a fleet have come to. Thread-safe.
class Tally {
 public:
  struct Counts {
    std::size_t connected = 0;    // devices that have had an answer
    std::size_t check_ins = 0;    // that were told to come back
    std::size_t assigned = 0;     // given work
    std::size_t grouped = 0;      // told their group
    std::size_t contributed = 0;  // in the sum, and told so
    std::size_t failed = 0;       // rounds that ended another way
    std::size_t errors = 0;       // of calls, which are tried again
    std::string last_error;
    LoadClock::time_point last_assigned;
    LoadClock::time_point last_grouped;
    LoadClock::time_point last_ended;
  };

  template <typename Edit>
  void note(const Edit& edit) {
    const std::lock_guard lock(mutex_);
    edit(counts_);
    changed_.notify_all();
  }
  Counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  // False when it is not so after `patience`.
  template <typename IsSo>
  bool wait(std::chrono::seconds patience, const IsSo& is_so) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return is_so(counts_); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Counts counts_;
};

}  // namespace covey::bench
