#pragma once

#include "client/app/device_config.h"
#include "covey/datasets/examples.h"

namespace covey::client {

// What one device has to learn from: its own writers' digits, some of them held out.
struct LocalData {
  datasets::Examples train;
  datasets::Examples held_out;
};
Result<LocalData> load_local_data(const DeviceConfig& config);

// Digits of writers that no device has: MNIST's test part, or generated ones.
Result<datasets::Examples> load_test_data(const std::string& mnist_folder, std::uint64_t seed);

}  // namespace covey::client
