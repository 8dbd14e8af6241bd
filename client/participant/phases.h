#pragma once

#include <deque>
#include <variant>

#include "covey/aggregation/ring/codec_parameters.h"
#include "covey/aggregation/secagg/client_session.h"
#include "covey/client/participant.h"

// Where a participant is. A phase holds what only it needs, and asks for one operation; leaving it
// lets go of plan, model or session.
namespace covey::client {

// A plan that was read and taken.
struct Work {
  federation::Assignment assignment;
  plan::Plan plan;
  ring::Manifest aggregated;
  ring::CodecParameters codec;

  RoundTerms terms() const;
};

struct CheckingIn {};
struct FetchingPlan {
  federation::Assignment assignment;
};
struct FetchingModel {
  Work work;
};
struct Training {
  Work work;
  std::shared_ptr<const Bytes> global;  // shared as in participant_event::Fetched
  model::Model model;
  std::uint64_t seed = 0;
};
struct Joining {};  // with a result in the storage
// What is still to be sent: a message of the protocol, or a chunk of the masked vector, which is
// made when its turn comes.
using Outgoing = std::variant<Bytes, std::uint32_t>;
struct InSession {
  secagg::ClientSession session;
  std::uint32_t group = 0;
  std::deque<Outgoing> answer;  // to the last message, or the advertisement: the whole of it
  std::deque<Outgoing> outbox;  // what of it is still to be sent
  Bytes message;                // the one that is under way
  std::uint64_t epoch = 0;      // of the coordinator's process; 0: not known yet
  std::uint32_t repeats = 0;    // of answers, since the coordinator asked for them once more
  std::optional<Digest> seen;
};
struct Declining {
  federation::RoundId round;
  federation::DeclineReason reason{};
};

using ParticipantPhase =
    std::variant<CheckingIn, FetchingPlan, FetchingModel, Training, Joining, InSession, Declining>;

}  // namespace covey::client
