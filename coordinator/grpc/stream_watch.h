#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace covey::coordinator {

// Ends streams whose reader takes nothing: a call that is added and makes no progress for the idle
// time is cancelled. Has one thread. Thread-safe; must outlive the calls.
class StreamWatch {
 public:
  explicit StreamWatch(std::chrono::milliseconds idle);

  void add(grpc::CallbackServerContext* call);
  void progressed(grpc::CallbackServerContext* call);
  void remove(grpc::CallbackServerContext* call);  // while the call is still there

 private:
  using Clock = std::chrono::steady_clock;
  void run(const std::stop_token& stop);
  void cancel_idle(Clock::time_point now);

  const std::chrono::milliseconds idle_;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::map<grpc::CallbackServerContext*, Clock::time_point> last_progress_;
  std::jthread thread_;  // last, so that it ends first
};

}  // namespace covey::coordinator
