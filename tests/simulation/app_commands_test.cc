#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "simulation/app/one_run.h"
#include "simulation/fake_engine.h"
#include "support/catch.h"

namespace covey::simulation::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTask = R"([task]
name = "digits"
rounds = 6
[model]
name = "cnn-small"
)";

std::map<std::string, std::string> models_and_metrics(const std::string& run) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(run + "/models")) {
    files[entry.path().filename().string()] = read_file(entry.path().string());
  }
  for (const char* name : {"metrics.jsonl", "metrics.csv", "state"}) {
    files[name] = read_file(run + "/" + name);
  }
  return files;
}

struct Place {
  Folder folder;
  World world;
  std::string task = folder.path("task.toml");
  std::string run = folder.path("run");

  Place() { write_file(task, kTask); }
};

}  // namespace

TEST_CASE("every command explains itself with an example that is understood", "[sim]") {
  World world;
  for (const Command& command : all_commands()) {
    INFO(command.name);
    CHECK(world.run({std::string(command.name), "--help"}) == kOk);
    CHECK(has(world.out.str(), command.example));
    CHECK(has(world.out.str(), "Exit status: 0 done"));
    CHECK(command.example.starts_with("covey sim " + std::string(command.name)));
    std::istringstream words{std::string(command.example)};
    std::vector<std::string> line;
    for (std::string word; words >> word;) line.push_back(word);
    line.erase(line.begin(), line.begin() + 3);
    CHECK(shell::parse({"", command.words, command.options}, line).has_value());
  }
  CHECK(world.run({"--help"}) == kOk);
  for (const Command& command : all_commands()) CHECK(has(world.out.str(), command.summary));
  CHECK(world.run({"--version"}) == kOk);
  CHECK(has(world.out.str(), "covey-sim "));
  CHECK(world.run({}) == kBadUsage);
}

TEST_CASE("a wrong command line is told what is wrong, and ends with 2", "[sim]") {
  struct Case {
    std::vector<std::string> line;
    const char* says;
  };
  World world;
  for (const auto& [line, says] : std::vector<Case>{
           {{"rnu"}, "did you mean 'run'?"},
           {{"zzz"}, "known: run, sweep"},
           {{"run"}, "a task file is missing"},
           {{"run", "a.toml", "--ruonds", "3"}, "did you mean 'rounds'?"},
           {{"run", "a.toml", "--rounds", "0"}, "--rounds is a whole number of at least 1"},
           {{"run", "a.toml", "--set", "rounds"}, "--set is KEY=VALUE"},
           {{"run", "a.toml", "--format", "xml"}, "text or json"},
           {{"run", "a.toml", "--resume", "x"}, "leave 'a.toml' out"},
           {{"run", "--resume", "x", "--seed", "2"}, "--seed does not go with --resume"},
           {{"run", "--resume", "x", "--out", "y"}, "--out does not go with --resume"},
           {{"sweep", "a.toml"}, "needs --grid"},
           {{"sweep", "a.toml", "--grid", "x"}, "--grid is KEY=VALUE"},
           {{"sweep", "a.toml", "--grid", "simulation.seed=1,2", "--repeat", "2"},
            "do not go together"},
           {{"report"}, "something is missing"},
           {{"models", "more"}, "unexpected 'more'"}}) {
    CHECK(world.run(line) == kBadUsage);
    INFO(world.err.str());
    CHECK(has(world.err.str(), says));
    CHECK(world.out.str().empty());
  }
}

