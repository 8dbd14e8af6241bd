#pragma once

#include <string>

#include "client/app/device_config.h"
#include "covey/datasets/examples.h"

namespace covey::client {

// What one device has to learn from: its own writers' digits, some of them held out.
struct LocalData {
  datasets::Rows train;
  datasets::Rows held_out;
};
Result<LocalData> load_local_data(const DeviceConfig& config);

// Digits of writers that no device has: MNIST's test part, or generated ones.
Result<datasets::Rows> load_test_data(const std::string& mnist_folder, std::uint64_t seed);

}  // namespace covey::client
