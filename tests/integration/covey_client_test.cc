#include <csignal>

#include "integration/world/federation.h"
#include "support/catch.h"

namespace covey {

using namespace coordinator;
using testing::Federation;
using testing::Process;

TEST_CASE("covey-client's devices learn digits together", "[covey-client]") {
  constexpr int kDevices = 4;
  Federation federation(kDevices);
  federation.start_coordinator();
  const auto made = testing::run_command({COVEY_CLIENT, "init-model", "--model", "logistic",
                                          "--out", federation.folder() / "init.safetensors"},
                                         federation.folder() / "init.log");
  INFO(made.output);
  REQUIRE(made.exit_status == 0);
  testing::write_text(
      federation.folder() / "task.toml",
      "[task]\nname = \"digits\"\nrounds = 2\n[model]\nname = \"logistic\"\n"
      "initial = \"init.safetensors\"\n[train]\nlearning_rate = 0.05\nbatch_size = 10\n"
      "[round]\ntarget = 4\nover_selection = 1.0\n"
      "[secure]\nminimum_devices = 4\nminimum_survivors = 3\ncorrupt_fraction = 0.0\n"
      "dropout_fraction = 0.0\n");
  const auto submitted = federation.covey({"task", "submit", federation.folder() / "task.toml"});
  INFO(submitted.output);
  REQUIRE(submitted.exit_status == 0);

  std::vector<Process> devices;
  for (int device = 1; device <= kDevices; ++device) {
    const std::string name = Federation::name_of(device);
    const auto config = federation.folder() / (name + ".toml");
    testing::write_text(
        config, "[device]\nstate = \"" + name + "\"\n[coordinator]\naddress = \"" +
                    federation.address() + "\"\n[identity]\ncertificate = \"pki/" + name +
                    ".pem\"\nkey = \"pki/" + name +
                    ".key\"\nauthority = \"pki/authority.pem\"\n[policy]\nminimum_devices = 4\n"
                    "minimum_survivors = 3\ncorrupt_fraction = 0.0\n[model]\nname = \"logistic\"\n"
                    "[data]\nexamples = 60\nparts = 4\npart = " +
                    std::to_string(device - 1) + "\n");
    devices.emplace_back(std::vector<std::string>{COVEY_CLIENT, "run", "--config", config},
                         federation.folder() / (name + ".log"));
  }
  REQUIRE(federation.wait_for_end("digits"));
  const auto rounds = federation.rounds("digits");
  REQUIRE(rounds.size() == 2);
  for (const RoundDetails& round : rounds) CHECK(round.round.survivors == kDevices);
  CHECK(rounds[1].round.metrics.at("loss") < rounds[0].round.metrics.at("loss"));
  for (Process& device : devices) device.send_signal(SIGTERM);
  for (Process& device : devices) CHECK(device.wait().value_or(-1) == 0);
}

}  // namespace covey
