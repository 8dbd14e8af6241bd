#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "covey/coordinator/federation.h"
#include "covey/crypto/digest.h"

// A federation that does what a test says, behind the real server.
namespace covey::testing {

using coordinator::Peer;
using coordinator::Reply;

// A call that is held: the server's thread puts it here, the test takes it when it has come.
template <typename T>
class Parked {
 public:
  void put(Reply<T> reply) {
    const std::lock_guard lock(mutex_);
    reply_ = std::move(reply);
    arrived_.notify_all();
  }
  Reply<T> take() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return reply_.has_value(); });
    return *std::exchange(reply_, std::nullopt);
  }
  std::optional<Reply<T>> take_if_there() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reply_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Reply<T>> reply_;
};

class MemoryBlob final : public coordinator::BlobReader {
 public:
  explicit MemoryBlob(Bytes bytes, std::uint64_t readable_bytes = ~std::uint64_t{0})
      : bytes_(std::move(bytes)), readable_bytes_(readable_bytes) {}
  std::uint64_t size_bytes() const override { return bytes_.size(); }
  Status read(std::uint64_t offset, MutableByteView out) const override {
    if (offset + out.size() > std::min<std::uint64_t>(bytes_.size(), readable_bytes_)) {
      return Error{ErrorCode::kUnavailable, "the disk is away"};
    }
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    return {};
  }

 private:
  Bytes bytes_;
  std::uint64_t readable_bytes_;
};

// Each call goes to the function of its name, which a test sets before it calls.
class FakeDeviceApi final : public coordinator::DeviceApi {
 public:
  std::function<void(const Peer&, federation::CheckInRequest, Reply<federation::CheckInReply>)>
      on_check_in;
  std::function<void(const Peer&, const Digest&,
                     Reply<std::shared_ptr<const coordinator::BlobReader>>)>
      on_open_blob;
  std::function<void(const Peer&, federation::RoundId, Reply<federation::JoinReply>)> on_join;
  std::function<void(const Peer&, federation::GroupId, Bytes, Reply<federation::SendReply>)>
      on_send;
  std::function<void(const Peer&, federation::ReceiveRequest, Reply<federation::ReceiveReply>)>
      on_receive;
  std::function<void(const Peer&, federation::RoundId, federation::DeclineReason,
                     Reply<std::monostate>)>
      on_decline;

  void check_in(const Peer& peer, federation::CheckInRequest request,
                Reply<federation::CheckInReply> reply) override {
    on_check_in(peer, std::move(request), std::move(reply));
  }
  void open_blob(const Peer& peer, const Digest& digest,
                 Reply<std::shared_ptr<const coordinator::BlobReader>> reply) override {
    on_open_blob(peer, digest, std::move(reply));
  }
  void join(const Peer& peer, federation::RoundId round,
            Reply<federation::JoinReply> reply) override {
    on_join(peer, std::move(round), std::move(reply));
  }
  void send(const Peer& peer, federation::GroupId group, Bytes message,
            Reply<federation::SendReply> reply) override {
    on_send(peer, std::move(group), std::move(message), std::move(reply));
  }
  void receive(const Peer& peer, federation::ReceiveRequest request,
               Reply<federation::ReceiveReply> reply) override {
    on_receive(peer, std::move(request), std::move(reply));
  }
  void decline(const Peer& peer, federation::RoundId round, federation::DeclineReason reason,
               Reply<std::monostate> reply) override {
    on_decline(peer, std::move(round), reason, std::move(reply));
  }
};

class MemoryUpload final : public coordinator::BlobWriter {
 public:
  explicit MemoryUpload(std::map<Digest, Bytes>& blobs) : blobs_(blobs) {}
  Status append(ByteView bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return {};
  }
  Result<Digest> finish() override {
    const Digest digest = crypto::sha256(bytes_);
    blobs_[digest] = std::move(bytes_);
    return digest;
  }

 private:
  std::map<Digest, Bytes>& blobs_;
  Bytes bytes_;
};

