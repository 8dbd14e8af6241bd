#include "simulation/devices/plain_device.h"

#include "covey/client/contribution.h"

namespace covey::simulation {

using namespace client;

bool PlainDevice::is_quick(const ParticipantEvent& event) const {
  return !std::holds_alternative<participant_event::Trained>(event);
}

Operation PlainDevice::operation() const {
  const federation::Assignment& assignment = material_.assignment;
  switch (phase_) {
    case Phase::kCheckingIn:
      return operation::CheckIn{};
    case Phase::kFetchingPlan:
      return operation::Fetch{assignment.plan};
    case Phase::kFetchingModel:
      return operation::Fetch{assignment.model};
    case Phase::kTraining:
      return operation::Train{&material_.plan, assignment.round.round, seed_, nullptr};
    case Phase::kJoining:
      return operation::Join{assignment.round};
    case Phase::kSending:
      return operation::Send{{assignment.round, 0}, {}};
    case Phase::kWaiting:
      return operation::Receive{{{assignment.round, 0}, 0, {}}};
    case Phase::kDeclining:
      return operation::Decline{assignment.round, reason_};
    case Phase::kDone:
      break;
  }
  return operation::Done{};
}

Operation PlainDevice::decline(federation::DeclineReason reason) {
  reason_ = reason;
  phase_ = Phase::kDeclining;
  return operation();
}

Operation PlainDevice::encode(TrainingReport report) {
  thread_local std::vector<float> difference;  // room, kept from device to device
  federation::DeclineReason reason{};
  auto update = encode_contribution({material_.plan, material_.aggregated, material_.codec},
                                    material_.model->views(), std::as_const(*trained_).views(),
                                    std::move(report), random_, difference, reason);
  trained_ = nullptr;
  if (!update) {
    error_ = update.error();
    return decline(reason);
  }
  update_ = std::move(*update);
  phase_ = Phase::kJoining;
  return operation();
}

// Every answer but that of a training moves it on to the next phase, or to its end.
Operation PlainDevice::answered(const ParticipantEvent& event) {
  const auto comes_back = [&]<typename Reply>(const Reply& reply) -> std::optional<Operation> {
    const auto* later = std::get_if<federation::ComeBack>(&reply);
    if (later == nullptr) return std::nullopt;
    return operation::Wait{later->in};
  };
  if (const auto* checked_in = std::get_if<participant_event::CheckedIn>(&event)) {
    if (auto wait = comes_back(checked_in->reply)) return std::move(*wait);
    phase_ = Phase::kFetchingPlan;
  } else if (std::holds_alternative<participant_event::Fetched>(event)) {
    if (phase_ == Phase::kFetchingModel) seed_ = draw_training_seed(random_);
    phase_ = phase_ == Phase::kFetchingPlan ? Phase::kFetchingModel : Phase::kTraining;
  } else if (const auto* joined = std::get_if<participant_event::Joined>(&event)) {
    if (auto wait = comes_back(joined->reply)) return std::move(*wait);
    const bool is_in = std::holds_alternative<federation::InGroup>(joined->reply);
    phase_ = is_in ? Phase::kSending : Phase::kDone;
  } else if (std::holds_alternative<participant_event::Sent>(event)) {
    phase_ = Phase::kWaiting;
  } else if (std::holds_alternative<participant_event::Received>(event) ||
             std::holds_alternative<participant_event::Declined>(event)) {
    phase_ = Phase::kDone;
  }
  return operation();
}

Operation PlainDevice::step(ParticipantEvent event, Milliseconds) {
  if (auto* trained = std::get_if<participant_event::Trained>(&event)) {
    return encode(std::move(trained->report));
  }
  if (std::holds_alternative<participant_event::Failed>(event) && phase_ == Phase::kTraining) {
    return decline(federation::DeclineReason::kTrainingFailed);
  }
  return answered(event);
}

// A result is on its disk; before that, all is lost.
void PlainDevice::crash() {
  if (phase_ < Phase::kJoining) phase_ = Phase::kCheckingIn;
}

}  // namespace covey::simulation
