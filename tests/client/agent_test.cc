#include "covey/client/agent.h"

#include <condition_variable>
#include <mutex>

#include "covey/crypto/certificate.h"
#include "support/catch.h"
#include "support/fake_federation.h"

namespace covey::client {
namespace {

using testing::FakeFederation;
using testing::MemoryStorage;

// Something that a test waits for and another thread says.
class Signal {
 public:
  void say() {
    const std::lock_guard lock(mutex_);
    is_said_ = true;
    said_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    said_.wait(lock, [&] { return is_said_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable said_;
  bool is_said_ = false;
};

// Assigns one round and holds every join until it is cancelled or told that the round is over.
class FakeTransport final : public Transport {
 public:
  Result<federation::CheckInReply> check_in(const federation::CheckInRequest&) override {
    std::unique_lock lock(mutex_);
    if (is_cancelled_) return cancelled();
    if (++check_ins_ == 1) return federation::CheckInReply(coordinator.assignment);
    return federation::CheckInReply(federation::ComeBack{std::chrono::hours(1)});
  }
  Status fetch(const Digest& blob, std::uint64_t offset,
               const std::function<Status(ByteView)>& sink) override {
    offsets.push_back(offset);
    COVEY_ASSIGN_OR_RETURN(const auto bytes, coordinator.fetch(blob));
    const ByteView rest = ByteView(*bytes).subspan(offset);
    if (offset == 0) {  // breaks off half-way, once for each blob
      COVEY_RETURN_IF_ERROR(sink(rest.first(rest.size() / 2)));
      return Error{ErrorCode::kUnavailable, "broken off"};
    }
    return sink(rest);
  }
  Result<federation::JoinReply> join(const federation::RoundId&) override {
    joining.say();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_cancelled_ || is_over_; });
    if (is_cancelled_) return cancelled();
    return federation::JoinReply(federation::RoundOver{true, false, {}, {}});
  }
  Result<federation::SendReply> send(const federation::GroupId&, ByteView) override {
    return cancelled();
  }
  Result<federation::ReceiveReply> receive(const federation::ReceiveRequest&) override {
    return cancelled();
  }
  Status decline(const federation::RoundId&, federation::DeclineReason reason) override {
    const std::lock_guard lock(mutex_);
    if (is_cancelled_) return cancelled();
    declined.push_back(reason);
    return {};
  }
  void cancel() override {
    const std::lock_guard lock(mutex_);
    is_cancelled_ = true;
    changed_.notify_all();
  }
  void resume() override {
    const std::lock_guard lock(mutex_);
    is_cancelled_ = false;
  }
  void end_round() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }

  testing::FakeCoordinator coordinator{testing::small_plan(), 3};
  std::vector<std::uint64_t> offsets;
  std::vector<federation::DeclineReason> declined;
  Signal joining;

 private:
  static Error cancelled() { return {ErrorCode::kCancelled, "cancelled"}; }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_cancelled_ = false;
  bool is_over_ = false;
  int check_ins_ = 0;
};

class FakeTrainer final : public Trainer {
 public:
  const ring::Manifest& manifest() const override { return manifest_; }
  Result<TrainingReport> run(const TrainingJob& job, model::Model&) override {
    training.say();
    if (until_stopped) {
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait(lock, job.stop, [] { return false; });
      return Error{ErrorCode::kCancelled, "stopped"};
    }
    return TrainingReport{10, {0.5}};
  }

  bool until_stopped = false;
  Signal training;

 private:
  ring::Manifest manifest_ = testing::small_manifest();
};

class FakeConditions final : public Conditions {
 public:
  std::string missing() override {
    const std::lock_guard lock(mutex_);
    return missing_;
  }
  void set(std::string missing) {
    const std::lock_guard lock(mutex_);
    missing_ = std::move(missing);
  }

