#pragma once

#include <map>
#include <string>
#include <vector>

#include "covey/coordinator/federation.h"

namespace covey::coordinator {

// The devices that have shown themselves. Everything but the time of last sight is in the store as
// soon as the batch that changed it is committed; that time is written with whatever else changes,
// so that a device which only asks costs no write. Not thread-safe.
class DeviceDirectory {
 public:
  static Result<DeviceDirectory> load(Store& store);

  // The device's record, made when it is new. kPermissionDenied when it is revoked.
  Result<const DeviceRecord*> seen(const Peer& peer, UnixMs now);
  Status declare(const std::string& name, std::map<std::string, std::string> properties);
  const DeviceRecord* find(std::uint32_t handle) const;
  std::string name_of(std::uint32_t handle) const;
  const std::map<std::string, DeviceRecord>& all() const { return by_name_; }
  std::size_t seen_since(UnixMs time) const;

  // kNotFound, with what to do, when there is no such device.
  Result<DeviceRecord> revoke(const std::string& name, const std::string& reason);
  Result<DeviceRecord> tag(const std::string& name, std::vector<std::string> tags);
  Status count_round(std::uint32_t handle);  // it is in a round's sum

 private:
  explicit DeviceDirectory(Store& store) : store_(&store) {}
  Result<DeviceRecord*> named(const std::string& name);

  Store* store_;  // outlives this
  std::map<std::string, DeviceRecord> by_name_;
  std::map<std::uint32_t, std::string> names_;
};

}  // namespace covey::coordinator
