#pragma once

#include <deque>
#include <memory>

#include "covey/aggregation/ring/decoder.h"
#include "covey/aggregation/ring/encoder.h"
#include "covey/aggregation/secagg/client_session.h"
#include "covey/aggregation/secagg/coordinator_session.h"
#include "covey/crypto/certificate.h"

// The shell around the protocol. ClientSession and CoordinatorSession do no I/O: bytes go in, and
// what comes out says what to do. In the daemon and the device agent that is done with gRPC, a disk
// and timers; here it is done with a loop.
namespace loopback {

using covey::secagg::CoordinatorStep;

struct Settings {
  std::uint32_t devices = 50;
  double vanish = 0.2;  // share of them that vanishes, each before a step of its own
  std::uint64_t seed = 1;
  std::uint64_t length = 1000;  // numbers in the model
};

struct Device {
  std::string name;
  covey::crypto::SigningKeyPair identity;
  std::unique_ptr<covey::secagg::CertificateIdentityVerifier> verifier;

  // What it learned from its own data. None of this ever leaves it in clear.
  std::vector<float> difference;  // its new parameters minus the global ones
  covey::ring::Contribution contribution;
  covey::ring::RingVector update;  // all of the above as elements of the ring: what gets masked

  covey::secagg::RoundLedger ledger;
  std::optional<covey::secagg::ClientSession> session;
  std::optional<covey::Bytes> inbox;
  std::optional<CoordinatorStep> vanishes_before;
  std::vector<std::uint32_t> masked;  // the numbers of its masked vector, as it sent them
};

// What one step came to.
struct StepReport {
  CoordinatorStep step{};
  std::size_t answered = 0;
  std::size_t received_bytes = 0;  // by the witness, from the coordinator
  std::size_t sent_bytes = 0;      // by the witness
  std::vector<std::string> vanished;
};

class Group {
 public:
  // Errors are about the settings: no safe threshold exists, or the ring has no room.
  static covey::Result<std::unique_ptr<Group>> create(const Settings& settings);

  // Every device that is still there answers the coordinator's last message; then the step is
  // closed.
  StepReport play_step();

  const covey::secagg::CoordinatorSession& coordinator() const { return *coordinator_; }
  const std::deque<Device>& devices() const { return devices_; }
  const Device& witness() const { return *witness_; }  // the first device that stays to the end
  const covey::ring::CodecParameters& codec() const { return *codec_; }
  // The coordinator's running sum after each masked vector, its first number only.
  const std::vector<std::uint32_t>& running_sums() const { return running_sums_; }
  std::size_t told_completed() const { return told_completed_; }  // devices

 private:
  Group() = default;
  covey::Status set_up(const Settings& settings);
  covey::Status add_device(const covey::crypto::CertificateAuthority& authority,
                           std::uint32_t number, std::uint64_t seed);
  void choose_who_vanishes(const Settings& settings);
  std::vector<covey::Bytes> answer_of(Device& device);
  covey::Bytes masked_chunk(Device& device, std::uint32_t index);
  void apply(const covey::secagg::CoordinatorEffects& effects);

  covey::crypto::SystemRandom random_;
  std::optional<covey::ring::Manifest> manifest_;
  std::optional<covey::ring::CodecParameters> codec_;
  covey::secagg::GroupContext context_;
  std::deque<Device> devices_;  // sessions point into them: they must not move
  const Device* witness_ = nullptr;
  std::unique_ptr<covey::secagg::CertificateIdentityVerifier> verifier_;
  std::optional<covey::secagg::CoordinatorSession> coordinator_;
  std::vector<std::uint32_t> running_sums_;
  std::size_t told_completed_ = 0;
};

}  // namespace loopback
