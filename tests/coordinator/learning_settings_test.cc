#include <cmath>

#include "covey/coordinator/task_file.h"
#include "support/catch.h"

namespace covey::coordinator {
namespace {

std::string file(const std::string& more) {
  return "[task]\nname = \"digits\"\nrounds = 100\n[model]\nname = \"cnn\"\ninitial = \"i\"\n" +
         more;
}

TaskSpec spec_of(const std::string& more) {
  auto spec = parse_task_file(file(more));
  INFO((spec ? "" : spec.error().message));
  REQUIRE(spec.has_value());
  return *spec;
}

std::string refusal_of(const std::string& more) {
  const auto spec = parse_task_file(file(more));
  REQUIRE_FALSE(spec.has_value());
  CHECK(spec.error().code == ErrorCode::kInvalidArgument);
  return spec.error().message;
}

ring::Manifest small_manifest() {
  return ring::Manifest::create({{"w", ring::DType::kF32, {4, 3}, ring::Role::kTrain}}).value();
}

}  // namespace

TEST_CASE("a rate without a schedule is the same in every round, to the bit", "[task-file]") {
  const TaskSpec spec = spec_of("[train]\nlearning_rate = 0.1\n");
  for (const std::uint64_t round : {1u, 2u, 99u, 1000u}) {
    CHECK(spec.plan_for(small_manifest(), round)->train.learning_rate == 0.1);
    CHECK(spec.server_rate_factor_at(round) == 1);
    CHECK(spec.server_learning_rate_at(round) == 1);
  }
}

TEST_CASE("a step comes after every so many rounds, an exponential after each", "[task-file]") {
  const LearningRateSchedule step{Decay::kStep, 0.5, 10, 0.01, 0};
  CHECK(step.factor(1, 100) == 1);
  CHECK(step.factor(10, 100) == 1);
  CHECK(step.factor(11, 100) == 0.5);
  CHECK(step.factor(20, 100) == 0.5);
  CHECK(step.factor(21, 100) == 0.25);
  const LearningRateSchedule exponential{Decay::kExponential, 0.5, 1, 0.01, 0};
  CHECK(exponential.factor(1, 100) == 1);
  CHECK(exponential.factor(2, 100) == 0.5);
  CHECK(exponential.factor(5, 100) == 1.0 / 16);
}

TEST_CASE("a cosine goes from 1 in the first round to its floor in the last", "[task-file]") {
  const LearningRateSchedule cosine{Decay::kCosine, 1, 1, 0.1, 0};
  CHECK(cosine.factor(1, 101) == 1);
  CHECK(cosine.factor(51, 101) == Approx(0.55));
  CHECK(cosine.factor(101, 101) == Approx(0.1));
  CHECK(cosine.factor(140, 101) == Approx(0.1));  // rounds were aborted
  CHECK(cosine.factor(1, 1) == 1);
  CHECK(cosine.factor(2, 1) == Approx(0.1));
  for (std::uint64_t round = 2; round <= 101; ++round) {
    REQUIRE(cosine.factor(round, 101) < cosine.factor(round - 1, 101));
  }
}

TEST_CASE("a warm-up rises evenly, and what falls begins after it", "[task-file]") {
  const LearningRateSchedule warm{Decay::kConstant, 1, 1, 0.01, 4};
  CHECK(warm.factor(1, 100) == Approx(0.2));
  CHECK(warm.factor(4, 100) == Approx(0.8));
  CHECK(warm.factor(5, 100) == 1);
  CHECK(warm.factor(100, 100) == 1);
  for (const Decay decay : {Decay::kStep, Decay::kExponential, Decay::kCosine}) {
    const LearningRateSchedule cold{decay, 0.9, 3, 0.1, 0};
    LearningRateSchedule late = cold;
    late.warmup_rounds = 7;
    for (std::uint64_t round = 1; round <= 30; ++round) {
      REQUIRE(late.factor(round + 7, 37) == cold.factor(round, 30));
    }
  }
}

TEST_CASE("a rate stays above 0 however long a task runs", "[task-file]") {
  for (const Decay decay : {Decay::kStep, Decay::kExponential, Decay::kCosine}) {
    const LearningRateSchedule schedule{decay, 1e-6, 1, 1e-6, 0};
    CHECK(schedule.factor(1'000'000'000, 100) >= 1e-6);
  }
  const TaskSpec spec = spec_of(
      "[train]\nlearning_rate = 1e-12\nschedule = \"exponential\"\nschedule_factor = 0.001\n");
  CHECK(spec.plan_for(small_manifest(), 100'000).has_value());
  CHECK(LearningRateSchedule{Decay::kConstant, 1, 1, 0.01, 1'000'000'000}.factor(1, 100) >= 1e-6);
}

TEST_CASE("both sides have a schedule of their own", "[task-file]") {
  const TaskSpec spec = spec_of(R"([train]
learning_rate = 0.4
schedule = "step"
schedule_factor = 0.5
schedule_rounds = 20
warmup_rounds = 1
[aggregation]
server_learning_rate = 0.8
server_schedule = "cosine"
server_schedule_floor = 0.25
server_warmup_rounds = 3
)");
  CHECK(spec.train_schedule == LearningRateSchedule{Decay::kStep, 0.5, 20, 0.01, 1});
  CHECK(spec.server_schedule == LearningRateSchedule{Decay::kCosine, 1, 1, 0.25, 3});
  const auto rate_of = [&](std::uint64_t round) {
    return spec.plan_for(small_manifest(), round)->train.learning_rate;
  };
  CHECK(rate_of(1) == Approx(0.2));
  CHECK(rate_of(2) == 0.4);
  CHECK(rate_of(21) == 0.4);
  CHECK(rate_of(22) == 0.2);
  CHECK(spec.server_learning_rate_at(1) == Approx(0.2));
  CHECK(spec.server_learning_rate_at(4) == Approx(0.8));
  CHECK(spec.server_learning_rate_at(100) == Approx(0.2));
}

TEST_CASE("the adaptive strategies have the paper's settings unless the file says otherwise",
          "[task-file]") {
  for (const char* name : {"fedadagrad", "fedadam", "fedyogi"}) {
    const TaskSpec spec = spec_of("[aggregation]\nstrategy = \"" + std::string(name) + "\"\n");
    CHECK(name_of(spec.strategy) == name);
    CHECK(is_adaptive(spec.strategy));
    CHECK(spec.server_learning_rate == 0.01);
    CHECK(spec.server_beta1 == (spec.strategy == StrategyKind::kFedAdagrad ? 0 : 0.9));
    CHECK(spec.server_beta2 == 0.99);
    CHECK(spec.server_epsilon == 1e-3);
  }
  const TaskSpec spec = spec_of(R"([aggregation]
strategy = "fedyogi"
server_learning_rate = 0.1
server_beta1 = 0.5
server_beta2 = 0.75
server_epsilon = 0.01
)");
  CHECK(spec.server_learning_rate == 0.1);
  CHECK(spec.server_beta1 == 0.5);
  CHECK(spec.server_beta2 == 0.75);
  CHECK(spec.server_epsilon == 0.01);
  CHECK_FALSE(is_adaptive(StrategyKind::kFedAvg));
}

TEST_CASE("fedsgd is one step on all of a device's examples", "[task-file]") {
  const TaskSpec spec = spec_of("[aggregation]\nstrategy = \"fedsgd\"\n");
  CHECK(spec.train.batch_size == plan::kAllExamples);
  CHECK(spec.train.epochs == 1);
  CHECK(spec.server_learning_rate == 1);
  const plan::Plan plan = spec.plan_for(small_manifest(), 1).value();
  CHECK(plan::Plan::from_bytes(plan.to_bytes())->train.batch_size == plan::kAllExamples);
  CHECK(spec_of("[train]\nbatch_size = \"all\"\nepochs = 1\n[aggregation]\nstrategy = \"fedsgd\"\n")
            .train == spec.train);
  // For the others too.
  const TaskSpec average = spec_of("[train]\nbatch_size = \"all\"\nepochs = 5\n");
  CHECK(average.train.batch_size == plan::kAllExamples);
  CHECK(average.train.epochs == 5);
}

TEST_CASE("settings of learning that do not go together are refused at their place",
          "[task-file]") {
  struct Case {
    const char* more;  // begins at line 7
    const char* says;
  };
  const std::vector<Case> cases = {
      {"[train]\nschedule = \"step\"\nschedule_factor = 0.5",
       "8:12: train.schedule is 'step', so train.schedule_rounds must say after how many rounds"},
      {"[train]\nschedule = \"exponential\"", "so train.schedule_factor must say"},
      {"[train]\nschedule_factor = 0.5", "8:19: train.schedule_factor is for another schedule"},
      {"[train]\nschedule = \"cosine\"\nschedule_rounds = 3", "train.schedule is 'cosine'"},
      {"[train]\nschedule = \"exponential\"\nschedule_factor = 0.9\nschedule_floor = 0.1",
       "10:18: train.schedule_floor is for another schedule"},
      {"[train]\nschedule = \"expo\"", "train.schedule is one of 'constant', 'step'"},
      {"[train]\nschedule_factor = 1.5", "train.schedule_factor is 1e-06 to 1, not 1.5"},
      {"[train]\nbatch_size = \"some\"", "train.batch_size is a whole number, or \"all\""},
      {"[aggregation]\nserver_schedule = \"step\"\nserver_schedule_rounds = 5",
       "8:19: aggregation.server_schedule is 'step', so aggregation.server_schedule_factor must"},
      {"[aggregation]\nserver_beta1 = 0.5",
       "8:16: aggregation.server_beta1 is for strategy = \"fedadagrad\", \"fedadam\", \"fedyogi\", "
       "but the strategy is 'fedavg'"},
      {"[aggregation]\nstrategy = \"fedadagrad\"\nserver_beta2 = 0.5", "\"fedadam\", \"fedyogi\""},
      {"[aggregation]\nstrategy = \"fedavgm\"\nserver_epsilon = 0.5", "server_epsilon is for"},
      {"[aggregation]\nstrategy = \"fedadam\"\nserver_momentum = 0.5", "server_momentum is for"},
      {"[aggregation]\nstrategy = \"fedadam\"\nserver_epsilon = 0", "server_epsilon is 1e-10 to"},
      {"[aggregation]\nstrategy = \"fedprox\"", "aggregation.strategy is one of 'fedavg'"},
      {"[train]\nbatch_size = 20\n[aggregation]\nstrategy = \"fedsgd\"",
       "8:14: train.batch_size is no setting of strategy = \"fedsgd\""},
      {"[train]\nepochs = 2\n[aggregation]\nstrategy = \"fedsgd\"", "8:10: train.epochs is no"},
      {"[train]\nsteps = 1\n[aggregation]\nstrategy = \"fedsgd\"", "8:9: train.steps is no"},
  };
  for (const Case& c : cases) {
    const std::string message = refusal_of(c.more);
    INFO(c.more << "\n  expected: " << c.says << "\n  got: " << message);
    CHECK(message.find(c.says) != std::string::npos);
  }
}

}  // namespace covey::coordinator