TEST_CASE("a run leaves its folder, and says where the model is", "[sim]") {
  Place place;
  REQUIRE(place.world.run({"run", place.task, "--out", place.run, "--data", "/d", "--seed", "7"}) ==
          kOk);
  const std::string said = place.world.out.str();
  CHECK(has(said, "digits: cnn-small on handwriting, fedavg, secure aggregation, 6 rounds\n"));
  CHECK(has(said, "ended:   all 6 rounds completed\n"));
  CHECK(has(said, place.run + "/report.html"));
  CHECK(has(said, place.run + "/models/000007.safetensors"));
  const RunRecord record = *read_run(place.run);
  CHECK(has(said, "SHA-256: " + to_hex(record.results.back().model)));
  CHECK(record.info.seed == 7);
  CHECK(record.info.data_folder == "/d");
  CHECK(record.info.ended == "all 6 rounds completed");
  CHECK(place.world.data_folder == "/d");
  CHECK(has(record.task_text, "seed = 7"));
  CHECK(has(read_file(place.run + "/report.html"), "<!doctype html>"));
}

TEST_CASE("a run that is stopped and goes on leaves the same models and metrics", "[sim]") {
  Place whole;
  REQUIRE(whole.world.run({"run", whole.task, "--out", whole.run}) == kOk);
  for (std::uint64_t rounds = 1; rounds < 6; ++rounds) {
    Place place;
    place.world.stops_after = rounds - 1;
    REQUIRE(place.world.run({"run", place.task, "--out", place.run}) == kStopped);
    CHECK(has(place.world.out.str(), "stopped: after round " + std::to_string(rounds)));
    CHECK(has(place.world.err.str(), "covey sim run --resume " + place.run));
    CHECK(read_run(place.run)->results.size() == rounds);
    CHECK(read_run(place.run)->info.ended.empty());
    place.world.stops_after = ~std::uint64_t{0};
    REQUIRE(place.world.run({"run", "--resume", place.run}) == kOk);
    CHECK(has(place.world.out.str(),
              "It goes on after " + std::to_string(rounds) + " completed rounds."));
    CHECK(models_and_metrics(place.run) == models_and_metrics(whole.run));
    RunInfo info = read_run(place.run)->info;
    info.base_folder = read_run(whole.run)->info.base_folder;
    CHECK(info == read_run(whole.run)->info);
  }
}

TEST_CASE("what went wrong with a state is told with its path", "[sim]") {
  Place place;
  REQUIRE(place.world.run({"run", place.task, "--out", place.run}) == kOk);
  write_file(place.run + "/state", "");
  CHECK(place.world.run({"run", "--resume", place.run}) == kFailed);
  CHECK(has(place.world.err.str(), place.run + "/state': the state is damaged"));
}

TEST_CASE("going on takes only settings that change nothing of what was computed", "[sim]") {
  Place place;
  REQUIRE(place.world.run({"run", place.task, "--out", place.run}) == kOk);
  CHECK(place.world.run({"run", "--resume", place.run, "--set", "train.learning_rate=1"}) ==
        kFailed);
  CHECK(has(place.world.err.str(),
            "'train.learning_rate' cannot be set any more; only "
            "task.rounds"));
  CHECK(place.world.run({"run", "--resume", place.run, "--rounds", "9", "--workers", "3"}) == kOk);
  CHECK(read_run(place.run)->results.size() == 9);
  CHECK(read_run(place.run)->info.workers == 3);
  CHECK(has(read_run(place.run)->task_text, "rounds = 9"));
  CHECK(may_change("simulation.keep_models"));
  CHECK_FALSE(may_change("simulation.seed"));
  Place longer;
  REQUIRE(longer.world.run({"run", longer.task, "--out", longer.run, "--rounds", "9"}) == kOk);
  CHECK(models_and_metrics(longer.run) == models_and_metrics(place.run));
}

TEST_CASE("the number of rounds stays, once rates that depend on it were used", "[sim]") {
  for (const char* setting : {"train.schedule", "aggregation.server_schedule"}) {
    Place place;
    const std::string cosine = std::string(setting) + "=cosine";
    place.world.stops_after = 1;
    REQUIRE(place.world.run({"run", place.task, "--out", place.run, "--set", cosine}) == kStopped);
    place.world.stops_after = ~std::uint64_t{0};
    CHECK(place.world.run({"run", "--resume", place.run, "--rounds", "9"}) == kFailed);
    CHECK(has(place.world.err.str(), "task.rounds stays 6"));
    CHECK(has(place.world.err.str(), std::string(setting) + " is 'cosine'"));
    CHECK(has(read_run(place.run)->task_text, "rounds = 6"));
    CHECK(place.world.run({"run", "--resume", place.run, "--rounds", "6"}) == kOk);
  }
}

