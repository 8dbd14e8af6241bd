#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "covey/aggregation/federation/messages.h"
#include "covey/aggregation/secagg/identity.h"
#include "covey/client/back_off.h"
#include "covey/client/policy.h"
#include "covey/client/receipt.h"
#include "covey/client/stored_state.h"
#include "covey/client/trainer.h"
#include "covey/crypto/mask_expander.h"

namespace covey::client {

struct ParticipantOptions {
  std::string task;                               // empty: any that the policy allows
  const ring::Manifest* manifest = nullptr;       // the trainer's; must outlive
  Digest data_schema{};                           // the trainer's
  std::map<std::string, std::string> properties;  // declared, for selection
  ParticipantPolicy policy;
  const crypto::SigningKeyPair* signing_key = nullptr;  // the device's identity; must outlive
  Bytes certificate_chain;                              // for that key, DER, leaf first
  secagg::IdentityVerifier* verifier = nullptr;         // must outlive
  crypto::Random* random = nullptr;                     // must outlive
  BackOff back_off;
  crypto::MaskPath mask_path = crypto::available_mask_paths().front();
};

// What the shell does at once, in this order, before the operation that comes with it. When one
// fails, the rest and the operation are not done, and the participant is made anew from the
// storage, as after a crash.
namespace participant_effect {
struct Put {
  std::string_view key;
  SecretBytes value;
};
struct Append {
  std::string_view key;
  SecretBytes record;
};
struct Erase {
  std::string_view key;
};
struct WriteReceipt {  // may come again for the same round after a restart: it replaces the first
  Receipt receipt;
};
struct Report {  // for the app and its log; the participant goes on by itself
  Error error;
};
}  // namespace participant_effect
using ParticipantEffect =
    std::variant<participant_effect::Put, participant_effect::Append, participant_effect::Erase,
                 participant_effect::WriteReceipt, participant_effect::Report>;

// What the shell does next; its result is the next event. Pointers and views hold until then.
namespace operation {
struct Wait {
  federation::Milliseconds pause{0};
};
struct CheckIn {
  federation::CheckInRequest request;
};
struct Fetch {  // whole; the shell goes on where an earlier try of the same blob broke off
  federation::BlobId blob;
};
struct Train {
  const plan::Plan* plan = nullptr;
  std::uint64_t round = 0;
  std::uint64_t seed = 0;
  model::Model* model = nullptr;
};
struct Join {
  federation::RoundId round;
};
struct Send {
  federation::GroupId group;
  ByteView message;
};
struct Receive {
  federation::ReceiveRequest request;
};
struct Decline {
  federation::RoundId round;
  federation::DeclineReason reason{};
};
struct Done {};  // after Stop: nothing, until Begin
}  // namespace operation
using Operation = std::variant<operation::Wait, operation::CheckIn, operation::Fetch,
                               operation::Train, operation::Join, operation::Send,
                               operation::Receive, operation::Decline, operation::Done>;

namespace participant_event {
struct Begin {};  // first, and after Done
struct Waited {};
struct CheckedIn {
  federation::CheckInReply reply;
};
// Shared by the devices of a simulation, which all begin with one model.
struct Fetched {
  std::shared_ptr<const Bytes> blob;
};
struct Trained {
  TrainingReport report;
};
struct Joined {
  federation::JoinReply reply;
};
struct Sent {
  federation::SendReply reply;
};
struct Received {
  federation::ReceiveReply reply;
};
struct Declined {};
// The operation, whichever it was, ended with an error.
struct Failed {
  Error error;
  bool made_progress = false;  // part of a blob came: the pauses begin anew
};
// Instead of a result, at any time: work no more. What was fetched or trained so far is lost, a
// result that is in the storage stays for the next Begin.
struct Stop {};
}  // namespace participant_event
using ParticipantEvent =
    std::variant<participant_event::Begin, participant_event::Waited, participant_event::CheckedIn,
                 participant_event::Fetched, participant_event::Trained, participant_event::Joined,
                 participant_event::Sent, participant_event::Received, participant_event::Declined,
                 participant_event::Failed, participant_event::Stop>;

struct ParticipantStep {
  std::vector<ParticipantEffect> effects;
  Operation operation;
};

enum class Activity : std::uint8_t {
  kCheckingIn,
  kFetching,
  kTraining,
  kJoining,  // has a result and waits for a group
  kInGroup,
  kDeclining,
};
std::string_view name_of(Activity activity);  // "checking in"

// One device's part in a federation, one task at a time: check in, fetch, train, join, aggregate,
// and again. Results of operations and the device's own time go in, effects and one operation come
// out; it has no I/O, no clock and no thread, so that the agent of an app and the thousands of
// virtual devices of a simulation are shells over the same thing. Every event is answered in every
// state: one that does not answer the operation under way asks for that operation again.
//
// Killed at any instant and made anew from the storage, it goes on where it was: a result is joined
// with the same bytes and never computed twice for a round, a session continues from its journal.
//
// Holds secrets. Not thread-safe.
class Participant {
 public:
  // kInvalidArgument when the options do not fit together. kDataLoss when the ledger of rounds is
  // damaged: a device that no longer knows which rounds it has entered must not go on; it is
  // enrolled again, with a new key and an empty storage.
  static Result<Participant> create(ParticipantOptions options, StoredState stored);

  Participant(Participant&&) noexcept;
  Participant& operator=(Participant&&) noexcept;
  ~Participant();

  // `now`: since 1970 by the device's clock. Used for the limit of rounds a day and in receipts.
  ParticipantStep step(ParticipantEvent event, std::chrono::milliseconds now);

  Activity activity() const;
  std::optional<federation::RoundId> round() const;  // that it works for

 private:
  class Core;
  explicit Participant(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace covey::client
