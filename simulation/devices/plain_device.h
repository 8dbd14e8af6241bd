#pragma once

#include <optional>
#include <vector>

#include "covey/crypto/random.h"
#include "simulation/devices/round_material.h"
#include "simulation/devices/virtual_device.h"

namespace covey::simulation {

// A device of a round without masks. It goes the way of a Participant as far as its group, draws
// from its generator what that draws, and encodes as that encodes, so that its ring vector is the
// same, bit for bit; but it reads neither plan nor model file, and sends its vector in clear, in
// one piece. Simulations only: there is no such device outside.
class PlainDevice final : public VirtualDevice {
 public:
  // Both must outlive it.
  PlainDevice(const RoundMaterial& material, crypto::Random& random)
      : material_(material), random_(random) {}

  client::Operation step(client::ParticipantEvent event, Milliseconds now) override;
  void crash() override;
  bool is_quick(const client::ParticipantEvent& event) const override;
  void train_on(model::Model& scratch) override { trained_ = &scratch; }
  std::optional<Error> last_error() const override { return error_; }
  ring::RingVector take_update() override { return std::move(*update_); }

 private:
  enum class Phase : std::uint8_t {
    kCheckingIn,
    kFetchingPlan,
    kFetchingModel,
    kTraining,
    kJoining,
    kSending,
    kWaiting,
    kDeclining,
    kDone,
  };
  client::Operation operation() const;
  client::Operation encode(client::TrainingReport report);
  client::Operation decline(federation::DeclineReason reason);
  client::Operation answered(const client::ParticipantEvent& event);

  const RoundMaterial& material_;
  crypto::Random& random_;
  Phase phase_ = Phase::kCheckingIn;
  std::uint64_t seed_ = 0;
  model::Model* trained_ = nullptr;
  std::optional<ring::RingVector> update_;
  federation::DeclineReason reason_{};
  std::optional<Error> error_;
};

}  // namespace covey::simulation
