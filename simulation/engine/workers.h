#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <stop_token>
#include <thread>
#include <vector>

#include "simulation/engine/virtual_time.h"

namespace covey::simulation {

// The threads on which virtual devices work. A job is due at a virtual time: those that are due
// first run first, since the round waits for them first. Which thread runs a job, and when, must
// not change what comes of it.
//
// submit, wait and cancel are called from one thread, the round's. Destroying it cancels what has
// not begun and waits for the rest.
class Workers {
 public:
  // `worker`: which thread runs it, below count(); each runs one job at a time.
  using Job = std::function<void(std::size_t worker, std::stop_token stop)>;
  class Ticket;

  explicit Workers(std::size_t count);
  ~Workers();
  Workers(const Workers&) = delete;

  std::size_t count() const { return threads_.size(); }

  Ticket submit(Milliseconds due, Job job);
  void wait(Ticket& ticket);    // until it has run
  void cancel(Ticket& ticket);  // does not begin, or is asked to stop and waited for

  // part(i, worker) for each i below `parts`, and returns when all are done.
  void run_all(std::size_t parts, const std::function<void(std::size_t, std::size_t)>& part);

 private:
  enum class State : std::uint8_t { kWaiting, kRunning, kDone };
  struct Entry {
    Milliseconds due{0};
    std::uint64_t number = 0;  // of submission
    Job job;
    State state = State::kWaiting;
    std::stop_source stop;
  };
  struct IsLater {
    bool operator()(const std::shared_ptr<Entry>& a, const std::shared_ptr<Entry>& b) const {
      return a->due != b->due ? a->due > b->due : a->number > b->number;
    }
  };
  void work(std::size_t worker, std::stop_token stop);

  std::mutex mutex_;
  std::condition_variable_any has_work_;
  std::condition_variable has_ended_;
  // Shared with the tickets.
  std::priority_queue<std::shared_ptr<Entry>, std::vector<std::shared_ptr<Entry>>, IsLater> queue_;
  std::uint64_t submitted_ = 0;
  std::vector<std::jthread> threads_;
};

// A job that was submitted; empty ones stand for none.
class Workers::Ticket {
 public:
  Ticket() = default;
  bool is_empty() const { return entry_ == nullptr; }

 private:
  friend class Workers;
  explicit Ticket(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
  std::shared_ptr<Entry> entry_;
};

}  // namespace covey::simulation
