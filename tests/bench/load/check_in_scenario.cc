#include "bench/load/fleet.h"
#include "bench/load/process_use.h"
#include "bench/load/scenarios.h"
#include "bench/timing.h"

namespace covey::bench {
namespace {

constexpr const char* kTask = "crowd";
constexpr std::uint64_t kSmallModel = 10;

struct Window {
  double rate = 0;       // check-ins a second
  double cpu_us = 0;     // of the coordinator, for one
  double cpu_share = 0;  // of one core
};

Result<Window> measure(Fleet& fleet, pid_t coordinator, double seconds) {
  const auto begin = LoadClock::now();
  const std::size_t before = fleet.tally().counts().check_ins;
  COVEY_ASSIGN_OR_RETURN(const ProcessUse at_begin, use_of(coordinator));
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const auto check_ins = static_cast<double>(fleet.tally().counts().check_ins - before);
  COVEY_ASSIGN_OR_RETURN(const ProcessUse at_end, use_of(coordinator));
  const double wall = std::chrono::duration<double>(LoadClock::now() - begin).count();
  const double cpu = at_end.cpu_seconds - at_begin.cpu_seconds;
  if (check_ins == 0) return Error{ErrorCode::kInternal, "no device was answered in a window"};
  return Window{check_ins / wall, 1e6 * cpu / check_ins, cpu / wall};
}

}  // namespace

Result<nlohmann::ordered_json> measure_check_ins(const std::string& coordinator,
                                                 const CheckInSetting& setting) {
  COVEY_ASSIGN_OR_RETURN(const auto federation, LoadFederation::start(coordinator));
  RoundShape shape;
  shape.devices = static_cast<std::uint32_t>(10 * setting.devices);  // never as many
  shape.length = kSmallModel;
  COVEY_RETURN_IF_ERROR(federation->submit(kTask, kPollers, shape));
  Fleet fleet(*federation);
  COVEY_RETURN_IF_ERROR(fleet.add_pollers(setting.devices, kTask));
  fleet.set_eager(true);
  // Each is woken by its own come-back time: until all have been, they are not at it.
  const std::size_t before = fleet.tally().counts().check_ins;
  fleet.tally().wait(std::chrono::seconds(120), [&](const Tally::Counts& counts) {
    return counts.check_ins >= before + 10 * setting.devices;
  });
  std::vector<double> rates;
  std::vector<double> cpu_us;
  std::vector<double> cpu_shares;
  for (std::size_t i = 0; i < setting.windows; ++i) {
    COVEY_ASSIGN_OR_RETURN(const Window window,
                           measure(fleet, federation->coordinator_id(), setting.window_seconds));
    rates.push_back(window.rate);
    cpu_us.push_back(window.cpu_us);
    cpu_shares.push_back(window.cpu_share);
  }
  nlohmann::ordered_json out;
  out["bench"] = "load-check-ins";
  out["devices"] = setting.devices;
  out["windows"] = setting.windows;
  out["check_ins_per_s"] = median(rates);
  out["coordinator_us"] = median(cpu_us);
  out["coordinator_cores"] = median(cpu_shares);
  out["errors"] = fleet.tally().counts().errors;
  return out;
}

}  // namespace covey::bench
