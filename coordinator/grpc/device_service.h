#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>

#include "coordinator/grpc/byte_budget.h"
#include "coordinator/grpc/door.h"
#include "coordinator/grpc/part_digests.h"
#include "coordinator/grpc/stream_watch.h"
#include "covey/coordinator/federation.h"
#include "covey/proto/peer_authenticator.h"
#include "covey/v1/federation.grpc.pb.h"

namespace covey::coordinator {

// DeviceApi on the wire: says who asks, checks and translates what is asked, and answers when the
// federation does. Thread-safe. What it is made with must outlive the server that it is registered
// with.
class DeviceService final : public v1::Federation::CallbackService {
 public:
  // `authenticator`: null when connections are insecure; then a device says its own name.
  // `on_refused`: told why a device was not let in; may be empty. `door`: told who calls.
  DeviceService(DeviceApi& api, Door& door, channel::PeerAuthenticator* authenticator,
                std::function<void(const Error&)> on_refused, StreamWatch& watch,
                ByteBudget& budget)
      : api_(api),
        door_(door),
        authenticator_(authenticator),
        on_refused_(std::move(on_refused)),
        watch_(watch),
        budget_(budget) {}

 private:
  using Call = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* CheckIn(Call* call, const v1::CheckInRequest* request,
                                    v1::CheckInReply* reply) override;
  grpc::ServerWriteReactor<v1::BlobPart>* Fetch(Call* call,
                                                const v1::FetchRequest* request) override;
  grpc::ServerUnaryReactor* Join(Call* call, const v1::JoinRequest* request,
                                 v1::JoinReply* reply) override;
  grpc::ServerUnaryReactor* Send(Call* call, const v1::SendRequest* request,
                                 v1::SendReply* reply) override;
  grpc::ServerWriteReactor<v1::ReceivePart>* Receive(Call* call,
                                                     const v1::ReceiveRequest* request) override;
  grpc::ServerUnaryReactor* Decline(Call* call, const v1::DeclineRequest* request,
                                    v1::DeclineReply* reply) override;

  Result<Peer> identify(const Call& call) const;
  Result<Peer> certified(const Call& call) const;
  // Asks the federation, once it is known who asks and that the request is whole.
  template <typename Request, typename Ask>
  grpc::ServerUnaryReactor* unary(Call* call, Result<Request> request, const Ask& ask);
  template <typename Part, typename Request, typename Ask>
  grpc::ServerWriteReactor<Part>* streamed(Call* call, Result<Request> request, const Ask& ask);

  DeviceApi& api_;
  Door& door_;
  channel::PeerAuthenticator* const authenticator_;
  const std::function<void(const Error&)> on_refused_;
  StreamWatch& watch_;
  ByteBudget& budget_;
  PartDigests part_digests_;
};

}  // namespace covey::coordinator
