#include "integration/world/state_folder.h"

#include <algorithm>
#include <cmath>
#include <csignal>

#include "integration/world/deeds.h"
#include "support/catch.h"

namespace covey::testing {

using namespace coordinator;

std::filesystem::path blob_file(const Federation& federation, const Digest& digest) {
  const std::string name = to_hex(digest);
  return state_of(federation) / "blobs" / name.substr(0, 2) / name.substr(2);
}

Digest digest_of_version(Federation& federation, const std::string& task, std::uint64_t version) {
  const auto models = federation.admin().models(task);
  REQUIRE(models.has_value());
  const auto found = std::ranges::find(*models, version, &ModelRecord::version);
  REQUIRE(found != models->end());
  return found->digest;
}

std::string damage(const std::filesystem::path& file, Damage how) {
  const std::string whole = read_text(file);
  REQUIRE(whole.size() > 1);
  std::string altered = whole;
  altered[whole.size() / 2] ^= 1;
  if (how == Damage::kAltered) write_text(file, altered);
  if (how == Damage::kTruncated) std::filesystem::resize_file(file, whole.size() / 2);
  if (how == Damage::kMissing) std::filesystem::remove(file);
  did("files damaged");
  return whole;
}

std::string refusal(Federation& federation, const std::vector<std::string>& more) {
  const auto output = federation.folder() / "refusal.log";
  std::filesystem::remove(output);
  std::vector<std::string> command{COVEY_COORDINATOR, "--config",
                                   federation.folder() / "coordinator.toml"};
  command.insert(command.end(), more.begin(), more.end());
  Process process(command, output);
  const auto status = process.wait();
  INFO(process.output());
  CHECK(status == 1);
  did("starts refused");
  return process.output();
}

void stop_coordinator(Federation& federation) {
  federation.coordinator().send_signal(SIGTERM);
  REQUIRE(federation.coordinator().wait() == 0);
  federation.kill_coordinator();
}

std::vector<RoundDetails> check_standing(Federation& federation, const std::string& task) {
  const auto rounds = federation.rounds(task);
  double expected = 0;
  std::uint64_t completed = 0;
  for (const RoundDetails& round : rounds) {
    INFO("round " << round.round.number << ": " << round.round.outcome);
    CHECK((round.round.state != RoundState::kAborted || !round.round.outcome.empty()));
    if (round.round.state != RoundState::kCompleted) continue;
    ++completed;
    expected += mean_step(round.survivors);
  }
  CHECK(federation.task(task).current_version == completed + 1);
  // A device's update is rounded to 16 bits of [-1, 1].
  const double tolerance = 1e-5 + 5e-5 * static_cast<double>(completed);
  for (const float value : model_values(federation, task)) {
    CHECK(std::abs(value - expected) < tolerance);
  }
  const CommandResult audit =
      federation.covey({"audit", "verify", "--key", federation.pki() / "coordinator.pem"});
  INFO(audit.output);
  CHECK(audit.exit_status == 0);
  return rounds;
}

bool contains(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

}  // namespace covey::testing
