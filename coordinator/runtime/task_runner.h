#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/runtime/file_merge.h"
#include "coordinator/runtime/group_runner.h"

namespace covey::coordinator {

// One task: its schedule, its running round with the groups of it, its models. Lives on the loop's
// thread; everything that is to be answered or started goes through the outbox, after the commit.
class TaskRunner {
 public:
  // `record` as it is in the store, or new. An open round is taken up where it stood; where that
  // cannot be, it is ended by name. kDataLoss when the task itself cannot be read.
  static Result<std::unique_ptr<TaskRunner>> open(TaskRecord record, Surroundings& surroundings,
                                                  Milliseconds now);
  TaskRunner(const TaskRunner&) = delete;

  const TaskRecord& record() const { return record_; }
  bool selects(const DeviceRecord& device) const;
  bool takes(const DeviceRecord& device) const;  // and there is, or may soon be, work
  bool has_open_round() const { return round_.has_value(); }
  std::size_t held_calls() const;
  Milliseconds come_back() const;  // of devices for which there is no work now
  void release_calls();            // every held call is to come back later
  // The plan or the model of the open round.
  bool offers(const Digest& blob) const;
  // One of the two is gone, or is not what it was: ends the round.
  void blob_lost(const Error& error, Milliseconds now);

  // Work for this device, if there is some now.
  Result<std::optional<federation::Assignment>> check_in(const DeviceRecord& device,
                                                         const federation::CheckInRequest& request,
                                                         Milliseconds now);
  void join(DeviceHandle device, std::uint64_t round, Reply<federation::JoinReply> reply,
            Milliseconds now);
  void send(DeviceHandle device, const Peer& peer, const federation::GroupId& group, Bytes message,
            Reply<federation::SendReply> reply, Milliseconds now);
  void receive(DeviceHandle device, federation::ReceiveRequest request,
               Reply<federation::ReceiveReply> reply, Milliseconds now);
  void decline(DeviceHandle device, std::uint64_t round, federation::DeclineReason reason,
               Milliseconds now);
  void device_revoked(DeviceHandle device, Milliseconds now);

  Result<TaskRecord> act(TaskAction action, Milliseconds now);
  Result<TaskRecord> set_current_model(std::uint64_t version, bool is_rollback, Milliseconds now);
  // All but the newest `keep` and what is in use. `is_used`: by another task.
  Result<std::vector<ModelRecord>> prune(std::size_t keep,
                                         const std::function<bool(const Digest&)>& is_used);
  bool has_blob(const Digest& digest) const;  // as a model that is not pruned
  const std::vector<ModelRecord>& models() const { return models_; }
  const ModelRecord& current_model() const;

  void drain() { is_draining_ = true; }  // no new rounds
  void tick(Milliseconds now);
  std::optional<Milliseconds> next_tick(Milliseconds now) const;

  // In the order of the loop: `persist` puts what has changed, and everything of it again until
  // `committed`; `flushed`, after the outbox, starts the work that is ready. A failed commit ends
  // the open round.
  bool needs_persist() const;
  Status persist(Milliseconds now);
  void committed();
  void commit_failed(const std::string& why);
  void flushed();
  bool is_working() const;  // on the pool

  // What the open round looks like now, for the operator.
  std::optional<RoundRecord> open_round() const;

 private:
  // What the devices of the open round work with.
  struct RoundWork {
    plan::Plan plan;
    std::uint64_t plan_bytes = 0;
    std::uint64_t model_bytes = 0;
    ring::RingShape shape;
    std::uint64_t vector_bytes = 0;  // packed
  };
  // A round that is over, until it is in the store.
  struct EndedRound {
    RoundRecord record;
    std::vector<DeviceHandle> survivors;
    std::vector<DeviceHandle> dropped;
    std::string audit_body;
  };

  TaskRunner(TaskRecord record, TaskSpec spec, Surroundings& surroundings);

  // task_runner_opening.cc
  Status load(Milliseconds now);
  Status resume_round(RoundRecord record, Milliseconds now);
  Status use_plan(plan::Plan plan, std::uint64_t plan_bytes);
  std::optional<Bytes> saved_group(std::uint32_t group);

  // task_runner.cc
  void maybe_start_round(Milliseconds now);
  bool may_start_round(Milliseconds now) const;
  Status start_round(Milliseconds now);
  Status check_room() const;  // on the disk, for what a round leaves
  void forget_absent(Milliseconds now);
  federation::RoundOver over(std::uint64_t round, DeviceHandle device);
  GroupRunner* group_of(DeviceHandle device, std::uint64_t round, std::uint32_t group);
  void stop_running(TaskState state, std::string note);

  // task_runner_rounds.cc
  void apply(RoundEffects effects, Milliseconds now);
  void form_groups(const std::vector<std::vector<DeviceHandle>>& groups, Milliseconds now,
                   bool is_resumed);
  GroupRunner::Options group_options(std::uint32_t group,
                                     const std::vector<DeviceHandle>& members) const;
  void answer_joins();
  void answer_join(DeviceHandle device);  // if the groups are formed
  void collect_ends(Milliseconds now);
  void start_merge(const std::vector<std::uint32_t>& groups);
  void finish_merge(Result<MergedRound> merged, std::vector<std::uint32_t> groups);
  Result<ModelRecord> store_model(const MergedRound& merged, std::uint64_t participants);
  void end_round(RoundState state, std::string outcome);
  void retire_groups();
  void note_end(const RoundRecord& record);
  // For a reason that is not the round's own: it does not count against the task.
  void abort_round(const std::string& reason);
  void fill_counts(RoundRecord& record) const;
  void note(const Status& removed) const;
  bool has_unsaved_groups() const;
  std::string audit_body(const EndedRound& ended) const;

  Surroundings& around_;
  TaskRecord record_;
  TaskSpec spec_;
  ring::Manifest manifest_;
  std::vector<ModelRecord> models_;  // ascending
  std::uint64_t completed_rounds_ = 0;
  std::uint32_t aborted_in_a_row_ = 0;  // by themselves
  bool is_draining_ = false;
  Milliseconds now_{0};
  std::optional<Milliseconds> last_start_;
  std::optional<ErrorCode> waits_for_disk_;  // why no round begins, once it was said

  // Who has asked for work lately.
  std::map<DeviceHandle, Milliseconds> candidates_;
  std::optional<Milliseconds> minimum_since_;
  Milliseconds looked_for_absent_{0};

  bool is_own_fault_ = true;  // of a round that is being aborted
  std::optional<Round> round_;
  std::optional<RoundWork> work_;
  RoundRecord round_record_;
  std::uint64_t bytes_up_before_ = 0;  // a restart
  std::uint64_t bytes_down_before_ = 0;
  std::uint64_t recovered_before_ = 0;
  std::map<std::uint32_t, std::unique_ptr<GroupRunner>> groups_;
  std::vector<std::unique_ptr<GroupRunner>> retired_;  // until nothing of them runs
  HeldCalls<std::uint64_t, federation::JoinReply> joins_;
  std::function<void()> merge_job_;  // to be started after the commit
  bool is_merging_ = false;          // on the pool

  // To be put in the next commit.
  bool is_task_dirty_ = false;
  bool is_round_dirty_ = false;
  std::vector<EndedRound> ended_;
  std::vector<ModelRecord> changed_models_;
  std::vector<Digest> unused_blobs_;                        // to be removed after it
  std::vector<std::pair<std::string, std::string>> audit_;  // kind, body
};

}  // namespace covey::coordinator
