#include <algorithm>
#include <functional>

#include "covey/crypto/digest.h"
#include "simulation/simulation_world.h"
#include "support/catch.h"
#include "support/seeds.h"

using namespace covey;
using namespace covey::simulation;
using namespace covey::testing;

namespace {

std::vector<Digest> models_of(SimulationSpec spec, Parts parts = small_parts()) {
  Federation federation = small_federation(std::move(spec), std::move(parts));
  return testing::models_of(federation);
}

// Keeps what every device has trained.
class Recorder final : public Hooks {
 public:
  struct Trained {
    std::vector<float> weights;
    std::uint64_t examples = 0;
  };
  explicit Recorder(std::map<std::uint64_t, std::map<std::size_t, Trained>>& trained)
      : trained_(trained) {}
  void trained(std::uint64_t round, std::size_t device, client::TrainingReport& report,
               model::Model& model) override {
    const std::lock_guard lock(mutex_);
    const auto weights = model.floats("weight");
    trained_[round][device] = {{weights.begin(), weights.end()}, report.examples};
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, std::map<std::size_t, Trained>>& trained_;
};

}  // namespace

TEST_CASE("the models are the same for any number of workers", "[simulation]") {
  for (const bool is_masked : {false, true}) {
    SimulationSpec spec = small_spec(is_masked);
    spec.simulation.workers = 1;
    const auto expected = models_of(spec);
    REQUIRE(expected.size() == 3);
    for (const std::uint64_t workers : {2, 8}) {
      spec.simulation.workers = workers;
      CHECK(models_of(spec) == expected);
    }
  }
}

TEST_CASE("masks change no bit of the models", "[simulation]") {
  CHECK(models_of(small_spec(true)) == models_of(small_spec(false)));
  SimulationSpec groups = small_spec(true);
  groups.task.cohort.group_size = 4;
  SimulationSpec plain = groups;
  plain.task.secure.masking = plan::Masking::kPlain;
  CHECK(models_of(groups) == models_of(plain));
}

TEST_CASE("masks change no bit of the models whoever vanishes, crashes or sends a NaN",
          "[simulation][property]") {
  for_each_seed(12, [](Seed seed) {
    SimulationSpec spec = small_spec(true);
    spec.simulation.seed = seed;
    spec.task.cohort.over_selection = 1.5;
    spec.faults.probability = {0.06, 0.15, 0, 0, 0.05};
    spec.faults.crash_pause = std::chrono::seconds(1);  // back before a step is closed
    SimulationSpec plain = spec;
    plain.task.secure.masking = plan::Masking::kPlain;
    const auto expected = models_of(plain);
    CHECK(std::ranges::adjacent_find(expected, std::not_equal_to<>()) != expected.end());
    CHECK(models_of(spec) == expected);
  });
}

TEST_CASE("every result is the same for any number of workers, with stragglers and local tensors",
          "[simulation][property]") {
  for_each_seed(4, [](Seed seed) {
    SimulationSpec spec = small_spec(seed % 2 == 0);
    spec.simulation.seed = seed;
    spec.task.rounds = 6;
    spec.task.cohort.over_selection = 2;  // half of them train for nothing
    spec.faults.probability = {0.05, 0.05, 0, 0, 0.05};
    const auto results_of = [&](std::uint64_t workers) {
      spec.simulation.workers = workers;
      Federation federation = small_federation(spec, small_parts(20, Extra::kLocal));
      std::vector<std::string> results;
      for (int i = 0; i < 6; ++i) {
        const auto result = federation.run_round();
        REQUIRE(result);
        REQUIRE(result->test);
        results.push_back(
            to_hex(result->model) + " " + result->reason + " " + std::to_string(result->dropped) +
            " " + std::to_string(result->test->loss) + " " +
            std::to_string(
                result->metrics.count("train_loss") > 0 ? result->metrics.at("train_loss") : 0));
      }
      results.push_back(to_hex(crypto::sha256(federation.save_state())));
      return results;
    };
    const auto expected = results_of(1);
    CHECK(results_of(3) == expected);
    CHECK(results_of(8) == expected);
  });
}

TEST_CASE("local tensors outlive a restart", "[simulation]") {
  SimulationSpec spec = small_spec();
  spec.task.rounds = 6;
  Federation whole = small_federation(spec, small_parts(10, Extra::kLocal));
  Federation first = small_federation(spec, small_parts(10, Extra::kLocal));
  for (int i = 0; i < 3; ++i) REQUIRE(first.run_round());
  const Bytes state = first.save_state();
  Federation second = small_federation(spec, small_parts(10, Extra::kLocal));
  REQUIRE_FALSE(second.restore_state(ByteView(state).first(state.size() - 1)));
  REQUIRE(second.restore_state(state));
  for (int i = 0; i < 6; ++i) {
    const auto expected = whole.run_round();
    REQUIRE(expected);
    if (i < 3) continue;
    const auto result = second.run_round();
    REQUIRE(result);
    CHECK(result->metrics == expected->metrics);  // the loss tells the local tensor
  }
}

TEST_CASE("who was never given work is not counted as dropped, and who vanished is",
          "[simulation]") {
  SimulationSpec spec = small_spec();
  spec.faults.schedule[{1, 0}] = {FaultKind::kDrop, Step::kTrain};
  spec.faults.schedule[{1, 1}] = {FaultKind::kDrop, Step::kTrain};
  Federation federation = small_federation(spec);
  RoundOptions options;
  options.devices = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const auto result = federation.run_round(options);
  REQUIRE(result);
  CHECK(result->assigned == 8);
  CHECK(result->survivors == 6);
  CHECK(result->dropped == 2);
}

TEST_CASE("a round that could not begin is not used up", "[simulation]") {
  Federation federation = small_federation(small_spec());
  RoundOptions options;
  options.devices = {99};
  CHECK_FALSE(federation.run_round(options));
  const auto result = federation.run_round();
  REQUIRE(result);
  CHECK(result->round == 1);
}

TEST_CASE("settings that no round could be run with are refused at the start", "[simulation]") {
  const auto refused = [](const std::function<void(SimulationSpec&)>& change) {
    SimulationSpec spec = small_spec();
    change(spec);
    const auto federation = Federation::create(spec, small_parts());
    return federation ? std::string() : federation.error().message;
  };
  CHECK(refused([](auto& spec) { spec.simulation.evaluate_every = 0; }).find("evaluate_every") !=
        std::string::npos);
  CHECK(refused([](auto& spec) { spec.task.cohort.group_size = 0; }).find("group_size") !=
        std::string::npos);
  CHECK(refused([](auto& spec) { spec.task.cohort.minimum = 0; }).find("minimum") !=
        std::string::npos);
  CHECK(refused([](auto& spec) { spec.task.metrics = {"loss"}; }).find("held_out") !=
        std::string::npos);
}

TEST_CASE("another seed gives other models", "[simulation]") {
  SimulationSpec other = small_spec();
  other.simulation.seed = 2;
  CHECK(models_of(other) != models_of(small_spec()));
}

TEST_CASE("a round's model is the weighted mean of what its devices trained",
          "[simulation][property]") {
  for_each_seed(5, [](Seed seed) {
    std::map<std::uint64_t, std::map<std::size_t, Recorder::Trained>> trained;
    SimulationSpec spec = small_spec();
    spec.simulation.seed = seed;
    Parts parts = small_parts();
    parts.hooks = std::make_unique<Recorder>(trained);
    Federation federation = small_federation(spec, std::move(parts));
    for (std::uint64_t round = 1; round <= 3; ++round) {
      const auto result = federation.run_round();
      REQUIRE(result);
      REQUIRE(result->is_completed);
      CHECK(result->survivors == trained[round].size());
      std::vector<double> sum(300);
      double weight = 0;
      for (const auto& [device, one] : trained[round]) {
        const auto examples = static_cast<double>(one.examples);
        weight += examples;
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += examples * one.weights[i];
      }
      CHECK(static_cast<double>(result->weight) == weight);
      for (std::size_t i = 0; i < sum.size(); ++i) {
        // A level is 200 / 65535 wide before the rotation's range is taken; the mean's error is
        // below that.
        CHECK(federation.model().floats("weight")[i] == Approx(sum[i] / weight).margin(4e-3));
      }
    }
  });
}

TEST_CASE("a federation that is saved and restored goes on to the same bits", "[simulation]") {
  for (const auto kind :
       {coordinator::StrategyKind::kFedAvg, coordinator::StrategyKind::kFedAdam}) {
    SimulationSpec spec = small_spec();
    spec.task.rounds = 5;
    spec.task.strategy = kind;
    const auto expected = models_of(spec);
    Federation first = small_federation(spec);
    REQUIRE(first.run_round());
    REQUIRE(first.run_round());
    const Bytes state = first.save_state();
    Federation second = small_federation(spec);
    REQUIRE(second.restore_state(state));
    CHECK(second.model_file() == first.model_file());
    CHECK(second.version() == 3);
    const auto rest = testing::models_of(second);
    CHECK(rest == std::vector<Digest>(expected.begin() + 2, expected.end()));
  }
}

TEST_CASE("a state that is damaged or another federation's is refused", "[simulation]") {
  Federation federation = small_federation(small_spec());
  const Bytes state = federation.save_state();
  for (const std::size_t at : {std::size_t{0}, state.size() / 2, state.size() - 1}) {
    Bytes damaged = state;
    damaged[at] ^= 1;
    CHECK(federation.restore_state(damaged).error().code == ErrorCode::kDataLoss);
  }
  for (std::size_t length = 0; length < state.size(); length += 97) {
    CHECK_FALSE(federation.restore_state(ByteView(state).first(length)));
  }
  SimulationSpec other = small_spec();
  other.simulation.seed = 9;
  CHECK(small_federation(other).restore_state(state).error().code ==
        ErrorCode::kFailedPrecondition);
}

TEST_CASE("float buffers are averaged, too", "[simulation]") {
  SimulationSpec spec = small_spec();
  const auto plain = models_of(spec, small_parts(20, Extra::kBuffer));
  CHECK(plain.size() == 3);
  CHECK(models_of(small_spec(true), small_parts(20, Extra::kBuffer)) == plain);
}

TEST_CASE("rounds can be driven by hand: other devices, another plan, no evaluation",
          "[simulation]") {
  std::map<std::uint64_t, std::map<std::size_t, Recorder::Trained>> trained;
  Parts parts = small_parts();
  parts.hooks = std::make_unique<Recorder>(trained);
  Federation federation = small_federation(small_spec(), std::move(parts));
  RoundOptions options;
  options.devices = {3, 1, 4, 15, 9, 2, 6, 5};
  options.change_plan = [](plan::Plan& plan) { plan.train.learning_rate = 0.25; };
  options.evaluates = false;
  const auto result = federation.run_round(options);
  REQUIRE(result);
  CHECK(result->learning_rate == 0.25);
  CHECK_FALSE(result->test);
  CHECK(trained[1].size() == 8);
  for (const std::size_t device : options.devices) CHECK(trained[1].contains(device));
  options.devices = {1, 1, 2, 3};
  CHECK(federation.run_round(options).error().code == ErrorCode::kInvalidArgument);
  options.devices = {20};
  CHECK(federation.run_round(options).error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a round without enough devices is aborted by name, and the model stays",
          "[simulation]") {
  SimulationSpec spec = small_spec();
  for (std::uint64_t device = 0; device < 20; ++device) {
    spec.faults.schedule[{2, device}] = {FaultKind::kDrop, Step::kTrain};
  }
  Federation federation = small_federation(spec);
  const auto first = federation.run_round();
  const auto second = federation.run_round();
  const auto third = federation.run_round();
  REQUIRE(first);
  REQUIRE(second);
  REQUIRE(third);
  CHECK_FALSE(second->is_completed);
  CHECK(second->reason.find("too few devices") != std::string::npos);
  CHECK(second->model == first->model);
  CHECK(second->faults == 8);
  CHECK(second->dropped == 8);
  CHECK(third->is_completed);
  CHECK(federation.rounds_completed() == 2);
}

TEST_CASE("a device that does part of its work trains for fewer epochs, and is in the sum",
          "[simulation]") {
  SimulationSpec spec = small_spec();
  spec.task.train.epochs = 20;
  Federation whole = small_federation(spec);
  spec.faults.probability[static_cast<std::size_t>(FaultKind::kPartial)] = 1;
  Federation partial = small_federation(spec);
  const auto expected = whole.run_round();
  const auto result = partial.run_round();
  REQUIRE(expected);
  REQUIRE(result);
  CHECK(result->survivors == 8);
  CHECK(result->faults > 0);
  CHECK(result->virtual_duration < expected->virtual_duration);
  CHECK(partial.model().floats("weight")[0] != whole.model().floats("weight")[0]);
}

TEST_CASE("a run ends when too many rounds in a row are aborted", "[simulation]") {
  SimulationSpec spec = small_spec();
  spec.faults
      .at[static_cast<std::size_t>(FaultKind::kDrop)][static_cast<std::size_t>(Step::kTrain)] = 1;
  Federation federation = small_federation(spec);
  const auto end = federation.run([](const RoundResult&) { return true; });
  REQUIRE(end);
  CHECK(federation.rounds_begun() == 3);
  CHECK(end->failure.find("3 rounds in a row") != std::string::npos);
}

TEST_CASE("a run ends at its target, and where its caller says so", "[simulation]") {
  SimulationSpec spec = small_spec();
  spec.task.rounds = 50;
  spec.task.target_metric = "train_loss";
  spec.task.target_value = 1000;
  Federation federation = small_federation(spec);
  const auto end = federation.run([](const RoundResult&) { return true; });
  REQUIRE(end);
  CHECK(end->is_target_reached);
  CHECK(federation.rounds_begun() == 1);

  spec.task.target_metric.clear();
  Federation other = small_federation(spec);
  const auto stopped = other.run([](const RoundResult& result) { return result.round < 4; });
  CHECK(stopped->is_stopped);
  CHECK(other.rounds_begun() == 4);
}

TEST_CASE("every round ends, whatever goes wrong with its devices", "[simulation][property]") {
  for_each_seed(20, [](Seed seed) {
    SimulationSpec spec = small_spec(seed % 2 == 0);
    spec.simulation.seed = seed;
    spec.task.rounds = 4;
    spec.task.give_up_after = 100;
    spec.task.cohort.over_selection = 1.5;
    spec.faults.probability = {0.1, 0.1, 0.1, 0.05, 0.05};
    Federation federation = small_federation(spec);
    for (int i = 0; i < 4; ++i) {
      const auto result = federation.run_round();
      REQUIRE(result);
      CHECK(result->is_completed == result->reason.empty());
      CHECK(result->survivors <= result->cohort);
      CHECK(result->cohort <= result->assigned);
      CHECK(result->virtual_duration.count() > 0);
    }
  });
}

TEST_CASE("more devices than a round takes cost it nothing but names", "[simulation]") {
  SimulationSpec spec = small_spec();
  Federation federation = small_federation(spec, small_parts(10'000));
  const auto result = federation.run_round();
  REQUIRE(result);
  CHECK(result->survivors == 8);
  CHECK(federation.save_state().size() < 4'000);
}

TEST_CASE("a federation that lacks a part says which", "[simulation]") {
  Parts parts = small_parts();
  parts.make_trainer = nullptr;
  CHECK(Federation::create(small_spec(), std::move(parts)).error().message.find("make_trainer") !=
        std::string::npos);
  parts = small_parts();
  parts.initial_model.reset();
  CHECK(Federation::create(small_spec(), std::move(parts)).error().message.find("initial_model") !=
        std::string::npos);
  CHECK(Federation::create(small_spec(), small_parts(3)).error().message.find("round.minimum") !=
        std::string::npos);
}
