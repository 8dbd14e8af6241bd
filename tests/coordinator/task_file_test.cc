#include "covey/coordinator/task_file.h"

#include "covey/settings/nearest_name.h"
#include "support/catch.h"

namespace covey::coordinator {
namespace {

using namespace std::chrono_literals;

constexpr const char* kLeast = R"([task]
name = "digits"
[model]
name = "cnn"
initial = "initial.safetensors"
)";

// The least file, with more behind it.
std::string file(const std::string& more) { return kLeast + more; }

TaskSpec spec_of(const std::string& text) {
  auto spec = parse_task_file(text);
  INFO((spec ? "" : spec.error().message));
  REQUIRE(spec.has_value());
  return *spec;
}

std::string refusal_of(const std::string& text) {
  const auto spec = parse_task_file(text);
  REQUIRE_FALSE(spec.has_value());
  CHECK(spec.error().code == ErrorCode::kInvalidArgument);
  return spec.error().message;
}

ring::Manifest small_manifest(bool has_buffers) {
  std::vector<ring::Tensor> tensors = {
      {"fc.weight", ring::DType::kF32, {4, 3}, ring::Role::kTrain}};
  if (has_buffers) {
    tensors.push_back({"bn.running_mean", ring::DType::kF32, {4}, ring::Role::kFloatBuffer});
  }
  return ring::Manifest::create(std::move(tensors)).value();
}

}  // namespace

TEST_CASE("a file with three lines is a whole task", "[task-file]") {
  const TaskSpec spec = spec_of(kLeast);
  CHECK(spec.name == "digits");
  CHECK(spec.model == "cnn");
  CHECK(spec.initial_model == "initial.safetensors");
  CHECK(spec.rounds == 10);
  CHECK(spec.schedule == Schedule::kWhenReady);
  CHECK(spec.give_up_after == 5);
  CHECK(spec.selection == Selection{});
  CHECK(spec.train == plan::TrainSettings{});
  CHECK(spec.cohort == CohortRules{});
  CHECK(spec.secure == plan::SecureSettings{});
  CHECK(spec.strategy == StrategyKind::kFedAvg);
  CHECK(spec.is_rotated);
  CHECK(std::get<ring::L2Clip>(spec.codec.clipping).bound == 10);
  CHECK(spec.metrics == std::vector<std::string>{"train_loss", "loss", "accuracy"});
  CHECK(spec.target_metric.empty());
  CHECK(spec.plan_for(small_manifest(true), 1).has_value());
  CHECK(spec.plan_for(small_manifest(false), 1).has_value());
}

TEST_CASE("every key of task and model is read", "[task-file]") {
  const TaskSpec spec = spec_of(R"(
[task]
name = "night-run"
description = "Digits, at night"
rounds = 250
schedule = "every"
every = "1h 30m"
give_up_after = 9
[task.select]
devices = ["phone-*", "lab"]
tags = ["beta", "eu"]
properties = { "os" = "linux", "ram" = "8" }
[model]
name = "resnet18"
initial = "models/start.safetensors"
roles = { "bn.*" = "local", "head.bias" = "frozen" }
)");
  CHECK(spec.name == "night-run");
  CHECK(spec.description == "Digits, at night");
  CHECK(spec.rounds == 250);
  CHECK(spec.schedule == Schedule::kEvery);
  CHECK(spec.every == 90min);
  CHECK(spec.give_up_after == 9);
  CHECK(spec.selection.devices == std::vector<std::string>{"phone-*", "lab"});
  CHECK(spec.selection.tags == std::vector<std::string>{"beta", "eu"});
  CHECK(spec.selection.properties ==
        std::map<std::string, std::string>{{"os", "linux"}, {"ram", "8"}});
  CHECK(spec.model == "resnet18");
  CHECK(spec.initial_model == "models/start.safetensors");
  CHECK(spec.roles == std::map<std::string, ring::Role>{{"bn.*", ring::Role::kLocal},
                                                        {"head.bias", ring::Role::kFrozen}});
  CHECK(spec_of(R"(task = { name = "a", schedule = "by-hand" }
model = { name = "m", initial = "i" })")
            .schedule == Schedule::kByHand);
}

