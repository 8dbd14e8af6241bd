#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "covey/base/bytes.h"
#include "covey/base/result.h"

namespace covey::coordinator {

// What the coordinator keeps, one struct a thing: for the store, for the calls of operators and for
// their programs.

using UnixMs = std::int64_t;  // of the coordinator's clock; for people, never for the protocol
using Metrics = std::map<std::string, double>;

enum class TaskState : std::uint8_t {
  kRunning = 1,
  kPaused = 2,     // by hand: the running round ends, no new one starts
  kStopped = 3,    // by hand, for good
  kCompleted = 4,  // all its rounds are done, or its target is reached
  kFailed = 5,     // too many rounds in a row ended without a model
};
std::string_view name_of(TaskState state);  // "running"

struct TaskRecord {
  std::string name;
  TaskState state = TaskState::kRunning;
  std::string file;                   // the task file as it was submitted
  std::uint64_t next_round = 1;       // never used twice, aborted rounds count
  std::uint64_t current_version = 0;  // of the model that the next round starts from
  Digest strategy_state{};            // blob; zeros: none
  std::string note;                   // why it is not running, for a person
  bool is_round_asked_for = false;    // by hand, and not begun yet
  UnixMs created_at = 0;

  bool operator==(const TaskRecord&) const = default;
};

// One version of a task's model. Versions are never overwritten; what is current is in the task.
struct ModelRecord {
  std::string task;
  std::uint64_t version = 0;            // 1: as submitted
  std::optional<std::uint64_t> parent;  // empty for version 1
  std::uint64_t round = 0;              // that made it; 0: submitted
  Digest plan{};                        // blob
  Digest digest{};                      // blob: safetensors
  std::uint64_t size_bytes = 0;
  std::uint64_t participants = 0;  // in the sum
  Metrics metrics;                 // of the round: means over the participants
  UnixMs created_at = 0;
  bool is_pruned = false;  // the blob is gone, the record stays

  bool operator==(const ModelRecord&) const = default;
};

enum class RoundState : std::uint8_t { kOpen = 1, kCompleted = 2, kAborted = 3 };
std::string_view name_of(RoundState state);  // "open"

struct RoundRecord {
  std::string task;
  std::uint64_t number = 0;
  RoundState state = RoundState::kOpen;
  std::string phase;    // for a person: "training", "masking", …
  std::string outcome;  // why it was aborted, for a person
  Digest plan{};        // blob
  Digest model{};       // blob it started from
  std::uint64_t base_version = 0;
  std::optional<std::uint64_t> new_version;  // kCompleted
  std::uint64_t assigned = 0;                // devices that were given the plan
  std::uint64_t cohort = 0;                  // devices in its groups
  std::uint64_t survivors = 0;               // in the sum
  std::uint64_t dropped = 0;                 // of the cohort, at any step
  std::uint64_t recovered = 0;               // whose masks were lifted by others' shares
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  Metrics metrics;
  UnixMs started_at = 0;
  UnixMs ended_at = 0;  // 0 while open
  Bytes saved;          // the life-cycle's own state, while open

  bool operator==(const RoundRecord&) const = default;
};

// A device that has shown itself with a certificate of the authority.
struct DeviceRecord {
  std::uint32_t handle = 0;                       // given by the store; the same for ever
  std::string name;                               // as certified; unique
  std::array<std::uint8_t, 32> key{};             // of the certificate it last came with
  std::vector<std::string> tags;                  // set by the operator
  std::map<std::string, std::string> properties;  // declared by the device
  bool is_revoked = false;
  std::string revoked_reason;
  std::uint64_t rounds = 0;  // it was in the sum of
  UnixMs first_seen_at = 0;
  UnixMs last_seen_at = 0;

  bool operator==(const DeviceRecord&) const = default;
};

// One line of the audit log. `hash` is over the sequence number, the hash before it and the body;
// `signature` is the coordinator's over the hash.
struct AuditEntry {
  std::uint64_t sequence = 0;  // 1, 2, …
  UnixMs at = 0;
  std::string kind;   // "round completed", "model rolled back", …
  std::string body;   // one JSON object, as it was hashed
  Digest previous{};  // zeros for the first
  Digest hash{};
  std::array<std::uint8_t, 64> signature{};

  bool operator==(const AuditEntry&) const = default;
};
Digest audit_hash(const AuditEntry& entry);  // over sequence, at, kind, body, previous

// kDataLoss, naming the first entry that does not follow from the one before it or whose signature
// by `key` does not hold. `entries` begin with sequence 1.
Status verify_audit(const std::vector<AuditEntry>& entries,
                    const std::array<std::uint8_t, 32>& key);

}  // namespace covey::coordinator
