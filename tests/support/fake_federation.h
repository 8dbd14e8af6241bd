#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "covey/aggregation/secagg/coordinator_session.h"
#include "covey/client/participant.h"
#include "support/memory_storage.h"
#include "support/secagg_world.h"

namespace covey::testing {

// A small linear model, zeros; a plan for it that lax_policy takes.
ring::Manifest small_manifest();
Bytes small_model();
plan::Plan small_plan();
client::ParticipantPolicy lax_policy();

// A coordinator with one task and one round of one group, played on one thread: answers calls as
// the real one would, from a CoordinatorSession.
class FakeCoordinator {
 public:
  FakeCoordinator(const plan::Plan& plan, std::uint32_t devices);

  federation::CheckInReply check_in() const;
  Result<std::shared_ptr<const Bytes>> fetch(const Digest& blob) const;
  federation::JoinReply join() const;
  federation::SendReply send(std::uint32_t device, ByteView message);
  federation::ReceiveReply receive(std::uint32_t device,
                                   const federation::ReceiveRequest& request) const;
  void restart();  // from what it was told to save: the rest is lost
  bool is_over() const { return session->step() >= secagg::CoordinatorStep::kCompleted; }

  federation::Assignment assignment;
  std::uint64_t epoch = 1;
  std::uint32_t slow_downs = 0;  // so many sends are answered with ComeBack first
  std::optional<secagg::CoordinatorSession> session;

 private:
  void apply(const secagg::CoordinatorEffects& effects, std::uint32_t device, bool& is_busy);

  TrustingVerifier verifier_;
  secagg::CoordinatorOptions options_;
  std::shared_ptr<const Bytes> plan_;
  std::shared_ptr<const Bytes> model_;
  std::optional<Bytes> saved_;
};

// A device: a participant, what it stored, and the operation that it asks for.
struct FakeDevice {
  FakeDevice(std::uint32_t own_number, crypto::SigningKeyPair key)
      : number(own_number), signing_key(std::move(key)) {}

  std::uint32_t number = 0;
  crypto::SigningKeyPair signing_key;
  MemoryStorage storage;
  std::optional<client::Participant> participant;
  std::optional<client::ParticipantEvent> event;  // the next one
  std::vector<client::Receipt> receipts;
  std::vector<Error> reports;
  std::vector<Bytes> stored_results;  // every one
  std::vector<Bytes> sent;            // every message given to the coordinator
  std::vector<federation::CheckInRequest> check_ins;
  std::vector<federation::ReceiveRequest> receives;
  std::vector<federation::DeclineReason> declines;
  int trainings = 0;
  bool is_trained_twice = false;  // after a result was stored
};

// Devices and their coordinator in one process. What a device does comes in instants: before and
// after every effect and every operation; at instant `crash_at` of device 0 its process dies.
class FakeFederation {
 public:
  explicit FakeFederation(std::uint32_t devices, plan::Plan plan = small_plan());

  void run();  // until every device has a receipt, or far too much has happened
  bool is_over() const;
  // One step of a device: the effects and one operation.
  void turn(FakeDevice& device);
  // The sum of the devices' results as they stored them last, without any cryptography.
  ring::RingVector plain_sum() const;
  client::ParticipantOptions options_of(const FakeDevice& device);

  std::uint64_t seed = 1;
  int instants = 0;     // of device 0 so far
  int crash_at = -1;    // an instant of device 0
  int restart_at = -1;  // the coordinator restarts before this operation of any device
  int operations = 0;   // of all devices so far
  std::function<void(model::Model&, client::TrainingReport&)> train;  // what device 0 learns
  std::unique_ptr<FakeCoordinator> coordinator;
  std::vector<std::unique_ptr<FakeDevice>> devices;

 private:
  bool dies_now(FakeDevice& device);
  bool apply(FakeDevice& device, std::vector<client::ParticipantEffect>& effects);
  client::ParticipantEvent perform(FakeDevice& device, const client::Operation& next);
  client::ParticipantEvent train_on(FakeDevice& device, const client::operation::Train& job);

  ring::Manifest manifest_ = small_manifest();
  TrustingVerifier verifier_;
  std::unique_ptr<crypto::Random> random_;
};

}  // namespace covey::testing
