#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "covey/aggregation/secagg/bitmap.h"
#include "covey/aggregation/secagg/graph.h"
#include "covey/aggregation/secagg/reasons.h"
#include "covey/aggregation/secagg/roster.h"
#include "covey/aggregation/secagg/vector_layout.h"

// Bytes to validated structs and back, for secure aggregation: the one place that knows the
// protobuf schema. Decoding is total, and what comes out has the sizes that the caller's context
// asks for: nothing later needs to check them again.
namespace covey::secagg::wire {

inline constexpr std::size_t kBoxBytes = 80;  // two shares and the AEAD's tag
inline constexpr std::size_t kShareBytes = 32;

// device → coordinator

struct ShareBoxes {
  Bytes boxes;  // degree * kBoxBytes, by slot
};
// A view into the message it was decoded from.
struct MaskedChunk {
  std::uint32_t index = 0;
  ByteView data;
};
struct SurvivorsSignature {
  crypto::Signature signature{};
};
struct UnmaskShares {
  SecretBytes shares;  // a multiple of kShareBytes
};
struct Refuse {
  Refusal reason = Refusal::kMalformed;
  std::optional<std::uint32_t> neighbour_slot;
};
using DeviceMessage =
    std::variant<Advertisement, ShareBoxes, MaskedChunk, SurvivorsSignature, UnmaskShares, Refuse>;

Bytes encode(const Advertisement& message);
Bytes encode(const ShareBoxes& message);
Bytes encode(const SurvivorsSignature& message);
Bytes encode(const UnmaskShares& message);
Bytes encode(const Refuse& message);
// A masked chunk's message with room for `size_bytes` of data at its end, for the caller to fill in
// place.
struct ChunkMessage {
  Bytes message;
  MutableByteView data;
};
ChunkMessage chunk_message(std::uint32_t index, std::size_t size_bytes);

// `degree`: neighbours of a device in this group, 0 before there is a roster.
Result<DeviceMessage> decode_device_message(ByteView message, std::uint32_t degree);

// The largest message of a device that can be well-formed.
std::size_t max_device_message_bytes(std::uint32_t degree);

// coordinator → device

struct Roster {
  GroupParameters parameters;
  Position position = 0;
  std::vector<Digest> digests;            // [devices]
  std::vector<Advertisement> neighbours;  // [degree], by slot
};
struct NeighbourBoxes {
  Bitmap shared;  // by slot
  Bytes boxes;    // shared.count() * kBoxBytes
};
struct Survivors {
  Bitmap survivors;  // by position
};
struct UnmaskRequest {
  Bitmap signers;  // by slot
  std::vector<crypto::Signature> signatures;
};
struct Completed {
  std::optional<Digest> model;
};
struct Aborted {
  AbortReason reason = AbortReason::kStopped;
};
struct Dismissed {
  Fault fault = Fault::kGone;
};
using CoordinatorMessage =
    std::variant<Roster, NeighbourBoxes, Survivors, UnmaskRequest, Completed, Aborted, Dismissed>;

Bytes encode(const Roster& message);
// A roster goes to every device with another choice of the same advertisements: each is encoded
// once, and a roster put together from `neighbours` by slot.
Bytes encode_for_roster(const Advertisement& advertisement);
Bytes encode_roster(const GroupParameters& parameters, Position position,
                    const std::vector<Digest>& digests, std::span<const ByteView> neighbours);
Bytes encode(const NeighbourBoxes& message);
Bytes encode(const Survivors& message);
Bytes encode(const UnmaskRequest& message);
Bytes encode(const Completed& message);
Bytes encode(const Aborted& message);
Bytes encode(const Dismissed& message);

// `parameters`: the group's, all zero before there is a roster (only a roster, an abort or a
// dismissal can come then).
Result<CoordinatorMessage> decode_coordinator_message(ByteView message,
                                                      const GroupParameters& parameters);

}  // namespace covey::secagg::wire
