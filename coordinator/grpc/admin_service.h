#pragma once

#include <grpcpp/grpcpp.h>

#include "covey/coordinator/federation.h"
#include "covey/v1/admin.grpc.pb.h"

namespace covey::coordinator {

// AdminApi on the wire, for whoever can open the socket. Thread-safe. The api must outlive the
// server that this is registered with.
class AdminService final : public v1::Admin::CallbackService {
 public:
  explicit AdminService(AdminApi& api) : api_(api) {}

 private:
  using Call = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;
  template <typename Record>
  using Stream = grpc::ServerWriteReactor<Record>;

  Unary* GetStatus(Call*, const v1::GetStatusRequest*, v1::FederationStatus*) override;
  Unary* SubmitTask(Call*, const v1::SubmitTaskRequest*, v1::TaskRecord*) override;
  Stream<v1::TaskRecord>* ListTasks(Call*, const v1::ListTasksRequest*) override;
  Unary* ActOnTask(Call*, const v1::ActOnTaskRequest*, v1::TaskRecord*) override;
  Stream<v1::RoundRecord>* ListRounds(Call*, const v1::ListRoundsRequest*) override;
  Unary* GetRound(Call*, const v1::GetRoundRequest*, v1::RoundDetails*) override;
  Stream<v1::ModelRecord>* ListModels(Call*, const v1::ListModelsRequest*) override;
  Unary* SetCurrentModel(Call*, const v1::SetCurrentModelRequest*, v1::TaskRecord*) override;
  Stream<v1::ModelRecord>* PruneModels(Call*, const v1::PruneModelsRequest*) override;
  Stream<v1::ModelPart>* DownloadModel(Call*, const v1::DownloadModelRequest*) override;
  grpc::ServerReadReactor<v1::UploadPart>* UploadBlob(Call*, v1::UploadReply*) override;
  Stream<v1::DeviceRecord>* ListDevices(Call*, const v1::ListDevicesRequest*) override;
  Unary* RevokeDevice(Call*, const v1::RevokeDeviceRequest*, v1::DeviceRecord*) override;
  Unary* TagDevice(Call*, const v1::TagDeviceRequest*, v1::DeviceRecord*) override;
  Stream<v1::LogLine>* ReadLog(Call*, const v1::ReadLogRequest*) override;
  Stream<v1::AuditEntry>* ReadAudit(Call*, const v1::ReadAuditRequest*) override;
  Unary* GetAuditKey(Call*, const v1::GetAuditKeyRequest*, v1::AuditKey*) override;

  AdminApi& api_;
};

}  // namespace covey::coordinator
