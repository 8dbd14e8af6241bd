#include "integration/world/dying_device.h"

#include <array>

namespace covey::testing {
namespace {

enum class Operation : std::size_t {
  kPut,
  kAppend,
  kErase,
  kCheckIn,
  kFetch,
  kJoin,
  kSend,
  kReceive,
  kDecline,
  kCount,
};
constexpr std::array<std::string_view, static_cast<std::size_t>(Operation::kCount)> kNames = {
    "put", "append", "erase", "check-in", "fetch", "join", "send", "receive", "decline"};
static_assert(!kNames.back().empty());  // each has its name

// Does the work between the two instants of the operation.
template <typename Work>
auto between(coordinator::Fuse& fuse, Operation operation, Work work) {
  fuse.before(static_cast<std::size_t>(operation));
  auto result = work();
  if (result) fuse.after(static_cast<std::size_t>(operation));
  return result;
}

}  // namespace

std::span<const std::string_view> device_operations() { return kNames; }

Status DyingStorage::put(std::string_view key, ByteView value) {
  return between(fuse_, Operation::kPut, [&] { return storage_.put(key, value); });
}

Status DyingStorage::append(std::string_view key, ByteView record) {
  return between(fuse_, Operation::kAppend, [&] { return storage_.append(key, record); });
}

Status DyingStorage::erase(std::string_view key) {
  return between(fuse_, Operation::kErase, [&] { return storage_.erase(key); });
}

Result<federation::CheckInReply> DyingTransport::check_in(
    const federation::CheckInRequest& request) {
  return between(fuse_, Operation::kCheckIn, [&] { return transport_.check_in(request); });
}

Status DyingTransport::fetch(const Digest& blob, std::uint64_t offset,
                             const std::function<Status(ByteView)>& sink) {
  return between(fuse_, Operation::kFetch, [&] { return transport_.fetch(blob, offset, sink); });
}

Result<federation::JoinReply> DyingTransport::join(const federation::RoundId& round) {
  return between(fuse_, Operation::kJoin, [&] { return transport_.join(round); });
}

Result<federation::SendReply> DyingTransport::send(const federation::GroupId& group,
                                                   ByteView message) {
  return between(fuse_, Operation::kSend, [&] { return transport_.send(group, message); });
}

Result<federation::ReceiveReply> DyingTransport::receive(
    const federation::ReceiveRequest& request) {
  return between(fuse_, Operation::kReceive, [&] { return transport_.receive(request); });
}

Status DyingTransport::decline(const federation::RoundId& round, federation::DeclineReason reason) {
  return between(fuse_, Operation::kDecline, [&] { return transport_.decline(round, reason); });
}

}  // namespace covey::testing
