#include "covey/client/grpc/grpc_transport.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <mutex>

#include "client/grpc/reply_wire.h"
#include "covey/proto/peer_authenticator.h"
#include "covey/proto/status.h"
#include "covey/v1/federation.grpc.pb.h"

namespace covey::client {
namespace {

using federation::Milliseconds;
using reply_wire::from_wire;
using reply_wire::to_wire;
using Stub = v1::Federation::Stub;

std::chrono::system_clock::time_point after(Milliseconds time) {
  return std::chrono::system_clock::now() + time;
}

// For a person, by the code alone: what the coordinator writes beside it is not trusted.
std::string explain(ErrorCode code, const std::string& target) {
  const std::string coordinator = "the coordinator at " + target;
  switch (code) {
    case ErrorCode::kUnavailable:
      return coordinator +
             " cannot be reached, or one side does not accept the other's certificate: check the "
             "address, and that both belong to one federation";
    case ErrorCode::kDeadlineExceeded:
      return coordinator + " made no progress in time";
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
      return coordinator +
             " does not accept this device: its certificate may be revoked, or of another "
             "federation";
    case ErrorCode::kUnimplemented:
      return coordinator + " does not speak this version of the protocol: update the older side";
    case ErrorCode::kResourceExhausted:
      return coordinator + " has no room now, or a message is too large";
    case ErrorCode::kNotFound:
      return coordinator + " does not have what was asked for";
    case ErrorCode::kAborted:
      return coordinator + " ended this call, since a later one took its place";
    default:
      return coordinator + " refused the call";
  }
}

// How long a call waits for a connection, looking so often whether it was cancelled.
constexpr Milliseconds kConnectPatience{10'000};
constexpr Milliseconds kConnectGlance{50};

// A channel to the coordinator, and the call that is under way on it.
struct Connection {
  explicit Connection(GrpcTransportOptions with) : options(std::move(with)) {}

  GrpcTransportOptions options;
  std::shared_ptr<grpc::Channel> channel;  // with the stub
  std::unique_ptr<Stub> stub;
  std::unique_ptr<channel::PeerAuthenticator> authenticator;  // with TLS

  std::mutex mutex;  // what `cancel` touches from another thread
  bool is_cancelled = false;
  grpc::ClientContext* running = nullptr;
  bool running_was_cancelled = false;
};

// One call under way, which `cancel` can reach.
class Call {
 public:
  explicit Call(Connection& connection) : connection_(connection) {
    const std::lock_guard lock(connection_.mutex);
    connection_.running = &context_;
    connection_.running_was_cancelled = connection_.is_cancelled;
    if (!connection_.options.tls) {
      context_.AddMetadata(channel::kInsecureNameKey, connection_.options.insecure_name);
    }
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    const std::lock_guard lock(connection_.mutex);
    connection_.running = nullptr;
  }

  grpc::ClientContext& context() { return context_; }

  Status not_cancelled() const { return result(grpc::Status::OK); }
  // Waits until there is a connection. gRPC works at one only while somebody waits: calls that fail
  // at once because there is none, with pauses between them, would never see it made.
  Status connected() const {
    grpc::Channel& channel = *connection_.channel;
    using std::chrono::steady_clock;
    const auto until = steady_clock::now() + std::min(kConnectPatience, connection_.options.idle);
    COVEY_RETURN_IF_ERROR(not_cancelled());
    while (channel.GetState(true) != GRPC_CHANNEL_READY) {
      channel.WaitForConnected(after(kConnectGlance));
      COVEY_RETURN_IF_ERROR(not_cancelled());
      if (steady_clock::now() > until) {
        return result({grpc::StatusCode::UNAVAILABLE, ""});
      }
    }
    return {};
  }
  // What the call came to. A call that was cancelled has ended so, whatever it got before.
  Status result(const grpc::Status& status) const {
    const std::lock_guard lock(connection_.mutex);
    if (connection_.running_was_cancelled) {
      return Error{ErrorCode::kCancelled, "the call was cancelled"};
    }
    if (status.ok()) return {};
    return explained(status);
  }
  // The answer of a call counts only if it is of a coordinator whose certificate still holds.
  Status answered(const grpc::Status& status) const {
    COVEY_RETURN_IF_ERROR(result(status));
    if (!connection_.authenticator) return {};
    const auto peer = context_.auth_context();
    const auto coordinator = connection_.authenticator->identify_coordinator(*peer);
    if (coordinator) return {};
    return Error{coordinator.error().code,
                 "the coordinator's certificate does not hold: " + coordinator.error().message};
  }

 private:
  Error explained(const grpc::Status& status) const {
    ErrorCode code = channel::from_grpc(status).error().code;
    if (code == ErrorCode::kCancelled) code = ErrorCode::kUnavailable;  // not by us
    return Error{code, explain(code, connection_.options.target)};
  }

  Connection& connection_;
  grpc::ClientContext context_;
};

// Reads a call's messages one by one, waiting for each on this thread for a limited time only.
template <typename Part>
class PartReader {
 public:
  template <typename Request>
  using Method = std::unique_ptr<grpc::ClientAsyncReader<Part>> (Stub::*)(grpc::ClientContext*,
                                                                          const Request&,
                                                                          grpc::CompletionQueue*);
  template <typename Request>
  PartReader(Stub& stub, Method<Request> method, grpc::ClientContext& context,
             const Request& request, Milliseconds patience)
      : context_(context), reader_((stub.*method)(&context, request, &queue_)) {
    reader_->StartCall(this);
    wait(patience);
  }
  PartReader(const PartReader&) = delete;
  PartReader& operator=(const PartReader&) = delete;
  ~PartReader() { queue_.Shutdown(); }  // empty: each operation has been waited for

  // False at the end of the call, for whatever reason.
  bool next(Part& part, Milliseconds patience) {
    reader_->Read(&part, this);
    return wait(patience);
  }
  grpc::Status finish(Milliseconds patience) {
    grpc::Status status;
    reader_->Finish(&status, this);
    wait(patience);
    if (is_late_) return {grpc::StatusCode::DEADLINE_EXCEEDED, ""};
    return status;
  }
  void give_up() {
    context_.TryCancel();
    finish(Milliseconds(0));
  }

 private:
  bool wait(Milliseconds patience) {
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, after(patience)) == grpc::CompletionQueue::TIMEOUT) {
      is_late_ = true;
      context_.TryCancel();
      queue_.Next(&tag, &ok);  // at once, since the call is over
    }
    return ok;
  }

