#pragma once

#include <concepts>
#include <type_traits>

#include "covey/coordinator/store.h"

namespace covey::coordinator {

// for_each_field(record, visit) calls visit(column, field) for each field of a record, the key
// first: the one list from which rows are written, read and named.

template <typename R, typename Record>
concept IsRecord = std::same_as<std::remove_const_t<R>, Record>;

template <IsRecord<TaskRecord> R, typename Visit>
void for_each_field(R& task, Visit&& visit) {
  visit("name", task.name);
  visit("state", task.state);
  visit("file", task.file);
  visit("next_round", task.next_round);
  visit("current_version", task.current_version);
  visit("strategy_state", task.strategy_state);
  visit("note", task.note);
  visit("is_round_asked_for", task.is_round_asked_for);
  visit("created_at", task.created_at);
}

template <IsRecord<ModelRecord> R, typename Visit>
void for_each_field(R& model, Visit&& visit) {
  visit("task", model.task);
  visit("version", model.version);
  visit("parent", model.parent);
  visit("round", model.round);
  visit("plan", model.plan);
  visit("digest", model.digest);
  visit("size_bytes", model.size_bytes);
  visit("participants", model.participants);
  visit("metrics", model.metrics);
  visit("created_at", model.created_at);
  visit("is_pruned", model.is_pruned);
}

template <IsRecord<RoundRecord> R, typename Visit>
void for_each_field(R& round, Visit&& visit) {
  visit("task", round.task);
  visit("number", round.number);
  visit("state", round.state);
  visit("phase", round.phase);
  visit("outcome", round.outcome);
  visit("plan", round.plan);
  visit("model", round.model);
  visit("base_version", round.base_version);
  visit("new_version", round.new_version);
  visit("assigned", round.assigned);
  visit("cohort", round.cohort);
  visit("survivors", round.survivors);
  visit("dropped", round.dropped);
  visit("recovered", round.recovered);
  visit("bytes_up", round.bytes_up);
  visit("bytes_down", round.bytes_down);
  visit("metrics", round.metrics);
  visit("started_at", round.started_at);
  visit("ended_at", round.ended_at);
  visit("saved", round.saved);
}

template <IsRecord<DeviceRecord> R, typename Visit>
void for_each_field(R& device, Visit&& visit) {
  visit("handle", device.handle);
  visit("name", device.name);
  visit("key", device.key);
  visit("tags", device.tags);
  visit("properties", device.properties);
  visit("is_revoked", device.is_revoked);
  visit("revoked_reason", device.revoked_reason);
  visit("rounds", device.rounds);
  visit("first_seen_at", device.first_seen_at);
  visit("last_seen_at", device.last_seen_at);
}

template <IsRecord<AuditEntry> R, typename Visit>
void for_each_field(R& entry, Visit&& visit) {
  visit("sequence", entry.sequence);
  visit("at", entry.at);
  visit("kind", entry.kind);
  visit("body", entry.body);
  visit("previous", entry.previous);
  visit("hash", entry.hash);
  visit("signature", entry.signature);
}

// Where records of a kind lie, and how many columns at the start are the key.
template <typename Record>
struct Table;
template <>
struct Table<TaskRecord> {
  static constexpr const char* kName = "tasks";
  static constexpr int kKeyColumns = 1;
};
template <>
struct Table<ModelRecord> {
  static constexpr const char* kName = "models";
  static constexpr int kKeyColumns = 2;
};
template <>
struct Table<RoundRecord> {
  static constexpr const char* kName = "rounds";
  static constexpr int kKeyColumns = 2;
};
template <>
struct Table<DeviceRecord> {
  static constexpr const char* kName = "devices";
  static constexpr int kKeyColumns = 1;
};
template <>
struct Table<AuditEntry> {
  static constexpr const char* kName = "audit";
  static constexpr int kKeyColumns = 1;
};

}  // namespace covey::coordinator
