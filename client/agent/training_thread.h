#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "covey/client/participant.h"

namespace covey::client {

// The thread that trains: always the same one, since numerical libraries keep their pools by
// thread. Used by one other thread: begin, then `take` until there is a result. Ends when it is
// destroyed, after the training under way.
class TrainingThread {
 public:
  // `done` is called from the thread whenever a result is there.
  TrainingThread(Trainer& trainer, std::function<void()> done);

  void begin(const operation::Train& job);  // what it points to is the thread's until the result
  void cancel();                            // the training ends at its next step
  std::optional<Result<TrainingReport>> take();

 private:
  void run(std::stop_token stop);

  Trainer& trainer_;
  const std::function<void()> done_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<operation::Train> job_;
  std::stop_source cancel_;
  std::optional<Result<TrainingReport>> result_;
  std::jthread thread_;  // last: it uses what is above
};

}  // namespace covey::client
