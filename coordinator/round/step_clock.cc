#include "covey/coordinator/step_clock.h"

#include <algorithm>

namespace covey::coordinator {
namespace {

constexpr int kMostIdleTimes = 10;
constexpr std::uint64_t kSlowestBytesPerSecond = 16 * 1024;

}  // namespace

StepClock::StepClock(Milliseconds step_idle, std::uint64_t device_bytes, Milliseconds now)
    : step_idle_(step_idle),
      step_limit_(step_idle * kMostIdleTimes +
                  Milliseconds(device_bytes * 1000 / kSlowestBytesPerSecond)),
      step_since_(now),
      progress_at_(now) {}

void StepClock::look(const secagg::CoordinatorSession& session, Milliseconds now) {
  if (session.step() == last_step_) return;
  last_step_ = session.step();
  step_since_ = progress_at_ = now;
}

void StepClock::heard(secagg::DeviceHandle device, const secagg::CoordinatorSession& session,
                      Milliseconds now) {
  if (session.progress() != progress_) progress_at_ = chunk_at_[device] = now;
  progress_ = session.progress();
  look(session, now);
}

StepClock::Due StepClock::tick(const secagg::CoordinatorSession& session, Milliseconds now) {
  look(session, now);
  for (const secagg::DeviceHandle device : session.uploading()) {
    if (now - chunk_at_[device] < step_idle_) continue;
    progress_at_ = now;  // room is made, or the step ends: the others have time again
    return {device, false};
  }
  if (now - progress_at_ < step_idle_ && now - step_since_ < step_limit_) return {};
  progress_at_ = step_since_ = now;
  return {std::nullopt, true};
}

Milliseconds StepClock::next_tick() const {
  return std::min(progress_at_ + step_idle_, step_since_ + step_limit_);
}

}  // namespace covey::coordinator
