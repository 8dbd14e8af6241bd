#pragma once

#include <memory>
#include <set>

#include "covey/aggregation/secagg/coordinator_session.h"
#include "covey/coordinator/step_clock.h"
#include "simulation/devices/round_material.h"
#include "simulation/engine/workers.h"
#include "simulation/groups/virtual_group.h"

namespace covey::simulation {

// The coordinator's production session: what GroupRunner is to the daemon.
class MaskedGroup final : public VirtualGroup {
 public:
  struct Options {
    const RoundMaterial& material;
    std::uint32_t number = 0;
    std::size_t members = 0;
    Milliseconds step_idle{0};
    secagg::IdentityVerifier& verifier;
    Workers& workers;  // take off the masks
  };
  // The session's error when the group cannot be.
  static Result<std::unique_ptr<VirtualGroup>> open(const Options& options, Milliseconds now);

  federation::SendReply send(DeviceHandle device, ByteView message, VirtualDevice& sender,
                             Milliseconds now) override;
  std::optional<Bytes> receive(DeviceHandle device,
                               const federation::ReceiveRequest& request) override;
  std::vector<DeviceHandle> take_answerable() override;
  void tick(Milliseconds now) override;
  std::optional<Milliseconds> next_tick() const override;
  std::optional<coordinator::GroupEnd> end() const override;
  const ring::RingVector& sum() const override { return session_.sum(); }
  std::size_t survivors() const override { return session_.survivors().size(); }

 private:
  MaskedGroup(const Options& options, secagg::CoordinatorSession session, Milliseconds now);
  bool is_over() const { return session_.step() >= secagg::CoordinatorStep::kCompleted; }
  // Whether the sender is to slow down.
  bool apply(secagg::CoordinatorEffects effects, DeviceHandle sender);

  Workers& workers_;
  secagg::CoordinatorSession session_;
  coordinator::StepClock clock_;
  std::set<DeviceHandle> unread_;      // there is a message that it has not had
  std::set<DeviceHandle> answerable_;  // of those, what was not said yet
};

}  // namespace covey::simulation
