#include "coordinator/runtime/group_runner.h"

#include "covey/crypto/digest.h"

namespace covey::coordinator {

using namespace secagg;
using federation::Accepted;
using federation::ComeBack;
using federation::GroupMessage;
using federation::ReceiveReply;
using federation::SendReply;

namespace {

constexpr Milliseconds kSlowDown{200};
// A save writes the whole sum: so long does the acknowledgement of a masked vector wait for others
// to share one. The last one closes the step, and waits for nothing.
constexpr Milliseconds kSharedSave{200};

}  // namespace

Result<std::unique_ptr<GroupRunner>> GroupRunner::open(Options options,
                                                       const std::optional<Bytes>& saved,
                                                       Surroundings& surroundings,
                                                       Milliseconds now) {
  auto verifier = std::make_unique<BoundVerifier>(surroundings.certificates);
  options.session.verifier = verifier.get();
  auto session = saved ? CoordinatorSession::restore(options.session, *saved)
                       : CoordinatorSession::create(options.session);
  if (!session) return std::move(session).error();
  std::unique_ptr<GroupRunner> runner(new GroupRunner(std::move(options), std::move(verifier),
                                                      std::move(*session), surroundings, now));
  if (saved) runner->apply(runner->session_.resume(), runner->session_.step(), 0);
  return runner;
}

GroupRunner::GroupRunner(Options options, std::unique_ptr<BoundVerifier> verifier,
                         CoordinatorSession session, Surroundings& surroundings, Milliseconds now)
    : around_(surroundings),
      verifier_(std::move(verifier)),
      session_(std::move(session)),
      title_(options.session.context.task + " round " +
             std::to_string(options.session.context.round) + " group " +
             std::to_string(options.session.context.group)),
      members_(options.members.begin(), options.members.end()),
      clock_(options.step_idle, options.device_bytes, now) {}

void GroupRunner::send(DeviceHandle device, const Peer& peer, Bytes message, Reply<SendReply> reply,
                       Milliseconds now) {
  bytes_up_ += message.size();
  const bool had_unsaved = !unsaved_.empty();
  bool is_busy = false;
  if (is_touchable() && !is_done()) {
    verifier_->expect(peer);
    const CoordinatorStep before = session_.step();
    is_busy = apply(session_.receive(device, std::move(message)), before, device);
    clock_.heard(device, session_, now);
  }
  if (!had_unsaved && !unsaved_.empty()) save_at_ = now + kSharedSave;
  if (unsaved_.contains(device)) {
    Acknowledgement& waiting = acknowledgements_[device];
    if (waiting.reply) around_.outbox.reply<SendReply>(std::move(waiting.reply), replaced_call());
    waiting = {std::move(reply), is_busy};
    return;
  }
  acknowledge(std::move(reply), is_busy);
}

void GroupRunner::acknowledge(Reply<SendReply> reply, bool is_busy) {
  around_.outbox.reply<SendReply>(
      std::move(reply),
      is_busy ? SendReply(ComeBack{kSlowDown, around_.epoch}) : SendReply(Accepted{around_.epoch}));
}

void GroupRunner::receive(DeviceHandle device, federation::ReceiveRequest request,
                          Reply<ReceiveReply> reply, Milliseconds now) {
  const bool is_new_epoch = request.epoch != around_.epoch;
  const bool is_first = request.epoch == 0;
  receives_.hold(device, {std::move(request), std::move(reply), now + around_.hold},
                 around_.outbox);
  if (has_answer(device)) {
    answer(device);
  } else if (is_new_epoch && !is_first && is_touchable() && !is_done()) {
    // It has answered a process that is no more: it must not wait for what that one knew.
    auto call = receives_.take(device);
    around_.outbox.reply<ReceiveReply>(std::move(call->reply),
                                       ReceiveReply(ComeBack{Milliseconds(0), around_.epoch}));
  }
}

// Whether there is a message that the held call has not seen. What a completed group tells waits
// for the model. A message is put together again only when there may be another than the last.
bool GroupRunner::has_answer(DeviceHandle device) {
  const auto* request = receives_.request_of(device);
  if (request == nullptr || !is_touchable()) return false;
  if (session_.step() == CoordinatorStep::kCompleted && !is_published_) return false;
  const auto told = told_.find(device);
  const bool is_known = told != told_.end() && request->epoch == around_.epoch;
  if (is_known && request->seen == told->second) return false;
  const auto message = session_.message_for(device);
  if (!message) return false;
  const Digest digest = crypto::sha256(*message);
  if (request->epoch != around_.epoch || request->seen != digest) return true;
  told_[device] = digest;
  return false;
}

void GroupRunner::answer(DeviceHandle device) {
  auto call = receives_.take(device);
  if (!call) return;
  around_.outbox.reply_with<ReceiveReply>(
      std::move(call->reply), [this, device]() -> Result<ReceiveReply> {
        // The batch may have gone on to work on the pool: then
        // it is asked for once more.
        if (!is_touchable()) return ReceiveReply(ComeBack{Milliseconds(0), around_.epoch});
        auto message = session_.message_for(device);
        if (!message) return ReceiveReply(ComeBack{Milliseconds(0), around_.epoch});
        bytes_down_ += message->size();
        return ReceiveReply(GroupMessage{around_.epoch, std::move(*message)});
      });
}

bool GroupRunner::apply(CoordinatorEffects effects, CoordinatorStep before, DeviceHandle sender) {
  bool is_busy = false;
  for (const CoordinatorEffect& effect : effects) {
    if (std::holds_alternative<coordinator_effect::Save>(effect)) {
      needs_save_ = true;
    } else if (const auto* folded = std::get_if<coordinator_effect::MaskedInputFolded>(&effect)) {
      unsaved_.insert(folded->device);
    } else if (const auto* ready = std::get_if<coordinator_effect::MessageReady>(&effect)) {
      told_.erase(ready->device);
      if (has_answer(ready->device)) answer(ready->device);
    } else if (const auto* slow = std::get_if<coordinator_effect::SlowDown>(&effect)) {
      is_busy = is_busy || slow->device == sender;
    } else if (const auto* drop = std::get_if<coordinator_effect::Drop>(&effect)) {
      note_drop(*drop, before);
    } else if (std::holds_alternative<coordinator_effect::WorkReady>(effect)) {
      is_work_ready_ = true;
    }
  }
  return is_busy;
}

void GroupRunner::note_drop(const coordinator_effect::Drop& drop, CoordinatorStep before) {
  if (!dropped_.insert(drop.device).second) return;  // said before
  if (before == CoordinatorStep::kMask) ++recovered_;
  std::string text = title_ + ": " + around_.devices.name_of(drop.device) + " is out at step " +
                     std::string(name_of(before)) + ": " + std::string(name_of(drop.fault));
  if (drop.refusal) text += ", " + std::string(name_of(*drop.refusal));
  if (drop.neighbour) text += ", because of " + around_.devices.name_of(*drop.neighbour);
  around_.log.warning(around_.unix_now(), std::move(text));
}

void GroupRunner::device_gone(DeviceHandle device) {
  if (!is_touchable() || is_done()) return;
  const CoordinatorStep before = session_.step();
  apply(session_.device_gone(device), before, device);
}

void GroupRunner::tick(Milliseconds now) {
  receives_.release_until(now, ComeBack{Milliseconds(0), around_.epoch}, around_.outbox);
  if (!unsaved_.empty() && now >= save_at_) needs_save_ = true;
  if (!is_touchable() || is_done() || session_.step() == CoordinatorStep::kExpand) return;
  const StepClock::Due due = clock_.tick(session_, now);
  if (due.gone) device_gone(*due.gone);
  if (!due.closes_step) return;
  const CoordinatorStep before = session_.step();
  apply(session_.close_step(), before, 0);
  clock_.look(session_, now);
}

std::optional<Milliseconds> GroupRunner::next_tick() const {
  std::optional<Milliseconds> next = receives_.next();
  const auto sooner = [&](Milliseconds at) {
    if (!next || at < *next) next = at;
  };
  if (!unsaved_.empty()) sooner(save_at_);
  if (!is_touchable() || is_done()) return next;
  sooner(clock_.next_tick());
  return next;
}

void GroupRunner::stop() {
  is_stopped_ = true;
  if (!is_touchable() || is_done()) return;
  const CoordinatorStep before = session_.step();
  apply(session_.stop(), before, 0);
}

void GroupRunner::release_calls() {
  receives_.release_until(Milliseconds::max(), ComeBack{kSlowDown, around_.epoch}, around_.outbox);
  if (!unsaved_.empty()) needs_save_ = true;
}

Bytes GroupRunner::save() {
  COVEY_CHECK(is_touchable());  // what needs saving was said before the work began
  needs_save_ = false;
  unsaved_.clear();
  for (auto& [device, each] : acknowledgements_) {
    acknowledge(std::move(each.reply), each.is_busy);
  }
  acknowledgements_.clear();
  return session_.save();
}

void GroupRunner::start_work() {
  if (!is_work_ready_ || is_working_) return;
  is_work_ready_ = false;
  is_working_ = true;
  around_.run_on_pool(
      session_.work_parts(), [this](std::size_t part) { session_.run_part(part); },
      [this] { work_finished(); });
}

void GroupRunner::work_finished() {
  is_working_ = false;
  apply(session_.work_done(), CoordinatorStep::kExpand, 0);
  if (is_stopped_) stop();
}

std::optional<GroupEnd> GroupRunner::take_end() {
  if (!is_touchable() || !is_done() || is_end_taken_) return std::nullopt;
  is_end_taken_ = true;
  if (const auto reason = session_.abort_reason()) {
    return GroupEnd{false, 0, std::string(name_of(*reason))};
  }
  return GroupEnd{true, static_cast<std::uint32_t>(session_.survivors().size()), {}};
}

void GroupRunner::publish(const Digest& model) {
  session_.publish(model);
  is_published_ = true;
  told_.clear();
  for (const DeviceHandle device : receives_.devices()) {
    if (has_answer(device)) answer(device);
  }
}

void GroupRunner::close(const std::function<federation::RoundOver(DeviceHandle)>& over) {
  for (const DeviceHandle device : receives_.devices()) {
    if (auto call = receives_.take(device)) {
      around_.outbox.reply<ReceiveReply>(std::move(call->reply), ReceiveReply(over(device)));
    }
  }
  unsaved_.clear();
  for (auto& [device, each] : acknowledgements_) {
    around_.outbox.reply<SendReply>(std::move(each.reply), SendReply(over(device)));
  }
  acknowledgements_.clear();
}

}  // namespace covey::coordinator
