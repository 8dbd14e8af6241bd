#include "coordinator/runtime/task_runner.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace covey::coordinator {

using namespace federation;

namespace {

// A device that has not asked for so many of its come-back times is taken to be away.
constexpr int kAbsentAfter = 4;
constexpr Milliseconds kShortestComeBack{500};
// Spreads idle devices so that no more than this many ask in a second.
constexpr std::size_t kCheckInsPerSecond = 200;

// Passes when there is room, or the disk can be written again.
bool is_of_the_disk(ErrorCode code) {
  return code == ErrorCode::kResourceExhausted || code == ErrorCode::kPermissionDenied ||
         code == ErrorCode::kUnavailable;
}

// What a device is told of why a round ended: words of ours. What follows them, such as what the
// disk said of which file, is the operator's.
std::string told(const std::string& outcome) { return outcome.substr(0, outcome.find(':')); }

}  // namespace

bool TaskRunner::selects(const DeviceRecord& device) const {
  return spec_.selection.accepts(device.name, device.tags, device.properties);
}

// A task that was paused ends its round, with whoever is still to come.
bool TaskRunner::takes(const DeviceRecord& device) const {
  return (record_.state == TaskState::kRunning || round_) && selects(device);
}

std::size_t TaskRunner::held_calls() const {
  std::size_t held = joins_.size();
  for (const auto& [number, group] : groups_) held += group->held();
  return held;
}

void TaskRunner::release_calls() {
  joins_.release_until(Milliseconds::max(), ComeBack{kShortestComeBack, around_.epoch},
                       around_.outbox);
  for (const auto& [number, group] : groups_) group->release_calls();
}

bool TaskRunner::offers(const Digest& blob) const {
  return round_ && (blob == round_record_.plan || blob == round_record_.model);
}

void TaskRunner::blob_lost(const Error& error, Milliseconds now) {
  now_ = now;
  abort_round("its plan or its model cannot be read: " + error.message);
}

Milliseconds TaskRunner::come_back() const {
  return std::max(kShortestComeBack, Milliseconds(candidates_.size() * 1000 / kCheckInsPerSecond));
}

void TaskRunner::forget_absent(Milliseconds now) {
  if (now - looked_for_absent_ >= kShortestComeBack) {  // not at each tick: there may be many
    looked_for_absent_ = now;
    const Milliseconds limit = come_back() * kAbsentAfter;
    std::erase_if(candidates_, [&](const auto& entry) { return now - entry.second > limit; });
  }
  if (candidates_.size() < spec_.cohort.minimum) {
    minimum_since_.reset();
  } else if (!minimum_since_) {
    minimum_since_ = now;
  }
}

bool TaskRunner::may_start_round(Milliseconds now) const {
  if (round_ || is_draining_ || record_.state != TaskState::kRunning) return false;
  if (is_merging_ || !ended_.empty()) return false;  // of the last round
  if (spec_.schedule == Schedule::kByHand && !record_.is_round_asked_for) return false;
  const bool is_early = last_start_ && now - *last_start_ < spec_.every;
  if (spec_.schedule == Schedule::kEvery && is_early && !record_.is_round_asked_for) return false;
  const bool has_waited = minimum_since_ && now - *minimum_since_ >= Round::patience(spec_.cohort);
  return candidates_.size() >= spec_.cohort.target || has_waited;
}

void TaskRunner::maybe_start_round(Milliseconds now) {
  if (!may_start_round(now)) return;
  const Status started = start_round(now);
  if (started) {
    waits_for_disk_.reset();
    return;
  }
  const Error& error = started.error();
  if (!is_of_the_disk(error.code)) {
    stop_running(TaskState::kFailed, "a round could not be started: " + error.message);
  } else if (waits_for_disk_ != error.code) {
    waits_for_disk_ = error.code;
    around_.log.error(around_.unix_now(), record_.name + ": no round can begin: " + error.message);
  }
}

// A round whose model could not be written costs its devices their work for nothing.
Status TaskRunner::check_room() const {
  COVEY_ASSIGN_OR_RETURN(const auto model, around_.store.open_blob(current_model().digest));
  std::uint64_t needed_bytes = model->size_bytes();
  if (record_.strategy_state != Digest{}) {
    COVEY_ASSIGN_OR_RETURN(const auto state, around_.store.open_blob(record_.strategy_state));
    needed_bytes += state->size_bytes();
  }
  const std::uint64_t free_bytes = around_.store.free_bytes();
  if (free_bytes >= needed_bytes) return {};
  return Error{ErrorCode::kResourceExhausted,
               "what it makes needs " + std::to_string(needed_bytes) + " bytes, and the disk has " +
                   std::to_string(free_bytes) +
                   " free beside what is kept in reserve. Free some space, or prune old versions "
                   "of models"};
}

