#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "client/agent/receipt_book.h"
#include "client/agent/training_thread.h"
#include "covey/client/agent.h"
#include "covey/crypto/random.h"

namespace covey::client {

// The shell around a participant: does its effects with the storage and its operations with the
// transport and the trainer, on a thread of its own. agent.cc: what the app calls; agent_loop.cc:
// the thread; agent_operations.cc: the operations.
class Agent::Loop {
 public:
  Loop(AgentOptions options, secagg::CertificateIdentityVerifier verifier, Trainer& trainer,
       Transport& transport, Storage& storage, Conditions& conditions);
  ~Loop();

  enum class Wish { kRun, kPause, kStop };
  Status start();
  void wish(Wish wish);
  void join();
  AgentStatus status() const;
  std::vector<Receipt> receipts() const { return receipts_.all(); }

 private:
  using Clock = std::chrono::steady_clock;

  void run();
  // Until the app stops it, or the storage does not do what it is asked for.
  Status run_participant(Participant& participant);
  Result<Participant> make_participant();
  Status apply(std::vector<ParticipantEffect>& effects);

  // The result of an operation as the next event; Stop when the app or the conditions say so.
  ParticipantEvent perform(const Operation& next);
  ParticipantEvent perform_one(const operation::Wait& wait);
  ParticipantEvent perform_one(const operation::CheckIn& check_in);
  ParticipantEvent perform_one(const operation::Fetch& fetch);
  ParticipantEvent perform_one(const operation::Train& train);
  ParticipantEvent perform_one(const operation::Join& join);
  ParticipantEvent perform_one(const operation::Send& send);
  ParticipantEvent perform_one(const operation::Receive& receive);
  ParticipantEvent perform_one(const operation::Decline& decline);
  ParticipantEvent perform_one(const operation::Done&);

  // What the app wants now; makes the transport usable again after it was cancelled.
  Wish take_wish();
  bool may_work();                         // the app and the conditions allow it
  bool conditions_allow(bool ask_anyway);  // asks at most every conditions_interval
  // Waits, at most so long; true when the app wants something else, or a training is done.
  bool wait(Clock::duration at_most);
  void note(AgentState state);
  void note_error(const Error& error);
  void change(const std::function<void(AgentStatus&)>& edit);

  AgentOptions options_;
  secagg::CertificateIdentityVerifier verifier_;
  Trainer& trainer_;
  Transport& transport_;
  Storage& storage_;
  Conditions& conditions_;
  crypto::SystemRandom system_random_;

  mutable std::mutex mutex_;  // the four below
  std::condition_variable wake_;
  Wish wish_ = Wish::kRun;
  bool is_interrupted_ = false;
  bool is_training_done_ = false;
  AgentStatus status_;

  ReceiptBook receipts_;
  std::string missing_;  // as the conditions said last
  std::optional<Clock::time_point> asked_;
  // A blob as far as it has come: a fetch that breaks off goes on from here.
  federation::BlobId partial_of_;
  Bytes partial_;
  std::optional<TrainingThread> training_;
  std::jthread thread_;
};

}  // namespace covey::client
