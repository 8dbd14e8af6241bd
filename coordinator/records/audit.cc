#include "covey/coordinator/records.h"
#include "covey/crypto/signature.h"
#include "covey/crypto/transcript.h"

namespace covey::coordinator {

Digest audit_hash(const AuditEntry& entry) {
  return crypto::Transcript("covey/v1/audit")
      .number(entry.sequence)
      .number(static_cast<std::uint64_t>(entry.at))
      .field(entry.kind)
      .field(entry.body)
      .field(entry.previous)
      .digest();
}

Status verify_audit(const std::vector<AuditEntry>& entries,
                    const std::array<std::uint8_t, 32>& key) {
  Digest previous{};
  std::uint64_t sequence = 0;
  for (const AuditEntry& entry : entries) {
    const std::string name = "entry " + std::to_string(++sequence) + " of the audit log ";
    if (entry.sequence != sequence) {
      return Error{ErrorCode::kDataLoss, name + "is missing: number " +
                                             std::to_string(entry.sequence) + " is in its place"};
    }
    if (entry.previous != previous) {
      return Error{ErrorCode::kDataLoss, name + "does not follow from the one before it"};
    }
    if (entry.hash != audit_hash(entry)) {
      return Error{ErrorCode::kDataLoss, name + "was altered: its hash does not hold"};
    }
    if (!crypto::verify(key, entry.hash, entry.signature)) {
      return Error{ErrorCode::kDataLoss, name + "is not signed by this coordinator's key"};
    }
    previous = entry.hash;
  }
  return {};
}

}  // namespace covey::coordinator