Status TaskRunner::start_round(Milliseconds now) {
  const std::uint64_t number = record_.next_round;
  COVEY_RETURN_IF_ERROR(check_room());
  COVEY_ASSIGN_OR_RETURN(auto plan, spec_.plan_for(manifest_, number));
  const Bytes blob = plan.to_bytes();
  round_record_ = RoundRecord();
  COVEY_ASSIGN_OR_RETURN(round_record_.plan, around_.store.put_blob(blob));
  COVEY_RETURN_IF_ERROR(use_plan(std::move(plan), blob.size()));
  round_record_.task = record_.name;
  round_record_.number = number;
  round_record_.model = current_model().digest;
  round_record_.base_version = record_.current_version;
  round_record_.started_at = around_.unix_now();
  round_.emplace(spec_.cohort, now);
  last_start_ = now;
  record_.is_round_asked_for = false;
  bytes_up_before_ = bytes_down_before_ = recovered_before_ = 0;
  ++record_.next_round;
  is_task_dirty_ = is_round_dirty_ = true;
  around_.log.info(around_.unix_now(),
                   record_.name + " round " + std::to_string(number) +
                       " begins with model version " + std::to_string(record_.current_version) +
                       ", " + std::to_string(candidates_.size()) + " devices are there");
  return {};
}

Result<std::optional<Assignment>> TaskRunner::check_in(const DeviceRecord& device,
                                                       const CheckInRequest& request,
                                                       Milliseconds now) {
  now_ = now;
  if (request.manifest && *request.manifest != manifest_.digest()) {
    return Error{ErrorCode::kFailedPrecondition,
                 "the device's model is not the one of task " + record_.name +
                     ": compare the device's manifest with that of `covey model show " +
                     record_.name + "`"};
  }
  if (spec_.data_schema && request.data_schema != spec_.data_schema) {
    return Error{ErrorCode::kFailedPrecondition,
                 "the device's data has not the schema that task " + record_.name + " asks for"};
  }
  candidates_[device.handle] = now;
  if (!minimum_since_ && candidates_.size() >= spec_.cohort.minimum) minimum_since_ = now;
  maybe_start_round(now);
  const bool is_new = round_ && round_->place(device.handle) == Round::Place::kOutside;
  if (!round_ || !round_->check_in(device.handle)) return std::optional<Assignment>();
  is_round_dirty_ = is_round_dirty_ || is_new;
  return std::optional(Assignment{{record_.name, round_record_.number},
                                  {round_record_.plan, work_->plan_bytes},
                                  {round_record_.model, current_model().size_bytes}});
}

RoundOver TaskRunner::over(std::uint64_t round, DeviceHandle device) {
  RoundOver over;
  for (const EndedRound& ended : ended_) {  // not in the store yet
    if (ended.record.number != round) continue;
    over.is_completed = ended.record.state == RoundState::kCompleted;
    over.has_contributed = std::ranges::find(ended.survivors, device) != ended.survivors.end();
    over.reason = told(ended.record.outcome);
    if (over.is_completed) over.model = models_.back().digest;
    return over;
  }
  if (round_ && round == round_record_.number) {
    over.reason = "this device is not in the group";
    return over;
  }
  over.reason = "this round is not known";
  auto record = around_.store.round(record_.name, round);
  if (!record || !record.value()) return over;
  over.is_completed = (*record)->state == RoundState::kCompleted;
  over.reason = told((*record)->outcome);
  if (!over.is_completed) return over;
  if (const auto survivors = around_.store.survivors(record_.name, round)) {
    over.has_contributed = std::ranges::find(*survivors, device) != survivors->end();
  }
  for (const ModelRecord& model : models_) {
    if (model.version == (*record)->new_version) over.model = model.digest;
  }
  return over;
}

