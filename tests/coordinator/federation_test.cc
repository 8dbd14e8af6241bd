#include <algorithm>
#include <cmath>

#include "coordinator/federation_world.h"
#include "support/catch.h"

namespace covey {
namespace {

using namespace coordinator;
using testing::FederationWorld;

std::string task_file(const std::string& name, int rounds, int target = 4,
                      const std::string& more = "") {
  return "[task]\nname = \"" + name + "\"\nrounds = " + std::to_string(rounds) +
         "\n[model]\nname = \"linear\"\ninitial = \"init.safetensors\"\n" +
         "[round]\ntarget = " + std::to_string(target) + "\nminimum = " + std::to_string(target) +
         "\ntraining_deadline = \"20s\"\nstep_idle = \"2s\"\n" +
         "[aggregation]\nclip = \"range\"\nclip_bound = 1.0\nquantization_bits = 16\n" +
         "rotate = false\nmax_weight = 100\n" +
         "[secure]\nminimum_devices = 3\nminimum_survivors = 3\ncorrupt_fraction = 0.0\n" +
         "dropout_fraction = 0.0\n[evaluate]\nmetrics = [\"loss\"]\n" + more;
}

// The weighted mean of what AddingTrainer's devices add in one round.
float mean_step(std::size_t devices) {
  double sum = 0;
  double weight = 0;
  for (std::size_t i = 1; i <= devices; ++i) {
    sum += 10.0 * static_cast<double>(i) * 0.01 * static_cast<double>(i);
    weight += 10.0 * static_cast<double>(i);
  }
  return static_cast<float>(sum / weight);
}

void check_values(FederationWorld& world, const std::string& task, double expected) {
  for (const float value : world.current_values(task)) {
    CHECK(std::abs(value - expected) < 1e-3);  // of 16 bits over [-1, 1], a few rounds
  }
}

std::vector<RoundRecord> rounds_of(FederationWorld& world, const std::string& task) {
  return FederationWorld::ask<std::vector<RoundRecord>>(
             [&](auto reply) { world.host().rounds(task, 1, 1000, std::move(reply)); })
      .value();
}

std::vector<AuditEntry> audit_of(FederationWorld& world) {
  return FederationWorld::ask<std::vector<AuditEntry>>(
             [&](auto reply) { world.host().audit(1, 1000, std::move(reply)); })
      .value();
}

}  // namespace

TEST_CASE("a task runs its rounds, and the model moves by the weighted mean of the devices",
          "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("digits", 3)).has_value());
  world.start_agents();
  REQUIRE(world.wait_for("digits", TaskState::kCompleted));
  check_values(world, "digits", 3 * mean_step(4));
  const auto rounds = rounds_of(world, "digits");
  REQUIRE(rounds.size() == 3);
  for (const RoundRecord& round : rounds) {
    CHECK(round.state == RoundState::kCompleted);
    CHECK(round.survivors == 4);
    CHECK(round.dropped == 0);
    CHECK(std::abs(round.metrics.at("loss") - 0.5) < 1e-4);
  }
  const auto key = FederationWorld::ask<crypto::SigningPublicKey>(
      [&](auto reply) { world.host().audit_key(std::move(reply)); });
  CHECK(verify_audit(audit_of(world), *key).has_value());
}

TEST_CASE("the coordinator may stop at any moment of a round, and goes on where it stood",
          "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("digits", 6)).has_value());
  world.start_agents();
  for (std::uint64_t round = 2; round <= 6; ++round) {
    REQUIRE(world.wait_until([&] { return world.task("digits").next_round >= round; }));
    world.stop_coordinator();
    world.start_coordinator();
  }
  REQUIRE(world.wait_for("digits", TaskState::kCompleted));
  std::uint64_t completed = 0;
  for (const RoundRecord& round : rounds_of(world, "digits")) {
    INFO(round.number << " " << round.outcome);
    CHECK(round.state == RoundState::kCompleted);
    completed += round.state == RoundState::kCompleted ? 1 : 0;
  }
  CHECK(completed == 6);
  check_values(world, "digits", 6 * mean_step(4));
}

TEST_CASE("a device that is restarted in a round is counted once", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("digits", 8)).has_value());
  world.start_agents();
  for (std::uint64_t round = 2; round <= 8; ++round) {
    REQUIRE(world.wait_until([&] { return world.task("digits").next_round >= round; }));
    world.restart_agent(round % 4);
  }
  REQUIRE(world.wait_for("digits", TaskState::kCompleted));
  check_values(world, "digits", 8 * mean_step(4));
}

