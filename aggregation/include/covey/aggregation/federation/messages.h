#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "covey/base/bytes.h"

// What a device and the coordinator say to one another outside a group's own protocol: one struct a
// call, in the order of a round. proto/covey/v1/federation.proto is the same on the wire.
namespace covey::federation {

inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::uint32_t kOldestProtocolVersion = 1;
inline constexpr std::size_t kMaxProperties = 32;
inline constexpr std::size_t kMaxPropertyBytes = 128;  // a name or a value
// A message of a group's protocol on its way to the coordinator: one chunk and its framing.
inline constexpr std::size_t kMaxMessageBytes = (std::size_t{1} << 20) + 4096;
// A part of a blob, or of a message on its way to a device.
inline constexpr std::size_t kPartBytes = std::size_t{1} << 20;

using Milliseconds = std::chrono::milliseconds;

struct RoundId {
  std::string task;
  std::uint64_t round = 0;
  auto operator<=>(const RoundId&) const = default;
};
struct GroupId {
  RoundId round;
  std::uint32_t group = 0;
  auto operator<=>(const GroupId&) const = default;
};
struct BlobId {
  Digest digest{};
  std::uint64_t size_bytes = 0;
  bool operator==(const BlobId&) const = default;
};

// Nothing to do now: ask again in so long. The epoch is given where the request was about a group,
// and changes when the coordinator restarts: what it had accepted and not yet saved is then lost,
// so the device sends its last answer again (repeats are harmless).
struct ComeBack {
  Milliseconds in{0};
  std::uint64_t epoch = 0;
};

// How a round ended, for a device that was in it. Says nothing that a lying coordinator could gain
// by: it can end a round at any time.
struct RoundOver {
  bool is_completed = false;
  bool has_contributed = false;  // this device is in the sum
  std::optional<Digest> model;   // the new version, if completed
  std::string reason;            // a name of ours, such as "too few devices"; empty if completed
};

// 1. May I work? For one task, or any that selects this device.
struct CheckInRequest {
  std::uint32_t protocol_version = kProtocolVersion;
  std::string task;                // empty: any
  std::optional<Digest> manifest;  // of the trainer's model
  std::optional<Digest> data_schema;
  std::map<std::string, std::string> properties;  // declared, for selection
};
struct Assignment {
  RoundId round;
  BlobId plan;
  BlobId model;
};
using CheckInReply = std::variant<Assignment, ComeBack>;

// 2. Blobs are fetched by digest, from an offset, in parts.

// 3. I have trained, and am ready for a group. Held for a while, until there is one.
struct InGroup {
  std::uint32_t group = 0;
};
using JoinReply = std::variant<InGroup, ComeBack, RoundOver>;

// 4. A message of the group's protocol; repeated until it is accepted. For the chunk that completes
// a masked vector that is when the sum that holds it is durable; for all else the epoch tells.
struct Accepted {
  std::uint64_t epoch = 0;
};
using SendReply =
    std::variant<Accepted, ComeBack, RoundOver>;  // ComeBack: no room now, again later

// 5. What the group has for me. Held for a while, until there is a message that is not the one
// `seen`. `epoch` is the last that the device was told by Accepted or a reply to this: when it is
// not the coordinator's own, the answer comes at once, with the current message again if there is
// one.
struct ReceiveRequest {
  GroupId group;
  std::uint64_t epoch = 0;
  std::optional<Digest> seen;  // SHA-256 of the last message
};
struct GroupMessage {
  std::uint64_t epoch = 0;
  Bytes message;
};
using ReceiveReply = std::variant<GroupMessage, ComeBack, RoundOver>;

// Instead of 3: this device will not, or cannot.
enum class DeclineReason : std::uint8_t {
  kPolicy = 1,      // the plan asks for less privacy than the app's policy
  kOtherModel = 2,  // the plan's manifest is not the trainer's
  kTrainingFailed = 3,
  kNotFinite = 4,  // the update has a NaN or an infinity
  kStopped = 5,    // by the app or its conditions
  kBadPlan = 6,    // plan or model cannot be read
};
std::string_view name_of(DeclineReason reason);  // "policy"

}  // namespace covey::federation
