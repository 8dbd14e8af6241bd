#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <utility>

#include "coordinator/grpc/byte_budget.h"
#include "coordinator/grpc/stream_watch.h"
#include "covey/base/result.h"
#include "covey/proto/status.h"

namespace covey::coordinator {

// A call that is answered by many messages: asks for the next one when the last one has gone to the
// transport, so that one at a time is in memory. Made for a call and owned by it. Call `start` or
// `refuse` once, from any thread, also when the caller has gone.
template <typename Message>
class PartStream final : public grpc::ServerWriteReactor<Message> {
 public:
  // Fills the message; false: there is none left. Called on gRPC's threads, one at a time.
  using Next = std::function<Result<bool>(Message&)>;

  using Tell = grpc::Status (*)(const Error&);

  // `tell`: what the caller is told of an error. `watch` (may be null) ends the stream when the
  // caller does not read; must outlive the call.
  PartStream(grpc::CallbackServerContext* call, Tell tell, StreamWatch* watch)
      : call_(call), tell_(tell), watch_(watch) {}

  void start(Next next, ByteBudget::SharedHold hold = nullptr) {
    next_ = std::move(next);
    hold_ = std::move(hold);
    if (watch_ != nullptr) watch_->add(call_);
    this->StartSendInitialMetadata();  // what makes parts is then done on a thread of gRPC's
  }
  void refuse(const Error& error) { this->Finish(tell_(error)); }

 private:
  void OnSendInitialMetadataDone(bool ok) override { write_next(ok); }
  void OnWriteDone(bool ok) override {
    if (watch_ != nullptr) watch_->progressed(call_);
    write_next(ok);
  }
  void OnDone() override {
    if (watch_ != nullptr) watch_->remove(call_);
    delete this;
  }

  void write_next(bool ok) {
    if (!ok) return refuse({ErrorCode::kCancelled, "the caller has gone"});
    const Result<bool> has_more = next_(message_);
    if (!has_more.has_value()) return refuse(has_more.error());
    if (*has_more) return this->StartWrite(&message_);
    this->Finish(grpc::Status::OK);
  }

  grpc::CallbackServerContext* const call_;
  const Tell tell_;
  StreamWatch* const watch_;
  Next next_;
  Message message_;
  ByteBudget::SharedHold hold_;
};

}  // namespace covey::coordinator
