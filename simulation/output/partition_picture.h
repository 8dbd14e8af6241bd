#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "covey/base/result.h"
#include "covey/datasets/federated_dataset.h"

namespace covey::simulation {

// What of one device is drawn.
struct DevicePicture {
  std::string name;
  std::uint64_t examples = 0;
  std::vector<std::uint64_t> labels;  // how many of each class; empty when numbers are learned
  bool operator==(const DevicePicture&) const = default;
};

// How many devices have from `low` to `high` examples, both included.
struct SizeBin {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::uint64_t devices = 0;
  bool operator==(const SizeBin&) const = default;
};

// Who holds what: all that a report needs to draw it, without the data.
struct PartitionPicture {
  std::uint64_t devices = 0;
  std::uint64_t examples = 0;  // of all devices, for training
  std::uint64_t smallest = 0;  // of a device
  std::uint64_t largest = 0;
  std::uint64_t classes = 0;         // 0: numbers are learned
  std::vector<DevicePicture> shown;  // at most kMostShown, evenly picked
  std::vector<SizeBin> sizes;        // of all devices
  bool operator==(const PartitionPicture&) const = default;
};

inline constexpr std::size_t kMostShown = 60;

// Asks every device for its size, and those shown for their examples. Errors are the dataset's.
Result<PartitionPicture> picture_of(const datasets::FederatedDataset& dataset);

// Bins of equal, whole width that hold all of `sizes`, some twenty of them.
std::vector<SizeBin> size_bins(const std::vector<std::uint64_t>& sizes);

}  // namespace covey::simulation
