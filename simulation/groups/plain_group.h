#pragma once

#include <memory>
#include <set>

#include "simulation/devices/round_material.h"
#include "simulation/groups/virtual_group.h"

namespace covey::simulation {

// A group without masks: adds up what its devices send in clear. The sum is that of a masked group
// in which the same devices vanish before their vectors have come.
class PlainGroup final : public VirtualGroup {
 public:
  PlainGroup(const RoundMaterial& material, const std::vector<DeviceHandle>& members,
             Milliseconds step_idle, Milliseconds now);

  federation::SendReply send(DeviceHandle device, ByteView message, VirtualDevice& sender,
                             Milliseconds now) override;
  std::optional<Bytes> receive(DeviceHandle, const federation::ReceiveRequest&) override {
    return std::nullopt;  // there is nothing more to say
  }
  std::vector<DeviceHandle> take_answerable() override { return {}; }
  void tick(Milliseconds now) override;
  std::optional<Milliseconds> next_tick() const override;
  std::optional<coordinator::GroupEnd> end() const override { return end_; }
  const ring::RingVector& sum() const override { return sum_; }
  std::size_t survivors() const override { return survivors_; }

 private:
  void close();

  const RoundMaterial& material_;
  std::set<DeviceHandle> awaited_;
  Milliseconds step_idle_;
  Milliseconds progress_at_;
  ring::RingVector sum_;
  std::size_t survivors_ = 0;
  std::optional<coordinator::GroupEnd> end_;
};

}  // namespace covey::simulation
