#include "bench/load/devices.h"

namespace covey::bench {

using namespace client;

namespace {

constexpr float kStep = 0.01f;
constexpr std::uint64_t kExamples = 10;
constexpr federation::Milliseconds kAfterError{1'000};

std::chrono::milliseconds unix_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

void note_error(Tally& tally, const Error& error) {
  tally.note([&](Tally::Counts& counts) {
    ++counts.errors;
    counts.last_error = error.to_string();
  });
}

}  // namespace

PollingDevice::PollingDevice(std::unique_ptr<DeviceCalls> calls, std::string task,
                             const std::atomic<bool>& is_eager, Lane& lane, Tally& tally)
    : LoadDevice(std::move(calls)), is_eager_(is_eager), lane_(lane), tally_(tally) {
  request_.task = std::move(task);
}

void PollingDevice::work() {
  calls().check_in(request_, [this](auto reply) { told(std::move(reply)); });
}

void PollingDevice::told(Result<federation::CheckInReply> reply) {
  const auto* come_back = reply ? std::get_if<federation::ComeBack>(&*reply) : nullptr;
  if (come_back == nullptr) {
    note_error(tally_, reply ? Error{ErrorCode::kInternal, "there is work"} : reply.error());
    return calls().wait(kAfterError, [this] { work(); });
  }
  tally_.note([&](Tally::Counts& counts) {
    ++counts.check_ins;
    counts.connected += is_connected_ ? 0 : 1;
  });
  is_connected_ = true;
  if (is_eager_) return work();
  calls().wait(BackOff().jittered(come_back->in, lane_.random()), [this] { work(); });
}

WorkingDevice::WorkingDevice(std::unique_ptr<DeviceCalls> calls, DeviceIdentity identity,
                             const ring::Manifest& manifest, Tally& tally)
    : LoadDevice(std::move(calls)),
      identity_(std::move(identity)),
      trainer_(manifest, kStep, kExamples),
      tally_(tally) {}

Result<std::unique_ptr<WorkingDevice>> WorkingDevice::create(std::unique_ptr<DeviceCalls> calls,
                                                             DeviceIdentity identity,
                                                             const std::string& task,
                                                             const ring::Manifest& manifest,
                                                             Lane& lane, Tally& tally) {
  std::unique_ptr<WorkingDevice> device(
      new WorkingDevice(std::move(calls), std::move(identity), manifest, tally));
  ParticipantOptions options;
  options.task = task;
  options.manifest = &device->trainer_.manifest();
  options.signing_key = &device->identity_.key;
  options.certificate_chain = device->identity_.certificate_chain;
  options.verifier = &lane.verifier();
  options.random = &lane.random();
  COVEY_ASSIGN_OR_RETURN(StoredState stored, StoredState::read(device->storage_));
  COVEY_ASSIGN_OR_RETURN(device->participant_,
                         Participant::create(std::move(options), std::move(stored)));
  return device;
}

void WorkingDevice::advance(ParticipantEvent event) {
  for (;;) {
    ParticipantStep step = participant_->step(std::move(event), unix_now());
    if (const Status applied = apply(step.effects); !applied) {
      return note_error(tally_, applied.error());  // memory does not fail
    }
    const auto* const job = std::get_if<operation::Train>(&step.operation);
    if (job == nullptr) return perform(step.operation);
    event = train(*job);
  }
}

Status WorkingDevice::apply(std::vector<ParticipantEffect>& effects) {
  for (ParticipantEffect& effect : effects) {
    if (auto* put = std::get_if<participant_effect::Put>(&effect)) {
      COVEY_RETURN_IF_ERROR(storage_.put(put->key, put->value.reveal()));
    } else if (auto* append = std::get_if<participant_effect::Append>(&effect)) {
      COVEY_RETURN_IF_ERROR(storage_.append(append->key, append->record.reveal()));
    } else if (const auto* erase = std::get_if<participant_effect::Erase>(&effect)) {
      COVEY_RETURN_IF_ERROR(storage_.erase(erase->key));
    } else if (const auto* write = std::get_if<participant_effect::WriteReceipt>(&effect)) {
      tally_.note([&](Tally::Counts& counts) {
        const bool is_in_sum = write->receipt.outcome == RoundOutcome::kContributed;
        ++(is_in_sum ? counts.contributed : counts.failed);
        if (!is_in_sum) counts.last_error = write->receipt.to_string();
        counts.last_ended = LoadClock::now();
      });
    } else {
      note_error(tally_, std::get<participant_effect::Report>(effect).error);
    }
  }
  return {};
}

ParticipantEvent WorkingDevice::train(const operation::Train& train) {
  auto report = trainer_.run({*train.plan, train.round, train.seed, {}}, *train.model);
  if (!report) return participant_event::Failed{report.error()};
  return participant_event::Trained{std::move(*report)};
}

template <typename Event, typename Reply>
DeviceCalls::Done<Reply> WorkingDevice::then() {
  return [this](Result<Reply> reply) {
    if (!reply) {
      note_error(tally_, reply.error());
      return advance(participant_event::Failed{reply.error()});
    }
    advance(Event{std::move(*reply)});
  };
}

void WorkingDevice::perform(const Operation& next) {
  if (const auto* wait = std::get_if<operation::Wait>(&next)) {
    calls().wait(wait->pause, [this] { advance(participant_event::Waited{}); });
  } else if (const auto* check_in = std::get_if<operation::CheckIn>(&next)) {
    calls().check_in(check_in->request, [this](Result<federation::CheckInReply> reply) {
      tally_.note([&](Tally::Counts& counts) {
        counts.connected += reply && !is_connected_ ? 1 : 0;
        is_connected_ = is_connected_ || reply.has_value();
        if (!reply || !std::holds_alternative<federation::Assignment>(*reply)) return;
        ++counts.assigned;
        counts.last_assigned = LoadClock::now();
      });
      then<participant_event::CheckedIn, federation::CheckInReply>()(std::move(reply));
    });
  } else if (const auto* fetch = std::get_if<operation::Fetch>(&next)) {
    calls().fetch(fetch->blob, [this](Result<Bytes> blob) {
      if (!blob) return advance(participant_event::Failed{blob.error()});
      advance(participant_event::Fetched{std::make_shared<const Bytes>(std::move(*blob))});
    });
  } else if (const auto* join = std::get_if<operation::Join>(&next)) {
    calls().join(join->round, [this](Result<federation::JoinReply> reply) {
      if (reply && std::holds_alternative<federation::InGroup>(*reply)) {
        tally_.note([](Tally::Counts& counts) {
          ++counts.grouped;
          counts.last_grouped = LoadClock::now();
        });
      }
      then<participant_event::Joined, federation::JoinReply>()(std::move(reply));
    });
  } else if (const auto* send = std::get_if<operation::Send>(&next)) {
    calls().send(send->group, send->message,
                 then<participant_event::Sent, federation::SendReply>());
  } else if (const auto* receive = std::get_if<operation::Receive>(&next)) {
    calls().receive(receive->request,
                    then<participant_event::Received, federation::ReceiveReply>());
  } else if (const auto* decline = std::get_if<operation::Decline>(&next)) {
    calls().decline(decline->round, decline->reason, [this](const Result<std::monostate>& said) {
      if (!said) return advance(participant_event::Failed{said.error()});
      advance(participant_event::Declined{});
    });
  }
}

}  // namespace covey::bench
