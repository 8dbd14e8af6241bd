#include "covey/simulation/sampler.h"

#include <algorithm>
#include <unordered_map>

#include "covey/datasets/draws.h"

namespace covey::simulation {

// The first `count` places of a Fisher-Yates shuffle, of which only the places that were touched
// are kept: a round costs what its devices cost, however many others there are.
std::vector<std::size_t> UniformSampler::sample(std::uint64_t round, std::size_t devices,
                                                std::size_t count) {
  constexpr std::uint64_t kStream = 0x73616d706c65;  // apart from the seed's other uses
  datasets::Draws draws(datasets::mixed_seed(seed_ ^ kStream, round));
  std::unordered_map<std::size_t, std::size_t> moved;
  const auto at = [&](std::size_t place) {
    const auto found = moved.find(place);
    return found == moved.end() ? place : found->second;
  };
  std::vector<std::size_t> sampled;
  for (std::size_t i = 0; i < std::min(count, devices); ++i) {
    const std::size_t j = i + static_cast<std::size_t>(draws.below(devices - i));
    const std::size_t chosen = at(j);
    moved[j] = at(i);
    sampled.push_back(chosen);
  }
  return sampled;
}

}  // namespace covey::simulation
