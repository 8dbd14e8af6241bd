#include "bench/load/fleet.h"

#include <algorithm>

#include "integration/world/identity.h"

namespace covey::bench {
namespace {

constexpr std::size_t kLanes = 2;
// Devices that connect at once: more would wait so long for one another that they gave up.
constexpr std::size_t kConnecting = 64;
constexpr std::chrono::seconds kConnectPatience{120};
constexpr std::chrono::milliseconds kGlance{10};

}  // namespace

Fleet::~Fleet() {
  for (const auto& device : devices_) device->stop();
  for (const auto& device : devices_) {
    while (!device->is_idle()) std::this_thread::sleep_for(kGlance);
  }
  lanes_.clear();  // a call may still be on its way out of its device
}

Status Fleet::open_lanes() {
  const std::vector<Bytes> roots(1, federation_.root());
  while (lanes_.size() < kLanes) {
    COVEY_ASSIGN_OR_RETURN(auto verifier, crypto::CertificateVerifier::create(roots));
    lanes_.push_back(std::make_unique<Lane>(std::move(verifier)));
  }
  return {};
}

template <typename Make>
Status Fleet::add(const char* kind, std::size_t count, const Make& make) {
  COVEY_RETURN_IF_ERROR(open_lanes());
  const std::size_t before = devices_.size();
  for (std::size_t begun = 0; begun <= count; ++begun) {
    const std::size_t room = begun == count ? count : begun - std::min(begun, kConnecting);
    const bool has_room = tally_.wait(kConnectPatience, [&](const Tally::Counts& counts) {
      return counts.connected >= before + room;
    });
    if (!has_room) {
      return Error{ErrorCode::kDeadlineExceeded,
                   "devices do not get through: " + tally_.counts().last_error};
    }
    if (begun == count) break;
    COVEY_ASSIGN_OR_RETURN(auto identity,
                           federation_.issue(std::string(kind) + "-" + std::to_string(begun)));
    Lane& lane = *lanes_[begun % lanes_.size()];
    COVEY_ASSIGN_OR_RETURN(auto calls, DeviceCalls::create(federation_, identity, lane));
    COVEY_ASSIGN_OR_RETURN(auto device, make(std::move(calls), std::move(identity), lane));
    devices_.push_back(std::move(device));
    devices_.back()->begin();
  }
  return {};
}

Status Fleet::add_workers(std::size_t count, const std::string& task, std::uint64_t model_length) {
  const ring::Manifest manifest = testing::flat_manifest(model_length);
  return add(kWorkers, count,
             [&](std::unique_ptr<DeviceCalls> calls, DeviceIdentity identity,
                 Lane& lane) -> Result<std::unique_ptr<LoadDevice>> {
               COVEY_ASSIGN_OR_RETURN(
                   auto device, WorkingDevice::create(std::move(calls), std::move(identity), task,
                                                      manifest, lane, tally_));
               return std::unique_ptr<LoadDevice>(std::move(device));
             });
}

Status Fleet::add_pollers(std::size_t count, const std::string& task) {
  return add(kPollers, count,
             [&](std::unique_ptr<DeviceCalls> calls, const DeviceIdentity&,
                 Lane& lane) -> Result<std::unique_ptr<LoadDevice>> {
               return std::unique_ptr<LoadDevice>(std::make_unique<PollingDevice>(
                   std::move(calls), task, is_eager_, lane, tally_));
             });
}

}  // namespace covey::bench
