#pragma once

#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "covey/coordinator/round.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "covey/simulation/settings.h"
#include "simulation/devices/identities.h"
#include "simulation/devices/round_material.h"
#include "simulation/devices/virtual_device.h"
#include "simulation/engine/device_times.h"
#include "simulation/engine/training.h"
#include "simulation/groups/virtual_group.h"

namespace covey::simulation {

// What came of a round, short of merging.
struct RoundOutcome {
  std::string reason;                                 // empty: there are sums to merge
  std::vector<std::unique_ptr<VirtualGroup>> groups;  // all of it
  std::vector<std::uint32_t> completed;               // of them, those with a sum
  std::uint64_t assigned = 0;
  std::uint64_t cohort = 0;
  std::uint64_t survivors = 0;
  std::uint64_t dropped = 0;
  std::uint64_t faults = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
  Milliseconds duration{0};
  double training_seconds = 0;
  double aggregation_seconds = 0;
};

// One round in virtual time: the coordinator's Round, its groups, and the devices that were asked
// to take part. What happens next is always the earliest thing in a queue, so that the order of
// events hangs on virtual time alone; devices compute on the workers meanwhile, and the queue waits
// for a device when its turn has come. Single use.
class RoundRun {
 public:
  // All of it must outlive the run.
  struct Surroundings {
    const SimulationSpec& spec;
    const RoundMaterial& material;
    Workers& workers;
    Training& training;
    const datasets::FederatedDataset& dataset;
    KeyVerifier& verifier;
  };
  // `now`: when it begins. `devices` check in, in this order.
  RoundRun(const Surroundings& surroundings, const std::vector<std::size_t>& devices,
           Milliseconds now);
  ~RoundRun();  // stops what still runs

  Result<RoundOutcome> run();

 private:
  // A device and what is under way with it.
  struct Player {
    explicit Player(std::size_t number, std::uint64_t seed) : device(number), random(seed) {}

    std::size_t device;
    crypto::InsecureSeededRandom random;
    std::unique_ptr<VirtualDevice> body;
    std::optional<Fault> fault;  // that has not come to pass
    int messages = 0;            // of its group, that it has had
    client::Operation operation;
    Workers::Ticket work;  // what gives `operation`
    // Of its training, and the tensors that it keeps for itself: `learn` puts them, on a worker,
    // and `act` takes them when the device's turn has come, so that what counts is virtual time.
    std::optional<Error> learning_error;
    std::optional<LocalTensors::Own> learned;
    std::optional<Error> error;  // why it declined
    std::optional<std::uint32_t> group;
    bool corrupts = false;    // a bit of what it sends next
    bool is_waiting = false;  // for a group, or for a message
    bool is_out = false;      // has vanished, declined or come too late
    bool is_late = false;
  };
  enum class Kind : std::uint8_t {
    kReturns,  // a device's process is back
    kActs,     // a device has its next operation
    kArrives,  // that operation has come to the coordinator
  };
  struct Entry {
    Milliseconds at{0};
    std::uint64_t number = 0;  // in the order in which they were put
    std::size_t player = 0;
    Kind kind = Kind::kActs;
    bool operator>(const Entry& other) const {
      return at != other.at ? at > other.at : number > other.number;
    }
  };

  Status enlist(const std::vector<std::size_t>& devices);
  Player& player_of(DeviceHandle handle) { return *players_[places_.at(handle)]; }
  void put(Milliseconds at, std::size_t player, Kind kind);
  // The device gets `event` at a time to come, and acts then.
  void tell(Player& player, client::ParticipantEvent event, Milliseconds at);
  std::size_t place_of(const Player& player) const {
    return places_.at(static_cast<DeviceHandle>(player.device));
  }

  // round_run_devices.cc: on the devices' side.
  void act(Player& player);
  void train(Player& player, const client::operation::Train& job, Milliseconds delay);
  struct Lesson {
    client::operation::Train job;
    plan::TrainSettings settings;  // the plan's, or what a device that does part of the work does
    bool is_spoiled = false;
    Milliseconds until{0};
  };
  // On a worker's thread. What the device does then.
  client::Operation learn(Player& player, const Lesson& lesson, std::size_t worker,
                          std::stop_token stop);
  // The fault of the device, if its step has come. False when it then does not do what it was about
  // to.
  bool suffer(Player& player, Milliseconds& delay);
  std::optional<Step> step_of(const Player& player) const;
  void leave(Player& player);

  // round_run.cc: on the coordinator's side.
  void arrive(Player& player);
  void arrive(Player& player, const client::operation::CheckIn& call);
  void arrive(Player& player, const client::operation::Fetch& call);
  void arrive(Player& player, const client::operation::Join& call);
  void arrive(Player& player, const client::operation::Send& call);
  void arrive(Player& player, const client::operation::Receive& call);
  void arrive(Player& player, const client::operation::Decline& call);
  template <typename Call>
  void arrive(Player&, const Call&) {}  // nothing that goes to the coordinator
  void apply(coordinator::RoundEffects effects);
  void form_groups(const std::vector<std::vector<DeviceHandle>>& groups);
  void answer_join(Player& player);
  void answer_receives();
  void collect_ends();
  std::optional<Milliseconds> next_tick() const;
  void tick();
  std::string explained(std::string reason) const;

  Surroundings around_;
  bool is_masked_;
  DeviceTimes times_;
  coordinator::Round round_;
  Milliseconds started_;
  Milliseconds now_;
  std::vector<std::unique_ptr<Player>> players_;
  std::map<DeviceHandle, std::size_t> places_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  std::uint64_t put_ = 0;
  std::vector<bool> is_end_taken_;  // by group
  bool is_over_ = false;
  std::optional<Error> error_;
  std::chrono::steady_clock::time_point wall_start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point wall_groups_ = wall_start_;
  RoundOutcome outcome_;
};

}  // namespace covey::simulation