TEST_CASE("every key of training and rounds is read", "[task-file]") {
  const TaskSpec spec = spec_of(file(R"(
[train]
optimizer = "sgd"
learning_rate = 0.1
momentum = 0.9
weight_decay = 1e-4
fedprox_mu = 0.01
gradient_clip = 5
batch_size = 32
epochs = 3
loss = "mean-squared"
[round]
target = 300
minimum = 120
over_selection = 1.5
group_size = 150
training_deadline = "20m"
step_idle = "45s"
)"));
  CHECK(spec.train == plan::TrainSettings{plan::Optimizer::kSgd, 0.1, 0.9, 1e-4, 0.01, 5, 32, 3, 0,
                                          plan::Loss::kMeanSquared});
  CHECK(spec.cohort == CohortRules{300, 120, 1.5, 150, 20min, 45s});
  CHECK(spec.plan_for(small_manifest(true), 1)->codec.max_devices == 150);

  const TaskSpec steps = spec_of(file("[train]\noptimizer = \"adamw\"\nsteps = 40\n"));
  CHECK(steps.train.optimizer == plan::Optimizer::kAdamW);
  CHECK(steps.train.steps == 40);
  CHECK(steps.train.epochs == 0);
}

TEST_CASE("every key of aggregation, privacy and evaluation is read", "[task-file]") {
  const TaskSpec spec = spec_of(file(R"(
[round]
target = 40
minimum = 20
[aggregation]
strategy = "fedavgm"
server_learning_rate = 0.5
server_momentum = 0.8
quantization_bits = 10
ring_bits = 40
clip = "l2"
clip_bound = 2.5
coordinate_range = 0.5
max_weight = 500
rotate = false
buffer_range = 3
[secure]
mode = "secure"
minimum_devices = 20
minimum_survivors = 15
corrupt_fraction = 0.1
dropout_fraction = 0.2
coordinator = "curious"
security_bits = 60
completion_bits = 30
[evaluate]
metrics = ["loss", "accuracy", "f1"]
target_metric = "f1"
target_value = 0.9
)"));
  CHECK(spec.strategy == StrategyKind::kServerMomentum);
  CHECK(spec.server_learning_rate == 0.5);
  CHECK(spec.server_momentum == 0.8);
  CHECK(spec.codec.quantization_bits == 10);
  CHECK(spec.codec.ring_bits == 40u);
  CHECK(std::get<ring::L2Clip>(spec.codec.clipping).bound == 2.5);
  CHECK(std::get<ring::L2Clip>(spec.codec.clipping).coordinate_range == 0.5);
  CHECK(spec.codec.max_weight == 500);
  CHECK_FALSE(spec.is_rotated);
  CHECK(spec.codec.buffer_range == 3);
  CHECK(spec.secure == plan::SecureSettings{plan::Masking::kSecure, 20, 15, 0.1, 0.2,
                                            secagg::Coordinator::kCurious, 60, 30});
  CHECK(spec.metrics == std::vector<std::string>{"loss", "accuracy", "f1"});
  CHECK(spec.target_metric == "f1");
  CHECK(spec.target_value == 0.9);
}

TEST_CASE("what the file leaves open follows from what it says", "[task-file]") {
  const TaskSpec range = spec_of(file("[aggregation]\nclip = \"range\"\nclip_bound = 0.5\n"));
  CHECK(std::get<ring::RangeClip>(range.codec.clipping).range == 0.5);
  CHECK_FALSE(range.is_rotated);
  const TaskSpec plain = spec_of(file("[round]\ntarget = 1\n[secure]\nmode = \"plain\"\n"));
  CHECK(plain.secure.minimum_devices == 1);
  CHECK(plain.cohort.minimum == 1);
  const TaskSpec small = spec_of(file("[round]\ntarget = 4\n[secure]\nminimum_devices = 4\n"));
  CHECK(small.cohort.minimum == 4);
  CHECK(small.secure.minimum_survivors == 2);
}

TEST_CASE("a wrong value is refused at its place, with what is legal", "[task-file]") {
  struct Case {
    const char* more;  // begins at line 6
    const char* says;
  };
  const std::vector<Case> cases = {
      {"[train]\nlearning_rate = \"fast\"", "7:17: train.learning_rate is a number, not a text"},
      {"[train]\nlearning_rate = nan", "7:17: train.learning_rate is 1e-12 to 1e+06, not nan"},
      {"[train]\nmomentum = 1", "train.momentum is 0 to below 1, not 1"},
      {"[train]\nbatch_size = 0", "train.batch_size is 1 to 1000000, not 0"},
      {"[train]\nbatch_size = -3", "train.batch_size is 1 to 1000000, not -3"},
      {"[train]\nbatch_size = 2.5", "train.batch_size is a whole number, or \"all\", not a number"},
      {"[train]\noptimizer = \"sdg\"", "'adamw'; did you mean 'sgd'?"},
      {"[train]\nloss = 3", "train.loss is a text in quotes, not a whole number"},
      {"[train]\nepochs = 1\nsteps = 1", "8:9: train.steps and train.epochs are both set"},
      {"[train]\noptimizer = \"adam\"\nmomentum = 0.5", "8:12: train.momentum is for"},
      {"[round]\ntarget = 5", "7:10: secure.minimum_devices is 10, over round.minimum, which is 5"},
      {"[round]\nminimum = 11", "7:11: round.minimum is 1 to round.target, which is 10, not 11"},
      {"[round]\nover_selection = 0.5", "round.over_selection is 1 to 10, not 0.5"},
      {"[round]\ntarget = 30\ngroup_size = 15\n", "8:14: with round.group_size 15"},
      {"[round]\ntraining_deadline = \"10\"", "7:21: round.training_deadline is a time"},
      {"[round]\ntraining_deadline = 10", "not a whole number"},
      {"[round]\nstep_idle = \"2d\"", "round.step_idle is 100ms to 1d, not 2d"},
      {"[aggregation]\nclip = \"range\"\nrotate = true", "8:10: aggregation.rotate mixes"},
      {"[aggregation]\nrotate = 1", "aggregation.rotate is true or false, not a whole number"},
      {"[aggregation]\nclip = \"range\"\ncoordinate_range = 1", "is for clip = \"l2\""},
      {"[aggregation]\nclip_bound = 1\ncoordinate_range = 2", "over aggregation.clip_bound"},
      {"[aggregation]\nserver_momentum = 0.5", "7:19: aggregation.server_momentum is for"},
      {"[aggregation]\nring_bits = 9", "6:1: a sum of 10 devices"},
      {"[secure]\nmode = \"none\"", "secure.mode is one of 'secure', 'plain'"},
      {"[secure]\nminimum_devices = 12", "7:19: secure.minimum_devices is 12, over round.minimum"},
      {"[secure]\nminimum_devices = 1", "its own update"},
      {"[secure]\nminimum_survivors = 11", "minimum_survivors is 2 to secure.minimum_devices"},
      {"[secure]\nminimum_survivors = 10", "only 9 are left"},
      {"[secure]\ndropout_fraction = 0.6", "7:20: secure: no degree and threshold exist"},
      {"[secure]\ncorrupt_fraction = 1", "secure.corrupt_fraction is 0 to below 1, not 1"},
      {"[evaluate]\nmetrics = [\"loss\", 3]", "7:20: evaluate.metrics is a list of texts"},
      {"[evaluate]\nmetrics = [\"Loss\"]", "metric 1: a name has"},
      {"[evaluate]\nmetrics = \"loss\"", "evaluate.metrics is a list of texts"},
      {"[evaluate]\ntarget_metric = \"f1\"\ntarget_value = 1", "is not one of evaluate.metrics"},
      {"[evaluate]\ntarget_metric = \"loss\"", "7:17: evaluate.target_metric and"},
      {"[evaluate]\ntarget_value = 1", "7:16: evaluate.target_metric and"},
      {"[task.select]\ndevices = [\"a*b\"]", "7:11: task.select.devices: '*' stands at the end"},
      {"[task.select]\nproperties = { os = 3 }", "7:21: task.select.properties: its values are"},
      {"[task.select]\nproperties = [1]", "task.select.properties is a table"},
      {"[train]\nx = ", "7:"},
  };
  for (const Case& c : cases) {
    const std::string message = refusal_of(file(c.more));
    INFO(c.more << "\n  expected: " << c.says << "\n  got: " << message);
    CHECK(message.find(c.says) != std::string::npos);
  }
}

TEST_CASE("the task's own section is checked too", "[task-file]") {
  const auto task = [](const std::string& lines) {
    return "[model]\nname = \"m\"\ninitial = \"i\"\n[task]\n" + lines;
  };
  const auto says = [&](const std::string& lines, const char* what) {
    const std::string message = refusal_of(task(lines));
    INFO(message);
    CHECK(message.find(what) != std::string::npos);
  };
  says("rounds = 3", "4:1: task.name is missing");
  says("name = \"Upper\"", "5:8: task.name: a task's name has");
  says("name = \"\"", "task.name has 1 to 256 bytes, not 0");
  says("name = \"a\"\nschedule = \"every\"", "6:12: task.schedule is 'every', so task.every");
  says("name = \"a\"\nevery = \"1h\"", "6:9: task.every needs schedule");
  says("name = \"a\"\nrounds = 0", "task.rounds is 1 to 1000000000, not 0");
  CHECK(refusal_of("").find("1:1: task.name is missing") == 0);
  CHECK(refusal_of("[task]\nname = \"a\"\n[model]\nname = \"m\"\n")
            .find("model.initial is missing") != std::string::npos);
  CHECK(refusal_of("[task]\nname = \"a\"\n[model]\nname = \"m\"\ninitial = \"i\"\n"
                   "roles = { \"bn.*\" = \"locl\" }")
            .find("6:20: model.roles: a role is one of") == 0);
  CHECK(refusal_of(std::string(2u << 20, '#')).find("at most 1 MiB") != std::string::npos);
}

TEST_CASE("an unknown name is refused with the nearest legal one", "[task-file]") {
  CHECK(refusal_of(file("[train]\nlearnin_rate = 0.1")) ==
        "7:1: the key 'train.learnin_rate' is not known; did you mean 'learning_rate'?");
  CHECK(refusal_of(file("[agregation]\n")) ==
        "6:2: the section 'agregation' is not known; did you mean 'aggregation'?");
  CHECK(refusal_of(file("[evaluate]\nq = 1")) ==
        "7:1: the key 'evaluate.q' is not known; legal: 'metrics', 'target_metric', "
        "'target_value'");
  CHECK(refusal_of(file("[task.selct]\n")).find("did you mean 'select'?") != std::string::npos);
  CHECK(refusal_of("train = 3\n" + std::string(kLeast)).find("train is a section") !=
        std::string::npos);
}

TEST_CASE("the simulator's sections are not looked into", "[task-file]") {
  const TaskSpec spec = spec_of(file(R"(
[data]
devices = "whatever"
[simulation]
no_such_key = 1
[faults]
drop = 7
)"));
  CHECK(spec.train == spec_of(kLeast).train);
  CHECK(refusal_of(file("[dta]\n")) == "6:2: the section 'dta' is not known; did you mean 'data'?");
}

TEST_CASE("a simulation needs no first model, and may aim at its test set", "[task-file]") {
  const std::string least = "[task]\nname = \"digits\"\n[model]\nname = \"cnn\"\n";
  REQUIRE(parse_task_file(least, TaskFileUse::kSimulation).has_value());
  for (const char* metric : {"test_accuracy", "test_loss"}) {
    const std::string target =
        "[evaluate]\ntarget_metric = \"" + std::string(metric) + "\"\ntarget_value = 0.5\n";
    const auto spec = parse_task_file(least + target, TaskFileUse::kSimulation);
    REQUIRE(spec.has_value());
    CHECK(spec->target_metric == metric);
    CHECK(refusal_of(file(target)).find("only a simulation has a test set") != std::string::npos);
  }
  CHECK_FALSE(parse_task_file(least + "[evaluate]\ntarget_metric = \"f1\"\ntarget_value = 0.5\n",
                              TaskFileUse::kSimulation)
                  .has_value());
}

TEST_CASE("the nearest name is the one that a slip of the finger makes", "[task-file]") {
  const std::array<std::string_view, 4> names = {"list", "show", "watch", "plot"};
  CHECK(settings::nearest_name("lsit", names) == "list");
  CHECK(settings::nearest_name("wtch", names) == "watch");
  CHECK(settings::nearest_name("plots", names) == "plot");
  CHECK_FALSE(settings::nearest_name("submit", names).has_value());
  CHECK_FALSE(settings::nearest_name("", names).has_value());
  CHECK_FALSE(settings::nearest_name(std::string(100'000, 'a'), names).has_value());
  CHECK(settings::did_you_mean("shwo", names) == "; did you mean 'show'?");
  CHECK(settings::did_you_mean("zebra", names).empty());
}

TEST_CASE("a role comes from the most specific rule", "[task-file]") {
  TaskSpec spec;
  spec.roles = {{"*", ring::Role::kLocal},
                {"head.*", ring::Role::kTrain},
                {"head.bias", ring::Role::kFrozen}};
  CHECK(spec.role_of("conv.weight", ring::DType::kF32) == ring::Role::kLocal);
  CHECK(spec.role_of("head.weight", ring::DType::kF32) == ring::Role::kTrain);
  CHECK(spec.role_of("head.bias", ring::DType::kF32) == ring::Role::kFrozen);
  spec.roles.clear();
  CHECK(spec.role_of("bn.running_mean", ring::DType::kF32) == ring::Role::kFloatBuffer);
  CHECK(spec.role_of("bn.num_batches_tracked", ring::DType::kI64) == ring::Role::kIntBuffer);
  CHECK(spec.role_of("conv.weight", ring::DType::kF32) == ring::Role::kTrain);
}

TEST_CASE("a device is taken when it fits every rule", "[task-file]") {
  CHECK(Selection{}.accepts("anyone", {}, {}));
  const Selection selection{{"phone-*", "lab"}, {"beta"}, {{"os", "linux"}}};
  CHECK(selection.accepts("phone-7", {"eu", "beta"}, {{"os", "linux"}, {"ram", "8"}}));
  CHECK(selection.accepts("lab", {"beta"}, {{"os", "linux"}}));
  CHECK_FALSE(selection.accepts("lab-2", {"beta"}, {{"os", "linux"}}));
  CHECK_FALSE(selection.accepts("lab", {"eu"}, {{"os", "linux"}}));
  CHECK_FALSE(selection.accepts("lab", {"beta"}, {{"os", "android"}}));
  CHECK_FALSE(selection.accepts("lab", {"beta"}, {}));
}

TEST_CASE("each round has a rotation of its own, the same for everybody", "[task-file]") {
  TaskSpec spec = spec_of(kLeast);
  const ring::Manifest manifest = small_manifest(false);
  const auto seed = [&](std::uint64_t round) {
    return spec.plan_for(manifest, round)->codec.rotation_seed;
  };
  REQUIRE(seed(1).has_value());
  CHECK(seed(1) == seed(1));
  CHECK(seed(1) != seed(2));
  const auto first = seed(1);
  spec.name = "letters";
  CHECK(seed(1) != first);
  spec.is_rotated = false;
  CHECK_FALSE(seed(1).has_value());
}

TEST_CASE("a plan is valid and its buffers have a range only where there are buffers",
          "[task-file]") {
  const TaskSpec spec = spec_of(kLeast);
  const plan::Plan with = spec.plan_for(small_manifest(true), 3).value();
  const plan::Plan without = spec.plan_for(small_manifest(false), 3).value();
  CHECK(with.codec.buffer_range == 4);
  CHECK(without.codec.buffer_range == 0);
  CHECK(with.codec.max_devices == 10);
  CHECK(plan::Plan::from_bytes(with.to_bytes()).has_value());
  CHECK_FALSE(spec.plan_for(ring::Manifest::create({}).value(), 1).has_value());
}

TEST_CASE("a loss or an error falls to its target, and everything else rises to it") {
  TaskSpec spec;
  CHECK_FALSE(spec.is_reached_by({{"accuracy", 1.0}}));  // no target
  spec.target_metric = "accuracy";
  spec.target_value = 0.9;
  CHECK(spec.is_reached_by({{"accuracy", 0.9}}));
  CHECK_FALSE(spec.is_reached_by({{"accuracy", 0.89}}));
  CHECK_FALSE(spec.is_reached_by({{"loss", 0.95}}));
  for (const char* name : {"loss", "train_loss", "test_loss", "rmse"}) {
    CHECK(falls(name));
    spec.target_metric = name;
    CHECK(spec.is_reached_by({{name, 0.5}}));
    CHECK_FALSE(spec.is_reached_by({{name, 0.95}}));
  }
  for (const char* name : {"accuracy", "f1", "lossless", "rmse_margin"}) CHECK_FALSE(falls(name));
}

}  // namespace covey::coordinator
