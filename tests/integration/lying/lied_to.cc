#include "integration/lying/lied_to.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <sstream>

#include "cli/pki/commands.h"
#include "covey/client/agent.h"
#include "covey/client/file_storage.h"
#include "integration/world/deeds.h"
#include "support/catch.h"

namespace covey::testing {

using namespace coordinator;
using client::RoundOutcome;
using Sum = Expected::Sum;

namespace {

constexpr int kDevices = 7;
constexpr int kVictim = 4;
constexpr int kRevoked = 8;
const std::string kTruth = "the truth";  // the name of no lie

// The victim's own step is not known where it learns. Of an image's corners it learns nothing.
#ifdef COVEY_CLIENT
constexpr bool kIsStepKnown = false;
constexpr double kVictimWeight = 16;  // of 20 examples; the others are held out
constexpr const char* kModel = "logistic";
#else
constexpr bool kIsStepKnown = true;
constexpr double kVictimWeight = 10 * kVictim;
constexpr const char* kModel = "linear";
#endif
constexpr double kVictimStep = kIsStepKnown ? 0.01 * kVictim : 0;
constexpr double kClip = 1.0;
constexpr double kRounding = 5e-5;  // an update is rounded to 16 bits of [-1, 1]
constexpr std::size_t kCorners = 100;

Result<SecretBytes> no_passphrase() { return SecretBytes(); }

std::string victim_name() { return Federation::name_of(kVictim); }

std::string quoted(const std::vector<int>& devices) {
  std::string text;
  for (const int device : devices) {
    text += (text.empty() ? "\"" : ", \"") + Federation::name_of(device) + "\"";
  }
  return "[" + text + "]";
}

}  // namespace

std::set<std::string> LiedTo::all_lies() {
  const auto file =
      std::filesystem::temp_directory_path() / ("covey-lies-" + std::to_string(getpid()));
  const CommandResult listed = run_command({COVEY_LYING_COORDINATOR, "--list"}, file);
  std::filesystem::remove(file);
  CHECK(listed.exit_status == 0);
  std::set<std::string> names;
  std::istringstream lines(listed.output);
  for (std::string line; std::getline(lines, line);) names.insert(line);
  return names;
}

LiedTo::LiedTo() : federation_(kRevoked) {
  REQUIRE(cli::revoke_certificate(federation_.pki(), Federation::name_of(kRevoked), no_passphrase)
              .has_value());
  write_text(federation_.folder() / "lie", kTruth);
  federation_.use_coordinator(COVEY_LYING_COORDINATOR);
  federation_.start_coordinator(
      {"--victim", victim_name(), "--pki", federation_.pki(), "--folder", federation_.folder()});
#ifdef COVEY_CLIENT
  const auto made = run_command({COVEY_CLIENT, "init-model", "--model", kModel, "--out",
                                 federation_.folder() / "init.safetensors"},
                                federation_.folder() / "init.log");
  INFO(made.output);
  REQUIRE(made.exit_status == 0);
#endif
  submit("digits", {1, 2, 3, 4, 5, 6});
  submit("apart", {1, 2, 3, 5, 6, 7});
  for (const char* task : {"digits", "apart"}) models_[task] = model_values(federation_, task);
  for (int device = 1; device <= kDevices; ++device) {
    if (device == kVictim) continue;
    federation_.start_device(device, {"--model", federation_.folder() / "init.safetensors"});
  }
  start_victim();
}

void LiedTo::submit(const std::string& task, const std::vector<int>& devices) {
  const auto file = federation_.folder() / (task + ".toml");
  write_text(file, "[task]\nname = \"" + task +
                       "\"\nrounds = 1000\nschedule = \"by-hand\"\ngive_up_after = 1000\n"
                       "[task.select]\ndevices = " +
                       quoted(devices) + "\n[model]\nname = \"" + kModel +
                       "\"\ninitial = \"init.safetensors\"\n"
                       "[round]\ntarget = 6\nminimum = 6\nover_selection = 1.0\n"
                       "training_deadline = \"60s\"\nstep_idle = \"60s\"\n"
                       "[aggregation]\nclip = \"range\"\nclip_bound = 1.0\n"
                       "quantization_bits = 16\nrotate = false\nmax_weight = 100\n"
                       "[secure]\nminimum_devices = 6\nminimum_survivors = 5\n"
                       "corrupt_fraction = 0.34\ndropout_fraction = 0.2\n"
                       "[evaluate]\nmetrics = [\"loss\"]\n");
  const CommandResult submitted = federation_.covey({"task", "submit", file});
  INFO(submitted.output);
  REQUIRE(submitted.exit_status == 0);
}

#ifdef COVEY_CLIENT
void LiedTo::start_victim() {
  const std::string name = victim_name();
  const auto config = federation_.folder() / (name + ".toml");
  write_text(config, "[device]\nstate = \"" + name + "\"\n[coordinator]\naddress = \"" +
                         federation_.address() + "\"\n[identity]\ncertificate = \"pki/" + name +
                         ".pem\"\nkey = \"pki/" + name +
                         ".key\"\nauthority = \"pki/authority.pem\"\n"
                         "revoked = \"pki/revoked.crl\"\n"
                         "[policy]\nminimum_devices = 6\nminimum_survivors = 5\n"
                         "corrupt_fraction = 0.34\n"
                         "tasks = [\"digits\", \"apart\", \"elsewhere\"]\n"
                         "[model]\nname = \"logistic\"\n[data]\nexamples = 20\n");
  victim_.emplace(std::vector<std::string>{COVEY_CLIENT, "run", "--config", config},
                  federation_.folder() / (name + ".log"));
}

// `covey-client receipts` says the same.
void LiedTo::check_listing(const std::vector<client::Receipt>& receipts) {
  const auto listed = run_command(
      {COVEY_CLIENT, "receipts", "--config", federation_.folder() / (victim_name() + ".toml")},
      federation_.folder() / "receipts.out");
  CHECK(listed.exit_status == 0);
  std::string expected;
  for (const client::Receipt& receipt : receipts) expected += receipt.to_string() + "\n";
  CHECK(listed.output == expected);
}
#else
void LiedTo::start_victim() {
  victim_.emplace(std::vector<std::string>{COVEY_TEST_DEVICE,
                                           "--state",
                                           federation_.folder() / victim_name(),
                                           "--pki",
                                           federation_.pki(),
                                           "--name",
                                           victim_name(),
                                           "--address",
                                           federation_.address(),
                                           "--step",
                                           "0.04",
                                           "--examples",
                                           "40",
                                           "--model",
                                           federation_.folder() / "init.safetensors",
                                           "--minimum-devices",
                                           "6",
                                           "--minimum-survivors",
                                           "5",
                                           "--corrupt-fraction",
                                           "0.34",
                                           "--task",
                                           "digits",
                                           "--task",
                                           "apart",
                                           "--task",
                                           "elsewhere",
                                           "--revoked",
                                           federation_.pki() / "revoked.crl"},
                  federation_.folder() / (victim_name() + ".log"));
}

void LiedTo::check_listing(const std::vector<client::Receipt>&) {}  // no command lists them
#endif

LiedTo::Facts LiedTo::facts() const {
  Facts facts;
  std::istringstream log(read_text(federation_.folder() / "deceit.log").substr(past_.size()));
  std::string last;
  for (std::string line; std::getline(log, line);) {
    std::istringstream fields(line);
    std::string lie;
    std::string event;
    std::string words;
    std::getline(fields, lie, '\t');
    std::getline(fields, event, '\t');
    std::getline(fields, words);
    if (event == "told") ++facts.told;
    if (event == "over") facts.is_over = true;
    if (event == "round") {
      const std::size_t space = words.find(' ');
      facts.round = {words.substr(0, space), std::stoull(words.substr(space))};
    }
    if (event != "said" || words == last) continue;  // a vector is in several chunks
    facts.said += (facts.said.empty() ? "" : ", ") + words;
    last = words;
  }
  return facts;
}

void LiedTo::check(const Expected& expected) {
  INFO(expected.lie);
  past_ = read_text(federation_.folder() / "deceit.log");
  const std::string log_before = victim_->output();
  write_text(federation_.folder() / "lie", expected.lie);
  const std::string task = expected.sum == Sum::kApart ? "apart" : "digits";
  const std::uint64_t number = federation_.task(task).next_round;
  if (expected.sum != Sum::kNotAsRound) {
    REQUIRE(federation_.admin().act_on_task(task, TaskAction::kRunRound).has_value());
  }
  // A device that got other bytes than it was promised pauses for longer and longer before it asks
  // again.
  const auto is_over = [&] { return facts().is_over; };
  REQUIRE((Federation::eventually(is_over) || Federation::eventually(is_over) ||
           Federation::eventually(is_over)));
  const Facts found = facts();
  CHECK((found.told > 0) == (expected.lie != kTruth));
  CHECK(found.said == expected.said);
  if (expected.sum != Sum::kNotAsRound) check_sum(task, number, expected.sum);
  if (found.told > 0) did("lies told");
  const bool is_by_name =
      expected.outcome == RoundOutcome::kRefused || expected.outcome == RoundOutcome::kDeclined;
  if (is_by_name) did("lies refused by name");
  if (found.said.ends_with("refuse: " + expected.detail) && expected.sum == Sum::kWithout) {
    const std::string title = task + " round " + std::to_string(number) + " group 0: ";
    const std::string log = federation_.coordinator().output();
    const std::size_t at = log.find(title + victim_name() + " is out at step ");
    REQUIRE(at != std::string::npos);
    const std::string line = log.substr(at, log.find('\n', at) - at);
    INFO(line);
    CHECK(line.find(": refused, " + expected.detail) != std::string::npos);
  }
  if (!expected.outcome) {
    CHECK(victim_->output().substr(log_before.size()).find(expected.detail) != std::string::npos);
    return;
  }
  told_.emplace_back(found.round, expected);
}

void LiedTo::check_truth() { check({kTruth, RoundOutcome::kContributed, "", "", Sum::kWith}); }

void LiedTo::check_sum(const std::string& task, std::uint64_t round, Sum sum) {
  REQUIRE(federation_.wait_for_round(task, round));
  const auto details = federation_.admin().round(task, round);
  REQUIRE(details.has_value());
  INFO(details->round.outcome);
  if (sum == Sum::kNoSum) {
    CHECK(details->round.state == RoundState::kAborted);
    CHECK(model_values(federation_, task) == models_[task]);
    return;
  }
  REQUIRE(details->round.state == RoundState::kCompleted);
  did("rounds completed");
  std::vector<std::string> survivors = details->survivors;
  std::ranges::sort(survivors);
  std::vector<std::string> expected;
  for (int device = 1; device <= (sum == Sum::kApart ? 7 : 6); ++device) {
    if (device != kVictim || sum == Sum::kWith) expected.push_back(Federation::name_of(device));
  }
  CHECK(survivors == expected);
  check_model(task, survivors);
}

// The model has moved by the weighted mean of what these devices added, and by nothing else.
void LiedTo::check_model(const std::string& task, const std::vector<std::string>& survivors) {
  const bool has_victim = std::ranges::find(survivors, victim_name()) != survivors.end();
  std::vector<std::string> others = survivors;
  std::erase(others, victim_name());
  double weight = 0;
  for (const std::string& name : others) weight += 10 * std::stod(name.substr(name.find('-') + 1));
  double sum = mean_step(others) * weight;
  if (has_victim) weight += kVictimWeight;
  if (has_victim) sum += kVictimStep * kVictimWeight;
  const double expected = sum / weight;
  const double room = has_victim && !kIsStepKnown ? kClip * kVictimWeight / weight : 0;
  const std::vector<float> values = model_values(federation_, task);
  const std::vector<float>& before = models_[task];
  REQUIRE(values.size() == before.size());
  double furthest = 0;
  std::size_t exact = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double off = std::abs(double{values[i]} - double{before[i]} - expected);
    furthest = std::max(furthest, off);
    if (off < kRounding) ++exact;
  }
  CHECK(furthest < room + kRounding);
  CHECK(exact >= (room > 0 ? kCorners : values.size()));
  models_[task] = values;
}

