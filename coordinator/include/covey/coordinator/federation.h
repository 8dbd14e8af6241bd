#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "covey/aggregation/federation/messages.h"
#include "covey/coordinator/store.h"
#include "covey/crypto/certificate.h"
#include "covey/crypto/signature.h"

namespace covey::coordinator {

// Called once, from a thread of the federation's, when what the call did is durable. Must not block
// and must not call the federation back and wait.
template <typename T>
using Reply = std::function<void(Result<T>)>;

// A device as its certificate says. An address is never an identity.
struct Peer {
  std::string name;
  crypto::SigningPublicKey key{};
};

struct FederationStatus {
  std::string version;
  UnixMs started_at = 0;
  UnixMs now = 0;
  bool is_draining = false;  // stopping: no new rounds
  std::size_t running_tasks = 0;
  std::size_t open_rounds = 0;
  std::size_t devices_known = 0;
  std::size_t devices_recent = 0;  // seen within the last minutes
  std::size_t calls_held = 0;
  std::uint64_t bytes_in_flight = 0;
  std::uint64_t disk_free_bytes = 0;
};

struct LogLine {
  std::uint64_t sequence = 0;
  UnixMs at = 0;
  std::string level;  // "info", "warning", "error"
  std::string text;   // no model values, keys or text of peers
};

// What devices ask. Thread-safe; returns at once. Too much in flight, or a peer with too many
// calls: kResourceExhausted. A later held call of the same device ends the one before it with
// kAborted.
class DeviceApi {
 public:
  virtual ~DeviceApi() = default;
  virtual void check_in(const Peer& peer, federation::CheckInRequest request,
                        Reply<federation::CheckInReply> reply) = 0;
  // kNotFound unless the blob is the plan or the model of an open round.
  virtual void open_blob(
      const Peer& peer, const Digest& digest,
      Reply<std::shared_ptr<const BlobReader>> reply) = 0;  // shared with the calls that read it
  virtual void join(const Peer& peer, federation::RoundId round,
                    Reply<federation::JoinReply> reply) = 0;
  virtual void send(const Peer& peer, federation::GroupId group, Bytes message,
                    Reply<federation::SendReply> reply) = 0;
  virtual void receive(const Peer& peer, federation::ReceiveRequest request,
                       Reply<federation::ReceiveReply> reply) = 0;
  virtual void decline(const Peer& peer, federation::RoundId round,
                       federation::DeclineReason reason, Reply<std::monostate> reply) = 0;
};

struct RoundDetails {
  RoundRecord round;
  std::vector<std::string> survivors;  // names
  std::vector<std::string> dropped;
};

enum class TaskAction : std::uint8_t { kPause = 1, kResume = 2, kStop = 3, kRunRound = 4 };

// What an operator asks. Thread-safe; returns at once.
class AdminApi {
 public:
  virtual ~AdminApi() = default;
  virtual void status(Reply<FederationStatus> reply) = 0;
  virtual void submit_task(std::string task_file, Digest initial_model,
                           Reply<TaskRecord> reply) = 0;  // kAlreadyExists, kInvalidArgument
  virtual void tasks(Reply<std::vector<TaskRecord>> reply) = 0;
  virtual void act_on_task(std::string task, TaskAction action, Reply<TaskRecord> reply) = 0;
  virtual void rounds(std::string task, std::uint64_t from, std::size_t limit,
                      Reply<std::vector<RoundRecord>> reply) = 0;
  virtual void round(std::string task, std::uint64_t number, Reply<RoundDetails> reply) = 0;
  virtual void models(std::string task, Reply<std::vector<ModelRecord>> reply) = 0;
  // The version that the next round starts from, and that new devices get: a later one (promote) or
  // an earlier one (roll back; 0: the parent of the current one). A running round of the task is
  // aborted, since it started from another version.
  virtual void set_current_model(std::string task, std::uint64_t version, bool is_rollback,
                                 Reply<TaskRecord> reply) = 0;
  virtual void prune_models(std::string task, std::size_t keep,
                            Reply<std::vector<ModelRecord>> reply) = 0;  // the pruned ones
  virtual void open_model(
      std::string task, std::uint64_t version,
      Reply<std::shared_ptr<const BlobReader>> reply) = 0;                 // 0: the current one
  virtual void upload_blob(Reply<std::unique_ptr<BlobWriter>> reply) = 0;  // then append, finish
  virtual void devices(Reply<std::vector<DeviceRecord>> reply) = 0;
  virtual void revoke_device(std::string name, std::string reason, Reply<DeviceRecord> reply) = 0;
  virtual void tag_device(std::string name, std::vector<std::string> tags,
                          Reply<DeviceRecord> reply) = 0;
  // Lines after `after`, held a while when there are none.
  virtual void log(std::uint64_t after, std::size_t limit, Reply<std::vector<LogLine>> reply) = 0;
  virtual void audit(std::uint64_t from, std::size_t limit,
                     Reply<std::vector<AuditEntry>> reply) = 0;
  virtual void audit_key(Reply<crypto::SigningPublicKey> reply) = 0;
};

}  // namespace covey::coordinator
