#include <algorithm>

#include "client/participant/participant_core.h"
#include "client/participant/saved_form.h"
#include "covey/crypto/digest.h"

namespace covey::client {
namespace {

constexpr std::uint32_t kGroupFormat = 1;
constexpr std::size_t kMaxReasonBytes = 64;
// A coordinator may restart, and ask for an answer once more: not for ever, since a masked vector
// costs its owner data and power each time.
constexpr std::uint32_t kMostRepeats = 32;

// The first record of a session; what follows is the session's own journal.
SecretBytes group_record(std::uint32_t group) {
  ByteWriter out;
  out.u32(kGroupFormat);
  out.u32(group);
  return sealed(std::move(out));
}

Result<std::uint32_t> read_group_record(ByteView record) {
  ByteReader in = unsealed(record, kGroupFormat);
  const std::uint32_t group = in.u32();
  COVEY_RETURN_IF_ERROR(in.finish("the group of the saved session"));
  return group;
}

// A reason is one of our names, or it is not shown.
std::string shown(const std::string& reason) {
  const bool is_name =
      reason.size() <= kMaxReasonBytes && std::ranges::all_of(reason, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ' ' || c == '-';
      });
  return is_name ? reason : "for a reason that is no name of Covey's";
}

}  // namespace

secagg::ClientOptions Participant::Core::client_options(std::uint32_t group) const {
  secagg::ClientOptions options;
  options.context = result_->context(group);
  options.policy = options_.policy.privacy;
  options.signing_key = options_.signing_key;
  options.certificate_chain = options_.certificate_chain;
  options.verifier = options_.verifier;
  options.update = &result_->update;
  options.mask_path = options_.mask_path;
  return options;
}

void Participant::Core::put_ledger() {
  effects_.emplace_back(
      participant_effect::Put{storage_key::kLedger, SecretBytes{ByteView(ledger_.to_bytes())}});
}

Status Participant::Core::restore_round(StoredState& stored) {
  if (stored.damaged_round) return *stored.damaged_round;
  if (!stored.round) {
    if (!stored.session.empty()) forget_round();
    return {};
  }
  COVEY_ASSIGN_OR_RETURN(RoundRecord record, RoundRecord::from_bytes(stored.round->reveal()));
  result_ = std::make_unique<RoundRecord>(std::move(record));
  phase_ = Joining{};
  if (stored.session.size() > 1) return restore_session(stored.session);
  // Without a journal the round was not begun, or had ended when the process did.
  if (has_entered(result_->assignment.round)) forget_round();
  return {};
}

Status Participant::Core::restore_session(std::vector<SecretBytes>& records) {
  COVEY_ASSIGN_OR_RETURN(const std::uint32_t group, read_group_record(records.front().reveal()));
  std::vector<Bytes> journal;
  for (std::size_t i = 1; i < records.size(); ++i) {
    journal.push_back(to_bytes(records[i].reveal()));
  }
  auto session = secagg::ClientSession::restore(client_options(group), journal);
  for (Bytes& record : journal) wipe(record);
  if (!session) return session.error();
  // The journal is durable before the ledger is, and both before anything is sent.
  if (ledger_.enter(result_->context(group))) put_ledger();
  InSession& phase =
      phase_.emplace<InSession>(InSession{std::move(*session), group, {}, {}, {}, 0, 0, {}});
  apply(phase, phase.session.start());
  return {};
}

Operation Participant::Core::on(participant_event::Joined& event) {
  if (!std::holds_alternative<Joining>(phase_)) return operation();
  failures_ = 0;
  if (const auto* later = std::get_if<federation::ComeBack>(&event.reply)) {
    return come_back(*later);
  }
  if (const auto* ended = std::get_if<federation::RoundOver>(&event.reply)) return over(*ended);
  return enter_group(std::get<federation::InGroup>(event.reply).group);
}

