#include "simulation/engine/workers.h"

#include <atomic>

namespace covey::simulation {

Workers::Workers(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    threads_.emplace_back([this, i](std::stop_token stop) { work(i, std::move(stop)); });
  }
}

Workers::~Workers() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();  // joins, before what they use is gone
}

void Workers::work(std::size_t worker, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (has_work_.wait(lock, stop, [this] { return !queue_.empty(); })) {
    if (stop.stop_requested()) return;
    const std::shared_ptr<Entry> entry = queue_.top();
    queue_.pop();
    if (entry->state != State::kWaiting) continue;  // cancelled
    entry->state = State::kRunning;
    const Job job = std::move(entry->job);
    lock.unlock();
    job(worker, entry->stop.get_token());
    lock.lock();
    entry->state = State::kDone;
    has_ended_.notify_all();
  }
}

Workers::Ticket Workers::submit(Milliseconds due, Job job) {
  auto entry = std::make_shared<Entry>();
  entry->due = due;
  entry->job = std::move(job);
  {
    const std::lock_guard lock(mutex_);
    entry->number = submitted_++;
    queue_.push(entry);
  }
  has_work_.notify_one();
  return Ticket(std::move(entry));
}

void Workers::wait(Ticket& ticket) {
  if (ticket.is_empty()) return;
  std::unique_lock lock(mutex_);
  has_ended_.wait(lock, [&] { return ticket.entry_->state == State::kDone; });
  ticket = Ticket();
}

void Workers::cancel(Ticket& ticket) {
  if (ticket.is_empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (ticket.entry_->state == State::kWaiting) {
      ticket.entry_->state = State::kDone;
      ticket.entry_->job = nullptr;  // with what it holds
      ticket = Ticket();
      return;
    }
  }
  ticket.entry_->stop.request_stop();
  wait(ticket);
}

void Workers::run_all(std::size_t parts,
                      const std::function<void(std::size_t, std::size_t)>& part) {
  std::atomic<std::size_t> next{0};
  std::vector<Ticket> tickets;
  for (std::size_t i = 0; i < std::min(parts, count()); ++i) {
    tickets.push_back(submit(Milliseconds::min(), [&](std::size_t worker, std::stop_token) {
      for (std::size_t at = next++; at < parts; at = next++) part(at, worker);
    }));
  }
  for (Ticket& ticket : tickets) wait(ticket);
}

}  // namespace covey::simulation
