#include "coordinator/runtime/federation_core.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "covey/aggregation/model/safetensors.h"

namespace covey::coordinator {

using namespace federation;

namespace {

// For a device that no task takes: it asks again, since an operator may change that.
constexpr Milliseconds kNothingForYou{15'000};
constexpr UnixMs kRecentMs = 5 * 60 * 1000;

Status check_version(std::uint32_t version) {
  if (version >= kOldestProtocolVersion && version <= kProtocolVersion) return {};
  return Error{ErrorCode::kUnimplemented,
               "this coordinator speaks protocol versions " +
                   std::to_string(kOldestProtocolVersion) + " to " +
                   std::to_string(kProtocolVersion) + ", the device version " +
                   std::to_string(version) +
                   (version < kOldestProtocolVersion ? ", which is too old: update the app"
                                                     : ": update the coordinator")};
}

Status check_properties(const std::map<std::string, std::string>& properties) {
  const bool fits = properties.size() <= kMaxProperties &&
                    std::ranges::all_of(properties, [](const auto& property) {
                      return property.first.size() <= kMaxPropertyBytes &&
                             property.second.size() <= kMaxPropertyBytes;
                    });
  if (fits) return {};
  return invalid_argument("a device declares at most " + std::to_string(kMaxProperties) +
                          " properties of at most " + std::to_string(kMaxPropertyBytes) + " bytes");
}

Error no_such_task(const std::string& name) {
  return Error{ErrorCode::kNotFound, "there is no task " +
                                         (plan::validate_task_name(name) ? name : "of this name") +
                                         "; `covey task list` names them all"};
}

}  // namespace

Status FederationCore::load(Milliseconds now) {
  COVEY_ASSIGN_OR_RETURN(auto records, around_.store.tasks());
  for (TaskRecord& record : records) {
    const std::string name = record.name;
    auto runner = TaskRunner::open(std::move(record), around_, now);
    if (!runner) {
      return Error{runner.error().code, "task " + name + ": " + runner.error().message};
    }
    tasks_[name] = std::move(*runner);
  }
  return {};
}

Result<const DeviceRecord*> FederationCore::device(const Peer& peer) {
  return around_.devices.seen(peer, around_.unix_now());
}

Result<CheckInReply> FederationCore::check_in(const Peer& peer, const CheckInRequest& request,
                                              Milliseconds now) {
  COVEY_RETURN_IF_ERROR(check_version(request.protocol_version));
  COVEY_RETURN_IF_ERROR(check_properties(request.properties));
  const bool is_new = !around_.devices.all().contains(peer.name);
  COVEY_ASSIGN_OR_RETURN(const DeviceRecord* const record, device(peer));
  if (is_new) around_.log.info(around_.unix_now(), record->name + " is here for the first time");
  COVEY_RETURN_IF_ERROR(around_.devices.declare(peer.name, request.properties));
  if (!request.task.empty() && !tasks_.contains(request.task)) return no_such_task(request.task);
  std::optional<Milliseconds> come_back;
  std::optional<Error> refused;
  for (const auto& [name, task] : tasks_) {
    if (!request.task.empty() && name != request.task) continue;
    if (!task->takes(*record)) continue;
    auto assignment = task->check_in(*record, request, now);
    if (!assignment) {
      refused = std::move(assignment).error();
      continue;
    }
    if (*assignment) return CheckInReply(std::move(**assignment));
    come_back = std::min(come_back.value_or(Milliseconds::max()), task->come_back());
  }
  if (!come_back && refused) return *refused;
  return CheckInReply(ComeBack{come_back.value_or(kNothingForYou), around_.epoch});
}

Result<std::shared_ptr<const BlobReader>> FederationCore::open_blob(const Peer& peer,
                                                                    const Digest& digest,
                                                                    Milliseconds now) {
  COVEY_ASSIGN_OR_RETURN(const DeviceRecord* const record, device(peer));
  const bool is_offered = std::ranges::any_of(tasks_, [&](const auto& entry) {
    return entry.second->offers(digest) && entry.second->selects(*record);
  });
  const Error not_here{ErrorCode::kNotFound, "no open round has this plan or model"};
  if (!is_offered) return not_here;
  auto opened = around_.store.open_blob(digest);
  if (opened) return opened;
  const ErrorCode code = opened.error().code;
  if (code != ErrorCode::kNotFound && code != ErrorCode::kDataLoss) {
    return Error{code, "the blob cannot be read now; try again later"};
  }
  for (const auto& [name, task] : tasks_) {
    if (task->offers(digest)) task->blob_lost(opened.error(), now);
  }
  return not_here;
}

Result<FederationCore::Caller> FederationCore::caller(const Peer& peer, const std::string& task) {
  COVEY_ASSIGN_OR_RETURN(const DeviceRecord* const record, device(peer));
  const auto entry = tasks_.find(task);
  if (entry == tasks_.end()) return no_such_task(task);
  return Caller{entry->second.get(), record->handle};
}

void FederationCore::join(const Peer& peer, const RoundId& round, Reply<JoinReply> reply,
                          Milliseconds now) {
  auto found = caller(peer, round.task);
  if (!found) return around_.outbox.reply<JoinReply>(std::move(reply), found.error());
  found->task->join(found->device, round.round, std::move(reply), now);
}

void FederationCore::send(const Peer& peer, const GroupId& group, Bytes message,
                          Reply<SendReply> reply, Milliseconds now) {
  auto found = caller(peer, group.round.task);
  if (!found) return around_.outbox.reply<SendReply>(std::move(reply), found.error());
  found->task->send(found->device, peer, group, std::move(message), std::move(reply), now);
}

void FederationCore::receive(const Peer& peer, ReceiveRequest request, Reply<ReceiveReply> reply,
                             Milliseconds now) {
  auto found = caller(peer, request.group.round.task);
  if (!found) return around_.outbox.reply<ReceiveReply>(std::move(reply), found.error());
  found->task->receive(found->device, std::move(request), std::move(reply), now);
}

Result<std::monostate> FederationCore::decline(const Peer& peer, const RoundId& round,
                                               DeclineReason reason, Milliseconds now) {
  COVEY_ASSIGN_OR_RETURN(const Caller found, caller(peer, round.task));
  found.task->decline(found.device, round.round, reason, now);
  return std::monostate();
}

// What cannot work is refused here, before any device hears of it.
Status FederationCore::store_initial(const TaskSpec& spec, const std::string& file,
                                     const Digest& model) {
  COVEY_ASSIGN_OR_RETURN(const Bytes bytes, around_.store.get_blob(model));
  COVEY_ASSIGN_OR_RETURN(const auto manifest,
                         model::read_manifest(bytes, [&](std::string_view name, ring::DType dtype) {
                           return spec.role_of(name, dtype);
                         }));
  if (spec.secure.masking != plan::Masking::kSecure) {
    return invalid_argument(
        "secure.mode is \"plain\", which is for simulations: a federation of devices is always "
        "masked");
  }
  COVEY_ASSIGN_OR_RETURN(const auto plan, spec.plan_for(manifest, 1));
  COVEY_RETURN_IF_ERROR(plan.codec_parameters());
  COVEY_RETURN_IF_ERROR(make_strategy(spec));
  TaskRecord record;
  record.name = spec.name;
  record.file = file;
  record.current_version = 1;
  record.created_at = around_.unix_now();
  ModelRecord first;
  first.task = spec.name;
  first.version = 1;
  first.digest = model;
  first.size_bytes = bytes.size();
  first.created_at = record.created_at;
  COVEY_RETURN_IF_ERROR(around_.store.put_task(record));
  COVEY_RETURN_IF_ERROR(around_.store.put_model(first));
  return around_.audit.append(
      record.created_at, "task submitted",
      nlohmann::json{
          {"task", spec.name}, {"model", to_hex(model)}, {"parameters", manifest.flat_length()}}
          .dump());
}

Result<TaskRecord> FederationCore::submit(const std::string& task_file, const Digest& initial_model,
                                          Milliseconds now) {
  COVEY_ASSIGN_OR_RETURN(const TaskSpec spec, parse_task_file(task_file));
  if (tasks_.contains(spec.name)) {
    return Error{ErrorCode::kAlreadyExists,
                 "there is a task " + spec.name + " already; a name is used once"};
  }
  COVEY_RETURN_IF_ERROR(store_initial(spec, task_file, initial_model));
  COVEY_ASSIGN_OR_RETURN(auto records, around_.store.tasks());
  const auto record = std::ranges::find(records, spec.name, &TaskRecord::name);
  COVEY_CHECK(record != records.end());  // it was just put
  COVEY_ASSIGN_OR_RETURN(auto runner, TaskRunner::open(*record, around_, now));
  around_.log.info(around_.unix_now(),
                   "task " + spec.name + " is submitted: " + std::to_string(spec.rounds) +
                       " rounds of " + std::to_string(spec.cohort.target) + " devices");
  tasks_[spec.name] = std::move(runner);
  return *record;
}

std::vector<TaskRecord> FederationCore::tasks() const {
  std::vector<TaskRecord> records;
  for (const auto& [name, task] : tasks_) records.push_back(task->record());
  return records;
}

Result<TaskRunner*> FederationCore::task(const std::string& name) {
  const auto entry = tasks_.find(name);
  if (entry == tasks_.end()) return no_such_task(name);
  return entry->second.get();
}

Result<std::vector<RoundRecord>> FederationCore::rounds(const std::string& name, std::uint64_t from,
                                                        std::size_t limit) {
  COVEY_ASSIGN_OR_RETURN(TaskRunner* const runner, task(name));
  COVEY_ASSIGN_OR_RETURN(auto records, around_.store.rounds(name, from, limit));
  if (const auto open = runner->open_round()) {
    for (RoundRecord& record : records) {
      if (record.number == open->number) record = *open;
    }
  }
  return records;
}

Result<RoundDetails> FederationCore::round(const std::string& name, std::uint64_t number) {
  COVEY_ASSIGN_OR_RETURN(TaskRunner* const runner, task(name));
  COVEY_ASSIGN_OR_RETURN(auto record, around_.store.round(name, number));
  if (!record) {
    return Error{ErrorCode::kNotFound, "task " + name + " has no round " + std::to_string(number) +
                                           "; `covey round list " + name + "` names them all"};
  }
  RoundDetails details{std::move(*record), {}, {}};
  if (const auto open = runner->open_round(); open && open->number == number) {
    details.round = *open;
  }
  COVEY_ASSIGN_OR_RETURN(const auto survivors, around_.store.survivors(name, number));
  for (const auto device : survivors) details.survivors.push_back(around_.devices.name_of(device));
  COVEY_ASSIGN_OR_RETURN(const auto dropped, around_.store.dropped(name, number));
  for (const auto device : dropped) details.dropped.push_back(around_.devices.name_of(device));
  return details;
}

Result<std::shared_ptr<const BlobReader>> FederationCore::open_model(const std::string& name,
                                                                     std::uint64_t version) {
  COVEY_ASSIGN_OR_RETURN(TaskRunner* const runner, task(name));
  for (const ModelRecord& model : runner->models()) {
    if (model.version != (version == 0 ? runner->record().current_version : version)) continue;
    if (!model.is_pruned) return around_.store.open_blob(model.digest);
  }
  return Error{ErrorCode::kNotFound, "task " + name +
                                         " has no such model version; `covey model list " + name +
                                         "` names them all"};
}

Result<std::vector<ModelRecord>> FederationCore::prune(const std::string& name, std::size_t keep) {
  COVEY_ASSIGN_OR_RETURN(TaskRunner* const runner, task(name));
  return runner->prune(keep, [&](const Digest& blob) {
    return std::ranges::any_of(tasks_, [&](const auto& entry) {
      return entry.second.get() != runner && entry.second->has_blob(blob);
    });
  });
}

Result<DeviceRecord> FederationCore::revoke(const std::string& name, const std::string& reason,
                                            Milliseconds now) {
  COVEY_ASSIGN_OR_RETURN(auto record, around_.devices.revoke(name, reason));
  COVEY_RETURN_IF_ERROR(
      around_.audit.append(around_.unix_now(), "device revoked",
                           nlohmann::json{{"device", name}, {"reason", reason}}.dump(
                               -1, ' ', true, nlohmann::json::error_handler_t::replace)));
  around_.log.warning(around_.unix_now(), record.name + " is revoked");
  for (const auto& [task_name, task] : tasks_) task->device_revoked(record.handle, now);
  return record;
}

void FederationCore::fill(FederationStatus& status) const {
  status.is_draining = is_draining_;
  for (const auto& [name, task] : tasks_) {
    if (task->record().state == TaskState::kRunning) ++status.running_tasks;
    if (task->has_open_round()) ++status.open_rounds;
    status.calls_held += task->held_calls();
  }
  status.devices_known = around_.devices.all().size();
  status.devices_recent = around_.devices.seen_since(status.now - kRecentMs);
}

void FederationCore::drain() {
  is_draining_ = true;
  for (const auto& [name, task] : tasks_) task->drain();
}

bool FederationCore::is_working() const {
  return std::ranges::any_of(tasks_, [](const auto& entry) { return entry.second->is_working(); });
}

void FederationCore::release_calls() {
  for (const auto& [name, task] : tasks_) task->release_calls();
}

void FederationCore::tick(Milliseconds now) {
  for (const auto& [name, task] : tasks_) task->tick(now);
}

std::optional<Milliseconds> FederationCore::next_tick(Milliseconds now) const {
  std::optional<Milliseconds> next;
  for (const auto& [name, task] : tasks_) {
    const auto at = task->next_tick(now);
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

Status FederationCore::commit(Milliseconds now) {
  for (const auto& [name, task] : tasks_) {
    if (task->needs_persist()) COVEY_RETURN_IF_ERROR(task->persist(now));
  }
  COVEY_RETURN_IF_ERROR(around_.store.commit());
  for (const auto& [name, task] : tasks_) task->committed();
  return {};
}

// What was put is forgotten; what the tasks hold they put again. A task that was submitted in the
// lost batch is not there.
void FederationCore::commit_failed(const Error& error) {
  around_.store.roll_back();
  const auto records = around_.store.tasks();
  if (records) {
    std::erase_if(tasks_, [&](const auto& entry) {
      return std::ranges::find(*records, entry.first, &TaskRecord::name) == records->end();
    });
  }
  if (auto devices = DeviceDirectory::load(around_.store)) around_.devices = std::move(*devices);
  for (const auto& [name, task] : tasks_) {
    task->commit_failed("the coordinator could not write it down: " + error.message);
  }
}

void FederationCore::flushed() {
  for (const auto& [name, task] : tasks_) task->flushed();
}

}  // namespace covey::coordinator