// First the journal, then the ledger: a session whose journal is not durable has sent nothing, and
// one whose journal is goes on from it, ledger or not. The other way round a crash in between would
// cost the round.
Operation Participant::Core::enter_group(std::uint32_t group) {
  auto session = secagg::ClientSession::create(client_options(group), ledger_, *options_.random);
  if (!session) return abandon(session.error());
  effects_.emplace_back(participant_effect::Erase{storage_key::kSession});
  effects_.emplace_back(participant_effect::Append{storage_key::kSession, group_record(group)});
  InSession& phase =
      phase_.emplace<InSession>(InSession{std::move(*session), group, {}, {}, {}, 0, 0, {}});
  apply(phase, phase.session.start());
  put_ledger();
  return operation();
}

void Participant::Core::apply(InSession& phase, std::vector<secagg::ClientEffect> effects) {
  std::deque<Outgoing> answer;
  for (secagg::ClientEffect& effect : effects) {
    if (auto* save = std::get_if<secagg::client_effect::Save>(&effect)) {
      effects_.emplace_back(
          participant_effect::Append{storage_key::kSession, std::move(save->record)});
    } else if (auto* send = std::get_if<secagg::client_effect::Send>(&effect)) {
      answer.emplace_back(std::move(send->message));
    } else if (std::holds_alternative<secagg::client_effect::SendMaskedInput>(effect)) {
      for (std::uint32_t i = 0; i < phase.session.chunk_count(); ++i) answer.emplace_back(i);
    }  // Finished is seen when the outbox is empty
  }
  if (!answer.empty()) phase.outbox = phase.answer = std::move(answer);
}

// What the coordinator had accepted and not yet saved is lost with its process: the answer is sent
// again, the same bytes, from its beginning.
bool Participant::Core::is_restarted(InSession& phase, std::uint64_t epoch) {
  if (epoch == 0 || epoch == phase.epoch) return false;
  const bool is_first = phase.epoch == 0;
  phase.epoch = epoch;
  if (is_first) return false;
  phase.outbox = phase.answer;
  ++phase.repeats;
  return true;
}

// The same bytes as before, when what was under way has to be repeated.
Operation Participant::Core::next_message(InSession& phase) {
  const federation::GroupId group{result_->assignment.round, phase.group};
  if (phase.repeats > kMostRepeats) {
    return abandon(
        Error{ErrorCode::kAborted, "the coordinator asked for the same answer again and again"});
  }
  if (phase.outbox.empty()) {
    if (phase.session.outcome()) return finish_session(phase);
    return operation::Receive{{group, phase.epoch, phase.seen}};
  }
  if (const auto* chunk = std::get_if<std::uint32_t>(&phase.outbox.front())) {
    auto message = phase.session.masked_chunk(*chunk);
    // The session asked for its chunks to be sent and has been given no message since.
    COVEY_CHECK(message.has_value());
    phase.message = std::move(*message);
  } else {
    phase.message = std::get<Bytes>(phase.outbox.front());
  }
  bytes_sent_ += phase.message.size();
  return operation::Send{group, phase.message};
}

Operation Participant::Core::on(participant_event::Sent& event) {
  auto* phase = std::get_if<InSession>(&phase_);
  if (phase == nullptr || phase->outbox.empty()) return operation();
  failures_ = 0;
  if (const auto* later = std::get_if<federation::ComeBack>(&event.reply)) {
    is_restarted(*phase, later->epoch);
    return come_back(*later);
  }
  const auto* ended = std::get_if<federation::RoundOver>(&event.reply);
  phase->outbox.pop_front();
  if (const auto* accepted = std::get_if<federation::Accepted>(&event.reply)) {
    is_restarted(*phase, accepted->epoch);
  }
  if (ended != nullptr && !phase->session.outcome()) return over(*ended);
  return operation();
}

