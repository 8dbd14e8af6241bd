#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/runtime/audit_trail.h"
#include "coordinator/runtime/bound_verifier.h"
#include "coordinator/runtime/device_directory.h"
#include "coordinator/runtime/event_log.h"
#include "coordinator/runtime/held_calls.h"
#include "coordinator/runtime/outbox.h"
#include "covey/aggregation/secagg/coordinator_session.h"
#include "covey/coordinator/round.h"
#include "covey/coordinator/step_clock.h"

namespace covey::coordinator {

// What the runners share with the loop that drives them. All of it outlives them.
struct Surroundings {
  Outbox& outbox;
  EventLog& log;
  Store& store;
  DeviceDirectory& devices;
  AuditTrail& audit;
  secagg::IdentityVerifier& certificates;
  // Runs `part` for 0 … parts-1 on the pool, then `done` on the loop's thread.
  std::function<void(std::size_t parts, std::function<void(std::size_t)> part,
                     std::function<void()> done)>
      run_on_pool;
  std::function<UnixMs()> unix_now;
  std::uint64_t epoch = 0;    // of this process
  Milliseconds hold{10'000};  // how long calls are held
};

// One secure aggregation with its callers: a CoordinatorSession, the calls that wait for it, its
// time-outs and its work on the pool. Lives on the loop's thread.
class GroupRunner {
 public:
  struct Options {
    secagg::CoordinatorOptions session;  // `verifier` is set by the runner
    std::vector<DeviceHandle> members;
    Milliseconds step_idle{0};
    std::uint64_t device_bytes = 0;  // of one masked vector, packed
  };

  // `saved`: of this group, from before a restart.
  static Result<std::unique_ptr<GroupRunner>> open(Options options,
                                                   const std::optional<Bytes>& saved,
                                                   Surroundings& surroundings, Milliseconds now);
  GroupRunner(const GroupRunner&) = delete;

  void send(DeviceHandle device, const Peer& peer, Bytes message,
            Reply<federation::SendReply> reply, Milliseconds now);
  void receive(DeviceHandle device, federation::ReceiveRequest request,
               Reply<federation::ReceiveReply> reply, Milliseconds now);
  void device_gone(DeviceHandle device);
  void tick(Milliseconds now);
  std::optional<Milliseconds> next_tick() const;
  void stop();           // aborts, if it still runs
  void release_calls();  // every held call is to come back later, or is answered after a save

  bool needs_save() const { return needs_save_; }
  // What it returns is made durable in the commit that follows: the acknowledgements that wait for
  // it go into the outbox.
  Bytes save();
  // After the commit: starts the work that is ready.
  void start_work();

  // Once, when it has ended and nothing of it runs.
  std::optional<GroupEnd> take_end();
  // Completed only: tells the survivors which model came of it.
  void publish(const Digest& model);
  // Answers every held call: the round is over.
  void close(const std::function<federation::RoundOver(DeviceHandle)>& over);

  const secagg::CoordinatorSession& session() const { return session_; }
  bool is_working() const { return is_working_; }
  bool is_member(DeviceHandle device) const { return members_.contains(device); }
  const std::set<DeviceHandle>& members() const { return members_; }
  std::uint64_t bytes_up() const { return bytes_up_; }
  std::uint64_t bytes_down() const { return bytes_down_; }
  std::size_t recovered() const { return recovered_; }
  std::size_t held() const { return receives_.size() + acknowledgements_.size(); }

 private:
  GroupRunner(Options options, std::unique_ptr<BoundVerifier> verifier,
              secagg::CoordinatorSession session, Surroundings& surroundings, Milliseconds now);

  // The session may not be touched while its parts run.
  bool is_touchable() const { return !is_working_; }
  bool is_done() const { return session_.step() >= secagg::CoordinatorStep::kCompleted; }
  bool has_answer(DeviceHandle device);
  bool apply(secagg::CoordinatorEffects effects, secagg::CoordinatorStep before,
             DeviceHandle sender);  // whether the sender is to slow down
  void note_drop(const secagg::coordinator_effect::Drop& drop, secagg::CoordinatorStep before);
  void answer(DeviceHandle device);
  void acknowledge(Reply<federation::SendReply> reply, bool is_busy);
  void work_finished();

  Surroundings& around_;
  std::unique_ptr<BoundVerifier> verifier_;  // the session points to it
  secagg::CoordinatorSession session_;
  std::string title_;
  std::set<DeviceHandle> members_;
  StepClock clock_;
  HeldCalls<federation::ReceiveRequest, federation::ReceiveReply> receives_;

  std::map<DeviceHandle, Digest> told_;  // the current message, where it was seen
  // Devices whose masked vectors are in the sum, but not yet in a save of it, and the answers that
  // wait for that: one a device.
  struct Acknowledgement {
    Reply<federation::SendReply> reply;
    bool is_busy = false;
  };
  std::set<DeviceHandle> unsaved_;
  std::map<DeviceHandle, Acknowledgement> acknowledgements_;
  Milliseconds save_at_{0};  // with anything in unsaved_
  std::set<DeviceHandle> dropped_;

  bool needs_save_ = false;
  bool is_work_ready_ = false;
  bool is_working_ = false;
  bool is_stopped_ = false;
  bool is_end_taken_ = false;
  bool is_published_ = false;
  std::uint64_t bytes_up_ = 0;
  std::uint64_t bytes_down_ = 0;
  std::size_t recovered_ = 0;
};

}  // namespace covey::coordinator
