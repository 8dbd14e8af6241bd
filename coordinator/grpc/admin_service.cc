#include "coordinator/grpc/admin_service.h"

#include "coordinator/grpc/admin_wire.h"
#include "coordinator/grpc/blob_parts.h"
#include "coordinator/grpc/part_stream.h"

namespace covey::coordinator {
namespace {

using Call = grpc::CallbackServerContext;
using Unary = grpc::ServerUnaryReactor;

constexpr std::size_t kMaxErrorBytes = 4096;  // gRPC has room for 8 KiB beside a call

// Whoever can open the socket may know what is wrong, the coordinator's own faults too.
grpc::Status told(const Error& error) {
  return grpc::Status(static_cast<grpc::StatusCode>(error.code),
                      error.message.substr(0, kMaxErrorBytes));
}

Unary* refuse(Unary* reactor, const Error& error) {
  reactor->Finish(told(error));
  return reactor;
}

// The federation's answer ends the call, whether the caller is still there or not.
template <typename T, typename Wire>
Reply<T> answer(Unary* reactor, Wire* out) {
  return [reactor, out](const Result<T>& result) {
    if (!result.has_value()) return reactor->Finish(told(result.error()));
    admin_wire::to_wire(*result, *out);
    reactor->Finish(grpc::Status::OK);
  };
}

template <typename Wire, typename T>
typename PartStream<Wire>::Next one_by_one(std::vector<T> records) {
  return [records = std::move(records), next = std::size_t{0}](Wire& out) mutable -> Result<bool> {
    if (next == records.size()) return false;
    out.Clear();
    admin_wire::to_wire(records[next++], out);
    return true;
  };
}

// A call that the federation answers with a list.
template <typename T, typename Wire, typename Ask>
grpc::ServerWriteReactor<Wire>* list(Call* call, const Ask& ask) {
  auto* const stream =
      new PartStream<Wire>(call, &told, nullptr);  // deletes itself when the call is done
  ask(Reply<std::vector<T>>([stream](Result<std::vector<T>> records) {
    if (!records.has_value()) return stream->refuse(records.error());
    stream->start(one_by_one<Wire>(std::move(*records)));
  }));
  return stream;
}

PartStream<v1::ModelPart>::Next model_parts(BlobParts parts) {
  return [parts = std::move(parts)](v1::ModelPart& out) mutable {
    out.set_size_bytes(parts.size_bytes());
    return parts.next(*out.mutable_data());
  };
}

// Writes what comes to a blob, which is there when the last part has come. Owned by its call.
class Upload final : public grpc::ServerReadReactor<v1::UploadPart> {
 public:
  explicit Upload(v1::UploadReply* reply) : reply_(reply) {}

  void start(Result<std::unique_ptr<BlobWriter>> writer) {
    if (!writer.has_value()) return end(writer.error());
    writer_ = std::move(*writer);
    StartRead(&part_);
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return end(Error{ErrorCode::kAborted, "the upload ended before its last part"});
    if (Status written = writer_->append(view_of(part_.data())); !written.has_value()) {
      return end(written.error());
    }
    if (!part_.is_last()) return StartRead(&part_);
    const Result<Digest> digest = writer_->finish();
    if (!digest.has_value()) return end(digest.error());
    reply_->set_digest(std::string(text_of(*digest)));
    Finish(grpc::Status::OK);
  }
  void OnDone() override { delete this; }
  void end(const Error& error) { Finish(told(error)); }

