#include "coordinator/grpc/admin_wire.h"

#include <algorithm>

namespace covey::coordinator::admin_wire {
namespace {

std::string bytes_of(ByteView bytes) { return std::string(text_of(bytes)); }

Error malformed(const std::string& expected) {
  return {ErrorCode::kDataLoss,
          "the message of the admin socket is damaged, or of another version "
          "of Covey: expected " +
              expected};
}

template <std::size_t N>
Status copy_exactly(const std::string& bytes, std::array<std::uint8_t, N>& out, const char* what) {
  if (bytes.size() != N) {
    return malformed(std::string(what) + " of " + std::to_string(N) + " bytes, found " +
                     std::to_string(bytes.size()));
  }
  std::ranges::copy(view_of(bytes), out.begin());
  return {};
}

// `Enum` counts from 1 to `last`.
template <typename Enum>
Result<Enum> enum_from(std::uint32_t number, Enum last, const char* what) {
  if (number == 0 || number > static_cast<std::uint32_t>(last)) {
    return malformed(std::string(what) + " from 1 to " +
                     std::to_string(static_cast<std::uint32_t>(last)) + ", found " +
                     std::to_string(number));
  }
  return static_cast<Enum>(number);
}

template <typename Names>
std::vector<std::string> names_from(const Names& names) {
  return {names.begin(), names.end()};
}

}  // namespace

Result<Digest> digest_from(const std::string& bytes, const char* what) {
  Digest digest;
  COVEY_RETURN_IF_ERROR(copy_exactly(bytes, digest, what));
  return digest;
}

Result<TaskAction> task_action_from(std::uint32_t action) {
  return enum_from(action, TaskAction::kRunRound, "an action on a task");
}

void to_wire(const FederationStatus& status, v1::FederationStatus& out) {
  out.set_version(status.version);
  out.set_started_at(status.started_at);
  out.set_now(status.now);
  out.set_is_draining(status.is_draining);
  out.set_running_tasks(status.running_tasks);
  out.set_open_rounds(status.open_rounds);
  out.set_devices_known(status.devices_known);
  out.set_devices_recent(status.devices_recent);
  out.set_calls_held(status.calls_held);
  out.set_bytes_in_flight(status.bytes_in_flight);
  out.set_disk_free_bytes(status.disk_free_bytes);
}

Result<FederationStatus> from_wire(const v1::FederationStatus& status) {
  return FederationStatus{.version = status.version(),
                          .started_at = status.started_at(),
                          .now = status.now(),
                          .is_draining = status.is_draining(),
                          .running_tasks = status.running_tasks(),
                          .open_rounds = status.open_rounds(),
                          .devices_known = status.devices_known(),
                          .devices_recent = status.devices_recent(),
                          .calls_held = status.calls_held(),
                          .bytes_in_flight = status.bytes_in_flight(),
                          .disk_free_bytes = status.disk_free_bytes()};
}

void to_wire(const TaskRecord& task, v1::TaskRecord& out) {
  out.set_name(task.name);
  out.set_state(static_cast<std::uint32_t>(task.state));
  out.set_file(task.file);
  out.set_next_round(task.next_round);
  out.set_current_version(task.current_version);
  out.set_strategy_state(bytes_of(task.strategy_state));
  out.set_note(task.note);
  out.set_created_at(task.created_at);
}

Result<TaskRecord> from_wire(const v1::TaskRecord& task) {
  TaskRecord out{.name = task.name(),
                 .file = task.file(),
                 .next_round = task.next_round(),
                 .current_version = task.current_version(),
                 .note = task.note(),
                 .created_at = task.created_at()};
  COVEY_ASSIGN_OR_RETURN(out.state,
                         enum_from(task.state(), TaskState::kFailed, "a state of a task"));
  COVEY_RETURN_IF_ERROR(
      copy_exactly(task.strategy_state(), out.strategy_state, "a strategy's state"));
  return out;
}

void to_wire(const ModelRecord& model, v1::ModelRecord& out) {
  out.set_task(model.task);
  out.set_version(model.version);
  if (model.parent) out.set_parent(*model.parent);
  out.set_round(model.round);
  out.set_plan(bytes_of(model.plan));
  out.set_digest(bytes_of(model.digest));
  out.set_size_bytes(model.size_bytes);
  out.set_participants(model.participants);
  out.mutable_metrics()->insert(model.metrics.begin(), model.metrics.end());
  out.set_created_at(model.created_at);
  out.set_is_pruned(model.is_pruned);
}

Result<ModelRecord> from_wire(const v1::ModelRecord& model) {
  ModelRecord out{.task = model.task(),
                  .version = model.version(),
                  .parent = std::nullopt,
                  .round = model.round(),
                  .size_bytes = model.size_bytes(),
                  .participants = model.participants(),
                  .metrics = {model.metrics().begin(), model.metrics().end()},
                  .created_at = model.created_at(),
                  .is_pruned = model.is_pruned()};
  if (model.has_parent()) out.parent = model.parent();
  COVEY_RETURN_IF_ERROR(copy_exactly(model.plan(), out.plan, "a plan's digest"));
  COVEY_RETURN_IF_ERROR(copy_exactly(model.digest(), out.digest, "a model's digest"));
  return out;
}

void to_wire(const RoundRecord& round, v1::RoundRecord& out) {
  out.set_task(round.task);
  out.set_number(round.number);
  out.set_state(static_cast<std::uint32_t>(round.state));
  out.set_phase(round.phase);
  out.set_outcome(round.outcome);
  out.set_plan(bytes_of(round.plan));
  out.set_model(bytes_of(round.model));
  out.set_base_version(round.base_version);
  if (round.new_version) out.set_new_version(*round.new_version);
  out.set_assigned(round.assigned);
  out.set_cohort(round.cohort);
  out.set_survivors(round.survivors);
  out.set_dropped(round.dropped);
  out.set_recovered(round.recovered);
  out.set_bytes_up(round.bytes_up);
  out.set_bytes_down(round.bytes_down);
  out.mutable_metrics()->insert(round.metrics.begin(), round.metrics.end());
  out.set_started_at(round.started_at);
  out.set_ended_at(round.ended_at);
}

Result<RoundRecord> from_wire(const v1::RoundRecord& round) {
  RoundRecord out{.task = round.task(),
                  .number = round.number(),
                  .phase = round.phase(),
                  .outcome = round.outcome(),
                  .base_version = round.base_version(),
                  .new_version = std::nullopt,
                  .assigned = round.assigned(),
                  .cohort = round.cohort(),
                  .survivors = round.survivors(),
                  .dropped = round.dropped(),
                  .recovered = round.recovered(),
                  .bytes_up = round.bytes_up(),
                  .bytes_down = round.bytes_down(),
                  .metrics = {round.metrics().begin(), round.metrics().end()},
                  .started_at = round.started_at(),
                  .ended_at = round.ended_at(),
                  .saved = {}};
  if (round.has_new_version()) out.new_version = round.new_version();
  COVEY_ASSIGN_OR_RETURN(out.state,
                         enum_from(round.state(), RoundState::kAborted, "a state of a round"));
  COVEY_RETURN_IF_ERROR(copy_exactly(round.plan(), out.plan, "a plan's digest"));
  COVEY_RETURN_IF_ERROR(copy_exactly(round.model(), out.model, "a model's digest"));
  return out;
}

void to_wire(const RoundDetails& details, v1::RoundDetails& out) {
  to_wire(details.round, *out.mutable_round());
  out.mutable_survivors()->Assign(details.survivors.begin(), details.survivors.end());
  out.mutable_dropped()->Assign(details.dropped.begin(), details.dropped.end());
}

Result<RoundDetails> from_wire(const v1::RoundDetails& details) {
  COVEY_ASSIGN_OR_RETURN(RoundRecord round, from_wire(details.round()));
  return RoundDetails{.round = std::move(round),
                      .survivors = names_from(details.survivors()),
                      .dropped = names_from(details.dropped())};
}

void to_wire(const DeviceRecord& device, v1::DeviceRecord& out) {
  out.set_handle(device.handle);
  out.set_name(device.name);
  out.set_key(bytes_of(device.key));
  out.mutable_tags()->Assign(device.tags.begin(), device.tags.end());
  out.mutable_properties()->insert(device.properties.begin(), device.properties.end());
  out.set_is_revoked(device.is_revoked);
  out.set_revoked_reason(device.revoked_reason);
  out.set_rounds(device.rounds);
  out.set_first_seen_at(device.first_seen_at);
  out.set_last_seen_at(device.last_seen_at);
}

Result<DeviceRecord> from_wire(const v1::DeviceRecord& device) {
  DeviceRecord out{.handle = device.handle(),
                   .name = device.name(),
                   .tags = names_from(device.tags()),
                   .properties = {device.properties().begin(), device.properties().end()},
                   .is_revoked = device.is_revoked(),
                   .revoked_reason = device.revoked_reason(),
                   .rounds = device.rounds(),
                   .first_seen_at = device.first_seen_at(),
                   .last_seen_at = device.last_seen_at()};
  COVEY_RETURN_IF_ERROR(copy_exactly(device.key(), out.key, "a device's key"));
  return out;
}

void to_wire(const LogLine& line, v1::LogLine& out) {
  out.set_sequence(line.sequence);
  out.set_at(line.at);
  out.set_level(line.level);
  out.set_text(line.text);
}

Result<LogLine> from_wire(const v1::LogLine& line) {
  return LogLine{
      .sequence = line.sequence(), .at = line.at(), .level = line.level(), .text = line.text()};
}

void to_wire(const AuditEntry& entry, v1::AuditEntry& out) {
  out.set_sequence(entry.sequence);
  out.set_at(entry.at);
  out.set_kind(entry.kind);
  out.set_body(entry.body);
  out.set_previous(bytes_of(entry.previous));
  out.set_hash(bytes_of(entry.hash));
  out.set_signature(bytes_of(entry.signature));
}

Result<AuditEntry> from_wire(const v1::AuditEntry& entry) {
  AuditEntry out{
      .sequence = entry.sequence(), .at = entry.at(), .kind = entry.kind(), .body = entry.body()};
  COVEY_RETURN_IF_ERROR(copy_exactly(entry.previous(), out.previous, "the hash before an entry"));
  COVEY_RETURN_IF_ERROR(copy_exactly(entry.hash(), out.hash, "an entry's hash"));
  COVEY_RETURN_IF_ERROR(copy_exactly(entry.signature(), out.signature, "an entry's signature"));
  return out;
}

void to_wire(const crypto::SigningPublicKey& key, v1::AuditKey& out) { out.set_key(bytes_of(key)); }

Result<crypto::SigningPublicKey> from_wire(const v1::AuditKey& key) {
  crypto::SigningPublicKey out;
  COVEY_RETURN_IF_ERROR(copy_exactly(key.key(), out, "the audit log's key"));
  return out;
}

}  // namespace covey::coordinator::admin_wire
