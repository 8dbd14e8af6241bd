#include "integration/world/history.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "covey/client/agent.h"
#include "covey/client/file_storage.h"
#include "integration/world/deeds.h"
#include "support/catch.h"

namespace covey::testing {

using namespace coordinator;

namespace {

constexpr std::size_t kAll = 10'000;
constexpr double kMomentum = 0.9;  // fedavgm's, where the task file does not say

bool is_over(TaskState state) {
  return state == TaskState::kStopped || state == TaskState::kCompleted;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// What the device says of itself last.
bool has_nothing_to_do(const Federation& federation, int device) {
  const std::string text = read_text(federation.folder() / (Federation::name_of(device) + ".log"));
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return false;
  const std::size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1)
      .starts_with("running, checking in");
}

}  // namespace

bool History::look() {
  const auto tasks = federation_.admin().tasks();
  if (!tasks) return false;
  const auto found = std::ranges::find(*tasks, name_, &TaskRecord::name);
  if (found == tasks->end()) {
    CHECK(!task_);
    return true;
  }
  if (task_) {
    CHECK(found->next_round >= task_->next_round);
    CHECK(found->current_version >= task_->current_version);
    CHECK((!is_over(task_->state) || found->state == task_->state));
  }
  task_ = *found;
  return look_at_models() && look_at_rounds() && look_at_audit();
}

bool History::look_at_models() {
  auto models = federation_.admin().models(name_);
  if (!models) return false;
  REQUIRE(models->size() >= models_.size());
  CHECK(std::equal(models_.begin(), models_.end(), models->begin()));
  models_ = std::move(*models);
  return true;
}

bool History::look_at_rounds() {
  const auto rounds = federation_.admin().rounds(name_, 1, kAll);
  if (!rounds) return false;
  std::size_t known = 0;
  for (std::size_t i = 0; i < rounds->size(); ++i) {
    const RoundRecord& round = (*rounds)[i];
    INFO("round " << round.number);
    CHECK(round.number == i + 1);
    const auto before = ended_.find(round.number);
    if (before != ended_.end()) {
      ++known;
      CHECK(before->second.round == round);
    } else if (round.state != RoundState::kOpen) {
      auto details = federation_.admin().round(name_, round.number);
      if (!details) return false;
      ended_.emplace(round.number, std::move(*details));
      ++known;
    }
  }
  CHECK(known == ended_.size());
  return true;
}

bool History::has_seen(const std::string& device, std::uint64_t from) const {
  return std::any_of(ended_.lower_bound(from), ended_.end(), [&](const auto& entry) {
    return contains(entry.second.survivors, device) || contains(entry.second.dropped, device);
  });
}

// Each entry holds the hash of the one before it: the last one stands for all.
bool History::look_at_audit() {
  const auto entries = federation_.admin().audit(std::max<std::size_t>(audit_.size(), 1), kAll);
  if (!entries) return false;
  if (!audit_.empty()) {
    REQUIRE(!entries->empty());
    CHECK(entries->front() == audit_.back());
  }
  audit_.insert(audit_.end(), entries->begin() + (audit_.empty() ? 0 : 1), entries->end());
  return true;
}

void come_to_rest(Federation& federation, const std::string& task, int devices) {
  if (federation.task(task).state == TaskState::kRunning) {
    REQUIRE(federation.covey({"task", "pause", task}).exit_status == 0);
  }
  REQUIRE(Federation::eventually([&] {
    const auto status = federation.admin().status();
    return status && status->open_rounds == 0;
  }));
  for (int device = 1; device <= devices; ++device) {
    INFO(Federation::name_of(device));
    REQUIRE(Federation::eventually([&] { return has_nothing_to_do(federation, device); }));
  }
}

std::size_t count_aborted(const std::vector<RoundDetails>& rounds) {
  return static_cast<std::size_t>(std::ranges::count_if(rounds, [](const RoundDetails& details) {
    return details.round.state == RoundState::kAborted;
  }));
}

namespace {

void check_named_once(const RoundDetails& details) {
  std::set<std::string> names(details.survivors.begin(), details.survivors.end());
  names.insert(details.dropped.begin(), details.dropped.end());
  CHECK(names.size() == details.survivors.size() + details.dropped.size());
}

void check_aborted(const RoundDetails& details) {
  CHECK(details.round.state == RoundState::kAborted);
  CHECK(!details.round.outcome.empty());
  CHECK(details.survivors.empty());
  CHECK(!details.round.new_version);
}

void check_logs(Federation& federation) {
  const CommandResult audit =
      federation.covey({"audit", "verify", "--key", federation.pki() / "coordinator.pem"});
  INFO(audit.output);
  CHECK(audit.exit_status == 0);
  const std::string log = read_text(federation.folder() / "coordinator.log");
  for (const char* const complaint :
       {"second, different message", "damaged", "cannot be written"}) {
    INFO(complaint);
    CHECK(log.find(complaint) == std::string::npos);
  }
}

}  // namespace

std::vector<RoundDetails> check_truth(Federation& federation, const std::string& task,
                                      const std::string& strategy) {
  const auto rounds = federation.rounds(task);
  double expected = 0;
  double velocity = 0;
  std::uint64_t version = 1;
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    const RoundRecord& round = rounds[i].round;
    INFO("round " << round.number << ": " << round.outcome);
    CHECK(round.number == i + 1);
    check_named_once(rounds[i]);
    if (round.state != RoundState::kCompleted) {
      check_aborted(rounds[i]);
      continue;
    }
    CHECK(round.base_version == version);
    CHECK(round.new_version == ++version);
    CHECK(round.survivors == rounds[i].survivors.size());
    CHECK(std::abs(round.metrics.at("loss") - 0.5) < 1e-4);
    velocity = (strategy == "fedavgm" ? kMomentum * velocity : 0) + mean_step(rounds[i].survivors);
    expected += velocity;
  }
  REQUIRE(!rounds.empty());
  CHECK(rounds.back().round.state == RoundState::kCompleted);
  CHECK(federation.task(task).current_version == version);
  // A device's update is rounded to 16 bits of [-1, 1]; momentum moves the model by it ten times.
  const double tolerance = (strategy == "fedavgm" ? 10 : 1) * 5e-5 * static_cast<double>(version);
  double furthest = 0;
  for (const float value : model_values(federation, task)) {
    furthest = std::max(furthest, std::abs(value - expected));
  }
  CHECK(furthest < tolerance);
  check_logs(federation);
  did("rounds completed", version - 1);
  if (const std::size_t aborted = count_aborted(rounds)) did("rounds aborted", aborted);
  return rounds;
}

void check_receipts(Federation& federation, const std::string& task, int device,
                    const std::vector<RoundDetails>& rounds) {
  const std::string name = Federation::name_of(device);
  INFO(name);
  REQUIRE(federation.stop_device(device));
  auto storage = client::FileStorage::open(federation.folder() / name);
  REQUIRE(storage.has_value());
  const auto receipts = client::stored_receipts(*storage);
  REQUIRE(receipts.has_value());
  std::map<std::uint64_t, client::RoundOutcome> outcomes;
  for (const client::Receipt& receipt : *receipts) {
    if (receipt.task != task) continue;
    INFO(receipt.to_string());
    CHECK(outcomes.emplace(receipt.round, receipt.outcome).second);
  }
  for (const RoundDetails& details : rounds) {
    INFO("round " << details.round.number);
    const auto outcome = outcomes.find(details.round.number);
    const bool says_so =
        outcome != outcomes.end() && outcome->second == client::RoundOutcome::kContributed;
    CHECK(says_so == contains(details.survivors, name));
  }
}

}  // namespace covey::testing
