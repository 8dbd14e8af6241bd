#include "integration/hostile/siege.h"

#include <algorithm>
#include <sstream>

#include "covey/crypto/digest.h"
#include "integration/world/deeds.h"
#include "support/catch.h"

namespace covey::testing {
namespace {

constexpr const char* kTask = "digits";
constexpr int kDevices = 30;  // that have a certificate

// What coordinator/README.md states: messages and parts that are under way; what gRPC holds for
// connections; strangers' handshakes, which are in no quota, at some 90 KiB. And as much as an
// allocator may keep of what was freed, in pieces.
constexpr std::uint64_t kConnectionsMib = 256;
constexpr std::uint64_t kStrangersMib = 2048 * 90 / 1024;
constexpr std::uint64_t kPiecesMib = 64;
// An attack leaves no descriptors behind but those of files that the rounds have opened.
constexpr std::size_t kFewDescriptors = 24;

// More are given work than are needed, so that an attacker who asks for it keeps nobody out. More
// rounds than there is time for.
std::string task_file() {
  const std::string honest = std::to_string(Siege::kHonest);
  return std::string("[task]\nname = \"") + kTask +
         "\"\nrounds = 100000\n[model]\nname = \"linear\"\ninitial = \"init.safetensors\"\n"
         "[round]\ntarget = " +
         honest + "\nminimum = " + honest +
         "\nover_selection = 10.0\ntraining_deadline = \"60s\"\nstep_idle = \"30s\"\n"
         "[aggregation]\nclip = \"range\"\nclip_bound = 1.0\nquantization_bits = 16\n"
         "rotate = false\nmax_weight = 100\n[secure]\nminimum_devices = 3\n"
         "minimum_survivors = 3\ncorrupt_fraction = 0.0\ndropout_fraction = 0.0\n"
         "[evaluate]\nmetrics = [\"loss\"]\n";
}

// The newest count of each deed.
std::map<std::string, std::uint64_t> last_counts(const std::string& output) {
  std::map<std::string, std::uint64_t> counts;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (colon == line.npos || lines.eof()) continue;  // a line that is not whole yet
    counts[line.substr(0, colon)] = std::stoull(line.substr(colon + 2));
  }
  return counts;
}

}  // namespace

Siege::Siege() : federation_(kDevices, Federation::kTwoChunks) {
  const auto settings = federation_.folder() / "coordinator.toml";
  write_text(settings, read_text(settings) + "[limits]\nbytes_in_flight_mib = " +
                           std::to_string(kBytesInFlightMib) + "\n");
  federation_.start_coordinator();
  pid_ = std::to_string(std::stol(read_text(federation_.folder() / "state" / "lock")));
  submit();
  federation_.start_devices(kHonest);
  REQUIRE(Federation::eventually([&] { return completed() >= 2; }));
  calm_rounds_ = completed();
  calm_mib_ = memory_mib("VmHWM");
  calm_descriptors_ = descriptors();
}

void Siege::submit() {
  const auto file = federation_.folder() / "task.toml";
  write_text(file, task_file());
  const CommandResult result = federation_.covey({"task", "submit", file});
  INFO(result.output);
  REQUIRE(result.exit_status == 0);
}

std::uint64_t Siege::completed() {
  const std::uint64_t version = federation_.task(kTask).current_version;
  return version == 0 ? 0 : version - 1;  // the first is what it begins with
}

void Siege::begin(const std::vector<std::string>& attacks, std::uint64_t at_least) {
  const std::string model = read_text(federation_.folder() / "init.safetensors");
  const std::string digest = to_hex(crypto::sha256(view_of(model)));
  for (const std::string& attack : attacks) {
    const std::string name = Federation::name_of(kHonest + 1 + static_cast<int>(attackers_.size()));
    const std::vector<std::string> command{COVEY_HOSTILE_DEVICE,
                                           "--attack",
                                           attack,
                                           "--pki",
                                           federation_.pki(),
                                           "--name",
                                           name,
                                           "--address",
                                           federation_.address(),
                                           "--task",
                                           kTask,
                                           "--model",
                                           digest};
    attackers_.emplace_back(command, federation_.folder() / (name + ".log"));
  }
  CHECK(Federation::eventually([&] {
    const auto counts = acts();
    return counts.size() >= attacks.size() &&
           std::ranges::none_of(counts, [&](const auto& count) { return count.second < at_least; });
  }));
}

std::map<std::string, std::uint64_t> Siege::acts() const {
  std::map<std::string, std::uint64_t> all;
  for (const Process& attacker : attackers_) all.merge(last_counts(attacker.output()));
  return all;
}

void Siege::check_rounds(int rounds) {
  const auto acts_before = acts();
  const std::uint64_t before = completed();
  REQUIRE(Federation::eventually(
      [&] { return completed() >= before + static_cast<std::uint64_t>(rounds); }));
  for (const auto& [deed, times] : acts_before) {
    INFO(deed);
    CHECK(Federation::eventually([&] { return acts().at(deed) > times; }));
  }
}

void Siege::check_unhurt() {
  const std::uint64_t bound_mib =
      calm_mib_ + kBytesInFlightMib + kConnectionsMib + kStrangersMib + kPiecesMib;
  const std::uint64_t peak_mib = memory_mib("VmHWM");
  INFO("calm " << calm_mib_ << " MiB, peak " << peak_mib << " MiB, bound " << bound_mib << " MiB");
  CHECK(peak_mib <= bound_mib);
  CHECK_FALSE(federation_.coordinator().wait(std::chrono::milliseconds(0)).has_value());
  for (const auto& [deed, times] : acts()) did(deed, times);
  did("rounds completed meanwhile", completed() - calm_rounds_);
  did("MiB more than in calm, at most", peak_mib - calm_mib_);
  attackers_.clear();
  CHECK(
      Federation::eventually([&] { return descriptors() <= calm_descriptors_ + kFewDescriptors; }));
  const std::uint64_t before = completed();
  CHECK(Federation::eventually([&] { return completed() > before; }));
  check_all_rounds();
}

void Siege::check_all_rounds() {
  REQUIRE(federation_.covey({"task", "pause", kTask}).exit_status == 0);
  std::vector<coordinator::RoundDetails> all;
  REQUIRE(Federation::eventually([&] {  // the one that runs ends
    all = federation_.rounds(kTask);
    return std::ranges::none_of(
        all, [](const auto& each) { return each.round.state == coordinator::RoundState::kOpen; });
  }));
  for (const auto& round : check_completed(federation_, kTask, static_cast<int>(all.size()))) {
    CHECK(round.survivors ==
          std::vector<std::string>{"device-01", "device-02", "device-03", "device-04"});
  }
}

std::size_t Siege::descriptors() const {
  std::size_t count = 0;
  std::error_code ignored;  // of one that was closed meanwhile
  for (auto each = std::filesystem::directory_iterator("/proc/" + pid_ + "/fd", ignored);
       each != std::filesystem::directory_iterator(); each.increment(ignored)) {
    ++count;
  }
  return count;
}

std::uint64_t Siege::memory_mib(const char* what) const {
  std::istringstream lines(read_text("/proc/" + pid_ + "/status"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(what)) return std::stoull(line.substr(line.find(':') + 1)) / 1024;
  }
  return 0;
}

}  // namespace covey::testing
