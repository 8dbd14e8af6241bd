#pragma once

#include <map>
#include <optional>

#include "covey/aggregation/secagg/coordinator_session.h"
#include "covey/coordinator/cohort.h"

namespace covey::coordinator {

// When the step of a group has waited long enough: no progress for the idle time ends it, and
// however steadily it trickles it ends after a multiple of that, and what a slow link needs for a
// masked vector. Pure; both shells of a CoordinatorSession drive it. Not thread-safe.
class StepClock {
 public:
  // `device_bytes`: of one masked vector, packed.
  StepClock(Milliseconds step_idle, std::uint64_t device_bytes, Milliseconds now);

  // After whatever may have begun another step.
  void look(const secagg::CoordinatorSession& session, Milliseconds now);
  // After a message of this device was given to the session; looks, too.
  void heard(secagg::DeviceHandle device, const secagg::CoordinatorSession& session,
             Milliseconds now);
  // What is due, of a step that waits for devices: at most one of both.
  struct Due {
    std::optional<secagg::DeviceHandle> gone;  // has stopped in the middle of its masked vector
    bool closes_step = false;
  };
  Due tick(const secagg::CoordinatorSession& session, Milliseconds now);
  Milliseconds next_tick() const;

 private:
  Milliseconds step_idle_;
  Milliseconds step_limit_;
  Milliseconds step_since_;
  Milliseconds progress_at_;
  std::uint64_t progress_ = 0;
  secagg::CoordinatorStep last_step_ = secagg::CoordinatorStep::kAdvertise;
  std::map<secagg::DeviceHandle, Milliseconds> chunk_at_;  // when a device last got on
};

}  // namespace covey::coordinator
