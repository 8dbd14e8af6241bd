#include "client/participant/participant_core.h"

#include <algorithm>

namespace covey::client {
namespace {

using federation::Milliseconds;

// A coordinator says when to come back; neither at once, over and over, nor never.
constexpr Milliseconds kShortestPause{50};
constexpr Milliseconds kLongestPause = std::chrono::hours(24);
constexpr std::uint32_t kMostFetchFailures = 8;  // in a row: the round is over long since
constexpr std::uint32_t kMostDeclineFailures = 3;

// What another try does not mend.
bool needs_a_person(ErrorCode code) {
  return code == ErrorCode::kUnauthenticated || code == ErrorCode::kPermissionDenied ||
         code == ErrorCode::kUnimplemented;
}

// The coordinator does not take this, now or ever.
bool is_final(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kInvalidArgument ||
         code == ErrorCode::kFailedPrecondition || code == ErrorCode::kAlreadyExists ||
         code == ErrorCode::kOutOfRange;
}

Error explained(const Error& error) {
  if (error.code == ErrorCode::kUnimplemented) {
    return {error.code,
            "the coordinator and this device have no protocol version in common; "
            "update the older one: " +
                error.message};
  }
  return {error.code,
          "the coordinator refuses this device; its certificate may have to be renewed, "
          "or the coordinator's address be corrected: " +
              error.message};
}

Status check(const ParticipantOptions& options) {
  if (options.manifest == nullptr || options.signing_key == nullptr ||
      options.verifier == nullptr || options.random == nullptr) {
    return invalid_argument(
        "a participant needs the trainer's manifest, a signing key, a verifier of certificates and "
        "a source of random bytes");
  }
  if (options.certificate_chain.empty()) {
    return invalid_argument("a participant needs the certificate chain of its signing key");
  }
  if (options.properties.size() > federation::kMaxProperties) {
    return invalid_argument("a device declares at most " +
                            std::to_string(federation::kMaxProperties) + " properties, not " +
                            std::to_string(options.properties.size()));
  }
  for (const auto& [name, value] : options.properties) {
    if (std::max(name.size(), value.size()) > federation::kMaxPropertyBytes) {
      return invalid_argument("a property's name and its value have at most " +
                              std::to_string(federation::kMaxPropertyBytes) + " bytes each");
    }
  }
  if (!options.task.empty()) COVEY_RETURN_IF_ERROR(options.policy.accepts_task(options.task));
  return {};
}

}  // namespace

std::string_view name_of(Activity activity) {
  switch (activity) {
    case Activity::kCheckingIn:
      return "checking in";
    case Activity::kFetching:
      return "fetching";
    case Activity::kTraining:
      return "training";
    case Activity::kJoining:
      return "waiting for a group";
    case Activity::kInGroup:
      return "in a group";
    case Activity::kDeclining:
      return "declining";
  }
  return "unknown";
}

Status Participant::Core::restore(StoredState stored) {
  if (stored.ledger) {
    COVEY_ASSIGN_OR_RETURN(ledger_, secagg::RoundLedger::from_bytes(stored.ledger->reveal()));
  }
  if (stored.limits) {
    if (Status status = limit_.restore(stored.limits->reveal()); !status) report(status.error());
  }
  if (Status status = restore_round(stored); !status) damage_ = status.error();
  return {};
}

ParticipantStep Participant::Core::step(ParticipantEvent event, std::chrono::milliseconds now) {
  now_ = now;
  const bool is_answered = !is_stopped_ ||
                           std::holds_alternative<participant_event::Begin>(event) ||
                           std::holds_alternative<Declining>(phase_);
  Operation next = is_answered ? std::visit([this](auto& received) { return on(received); }, event)
                               : operation::Done{};
  return {std::exchange(effects_, {}), std::move(next)};
}

Activity Participant::Core::activity() const {
  constexpr std::array kActivities = {
      Activity::kCheckingIn, Activity::kFetching, Activity::kFetching, Activity::kTraining,
      Activity::kJoining,    Activity::kInGroup,  Activity::kDeclining};
  static_assert(kActivities.size() == std::variant_size_v<ParticipantPhase>);
  return kActivities[phase_.index()];
}

std::optional<federation::RoundId> Participant::Core::round() const {
  if (result_ != nullptr) return result_->assignment.round;
  if (const auto* phase = std::get_if<FetchingPlan>(&phase_)) return phase->assignment.round;
  if (const auto* phase = std::get_if<FetchingModel>(&phase_)) return phase->work.assignment.round;
  if (const auto* phase = std::get_if<Training>(&phase_)) return phase->work.assignment.round;
  if (const auto* phase = std::get_if<Declining>(&phase_)) return phase->round;
  return std::nullopt;
}

Operation Participant::Core::operation() {
  if (const auto* phase = std::get_if<FetchingPlan>(&phase_)) {
    return operation::Fetch{phase->assignment.plan};
  }
  if (const auto* phase = std::get_if<FetchingModel>(&phase_)) {
    return operation::Fetch{phase->work.assignment.model};
  }
  if (auto* phase = std::get_if<Training>(&phase_)) {
    return operation::Train{&phase->work.plan, phase->work.assignment.round.round, phase->seed,
                            &phase->model};
  }
  if (std::holds_alternative<Joining>(phase_)) return operation::Join{result_->assignment.round};
  if (auto* phase = std::get_if<InSession>(&phase_)) return next_message(*phase);
  if (const auto* phase = std::get_if<Declining>(&phase_)) {
    return operation::Decline{phase->round, phase->reason};
  }
  return check_in();
}

Operation Participant::Core::check_in() {
  const Milliseconds pause = limit_.pause(now_);
  if (pause.count() > 0) {
    report({ErrorCode::kResourceExhausted,
            "as many trainings as this device's policy allows within 24 hours have begun; the next "
            "may begin in " +
                std::to_string(pause / std::chrono::minutes(1) + 1) + " minutes"});
    return operation::Wait{std::min(pause, kLongestPause)};
  }
  federation::CheckInRequest request;
  request.task = options_.task;
  request.manifest = options_.manifest->digest();
  if (options_.data_schema != Digest{}) request.data_schema = options_.data_schema;
  request.properties = options_.properties;
  return operation::CheckIn{std::move(request)};
}

Operation Participant::Core::come_back(federation::ComeBack come_back) {
  return operation::Wait{std::clamp(come_back.in, kShortestPause, kLongestPause)};
}

Operation Participant::Core::back_off() {
  return operation::Wait{options_.back_off.after(std::max(failures_, 1u), *options_.random)};
}

Operation Participant::Core::on(participant_event::Begin&) {
  is_stopped_ = false;
  if (const auto damage = std::exchange(damage_, {})) {
    if (result_ != nullptr) return abandon(*damage);
    report({damage->code, "the round that was under way is abandoned: " + damage->message});
    forget_round();
  }
  return operation();
}

Operation Participant::Core::on(participant_event::Stop&) {
  is_stopped_ = true;
  const auto leaving = round();
  if (std::holds_alternative<Declining>(phase_)) {
    phase_ = CheckingIn{};
  } else if (leaving && result_ == nullptr) {
    phase_ = Declining{*leaving, federation::DeclineReason::kStopped};
    failures_ = 0;
    return operation();
  }
  return operation::Done{};
}

Operation Participant::Core::on(participant_event::Failed& event) {
  failures_ = event.made_progress ? 1 : failures_ + 1;
  const Error& error = event.error;
  if (const auto* phase = std::get_if<Training>(&phase_)) {
    const auto reason = error.code == ErrorCode::kCancelled
                            ? federation::DeclineReason::kStopped
                            : federation::DeclineReason::kTrainingFailed;
    return decline(phase->work.assignment, reason, error, phase->work.terms());
  }
  const bool is_refused = needs_a_person(error.code);
  report(is_refused ? explained(error) : error);
  if (std::holds_alternative<Declining>(phase_)) return fail_declining(error);
  const bool is_fetching =
      std::holds_alternative<FetchingPlan>(phase_) || std::holds_alternative<FetchingModel>(phase_);
  if (is_fetching && (is_refused || is_final(error.code) || failures_ >= kMostFetchFailures)) {
    phase_ = CheckingIn{};
  }
  if (result_ != nullptr && is_final(error.code)) return abandon(error);
  const bool is_long = is_refused || (std::holds_alternative<CheckingIn>(phase_) && !is_fetching &&
                                      is_final(error.code));
  if (!is_long) return back_off();
  return operation::Wait{
      options_.back_off.jittered(options_.back_off.when_refused, *options_.random)};
}

Operation Participant::Core::on(participant_event::Declined&) {
  if (!std::holds_alternative<Declining>(phase_)) return operation();
  return after_decline();
}

Operation Participant::Core::fail_declining(const Error& error) {
  const bool gives_up = needs_a_person(error.code) || is_final(error.code) ||
                        failures_ >= kMostDeclineFailures || is_stopped_;
  return gives_up ? after_decline() : back_off();
}

Operation Participant::Core::after_decline() {
  phase_ = CheckingIn{};
  failures_ = 0;
  if (is_stopped_) return operation::Done{};
  ++declines_;
  return operation::Wait{options_.back_off.after(declines_, *options_.random)};
}

Result<Participant> Participant::create(ParticipantOptions options, StoredState stored) {
  COVEY_RETURN_IF_ERROR(check(options));
  auto core = std::make_unique<Core>(std::move(options));
  COVEY_RETURN_IF_ERROR(core->restore(std::move(stored)));
  return Participant(std::move(core));
}

Participant::Participant(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Participant::Participant(Participant&&) noexcept = default;
Participant& Participant::operator=(Participant&&) noexcept = default;
Participant::~Participant() = default;

ParticipantStep Participant::step(ParticipantEvent event, std::chrono::milliseconds now) {
  return core_->step(std::move(event), now);
}
Activity Participant::activity() const { return core_->activity(); }
std::optional<federation::RoundId> Participant::round() const { return core_->round(); }

}  // namespace covey::client
