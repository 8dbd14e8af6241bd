#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/runtime/group_commit.h"
#include "support/memory_store.h"
#include "support/secagg_world.h"

namespace covey::fuzz {

using coordinator::Milliseconds;

// What a device calls, in the order of the service.
enum class Method : std::uint8_t { kCheckIn, kFetch, kJoin, kSend, kReceive, kDecline };
inline constexpr std::uint32_t kMethods = 6;

// An answer as it is on the device's side of the wire.
using Answer =
    std::variant<federation::CheckInReply, std::shared_ptr<const Bytes>, federation::JoinReply,
                 federation::SendReply, federation::ReceiveReply, std::monostate>;
using OnAnswer = std::function<void(Result<Answer>)>;

// A coordinator with one task, between the bytes that devices send and the bytes that they get: the
// real wire, core and commit, over a store in memory, with a clock that stands still until it is
// moved and a pool that works when it is told to. Every answer is checked to be one that a device
// understands; that there is one for each call, too.
class ServiceWorld {
 public:
  struct Options {
    std::size_t devices = 4;  // in every round; numbered from 0
    std::uint32_t group_size = 100;
    std::uint32_t rounds = 2;
  };

  explicit ServiceWorld(const Options& options);
  ServiceWorld(const ServiceWorld&) = delete;

  static const crypto::SigningKeyPair& key_of(std::size_t device);
  static const std::string& task_name();

  // The bytes of a request. Those that are no such message do not get past gRPC: no answer.
  void call(std::size_t device, Method method, ByteView request, OnAnswer on_answer = {});
  void settle();  // commits, and answers; to be called after one or a few calls
  void work();    // what waits for the pool
  void advance_to(Milliseconds time);
  void restart();  // after a SIGKILL: what the store has is there, what was under way is not

  Milliseconds now() const { return now_; }
  std::optional<Milliseconds> next_event() const { return next_; }  // if nobody calls
  coordinator::FederationCore& core() { return process_->core; }
  testing::MemoryStore& store() { return store_; }
  const Options& options() const { return options_; }
  bool can_write() const { return process_->commit.can_write(); }
  std::size_t unanswered() const { return unanswered_; }
  secagg::IdentityVerifier& certificates() { return *certificates_; }
  const crypto::SigningKeyPair& audit_key() const { return audit_key_; }

 private:
  struct Job {
    std::size_t parts = 0;
    std::function<void(std::size_t)> part;
    std::function<void()> done;
  };
  // What dies with a process.
  struct Process {
    Process(ServiceWorld& world, std::uint64_t epoch, coordinator::DeviceDirectory directory);
    coordinator::Outbox outbox;
    coordinator::EventLog log{64, {}};
    coordinator::DeviceDirectory devices;
    coordinator::AuditTrail audit;
    std::deque<Job> jobs;
    coordinator::Surroundings surroundings;
    coordinator::FederationCore core;
    coordinator::GroupCommit commit;
  };

  void start();
  void submit();
  coordinator::Peer peer(std::size_t device) const;
  // Handles a request that was read, or not, with `ask(request, reply)`.
  template <typename T, typename Request, typename Ask>
  void handle(Result<Request> request, OnAnswer on_answer, const Ask& ask);
  template <typename T>
  coordinator::Reply<T> reply(OnAnswer on_answer);

  const Options options_;
  crypto::SigningKeyPair audit_key_;
  std::unique_ptr<secagg::IdentityVerifier> certificates_;
  testing::MemoryStore store_;
  Milliseconds now_{1'000'000};
  std::optional<Milliseconds> next_;
  std::uint64_t epoch_ = 0;
  std::size_t unanswered_ = 0;
  std::unique_ptr<Process> process_;  // last: it uses all of the above
};

}  // namespace covey::fuzz
