#pragma once

#include <functional>

#include "covey/client/conditions.h"
#include "covey/client/participant.h"
#include "covey/client/transport.h"

namespace covey::client {

struct AgentStatus;

struct AgentOptions {
  std::string task;                               // empty: any that the policy allows
  std::map<std::string, std::string> properties;  // declared, for selection
  ParticipantPolicy policy;

  std::optional<crypto::SigningKeyPair> signing_key;  // the device's identity
  Bytes certificate_chain;                            // for that key, DER, leaf first
  std::vector<Bytes> trusted_roots;                   // the federation's authority, DER
  std::vector<Bytes> revocation_lists;                // of a root each, DER; may be none

  BackOff back_off;
  std::chrono::milliseconds conditions_interval{5'000};  // how often conditions are asked for
  std::size_t receipts_kept = 1'000;
  crypto::Random* random = nullptr;  // must outlive; null: the operating system's
  // The device's clock, since 1970; empty: the system's. For the limit of rounds a day and
  // receipts.
  std::function<std::chrono::milliseconds()> clock;
  // Called after every change of the status, from the agent's thread; may call the agent's methods
  // but `join`.
  std::function<void(const AgentStatus&)> observer;
};

enum class AgentState : std::uint8_t {
  kNew,      // not started
  kRunning,  // `activity` says what it does
  kPausing,  // a training is being cancelled
  kPaused,   // by the app
  kWaitingForConditions,
  kStopped,
  kFailed,  // `last_error` says why; it does not go on by itself
};
std::string_view name_of(AgentState state);  // "running"

struct AgentStatus {
  AgentState state = AgentState::kNew;
  Activity activity = Activity::kCheckingIn;
  std::optional<federation::RoundId> round;  // that it works for
  std::string waiting_for;                   // kWaitingForConditions: what is missing
  std::optional<Error> last_error;           // of any kind; most pass by themselves
  std::uint64_t rounds_contributed = 0;      // since it was made
  std::uint64_t rounds_ended = 0;            // of those that were trained for or declined
};

// The device in a federation, as an app has it: trains when conditions allow it and takes part in
// secure aggregation, until it is stopped. Owns two threads, one that talks and one that trains.
// What it is given must outlive it.
//
// Thread-safe. start, pause, resume and stop only ask, and return at once: a call under way is
// cancelled, a training ends at its next step. Only `join` waits, and is called from one thread.
class Agent {
 public:
  // kInvalidArgument or kUnauthenticated when the options do not fit together: a certificate for
  // another key, or one that does not lead to a trusted root.
  static Result<Agent> create(AgentOptions options, Trainer& trainer, Transport& transport,
                              Storage& storage, Conditions& conditions);
  Agent(Agent&&) noexcept;
  Agent& operator=(Agent&&) noexcept;
  ~Agent();  // stop and join

  Status start();  // kFailedPrecondition when it was started before
  void pause();    // what was trained and not yet joined is kept; a training under way is not
  void resume();
  void stop();  // for good
  void join();  // after stop: until its threads have ended

  AgentStatus status() const;
  // The newest ones, oldest first. Those that a restart found damaged are missing.
  std::vector<Receipt> receipts() const;

 private:
  class Loop;
  explicit Agent(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

// What an agent has kept in a storage that none uses now, oldest first. kDataLoss when some of it
// is damaged.
Result<std::vector<Receipt>> stored_receipts(Storage& storage);

}  // namespace covey::client
