#include "covey/coordinator/cohort.h"

#include <algorithm>
#include <cmath>

namespace covey::coordinator {

bool Cohort::has_room() const {
  const auto most = static_cast<std::size_t>(
      std::ceil(static_cast<double>(rules_.target) * rules_.over_selection));
  return count(State::kTraining) + count(State::kReady) < most;
}

void Cohort::put(DeviceHandle device, State state) {
  const auto [entry, is_new] = states_.try_emplace(device, state);
  if (!is_new) --counts_[static_cast<std::size_t>(entry->second)];
  entry->second = state;
  ++counts_[static_cast<std::size_t>(state)];
}

bool Cohort::assign(DeviceHandle device) {
  const auto entry = states_.find(device);
  if (entry != states_.end()) return entry->second == State::kTraining;
  if (!has_room()) return false;
  put(device, State::kTraining);
  return true;
}

bool Cohort::ready(DeviceHandle device) {
  const auto entry = states_.find(device);
  if (entry == states_.end() || entry->second == State::kLeft) return false;
  if (entry->second == State::kTraining) {
    put(device, State::kReady);
    ready_.push_back(device);
  }
  return true;
}

void Cohort::leave(DeviceHandle device) {
  const auto entry = states_.find(device);
  if (entry == states_.end() || entry->second == State::kGrouped) return;
  put(device, State::kLeft);
  std::erase(ready_, device);
}

std::optional<Cohort::State> Cohort::state(DeviceHandle device) const {
  const auto entry = states_.find(device);
  return entry == states_.end() ? std::nullopt : std::optional(entry->second);
}

std::vector<std::vector<DeviceHandle>> Cohort::form_groups() {
  const std::size_t devices = std::min<std::size_t>(ready_.size(), rules_.target);
  const std::size_t groups = (devices + rules_.group_size - 1) / rules_.group_size;
  std::vector<std::vector<DeviceHandle>> formed(groups);
  for (std::size_t i = 0; i < devices; ++i) {
    formed[i * groups / devices].push_back(ready_[i]);
    put(ready_[i], State::kGrouped);
  }
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(devices));
  return formed;
}

void Cohort::save(ByteWriter& out) const {
  out.u64(states_.size());
  for (const auto& [device, state] : states_) {
    out.u32(device);
    out.u8(static_cast<std::uint8_t>(state));
  }
  out.u64(ready_.size());
  for (const DeviceHandle device : ready_) out.u32(device);
}

void Cohort::load(ByteReader& in) {
  const std::uint64_t devices = in.u64();
  for (std::uint64_t i = 0; i < devices && in.ok(); ++i) {
    const DeviceHandle device = in.u32();
    const std::uint8_t state = in.u8();
    if (state < 1 || state > static_cast<std::uint8_t>(State::kLeft)) return in.fail();
    put(device, static_cast<State>(state));
  }
  const std::uint64_t ready = in.u64();
  for (std::uint64_t i = 0; i < ready && in.ok(); ++i) ready_.push_back(in.u32());
}

}  // namespace covey::coordinator
