#include "client/agent/agent_loop.h"

namespace covey::client {
namespace {

bool is_same(const AgentStatus& a, const AgentStatus& b) {
  const auto text = [](const std::optional<Error>& error) {
    return error ? error->to_string() : std::string();
  };
  return a.state == b.state && a.activity == b.activity && a.round == b.round &&
         a.waiting_for == b.waiting_for && text(a.last_error) == text(b.last_error) &&
         a.rounds_contributed == b.rounds_contributed && a.rounds_ended == b.rounds_ended;
}

}  // namespace

Agent::Loop::Loop(AgentOptions options, secagg::CertificateIdentityVerifier verifier,
                  Trainer& trainer, Transport& transport, Storage& storage, Conditions& conditions)
    : options_(std::move(options)),
      verifier_(std::move(verifier)),
      trainer_(trainer),
      transport_(transport),
      storage_(storage),
      conditions_(conditions),
      receipts_(options_.receipts_kept) {
  if (options_.random == nullptr) options_.random = &system_random_;
  if (!options_.clock) {
    options_.clock = [] {
      return std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::system_clock::now().time_since_epoch());
    };
  }
}

Agent::Loop::~Loop() {
  wish(Wish::kStop);
  join();
}

Status Agent::Loop::start() {
  const std::lock_guard lock(mutex_);
  if (status_.state != AgentState::kNew || thread_.joinable()) {
    return Error{ErrorCode::kFailedPrecondition,
                 "an agent is started once; make another one to go on after it was stopped"};
  }
  thread_ = std::jthread([this] { run(); });
  return {};
}

void Agent::Loop::wish(Wish wish) {
  {
    const std::lock_guard lock(mutex_);
    if (wish_ == Wish::kStop || wish_ == wish) return;
    wish_ = wish;
    is_interrupted_ = true;
  }
  wake_.notify_all();
  if (wish != Wish::kRun) transport_.cancel();
}

void Agent::Loop::join() {
  if (thread_.joinable()) thread_.join();
}

AgentStatus Agent::Loop::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

// Whatever the app does meanwhile, the transport is left cancelled unless what it did was seen.
Agent::Loop::Wish Agent::Loop::take_wish() {
  Wish seen;
  {
    const std::lock_guard lock(mutex_);
    seen = wish_;
    if (!std::exchange(is_interrupted_, false) || seen == Wish::kStop) return seen;
  }
  transport_.resume();
  bool is_interrupted_again = false;
  {
    const std::lock_guard lock(mutex_);
    is_interrupted_again = is_interrupted_;
  }
  if (is_interrupted_again) transport_.cancel();
  return seen;
}

bool Agent::Loop::conditions_allow(bool ask_anyway) {
  const auto now = Clock::now();
  if (ask_anyway || !asked_ || now - *asked_ >= options_.conditions_interval) {
    missing_ = conditions_.missing();
    asked_ = now;
  }
  return missing_.empty();
}

bool Agent::Loop::may_work() {
  return take_wish() == Wish::kRun && conditions_allow(/*ask_anyway=*/false);
}

bool Agent::Loop::wait(Clock::duration at_most) {
  std::unique_lock lock(mutex_);
  const bool is_woken =
      wake_.wait_for(lock, at_most, [&] { return is_interrupted_ || is_training_done_; });
  is_training_done_ = false;
  return is_woken;
}

void Agent::Loop::run() {
  if (Status opened = receipts_.open(storage_); !opened) note_error(opened.error());
  training_.emplace(trainer_, [this] {
    {
      const std::lock_guard lock(mutex_);
      is_training_done_ = true;
    }
    wake_.notify_all();
  });
  std::uint32_t failures = 0;
  while (take_wish() != Wish::kStop) {
    auto participant = make_participant();
    Status status = participant ? run_participant(*participant) : Status(participant.error());
    if (status) break;
    note_error(status.error());
    const bool is_hopeless = !participant && (status.error().code == ErrorCode::kDataLoss ||
                                              status.error().code == ErrorCode::kInvalidArgument);
    if (is_hopeless) {
      training_.reset();
      note(AgentState::kFailed);
      return;
    }
    wait(options_.back_off.after(++failures, *options_.random));
  }
  training_.reset();
  note(AgentState::kStopped);
}

Result<Participant> Agent::Loop::make_participant() {
  COVEY_ASSIGN_OR_RETURN(StoredState stored, StoredState::read(storage_));
  ParticipantOptions options;
  options.task = options_.task;
  options.manifest = &trainer_.manifest();
  options.data_schema = trainer_.data_schema();
  options.properties = options_.properties;
  options.policy = options_.policy;
  options.signing_key = &*options_.signing_key;
  options.certificate_chain = options_.certificate_chain;
  options.verifier = &verifier_;
  options.random = options_.random;
  options.back_off = options_.back_off;
  return Participant::create(std::move(options), std::move(stored));
}

Status Agent::Loop::run_participant(Participant& participant) {
  ParticipantEvent event = participant_event::Begin{};
  while (true) {
    ParticipantStep step = participant.step(std::move(event), options_.clock());
    change([&](AgentStatus& status) {
      status.activity = participant.activity();
      status.round = participant.round();
    });
    COVEY_RETURN_IF_ERROR(apply(step.effects));
    event = perform(step.operation);
    if (take_wish() == Wish::kStop) return {};
  }
}

Status Agent::Loop::apply(std::vector<ParticipantEffect>& effects) {
  for (ParticipantEffect& effect : effects) {
    if (auto* put = std::get_if<participant_effect::Put>(&effect)) {
      COVEY_RETURN_IF_ERROR(storage_.put(put->key, put->value.reveal()));
    } else if (auto* append = std::get_if<participant_effect::Append>(&effect)) {
      COVEY_RETURN_IF_ERROR(storage_.append(append->key, append->record.reveal()));
    } else if (const auto* erase = std::get_if<participant_effect::Erase>(&effect)) {
      COVEY_RETURN_IF_ERROR(storage_.erase(erase->key));
    } else if (auto* write = std::get_if<participant_effect::WriteReceipt>(&effect)) {
      const bool has_contributed = write->receipt.outcome == RoundOutcome::kContributed;
      COVEY_RETURN_IF_ERROR(receipts_.write(std::move(write->receipt), storage_));
      change([&](AgentStatus& status) {
        ++status.rounds_ended;
        status.rounds_contributed += has_contributed ? 1 : 0;
      });
    } else {
      note_error(std::get<participant_effect::Report>(effect).error);
    }
  }
  return {};
}

void Agent::Loop::note(AgentState state) {
  change([&](AgentStatus& status) {
    status.state = state;
    status.waiting_for = state == AgentState::kWaitingForConditions ? missing_ : std::string();
  });
}

void Agent::Loop::note_error(const Error& error) {
  change([&](AgentStatus& status) { status.last_error = error; });
}

void Agent::Loop::change(const std::function<void(AgentStatus&)>& edit) {
  AgentStatus changed;
  {
    const std::lock_guard lock(mutex_);
    changed = status_;
    edit(changed);
    if (is_same(changed, status_)) return;
    status_ = changed;
  }
  if (options_.observer) options_.observer(changed);
}

}  // namespace covey::client
