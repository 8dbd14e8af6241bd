#include "coordinator/grpc/device_service.h"

#include <algorithm>

#include "coordinator/grpc/blob_parts.h"
#include "coordinator/grpc/device_wire.h"
#include "coordinator/grpc/part_stream.h"
#include "covey/proto/channel.h"

namespace covey::coordinator {
namespace {

using device_wire::to_wire;

constexpr std::size_t kMaxNameBytes = 64;  // as in a certificate

Error no_room() {
  return {ErrorCode::kResourceExhausted, "too many bytes are under way: try again later"};
}

// Whoever comes without a good certificate is not told what is wrong with it.
Error not_accepted() {
  return {ErrorCode::kUnauthenticated, "this certificate is not accepted here"};
}

// Of an insecure connection.
Result<Peer> peer_as_it_says(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  const auto [first, last] = metadata.equal_range(channel::kInsecureNameKey);
  if (first == last || std::next(first) != last) {
    return Error{ErrorCode::kUnauthenticated, "expected the name of a device beside the call"};
  }
  const grpc::string_ref name = first->second;
  const bool is_printable = std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
  if (name.empty() || name.size() > kMaxNameBytes || !is_printable) {
    return Error{ErrorCode::kUnauthenticated,
                 "expected a device's name of 1 to 64 printable ASCII characters"};
  }
  return Peer{.name = std::string(name.data(), name.size()), .key = {}};
}

void to_wire(const std::monostate&, v1::DeclineReply&) {}

// The federation's answer ends the call, whether the caller is still there or not.
template <typename T, typename Wire>
Reply<T> answer(grpc::ServerUnaryReactor* reactor, Wire* out) {
  return [reactor, out](const Result<T>& result) {
    if (!result.has_value()) return reactor->Finish(channel::to_grpc(result.error()));
    to_wire(*result, *out);
    reactor->Finish(grpc::Status::OK);
  };
}

PartStream<v1::BlobPart>::Next blob_parts(const Digest& blob, BlobParts parts,
                                          PartDigests& digests) {
  return [blob, parts = std::move(parts), &digests](v1::BlobPart& out) mutable -> Result<bool> {
    const std::uint64_t offset = parts.offset();
    COVEY_ASSIGN_OR_RETURN(const bool has_more, parts.next(*out.mutable_data()));
    if (!has_more) return false;
    out.set_digest(std::string(text_of(digests.of(blob, offset, view_of(out.data())))));
    return true;
  };
}

PartStream<v1::ReceivePart>::Next message_parts(federation::GroupMessage message) {
  return [message = std::move(message),
          offset = std::size_t{0}](v1::ReceivePart& out) mutable -> Result<bool> {
    const ByteView rest = ByteView(message.message).subspan(offset);
    if (rest.empty()) return false;
    const ByteView data = rest.first(std::min(rest.size(), kSentPartBytes));
    offset += data.size();
    out.mutable_part()->set_epoch(message.epoch);
    out.mutable_part()->set_size_bytes(message.message.size());
    out.mutable_part()->set_data(data.data(), data.size());
    return true;
  };
}

// One message, and the end.
PartStream<v1::ReceivePart>::Next only(v1::ReceivePart part) {
  return [part = std::move(part), is_given = false](v1::ReceivePart& out) mutable -> Result<bool> {
    if (std::exchange(is_given, true)) return false;
    out = part;
    return true;
  };
}

void give(PartStream<v1::ReceivePart>& stream, const std::string& peer,
          federation::ReceiveReply reply, ByteBudget& budget) {
  if (auto* const message = std::get_if<federation::GroupMessage>(&reply)) {
    ByteBudget::SharedHold hold = budget.take(peer, message->message.size());
    if (hold == nullptr) return stream.refuse(no_room());
    return stream.start(message_parts(std::move(*message)), std::move(hold));
  }
  v1::ReceivePart part;
  if (const auto* const come_back = std::get_if<federation::ComeBack>(&reply)) {
    device_wire::to_wire(*come_back, *part.mutable_come_back());
  } else {
    device_wire::to_wire(std::get<federation::RoundOver>(reply), *part.mutable_round_over());
  }
  stream.start(only(std::move(part)));
}

}  // namespace

Result<Peer> DeviceService::identify(const Call& call) const {
  Result<Peer> peer =
      authenticator_ == nullptr ? peer_as_it_says(call.client_metadata()) : certified(call);
  if (peer.has_value()) door_.called(call.peer(), peer->name);
  return peer;
}

Result<Peer> DeviceService::certified(const Call& call) const {
  Result<crypto::CertifiedIdentity> identity = authenticator_->identify(*call.auth_context());
  if (!identity.has_value()) {
    if (on_refused_) on_refused_(identity.error());
    return not_accepted();
  }
  return Peer{.name = std::move(identity->name), .key = identity->key};
}

template <typename Request, typename Ask>
grpc::ServerUnaryReactor* DeviceService::unary(Call* call, Result<Request> request,
                                               const Ask& ask) {
  grpc::ServerUnaryReactor* const reactor = call->DefaultReactor();
  const Result<Peer> peer = identify(*call);
  if (!peer.has_value()) {
    reactor->Finish(channel::to_grpc(peer.error()));
  } else if (!request.has_value()) {
    reactor->Finish(channel::to_grpc(request.error()));
  } else {
    ask(*peer, std::move(*request), reactor);
  }
  return reactor;
}

template <typename Part, typename Request, typename Ask>
grpc::ServerWriteReactor<Part>* DeviceService::streamed(Call* call, Result<Request> request,
                                                        const Ask& ask) {
  auto* const stream = new PartStream<Part>(call, &channel::to_grpc,
                                            &watch_);  // deletes itself when the call is done
  const Result<Peer> peer = identify(*call);
  if (!peer.has_value()) {
    stream->refuse(peer.error());
  } else if (!request.has_value()) {
    stream->refuse(request.error());
  } else {
    ask(*peer, std::move(*request), stream);
  }
  return stream;
}

grpc::ServerUnaryReactor* DeviceService::CheckIn(Call* call, const v1::CheckInRequest* request,
                                                 v1::CheckInReply* reply) {
  return unary(call, device_wire::from_wire(*request), [&](const Peer& peer, auto what, auto* to) {
    api_.check_in(peer, std::move(what), answer<federation::CheckInReply>(to, reply));
  });
}

grpc::ServerWriteReactor<v1::BlobPart>* DeviceService::Fetch(Call* call,
                                                             const v1::FetchRequest* request) {
  return streamed<v1::BlobPart>(
      call, device_wire::blob_from(*request),
      [&](const Peer& peer, const Digest& blob, auto* stream) {
        ByteBudget::SharedHold hold = budget_.take(peer.name, kSentPartBytes);
        if (hold == nullptr) return stream->refuse(no_room());
        api_.open_blob(peer, blob,
                       [stream, hold, blob, offset = request->offset(), &digests = part_digests_](
                           Result<std::shared_ptr<const BlobReader>> opened) {
                         if (!opened.has_value()) return stream->refuse(opened.error());
                         Result<BlobParts> parts = BlobParts::create(std::move(*opened), offset);
                         if (!parts.has_value()) return stream->refuse(parts.error());
                         stream->start(blob_parts(blob, std::move(*parts), digests), hold);
                       });
      });
}

grpc::ServerUnaryReactor* DeviceService::Join(Call* call, const v1::JoinRequest* request,
                                              v1::JoinReply* reply) {
  return unary(call, device_wire::from_wire(request->round()),
               [&](const Peer& peer, auto round, auto* to) {
                 api_.join(peer, std::move(round), answer<federation::JoinReply>(to, reply));
               });
}

grpc::ServerUnaryReactor* DeviceService::Send(Call* call, const v1::SendRequest* request,
                                              v1::SendReply* reply) {
  return unary(call, device_wire::from_wire(request->group()),
               [&](const Peer& peer, federation::GroupId group, auto* to) {
                 const ByteBudget::SharedHold hold =
                     budget_.take(peer.name, request->message().size());
                 if (hold == nullptr) return to->Finish(channel::to_grpc(no_room()));
                 Result<Bytes> message = device_wire::message_from(*request);
                 if (!message.has_value()) return to->Finish(channel::to_grpc(message.error()));
                 api_.send(peer, std::move(group), std::move(*message),
                           [hold, done = answer<federation::SendReply>(to, reply)](
                               Result<federation::SendReply> result) { done(std::move(result)); });
               });
}

grpc::ServerWriteReactor<v1::ReceivePart>* DeviceService::Receive(
    Call* call, const v1::ReceiveRequest* request) {
  return streamed<v1::ReceivePart>(
      call, device_wire::from_wire(*request), [&](const Peer& peer, auto what, auto* stream) {
        api_.receive(
            peer, std::move(what),
            [stream, name = peer.name, &budget = budget_](Result<federation::ReceiveReply> reply) {
              if (!reply.has_value()) return stream->refuse(reply.error());
              give(*stream, name, std::move(*reply), budget);
            });
      });
}

grpc::ServerUnaryReactor* DeviceService::Decline(Call* call, const v1::DeclineRequest* request,
                                                 v1::DeclineReply* reply) {
  return unary(call, device_wire::from_wire(request->round()),
               [&](const Peer& peer, auto round, auto* to) {
                 const auto reason = device_wire::reason_from(*request);
                 if (!reason.has_value()) return to->Finish(channel::to_grpc(reason.error()));
                 api_.decline(peer, std::move(round), *reason, answer<std::monostate>(to, reply));
               });
}

}  // namespace covey::coordinator
