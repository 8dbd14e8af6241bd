#pragma once

#include "support/catch.h"
#include "support/fake_federation.h"

namespace covey::client {

namespace event = participant_event;

// What a participant can be at, by the operation that it asks for.
enum class At { kCheckIn, kFetchPlan, kFetchModel, kTrain, kJoin, kSend, kReceive, kDecline };
inline constexpr At kEverywhere[] = {At::kCheckIn, At::kFetchPlan, At::kFetchModel, At::kTrain,
                                     At::kJoin,    At::kSend,      At::kReceive,    At::kDecline};

inline const Error kTransient{ErrorCode::kUnavailable, "no network"};

// One device, fed by hand.
class Robot {
 public:
  explicit Robot(plan::Plan plan = testing::small_plan(),
                 ParticipantPolicy policy = testing::lax_policy())
      : federation(3, std::move(plan)), coordinator(*federation.coordinator) {
    ParticipantOptions options = federation.options_of(*federation.devices[0]);
    options.policy = std::move(policy);
    auto made = Participant::create(std::move(options), {});
    REQUIRE(made);
    participant.emplace(std::move(*made));
    feed(event::Begin{});
  }

  void feed(ParticipantEvent next) {
    ParticipantStep step = participant->step(std::move(next), now);
    effects = std::move(step.effects);
    operation = std::move(step.operation);
    for (ParticipantEffect& effect : effects) {
      if (const auto* report = std::get_if<participant_effect::Report>(&effect)) {
        reports.push_back(report->error);
      } else if (auto* receipt = std::get_if<participant_effect::WriteReceipt>(&effect)) {
        receipts.push_back(std::move(receipt->receipt));
      }
    }
  }
  void fail(Error error, bool made_progress = false) {
    feed(event::Failed{std::move(error), made_progress});
  }
  template <typename Kind>
  bool is() const {
    return std::holds_alternative<Kind>(operation);
  }
  template <typename Kind>
  const Kind& as() const {
    REQUIRE(is<Kind>());
    return std::get<Kind>(operation);
  }

  void fetch() { feed(event::Fetched{*coordinator.fetch(as<operation::Fetch>().blob.digest)}); }
  void train(TrainingReport report = {10, {0.5}}, float value = 0.01f) {
    for (float& weight : as<operation::Train>().model->floats("weight")) weight = value;
    feed(event::Trained{std::move(report)});
  }
  void go_to(At at) {
    if (at == At::kCheckIn) return;
    feed(event::CheckedIn{coordinator.assignment});
    if (at == At::kFetchPlan) return;
    fetch();
    if (at == At::kFetchModel) return;
    fetch();
    if (at == At::kTrain) return;
    if (at == At::kDecline) return fail({ErrorCode::kInternal, "no data"});
    train();
    if (at == At::kJoin) return;
    feed(event::Joined{federation::InGroup{0}});
    if (at == At::kSend) return;
    feed(event::Sent{federation::Accepted{}});
  }

  testing::FakeFederation federation;
  testing::FakeCoordinator& coordinator;
  std::optional<Participant> participant;
  Operation operation;
  std::vector<ParticipantEffect> effects;
  std::vector<Error> reports;
  std::vector<Receipt> receipts;
  std::chrono::milliseconds now = std::chrono::hours(1000);
};

}  // namespace covey::client