void LiedTo::check_receipts() {
  victim_->send_signal(SIGTERM);
  CHECK(victim_->wait().value_or(-1) == 0);
  auto storage = client::FileStorage::open((federation_.folder() / victim_name()).string());
  REQUIRE(storage.has_value());
  const auto receipts = client::stored_receipts(*storage);
  REQUIRE(receipts.has_value());
  for (const auto& entry : told_) {
    const federation::RoundId& round = entry.first;
    const Expected& expected = entry.second;
    INFO(expected.lie << ": " << round.task << " round " << round.round);
    const auto found = std::ranges::find_if(*receipts, [&](const client::Receipt& receipt) {
      return receipt.task == round.task && receipt.round == round.round;
    });
    REQUIRE(found != receipts->end());
    INFO(found->to_string());
    CHECK(found->outcome == *expected.outcome);
    const bool is_declined = found->outcome == RoundOutcome::kDeclined;
    CHECK((is_declined ? found->detail.find(expected.detail) != std::string::npos
                       : found->detail == expected.detail));
    if (is_declined) CHECK_FALSE(found->group.has_value());
  }
  CHECK(receipts->size() == told_.size());
  {
    const client::FileStorage closed = std::move(*storage);  // the command opens it, too
  }
  check_listing(*receipts);
  const auto audit =
      federation_.covey({"audit", "verify", "--key", federation_.pki() / "coordinator.pem"});
  INFO(audit.output);
  CHECK(audit.exit_status == 0);
}

}  // namespace covey::testing