  grpc::ClientContext& context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReader<Part>> reader_;
  bool is_late_ = false;
};

// A call that has one answer, which may be held.
template <typename Request, typename Wire>
Status unary(Connection& connection,
             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Wire*),
             const Request& request, Wire& reply) {
  Call call(connection);
  COVEY_RETURN_IF_ERROR(call.connected());
  call.context().set_deadline(after(connection.options.hold + connection.options.idle));
  return call.answered((connection.stub.get()->*method)(&call.context(), request, &reply));
}

// A call whose answer comes in parts, which `take` gets one by one; the first may be held.
template <typename Part, typename Request, typename Take>
Status streamed(Connection& connection, typename PartReader<Part>::template Method<Request> method,
                const Request& request, const Take& take) {
  const Milliseconds idle = connection.options.idle;
  Call call(connection);
  COVEY_RETURN_IF_ERROR(call.connected());
  PartReader<Part> reader(*connection.stub, method, call.context(), request, idle);
  Part part;
  for (Milliseconds wait = connection.options.hold + idle; reader.next(part, wait); wait = idle) {
    Status taken = call.not_cancelled();
    if (taken.has_value()) taken = take(part);
    if (!taken.has_value()) {
      reader.give_up();
      return taken;
    }
  }
  return call.answered(reader.finish(idle));
}

}  // namespace

struct GrpcTransport::State : Connection {
  using Connection::Connection;
};

