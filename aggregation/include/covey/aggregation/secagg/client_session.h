#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "covey/aggregation/secagg/group_context.h"
#include "covey/aggregation/secagg/identity.h"
#include "covey/aggregation/secagg/privacy_policy.h"
#include "covey/aggregation/secagg/reasons.h"
#include "covey/aggregation/secagg/round_ledger.h"
#include "covey/crypto/mask_expander.h"
#include "covey/crypto/random.h"

namespace covey::secagg {

struct ClientOptions {
  GroupContext context;
  PrivacyPolicy policy;
  const crypto::SigningKeyPair* signing_key =
      nullptr;                           // the device's identity; must outlive the session
  Bytes certificate_chain;               // for that key, DER, leaf first
  IdentityVerifier* verifier = nullptr;  // must outlive the session
  const ring::RingVector* update =
      nullptr;  // of context.shape; must outlive the session, unchanged
  crypto::MaskPath mask_path = crypto::available_mask_paths().front();
};

// How it ended for this device.
struct ClientOutcome {
  enum class Kind {
    kContributed,  // its update is in the sum, and the group completed
    kDismissed,    // the coordinator went on without it
    kAborted,      // the group ended without a sum
    kRefused,      // this device would not go on
  };
  Kind kind = Kind::kContributed;
  std::optional<Digest> model;              // kContributed: of the new model, if it is published
  std::optional<Fault> fault;               // kDismissed
  std::optional<AbortReason> abort_reason;  // kAborted
  std::optional<Refusal> refusal;           // kRefused
  std::optional<Position> neighbour;        // kRefused: whose fault it shows, if one neighbour's
};

// What the shell does, in this order.
namespace client_effect {
// Appends `record` to the session's journal, durably, before it does anything after this effect.
// Secret: it lets whoever has it unmask this device until the group has ended.
struct Save {
  SecretBytes record;
};
struct Send {
  Bytes message;
};
// Sends masked_chunk(0) … masked_chunk(chunk_count() - 1), in any order, and again whenever it
// must.
struct SendMaskedInput {};
// The last effect. The journal can be deleted; the ledger stays.
struct Finished {
  ClientOutcome outcome;
};
}  // namespace client_effect
using ClientEffect = std::variant<client_effect::Save, client_effect::Send,
                                  client_effect::SendMaskedInput, client_effect::Finished>;

// One device's part in one secure aggregation ([Bonawitz17] figure 4, [Bell20] algorithm 2, with
// the roster, the survivor set and every key bound to one digest). Feed it the coordinator's
// messages; it never does I/O. Every message in every step has an answer: a repeated message gets
// the same bytes again, a second one that differs is refused, and so is whatever a policy or a
// check does not allow. A device answers unmasking once, with one share a neighbour.
//
// Holds secrets until it finishes or is destroyed. Not thread-safe. Single use.
class ClientSession {
 public:
  // Draws this device's seed and enters the round in `ledger`, which the shell makes durable before
  // it acts on the first effects. kInvalidArgument when the options do not fit together;
  // kAlreadyExists for a replayed round.
  static Result<ClientSession> create(ClientOptions options, RoundLedger& ledger,
                                      crypto::Random& random);
  // Continues from what Save effects gave, in their order, after a restart. The effects of `start`
  // are then those that the journal's last record calls for. kDataLoss when the journal is damaged
  // or another session's.
  static Result<ClientSession> restore(ClientOptions options, std::span<const Bytes> journal);

  ClientSession(ClientSession&&) noexcept;
  ClientSession& operator=(ClientSession&&) noexcept;
  ~ClientSession();

  std::vector<ClientEffect> start();                    // once, first
  std::vector<ClientEffect> receive(ByteView message);  // from the coordinator

  // The masked vector, as messages of at most 256 KiB and some framing: from SendMaskedInput until
  // the survivors are known; kFailedPrecondition otherwise. The same index gives the same bytes.
  std::uint32_t chunk_count() const;
  Result<Bytes> masked_chunk(std::uint32_t index);

  const std::optional<ClientOutcome>& outcome() const;
  // Its masked vector may have been sent: before that nobody can have it in a sum. While it goes
  // on.
  bool may_be_in_sum() const;
  // As the roster said, whether or not the policy took them; none before there was a roster.
  std::optional<GroupParameters> parameters() const;
  std::optional<std::uint32_t> survivor_count() const;  // of the set that this device has signed

 private:
  class Core;
  explicit ClientSession(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace covey::secagg