Operation Participant::Core::on(participant_event::Received& event) {
  auto* phase = std::get_if<InSession>(&phase_);
  if (phase == nullptr || !phase->outbox.empty()) return operation();
  failures_ = 0;
  if (const auto* later = std::get_if<federation::ComeBack>(&event.reply)) {
    return is_restarted(*phase, later->epoch) ? operation() : come_back(*later);
  }
  if (const auto* ended = std::get_if<federation::RoundOver>(&event.reply)) return over(*ended);
  const auto& received = std::get<federation::GroupMessage>(event.reply);
  phase->epoch = received.epoch;
  const Digest seen = crypto::sha256(received.message);
  if (phase->seen == seen) ++phase->repeats;
  phase->seen = seen;
  apply(*phase, phase->session.receive(received.message));
  return operation();
}

Operation Participant::Core::finish_session(const InSession& phase) {
  const secagg::ClientOutcome& outcome = *phase.session.outcome();
  using Kind = secagg::ClientOutcome::Kind;
  switch (outcome.kind) {
    case Kind::kContributed:
      return finish(RoundOutcome::kContributed, {});
    case Kind::kDismissed:
      return finish(RoundOutcome::kNotInSum,
                    outcome.fault ? std::string(name_of(*outcome.fault)) : std::string());
    case Kind::kAborted:
      return finish(RoundOutcome::kAborted, outcome.abort_reason
                                                ? std::string(name_of(*outcome.abort_reason))
                                                : std::string());
    case Kind::kRefused:
      break;
  }
  COVEY_CHECK(outcome.refusal.has_value());  // with this kind
  return refuse(*outcome.refusal);
}

Operation Participant::Core::refuse(secagg::Refusal refusal) {
  std::string reason(name_of(refusal));
  report({ErrorCode::kPermissionDenied, "this device refused to go on in the group: " + reason});
  return finish(RoundOutcome::kRefused, std::move(reason));
}

Operation Participant::Core::over(const federation::RoundOver& over) {
  if (!over.is_completed) return finish(RoundOutcome::kAborted, shown(over.reason));
  const auto* phase = std::get_if<InSession>(&phase_);
  if (over.has_contributed && (phase == nullptr || !phase->session.may_be_in_sum())) {
    return refuse(secagg::Refusal::kWrongStep);  // as of a session's own message that says so
  }
  if (over.has_contributed) return finish(RoundOutcome::kContributed, {});
  return finish(RoundOutcome::kNotInSum, "the round went on without this device");
}

Operation Participant::Core::abandon(const Error& error) {
  const auto* phase = std::get_if<InSession>(&phase_);
  if (phase != nullptr && phase->session.outcome()) return finish_session(*phase);
  report({error.code, "the round is abandoned: " + error.message});
  return finish(RoundOutcome::kAbandoned, error.message);
}

Operation Participant::Core::finish(RoundOutcome outcome, std::string detail) {
  Receipt receipt;
  receipt.task = result_->assignment.round.task;
  receipt.round = result_->assignment.round.round;
  receipt.plan = result_->assignment.plan.digest;
  receipt.model = result_->assignment.model.digest;
  receipt.outcome = outcome;
  receipt.detail = std::move(detail);
  receipt.terms = result_->terms;
  if (const auto* phase = std::get_if<InSession>(&phase_)) {
    receipt.group = phase->group;
    receipt.parameters = phase->session.parameters();
    receipt.survivors = phase->session.survivor_count();
  }
  receipt.bytes_sent = bytes_sent_;
  receipt.when = now_;
  effects_.emplace_back(participant_effect::WriteReceipt{std::move(receipt)});
  // The round is not trained for again, even if it was never entered.
  if (ledger_.enter(result_->context(0))) put_ledger();
  if (outcome == RoundOutcome::kContributed) declines_ = 0;
  forget_round();
  return operation();
}

void Participant::Core::forget_round() {
  phase_ = CheckingIn{};
  result_.reset();  // after the session, which points to it
  bytes_sent_ = 0;
  effects_.emplace_back(participant_effect::Erase{storage_key::kRound});
  effects_.emplace_back(participant_effect::Erase{storage_key::kSession});
}

}  // namespace covey::client
