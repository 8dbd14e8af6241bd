#pragma once

#include <nlohmann/json.hpp>

#include "bench/load/load_federation.h"

namespace covey::bench {

// What is measured of one daemon. Each returns the objects to print, one a line; kInternal when a
// device or a round did not do what it was to do: then there is nothing to measure.

struct CheckInSetting {
  std::size_t devices = 1000;
  std::size_t windows = 5;
  double window_seconds = 2;
};
// Devices that ask for work as fast as they are answered, for a task that they are not enough for.
Result<nlohmann::ordered_json> measure_check_ins(const std::string& coordinator,
                                                 const CheckInSetting& setting);

struct RoundSetting {
  RoundShape shape;
  std::size_t rounds = 3;
  std::size_t idle_devices = 0;  // beside it: connected, and polling for another task
  bool with_core = true;         // also what the protocol alone takes
};
// Whole rounds, all of whose devices are there when it begins: without the idle devices, then with.
Result<std::vector<nlohmann::ordered_json>> measure_rounds(const std::string& coordinator,
                                                           const std::string& secagg_bench,
                                                           const RoundSetting& setting);

}  // namespace covey::bench
