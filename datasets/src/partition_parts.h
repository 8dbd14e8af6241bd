#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "covey/datasets/draws.h"
#include "covey/datasets/partition.h"

namespace covey::datasets {

// What the partitions are made of.

// Each of `devices` can have one of `available`, which are called `what`.
Status check_division(std::size_t devices, std::size_t available, const char* what);
std::vector<std::size_t> shuffled_indices(std::size_t count, Draws& draws);
// `count` in `parts` that differ by one at most, the larger ones first.
std::vector<std::size_t> even_sizes(std::size_t count, std::size_t parts);
// `order` in pieces of `sizes`, which sum to its length, each piece sorted.
Partition cut(std::span<const std::size_t> order, std::span<const std::size_t> sizes);

}  // namespace covey::datasets
