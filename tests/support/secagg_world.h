#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "covey/aggregation/secagg/client_session.h"
#include "covey/aggregation/secagg/coordinator_session.h"

namespace covey::testing {

// A certificate of tests: the 32 bytes of the key, and nothing that vouches for it.
class TrustingVerifier final : public secagg::IdentityVerifier {
 public:
  Result<crypto::CertifiedIdentity> verify(ByteView certificate_chain) override;
};

// The step at which a device is last seen: it vanishes instead of answering it. kNever: it stays.
enum class Vanish { kAdvertise, kShare, kMask, kAgree, kUnmask, kNever };

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t devices = 5;
  std::uint32_t degree = 4;  // at least as large as the group: the complete graph
  std::uint32_t threshold = 3;
  ring::RingShape shape{32, 100, 2};
  std::size_t staging_bytes = std::size_t{64} << 20;
  std::size_t slice_blocks = 64;
  std::vector<Vanish> vanish;    // by device; missing: kNever
  double repeat_odds = 0;        // that a delivered message is delivered again later
  double restart_odds = 0;       // that, before a delivery, one side is killed and restored
  int most_restarts = 6;         // of both sides: each makes devices send their vectors again
  secagg::PrivacyPolicy policy;  // made lax by the constructor of World, unless `keep_policy`
  bool keep_policy = false;
};

// Devices and a coordinator in one process, exchanging bytes over a network that reorders and
// repeats as its random choices say. The shell of the tests: what the daemon and the device agent
// do with effects, without I/O.
class World {
 public:
  // Gives a number below its argument. By default from the options' seed; a fuzzer passes its own.
  using Choose = std::function<std::uint32_t(std::uint32_t)>;

  struct Device {
    crypto::SigningKeyPair signing_key;
    ring::RingVector update;
    secagg::ClientOptions options;
    secagg::RoundLedger ledger;
    std::optional<secagg::ClientSession> session;
    std::vector<Bytes> journal;
    Vanish vanish = Vanish::kNever;
    bool gone = false;
    std::uint32_t chunks_before_vanishing = 0;
  };
  struct Packet {
    bool to_coordinator = true;
    secagg::DeviceHandle device = 0;
    Bytes bytes;
  };
  struct Dropped {
    secagg::DeviceHandle device = 0;
    secagg::Fault fault = secagg::Fault::kGone;
    std::optional<secagg::Refusal> refusal;
    std::optional<secagg::DeviceHandle> neighbour;
  };

  explicit World(const WorldOptions& options, Choose choose = {});
  World(const World&) = delete;

  void start();   // every device checks in
  void settle();  // delivers until nothing is under way
  void run();     // start, then settle and close steps until the group has ended

  bool deliver_one();  // false when nothing is under way
  void deliver(const Packet& packet);
  void close_step() { apply(coordinator->close_step()); }
  void restart_coordinator();
  void restart_device(secagg::DeviceHandle device);

  // The plain twin: the sum of these devices' updates modulo 2^b, without any cryptography.
  ring::RingVector plain_sum(const std::vector<secagg::DeviceHandle>& devices) const;

  void apply(const secagg::CoordinatorEffects& effects);
  void apply(secagg::DeviceHandle device, std::vector<secagg::ClientEffect> effects);

  WorldOptions options;
  Choose choose;
  TrustingVerifier verifier;
  secagg::GroupContext context;
  secagg::CoordinatorOptions coordinator_options;
  std::vector<std::unique_ptr<Device>> devices;
  std::optional<secagg::CoordinatorSession> coordinator;
  std::vector<Packet> network;
  std::vector<Dropped> dropped;
  std::set<secagg::DeviceHandle> folded;
  // Called with every packet that is about to be delivered; false loses it. For attacks.
  std::function<bool(Packet&)> intercept;
  // Calls run_part for every part of the work that is ready. By default on this thread, the last
  // part first.
  std::function<void(secagg::CoordinatorSession&)> run_work;

 private:
  int restarts_ = 0;

  bool odds(double probability);
  bool restarts_now();
  void send(secagg::DeviceHandle device, Bytes bytes);
  void vanish(Device& device, secagg::DeviceHandle handle);
  void send_masked_input(secagg::DeviceHandle device);
  std::size_t kind_of_answer(const Device& device) const;
};

}  // namespace covey::testing