// Answers every call at once with the records below, and remembers what was asked for.
class FakeAdminApi final : public coordinator::AdminApi {
 public:
  coordinator::FederationStatus federation_status;
  std::vector<coordinator::TaskRecord> task_records;  // the first answers what asks for one
  std::vector<coordinator::RoundRecord> round_records;
  coordinator::RoundDetails round_details;
  std::vector<coordinator::ModelRecord> model_records;
  std::vector<coordinator::DeviceRecord> device_records;
  std::vector<coordinator::LogLine> log_lines;
  std::vector<coordinator::AuditEntry> audit_entries;
  crypto::SigningPublicKey key{};
  Bytes model;
  std::map<Digest, Bytes> blobs;
  std::optional<Error> failure;  // instead of every answer
  std::string asked;             // name and arguments of the last call, with spaces between

  void status(Reply<coordinator::FederationStatus> reply) override {
    answer("status", reply, federation_status);
  }
  void submit_task(std::string task_file, Digest initial_model,
                   Reply<coordinator::TaskRecord> reply) override {
    answer("submit_task " + task_file + " " + to_hex(initial_model), reply, task_records[0]);
  }
  void tasks(Reply<std::vector<coordinator::TaskRecord>> reply) override {
    answer("tasks", reply, task_records);
  }
  void act_on_task(std::string task, coordinator::TaskAction action,
                   Reply<coordinator::TaskRecord> reply) override {
    answer("act_on_task " + task + " " + std::to_string(static_cast<int>(action)), reply,
           task_records[0]);
  }
  void rounds(std::string task, std::uint64_t from, std::size_t limit,
              Reply<std::vector<coordinator::RoundRecord>> reply) override {
    answer("rounds " + task + " " + std::to_string(from) + " " + std::to_string(limit), reply,
           round_records);
  }
  void round(std::string task, std::uint64_t number,
             Reply<coordinator::RoundDetails> reply) override {
    answer("round " + task + " " + std::to_string(number), reply, round_details);
  }
  void models(std::string task, Reply<std::vector<coordinator::ModelRecord>> reply) override {
    answer("models " + task, reply, model_records);
  }
  void set_current_model(std::string task, std::uint64_t version, bool is_rollback,
                         Reply<coordinator::TaskRecord> reply) override {
    answer("set_current_model " + task + " " + std::to_string(version) + " " +
               std::to_string(is_rollback),
           reply, task_records[0]);
  }
  void prune_models(std::string task, std::size_t keep,
                    Reply<std::vector<coordinator::ModelRecord>> reply) override {
    answer("prune_models " + task + " " + std::to_string(keep), reply, model_records);
  }
  void open_model(std::string task, std::uint64_t version,
                  Reply<std::shared_ptr<const coordinator::BlobReader>> reply) override {
    answer("open_model " + task + " " + std::to_string(version), reply,
           std::shared_ptr<const coordinator::BlobReader>(std::make_shared<MemoryBlob>(model)));
  }
  void upload_blob(Reply<std::unique_ptr<coordinator::BlobWriter>> reply) override {
    asked = "upload_blob";
    if (failure) return reply(*failure);
    reply(std::unique_ptr<coordinator::BlobWriter>(std::make_unique<MemoryUpload>(blobs)));
  }
  void devices(Reply<std::vector<coordinator::DeviceRecord>> reply) override {
    answer("devices", reply, device_records);
  }
  void revoke_device(std::string name, std::string reason,
                     Reply<coordinator::DeviceRecord> reply) override {
    answer("revoke_device " + name + " " + reason, reply, device_records[0]);
  }
  void tag_device(std::string name, std::vector<std::string> tags,
                  Reply<coordinator::DeviceRecord> reply) override {
    std::string what = "tag_device " + name;
    for (const std::string& tag : tags) what += " " + tag;
    answer(what, reply, device_records[0]);
  }
  void log(std::uint64_t after, std::size_t limit,
           Reply<std::vector<coordinator::LogLine>> reply) override {
    answer("log " + std::to_string(after) + " " + std::to_string(limit), reply, log_lines);
  }
  void audit(std::uint64_t from, std::size_t limit,
             Reply<std::vector<coordinator::AuditEntry>> reply) override {
    answer("audit " + std::to_string(from) + " " + std::to_string(limit), reply, audit_entries);
  }
  void audit_key(Reply<crypto::SigningPublicKey> reply) override {
    answer("audit_key", reply, key);
  }

 private:
  template <typename T>
  void answer(std::string what, const Reply<T>& reply, const T& value) {
    asked = std::move(what);
    if (failure) return reply(*failure);
    reply(value);
  }
};

}  // namespace covey::testing
