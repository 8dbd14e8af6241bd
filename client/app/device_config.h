#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "covey/base/result.h"
#include "covey/client/policy.h"

namespace covey::client {

// What a device is told: device.toml. Paths are relative to the file.
struct DeviceConfig {
  std::string state = "device-state";  // folder of what it keeps
  std::string task;                    // empty: any that the policy allows
  std::map<std::string, std::string> properties;

  std::string address = "127.0.0.1:7400";        // of the coordinator
  std::string coordinator_name = "coordinator";  // as certified

  std::string certificate;  // PEM, its own, then intermediates
  std::string key;          // PEM, PKCS#8
  std::string authority;    // PEM, the federation's root
  std::string revoked;      // PEM, the authority's list of revoked certificates

  ParticipantPolicy policy;

  std::string model = "cnn-small";
  std::string data = "handwriting";  // generated; or "mnist"
  std::string data_folder;           // "mnist": with its original files
  std::uint64_t part = 0;            // of `parts` that the data is split into, by writer
  std::uint64_t parts = 1;
  std::uint64_t examples = 600;  // at most; for "handwriting", as many
  double held_out = 0.2;         // of the examples
  std::uint64_t seed = 1;        // of the split and of generated data
};

// kInvalidArgument with line and column, an unknown key with the nearest legal one; kNotFound for a
// file that is not there.
Result<DeviceConfig> read_device_config(const std::string& path);
extern const char* const kExampleDeviceConfig;

}  // namespace covey::client
