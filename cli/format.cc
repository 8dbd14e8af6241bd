#include "cli/format.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace covey::cli {
namespace {

using namespace coordinator;

Json json_of_metrics(const Metrics& metrics) {
  Json out = Json::object();
  for (const auto& [name, value] : metrics) {
    out[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  }
  return out;
}

}  // namespace

std::string text_of_metric(const Metrics& metrics, const std::string& name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? "-" : text_of_number(found->second, 4);
}

Json json_of(const FederationStatus& status) {
  return {{"version", status.version},
          {"started_at_ms", status.started_at},
          {"now_ms", status.now},
          {"draining", status.is_draining},
          {"running_tasks", status.running_tasks},
          {"open_rounds", status.open_rounds},
          {"devices_known", status.devices_known},
          {"devices_recent", status.devices_recent},
          {"calls_held", status.calls_held},
          {"bytes_in_flight", status.bytes_in_flight},
          {"disk_free_bytes", status.disk_free_bytes}};
}

Json json_of(const TaskRecord& task) {
  return {{"name", task.name},
          {"state", name_of(task.state)},
          {"next_round", task.next_round},
          {"current_version", task.current_version},
          {"note", task.note},
          {"created_at_ms", task.created_at}};
}

Json json_of(const ModelRecord& model) {
  return {{"task", model.task},
          {"version", model.version},
          {"parent", model.parent ? Json(*model.parent) : Json(nullptr)},
          {"round", model.round},
          {"sha256", to_hex(model.digest)},
          {"plan_sha256", to_hex(model.plan)},
          {"size_bytes", model.size_bytes},
          {"participants", model.participants},
          {"metrics", json_of_metrics(model.metrics)},
          {"created_at_ms", model.created_at},
          {"pruned", model.is_pruned}};
}

Json json_of(const RoundRecord& round) {
  return {{"task", round.task},
          {"round", round.number},
          {"state", name_of(round.state)},
          {"phase", round.phase},
          {"outcome", round.outcome},
          {"base_version", round.base_version},
          {"new_version", round.new_version ? Json(*round.new_version) : Json(nullptr)},
          {"assigned", round.assigned},
          {"cohort", round.cohort},
          {"survivors", round.survivors},
          {"dropped", round.dropped},
          {"recovered", round.recovered},
          {"bytes_up", round.bytes_up},
          {"bytes_down", round.bytes_down},
          {"metrics", json_of_metrics(round.metrics)},
          {"plan_sha256", to_hex(round.plan)},
          {"model_sha256", to_hex(round.model)},
          {"started_at_ms", round.started_at},
          {"ended_at_ms", round.ended_at}};
}

Json json_of(const DeviceRecord& device) {
  return {{"name", device.name},
          {"key", to_hex(device.key)},
          {"tags", device.tags},
          {"properties", device.properties},
          {"revoked", device.is_revoked},
          {"revoked_reason", device.revoked_reason},
          {"rounds", device.rounds},
          {"first_seen_at_ms", device.first_seen_at},
          {"last_seen_at_ms", device.last_seen_at}};
}

Json json_of(const LogLine& line) {
  return {
      {"sequence", line.sequence}, {"at_ms", line.at}, {"level", line.level}, {"text", line.text}};
}

Json json_of(const AuditEntry& entry) {
  return {{"sequence", entry.sequence},
          {"at_ms", entry.at},
          {"kind", entry.kind},
          {"body", entry.body},  // a text, since it is what was hashed
          {"previous", to_hex(entry.previous)},
          {"hash", to_hex(entry.hash)},
          {"signature", to_hex(entry.signature)}};
}

std::string dump_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}
std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

template <typename Record>
Json json_list(const std::vector<Record>& records) {
  Json out = Json::array();
  for (const Record& record : records) out.push_back(json_of(record));
  return out;
}
template Json json_list(const std::vector<TaskRecord>&);
template Json json_list(const std::vector<ModelRecord>&);
template Json json_list(const std::vector<RoundRecord>&);
template Json json_list(const std::vector<DeviceRecord>&);
template Json json_list(const std::vector<AuditEntry>&);

}  // namespace covey::cli
