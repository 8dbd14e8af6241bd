#include "bench/load/device_calls.h"

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include "client/grpc/reply_wire.h"
#include "covey/proto/channel.h"
#include "covey/proto/status.h"
#include "covey/v1/federation.grpc.pb.h"

namespace covey::bench {

using client::reply_wire::from_wire;
using client::reply_wire::to_wire;

namespace {

using Stub = v1::Federation::Stub;

constexpr std::size_t kMostMessageBytes = std::size_t{64} << 20;

// What a device waits for.
class Pending : public Completion {
 public:
  virtual void start() = 0;
  virtual void cancel() = 0;
};

// A device's channel, and what is under way on it.
struct Connection {
  explicit Connection(Lane& lane) : queue(lane.queue()) {}

  void begin(std::unique_ptr<Pending> next) {
    const std::lock_guard lock(mutex);
    if (is_stopped) return;
    pending = std::move(next);
    pending->start();
  }
  // Ends what is under way; then `tell`, which may begin something else.
  template <typename Tell>
  void finish(const Tell& tell) {
    std::unique_ptr<Pending> ended;  // calls this, so it stays until the end
    {
      const std::lock_guard lock(mutex);
      ended = std::move(pending);
      if (is_stopped) return;
    }
    tell();
  }

  grpc::CompletionQueue& queue;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<Stub> stub;

  std::mutex mutex;  // what `stop` touches from another thread
  bool is_stopped = false;
  std::unique_ptr<Pending> pending;
};

class Pause final : public Pending {
 public:
  Pause(Connection& connection, federation::Milliseconds pause, std::function<void()> done)
      : connection_(connection), pause_(pause), done_(std::move(done)) {}
  void start() override {
    alarm_.Set(&connection_.queue, std::chrono::system_clock::now() + pause_, this);
  }
  void cancel() override { alarm_.Cancel(); }
  void completed(bool) override { connection_.finish(done_); }

 private:
  Connection& connection_;
  const federation::Milliseconds pause_;
  const std::function<void()> done_;
  grpc::Alarm alarm_;
};

// A call that has one answer.
template <typename Request, typename Wire>
class UnaryCall final : public Pending {
 public:
  using Method = std::unique_ptr<grpc::ClientAsyncResponseReader<Wire>> (Stub::*)(
      grpc::ClientContext*, const Request&, grpc::CompletionQueue*);
  using Done = std::function<void(const Status&, const Wire&)>;

  UnaryCall(Connection& connection, Method method, Request request, Done done)
      : connection_(connection),
        method_(method),
        request_(std::move(request)),
        done_(std::move(done)) {}
  void start() override {
    context_.set_wait_for_ready(true);
    reader_ = (connection_.stub.get()->*method_)(&context_, request_, &connection_.queue);
    reader_->Finish(&reply_, &status_, this);
  }
  void cancel() override { context_.TryCancel(); }
  void completed(bool) override {
    connection_.finish([&] { done_(channel::from_grpc(status_), reply_); });
  }

 private:
  Connection& connection_;
  const Method method_;
  const Request request_;
  const Done done_;
  grpc::ClientContext context_;
  Wire reply_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Wire>> reader_;
};

// A call whose answer comes in parts.
template <typename Request, typename Part>
class StreamedCall final : public Pending {
 public:
  using Method = std::unique_ptr<grpc::ClientAsyncReader<Part>> (Stub::*)(grpc::ClientContext*,
                                                                          const Request&,
                                                                          grpc::CompletionQueue*);
  using Take = std::function<Status(const Part&)>;
  using Done = std::function<void(const Status&)>;

  StreamedCall(Connection& connection, Method method, Request request, Take take, Done done)
      : connection_(connection),
        method_(method),
        request_(std::move(request)),
        take_(std::move(take)),
        done_(std::move(done)) {}
  void start() override {
    context_.set_wait_for_ready(true);
    reader_ = (connection_.stub.get()->*method_)(&context_, request_, &connection_.queue);
    reader_->StartCall(this);
  }
  void cancel() override { context_.TryCancel(); }
  void completed(bool ok) override {
    if (is_finishing_) {
      const Status ended = taken_ ? channel::from_grpc(status_) : taken_;
      return connection_.finish([&] { done_(ended); });
    }
    if (ok && has_started_ && taken_) taken_ = take_(part_);
    has_started_ = true;
    if (ok && taken_) return reader_->Read(&part_, this);
    if (!taken_) context_.TryCancel();
    is_finishing_ = true;
    reader_->Finish(&status_, this);
  }