TEST_CASE("two tasks run side by side", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("first", 2)).has_value());
  REQUIRE(world.submit(task_file("second", 2)).has_value());
  world.start_agents();
  REQUIRE(world.wait_for("first", TaskState::kCompleted));
  REQUIRE(world.wait_for("second", TaskState::kCompleted));
  check_values(world, "first", 2 * mean_step(4));
  check_values(world, "second", 2 * mean_step(4));
}

TEST_CASE("a roll-back is where the next round starts, and is in the audit log", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("digits", 100)).has_value());
  world.start_agents();
  REQUIRE(world.wait_until([&] { return world.task("digits").current_version >= 3; }));
  const auto rolled = FederationWorld::ask<TaskRecord>(
      [&](auto reply) { world.host().set_current_model("digits", 1, true, std::move(reply)); });
  REQUIRE(rolled.has_value());
  CHECK(rolled->current_version == 1);
  const auto next_from_first = [&]() -> std::optional<ModelRecord> {
    const auto models = FederationWorld::ask<std::vector<ModelRecord>>(
        [&](auto reply) { world.host().models("digits", std::move(reply)); });
    for (const ModelRecord& model : *models) {
      if (model.version > 2 && model.parent == 1u) return model;
    }
    return std::nullopt;
  };
  REQUIRE(world.wait_until([&] { return next_from_first().has_value(); }));
  CHECK(std::ranges::any_of(
      audit_of(world), [](const AuditEntry& entry) { return entry.kind == "model rolled back"; }));
  CHECK_FALSE(FederationWorld::ask<TaskRecord>([&](auto reply) {
                world.host().set_current_model("digits", 9'999, true, std::move(reply));
              }).has_value());
}

TEST_CASE("a revoked device is turned away by name", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("digits", 50, 4, "")).has_value());
  world.start_agents();
  REQUIRE(world.wait_until([&] { return world.task("digits").current_version >= 2; }));
  REQUIRE(FederationWorld::ask<DeviceRecord>([&](auto reply) {
            world.host().revoke_device("device-2", "lost", std::move(reply));
          }).has_value());
  REQUIRE(world.wait_until([&] {
    const auto error = world.agent(2).status().last_error;
    return error && error->code == ErrorCode::kPermissionDenied;
  }));
}

TEST_CASE("a version that is too old and a task that is not there are refused by name",
          "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  const Peer peer{"somebody", {}};
  federation::CheckInRequest request;
  request.protocol_version = 0;
  const auto check_in = [&] {
    return FederationWorld::ask<federation::CheckInReply>(
        [&](auto reply) { world.host().check_in(peer, request, std::move(reply)); });
  };
  auto answer = check_in();
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::kUnimplemented);
  CHECK(answer.error().message.find("too old") != std::string::npos);
  request.protocol_version = federation::kProtocolVersion;
  request.task = "nowhere";
  answer = check_in();
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::kNotFound);
}

TEST_CASE("a device with another model or other data is refused by name, unless a task fits it",
          "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  std::string picky = task_file("picky", 1);
  picky.insert(picky.find("rounds ="), "data_schema = \"" + std::string(64, 'a') + "\"\n");
  REQUIRE(world.submit(picky).has_value());
  federation::CheckInRequest request;
  request.task = "picky";
  const auto check_in = [&] {
    return FederationWorld::ask<federation::CheckInReply>([&](auto reply) {
      world.host().check_in({"somebody", {}}, request, std::move(reply));
    });
  };
  CHECK(check_in().error().code == ErrorCode::kFailedPrecondition);
  CHECK(check_in().error().message.find("schema") != std::string::npos);
  request.data_schema = digest_from_hex(std::string(64, 'A'));
  CHECK(check_in().has_value());
  request.manifest = Digest{9};
  CHECK(check_in().error().message.find("model") != std::string::npos);
  REQUIRE(world.submit(task_file("zoo", 1)).has_value());
  request.task.clear();
  CHECK_FALSE(check_in().has_value());  // neither fits
  request.manifest.reset();
  request.data_schema.reset();
  CHECK(check_in().has_value());  // the second does
}

TEST_CASE("what cannot work is refused when it is submitted", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  std::string plain = task_file("plain", 1);
  plain.replace(plain.find("[secure]\n"), 9, "[secure]\nmode = \"plain\"\n");
  const auto refused = world.submit(plain);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("simulations") != std::string::npos);
  REQUIRE(world.submit(task_file("digits", 1)).has_value());
  const auto twice = world.submit(task_file("digits", 1));
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().code == ErrorCode::kAlreadyExists);
}

