#include <algorithm>

#include "bench/load/fleet.h"
#include "bench/load/process_use.h"
#include "bench/load/scenarios.h"
#include "bench/timing.h"
#include "integration/world/identity.h"

namespace covey::bench {
namespace {

using nlohmann::ordered_json;

constexpr const char* kTask = "round";
constexpr const char* kOtherTask = "other";
constexpr std::chrono::seconds kRoundPatience{600};
constexpr std::uint64_t kSmallModel = 10;

Error failed(const std::string& what) { return {ErrorCode::kInternal, what}; }

double seconds_between(LoadClock::time_point from, LoadClock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// Of one round, from the operator's word to the last device's receipt.
struct RoundUse {
  double wall_s = 0;
  double given_s = 0;       // until the last device was given work
  double grouped_s = 0;     // from there until all had trained, and the last was told its group
  double aggregated_s = 0;  // from there to the end
  double cpu_s = 0;         // of the coordinator
  double peak_mib = 0;
};

double over(const std::vector<RoundUse>& rounds, double RoundUse::*number) {
  std::vector<double> values;
  for (const RoundUse& round : rounds) values.push_back(round.*number);
  return median(values);
}

Result<RoundUse> run_round(LoadFederation& federation, Fleet& workers, std::size_t devices) {
  const pid_t coordinator = federation.coordinator_id();
  const Tally::Counts before = workers.tally().counts();
  static_cast<void>(forget_peak(coordinator));  // else the peak is over all rounds so far
  COVEY_ASSIGN_OR_RETURN(const ProcessUse at_begin, use_of(coordinator));
  const auto begin = LoadClock::now();
  COVEY_RETURN_IF_ERROR(federation.admin().act_on_task(kTask, coordinator::TaskAction::kRunRound));
  const bool has_ended = workers.tally().wait(kRoundPatience, [&](const Tally::Counts& counts) {
    return counts.contributed + counts.failed >= before.contributed + before.failed + devices;
  });
  COVEY_ASSIGN_OR_RETURN(const ProcessUse at_end, use_of(coordinator));
  const Tally::Counts counts = workers.tally().counts();
  if (!has_ended || counts.failed != before.failed) {
    return failed("the round did not go as it should: " + counts.last_error);
  }
  RoundUse use;
  use.wall_s = seconds_between(begin, counts.last_ended);
  use.given_s = seconds_between(begin, counts.last_assigned);
  use.grouped_s = seconds_between(counts.last_assigned, counts.last_grouped);
  use.aggregated_s = seconds_between(counts.last_grouped, counts.last_ended);
  use.cpu_s = at_end.cpu_seconds - at_begin.cpu_seconds;
  use.peak_mib = at_end.peak_mib;
  return use;
}

Result<std::vector<RoundUse>> run_rounds(LoadFederation& federation, Fleet& workers,
                                         const RoundSetting& setting) {
  std::vector<RoundUse> rounds;
  for (std::size_t i = 0; i < setting.rounds; ++i) {
    COVEY_ASSIGN_OR_RETURN(const RoundUse round,
                           run_round(federation, workers, setting.shape.devices));
    rounds.push_back(round);
  }
  return rounds;
}

// CPU of the coordinator's part of the protocol alone, for all groups, public-key operations
// included: measured by covey-bench-secagg.
Result<double> core_seconds(const std::string& program, const RoundShape& shape,
                            std::uint32_t bits) {
  const std::uint32_t groups = (shape.devices + shape.group_size - 1) / shape.group_size;
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("covey-core-" + std::to_string(getpid()));
  std::filesystem::remove(file);
  testing::Process process(
      {program, "--devices", std::to_string(shape.devices / groups), "--length",
       std::to_string(shape.length), "--bits", std::to_string(bits), "--drop", "0", "--repeat", "3",
       "--format", "json"},
      file);
  const std::optional<int> status = process.wait(kRoundPatience);
  const auto line = ordered_json::parse(process.output(), nullptr, false);
  std::filesystem::remove(file);
  if (status != 0 || !line.is_object() || !line.value("sum_is_right", false)) {
    return failed("covey-bench-secagg failed");
  }
  return groups * (line["coordinator_ms"].get<double>() + line["coordinator_pk_ms"].get<double>()) /
         1e3;
}

void put_round(ordered_json& out, const std::vector<RoundUse>& rounds) {
  out["wall_s"] = over(rounds, &RoundUse::wall_s);
  out["given_s"] = over(rounds, &RoundUse::given_s);
  out["grouped_s"] = over(rounds, &RoundUse::grouped_s);
  out["aggregated_s"] = over(rounds, &RoundUse::aggregated_s);
  out["coordinator_s"] = over(rounds, &RoundUse::cpu_s);
  out["peak_mib"] = over(rounds, &RoundUse::peak_mib);
}

Result<ordered_json> summary(const RoundSetting& setting, LoadFederation& federation,
                             const std::vector<RoundUse>& rounds, std::uint32_t bits) {
  COVEY_ASSIGN_OR_RETURN(const auto records, federation.admin().rounds(kTask, 1, 1));
  if (records.empty()) return failed("there is no record of the round");
  const double devices = setting.shape.devices;
  ordered_json out;
  out["bench"] = "load-round";
  out["devices"] = setting.shape.devices;
  out["group_size"] = setting.shape.group_size;
  out["length"] = setting.shape.length;
  out["bits"] = bits;
  out["rounds"] = rounds.size();
  put_round(out, rounds);
  out["coordinator_ms_per_device"] = 1e3 * over(rounds, &RoundUse::cpu_s) / devices;
  out["bytes_up"] = records.front().bytes_up;
  out["bytes_down"] = records.front().bytes_down;
  return out;
}

// The same rounds with idle devices connected: what that does to them, and what one of these costs.
Result<ordered_json> beside_idle(const RoundSetting& setting, LoadFederation& federation,
                                 Fleet& workers, const std::vector<RoundUse>& alone) {
  RoundShape never;
  never.devices = static_cast<std::uint32_t>(10 * setting.idle_devices);
  never.length = kSmallModel;
  COVEY_RETURN_IF_ERROR(federation.submit(kOtherTask, kPollers, never));
  COVEY_ASSIGN_OR_RETURN(const ProcessUse before, use_of(federation.coordinator_id()));
  Fleet idle(federation);
  COVEY_RETURN_IF_ERROR(idle.add_pollers(setting.idle_devices, kOtherTask));
  COVEY_ASSIGN_OR_RETURN(const ProcessUse connected, use_of(federation.coordinator_id()));
  const std::size_t check_ins = idle.tally().counts().check_ins;
  COVEY_ASSIGN_OR_RETURN(const auto rounds, run_rounds(federation, workers, setting));
  ordered_json out;
  out["bench"] = "load-idle";
  out["devices"] = setting.shape.devices;
  out["idle_devices"] = setting.idle_devices;
  put_round(out, rounds);
  out["wall_over_alone"] = over(rounds, &RoundUse::wall_s) / over(alone, &RoundUse::wall_s);
  out["coordinator_over_alone"] = over(rounds, &RoundUse::cpu_s) / over(alone, &RoundUse::cpu_s);
  out["idle_check_ins"] = idle.tally().counts().check_ins - check_ins;
  out["kib_per_connection"] = 1024 * (connected.resident_mib - before.resident_mib) /
                              static_cast<double>(setting.idle_devices);
  out["errors"] = idle.tally().counts().errors;
  return out;
}

}  // namespace

Result<std::vector<ordered_json>> measure_rounds(const std::string& coordinator,
                                                 const std::string& secagg_bench,
                                                 const RoundSetting& setting) {
  std::vector<ordered_json> lines;
  COVEY_ASSIGN_OR_RETURN(const auto federation, LoadFederation::start(coordinator));
  COVEY_ASSIGN_OR_RETURN(const ProcessUse started, use_of(federation->coordinator_id()));
  COVEY_ASSIGN_OR_RETURN(const auto spec, federation->submit(kTask, kWorkers, setting.shape));
  COVEY_ASSIGN_OR_RETURN(const auto plan,
                         spec.plan_for(testing::flat_manifest(setting.shape.length), 1));
  COVEY_ASSIGN_OR_RETURN(const auto codec, plan.codec_parameters());
  const std::uint32_t bits = codec.shape().bits;
  Fleet workers(*federation);
  COVEY_RETURN_IF_ERROR(workers.add_workers(setting.shape.devices, kTask, setting.shape.length));
  COVEY_ASSIGN_OR_RETURN(const ProcessUse connected, use_of(federation->coordinator_id()));
  COVEY_ASSIGN_OR_RETURN(const auto rounds, run_rounds(*federation, workers, setting));
  COVEY_ASSIGN_OR_RETURN(ordered_json line, summary(setting, *federation, rounds, bits));
  line["started_mib"] = started.resident_mib;
  line["connected_mib"] = connected.resident_mib;
  line["errors"] = workers.tally().counts().errors;
  if (setting.with_core) {
    COVEY_ASSIGN_OR_RETURN(const double core, core_seconds(secagg_bench, setting.shape, bits));
    line["core_s"] = core;
    line["coordinator_over_core"] = over(rounds, &RoundUse::cpu_s) / core;
  }
  lines.push_back(std::move(line));
  if (setting.idle_devices > 0) {
    COVEY_ASSIGN_OR_RETURN(ordered_json idle, beside_idle(setting, *federation, workers, rounds));
    lines.push_back(std::move(idle));
  }
  return lines;
}

}  // namespace covey::bench
