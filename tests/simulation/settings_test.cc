#include "covey/simulation/settings.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/catch.h"

namespace covey::simulation {
namespace {

using namespace std::chrono_literals;

constexpr const char* kLeast = R"([task]
name = "digits"
[model]
name = "cnn-small"
[data]
)";

// The least file, with more behind it.
std::string file(const std::string& more) { return kLeast + more; }

SimulationSpec spec_of(const std::string& text, const Overrides& overrides = {}) {
  auto spec = parse_simulation_file(text, "here", overrides);
  INFO((spec ? "" : spec.error().message));
  REQUIRE(spec.has_value());
  return *spec;
}

std::string refusal_of(const std::string& text, const Overrides& overrides = {}) {
  const auto spec = parse_simulation_file(text, "here", overrides);
  REQUIRE_FALSE(spec.has_value());
  CHECK(spec.error().code == ErrorCode::kInvalidArgument);
  return spec.error().message;
}

double probability_of(const SimulationSpec& spec, FaultKind kind) {
  return spec.faults.probability[static_cast<std::size_t>(kind)];
}
double probability_of(const SimulationSpec& spec, FaultKind kind, Step step) {
  return spec.faults.at[static_cast<std::size_t>(kind)][static_cast<std::size_t>(step)];
}

}  // namespace

TEST_CASE("a file with a task, a model and data is a whole simulation", "[simulation]") {
  const SimulationSpec spec = spec_of(kLeast);
  CHECK(spec.task.name == "digits");
  CHECK(spec.task.initial_model.empty());
  CHECK(spec.task.metrics == std::vector<std::string>{"train_loss"});
  CHECK(spec.data.dataset == "handwriting");
  CHECK(spec.data.devices == 100);
  CHECK(spec.simulation.seed == 1);
  CHECK(spec.faults.is_empty());
  CHECK(spec.base_folder == "here");
  CHECK(spec.text == kLeast);
  const auto manifest =
      ring::Manifest::create({{"w", ring::DType::kF32, {3}, ring::Role::kTrain}}).value();
  CHECK(spec.task.plan_for(manifest, 1).has_value());
}

