#include "coordinator/grpc/stream_watch.h"

namespace covey::coordinator {

StreamWatch::StreamWatch(std::chrono::milliseconds idle)
    : idle_(idle), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void StreamWatch::add(grpc::CallbackServerContext* call) {
  const std::lock_guard lock(mutex_);
  last_progress_[call] = Clock::now();
}

void StreamWatch::progressed(grpc::CallbackServerContext* call) {
  const std::lock_guard lock(mutex_);
  if (const auto found = last_progress_.find(call); found != last_progress_.end()) {
    found->second = Clock::now();
  }
}

void StreamWatch::remove(grpc::CallbackServerContext* call) {
  const std::lock_guard lock(mutex_);
  last_progress_.erase(call);
}

void StreamWatch::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    stopped_.wait_for(lock, stop, idle_ / 4, [] { return false; });
    cancel_idle(Clock::now());
  }
}

// With the lock held, so that no call ends meanwhile. gRPC does not call a reactor of ours from
// within TryCancel (its callbacks are not marked as inlineable), so none waits for the lock here.
void StreamWatch::cancel_idle(Clock::time_point now) {
  std::erase_if(last_progress_, [&](const auto& entry) {
    if (now - entry.second < idle_) return false;
    entry.first->TryCancel();
    return true;
  });
}

}  // namespace covey::coordinator
