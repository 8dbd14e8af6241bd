#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "covey/base/result.h"
#include "covey/coordinator/round.h"

namespace covey::coordinator {

// One thread that handles events in batches: everything that has come is handled, then `settle`
// makes it durable and answers. So many events share one commit. Thread-safe.
class EventLoop {
 public:
  struct Limits {
    std::size_t bytes = std::size_t{256} << 20;  // of events that wait
    std::size_t events_per_peer = 64;
  };
  using Event = std::function<void(Milliseconds now)>;
  // After each batch, and when its last answer, a point in time, has come.
  using Settle = std::function<std::optional<Milliseconds>(Milliseconds now)>;

  explicit EventLoop(const Limits& limits) : limits_(limits) {}
  ~EventLoop() { close(); }

  void start(Settle settle);  // once; before it, and after `close`, nothing is taken
  // Takes no more events, handles those that have come, and returns when that is done. Again:
  // nothing.
  void close();

  // kUnavailable when it is not open; kResourceExhausted, and the event is dropped, when too much
  // waits. `peer` is empty for events of our own, which are always taken.
  Status post(const std::string& peer, std::size_t bytes, Event event);
  // Runs on the loop's thread; returns when it is done, at once when the loop is not open. Not from
  // the loop's thread.
  void call(Event event);

  std::size_t bytes_waiting() const;
  static Milliseconds now();  // monotonic

 private:
  struct Waiting {
    std::string peer;
    std::size_t bytes = 0;
    Event event;
  };

  void run(std::stop_token stop);

  const Limits limits_;
  Settle settle_;
  mutable std::mutex mutex_;
  std::condition_variable_any has_come_;
  std::deque<Waiting> waiting_;
  std::map<std::string, std::size_t> by_peer_;
  std::size_t bytes_ = 0;
  bool is_open_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace covey::coordinator