TEST_CASE("a full disk ends the round by name, loses nothing, and work goes on when there is room",
          "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("digits", 100)).has_value());
  world.start_agents();
  REQUIRE(world.wait_until([&] { return world.task("digits").current_version >= 3; }));
  world.is_disk_full = true;
  const auto tag = [&] {
    return FederationWorld::ask<DeviceRecord>(
        [&](auto reply) { world.host().tag_device("device-1", {"north"}, std::move(reply)); });
  };
  // Nothing that could not be kept is promised; what can be read is.
  REQUIRE(world.wait_until([&] { return !tag().has_value(); }));
  const std::uint64_t version = world.task("digits").current_version;
  CHECK(version >= 3);
  world.is_disk_full = false;
  REQUIRE(world.wait_until([&] { return tag().has_value(); }));
  REQUIRE(world.wait_until([&] { return world.task("digits").current_version > version + 1; }));
  for (const RoundRecord& round : rounds_of(world, "digits")) {
    if (round.state != RoundState::kAborted) continue;
    CHECK(round.outcome.find("disk is full") != std::string::npos);
  }
  world.stop_coordinator();
  world.start_coordinator();
  const auto key = FederationWorld::ask<crypto::SigningPublicKey>(
      [&](auto reply) { world.host().audit_key(std::move(reply)); });
  CHECK(verify_audit(audit_of(world), *key).has_value());
}

TEST_CASE("the coordinator can be stopped while its disk is full", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("digits", 100)).has_value());
  world.start_agents();
  REQUIRE(world.wait_until([&] { return world.task("digits").current_version >= 2; }));
  world.is_disk_full = true;
  world.stop_coordinator();  // every call is answered, or this would not end
  world.is_disk_full = false;
  world.start_coordinator();
  const std::uint64_t version = world.task("digits").current_version;
  CHECK(version >= 2);
  REQUIRE(world.wait_until([&] { return world.task("digits").current_version > version; }));
}

TEST_CASE("a model that another task uses is not pruned with this one's", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  REQUIRE(world.submit(task_file("first", 2)).has_value());
  REQUIRE(world.submit(task_file("second", 2)).has_value());  // from the same file
  world.start_agents();
  REQUIRE(world.wait_for("first", TaskState::kCompleted));
  REQUIRE(world.wait_for("second", TaskState::kCompleted));
  const auto prune = [&](const std::string& task) {
    return FederationWorld::ask<std::vector<ModelRecord>>(
        [&](auto reply) { world.host().prune_models(task, 1, std::move(reply)); });
  };
  const auto open = [&](const std::string& task, std::uint64_t version) {
    return FederationWorld::ask<std::shared_ptr<const BlobReader>>(
        [&](auto reply) { world.host().open_model(task, version, std::move(reply)); });
  };
  CHECK(prune("first")->size() == 2);
  CHECK_FALSE(open("first", 1).has_value());
  CHECK(open("first", 3).has_value());
  CHECK(open("second", 1).has_value());
  CHECK(prune("second")->size() == 2);
  CHECK_FALSE(open("second", 1).has_value());
}

TEST_CASE("a round that was asked for by hand is not forgotten by a restart", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  std::string by_hand = task_file("digits", 5);
  by_hand.insert(by_hand.find("rounds ="), "schedule = \"by-hand\"\n");
  REQUIRE(world.submit(by_hand).has_value());
  const auto asked = FederationWorld::ask<TaskRecord>([&](auto reply) {
    world.host().act_on_task("digits", TaskAction::kRunRound, std::move(reply));
  });
  REQUIRE(asked.has_value());
  world.stop_coordinator();
  world.start_coordinator();
  world.start_agents();
  REQUIRE(world.wait_until([&] { return world.task("digits").current_version == 2; }));
  CHECK_FALSE(world.task("digits").is_round_asked_for);
  CHECK(world.task("digits").next_round == 2);
}

TEST_CASE("an operator's roll-back does not count as a failure of the task", "[federation]") {
  FederationWorld world;
  world.start_coordinator();
  std::string strict = task_file("digits", 100);
  strict.insert(strict.find("rounds ="), "give_up_after = 1\n");
  REQUIRE(world.submit(strict).has_value());
  world.start_agents();
  REQUIRE(world.wait_until([&] { return world.task("digits").current_version >= 3; }));
  REQUIRE(FederationWorld::ask<TaskRecord>([&](auto reply) {
            world.host().set_current_model("digits", 1, true, std::move(reply));
          }).has_value());
  CHECK(world.task("digits").state == TaskState::kRunning);
  const std::uint64_t next = world.task("digits").next_round;
  REQUIRE(world.wait_until([&] { return world.task("digits").next_round > next + 1; }));
}

}  // namespace covey