 private:
  std::mutex mutex_;
  std::string missing_;
};

// Sees every change of an agent's status.
class Watcher {
 public:
  void see(const AgentStatus& status) {
    const std::lock_guard lock(mutex_);
    last_ = status;
    changed_.notify_all();
  }
  template <typename Predicate>
  AgentStatus wait_for(Predicate predicate) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return predicate(last_); });
    return last_;
  }
  AgentStatus wait_for_state(AgentState state) {
    return wait_for([&](const AgentStatus& status) { return status.state == state; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  AgentStatus last_;
};

struct Stage {
  Stage() {
    crypto::SystemRandom random;
    auto key = crypto::SigningKeyPair::from_seed(random.secret_key());
    const auto authority = crypto::CertificateAuthority::create(
                               "authority", crypto::SigningKeyPair::from_seed(random.secret_key()))
                               .value();
    const Bytes certificate = authority.issue_device("device", key.public_key(), 1).value();
    options.certificate_chain = authority.chain_for(certificate);
    options.trusted_roots = {authority.certificate()};
    options.signing_key = std::move(key);
    options.policy = testing::lax_policy();
    options.back_off.first = std::chrono::milliseconds(1);
    options.conditions_interval = std::chrono::milliseconds(1);
    options.observer = [this](const AgentStatus& status) { watcher.see(status); };
  }
  Agent make() {
    return Agent::create(std::move(options), trainer, transport, storage, conditions).value();
  }

  Watcher watcher;
  FakeTrainer trainer;
  FakeTransport transport;
  MemoryStorage storage;
  FakeConditions conditions;
  AgentOptions options;
};

}  // namespace

TEST_CASE("an agent trains, joins, and keeps a receipt of the round that it was told is over") {
  Stage stage;
  Agent agent = stage.make();
  REQUIRE(agent.start());
  CHECK_FALSE(agent.start());
  stage.transport.joining.wait();
  CHECK(agent.status().round->round == 7);
  stage.transport.end_round();
  stage.watcher.wait_for([](const AgentStatus& status) { return status.rounds_ended == 1; });
  REQUIRE(agent.receipts().size() == 1);
  CHECK(agent.receipts()[0].outcome == RoundOutcome::kNotInSum);
  // Each blob broke off once, and was fetched from there on.
  REQUIRE(stage.transport.offsets.size() == 4);
  CHECK(stage.transport.offsets[1] > 0);
  CHECK(stage.transport.offsets[3] > 0);
  agent.stop();
  agent.join();
  CHECK(agent.status().state == AgentState::kStopped);
}

TEST_CASE("an agent that is stopped while a join is held ends, and the next one joins again") {
  Stage stage;
  {
    Agent agent = stage.make();
    REQUIRE(agent.start());
    stage.transport.joining.wait();
    agent.stop();
    agent.join();
  }
  CHECK(stage.storage.values.contains("round"));
  stage.transport.resume();
  Stage fresh;
  fresh.storage = stage.storage;
  Agent agent = fresh.make();
  REQUIRE(agent.start());
  fresh.transport.joining.wait();
  CHECK(fresh.transport.offsets.empty());  // nothing was fetched, nothing trained
  fresh.transport.end_round();
  fresh.watcher.wait_for([](const AgentStatus& status) { return status.rounds_ended == 1; });
  agent.stop();
  agent.join();
  CHECK_FALSE(fresh.storage.values.contains("round"));
}

TEST_CASE("a pause cancels a training, which is declined, and resuming checks in again") {
  Stage stage;
  stage.trainer.until_stopped = true;
  Agent agent = stage.make();
  REQUIRE(agent.start());
  stage.trainer.training.wait();
  agent.pause();
  stage.watcher.wait_for_state(AgentState::kPaused);
  CHECK(stage.transport.declined ==
        std::vector<federation::DeclineReason>{federation::DeclineReason::kStopped});
  agent.resume();
  stage.watcher.wait_for_state(AgentState::kRunning);
  agent.stop();
  stage.watcher.wait_for_state(AgentState::kStopped);
}

TEST_CASE("stopping cancels a training, and the destructor waits for it") {
  Stage stage;
  stage.trainer.until_stopped = true;
  {
    Agent agent = stage.make();
    REQUIRE(agent.start());
    stage.trainer.training.wait();
  }
  stage.watcher.wait_for_state(AgentState::kStopped);
}

TEST_CASE("without its conditions an agent does not check in, and says what is missing") {
  Stage stage;
  stage.conditions.set("not charging");
  Agent agent = stage.make();
  REQUIRE(agent.start());
  const AgentStatus status = stage.watcher.wait_for_state(AgentState::kWaitingForConditions);
  CHECK(status.waiting_for == "not charging");
  CHECK(stage.transport.offsets.empty());
  stage.conditions.set("");
  stage.transport.joining.wait();
}

TEST_CASE("conditions that end while it trains cancel the training") {
  Stage stage;
  stage.trainer.until_stopped = true;
  Agent agent = stage.make();
  REQUIRE(agent.start());
  stage.trainer.training.wait();
  stage.conditions.set("not charging");
  stage.watcher.wait_for_state(AgentState::kWaitingForConditions);
  CHECK(stage.transport.declined.size() == 1);
}

TEST_CASE("an agent goes on when its storage works again, and sends nothing before that") {
  Stage stage;
  stage.storage.fail = Error{ErrorCode::kResourceExhausted, "the disk is full"};
  Agent agent = stage.make();
  REQUIRE(agent.start());
  stage.watcher.wait_for([](const AgentStatus& status) {
    return status.last_error && status.last_error->code == ErrorCode::kResourceExhausted;
  });
  agent.stop();
  agent.join();
  CHECK_FALSE(stage.storage.values.contains("round"));
}

TEST_CASE("an agent with a damaged ledger fails for good, and says so") {
  Stage stage;
  stage.storage.values["ledger"] = {1, 2, 3};
  Agent agent = stage.make();
  REQUIRE(agent.start());
  const AgentStatus status = stage.watcher.wait_for_state(AgentState::kFailed);
  CHECK(status.last_error->code == ErrorCode::kDataLoss);
  agent.join();
}

TEST_CASE("an agent is not made with a certificate for another key") {
  Stage stage;
  crypto::SystemRandom random;
  stage.options.signing_key = crypto::SigningKeyPair::from_seed(random.secret_key());
  const auto agent = Agent::create(std::move(stage.options), stage.trainer, stage.transport,
                                   stage.storage, stage.conditions);
  REQUIRE_FALSE(agent);
  CHECK(agent.error().message.find("another key") != std::string::npos);
}

}  // namespace covey::client