  v1::UploadReply* const reply_;
  std::unique_ptr<BlobWriter> writer_;
  v1::UploadPart part_;
};

}  // namespace

Unary* AdminService::GetStatus(Call* call, const v1::GetStatusRequest*,
                               v1::FederationStatus* reply) {
  Unary* const reactor = call->DefaultReactor();
  api_.status(answer<FederationStatus>(reactor, reply));
  return reactor;
}

Unary* AdminService::SubmitTask(Call* call, const v1::SubmitTaskRequest* request,
                                v1::TaskRecord* reply) {
  Unary* const reactor = call->DefaultReactor();
  const auto model = admin_wire::digest_from(request->initial_model(), "a model's digest");
  if (!model.has_value()) return refuse(reactor, model.error());
  api_.submit_task(request->task_file(), *model, answer<TaskRecord>(reactor, reply));
  return reactor;
}

AdminService::Stream<v1::TaskRecord>* AdminService::ListTasks(Call* call,
                                                              const v1::ListTasksRequest*) {
  return list<TaskRecord, v1::TaskRecord>(call, [&](auto reply) { api_.tasks(std::move(reply)); });
}

Unary* AdminService::ActOnTask(Call* call, const v1::ActOnTaskRequest* request,
                               v1::TaskRecord* reply) {
  Unary* const reactor = call->DefaultReactor();
  const auto action = admin_wire::task_action_from(request->action());
  if (!action.has_value()) return refuse(reactor, action.error());
  api_.act_on_task(request->task(), *action, answer<TaskRecord>(reactor, reply));
  return reactor;
}

AdminService::Stream<v1::RoundRecord>* AdminService::ListRounds(
    Call* call, const v1::ListRoundsRequest* request) {
  return list<RoundRecord, v1::RoundRecord>(call, [&](auto reply) {
    api_.rounds(request->task(), request->from(), request->limit(), std::move(reply));
  });
}

Unary* AdminService::GetRound(Call* call, const v1::GetRoundRequest* request,
                              v1::RoundDetails* reply) {
  Unary* const reactor = call->DefaultReactor();
  api_.round(request->task(), request->number(), answer<RoundDetails>(reactor, reply));
  return reactor;
}

AdminService::Stream<v1::ModelRecord>* AdminService::ListModels(
    Call* call, const v1::ListModelsRequest* request) {
  return list<ModelRecord, v1::ModelRecord>(
      call, [&](auto reply) { api_.models(request->task(), std::move(reply)); });
}

Unary* AdminService::SetCurrentModel(Call* call, const v1::SetCurrentModelRequest* request,
                                     v1::TaskRecord* reply) {
  Unary* const reactor = call->DefaultReactor();
  api_.set_current_model(request->task(), request->version(), request->is_rollback(),
                         answer<TaskRecord>(reactor, reply));
  return reactor;
}

AdminService::Stream<v1::ModelRecord>* AdminService::PruneModels(
    Call* call, const v1::PruneModelsRequest* request) {
  return list<ModelRecord, v1::ModelRecord>(call, [&](auto reply) {
    api_.prune_models(request->task(), request->keep(), std::move(reply));
  });
}

AdminService::Stream<v1::ModelPart>* AdminService::DownloadModel(
    Call* call, const v1::DownloadModelRequest* request) {
  auto* const stream = new PartStream<v1::ModelPart>(call, &told, nullptr);
  api_.open_model(request->task(), request->version(),
                  [stream](Result<std::shared_ptr<const BlobReader>> opened) {
                    if (!opened.has_value()) return stream->refuse(opened.error());
                    Result<BlobParts> parts = BlobParts::create(std::move(*opened), 0);
                    if (!parts.has_value()) return stream->refuse(parts.error());
                    stream->start(model_parts(std::move(*parts)));
                  });
  return stream;
}

grpc::ServerReadReactor<v1::UploadPart>* AdminService::UploadBlob(Call*, v1::UploadReply* reply) {
  auto* const upload = new Upload(reply);
  api_.upload_blob([upload](auto writer) { upload->start(std::move(writer)); });
  return upload;
}

AdminService::Stream<v1::DeviceRecord>* AdminService::ListDevices(Call* call,
                                                                  const v1::ListDevicesRequest*) {
  return list<DeviceRecord, v1::DeviceRecord>(call,
                                              [&](auto reply) { api_.devices(std::move(reply)); });
}

Unary* AdminService::RevokeDevice(Call* call, const v1::RevokeDeviceRequest* request,
                                  v1::DeviceRecord* reply) {
  Unary* const reactor = call->DefaultReactor();
  api_.revoke_device(request->name(), request->reason(), answer<DeviceRecord>(reactor, reply));
  return reactor;
}

Unary* AdminService::TagDevice(Call* call, const v1::TagDeviceRequest* request,
                               v1::DeviceRecord* reply) {
  Unary* const reactor = call->DefaultReactor();
  api_.tag_device(request->name(), {request->tags().begin(), request->tags().end()},
                  answer<DeviceRecord>(reactor, reply));
  return reactor;
}

AdminService::Stream<v1::LogLine>* AdminService::ReadLog(Call* call,
                                                         const v1::ReadLogRequest* request) {
  return list<LogLine, v1::LogLine>(
      call, [&](auto reply) { api_.log(request->after(), request->limit(), std::move(reply)); });
}

AdminService::Stream<v1::AuditEntry>* AdminService::ReadAudit(Call* call,
                                                              const v1::ReadAuditRequest* request) {
  return list<AuditEntry, v1::AuditEntry>(
      call, [&](auto reply) { api_.audit(request->from(), request->limit(), std::move(reply)); });
}

Unary* AdminService::GetAuditKey(Call* call, const v1::GetAuditKeyRequest*, v1::AuditKey* reply) {
  Unary* const reactor = call->DefaultReactor();
  api_.audit_key(answer<crypto::SigningPublicKey>(reactor, reply));
  return reactor;
}

}  // namespace covey::coordinator
