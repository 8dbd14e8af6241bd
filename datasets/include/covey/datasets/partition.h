#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "covey/base/result.h"

namespace covey::datasets {

// For each device the indices of its examples, ascending. Every example is in exactly one part. The
// same arguments give the same parts on every machine.
using Partition = std::vector<std::vector<std::size_t>>;

// Each device gets several whole writers, in an order drawn from `seed`: the next writer goes to
// the device that has the fewest examples so far. `writers`: who wrote each example.
// kInvalidArgument when there are fewer writers than devices, or no device.
Result<Partition> partition_by_writer(std::span<const std::int32_t> writers, std::size_t devices,
                                      std::uint64_t seed);

// Parts of equal size, or sizes that differ by one, of examples shuffled by `seed`.
// kInvalidArgument when there are fewer examples than devices, or no device.
Result<Partition> partition_evenly(std::size_t examples, std::size_t devices, std::uint64_t seed);

}  // namespace covey::datasets
