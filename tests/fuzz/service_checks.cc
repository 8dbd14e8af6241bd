#include "fuzz/service_checks.h"

#include <cmath>
#include <set>

#include "covey/aggregation/model/safetensors.h"
#include "covey/aggregation/ring/flat_model.h"
#include "covey/crypto/digest.h"
#include "fuzz/recorded_session.h"
#include "support/fake_federation.h"

namespace covey::fuzz {

using namespace coordinator;

namespace {

// A saved group of the fuzzer's federations: the sum of 24 parameters and what is known of up to
// eight devices.
constexpr std::size_t kMostSessionBytes = 64 << 10;

std::size_t device_of(const testing::MemoryStore::Records& records, std::uint32_t handle) {
  for (const auto& [name, device] : records.devices) {
    if (device.handle == handle) return std::stoul(name.substr(name.find('-') + 1));
  }
  COVEY_CHECK(false);  // whoever took part in a round is in the store
  return 0;
}

}  // namespace

void ServiceChecks::check(bool is_honest) {
  check_calls();
  check_sessions();
  for (const auto& [key, round] : world_.store().committed().rounds) check_round(round);
  check_models(is_honest);
}

// Every call was answered, or is held, or waits for what cannot be written now; and no device has
// more than one that waits for a message and one that waits for a save.
void ServiceChecks::check_calls() {
  FederationStatus status;
  world_.core().fill(status);
  COVEY_CHECK(world_.unanswered() == status.calls_held || !world_.can_write());
  COVEY_CHECK(world_.unanswered() <= 2 * world_.options().devices);
}

// What is saved of groups is of open rounds, and small.
void ServiceChecks::check_sessions() const {
  const auto& store = world_.store();
  for (const auto& [key, saved] : store.sessions()) {
    COVEY_CHECK(saved.size() <= kMostSessionBytes);
    const auto round = store.committed().rounds.find(key.first);
    COVEY_CHECK(store.is_full || round == store.committed().rounds.end() ||
                round->second.state == RoundState::kOpen);
  }
}

void ServiceChecks::check_round(const RoundRecord& round) {
  if (round.state == RoundState::kOpen) return;
  const auto [entry, is_new] = ended_.try_emplace(round.number, round);
  COVEY_CHECK(entry->second == round);  // what has ended never changes
  if (!is_new) return;
  const bool is_completed = round.state == RoundState::kCompleted;
  COVEY_CHECK(is_completed == round.new_version.has_value());
  COVEY_CHECK(is_completed == round.outcome.empty());  // an aborted one says why
  COVEY_CHECK(is_completed || round.survivors == 0);
  COVEY_CHECK(round.saved.empty());
  check_participants(round);
}

void ServiceChecks::check_participants(const RoundRecord& round) const {
  const auto& records = world_.store().committed();
  const auto found = records.participants.find({round.task, round.number});
  COVEY_CHECK(found != records.participants.end());  // it is put with the round's end
  const auto& [survivors, dropped] = found->second;
  COVEY_CHECK(round.survivors == survivors.size());
  COVEY_CHECK(round.cohort == survivors.size() + dropped.size());
  std::set<std::uint32_t> all(survivors.begin(), survivors.end());
  all.insert(dropped.begin(), dropped.end());
  COVEY_CHECK(all.size() == round.cohort);  // nobody twice
  COVEY_CHECK(round.state != RoundState::kCompleted || survivors.size() >= 2);
}

void ServiceChecks::check_models(bool is_honest) {
  const auto& records = world_.store().committed();
  COVEY_CHECK(records.models.size() + 1 >= versions_);  // none was taken back
  while (versions_ <= records.models.size()) {
    const ModelRecord& model = records.models.at({ServiceWorld::task_name(), versions_});
    COVEY_CHECK(model.is_pruned || world_.store().get_blob(model.digest).has_value());
    if (versions_++ == 1) continue;
    const auto round = records.rounds.find({model.task, model.round});
    COVEY_CHECK(round != records.rounds.end());  // a model comes of a round
    COVEY_CHECK(round->second.state == RoundState::kCompleted);
    COVEY_CHECK(round->second.new_version == model.version);
    COVEY_CHECK(round->second.base_version == model.parent);
    COVEY_CHECK(round->second.survivors == model.participants);
    if (is_honest && !model.is_pruned) check_values(model);
  }
}

// The weighted mean of what its survivors add, on top of the version that it began with.
void ServiceChecks::check_values(const ModelRecord& model) const {
  const auto& records = world_.store().committed();
  const ModelRecord& base = records.models.at({model.task, *model.parent});
  if (base.is_pruned) return;
  double sum = 0;
  double weight = 0;
  for (const std::uint32_t handle : records.participants.at({model.task, model.round}).survivors) {
    const std::size_t device = device_of(records, handle);
    sum += static_cast<double>(examples_of(device)) * static_cast<double>(step_of(device));
    weight += static_cast<double>(examples_of(device));
  }
  const double found = static_cast<double>(value_of(model)) - static_cast<double>(value_of(base));
  COVEY_CHECK(std::abs(found - sum / weight) < 1e-3);
}

// The value that all parameters have, but for rounding.
float ServiceChecks::value_of(const ModelRecord& model) const {
  const auto file = world_.store().get_blob(model.digest);
  COVEY_CHECK(file.has_value());  // it is not pruned
  static const ring::Manifest manifest = testing::small_manifest();
  const auto read = model::read_model(*file, manifest);
  COVEY_CHECK(read.has_value());  // a model is a whole one
  std::vector<float> flat(manifest.flat_length());
  COVEY_CHECK(ring::load_flat(manifest, read->views(), flat).has_value());  // of its manifest
  for (const float value : flat) COVEY_CHECK(std::abs(value - flat.front()) < 1e-3f);
  return flat.front();
}

void ServiceChecks::check_end() {
  const auto& records = world_.store().committed();
  COVEY_CHECK(world_.unanswered() == 0);
  COVEY_CHECK(world_.store().sessions().empty());
  for (const auto& [key, round] : records.rounds) COVEY_CHECK(round.state != RoundState::kOpen);
  COVEY_CHECK(verify_audit(records.audit, world_.audit_key().public_key()).has_value());
}

}  // namespace covey::fuzz
