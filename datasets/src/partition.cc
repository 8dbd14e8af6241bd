#include "covey/datasets/partition.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>

#include "covey/datasets/draws.h"

namespace covey::datasets {
namespace {

Status check(std::size_t devices, std::size_t available, const char* what) {
  if (devices > 0 && devices <= available) return {};
  return invalid_argument("there are " + std::to_string(available) + " " + what +
                          ": they can be divided among 1 to " + std::to_string(available) +
                          " devices, not " + std::to_string(devices));
}

}  // namespace

Result<Partition> partition_by_writer(std::span<const std::int32_t> writers, std::size_t devices,
                                      std::uint64_t seed) {
  std::map<std::int32_t, std::vector<std::size_t>> examples_of;
  for (std::size_t i = 0; i < writers.size(); ++i) examples_of[writers[i]].push_back(i);
  COVEY_RETURN_IF_ERROR(check(devices, examples_of.size(), "writers"));

  std::vector<const std::vector<std::size_t>*> order;
  for (const auto& [writer, examples] : examples_of) order.push_back(&examples);
  Draws(seed).shuffle(std::span(order));

  Partition parts(devices);
  for (const auto* examples : order) {
    auto& part = *std::ranges::min_element(parts, {}, &std::vector<std::size_t>::size);
    part.insert(part.end(), examples->begin(), examples->end());
  }
  for (auto& part : parts) std::ranges::sort(part);
  return parts;
}

Result<Partition> partition_evenly(std::size_t examples, std::size_t devices, std::uint64_t seed) {
  COVEY_RETURN_IF_ERROR(check(devices, examples, "examples"));
  std::vector<std::size_t> order(examples);
  std::iota(order.begin(), order.end(), std::size_t{0});
  Draws(seed).shuffle(std::span(order));

  Partition parts(devices);
  auto next = order.begin();
  for (std::size_t device = 0; device < devices; ++device) {
    const std::size_t count = examples / devices + (device < examples % devices ? 1 : 0);
    parts[device].assign(next, next + static_cast<std::ptrdiff_t>(count));
    std::ranges::sort(parts[device]);
    next += static_cast<std::ptrdiff_t>(count);
  }
  return parts;
}

}  // namespace covey::datasets
