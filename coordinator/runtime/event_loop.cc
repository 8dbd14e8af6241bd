#include "coordinator/runtime/event_loop.h"

#include <future>

namespace covey::coordinator {
namespace {

// A batch: enough to share a commit, few enough to answer soon.
constexpr std::size_t kMostEvents = 512;
constexpr Milliseconds kLongestWait{60'000};

}  // namespace

void EventLoop::start(Settle settle) {
  settle_ = std::move(settle);
  {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
  }
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

void EventLoop::close() {
  {
    const std::lock_guard lock(mutex_);
    is_open_ = false;
  }
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Milliseconds EventLoop::now() {
  return std::chrono::duration_cast<Milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

Status EventLoop::post(const std::string& peer, std::size_t bytes, Event event) {
  const std::lock_guard lock(mutex_);
  if (!is_open_) return Error{ErrorCode::kUnavailable, "the coordinator is stopping"};
  if (!peer.empty()) {
    std::size_t& events = by_peer_[peer];
    if (events >= limits_.events_per_peer || bytes_ + bytes > limits_.bytes) {
      if (events == 0) by_peer_.erase(peer);
      return Error{ErrorCode::kResourceExhausted,
                   "the coordinator has too much to do now; try again a little later"};
    }
    ++events;
  }
  bytes_ += bytes;
  waiting_.push_back({peer, bytes, std::move(event)});
  has_come_.notify_one();
  return {};
}

void EventLoop::call(Event event) {
  std::promise<void> done;
  const Status posted = post("", 0, [&](Milliseconds now) {
    event(now);
    done.set_value();
  });
  if (posted) done.get_future().wait();
}

std::size_t EventLoop::bytes_waiting() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void EventLoop::run(std::stop_token stop) {
  std::optional<Milliseconds> wake = now();
  for (;;) {
    std::deque<Waiting> batch;
    {
      std::unique_lock lock(mutex_);
      const Milliseconds until = wake.value_or(now() + kLongestWait);
      has_come_.wait_for(lock, stop, until - now(), [this] { return !waiting_.empty(); });
      if (waiting_.empty() && stop.stop_requested()) return;
      while (!waiting_.empty() && batch.size() < kMostEvents) {
        Waiting& next = waiting_.front();
        bytes_ -= next.bytes;
        if (!next.peer.empty() && --by_peer_.at(next.peer) == 0) by_peer_.erase(next.peer);
        batch.push_back(std::move(next));
        waiting_.pop_front();
      }
    }
    for (Waiting& each : batch) each.event(now());
    wake = settle_(now());
  }
}

}  // namespace covey::coordinator
