#pragma once

#include <optional>
#include <string>

#include "client/app/device_config.h"
#include "client/app/halting_transport.h"

namespace covey::client {

struct DeviceFlags {
  std::string address;        // instead of the file's
  std::string insecure_name;  // no TLS, loopback only: what the device calls itself
  bool is_quiet = false;
  std::optional<HaltPoint> halt;
};

// Takes part in the federation until SIGTERM or SIGINT. Says what it does, one line a fact, on
// standard error.
Status run_device(const DeviceConfig& config, const DeviceFlags& flags);

// Every receipt that the device has kept, for its owner.
Status print_receipts(const DeviceConfig& config);

}  // namespace covey::client
