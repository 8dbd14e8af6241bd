#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "coordinator/runtime/outbox.h"
#include "covey/coordinator/round.h"

namespace covey::coordinator {

inline Error replaced_call() {
  return {ErrorCode::kAborted, "a later call of this device took its place"};
}

// Calls that wait until there is something to say: one a device, so that what a device can make the
// coordinator hold is bounded. Not thread-safe.
template <typename Request, typename T>
class HeldCalls {
 public:
  struct Call {
    Request request;
    Reply<T> reply;
    Milliseconds until{0};
  };

  // A call of the same device that was held before ends with kAborted.
  void hold(DeviceHandle device, Call call, Outbox& outbox) {
    if (auto earlier = take(device)) {
      outbox.reply<T>(std::move(earlier->reply), replaced_call());
    }
    by_time_.emplace(call.until, device);
    calls_.emplace(device, std::move(call));
  }
  const Request* request_of(DeviceHandle device) const {
    const auto entry = calls_.find(device);
    return entry == calls_.end() ? nullptr : &entry->second.request;
  }
  std::optional<Call> take(DeviceHandle device) {
    const auto entry = calls_.find(device);
    if (entry == calls_.end()) return std::nullopt;
    Call call = std::move(entry->second);
    calls_.erase(entry);
    by_time_.erase({call.until, device});
    return call;
  }
  std::vector<DeviceHandle> devices() const {
    std::vector<DeviceHandle> devices;
    for (const auto& entry : calls_) devices.push_back(entry.first);
    return devices;
  }
  // Answers those that have been held long enough.
  void release_until(Milliseconds now, const T& answer, Outbox& outbox) {
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
      auto call = take(by_time_.begin()->second);
      outbox.reply<T>(std::move(call->reply), answer);
    }
  }
  std::optional<Milliseconds> next() const {
    if (by_time_.empty()) return std::nullopt;
    return by_time_.begin()->first;
  }
  std::size_t size() const { return calls_.size(); }

 private:
  std::map<DeviceHandle, Call> calls_;
  std::set<std::pair<Milliseconds, DeviceHandle>> by_time_;  // whose end is looked for all the time
};

}  // namespace covey::coordinator
