#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "covey/coordinator/admin_client.h"
#include "integration/world/process.h"

namespace covey::testing {

struct TaskSettings {
  int rounds = 1;
  int devices = 4;                // in every round: target and minimum
  std::string step_idle = "30s";  // longer than a test takes: no device is given up
  double dropout_fraction = 0;
  std::uint64_t max_weight = 100;
  int minimum = 0;     // of devices in a round; 0: all of them
  int group_size = 0;  // 0: one group
  std::string strategy = "fedavg";
  std::string training_deadline = "60s";
  int give_up_after = 10;
};

// A federation of processes on this machine: an authority, a coordinator, devices and the `covey`
// command, which speak as they would anywhere. Devices are numbered from 1; device n adds 0.01·n to
// every parameter and has 10·n examples. Everything is in a folder that goes with it, unless the
// environment has COVEY_KEEP_TEST_FOLDERS: then its path is printed.
class Federation {
 public:
  static constexpr std::uint64_t kSmallModel = 24;      // parameters
  static constexpr std::uint64_t kTwoChunks = 100'000;  // a masked vector of 256 to 512 KiB

  explicit Federation(int devices, std::uint64_t parameters = kSmallModel);
  ~Federation();
  Federation(const Federation&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path pki() const { return folder_ / "pki"; }
  static std::string name_of(int device);  // "device-01"; up to 99

  // At any free port the first time, then always at the same address.
  // `more`: flags; with one that may end it at once, false says that it did.
  bool start_coordinator(const std::vector<std::string>& more = {});
  // From its next start on, this program in the place of the daemon.
  void use_coordinator(std::string program) { program_ = std::move(program); }
  void kill_coordinator();  // with SIGKILL
  Process& coordinator() { return *coordinator_; }
  const std::string& address() const { return address_; }
  coordinator::AdminClient& admin() { return *admin_; }

  // A device that is there already is killed, and started again from what it has on disk. `more`:
  // flags of test_device.cc; one that is given again takes the place of the usual one, so that
  // {"--address", …} leads it another way.
  Process& start_device(int device, const std::vector<std::string>& more = {},
                        const std::vector<std::string>& environment = {});
  void start_devices(int count);
  void kill_device(int device) { devices_.erase(device); }
  // With SIGTERM: what it is doing is done first. False when that does not end it well.
  bool stop_device(int device);
  Process& device(int device) { return devices_.at(device); }

  CommandResult covey(const std::vector<std::string>& arguments);
  void submit(const std::string& task, const TaskSettings& settings);
  // The same while the coordinator may die of it.
  CommandResult try_submit(const std::string& task, const TaskSettings& settings);

  // Asks until `is_so`; false after kPatience.
  static bool eventually(const std::function<bool()>& is_so);
  // Of a round that has not begun, or while no coordinator answers: "".
  std::string phase(const std::string& task, std::uint64_t round);
  bool wait_for_round(const std::string& task, std::uint64_t round);  // until it has ended
  bool wait_for_end(const std::string& task);                         // until it is completed

  coordinator::TaskRecord task(const std::string& name);
  // All of them, each with its devices in the order of their names.
  std::vector<coordinator::RoundDetails> rounds(const std::string& task);
  // What `covey log` has that contains this, oldest first.
  std::vector<std::string> log_lines(const std::string& part);

 private:
  void write_settings() const;

  std::filesystem::path folder_;
  std::uint64_t parameters_;
  std::string address_;
  std::string program_;  // empty: the daemon
  std::optional<Process> coordinator_;
  std::unique_ptr<coordinator::AdminClient> admin_;
  std::map<int, Process> devices_;
};

// Fails unless every round was completed by devices that are named in its record, under numbers
// from 1 on, and the current model is what these devices' weighted means add up to; fails unless
// the audit log is whole. Returns the rounds.
std::vector<coordinator::RoundDetails> check_completed(Federation& federation,
                                                       const std::string& task, int rounds);
// The current model's value at each parameter, fetched with `covey model get`.
std::vector<float> model_values(Federation& federation, const std::string& task);
// The weighted mean of what these devices add in one round.
double mean_step(const std::vector<std::string>& devices);

}  // namespace covey::testing
