#include "covey/client/policy.h"

#include "client/participant/round_limit.h"
#include "covey/client/receipt.h"
#include "support/catch.h"
#include "support/fake_federation.h"

namespace covey::client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// What a policy that is not lax in this one thing refuses of the plan of tests, and its name.
struct Case {
  const char* named;
  void (*tighten)(ParticipantPolicy&, plan::Plan&);
};
const Case kCases[] = {
    {"minimum_devices", [](ParticipantPolicy& p, plan::Plan&) { p.privacy.minimum_devices = 4; }},
    {"minimum_survivors",
     [](ParticipantPolicy& p, plan::Plan&) { p.privacy.minimum_survivors = 3; }},
    {"corrupt_fraction",
     [](ParticipantPolicy& p, plan::Plan&) { p.privacy.corrupt_fraction = 0.01; }},
    {"security_bits", [](ParticipantPolicy& p, plan::Plan&) { p.privacy.security_bits = 41; }},
    {"lying", [](ParticipantPolicy& p, plan::Plan&) { p.privacy.coordinator_may_lie = true; }},
    {"masking",
     [](ParticipantPolicy&, plan::Plan& plan) { plan.secure.masking = plan::Masking::kPlain; }},
};

// The first thing that a device with this policy does after it has read the plan.
ParticipantStep after_the_plan(const ParticipantPolicy& policy, const plan::Plan& plan) {
  testing::FakeFederation federation(3, plan);
  ParticipantOptions options = federation.options_of(*federation.devices[0]);
  options.policy = policy;
  auto participant = Participant::create(std::move(options), {});
  REQUIRE(participant);
  participant->step(participant_event::Begin{}, {});
  ParticipantStep step = participant->step(
      participant_event::CheckedIn{federation.coordinator->assignment}, milliseconds(0));
  if (!std::holds_alternative<operation::Fetch>(step.operation)) return step;
  return participant->step(participant_event::Fetched{*federation.coordinator->fetch(
                               federation.coordinator->assignment.plan.digest)},
                           milliseconds(0));
}

std::string refusal_in(const ParticipantStep& step) {
  for (const ParticipantEffect& effect : step.effects) {
    if (const auto* written = std::get_if<participant_effect::WriteReceipt>(&effect)) {
      return written->receipt.detail;
    }
  }
  return {};
}

}  // namespace

TEST_CASE("a plan as strict as the policy is taken") {
  const ParticipantStep step = after_the_plan(testing::lax_policy(), testing::small_plan());
  CHECK(std::holds_alternative<operation::Fetch>(step.operation));
}

TEST_CASE("a plan that breaks the policy is declined, and the receipt names the setting") {
  for (const Case& one : kCases) {
    INFO(one.named);
    ParticipantPolicy policy = testing::lax_policy();
    plan::Plan plan = testing::small_plan();
    one.tighten(policy, plan);
    const ParticipantStep step = after_the_plan(policy, plan);
    const auto* decline = std::get_if<operation::Decline>(&step.operation);
    REQUIRE(decline != nullptr);
    CHECK(decline->reason == federation::DeclineReason::kPolicy);
    CHECK(refusal_in(step).find(one.named) != std::string::npos);
  }
}

TEST_CASE("a task that the policy does not allow is declined before anything is fetched") {
  ParticipantPolicy policy = testing::lax_policy();
  policy.allowed_tasks = {"keyboard"};
  const ParticipantStep step = after_the_plan(policy, testing::small_plan());
  CHECK(std::holds_alternative<operation::Decline>(step.operation));
  CHECK(refusal_in(step).find("'digits'") != std::string::npos);
  policy.allowed_tasks = {"keyboard", "digits"};
  CHECK(std::holds_alternative<operation::Fetch>(
      after_the_plan(policy, testing::small_plan()).operation));
}

TEST_CASE("a plan for another model is declined, naming the first tensor that differs") {
  plan::Plan plan = testing::small_plan();
  plan.manifest = ring::Manifest::create({{"weight", ring::DType::kF32, {4, 5}, ring::Role::kTrain},
                                          {"bias", ring::DType::kF32, {3}, ring::Role::kTrain}})
                      .value();
  const ParticipantStep step = after_the_plan(testing::lax_policy(), plan);
  const auto* decline = std::get_if<operation::Decline>(&step.operation);
  REQUIRE(decline != nullptr);
  CHECK(decline->reason == federation::DeclineReason::kOtherModel);
  CHECK(refusal_in(step).find("'bias'") != std::string::npos);
}

TEST_CASE("so many trainings a day, and the next when the first is a day old") {
  RoundLimit limit(2u);
  const milliseconds morning = hours(1000);
  CHECK(limit.pause(morning).count() == 0);
  limit.begin(morning);
  limit.begin(morning + hours(1));
  CHECK(limit.pause(morning + hours(2)) == hours(22));
  CHECK(limit.pause(morning + hours(24)).count() == 0);
}

TEST_CASE("the limit of a day survives a restart, and a clock that was set back") {
  RoundLimit limit(1u);
  limit.begin(hours(1000));
  RoundLimit restored(1u);
  REQUIRE(restored.restore(limit.to_bytes().reveal()));
  CHECK(restored.pause(hours(1010)) == hours(14));
  CHECK(restored.pause(hours(500)) == hours(24));
}

TEST_CASE("a damaged count of trainings counts as a full day") {
  RoundLimit limit(2u);
  limit.begin(hours(1000));
  const SecretBytes saved = limit.to_bytes();
  Bytes damaged = to_bytes(saved.reveal());
  damaged[6] ^= 1;
  RoundLimit restored(2u);
  CHECK_FALSE(restored.restore(damaged));
  CHECK(restored.pause(hours(1000)) == hours(24));
}

TEST_CASE("a device at its day's limit does not even check in") {
  testing::FakeFederation federation(3);
  ParticipantOptions options = federation.options_of(*federation.devices[0]);
  options.policy.max_rounds_a_day = 0;
  auto participant = Participant::create(std::move(options), {});
  REQUIRE(participant);
  const ParticipantStep step = participant->step(participant_event::Begin{}, {});
  CHECK(std::holds_alternative<operation::Wait>(step.operation));
}

TEST_CASE("a receipt survives being saved, and a flipped byte of it is found") {
  Receipt receipt;
  receipt.task = "digits";
  receipt.round = 12;
  receipt.group = 3;
  receipt.plan[0] = 1;
  receipt.model[31] = 2;
  receipt.outcome = RoundOutcome::kRefused;
  receipt.detail = "cohort too small";
  receipt.terms = RoundTerms{{20, 1000, 7}, ring::L2Clip{2.5, 0.5}, 0.05, true, 40};
  receipt.parameters = secagg::GroupParameters{100, 99, 53};
  receipt.survivors = 90;
  receipt.bytes_sent = 123456;
  receipt.when = milliseconds(1'700'000'000'000);
  const Bytes saved = receipt.to_bytes();
  const auto read = Receipt::from_bytes(saved);
  REQUIRE(read);
  CHECK(read->to_bytes() == saved);
  CHECK(read->to_string() == receipt.to_string());
  CHECK(read->to_string().find("cohort too small") != std::string::npos);
  for (std::size_t i = 0; i < saved.size(); ++i) {
    Bytes damaged = saved;
    damaged[i] ^= 1;
    CHECK_FALSE(Receipt::from_bytes(damaged));
    CHECK_FALSE(Receipt::from_bytes(ByteView(saved).first(i)));
  }
}

}  // namespace covey::client
