#pragma once

#include <span>
#include <string_view>

#include "coordinator/app/death_point.h"
#include "covey/client/storage.h"
#include "covey/client/transport.h"

namespace covey::testing {

// What a device does that others may see of it: the writes of its storage and the calls of its
// transport, by name: "append", "send". A kill between two of them is the same as one just after
// the first or just before the second.
std::span<const std::string_view> device_operations();

// Hands every call on, and dies where the fuse says.
class DyingStorage final : public client::Storage {
 public:
  // Both must outlive it.
  DyingStorage(client::Storage& storage, coordinator::Fuse& fuse)
      : storage_(storage), fuse_(fuse) {}
  Result<std::optional<SecretBytes>> get(std::string_view key) override {
    return storage_.get(key);
  }
  Status put(std::string_view key, ByteView value) override;
  Status append(std::string_view key, ByteView record) override;
  Result<std::vector<SecretBytes>> records(std::string_view key) override {
    return storage_.records(key);
  }
  Status erase(std::string_view key) override;

 private:
  client::Storage& storage_;
  coordinator::Fuse& fuse_;
};

class DyingTransport final : public client::Transport {
 public:
  // Both must outlive it.
  DyingTransport(client::Transport& transport, coordinator::Fuse& fuse)
      : transport_(transport), fuse_(fuse) {}
  Result<federation::CheckInReply> check_in(const federation::CheckInRequest& request) override;
  Status fetch(const Digest& blob, std::uint64_t offset,
               const std::function<Status(ByteView)>& sink) override;
  Result<federation::JoinReply> join(const federation::RoundId& round) override;
  Result<federation::SendReply> send(const federation::GroupId& group, ByteView message) override;
  Result<federation::ReceiveReply> receive(const federation::ReceiveRequest& request) override;
  Status decline(const federation::RoundId& round, federation::DeclineReason reason) override;
  void cancel() override { transport_.cancel(); }
  void resume() override { transport_.resume(); }

 private:
  client::Transport& transport_;
  coordinator::Fuse& fuse_;
};

}  // namespace covey::testing
