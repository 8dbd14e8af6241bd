#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/runtime/task_runner.h"
#include "covey/coordinator/federation_host.h"

namespace covey::coordinator {

// All state of the coordinator, and what each call does to it. Lives on the loop's thread; answers
// go through the outbox of `Surroundings`.
class FederationCore {
 public:
  explicit FederationCore(Surroundings& surroundings) : around_(surroundings) {}

  Status load(Milliseconds now);  // every task of the store

  Result<federation::CheckInReply> check_in(const Peer& peer,
                                            const federation::CheckInRequest& request,
                                            Milliseconds now);
  Result<std::shared_ptr<const BlobReader>> open_blob(const Peer& peer, const Digest& digest,
                                                      Milliseconds now);
  void join(const Peer& peer, const federation::RoundId& round, Reply<federation::JoinReply> reply,
            Milliseconds now);
  void send(const Peer& peer, const federation::GroupId& group, Bytes message,
            Reply<federation::SendReply> reply, Milliseconds now);
  void receive(const Peer& peer, federation::ReceiveRequest request,
               Reply<federation::ReceiveReply> reply, Milliseconds now);
  Result<std::monostate> decline(const Peer& peer, const federation::RoundId& round,
                                 federation::DeclineReason reason, Milliseconds now);

  Result<TaskRecord> submit(const std::string& task_file, const Digest& initial_model,
                            Milliseconds now);
  std::vector<TaskRecord> tasks() const;
  Result<TaskRunner*> task(const std::string& name);
  Result<std::vector<RoundRecord>> rounds(const std::string& task, std::uint64_t from,
                                          std::size_t limit);
  Result<RoundDetails> round(const std::string& task, std::uint64_t number);
  Result<std::shared_ptr<const BlobReader>> open_model(const std::string& task,
                                                       std::uint64_t version);
  Result<std::vector<ModelRecord>> prune(const std::string& task, std::size_t keep);
  Result<DeviceRecord> revoke(const std::string& name, const std::string& reason, Milliseconds now);
  void fill(FederationStatus& status) const;

  void drain();  // no new rounds
  bool is_working() const;
  void release_calls();  // lets every held call come back later
  void tick(Milliseconds now);
  std::optional<Milliseconds> next_tick(Milliseconds now) const;
  // The commit: everything that changed, in one transaction.
  Status commit(Milliseconds now);
  void commit_failed(const Error& error);
  void flushed();

 private:
  Result<const DeviceRecord*> device(const Peer& peer);
  // The task of a device's call, and the device; kNotFound otherwise.
  struct Caller {
    TaskRunner* task = nullptr;
    DeviceHandle device = 0;
  };
  Result<Caller> caller(const Peer& peer, const std::string& task);
  Status store_initial(const TaskSpec& spec, const std::string& file, const Digest& model);

  Surroundings& around_;
  std::map<std::string, std::unique_ptr<TaskRunner>> tasks_;
  bool is_draining_ = false;
};

}  // namespace covey::coordinator
