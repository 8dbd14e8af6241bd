#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include "integration/world/deeds.h"
#include "integration/world/federation.h"
#include "integration/world/meddling_device.h"
#include "support/catch.h"

// A model past 2 GiB, which no single message of protobuf's can hold, at the default limits.
namespace covey {
namespace {

using testing::connect;
using testing::did;
using testing::Federation;

constexpr int kDevices = 3;
constexpr std::uint64_t kParameters = 672'000'000;  // 2.5 GiB of float32

// Highest resident memory of a process so far, in MiB.
std::uint64_t peak_mib(const testing::Process& process) {
  std::ifstream status("/proc/" + std::to_string(process.id()) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) / 1024;
  }
  return 0;
}

// The furthest that a parameter of this safetensors file is from `expected`, over all of them.
double furthest_from(double expected, const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t header_bytes = 0;
  in.read(reinterpret_cast<char*>(&header_bytes), sizeof(header_bytes));
  in.seekg(static_cast<std::streamoff>(sizeof(header_bytes) + header_bytes));
  std::vector<float> values(std::size_t{1} << 20);
  std::uint64_t seen = 0;
  double furthest = 0;
  while (seen < kParameters) {
    const auto count = std::min<std::uint64_t>(values.size(), kParameters - seen);
    in.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(count * sizeof(float)));
    REQUIRE(static_cast<std::uint64_t>(in.gcount()) == count * sizeof(float));
    for (std::uint64_t i = 0; i < count; ++i) {
      furthest = std::max(furthest, std::abs(values[i] - expected));
    }
    seen += count;
  }
  return furthest;
}

}  // namespace

TEST_CASE("a model of 2.5 GiB goes to the devices and comes back as the mean of theirs",
          "[.long]") {
  Federation federation(kDevices, kParameters);
  federation.start_coordinator();
  federation.submit("large", {.devices = kDevices, .training_deadline = "30m"});
  // The devices take their work one after the other: what trains holds four models, and three of
  // them at once are more than a machine of 24 GiB has. They ask once from here, so that the round
  // begins.
  const auto ask_for = [&](int device) {
    federation::CheckInRequest request;
    request.task = "large";
    return connect(federation, device)->check_in(request).has_value();
  };
  REQUIRE(Federation::eventually([&] {
    for (int device = 1; device <= kDevices; ++device) CHECK(ask_for(device));
    return federation.phase("large", 1) == "training";
  }));
  std::uint64_t device_mib = 0;
  for (int device = 1; device <= kDevices; ++device) {
    testing::Process& process = federation.start_device(device);
    INFO(process.output());
    const auto has_joined = [&] {
      const std::string said = process.output();
      return said.find("joining") != std::string::npos || said.find("group") != std::string::npos;
    };
    REQUIRE((Federation::eventually(has_joined) || Federation::eventually(has_joined) ||
             Federation::eventually(has_joined) || Federation::eventually(has_joined)));
    device_mib = std::max(device_mib, peak_mib(process));
  }
  for (int tries = 0; tries < 20 && !federation.wait_for_round("large", 1);) ++tries;
  const auto rounds = federation.rounds("large");
  REQUIRE(rounds.size() == 1);
  INFO(rounds.front().round.outcome);
  REQUIRE(rounds.front().round.state == coordinator::RoundState::kCompleted);
  CHECK(rounds.front().round.survivors == kDevices);
  for (int device = 1; device <= kDevices; ++device) {
    device_mib = std::max(device_mib, peak_mib(federation.device(device)));
  }
  did("MiB at most in a device", device_mib);
  did("MiB at most in the coordinator", peak_mib(federation.coordinator()));
  did("MiB up", rounds.front().round.bytes_up >> 20);
  did("MiB down", rounds.front().round.bytes_down >> 20);
  for (int device = 1; device <= kDevices; ++device) federation.kill_device(device);

  const auto file = federation.folder() / "large.safetensors";
  std::vector<std::string> get{"model", "get", "large", "--out", file};
  const auto got = federation.covey(get);
  INFO(got.output);
  REQUIRE(got.exit_status == 0);
  const double expected = testing::mean_step(rounds.front().survivors);
  CHECK(furthest_from(expected, file) < 5e-5);  // an update is rounded to 16 bits of [-1, 1]
}

}  // namespace covey
