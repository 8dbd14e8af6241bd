#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "covey/client/transport.h"
#include "covey/proto/channel.h"

namespace covey::client {

struct GrpcTransportOptions {
  std::string target;  // "host:port"
  std::optional<channel::TlsIdentity> tls;
  std::string coordinator_name;  // with tls: as certified; an address is never an identity
  // The authorities' lists of revoked certificates, PEM. A coordinator that is on one is left at
  // the first call, which is a check-in, before anything that was learned is sent.
  std::vector<std::string> revocation_lists;
  // Without TLS, which works on loopback only: what the device says its name is.
  std::string insecure_name;

  // The two time settings of the transport. A call that may be held has as long as the coordinator
  // may hold it, and `idle` for the way there and back; where parts come one by one, each has
  // `idle`.
  federation::Milliseconds idle{60'000};
  federation::Milliseconds hold{60'000};
  std::size_t max_message_bytes = std::size_t{64} << 20;  // of a group, on its way to this device
};

// A device's calls over gRPC. Thread rule and errors as Transport says; every answer is checked
// before it is used, and no text of the coordinator's gets into an error. Connects with the first
// call, and again when it must. A call waits on the caller's own thread.
class GrpcTransport final : public Transport {
 public:
  // kInvalidArgument or kUnauthenticated when certificate, key and authorities do not belong
  // together, kInvalidArgument without TLS for a target that is not on loopback. Does not connect.
  static Result<std::unique_ptr<GrpcTransport>> create(GrpcTransportOptions options);
  ~GrpcTransport() override;

  Result<federation::CheckInReply> check_in(const federation::CheckInRequest& request) override;
  Status fetch(const Digest& blob, std::uint64_t offset,
               const std::function<Status(ByteView)>& sink) override;
  Result<federation::JoinReply> join(const federation::RoundId& round) override;
  Result<federation::SendReply> send(const federation::GroupId& group, ByteView message) override;
  Result<federation::ReceiveReply> receive(const federation::ReceiveRequest& request) override;
  Status decline(const federation::RoundId& round, federation::DeclineReason reason) override;

  void cancel() override;
  void resume() override;

 private:
  struct State;
  explicit GrpcTransport(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace covey::client
