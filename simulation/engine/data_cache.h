#pragma once

#include <list>
#include <mutex>
#include <unordered_map>

#include "covey/datasets/federated_dataset.h"

namespace covey::simulation {

// The data of the devices that were asked for last, so that what is generated is not generated anew
// for a device that trains often; a fixed number of them, however many devices there are.
// Thread-safe.
class DataCache {
 public:
  explicit DataCache(const datasets::FederatedDataset& dataset) : dataset_(dataset) {}  // outlives

  Result<datasets::DeviceData> device(std::size_t device) {
    if (auto found = find(device)) return std::move(*found);
    COVEY_ASSIGN_OR_RETURN(datasets::DeviceData data, dataset_.device(device));
    const std::lock_guard lock(mutex_);
    if (places_.contains(device)) return data;  // another thread was as fast
    newest_first_.emplace_front(device, data);
    places_[device] = newest_first_.begin();
    if (newest_first_.size() > kMost) {
      places_.erase(newest_first_.back().first);
      newest_first_.pop_back();
    }
    return data;
  }

 private:
  static constexpr std::size_t kMost = 200;

  std::optional<datasets::DeviceData> find(std::size_t device) {
    const std::lock_guard lock(mutex_);
    const auto place = places_.find(device);
    if (place == places_.end()) return std::nullopt;
    newest_first_.splice(newest_first_.begin(), newest_first_, place->second);
    return place->second->second;
  }

  using Entries = std::list<std::pair<std::size_t, datasets::DeviceData>>;
  const datasets::FederatedDataset& dataset_;
  std::mutex mutex_;
  Entries newest_first_;
  std::unordered_map<std::size_t, Entries::iterator> places_;
};

}  // namespace covey::simulation
