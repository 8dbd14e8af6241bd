#pragma once

#include "client/participant/phases.h"
#include "client/participant/round_limit.h"
#include "client/participant/round_record.h"
#include "covey/aggregation/secagg/round_ledger.h"

namespace covey::client {

// participant_core.cc: the life of a participant; participant_training.cc: from an assignment to a
// result; participant_session.cc: from a result to the end of its round.
class Participant::Core {
 public:
  explicit Core(ParticipantOptions options)
      : options_(std::move(options)), limit_(options_.policy.max_rounds_a_day) {}

  Status restore(StoredState stored);
  ParticipantStep step(ParticipantEvent event, std::chrono::milliseconds now);
  Activity activity() const;
  std::optional<federation::RoundId> round() const;

 private:
  // One for each event. What does not answer the phase's operation asks for it again.
  Operation on(participant_event::Begin& event);
  Operation on(participant_event::Waited&) { return operation(); }
  Operation on(participant_event::CheckedIn& event);
  Operation on(participant_event::Fetched& event);
  Operation on(participant_event::Trained& event);
  Operation on(participant_event::Joined& event);
  Operation on(participant_event::Sent& event);
  Operation on(participant_event::Received& event);
  Operation on(participant_event::Declined& event);
  Operation on(participant_event::Failed& event);
  Operation on(participant_event::Stop& event);

  Operation operation();  // that the phase asks for
  Operation check_in();
  Operation come_back(federation::ComeBack come_back);
  Operation back_off();  // after one more failure
  Operation fail_declining(const Error& error);
  Operation after_decline();

  Operation accept(federation::Assignment assignment);
  Operation read_plan(const federation::Assignment& assignment, ByteView blob);
  Operation read_model(Work work, std::shared_ptr<const Bytes> blob);
  Operation decline(const federation::Assignment& assignment, federation::DeclineReason reason,
                    Error error, std::optional<RoundTerms> terms = {});
  Result<ring::RingVector> encode(Training& phase, TrainingReport report,
                                  federation::DeclineReason& fault);

  secagg::ClientOptions client_options(std::uint32_t group) const;
  bool has_entered(const federation::RoundId& round) const;
  Status restore_round(StoredState& stored);
  Status restore_session(std::vector<SecretBytes>& records);
  Operation enter_group(std::uint32_t group);
  // False when the session has ended: `finish_session` then says how.
  void apply(InSession& phase, std::vector<secagg::ClientEffect> effects);
  bool is_restarted(InSession& phase, std::uint64_t epoch);  // it sends its answer again
  Operation next_message(InSession& phase);
  Operation finish_session(const InSession& phase);
  Operation refuse(secagg::Refusal refusal);
  Operation over(const federation::RoundOver& over);
  Operation abandon(const Error& error);
  // The end of a round that has a result: receipt, ledger, then nothing of it is left.
  Operation finish(RoundOutcome outcome, std::string detail);
  void forget_round();

  void put_ledger();
  void report(Error error) { effects_.emplace_back(participant_effect::Report{std::move(error)}); }

  ParticipantOptions options_;
  secagg::RoundLedger ledger_;
  RoundLimit limit_;
  std::unique_ptr<RoundRecord> result_;  // Joining, InSession; sessions point to its update
  ParticipantPhase phase_;
  std::uint64_t bytes_sent_ = 0;  // of this round
  std::uint32_t failures_ = 0;    // in a row
  std::uint32_t declines_ = 0;    // in a row
  bool is_stopped_ = false;
  std::optional<Error> damage_;  // of the round that was restored: told and mended at Begin
  std::chrono::milliseconds now_{0};
  std::vector<ParticipantEffect> effects_;  // of the step under way
};

}  // namespace covey::client
