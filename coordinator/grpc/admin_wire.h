#pragma once

#include "covey/coordinator/federation.h"
#include "covey/v1/admin.pb.h"

// The records that an operator sees, to the wire's form and back: the one place that knows both.
// Reading fails with kDataLoss, naming what is wrong, when a digest, a key or a state is none.
namespace covey::coordinator::admin_wire {

void to_wire(const FederationStatus& status, v1::FederationStatus& out);
void to_wire(const TaskRecord& task, v1::TaskRecord& out);
void to_wire(const ModelRecord& model, v1::ModelRecord& out);
void to_wire(const RoundRecord& round, v1::RoundRecord& out);
void to_wire(const RoundDetails& details, v1::RoundDetails& out);
void to_wire(const DeviceRecord& device, v1::DeviceRecord& out);
void to_wire(const LogLine& line, v1::LogLine& out);
void to_wire(const AuditEntry& entry, v1::AuditEntry& out);
void to_wire(const crypto::SigningPublicKey& key, v1::AuditKey& out);

Result<FederationStatus> from_wire(const v1::FederationStatus& status);
Result<TaskRecord> from_wire(const v1::TaskRecord& task);
Result<ModelRecord> from_wire(const v1::ModelRecord& model);
Result<RoundRecord> from_wire(const v1::RoundRecord& round);
Result<RoundDetails> from_wire(const v1::RoundDetails& details);
Result<DeviceRecord> from_wire(const v1::DeviceRecord& device);
Result<LogLine> from_wire(const v1::LogLine& line);
Result<AuditEntry> from_wire(const v1::AuditEntry& entry);
Result<crypto::SigningPublicKey> from_wire(const v1::AuditKey& key);

Result<Digest> digest_from(const std::string& bytes, const char* what);
Result<TaskAction> task_action_from(std::uint32_t action);

}  // namespace covey::coordinator::admin_wire
