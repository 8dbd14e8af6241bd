#include "client/participant/participant_core.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/client/contribution.h"
#include "covey/crypto/digest.h"

namespace covey::client {
namespace {

using federation::DeclineReason;

// A model file is its tensors and a header: names, shapes, and what its maker wrote about it.
constexpr std::uint64_t kHeaderBytes = std::uint64_t{16} << 20;
constexpr std::uint64_t kHeaderBytesOfTensor = 2048;

std::uint64_t most_model_bytes(const ring::Manifest& manifest) {
  std::uint64_t bytes = kHeaderBytes + kHeaderBytesOfTensor * manifest.tensors().size();
  for (std::size_t i = 0; i < manifest.tensors().size(); ++i) {
    bytes += manifest.element_count(i) * ring::size_bytes(manifest.tensors()[i].dtype);
  }
  return bytes;
}

bool is_blob(const federation::BlobId& wanted, ByteView found) {
  return found.size() == wanted.size_bytes && crypto::sha256(found) == wanted.digest;
}

Error wrong_blob(const char* what) {
  return {ErrorCode::kDataLoss, std::string("the ") + what +
                                    " that came is not the one that was assigned: its SHA-256 or "
                                    "its size differs; it is fetched again"};
}

}  // namespace

RoundTerms Work::terms() const {
  return {codec.shape(), codec.settings().clipping, plan.secure.corrupt_fraction,
          plan.secure.coordinator == secagg::Coordinator::kLying, plan.secure.security_bits};
}

bool Participant::Core::has_entered(const federation::RoundId& round) const {
  secagg::RoundLedger probe = ledger_;
  secagg::GroupContext context;
  context.task = round.task;
  context.round = round.round;
  return !probe.enter(context);
}

Operation Participant::Core::on(participant_event::CheckedIn& event) {
  if (!std::holds_alternative<CheckingIn>(phase_)) return operation();
  failures_ = 0;
  if (const auto* later = std::get_if<federation::ComeBack>(&event.reply)) {
    return come_back(*later);
  }
  return accept(std::get<federation::Assignment>(std::move(event.reply)));
}

Operation Participant::Core::accept(federation::Assignment assignment) {
  const federation::RoundId& round = assignment.round;
  bytes_sent_ = 0;
  Status allowed = options_.policy.accepts_task(round.task);
  if (allowed && !options_.task.empty() && round.task != options_.task) {
    allowed =
        Error{ErrorCode::kPermissionDenied, "the coordinator assigns another task than '" +
                                                options_.task + "', which this device asked for"};
  }
  if (!allowed) return decline(assignment, DeclineReason::kPolicy, allowed.error());
  if (has_entered(round)) {
    report({ErrorCode::kAlreadyExists, "the coordinator assigns round " +
                                           std::to_string(round.round) + " of task '" + round.task +
                                           "', in which or after which this device has answered; "
                                           "it answers no round twice"});
    ++declines_;
    return operation::Wait{options_.back_off.after(declines_, *options_.random)};
  }
  if (assignment.plan.size_bytes > plan::kMaxPlanBytes) {
    return decline(assignment, DeclineReason::kBadPlan,
                   invalid_argument("a plan has at most " + std::to_string(plan::kMaxPlanBytes) +
                                    " bytes, not " + std::to_string(assignment.plan.size_bytes)));
  }
  phase_ = FetchingPlan{std::move(assignment)};
  return operation();
}

Operation Participant::Core::decline(const federation::Assignment& assignment, DeclineReason reason,
                                     Error error, std::optional<RoundTerms> terms) {
  Receipt receipt;
  // A name that is none of a task is a peer's bytes, for nobody to read.
  if (plan::validate_task_name(assignment.round.task)) receipt.task = assignment.round.task;
  receipt.round = assignment.round.round;
  receipt.plan = assignment.plan.digest;
  receipt.model = assignment.model.digest;
  receipt.outcome = RoundOutcome::kDeclined;
  receipt.detail = std::string(federation::name_of(reason)) + ": " + error.message;
  receipt.terms = std::move(terms);
  receipt.when = now_;
  if (reason != DeclineReason::kStopped) {
    effects_.emplace_back(participant_effect::WriteReceipt{std::move(receipt)});
  }
  report(std::move(error));
  failures_ = 0;
  phase_ = Declining{assignment.round, reason};
  return operation();
}

Operation Participant::Core::on(participant_event::Fetched& event) {
  auto* plan_phase = std::get_if<FetchingPlan>(&phase_);
  auto* model_phase = std::get_if<FetchingModel>(&phase_);
  if ((plan_phase == nullptr && model_phase == nullptr) || event.blob == nullptr) {
    return operation();
  }
  const federation::BlobId wanted =
      plan_phase != nullptr ? plan_phase->assignment.plan : model_phase->work.assignment.model;
  if (!is_blob(wanted, *event.blob)) {
    participant_event::Failed failed{wrong_blob(plan_phase != nullptr ? "plan" : "model")};
    return on(failed);
  }
  failures_ = 0;
  if (plan_phase != nullptr) {
    const federation::Assignment assignment = std::move(plan_phase->assignment);
    return read_plan(assignment, *event.blob);
  }
  Work work = std::move(model_phase->work);
  return read_model(std::move(work), std::move(event.blob));
}

Operation Participant::Core::read_plan(const federation::Assignment& assignment, ByteView blob) {
  auto plan = plan::Plan::from_bytes(blob);
  if (!plan) return decline(assignment, DeclineReason::kBadPlan, plan.error());
  if (plan->task != assignment.round.task) {
    return decline(assignment, DeclineReason::kBadPlan,
                   invalid_argument("the plan is for another task than '" + assignment.round.task +
                                    "', which was assigned"));
  }
  if (Status taken = options_.policy.accepts(*plan); !taken) {
    return decline(assignment, DeclineReason::kPolicy, taken.error());
  }
  if (const auto difference = options_.manifest->first_difference(plan->manifest)) {
    return decline(assignment, DeclineReason::kOtherModel,
                   Error{ErrorCode::kFailedPrecondition,
                         "the plan's model is not the trainer's: " + *difference});
  }
  auto aggregated = plan->aggregated();
  if (!aggregated) return decline(assignment, DeclineReason::kBadPlan, aggregated.error());
  auto codec = plan->codec_parameters();
  if (!codec) return decline(assignment, DeclineReason::kBadPlan, codec.error());
  if (assignment.model.size_bytes > most_model_bytes(plan->manifest)) {
    return decline(assignment, DeclineReason::kBadPlan,
                   invalid_argument("the plan's model has at most " +
                                    std::to_string(most_model_bytes(plan->manifest)) +
                                    " bytes, but the one assigned has " +
                                    std::to_string(assignment.model.size_bytes)));
  }
  phase_ =
      FetchingModel{Work{assignment, std::move(*plan), std::move(*aggregated), std::move(*codec)}};
  return operation();
}

Operation Participant::Core::read_model(Work work, std::shared_ptr<const Bytes> blob) {
  auto model = model::read_model(*blob, work.plan.manifest);
  if (!model) {
    return decline(work.assignment, DeclineReason::kBadPlan, model.error(), work.terms());
  }
  if (limit_.is_limited()) {
    limit_.begin(now_);
    effects_.emplace_back(participant_effect::Put{storage_key::kLimits, limit_.to_bytes()});
  }
  const std::uint64_t seed = draw_training_seed(*options_.random);
  phase_ = Training{std::move(work), std::move(blob), std::move(*model), seed};
  return operation();
}

Operation Participant::Core::on(participant_event::Trained& event) {
  auto* phase = std::get_if<Training>(&phase_);
  if (phase == nullptr) return operation();
  DeclineReason fault = DeclineReason::kTrainingFailed;
  auto update = encode(*phase, std::move(event.report), fault);
  if (!update) {
    const federation::Assignment assignment = phase->work.assignment;
    return decline(assignment, fault, update.error(), phase->work.terms());
  }
  result_ = std::make_unique<RoundRecord>(
      RoundRecord{phase->work.assignment, phase->work.terms(), std::move(*update)});
  effects_.emplace_back(participant_effect::Put{storage_key::kRound, result_->to_bytes()});
  phase_ = Joining{};
  return operation();
}

// `fault` says whose an error is.
Result<ring::RingVector> Participant::Core::encode(Training& phase, TrainingReport report,
                                                   DeclineReason& fault) {
  const Work& work = phase.work;
  fault = DeclineReason::kTrainingFailed;
  COVEY_ASSIGN_OR_RETURN(const auto global, model::read_tensors(*phase.global, work.plan.manifest));
  std::vector<float> difference;
  return encode_contribution({work.plan, work.aggregated, work.codec}, global, phase.model.views(),
                             std::move(report), *options_.random, difference, fault);
}

}  // namespace covey::client
