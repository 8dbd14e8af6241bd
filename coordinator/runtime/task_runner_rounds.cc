#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "coordinator/runtime/task_runner.h"
#include "covey/coordinator/group_options.h"

// How a task's round goes: groups, merging, its end, and what of it is durable when.
namespace covey::coordinator {

using namespace federation;

namespace {

// Of masked vectors that have come in part, over all groups of a round: some hundreds of devices
// send at once before others are told to wait.
constexpr std::size_t kStagingBytes = std::size_t{256} << 20;

}  // namespace

void TaskRunner::apply(RoundEffects effects, Milliseconds now) {
  for (RoundEffect& effect : effects) {
    is_round_dirty_ = true;
    if (const auto* form = std::get_if<round_effect::FormGroups>(&effect)) {
      form_groups(form->groups, now, false);
    } else if (const auto* merge = std::get_if<round_effect::Merge>(&effect)) {
      start_merge(merge->groups);
    } else if (const auto* aborted = std::get_if<round_effect::Aborted>(&effect)) {
      end_round(RoundState::kAborted, aborted->reason);
      return;  // the round is gone
    }
  }
}

GroupRunner::Options TaskRunner::group_options(std::uint32_t group,
                                               const std::vector<DeviceHandle>& members) const {
  GroupRunner::Options options;
  options.session =
      coordinator::group_options(work_->plan,
                                 {record_.name, round_record_.number, group, round_record_.plan,
                                  round_record_.model, work_->shape},
                                 members.size());
  options.session.staging_bytes =
      std::min(options.session.staging_bytes,
               kStagingBytes / std::max<std::size_t>(round_->groups().size(), 1));
  options.members = members;
  options.step_idle = spec_.cohort.step_idle;
  options.device_bytes = work_->vector_bytes;
  return options;
}

void TaskRunner::form_groups(const std::vector<std::vector<DeviceHandle>>& groups, Milliseconds now,
                             bool is_resumed) {
  if (!is_resumed) {  // what a crash may have left of groups that never were
    if (const auto removed = around_.store.remove_sessions(record_.name, round_record_.number);
        !removed) {
      abort_round("its groups could not be prepared: " + removed.error().message);
      return;
    }
  }
  for (std::uint32_t number = 0; number < groups.size(); ++number) {
    std::optional<Bytes> saved;
    if (is_resumed) saved = saved_group(number);
    auto group = GroupRunner::open(group_options(number, groups[number]), saved, around_, now);
    if (!group) {
      abort_round("group " + std::to_string(number) +
                  " could not be opened: " + group.error().message);
      return;
    }
    groups_[number] = std::move(*group);
  }
  answer_joins();
}

void TaskRunner::answer_joins() {
  if (!round_) return;
  for (const DeviceHandle device : joins_.devices()) answer_join(device);
}

void TaskRunner::answer_join(DeviceHandle device) {
  const Round::Place place = round_->place(device);
  if (place == Round::Place::kReady || place == Round::Place::kTraining) return;
  auto call = joins_.take(device);
  if (const auto group = round_->group_of(device)) {
    around_.outbox.reply<JoinReply>(std::move(call->reply), JoinReply(InGroup{*group}));
    return;
  }
  RoundOver late;
  late.reason = "the groups were formed without this device";
  around_.outbox.reply<JoinReply>(std::move(call->reply), JoinReply(std::move(late)));
}

// A group's end may end the round, which removes the groups: one at a time, from the start.
void TaskRunner::collect_ends(Milliseconds now) {
  for (bool found = true; found && round_;) {
    found = false;
    for (const auto& [number, group] : groups_) {
      auto end = group->take_end();
      if (!end) continue;
      found = true;
      is_round_dirty_ = true;
      apply(round_->group_ended(number, std::move(*end)), now);
      break;
    }
  }
}

void TaskRunner::start_merge(const std::vector<std::uint32_t>& groups) {
  auto strategy = make_strategy(spec_);
  auto model_file = around_.store.get_blob(round_record_.model);
  Result<Bytes> state = Bytes();
  if (record_.strategy_state != Digest{}) state = around_.store.get_blob(record_.strategy_state);
  if (!strategy || !model_file || !state) {
    const Error& error = !strategy     ? strategy.error()
                         : !model_file ? model_file.error()
                                       : state.error();
    abort_round("the sums could not be merged: " + error.message);
    return;
  }
  // These are shared with the job on the pool.
  auto input = std::make_shared<MergeInput>();
  input->plan = work_->plan;
  input->model_file = std::move(*model_file);
  input->strategy_state = std::move(*state);
  input->round = round_record_.number;
  input->server_rate_factor = spec_.server_rate_factor_at(round_record_.number);
  input->metadata = {{"covey.task", record_.name},
                     {"covey.round", std::to_string(round_record_.number)}};
  for (const std::uint32_t group : groups) input->groups.push_back(&groups_.at(group)->session());
  std::shared_ptr<merge::Strategy> mover = std::move(*strategy);
  auto merged = std::make_shared<std::optional<Result<MergedRound>>>();
  merge_job_ = [this, input, mover, merged, groups] {
    is_merging_ = true;
    around_.run_on_pool(
        1,
        [input, mover, merged](std::size_t) {
          merged->emplace(merge_files(std::move(*input), *mover));
        },
        [this, merged, groups] { finish_merge(std::move(**merged), groups); });
  };
}

void TaskRunner::finish_merge(Result<MergedRound> merged, std::vector<std::uint32_t> groups) {
  is_merging_ = false;
  if (!round_) return;  // it was aborted meanwhile
  if (!merged) {
    abort_round("the sums could not be merged: " + merged.error().message);
    return;
  }
  std::uint64_t participants = 0;
  for (const std::uint32_t group : groups) {
    participants += groups_.at(group)->session().survivors().size();
  }
  auto model = store_model(*merged, participants);
  if (!model) {
    abort_round("the new model could not be written: " + model.error().message);
    return;
  }
  round_record_.new_version = model->version;
  round_record_.metrics = std::move(merged->metrics);
  round_->published();
  for (const std::uint32_t group : groups) groups_.at(group)->publish(model->digest);
  end_round(RoundState::kCompleted, "");
}

Result<ModelRecord> TaskRunner::store_model(const MergedRound& merged, std::uint64_t participants) {
  ModelRecord model;
  COVEY_ASSIGN_OR_RETURN(model.digest, around_.store.put_blob(merged.model_file));
  Digest state{};
  if (!merged.strategy_state.empty()) {
    COVEY_ASSIGN_OR_RETURN(state, around_.store.put_blob(merged.strategy_state));
  }
  model.task = record_.name;
  model.version = models_.back().version + 1;
  model.parent = round_record_.base_version;
  model.round = round_record_.number;
  model.plan = round_record_.plan;
  model.size_bytes = merged.model_file.size();
  model.participants = participants;
  model.metrics = merged.metrics;
  model.created_at = around_.unix_now();
  models_.push_back(model);
  changed_models_.push_back(model);
  if (record_.strategy_state != Digest{} && record_.strategy_state != state) {
    unused_blobs_.push_back(record_.strategy_state);
  }
  record_.strategy_state = state;
  record_.current_version = model.version;
  is_task_dirty_ = true;
  return model;
}

void TaskRunner::fill_counts(RoundRecord& record) const {
  record.phase = std::string(name_of(round_->phase()));
  record.assigned = round_->cohort().assigned();
  record.cohort = record.survivors = 0;
  record.recovered = recovered_before_;
  record.bytes_up = bytes_up_before_;
  record.bytes_down = bytes_down_before_;
  for (const auto& [number, group] : groups_) {
    record.cohort += group->members().size();
    record.recovered += group->recovered();
    record.bytes_up += group->bytes_up();
    record.bytes_down += group->bytes_down();
    const auto step = group->session().step();
    if (step == secagg::CoordinatorStep::kCompleted) {
      record.survivors += group->session().survivors().size();
    } else if (round_->phase() == Round::Phase::kAggregating) {
      record.phase = std::string(name_of(step));
    }
  }
  record.bytes_down += record.assigned * (work_->plan_bytes + work_->model_bytes);
  if (round_->phase() == Round::Phase::kAborted) record.survivors = 0;
  record.dropped = round_->is_over() ? record.cohort - record.survivors : 0;
}

std::optional<RoundRecord> TaskRunner::open_round() const {
  if (!round_) return std::nullopt;
  RoundRecord record = round_record_;
  fill_counts(record);
  return record;
}

void TaskRunner::abort_round(const std::string& reason) {
  is_own_fault_ = false;
  if (round_) apply(round_->abort(reason), now_);
  is_own_fault_ = true;
}

void TaskRunner::end_round(RoundState state, std::string outcome) {
  EndedRound ended;
  round_record_.state = state;
  round_record_.outcome = std::move(outcome);
  round_record_.ended_at = around_.unix_now();
  fill_counts(round_record_);
  round_record_.saved.clear();
  ended.record = round_record_;
  for (const auto& [number, group] : groups_) {
    std::set<DeviceHandle> dropped = group->members();
    if (state == RoundState::kCompleted &&
        group->session().step() == secagg::CoordinatorStep::kCompleted) {
      for (const DeviceHandle device : group->session().survivors()) {
        ended.survivors.push_back(device);
        dropped.erase(device);
      }
    }
    ended.dropped.insert(ended.dropped.end(), dropped.begin(), dropped.end());
  }
  ended.audit_body = audit_body(ended);
  ended_.push_back(std::move(ended));
  for (const DeviceHandle device : joins_.devices()) {
    auto call = joins_.take(device);
    around_.outbox.reply<JoinReply>(std::move(call->reply),
                                    JoinReply(over(round_record_.number, device)));
  }
  retire_groups();
  round_.reset();
  work_.reset();
  is_round_dirty_ = false;
  note_end(round_record_);
}

// Their calls are answered, and they stay until the outbox and the pool are done with them.
void TaskRunner::retire_groups() {
  for (auto& [number, group] : groups_) {
    group->stop();
    group->close([&](DeviceHandle device) { return over(round_record_.number, device); });
    retired_.push_back(std::move(group));
  }
  groups_.clear();
}

void TaskRunner::note_end(const RoundRecord& record) {
  const std::string title = record_.name + " round " + std::to_string(record.number);
  const UnixMs at = around_.unix_now();
  if (record.state == RoundState::kAborted) {
    around_.log.warning(at, title + " is aborted: " + record.outcome);
    if (!is_own_fault_) return;
    if (++aborted_in_a_row_ >= spec_.give_up_after && record_.state == TaskState::kRunning) {
      stop_running(TaskState::kFailed,
                   std::to_string(aborted_in_a_row_) +
                       " rounds in a row were aborted, the last because: " + record.outcome);
    }
    return;
  }
  aborted_in_a_row_ = 0;
  ++completed_rounds_;
  std::string text = title + " is completed: model version " + std::to_string(*record.new_version) +
                     " from " + std::to_string(record.survivors) + " of " +
                     std::to_string(record.cohort) + " devices";
  for (const auto& [name, value] : record.metrics) {
    text += ", " + name + " " + nlohmann::json(std::round(value * 1e4) / 1e4).dump();
  }
  around_.log.info(at, std::move(text));
  if (spec_.is_reached_by(record.metrics)) {
    stop_running(TaskState::kCompleted, spec_.target_metric + " reached its target");
  } else if (completed_rounds_ >= spec_.rounds) {
    stop_running(TaskState::kCompleted, "all its rounds are done");
  }
}

std::string TaskRunner::audit_body(const EndedRound& ended) const {
  const auto names = [&](const std::vector<DeviceHandle>& devices) {
    std::vector<std::string> names;
    for (const DeviceHandle device : devices) names.push_back(around_.devices.name_of(device));
    std::ranges::sort(names);
    return names;
  };
  nlohmann::json body{{"task", record_.name},
                      {"round", ended.record.number},
                      {"outcome", name_of(ended.record.state)},
                      {"plan", to_hex(ended.record.plan)},
                      {"model", to_hex(ended.record.model)},
                      {"survivors", names(ended.survivors)},
                      {"dropped", names(ended.dropped)}};
  if (!ended.record.outcome.empty()) body["reason"] = ended.record.outcome;
  if (ended.record.new_version) {
    body["new_version"] = *ended.record.new_version;
    body["new_model"] = to_hex(models_.back().digest);
  }
  for (const auto& [number, group] : groups_) {
    const auto parameters = group->session().parameters();
    if (!parameters) continue;
    body["groups"].push_back({{"devices", parameters->devices},
                              {"degree", parameters->degree},
                              {"threshold", parameters->threshold}});
  }
  return body.dump();
}

Status TaskRunner::persist(Milliseconds now) {
  if (round_ && (is_round_dirty_ || has_unsaved_groups())) {  // whose bytes are counted
    fill_counts(round_record_);
    round_record_.saved = round_->save(now);
    COVEY_RETURN_IF_ERROR(around_.store.put_round(round_record_));
  }
  for (const auto& [number, group] : groups_) {
    if (!group->needs_save()) continue;
    COVEY_RETURN_IF_ERROR(
        around_.store.put_session(record_.name, round_record_.number, number, group->save()));
  }
  for (const ModelRecord& model : changed_models_) {
    COVEY_RETURN_IF_ERROR(around_.store.put_model(model));
  }
  for (const EndedRound& ended : ended_) {
    COVEY_RETURN_IF_ERROR(around_.store.put_round(ended.record));
    COVEY_RETURN_IF_ERROR(around_.store.put_participants(record_.name, ended.record.number,
                                                         ended.survivors, ended.dropped));
    for (const DeviceHandle device : ended.survivors) {
      COVEY_RETURN_IF_ERROR(around_.devices.count_round(device));
    }
    COVEY_RETURN_IF_ERROR(around_.audit.append(ended.record.ended_at,
                                               "round " + std::string(name_of(ended.record.state)),
                                               ended.audit_body));
  }
  for (const auto& [kind, body] : audit_) {
    COVEY_RETURN_IF_ERROR(around_.audit.append(around_.unix_now(), kind, body));
  }
  if (is_task_dirty_) COVEY_RETURN_IF_ERROR(around_.store.put_task(record_));
  return {};
}

// What could not be removed is in the way, and harms nobody.
void TaskRunner::note(const Status& removed) const {
  if (!removed) around_.log.error(around_.unix_now(), removed.error().message);
}

bool TaskRunner::has_unsaved_groups() const {
  return std::ranges::any_of(groups_, [](const auto& entry) { return entry.second->needs_save(); });
}

bool TaskRunner::needs_persist() const {
  return is_task_dirty_ || is_round_dirty_ || has_unsaved_groups() || !ended_.empty() ||
         !audit_.empty() || !changed_models_.empty();
}

void TaskRunner::committed() {
  is_task_dirty_ = is_round_dirty_ = false;
  for (const EndedRound& ended : ended_) {
    note(around_.store.remove_sessions(record_.name, ended.record.number));
  }
  for (const Digest& blob : unused_blobs_) note(around_.store.remove_blob(blob));
  unused_blobs_.clear();
  ended_.clear();
  audit_.clear();
  changed_models_.clear();
}

void TaskRunner::flushed() {
  if (!is_draining_) {  // the next start takes up what is ready
    if (merge_job_) std::exchange(merge_job_, nullptr)();
    for (const auto& [number, group] : groups_) group->start_work();
  }
  if (!is_merging_) std::erase_if(retired_, [](const auto& group) { return !group->is_working(); });
}

bool TaskRunner::is_working() const {
  const auto works = [](const GroupRunner& group) { return group.is_working(); };
  return is_merging_ ||
         std::ranges::any_of(groups_, [&](const auto& entry) { return works(*entry.second); }) ||
         std::ranges::any_of(retired_, [&](const auto& group) { return works(*group); });
}

void TaskRunner::commit_failed(const std::string& why) {
  merge_job_ = nullptr;
  abort_round(why);
  is_task_dirty_ = true;  // so that the next commit writes something, and tells whether it can
}

}  // namespace covey::coordinator
