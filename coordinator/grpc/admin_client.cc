#include "covey/coordinator/admin_client.h"

#include <grpcpp/grpcpp.h>

#include "coordinator/grpc/admin_wire.h"
#include "coordinator/grpc/local_socket.h"
#include "covey/proto/channel.h"
#include "covey/v1/admin.grpc.pb.h"

namespace covey::coordinator {
namespace {

using Stub = v1::Admin::Stub;

Error nobody_listens(const std::string& socket) {
  return {ErrorCode::kUnavailable, "no coordinator listens on " + socket +
                                       ": start covey-coordinator, or give the socket of the one "
                                       "that runs (as the user that it runs as)"};
}

// The daemon is trusted, being the same user's, so that its words are passed on.
class GrpcAdminClient final : public AdminClient {
 public:
  GrpcAdminClient(std::string socket, std::unique_ptr<Stub> stub)
      : socket_(std::move(socket)), stub_(std::move(stub)) {}

  Result<FederationStatus> status() override {
    return ask<FederationStatus>(&Stub::GetStatus, v1::GetStatusRequest());
  }
  Result<TaskRecord> submit_task(const std::string& task_file,
                                 const Digest& initial_model) override {
    v1::SubmitTaskRequest request;
    request.set_task_file(task_file);
    request.set_initial_model(std::string(text_of(initial_model)));
    return ask<TaskRecord>(&Stub::SubmitTask, request);
  }
  Result<std::vector<TaskRecord>> tasks() override {
    return list<TaskRecord>(&Stub::ListTasks, v1::ListTasksRequest());
  }
  Result<TaskRecord> act_on_task(const std::string& task, TaskAction action) override {
    v1::ActOnTaskRequest request;
    request.set_task(task);
    request.set_action(static_cast<std::uint32_t>(action));
    return ask<TaskRecord>(&Stub::ActOnTask, request);
  }
  Result<std::vector<RoundRecord>> rounds(const std::string& task, std::uint64_t from,
                                          std::size_t limit) override {
    v1::ListRoundsRequest request;
    request.set_task(task);
    request.set_from(from);
    request.set_limit(limit);
    return list<RoundRecord>(&Stub::ListRounds, request);
  }
  Result<RoundDetails> round(const std::string& task, std::uint64_t number) override {
    v1::GetRoundRequest request;
    request.set_task(task);
    request.set_number(number);
    return ask<RoundDetails>(&Stub::GetRound, request);
  }
  Result<std::vector<ModelRecord>> models(const std::string& task) override {
    v1::ListModelsRequest request;
    request.set_task(task);
    return list<ModelRecord>(&Stub::ListModels, request);
  }
  Result<TaskRecord> set_current_model(const std::string& task, std::uint64_t version,
                                       bool is_rollback) override {
    v1::SetCurrentModelRequest request;
    request.set_task(task);
    request.set_version(version);
    request.set_is_rollback(is_rollback);
    return ask<TaskRecord>(&Stub::SetCurrentModel, request);
  }
  Result<std::vector<ModelRecord>> prune_models(const std::string& task,
                                                std::size_t keep) override {
    v1::PruneModelsRequest request;
    request.set_task(task);
    request.set_keep(keep);
    return list<ModelRecord>(&Stub::PruneModels, request);
  }
  Status download_model(const std::string& task, std::uint64_t version, const Sink& sink) override;
  Result<Digest> upload_blob(const Source& next) override;
  Result<std::vector<DeviceRecord>> devices() override {
    return list<DeviceRecord>(&Stub::ListDevices, v1::ListDevicesRequest());
  }
  Result<DeviceRecord> revoke_device(const std::string& name, const std::string& reason) override {
    v1::RevokeDeviceRequest request;
    request.set_name(name);
    request.set_reason(reason);
    return ask<DeviceRecord>(&Stub::RevokeDevice, request);
  }
  Result<DeviceRecord> tag_device(const std::string& name,
                                  const std::vector<std::string>& tags) override {
    v1::TagDeviceRequest request;
    request.set_name(name);
    request.mutable_tags()->Assign(tags.begin(), tags.end());
    return ask<DeviceRecord>(&Stub::TagDevice, request);
  }
  Result<std::vector<LogLine>> log(std::uint64_t after, std::size_t limit) override {
    v1::ReadLogRequest request;
    request.set_after(after);
    request.set_limit(limit);
    return list<LogLine>(&Stub::ReadLog, request);
  }
  Result<std::vector<AuditEntry>> audit(std::uint64_t from, std::size_t limit) override {
    v1::ReadAuditRequest request;
    request.set_from(from);
    request.set_limit(limit);
    return list<AuditEntry>(&Stub::ReadAudit, request);
  }
  Result<crypto::SigningPublicKey> audit_key() override {
    return ask<crypto::SigningPublicKey>(&Stub::GetAuditKey, v1::GetAuditKeyRequest());
  }

