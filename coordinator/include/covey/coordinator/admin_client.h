#pragma once

#include <memory>
#include <string>
#include <vector>

#include "covey/coordinator/federation.h"

namespace covey::coordinator {

// An operator's side of AdminApi, over the daemon's local socket: every call blocks until it is
// answered. Its own function for each of AdminApi's, with the same meaning. kUnavailable, saying
// what to do, when no daemon listens there. Not thread-safe.
class AdminClient {
 public:
  virtual ~AdminClient() = default;
  virtual Result<FederationStatus> status() = 0;
  virtual Result<TaskRecord> submit_task(const std::string& task_file,
                                         const Digest& initial_model) = 0;
  virtual Result<std::vector<TaskRecord>> tasks() = 0;
  virtual Result<TaskRecord> act_on_task(const std::string& task, TaskAction action) = 0;
  virtual Result<std::vector<RoundRecord>> rounds(const std::string& task, std::uint64_t from,
                                                  std::size_t limit) = 0;
  virtual Result<RoundDetails> round(const std::string& task, std::uint64_t number) = 0;
  virtual Result<std::vector<ModelRecord>> models(const std::string& task) = 0;
  virtual Result<TaskRecord> set_current_model(const std::string& task, std::uint64_t version,
                                               bool is_rollback) = 0;
  virtual Result<std::vector<ModelRecord>> prune_models(const std::string& task,
                                                        std::size_t keep) = 0;
  // In parts, in order; `size_bytes` is the whole file's. An error of `sink` ends the call with it.
  using Sink = std::function<Status(ByteView part, std::uint64_t size_bytes)>;
  virtual Status download_model(const std::string& task, std::uint64_t version,
                                const Sink& sink) = 0;
  // `next` gives the next part, at most 1 MiB; empty at the end.
  using Source = std::function<Result<Bytes>()>;
  virtual Result<Digest> upload_blob(const Source& next) = 0;
  virtual Result<std::vector<DeviceRecord>> devices() = 0;
  virtual Result<DeviceRecord> revoke_device(const std::string& name,
                                             const std::string& reason) = 0;
  virtual Result<DeviceRecord> tag_device(const std::string& name,
                                          const std::vector<std::string>& tags) = 0;
  virtual Result<std::vector<LogLine>> log(std::uint64_t after, std::size_t limit) = 0;
  virtual Result<std::vector<AuditEntry>> audit(std::uint64_t from, std::size_t limit) = 0;
  virtual Result<crypto::SigningPublicKey> audit_key() = 0;
};

// `socket`: the path of the daemon's admin socket.
Result<std::unique_ptr<AdminClient>> connect_admin(const std::string& socket);

}  // namespace covey::coordinator
