#pragma once

#include <map>
#include <string>
#include <vector>

#include "integration/world/federation.h"

namespace covey::testing {

// Honest devices that do round after round, and others that attack their coordinator meanwhile.
class Siege {
 public:
  static constexpr int kHonest = 4;
  static constexpr int kBytesInFlightMib = 16;  // the coordinator's setting here

  // A coordinator with small limits, and devices 1 to 4, who have done some calm rounds.
  Siege();

  // One attacking device for each of `attacks` (hostile_device.cc), from number 5 on. Returns when
  // every attack has done what it does so often.
  void begin(const std::vector<std::string>& attacks, std::uint64_t at_least = 1);
  // Waits until so many more rounds are completed, while every attack goes on.
  void check_rounds(int rounds);
  // Ends it. The coordinator's memory has stayed within its bound, it is the same process as before
  // and lets go of what attackers had, every round was completed by all honest devices, and the
  // model is what these make it.
  void check_unhurt();

 private:
  std::uint64_t completed();  // rounds
  // How often each attack has done what so far.
  std::map<std::string, std::uint64_t> acts() const;
  void submit();
  void check_all_rounds();
  std::size_t descriptors() const;                   // the coordinator's, which are open
  std::uint64_t memory_mib(const char* what) const;  // "VmHWM", "VmRSS"

  Federation federation_;
  std::vector<Process> attackers_;
  std::string pid_;
  std::uint64_t calm_rounds_ = 0;
  std::uint64_t calm_mib_ = 0;
  std::size_t calm_descriptors_ = 0;
};

}  // namespace covey::testing