 private:
  template <typename Stream>
  static Error given_up(grpc::ClientContext& call, Stream& stream, Error error) {
    call.TryCancel();
    stream.Finish();
    return error;
  }
  Status ended(const grpc::Status& status) const {
    if (status.ok()) return {};
    if (status.error_code() == grpc::UNAVAILABLE) return nobody_listens(socket_);
    return Error{static_cast<ErrorCode>(status.error_code()), status.error_message()};
  }

  template <typename T, typename Request, typename Wire>
  Result<T> ask(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Wire*),
                const Request& request) {
    grpc::ClientContext call;
    Wire reply;
    COVEY_RETURN_IF_ERROR(ended((stub_.get()->*method)(&call, request, &reply)));
    return admin_wire::from_wire(reply);
  }

  template <typename T, typename Request, typename Wire>
  Result<std::vector<T>> list(std::unique_ptr<grpc::ClientReader<Wire>> (Stub::*method)(
                                  grpc::ClientContext*, const Request&),
                              const Request& request) {
    grpc::ClientContext call;
    const auto reader = (stub_.get()->*method)(&call, request);
    std::vector<T> records;
    for (Wire wire; reader->Read(&wire);) {
      Result<T> record = admin_wire::from_wire(wire);
      if (!record.has_value()) return given_up(call, *reader, std::move(record).error());
      records.push_back(std::move(*record));
    }
    COVEY_RETURN_IF_ERROR(ended(reader->Finish()));
    return records;
  }

  std::string socket_;
  std::unique_ptr<Stub> stub_;
};

Status GrpcAdminClient::download_model(const std::string& task, std::uint64_t version,
                                       const Sink& sink) {
  v1::DownloadModelRequest request;
  request.set_task(task);
  request.set_version(version);
  grpc::ClientContext call;
  const auto reader = stub_->DownloadModel(&call, request);
  for (v1::ModelPart part; reader->Read(&part);) {
    Status taken = sink(view_of(part.data()), part.size_bytes());
    if (!taken.has_value()) return given_up(call, *reader, std::move(taken).error());
  }
  return ended(reader->Finish());
}

Result<Digest> GrpcAdminClient::upload_blob(const Source& next) {
  grpc::ClientContext call;
  v1::UploadReply reply;
  const auto writer = stub_->UploadBlob(&call, &reply);
  for (v1::UploadPart part; !part.is_last();) {
    Result<Bytes> data = next();
    if (!data.has_value()) return given_up(call, *writer, std::move(data).error());
    part.set_data(data->data(), data->size());
    part.set_is_last(data->empty());
    if (!writer->Write(part)) break;  // the daemon has ended the call, and Finish says why
  }
  writer->WritesDone();
  COVEY_RETURN_IF_ERROR(ended(writer->Finish()));
  return admin_wire::digest_from(reply.digest(), "a blob's digest");
}

}  // namespace

Result<std::unique_ptr<AdminClient>> connect_admin(const std::string& socket) {
  COVEY_ASSIGN_OR_RETURN(const bool is_there, local_socket::is_listened_on(socket));
  if (!is_there) return nobody_listens(socket);
  COVEY_ASSIGN_OR_RETURN(const auto channel, channel::open_insecure_channel("unix:" + socket));
  return std::unique_ptr<AdminClient>(
      std::make_unique<GrpcAdminClient>(socket, v1::Admin::NewStub(channel)));
}

}  // namespace covey::coordinator