void TaskRunner::join(DeviceHandle device, std::uint64_t round, Reply<JoinReply> reply,
                      Milliseconds now) {
  now_ = now;
  if (!round_ || round != round_record_.number) {
    around_.outbox.reply<JoinReply>(std::move(reply), JoinReply(over(round, device)));
    return;
  }
  const Round::Place before = round_->place(device);
  if (before == Round::Place::kTraining) {
    is_round_dirty_ = true;
    joins_.hold(device, {round, std::move(reply), now + around_.hold}, around_.outbox);
    apply(round_->ready(device, now), now);
    return;
  }
  if (before == Round::Place::kInGroup || before == Round::Place::kReady) {
    joins_.hold(device, {round, std::move(reply), now + around_.hold}, around_.outbox);
    answer_join(device);
    return;
  }
  RoundOver too_late;
  too_late.reason = before == Round::Place::kTooLate ? "the groups were formed without this device"
                                                     : "this device is not in the round";
  around_.outbox.reply<JoinReply>(std::move(reply), JoinReply(std::move(too_late)));
}

GroupRunner* TaskRunner::group_of(DeviceHandle device, std::uint64_t round, std::uint32_t group) {
  if (!round_ || round != round_record_.number) return nullptr;
  const auto entry = groups_.find(group);
  if (entry == groups_.end() || !entry->second->is_member(device)) return nullptr;
  return entry->second.get();
}

void TaskRunner::send(DeviceHandle device, const Peer& peer, const GroupId& group, Bytes message,
                      Reply<SendReply> reply, Milliseconds now) {
  now_ = now;
  GroupRunner* const runner = group_of(device, group.round.round, group.group);
  if (runner == nullptr) {
    around_.outbox.reply<SendReply>(std::move(reply), SendReply(over(group.round.round, device)));
    return;
  }
  runner->send(device, peer, std::move(message), std::move(reply), now);
  collect_ends(now);
}

void TaskRunner::receive(DeviceHandle device, ReceiveRequest request, Reply<ReceiveReply> reply,
                         Milliseconds now) {
  now_ = now;
  const std::uint64_t round = request.group.round.round;
  GroupRunner* const runner = group_of(device, round, request.group.group);
  if (runner == nullptr) {
    around_.outbox.reply<ReceiveReply>(std::move(reply), ReceiveReply(over(round, device)));
    return;
  }
  runner->receive(device, std::move(request), std::move(reply), now);
}

void TaskRunner::decline(DeviceHandle device, std::uint64_t round, DeclineReason reason,
                         Milliseconds now) {
  now_ = now;
  if (!round_ || round != round_record_.number) return;
  const Round::Place place = round_->place(device);
  if (place != Round::Place::kTraining && place != Round::Place::kReady) return;
  around_.log.warning(around_.unix_now(), record_.name + " round " + std::to_string(round) + ": " +
                                              around_.devices.name_of(device) +
                                              " declines: " + std::string(name_of(reason)));
  is_round_dirty_ = true;
  apply(round_->leave(device, now), now);
}

void TaskRunner::device_revoked(DeviceHandle device, Milliseconds now) {
  now_ = now;
  candidates_.erase(device);
  if (!round_) return;
  is_round_dirty_ = true;
  apply(round_->leave(device, now), now);
  for (const auto& [number, group] : groups_) {
    if (group->is_member(device)) group->device_gone(device);
  }
  collect_ends(now);
}

void TaskRunner::stop_running(TaskState state, std::string note) {
  record_.state = state;
  record_.note = std::move(note);
  is_task_dirty_ = true;
  candidates_.clear();
  std::string text = "task " + record_.name + " is " + std::string(name_of(state));
  if (!record_.note.empty()) text += ": " + record_.note;
  const UnixMs now = around_.unix_now();
  state == TaskState::kFailed ? around_.log.error(now, text) : around_.log.info(now, text);
  audit_.emplace_back("task " + std::string(name_of(state)),
                      nlohmann::json{{"task", record_.name}, {"note", record_.note}}.dump());
}

Result<TaskRecord> TaskRunner::act(TaskAction action, Milliseconds now) {
  now_ = now;
  const auto state = record_.state;
  const bool is_over = state == TaskState::kStopped || state == TaskState::kCompleted;
  if (is_over) {
    return Error{ErrorCode::kFailedPrecondition,
                 "task " + record_.name + " is " + std::string(name_of(state)) +
                     " for good; submit a new one under another name"};
  }
  switch (action) {
    case TaskAction::kPause:
      if (state == TaskState::kRunning) stop_running(TaskState::kPaused, "by hand");
      break;
    case TaskAction::kResume:
      if (state != TaskState::kRunning) stop_running(TaskState::kRunning, "");
      aborted_in_a_row_ = 0;
      break;
    case TaskAction::kStop:
      abort_round("the task was stopped");
      stop_running(TaskState::kStopped, "by hand");
      break;
    case TaskAction::kRunRound:
      if (state != TaskState::kRunning) {
        return Error{ErrorCode::kFailedPrecondition, "task " + record_.name + " is " +
                                                         std::string(name_of(state)) +
                                                         "; `covey task resume` first"};
      }
      record_.is_round_asked_for = true;
      is_task_dirty_ = true;
      break;
  }
  return record_;
}

