#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "coordinator/runtime/outbox.h"
#include "covey/coordinator/round.h"

namespace covey::coordinator {

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
      outbox.reply<T>(std::move(earlier->reply),
                      Error{ErrorCode::kAborted, "a later call of this device took its place"});
    }
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
    return call;
  }
  std::vector<DeviceHandle> devices() const {
    std::vector<DeviceHandle> devices;
    for (const auto& entry : calls_) devices.push_back(entry.first);
    return devices;
  }
  // Answers those that have been held long enough.
  void release_until(Milliseconds now, const T& answer, Outbox& outbox) {
    for (auto entry = calls_.begin(); entry != calls_.end();) {
      if (entry->second.until > now) {
        ++entry;
        continue;
      }
      outbox.reply<T>(std::move(entry->second.reply), answer);
      entry = calls_.erase(entry);
    }
  }
  std::optional<Milliseconds> next() const {
    std::optional<Milliseconds> next;
    for (const auto& entry : calls_) {
      if (!next || entry.second.until < *next) next = entry.second.until;
    }
    return next;
  }
  std::size_t size() const { return calls_.size(); }

 private:
  std::map<DeviceHandle, Call> calls_;
};

}  // namespace covey::coordinator
