#include <algorithm>
#include <limits>
#include <map>
#include <string>

#include "datasets/src/distributions.h"
#include "datasets/src/partition_parts.h"
#include "datasets/src/steady_math.h"

namespace covey::datasets {
namespace {

// The labels that a device draws from, as long as there are examples of them.
class LabelPools {
 public:
  LabelPools(std::span<const std::int64_t> labels, Draws& draws) : examples_(labels.size()) {
    std::map<std::int64_t, std::vector<std::size_t>> by_label;
    for (const std::size_t index : shuffled_indices(labels.size(), draws)) {
      by_label[labels[index]].push_back(index);
    }
    for (auto& [label, pool] : by_label) {
      shares_.push_back(static_cast<double>(pool.size()) / static_cast<double>(examples_));
      pools_.push_back(std::move(pool));
    }
  }

  // `count` examples, which there are, by proportions q ~ Dir(alpha p).
  std::vector<std::size_t> take(std::size_t count, double alpha, Draws& draws) {
    std::vector<double> log_proportions;
    for (const double share : shares_) {
      log_proportions.push_back(draw_log_gamma(draws, alpha * share));
    }
    std::vector<std::size_t> taken;
    std::vector<double> bounds = cumulated(log_proportions);
    while (taken.size() < count) {
      const double at = draws.unit() * bounds.back();
      const auto label =
          static_cast<std::size_t>(std::ranges::upper_bound(bounds, at) - bounds.begin());
      taken.push_back(pools_[label].back());
      pools_[label].pop_back();
      if (pools_[label].empty() && taken.size() < count) bounds = cumulated(log_proportions);
    }
    return taken;
  }

 private:
  // Sums of the proportions of the labels up to each, of those that have examples left. The
  // largest of these counts 1, so that the sum is above 0 however small all of them are.
  std::vector<double> cumulated(std::span<const double> log_proportions) const {
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < pools_.size(); ++i) {
      if (!pools_[i].empty()) largest = std::max(largest, log_proportions[i]);
    }
    std::vector<double> sums;
    double sum = 0;
    for (std::size_t i = 0; i < pools_.size(); ++i) {
      if (!pools_[i].empty()) sum += steady_exp(log_proportions[i] - largest);
      sums.push_back(sum);
    }
    return sums;
  }

  std::size_t examples_ = 0;
  std::vector<std::vector<std::size_t>> pools_;
  std::vector<double> shares_;
};

}  // namespace

Result<Partition> partition_by_shards(std::span<const std::int64_t> labels, std::size_t devices,
                                      std::size_t shards, std::uint64_t seed) {
  if (shards == 0) return invalid_argument("each device has at least 1 shard");
  COVEY_RETURN_IF_ERROR(check_division(devices, labels.size() / shards, "groups of shards"));
  Draws draws(seed);
  std::vector<std::size_t> order = shuffled_indices(labels.size(), draws);
  std::ranges::stable_sort(order, {}, [labels](std::size_t index) { return labels[index]; });
  const Partition cards = cut(order, even_sizes(order.size(), devices * shards));
  const std::vector<std::size_t> deal = shuffled_indices(cards.size(), draws);
  Partition parts(devices);
  for (std::size_t i = 0; i < deal.size(); ++i) {
    auto& part = parts[i / shards];
    part.insert(part.end(), cards[deal[i]].begin(), cards[deal[i]].end());
  }
  for (auto& part : parts) std::ranges::sort(part);
  return parts;
}

Result<Partition> partition_by_dirichlet(std::span<const std::int64_t> labels, std::size_t devices,
                                         double alpha, std::uint64_t seed) {
  COVEY_RETURN_IF_ERROR(check_division(devices, labels.size(), "examples"));
  if (!(alpha >= 1e-3 && alpha <= 1e6)) {
    return invalid_argument("the concentration of a Dirichlet partition is from 0.001 to 1000000");
  }
  Draws draws(seed);
  LabelPools pools(labels, draws);
  Partition parts;
  for (const std::size_t size : even_sizes(labels.size(), devices)) {
    std::ranges::sort(parts.emplace_back(pools.take(size, alpha, draws)));
  }
  return parts;
}

}  // namespace covey::datasets
