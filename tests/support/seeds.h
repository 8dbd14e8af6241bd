#pragma once

#include <cstdint>
#include <functional>

namespace covey::testing {

using Seed = std::uint64_t;

// Runs `body` for seeds 1 … count (or for what --seed and --seeds say), with the seed printed when
// a check fails.
void for_each_seed(std::uint64_t count, const std::function<void(Seed)>& body);

void replay_seed(Seed seed);
void set_seed_count(std::uint64_t count);

}  // namespace covey::testing
