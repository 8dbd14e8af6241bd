#include "client/agent/training_thread.h"

namespace covey::client {

TrainingThread::TrainingThread(Trainer& trainer, std::function<void()> done)
    : trainer_(trainer),
      done_(std::move(done)),
      thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

void TrainingThread::begin(const operation::Train& job) {
  const std::lock_guard lock(mutex_);
  cancel_ = std::stop_source();
  result_.reset();
  job_ = job;
  wake_.notify_one();
}

void TrainingThread::cancel() {
  const std::lock_guard lock(mutex_);
  cancel_.request_stop();
}

std::optional<Result<TrainingReport>> TrainingThread::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(result_, std::nullopt);
}

void TrainingThread::run(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (wake_.wait(lock, stop, [&] { return job_.has_value(); })) {
    const operation::Train job = *std::exchange(job_, std::nullopt);
    const std::stop_token cancelled = cancel_.get_token();
    lock.unlock();
    auto result = trainer_.run({*job.plan, job.round, job.seed, cancelled}, *job.model);
    lock.lock();
    result_ = std::move(result);
    lock.unlock();
    done_();
    lock.lock();
  }
}

}  // namespace covey::client
