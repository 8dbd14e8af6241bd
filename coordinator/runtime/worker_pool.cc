#include "coordinator/runtime/worker_pool.h"

#include <algorithm>

namespace covey::coordinator {

WorkerPool::WorkerPool(std::size_t threads) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    threads_.emplace_back([this](std::stop_token stop) { work(std::move(stop)); });
  }
}

WorkerPool::~WorkerPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void WorkerPool::run(std::size_t parts, std::function<void(std::size_t)> part,
                     std::function<void()> done) {
  if (parts == 0) {
    done();
    return;
  }
  auto job = std::make_shared<Job>();
  job->parts = parts;
  job->part = std::move(part);
  job->done = std::move(done);
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  ready_.notify_all();
}

void WorkerPool::work(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (ready_.wait(lock, stop, [this] { return !jobs_.empty(); }) && !stop.stop_requested()) {
    const std::shared_ptr<Job> job = jobs_.front();
    const std::size_t part = job->next++;
    if (job->next == job->parts) jobs_.pop_front();
    lock.unlock();
    job->part(part);
    lock.lock();
    if (++job->finished < job->parts) continue;
    lock.unlock();
    job->done();
    lock.lock();
  }
}

}  // namespace covey::coordinator
