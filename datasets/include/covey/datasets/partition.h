#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "covey/base/result.h"

namespace covey::datasets {

// For each device the indices of its examples, ascending. Every example is in exactly one part, and
// no part is empty. The same arguments give the same parts on every machine. kInvalidArgument when
// there are too few examples (keys, …) for the devices, or there is no device.
using Partition = std::vector<std::vector<std::size_t>>;

// Each device gets the examples of several whole keys (writers, speakers, …), in an order drawn
// from `seed`: the next key goes to the device that has the fewest examples so far. 0 devices: one
// for each key, keys ascending. `keys`: one for each example.
Result<Partition> partition_by_key(std::span<const std::int32_t> keys, std::size_t devices,
                                   std::uint64_t seed);

// Parts of equal size, or sizes that differ by one, of examples shuffled by `seed`.
Result<Partition> partition_iid(std::size_t examples, std::size_t devices, std::uint64_t seed);

// [McMahan17] §3: sorted by label, cut into devices x shards shards of equal size (or one more),
// and each device dealt `shards` of them. `labels`: one for each example.
Result<Partition> partition_by_shards(std::span<const std::int64_t> labels, std::size_t devices,
                                      std::size_t shards, std::uint64_t seed);

// [Hsu19] §3.1: as many examples for each device as `partition_iid` gives it, their labels drawn
// from proportions q ~ Dir(alpha p), where p is the labels' share of all examples. (What others
// write as Dir(a) for each of C even labels is alpha = a C.) A label of which nothing is left is
// drawn no more, so the last devices get what is left over. `alpha` is above 0.
Result<Partition> partition_by_dirichlet(std::span<const std::int64_t> labels, std::size_t devices,
                                         double alpha, std::uint64_t seed);

// Sizes by a power law: the r-th largest in proportion to r^-exponent beyond the one example that
// every device has; which device is the r-th is drawn. `exponent` 0 is nearly even.
Result<Partition> partition_by_quantity(std::size_t examples, std::size_t devices, double exponent,
                                        std::uint64_t seed);

// Those sizes, with `least` for every device.
Result<std::vector<std::size_t>> power_law_sizes(std::size_t examples, std::size_t devices,
                                                 double exponent, std::size_t least,
                                                 std::uint64_t seed);

}  // namespace covey::datasets
