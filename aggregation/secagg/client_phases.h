#pragma once

#include <array>
#include <variant>

#include "aggregation/secagg/keys.h"
#include "aggregation/secagg/masker.h"
#include "aggregation/secagg/roster_check.h"
#include "aggregation/secagg/share_box.h"
#include "covey/aggregation/secagg/client_session.h"

// The phases of a client session: each holds just what it needs, and leaving it wipes its secrets.
// The transitions are pure: a phase and a validated message give the next phase, and what to send;
// or a refusal.
namespace covey::secagg::client {

// The seeds and key pairs that one session draws, all from its session seed.
struct Keys {
  SecretKey mask_seed;
  SecretKey self_mask_seed;
  crypto::AgreementKeyPair channel;
  crypto::AgreementKeyPair mask;

  static Keys draw(SessionRandom& random);
};

struct AwaitingRoster {
  Keys keys;
  SessionRandom random;  // goes on where the keys were drawn
  Advertisement own;
};

struct AwaitingBoxes {
  VerifiedRoster roster;
  std::vector<SecretKey> incoming_box_keys;  // by slot
  crypto::AgreementKeyPair mask;
  SecretKey self_mask_seed;
};

// By slot; none for a neighbour that did not share.
using HeldByNeighbour = std::vector<std::optional<HeldShares>>;

struct Masking {
  VerifiedRoster roster;
  HeldByNeighbour held;
  std::vector<MaskTask> masks;
};

struct AwaitingRequest {
  VerifiedRoster roster;
  HeldByNeighbour held;
  Bitmap survivors;
  Digest survivors_digest{};
};

struct Answered {};
struct Ended {};

using Phase =
    std::variant<AwaitingRoster, AwaitingBoxes, Masking, AwaitingRequest, Answered, Ended>;

// The next phase, and the message that it starts with (none before the masked vector, which is sent
// in chunks).
template <typename Next>
struct Step {
  Next phase;
  Bytes message;
};
template <typename Next>
using StepOr = std::variant<Step<Next>, Refused>;

StepOr<AwaitingBoxes> share(AwaitingRoster& phase, const wire::Roster& message,
                            const ClientOptions& options, const Digest& context);
StepOr<Masking> open_boxes(AwaitingBoxes& phase, const wire::NeighbourBoxes& message);
StepOr<AwaitingRequest> sign_survivors(Masking& phase, const wire::Survivors& message,
                                       const ClientOptions& options);
StepOr<Answered> unmask(const AwaitingRequest& phase, const wire::UnmaskRequest& message);

}  // namespace covey::secagg::client
