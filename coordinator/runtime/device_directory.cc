#include "coordinator/runtime/device_directory.h"

#include <algorithm>

namespace covey::coordinator {

Result<DeviceDirectory> DeviceDirectory::load(Store& store) {
  DeviceDirectory directory(store);
  COVEY_ASSIGN_OR_RETURN(auto devices, store.devices());
  for (DeviceRecord& device : devices) {
    directory.names_[device.handle] = device.name;
    directory.by_name_[device.name] = std::move(device);
  }
  return directory;
}

Result<const DeviceRecord*> DeviceDirectory::seen(const Peer& peer, UnixMs now) {
  auto entry = by_name_.find(peer.name);
  if (entry == by_name_.end() || entry->second.key != peer.key) {
    COVEY_ASSIGN_OR_RETURN(auto record, store_->device_seen(peer.name, peer.key, now));
    names_[record.handle] = record.name;
    entry = by_name_.insert_or_assign(peer.name, std::move(record)).first;
  }
  DeviceRecord& device = entry->second;
  if (device.is_revoked) {
    return Error{ErrorCode::kPermissionDenied,
                 "this device is revoked: ask the operator of the federation"};
  }
  device.last_seen_at = now;
  return &device;
}

Status DeviceDirectory::declare(const std::string& name,
                                std::map<std::string, std::string> properties) {
  COVEY_ASSIGN_OR_RETURN(DeviceRecord* const device, named(name));
  if (device->properties == properties) return {};
  device->properties = std::move(properties);
  return store_->put_device(*device);
}

const DeviceRecord* DeviceDirectory::find(std::uint32_t handle) const {
  const auto name = names_.find(handle);
  return name == names_.end() ? nullptr : &by_name_.at(name->second);
}

std::string DeviceDirectory::name_of(std::uint32_t handle) const {
  const auto name = names_.find(handle);
  return name == names_.end() ? "device " + std::to_string(handle) : name->second;
}

std::size_t DeviceDirectory::seen_since(UnixMs time) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      by_name_, [&](const auto& entry) { return entry.second.last_seen_at >= time; }));
}

Result<DeviceRecord*> DeviceDirectory::named(const std::string& name) {
  const auto entry = by_name_.find(name);
  if (entry == by_name_.end()) {
    return Error{ErrorCode::kNotFound,
                 "no device of this name has been here; `covey device list` names them all"};
  }
  return &entry->second;
}

Result<DeviceRecord> DeviceDirectory::revoke(const std::string& name, const std::string& reason) {
  COVEY_ASSIGN_OR_RETURN(DeviceRecord* const device, named(name));
  device->is_revoked = true;
  device->revoked_reason = reason;
  COVEY_RETURN_IF_ERROR(store_->put_device(*device));
  return *device;
}

Result<DeviceRecord> DeviceDirectory::tag(const std::string& name, std::vector<std::string> tags) {
  COVEY_ASSIGN_OR_RETURN(DeviceRecord* const device, named(name));
  device->tags = std::move(tags);
  COVEY_RETURN_IF_ERROR(store_->put_device(*device));
  return *device;
}

Status DeviceDirectory::count_round(std::uint32_t handle) {
  const auto name = names_.find(handle);
  if (name == names_.end()) return {};
  DeviceRecord& device = by_name_.at(name->second);
  ++device.rounds;
  return store_->put_device(device);
}

}  // namespace covey::coordinator
