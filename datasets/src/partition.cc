#include "covey/datasets/partition.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <queue>
#include <string>

#include "covey/datasets/draws.h"
#include "datasets/src/partition_parts.h"
#include "datasets/src/steady_math.h"

namespace covey::datasets {

Status check_division(std::size_t devices, std::size_t available, const char* what) {
  if (devices > 0 && devices <= available) return {};
  return invalid_argument("there are " + std::to_string(available) + " " + what +
                          ": they can be divided among 1 to " + std::to_string(available) +
                          " devices, not " + std::to_string(devices));
}

std::vector<std::size_t> shuffled_indices(std::size_t count, Draws& draws) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  draws.shuffle(std::span(order));
  return order;
}

Partition cut(std::span<const std::size_t> order, std::span<const std::size_t> sizes) {
  Partition parts;
  parts.reserve(sizes.size());
  for (const std::size_t size : sizes) {
    std::ranges::sort(parts.emplace_back(order.begin(), order.begin() + std::ptrdiff_t(size)));
    order = order.subspan(size);
  }
  return parts;
}

std::vector<std::size_t> even_sizes(std::size_t count, std::size_t parts) {
  std::vector<std::size_t> sizes(parts, count / parts);
  for (std::size_t i = 0; i < count % parts; ++i) ++sizes[i];
  return sizes;
}

Result<Partition> partition_by_key(std::span<const std::int32_t> keys, std::size_t devices,
                                   std::uint64_t seed) {
  std::map<std::int32_t, std::vector<std::size_t>> examples_of;
  for (std::size_t i = 0; i < keys.size(); ++i) examples_of[keys[i]].push_back(i);
  Partition parts;
  if (devices == 0 && !examples_of.empty()) {
    for (auto& [key, examples] : examples_of) parts.push_back(std::move(examples));
    return parts;
  }
  COVEY_RETURN_IF_ERROR(check_division(devices, examples_of.size(), "keys"));

  std::vector<const std::vector<std::size_t>*> order;
  for (const auto& [key, examples] : examples_of) order.push_back(&examples);
  Draws(seed).shuffle(std::span(order));

  using SizeAndDevice = std::pair<std::size_t, std::size_t>;
  std::priority_queue<SizeAndDevice, std::vector<SizeAndDevice>, std::greater<>> smallest;
  for (std::size_t device = 0; device < devices; ++device) smallest.emplace(0, device);
  parts.resize(devices);
  for (const auto* examples : order) {
    const auto [size, device] = smallest.top();
    smallest.pop();
    parts[device].insert(parts[device].end(), examples->begin(), examples->end());
    smallest.emplace(size + examples->size(), device);
  }
  for (auto& part : parts) std::ranges::sort(part);
  return parts;
}

Result<Partition> partition_iid(std::size_t examples, std::size_t devices, std::uint64_t seed) {
  COVEY_RETURN_IF_ERROR(check_division(devices, examples, "examples"));
  Draws draws(seed);
  return cut(shuffled_indices(examples, draws), even_sizes(examples, devices));
}

Result<std::vector<std::size_t>> power_law_sizes(std::size_t examples, std::size_t devices,
                                                 double exponent, std::size_t least,
                                                 std::uint64_t seed) {
  COVEY_RETURN_IF_ERROR(check_division(devices, examples / std::max<std::size_t>(least, 1),
                                       least <= 1 ? "examples" : "groups of examples"));
  if (!(exponent >= 0 && exponent <= 10)) {
    return invalid_argument("the exponent of a power law is from 0 to 10");
  }
  std::vector<double> bounds;  // how much of everything the ranks up to this one have
  double total = 0;
  for (std::size_t rank = 1; rank <= devices; ++rank) {
    total += steady_power(static_cast<double>(rank), -exponent);
    bounds.push_back(total);
  }
  Draws draws(mixed_seed(seed, 1));
  const std::vector<std::size_t> device_of_rank = shuffled_indices(devices, draws);
  std::vector<std::size_t> sizes(devices, least);
  const std::size_t rest = examples - least * devices;
  std::size_t given = 0;
  for (std::size_t rank = 0; rank < devices; ++rank) {
    const double share = bounds[rank] / total;
    const auto bound = static_cast<std::size_t>(share * static_cast<double>(rest));
    sizes[device_of_rank[rank]] += bound - given;  // the last share is 1
    given = bound;
  }
  return sizes;
}

Result<Partition> partition_by_quantity(std::size_t examples, std::size_t devices, double exponent,
                                        std::uint64_t seed) {
  COVEY_ASSIGN_OR_RETURN(const auto sizes, power_law_sizes(examples, devices, exponent, 1, seed));
  Draws draws(seed);
  return cut(shuffled_indices(examples, draws), sizes);
}

}  // namespace covey::datasets