TEST_CASE("json is a line for each round and nothing else", "[sim]") {
  Place place;
  REQUIRE(place.world.run({"run", place.task, "--out", place.run, "--format", "json", "--quiet"}) ==
          kOk);
  CHECK(place.world.out.str() == read_file(place.run + "/metrics.jsonl"));
  CHECK(place.world.err.str().empty());
}

TEST_CASE("a run that cannot begin leaves no folder, and says why", "[sim]") {
  Place place;
  CHECK(place.world.run({"run", place.task, "--out", place.run, "--set", "model.name=unknown"}) ==
        kFailed);
  CHECK(has(place.world.err.str(), "covey-sim: there is no model 'unknown'\n"));
  CHECK_FALSE(fs::exists(place.run));
  CHECK(place.world.run({"run", place.task, "--out", place.run, "--set", "train.batch_size=x"}) ==
        kFailed);
  CHECK(place.world.run({"run", place.folder.path("none.toml")}) == kFailed);
  CHECK(has(place.world.err.str(), "none.toml"));
  REQUIRE(place.world.run({"run", place.task, "--out", place.run}) == kOk);
  CHECK(place.world.run({"run", place.task, "--out", place.run}) == kFailed);
  CHECK(has(place.world.err.str(), "--resume"));
}

TEST_CASE("reports are written of one run, or of several beside one another", "[sim]") {
  Place place;
  const std::string other = place.folder.path("other");
  REQUIRE(place.world.run({"run", place.task, "--out", place.run}) == kOk);
  REQUIRE(place.world.run({"run", place.task, "--out", other, "--seed", "2"}) == kOk);
  fs::remove(place.run + "/report.html");
  CHECK(place.world.run({"report", place.run}) == kOk);
  CHECK(fs::exists(place.run + "/report.html"));
  const std::string html = place.folder.path("both.html");
  CHECK(place.world.run({"report", place.run, other, "--out", html}) == kOk);
  CHECK(has(place.world.out.str(), "best test accuracy"));
  CHECK(is_well_formed(read_file(html)));
  CHECK(place.world.run({"report", place.run, other, "--out", html, "--format", "json"}) == kOk);
  const auto json = nlohmann::json::parse(place.world.out.str());
  REQUIRE(json.size() == 2);
  CHECK(json[1]["settings"]["simulation.seed"] == "2");
  CHECK(place.world.run({"report", place.folder.path("none")}) == kFailed);
  CHECK(has(place.world.err.str(), "there is no run in"));
}

TEST_CASE("what a task file can name is listed", "[sim]") {
  World world;
  CHECK(world.run({"datasets"}) == kOk);
  CHECK(world.out.str() == "drawn  made up\n       devices = 100\n");
  CHECK(world.run({"models", "--format", "json"}) == kOk);
  CHECK(nlohmann::json::parse(world.out.str())[0]["name"] == "cnn");
  CHECK(world.run({"strategies"}) == kOk);
  CHECK(has(world.out.str(), "fedyogi"));
}

TEST_CASE("every strategy that is listed can be named in a task file", "[sim]") {
  for (const Listed& strategy : strategy_catalogue()) {
    const bool is_setting = strategy.name == "fedprox";  // of the devices
    const Overrides overrides = {is_setting
                                     ? std::pair("train.fedprox_mu", "0.01")
                                     : std::pair("aggregation.strategy", strategy.name.c_str())};
    INFO(strategy.name);
    CHECK(parse_simulation_file(kTask, ".", overrides).has_value());
  }
}

}  // namespace covey::simulation::testing
