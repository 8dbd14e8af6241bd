#pragma once

#include <string>

#include "covey/coordinator/store.h"
#include "covey/crypto/signature.h"

namespace covey::coordinator {

// Writes the audit log: puts the entry in the store, signed by the coordinator, so that it takes
// effect with the records that it is about. Not thread-safe.
class AuditTrail {
 public:
  // Both must outlive it.
  AuditTrail(Store& store, const crypto::SigningKeyPair& key) : store_(store), key_(key) {}

  // `body`: one JSON object. Names, digests, numbers and words of ours; no model values.
  Status append(UnixMs at, std::string kind, std::string body) {
    AuditEntry entry;
    entry.at = at;
    entry.kind = std::move(kind);
    entry.body = std::move(body);
    return store_.append_audit(std::move(entry),
                               [this](const Digest& hash) { return key_.sign(hash); });
  }

 private:
  Store& store_;
  const crypto::SigningKeyPair& key_;
};

}  // namespace covey::coordinator