const ModelRecord& TaskRunner::current_model() const {
  const auto model = std::ranges::find(models_, record_.current_version, &ModelRecord::version);
  COVEY_CHECK(model != models_.end());  // `load` has seen it, and versions are never removed
  return *model;
}

Result<TaskRecord> TaskRunner::set_current_model(std::uint64_t version, bool is_rollback,
                                                 Milliseconds now) {
  now_ = now;
  if (version == 0 && is_rollback) version = current_model().parent.value_or(0);
  const auto model = std::ranges::find(models_, version, &ModelRecord::version);
  if (model == models_.end() || model->is_pruned) {
    return Error{ErrorCode::kNotFound, "task " + record_.name +
                                           " has no such model version; `covey model list " +
                                           record_.name + "` names them all"};
  }
  const bool is_earlier = version < record_.current_version;
  if (version == record_.current_version || is_earlier != is_rollback) {
    return Error{ErrorCode::kFailedPrecondition,
                 "version " + std::to_string(record_.current_version) +
                     " is current: roll back to an earlier one, " + "promote a later one"};
  }
  abort_round(is_rollback ? "the model was rolled back" : "another model was promoted");
  const std::string body = nlohmann::json{
      {"task", record_.name},
      {"from", record_.current_version},
      {"to", version},
      {"model",
       to_hex(model->digest)}}.dump();
  audit_.emplace_back(is_rollback ? "model rolled back" : "model promoted", body);
  around_.log.info(around_.unix_now(),
                   record_.name + ": model version " + std::to_string(version) + " is current" +
                       (is_rollback ? ", rolled back from " : ", promoted from ") +
                       std::to_string(record_.current_version));
  record_.current_version = version;
  record_.strategy_state = Digest{};  // of the line that was left
  is_task_dirty_ = true;
  return record_;
}

bool TaskRunner::has_blob(const Digest& digest) const {
  return std::ranges::any_of(models_, [&](const ModelRecord& model) {
    return !model.is_pruned && model.digest == digest;
  });
}

Result<std::vector<ModelRecord>> TaskRunner::prune(
    std::size_t keep, const std::function<bool(const Digest&)>& is_used) {
  std::vector<ModelRecord> pruned;
  for (std::size_t i = 0; i + keep < models_.size(); ++i) {
    ModelRecord& model = models_[i];
    const bool is_needed = model.version == record_.current_version ||
                           (round_ && model.version == round_record_.base_version);
    if (model.is_pruned || is_needed) continue;
    model.is_pruned = true;
    changed_models_.push_back(model);
    pruned.push_back(model);
    if (!has_blob(model.digest) && !is_used(model.digest)) unused_blobs_.push_back(model.digest);
  }
  audit_.emplace_back("models pruned",
                      nlohmann::json{{"task", record_.name}, {"pruned", pruned.size()}}.dump());
  return pruned;
}

std::optional<Milliseconds> TaskRunner::next_tick(Milliseconds now) const {
  std::optional<Milliseconds> next = joins_.next();
  const auto sooner = [&](std::optional<Milliseconds> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  if (round_) sooner(round_->next_tick());
  for (const auto& [number, group] : groups_) sooner(group->next_tick());
  if (!round_ && record_.state == TaskState::kRunning && minimum_since_) {
    sooner(std::max(now + kShortestComeBack, *minimum_since_ + Round::patience(spec_.cohort)));
  }
  return next;
}

void TaskRunner::tick(Milliseconds now) {
  now_ = now;
  joins_.release_until(now, ComeBack{}, around_.outbox);
  forget_absent(now);
  maybe_start_round(now);
  if (round_) apply(round_->tick(now), now);
  for (const auto& [number, group] : groups_) group->tick(now);
  collect_ends(now);
}

}  // namespace covey::coordinator