Result<std::unique_ptr<GrpcTransport>> GrpcTransport::create(GrpcTransportOptions options) {
  auto state = std::make_unique<State>(std::move(options));
  const GrpcTransportOptions& with = state->options;
  COVEY_ASSIGN_OR_RETURN(
      state->channel, with.tls
                          ? channel::open_tls_channel(with.target, with.coordinator_name, *with.tls)
                          : channel::open_insecure_channel(with.target));
  state->stub = v1::Federation::NewStub(state->channel);
  if (with.tls) {
    COVEY_ASSIGN_OR_RETURN(state->authenticator,
                           channel::PeerAuthenticator::create(with.tls->authorities_pem));
    for (const std::string& list : with.revocation_lists) {
      COVEY_RETURN_IF_ERROR(state->authenticator->set_revocations(list));
    }
  }
  return std::unique_ptr<GrpcTransport>(new GrpcTransport(std::move(state)));
}

GrpcTransport::GrpcTransport(std::unique_ptr<State> state) : state_(std::move(state)) {}
GrpcTransport::~GrpcTransport() = default;

Result<federation::CheckInReply> GrpcTransport::check_in(
    const federation::CheckInRequest& request) {
  v1::CheckInRequest wire;
  to_wire(request, wire);
  v1::CheckInReply reply;
  COVEY_RETURN_IF_ERROR(unary(*state_, &Stub::CheckIn, wire, reply));
  return from_wire(reply, request.task);
}

Status GrpcTransport::fetch(const Digest& blob, std::uint64_t offset,
                            const std::function<Status(ByteView)>& sink) {
  v1::FetchRequest wire;
  wire.set_digest(std::string(text_of(blob)));
  wire.set_offset(offset);
  return streamed<v1::BlobPart>(*state_, &Stub::PrepareAsyncFetch, wire,
                                [&](const v1::BlobPart& part) -> Status {
                                  COVEY_RETURN_IF_ERROR(reply_wire::check_part(part));
                                  return sink(view_of(part.data()));
                                });
}

Result<federation::JoinReply> GrpcTransport::join(const federation::RoundId& round) {
  v1::JoinRequest wire;
  to_wire(round, *wire.mutable_round());
  v1::JoinReply reply;
  COVEY_RETURN_IF_ERROR(unary(*state_, &Stub::Join, wire, reply));
  return from_wire(reply);
}

Result<federation::SendReply> GrpcTransport::send(const federation::GroupId& group,
                                                  ByteView message) {
  if (message.empty() || message.size() > federation::kMaxMessageBytes) {
    return invalid_argument("expected a message of 1 to " +
                            std::to_string(federation::kMaxMessageBytes) + " bytes, found " +
                            std::to_string(message.size()));
  }
  v1::SendRequest wire;
  to_wire(group, *wire.mutable_group());
  wire.set_message(message.data(), message.size());
  v1::SendReply reply;
  COVEY_RETURN_IF_ERROR(unary(*state_, &Stub::Send, wire, reply));
  return from_wire(reply);
}

Result<federation::ReceiveReply> GrpcTransport::receive(const federation::ReceiveRequest& request) {
  v1::ReceiveRequest wire;
  to_wire(request, wire);
  reply_wire::ReceivedReply reply(state_->options.max_message_bytes);
  COVEY_RETURN_IF_ERROR(
      streamed<v1::ReceivePart>(*state_, &Stub::PrepareAsyncReceive, wire,
                                [&](const v1::ReceivePart& part) { return reply.add(part); }));
  return reply.finish();
}

Status GrpcTransport::decline(const federation::RoundId& round, federation::DeclineReason reason) {
  v1::DeclineRequest wire;
  to_wire(round, *wire.mutable_round());
  wire.set_reason(static_cast<std::uint32_t>(reason));
  v1::DeclineReply reply;
  return unary(*state_, &Stub::Decline, wire, reply);
}

void GrpcTransport::cancel() {
  const std::lock_guard lock(state_->mutex);
  state_->is_cancelled = true;
  state_->running_was_cancelled = true;
  if (state_->running != nullptr) state_->running->TryCancel();
}

void GrpcTransport::resume() {
  const std::lock_guard lock(state_->mutex);
  state_->is_cancelled = false;
}

}  // namespace covey::client