 private:
  Connection& connection_;
  const Method method_;
  const Request request_;
  const Take take_;
  const Done done_;
  grpc::ClientContext context_;
  Part part_;
  Status taken_;
  grpc::Status status_;
  bool has_started_ = false;
  bool is_finishing_ = false;
  std::unique_ptr<grpc::ClientAsyncReader<Part>> reader_;
};

template <typename Request, typename Wire>
void unary(Connection& connection, typename UnaryCall<Request, Wire>::Method method,
           Request request, typename UnaryCall<Request, Wire>::Done done) {
  connection.begin(std::make_unique<UnaryCall<Request, Wire>>(connection, method,
                                                              std::move(request), std::move(done)));
}

// The answer as `read` understands it, or the call's error.
template <typename T, typename Wire, typename Read>
auto answer(DeviceCalls::Done<T> done, Read read) {
  return [done = std::move(done), read](const Status& status, const Wire& wire) {
    done(status ? Result<T>(read(wire)) : Result<T>(status.error()));
  };
}

}  // namespace

struct DeviceCalls::State : Connection {
  using Connection::Connection;
};

Result<std::unique_ptr<DeviceCalls>> DeviceCalls::create(const LoadFederation& federation,
                                                         const DeviceIdentity& identity,
                                                         Lane& lane) {
  auto state = std::make_unique<State>(lane);
  COVEY_ASSIGN_OR_RETURN(
      state->channel,
      channel::open_tls_channel(federation.address(), federation.coordinator_name(), identity.tls));
  state->stub = v1::Federation::NewStub(state->channel);
  return std::unique_ptr<DeviceCalls>(new DeviceCalls(std::move(state)));
}

DeviceCalls::DeviceCalls(std::unique_ptr<State> state) : state_(std::move(state)) {}
DeviceCalls::~DeviceCalls() = default;

void DeviceCalls::check_in(const federation::CheckInRequest& request,
                           Done<federation::CheckInReply> done) {
  v1::CheckInRequest wire;
  to_wire(request, wire);
  unary<v1::CheckInRequest, v1::CheckInReply>(
      *state_, &Stub::AsyncCheckIn, std::move(wire),
      answer<federation::CheckInReply, v1::CheckInReply>(
          std::move(done),
          [task = request.task](const auto& reply) { return from_wire(reply, task); }));
}

void DeviceCalls::fetch(const federation::BlobId& blob, Done<Bytes> done) {
  v1::FetchRequest wire;
  wire.set_digest(std::string(text_of(blob.digest)));
  auto bytes = std::make_shared<Bytes>();  // of both functions, of which one ends before the other
  state_->begin(std::make_unique<StreamedCall<v1::FetchRequest, v1::BlobPart>>(
      *state_, &Stub::PrepareAsyncFetch, std::move(wire),
      [bytes](const v1::BlobPart& part) -> Status {
        COVEY_RETURN_IF_ERROR(client::reply_wire::check_part(part));
        const ByteView data = view_of(part.data());
        bytes->insert(bytes->end(), data.begin(), data.end());
        return {};
      },
      [bytes, done = std::move(done)](const Status& status) {
        done(status ? Result<Bytes>(std::move(*bytes)) : Result<Bytes>(status.error()));
      }));
}

void DeviceCalls::join(const federation::RoundId& round, Done<federation::JoinReply> done) {
  v1::JoinRequest wire;
  to_wire(round, *wire.mutable_round());
  unary<v1::JoinRequest, v1::JoinReply>(
      *state_, &Stub::AsyncJoin, std::move(wire),
      answer<federation::JoinReply, v1::JoinReply>(
          std::move(done), [](const auto& reply) { return from_wire(reply); }));
}

void DeviceCalls::send(const federation::GroupId& group, ByteView message,
                       Done<federation::SendReply> done) {
  v1::SendRequest wire;
  to_wire(group, *wire.mutable_group());
  wire.set_message(message.data(), message.size());
  unary<v1::SendRequest, v1::SendReply>(
      *state_, &Stub::AsyncSend, std::move(wire),
      answer<federation::SendReply, v1::SendReply>(
          std::move(done), [](const auto& reply) { return from_wire(reply); }));
}

void DeviceCalls::receive(const federation::ReceiveRequest& request,
                          Done<federation::ReceiveReply> done) {
  v1::ReceiveRequest wire;
  to_wire(request, wire);
  auto reply = std::make_shared<client::reply_wire::ReceivedReply>(kMostMessageBytes);  // of both
  state_->begin(std::make_unique<StreamedCall<v1::ReceiveRequest, v1::ReceivePart>>(
      *state_, &Stub::PrepareAsyncReceive, std::move(wire),
      [reply](const v1::ReceivePart& part) { return reply->add(part); },
      [reply, done = std::move(done)](const Status& status) {
        if (!status) return done(status.error());
        done(reply->finish());
      }));
}

void DeviceCalls::decline(const federation::RoundId& round, federation::DeclineReason reason,
                          Done<std::monostate> done) {
  v1::DeclineRequest wire;
  to_wire(round, *wire.mutable_round());
  wire.set_reason(static_cast<std::uint32_t>(reason));
  unary<v1::DeclineRequest, v1::DeclineReply>(
      *state_, &Stub::AsyncDecline, std::move(wire),
      answer<std::monostate, v1::DeclineReply>(
          std::move(done), [](const auto&) -> Result<std::monostate> { return std::monostate(); }));
}

void DeviceCalls::wait(federation::Milliseconds pause, std::function<void()> done) {
  state_->begin(std::make_unique<Pause>(*state_, pause, std::move(done)));
}

void DeviceCalls::stop() {
  const std::lock_guard lock(state_->mutex);
  state_->is_stopped = true;
  if (state_->pending) state_->pending->cancel();
}

bool DeviceCalls::is_idle() const {
  const std::lock_guard lock(state_->mutex);
  return state_->is_stopped && !state_->pending;
}

}  // namespace covey::bench
