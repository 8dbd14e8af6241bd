#include <algorithm>

#include "client/agent/agent_loop.h"

namespace covey::client {
namespace {

// The reply as the event that it is, or its error.
template <typename Event, typename Reply>
ParticipantEvent event_of(Result<Reply> reply) {
  if (!reply) return participant_event::Failed{std::move(reply).error()};
  return Event{std::move(*reply)};
}

}  // namespace

// A decline is said even when conditions do not allow work: it is one small message, and spares the
// coordinator waiting. Whatever came back from a call that was interrupted is dropped: it can be
// asked for again.
ParticipantEvent Agent::Loop::perform(const Operation& next) {
  const bool is_done = std::holds_alternative<operation::Done>(next);
  const bool is_decline = std::holds_alternative<operation::Decline>(next);
  if (!is_done && !is_decline && !may_work()) return participant_event::Stop{};
  if (!is_done && !is_decline) note(AgentState::kRunning);
  ParticipantEvent event =
      std::visit([this](const auto& operation) { return perform_one(operation); }, next);
  if (is_done || is_decline || take_wish() == Wish::kRun) return event;
  return participant_event::Stop{};
}

ParticipantEvent Agent::Loop::perform_one(const operation::Wait& wait_for) {
  const auto end = Clock::now() + wait_for.pause;
  while (Clock::now() < end) {
    if (wait(end - Clock::now()) && take_wish() != Wish::kRun) return participant_event::Stop{};
  }
  return participant_event::Waited{};
}

ParticipantEvent Agent::Loop::perform_one(const operation::CheckIn& check_in) {
  if (!conditions_allow(/*ask_anyway=*/true)) return participant_event::Stop{};
  return event_of<participant_event::CheckedIn>(transport_.check_in(check_in.request));
}

ParticipantEvent Agent::Loop::perform_one(const operation::Fetch& fetch) {
  if (partial_of_ != fetch.blob) {
    partial_of_ = fetch.blob;
    partial_.clear();
    partial_.reserve(fetch.blob.size_bytes);  // the participant found it plausible
  }
  const std::size_t begin = partial_.size();
  const Status status = transport_.fetch(fetch.blob.digest, begin, [&](ByteView part) -> Status {
    if (part.size() > fetch.blob.size_bytes - partial_.size()) {
      return Error{ErrorCode::kDataLoss, "a blob is longer than the coordinator said"};
    }
    partial_.insert(partial_.end(), part.begin(), part.end());
    return {};
  });
  if (!status) return participant_event::Failed{status.error(), partial_.size() > begin};
  partial_of_ = {};
  return participant_event::Fetched{std::make_shared<const Bytes>(std::exchange(partial_, {}))};
}

ParticipantEvent Agent::Loop::perform_one(const operation::Train& train) {
  training_->begin(train);
  bool is_cancelled = false;
  std::optional<Result<TrainingReport>> result;
  while (!(result = training_->take())) {
    wait(options_.conditions_interval);
    if (is_cancelled || (take_wish() == Wish::kRun && conditions_allow(/*ask_anyway=*/false))) {
      continue;
    }
    is_cancelled = true;
    training_->cancel();
    note(AgentState::kPausing);
  }
  if (is_cancelled) return participant_event::Stop{};
  return event_of<participant_event::Trained>(std::move(*result));
}

ParticipantEvent Agent::Loop::perform_one(const operation::Join& join) {
  return event_of<participant_event::Joined>(transport_.join(join.round));
}

ParticipantEvent Agent::Loop::perform_one(const operation::Send& send) {
  return event_of<participant_event::Sent>(transport_.send(send.group, send.message));
}

ParticipantEvent Agent::Loop::perform_one(const operation::Receive& receive) {
  return event_of<participant_event::Received>(transport_.receive(receive.request));
}

ParticipantEvent Agent::Loop::perform_one(const operation::Decline& decline) {
  const Status status = transport_.decline(decline.round, decline.reason);
  if (!status) return participant_event::Failed{status.error()};
  return participant_event::Declined{};
}

ParticipantEvent Agent::Loop::perform_one(const operation::Done&) {
  while (true) {
    const Wish wish = take_wish();
    if (wish == Wish::kStop) return participant_event::Stop{};
    if (wish == Wish::kPause) {
      note(AgentState::kPaused);
      wait(Clock::duration(std::chrono::hours(1)));
      continue;
    }
    if (conditions_allow(/*ask_anyway=*/true)) return participant_event::Begin{};
    note(AgentState::kWaitingForConditions);
    wait(options_.conditions_interval);
  }
}

}  // namespace covey::client
