#pragma once

#include <atomic>
#include <memory>

#include "bench/load/device_calls.h"
#include "bench/load/tally.h"
#include "covey/client/participant.h"
#include "support/adding_trainer.h"
#include "support/memory_storage.h"

namespace covey::bench {

// A device of a fleet: lives on its lane once it has begun.
class LoadDevice {
 public:
  explicit LoadDevice(std::unique_ptr<DeviceCalls> calls) : calls_(std::move(calls)) {}
  virtual ~LoadDevice() = default;
  void begin() {  // on the lane, which this thread is not
    calls_->wait(federation::Milliseconds(0), [this] { work(); });
  }
  void stop() { calls_->stop(); }
  bool is_idle() const { return calls_->is_idle(); }

 protected:
  virtual void work() = 0;
  DeviceCalls& calls() { return *calls_; }

 private:
  std::unique_ptr<DeviceCalls> calls_;
};

// Asks for work and is told to come back, again and again: when it was told to, or at once.
class PollingDevice final : public LoadDevice {
 public:
  // `is_eager`, which outlives this: to ask at once.
  PollingDevice(std::unique_ptr<DeviceCalls> calls, std::string task,
                const std::atomic<bool>& is_eager, Lane& lane, Tally& tally);

 private:
  void work() override;
  void told(Result<federation::CheckInReply> reply);

  federation::CheckInRequest request_;
  const std::atomic<bool>& is_eager_;
  Lane& lane_;
  Tally& tally_;
  bool is_connected_ = false;
};

// A whole device: the production participant, with what it keeps in memory, and a trainer that adds
// a constant.
class WorkingDevice final : public LoadDevice {
 public:
  static Result<std::unique_ptr<WorkingDevice>> create(std::unique_ptr<DeviceCalls> calls,
                                                       DeviceIdentity identity,
                                                       const std::string& task,
                                                       const ring::Manifest& manifest, Lane& lane,
                                                       Tally& tally);

 private:
  WorkingDevice(std::unique_ptr<DeviceCalls> calls, DeviceIdentity identity,
                const ring::Manifest& manifest, Tally& tally);

  void work() override { advance(client::participant_event::Begin{}); }
  void advance(client::ParticipantEvent event);
  Status apply(std::vector<client::ParticipantEffect>& effects);
  client::ParticipantEvent train(const client::operation::Train& train);
  // Begins it; its end is the next event.
  void perform(const client::Operation& operation);
  template <typename Event, typename Reply>
  DeviceCalls::Done<Reply> then();

  const DeviceIdentity identity_;
  testing::AddingTrainer trainer_;
  testing::MemoryStorage storage_;
  Tally& tally_;
  std::optional<client::Participant> participant_;
  bool is_connected_ = false;
};

}  // namespace covey::bench
