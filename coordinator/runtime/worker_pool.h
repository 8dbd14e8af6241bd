#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace covey::coordinator {

// Runs jobs of many equal parts on a fixed number of threads, jobs in the order in which they came.
// Thread-safe. Destroying it waits for the parts that run, and drops the others without `done`.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads);
  ~WorkerPool();

  // part(0) … part(parts - 1), on any threads at once; then done, on the thread of the last part.
  void run(std::size_t parts, std::function<void(std::size_t)> part, std::function<void()> done);

 private:
  struct Job {
    std::size_t parts = 0;
    std::size_t next = 0;
    std::size_t finished = 0;
    std::function<void(std::size_t)> part;
    std::function<void()> done;
  };

  void work(std::stop_token stop);

  std::mutex mutex_;
  std::condition_variable_any ready_;
  std::deque<std::shared_ptr<Job>> jobs_;  // shared with the threads that run parts of them
  std::vector<std::jthread> threads_;
};

}  // namespace covey::coordinator