TEST_CASE("every key of data and simulation is read", "[simulation]") {
  const SimulationSpec spec = spec_of(file(R"(dataset = "handwriting"
path = "some/where"
partition = "dirichlet"
devices = 50
examples = 600
held_out = 0.25
shards = 3
alpha = 0.1
beta = 0.2
exponent = 1.5
test_examples = 1000
window = 40
csv_schema = "columns.toml"
seed = 9
[simulation]
seed = 7
workers = 3
evaluate_every = 5
keep_models = 2
examples_per_second = 100
speed_spread = 0.25
latency = "20ms"
megabits_per_second = 2.5
)"));
  CHECK(spec.data.path == "some/where");
  CHECK(spec.data.partition == "dirichlet");
  CHECK(spec.data.devices == 50);
  CHECK(spec.data.examples == 600);
  CHECK(spec.data.held_out == 0.25);
  CHECK(spec.data.shards == 3);
  CHECK(spec.data.alpha == 0.1);
  CHECK(spec.data.beta == 0.2);
  CHECK(spec.data.exponent == 1.5);
  CHECK(spec.data.test_examples == 1000);
  CHECK(spec.data.window == 40);
  CHECK(spec.data.csv_schema == "columns.toml");
  CHECK(spec.data.seed == 9);
  CHECK(spec.simulation.seed == 7);
  CHECK(spec.simulation.workers == 3);
  CHECK(spec.simulation.evaluate_every == 5);
  CHECK(spec.simulation.keep_models == 2);
  CHECK(spec.simulation.examples_per_second == 100);
  CHECK(spec.simulation.speed_spread == 0.25);
  CHECK(spec.simulation.latency == 20ms);
  CHECK(spec.simulation.megabits_per_second == 2.5);
}

TEST_CASE("every key of faults is read", "[simulation]") {
  const SimulationSpec spec = spec_of(file(R"(
[faults]
drop = 0.1
crash = 0.02
delay = 0.03
corrupt = 0.04
nan = 0.05
partial = 0.06
drop_at = { mask = 0.2, fetch = 0.01 }
crash_at = { share = 0.3 }
delay_at = { train = 0.4 }
corrupt_at = { unmask = 0.5 }
delay_time = "2m"
crash_pause = "1s"
schedule = ["3 17 drop mask", "1 0 nan train"]
)"));
  CHECK(probability_of(spec, FaultKind::kDrop) == 0.1);
  CHECK(probability_of(spec, FaultKind::kCrash) == 0.02);
  CHECK(probability_of(spec, FaultKind::kDelay) == 0.03);
  CHECK(probability_of(spec, FaultKind::kCorrupt) == 0.04);
  CHECK(probability_of(spec, FaultKind::kNan) == 0.05);
  CHECK(probability_of(spec, FaultKind::kPartial) == 0.06);
  CHECK(probability_of(spec, FaultKind::kDrop, Step::kMask) == 0.2);
  CHECK(probability_of(spec, FaultKind::kDrop, Step::kFetch) == 0.01);
  CHECK(probability_of(spec, FaultKind::kDrop, Step::kTrain) == 0);
  CHECK(probability_of(spec, FaultKind::kCrash, Step::kShare) == 0.3);
  CHECK(probability_of(spec, FaultKind::kDelay, Step::kTrain) == 0.4);
  CHECK(probability_of(spec, FaultKind::kCorrupt, Step::kUnmask) == 0.5);
  CHECK(spec.faults.delay == 2min);
  CHECK(spec.faults.crash_pause == 1s);
  CHECK(spec.faults.schedule ==
        std::map<std::pair<std::uint64_t, std::uint64_t>, Fault>{
            {{3, 17}, {FaultKind::kDrop, Step::kMask}}, {{1, 0}, {FaultKind::kNan, Step::kTrain}}});
}

TEST_CASE("the metrics of a file that names none are those that can be measured", "[simulation]") {
  const auto metrics = [](const std::string& more) { return spec_of(file(more)).task.metrics; };
  CHECK(metrics("held_out = 0.2\n") == std::vector<std::string>{"train_loss", "loss", "accuracy"});
  CHECK(metrics("held_out = 0.2\n[train]\nloss = \"mean-squared\"\n") ==
        std::vector<std::string>{"train_loss", "loss"});
  CHECK(metrics("[evaluate]\nmetrics = [\"loss\"]\n") == std::vector<std::string>{"loss"});
}

TEST_CASE("a target may be the test set's", "[simulation]") {
  const SimulationSpec spec =
      spec_of(file("[evaluate]\ntarget_metric = \"test_accuracy\"\ntarget_value = 0.97\n"));
  CHECK(spec.task.is_reached_by({{"test_accuracy", 0.98}}));
  CHECK_FALSE(spec.task.is_reached_by({{"test_accuracy", 0.96}, {"accuracy", 1.0}}));
}

TEST_CASE("what is wrong in the simulator's sections is refused at its place", "[simulation]") {
  struct Case {
    const char* more;  // begins at line 6
    const char* says;
  };
  const std::vector<Case> cases = {
      {"device = 3", "6:1: the key 'data.device' is not known; did you mean 'devices'?"},
      {"[simulatoin]", "6:2: the section 'simulatoin' is not known; did you mean 'simulation'?"},
      {"[faults]\ndrops = 0.1", "7:1: the key 'faults.drops' is not known; did you mean 'drop'?"},
      {"[faults]\nnan_at = { train = 0.1 }", "7:1: the key 'faults.nan_at' is not known"},
      {"dataset = \"handwritting\"", "did you mean 'handwriting'?"},
      {"partition = \"dirichlett\"", "did you mean 'dirichlet'?"},
      {"devices = -1", "6:11: data.devices is 0 to 1000000, not -1"},
      {"devices = 5", "6:11: data.devices is 5, but a round has 10 of them"},
      {"held_out = 1", "6:12: data.held_out is 0 to 0.9, not 1"},
      {"shards = 0", "data.shards is 1 to"},
      {"alpha = -1", "data.alpha is 0 to"},
      {"seed = \"one\"", "6:8: data.seed is a whole number, not a text"},
      {"[simulation]\nworkers = 2.5", "7:11: simulation.workers is a whole number"},
      {"[simulation]\nevaluate_every = 0", "simulation.evaluate_every is 1 to"},
      {"[simulation]\nlatency = 50", "7:11: simulation.latency is a time with its unit"},
      {"[simulation]\nmegabits_per_second = 0", "simulation.megabits_per_second is 0.001 to"},
      {"[faults]\ndrop = 1.5", "7:8: faults.drop is 0 to 1, not 1.5"},
      {"[faults]\ndrop_at = { mask = 2 }", "7:20: faults.drop_at: a probability is 0 to 1"},
      {"[faults]\ndrop_at = { maks = 0.1 }", "faults.drop_at: a step is one of 'fetch', 'train'"},
      {"[faults]\ncorrupt_at = { train = 0.1 }", "a step is one of 'advertise', 'share', 'mask'"},
      {"[faults]\ndrop = 0.6\ndrop_at = { mask = 0.6 }", "8:11: faults.drop and faults.drop_at"},
      {"[faults]\ndelay_time = 3", "faults.delay_time is a time"},
      {"[faults]\nschedule = [\"3 17 drop mask\", \"3 17\"]", "7:31: faults.schedule: a fault is"},
      {"[faults]\nschedule = \"3 17 drop mask\"", "faults.schedule is a list of texts"},
      {"[train]\nlearning_rate = 0", "7:17: train.learning_rate is 1e-12 to"},
      {"x = ", "6:"},
  };
  for (const Case& c : cases) {
    const std::string message = refusal_of(file(c.more));
    INFO(c.more << "\n  expected: " << c.says << "\n  got: " << message);
    CHECK(message.find(c.says) != std::string::npos);
  }
  CHECK(refusal_of("[data]\n").find("task.name is missing") != std::string::npos);
  CHECK(refusal_of(std::string(2u << 20, '#')).find("at most 1 MiB") != std::string::npos);
}

TEST_CASE("what is set goes over the file, and is in the text that repeats the run",
          "[simulation]") {
  const Overrides overrides = {{"train.learning_rate", "0.25"},
                               {"data.partition", "dirichlet"},
                               {"simulation.latency", "5ms"},
                               {"faults.drop_at.mask", "0.5"},
                               {"task.rounds", "3"}};
  const std::string text = file("devices = 20\n[train]\nlearning_rate = 0.1\nepochs = 2\n");
  const SimulationSpec spec = spec_of(text, overrides);
  const SimulationSpec again = spec_of(spec.text);
  for (const SimulationSpec* found : {&spec, &again}) {
    CHECK(found->task.train.learning_rate == 0.25);
    CHECK(found->task.train.epochs == 2);
    CHECK(found->task.rounds == 3);
    CHECK(found->data.devices == 20);
    CHECK(found->data.partition == "dirichlet");
    CHECK(found->simulation.latency == 5ms);
    CHECK(probability_of(*found, FaultKind::kDrop, Step::kMask) == 0.5);
  }
  CHECK(spec_of(text, {{"train.learning_rate", "0.25"}, {"train.learning_rate", "0.5"}})
            .task.train.learning_rate == 0.5);
}

TEST_CASE("what is set is checked as the file is", "[simulation]") {
  CHECK(refusal_of(kLeast, {{"train.learnin_rate", "1"}}) ==
        "set by --set: the key 'train.learnin_rate' is not known; did you mean 'learning_rate'?");
  CHECK(refusal_of(kLeast, {{"data.devices", "-3"}}) ==
        "set by --set: data.devices is 0 to 1000000, not -3");
  CHECK(refusal_of(kLeast, {{"data.dataset", "handwritin"}}).find("did you mean 'handwriting'?") !=
        std::string::npos);
  CHECK(refusal_of(kLeast, {{"learning_rate", "1"}}).find("a section and a key") !=
        std::string::npos);
  CHECK(refusal_of(file("devices = 0.5\n"), {{"train.epochs", "3"}}).starts_with("6:11: "));
}

TEST_CASE("the daemon takes the simulator's file, once it names a first model", "[simulation]") {
  const std::string text = file("devices = 20\n[simulation]\nseed = 3\n[faults]\ndrop = 0.1\n");
  REQUIRE(parse_simulation_file(text, ".").has_value());
  CHECK(coordinator::parse_task_file(text).error().message.find("model.initial is missing") !=
        std::string::npos);
  const std::string named =
      "model.initial = \"i.safetensors\"\nmodel.name = \"m\"\n[task]\n"
      "name = \"digits\"\n[data]\ndevices = 20\n";
  REQUIRE(coordinator::parse_task_file(named).has_value());
  CHECK(spec_of(named).task.initial_model == "i.safetensors");
}

TEST_CASE("a file is read with its folder, and named in its errors", "[simulation]") {
  std::string pattern = (std::filesystem::temp_directory_path() / "covey-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  const std::filesystem::path folder = pattern;
  const std::string path = (folder / "task.toml").string();
  std::ofstream(path) << file("devices = 20\n");
  const auto spec = read_simulation_file(path);
  REQUIRE(spec.has_value());
  CHECK(spec->base_folder == folder.string());
  CHECK(spec->data.devices == 20);
  std::ofstream(path) << file("devices = 2000000\n");
  CHECK(read_simulation_file(path).error().message.find(path + ":6:11: data.devices is") == 0);
  CHECK(read_simulation_file(path, {{"data.devices", "-1"}}).error().message.find("set by") == 0);
  std::filesystem::remove_all(folder);
  const auto missing = read_simulation_file(path);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::kNotFound);
}

}  // namespace covey::simulation
