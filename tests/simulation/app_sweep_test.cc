#include <filesystem>
#include <nlohmann/json.hpp>

#include "simulation/app/sweep.h"
#include "simulation/fake_engine.h"
#include "support/catch.h"

namespace covey::simulation::testing {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTask = R"([task]
name = "digits"
rounds = 4
[model]
name = "cnn-small"
)";

struct Place {
  Folder folder;
  World world;
  std::string task = folder.path("task.toml");
  std::string out = folder.path("sweep");

  Place() { write_file(task, kTask); }
  int sweep(const std::vector<std::string>& more = {}) {
    std::vector<std::string> line = {
        "sweep", task, "--grid", "train.learning_rate=0.1,0.2", "--grid", "train.epochs=1,2",
        "--out", out};
    line.insert(line.end(), more.begin(), more.end());
    return world.run(line);
  }
};

std::vector<std::string> names_of(const std::vector<Combination>& combinations) {
  std::vector<std::string> names;
  for (const Combination& combination : combinations) names.push_back(combination.name);
  return names;
}

}  // namespace

TEST_CASE("an axis is a setting and its values, lists and texts whole", "[sim]") {
  CHECK(*parse_axis("a.b=1,2") == GridAxis{"a.b", {"1", "2"}});
  CHECK(*parse_axis("a=[1,2],[3]") == GridAxis{"a", {"[1,2]", "[3]"}});
  CHECK(*parse_axis("a='x,y',\"z\"") == GridAxis{"a", {"'x,y'", "\"z\""}});
  CHECK(*parse_axis("a=b=c") == GridAxis{"a", {"b=c"}});
  for (const char* wrong : {"", "a", "a=", "=1", "a=1,,2", "a=1,"}) {
    INFO(wrong);
    CHECK(parse_axis(wrong).error().code == ErrorCode::kInvalidArgument);
  }
}

TEST_CASE("a grid is every value with every other, in order", "[sim]") {
  const auto all = combinations_of({{"train.lr", {"0.1", "0.2"}}, {"data.alpha", {"1", "2", "3"}}});
  REQUIRE(all.has_value());
  CHECK(names_of(*all) == std::vector<std::string>{"lr=0.1,alpha=1", "lr=0.1,alpha=2",
                                                   "lr=0.1,alpha=3", "lr=0.2,alpha=1",
                                                   "lr=0.2,alpha=2", "lr=0.2,alpha=3"});
  CHECK((*all)[4].overrides == Overrides{{"train.lr", "0.2"}, {"data.alpha", "2"}});
  CHECK(combinations_of({})->size() == 1);
}

TEST_CASE("names of folders are harmless and all different", "[sim]") {
  const auto all = *combinations_of({{"a.path", {"../x", "..x", "/"}}, {"b.path", {"1"}}});
  CHECK(names_of(all) == std::vector<std::string>{"a.path=..x,b.path=1", "a.path=..x,b.path=1-2",
                                                  "a.path=,b.path=1"});
  CHECK_FALSE(combinations_of({{"a", {"1"}}, {"a", {"2"}}}).has_value());
  CHECK_FALSE(combinations_of({{"a", {"1", "1"}}}).has_value());
  std::vector<std::string> values;
  for (int i = 0; i < 101; ++i) values.push_back(std::to_string(i));
  CHECK_FALSE(combinations_of({{"a", values}, {"b", values}}).has_value());
}

TEST_CASE("a sweep runs every combination, and tells which is best", "[sim]") {
  Place place;
  REQUIRE(place.sweep({"--repeat", "2"}) == kOk);
  const auto json = nlohmann::json::parse(read_file(place.out + "/sweep.json"));
  REQUIRE(json["runs"].size() == 8);
  CHECK(json["grid"]["simulation.seed"] == std::vector<std::string>{"1", "2"});
  std::size_t best = 0;
  for (const auto& run : json["runs"]) best += run["is_best"].get<bool>() ? 1 : 0;
  CHECK(best == 1);
  CHECK(occurrences(place.world.out.str(), "learning_rate=") == 8);
  CHECK(occurrences(place.world.out.str(), "  best\n") == 1);
  CHECK(is_well_formed(read_file(place.out + "/sweep.html")));
  CHECK(read_run(place.out + "/learning_rate=0.2,epochs=1,seed=2")->results.size() == 4);
}

TEST_CASE("an interrupted sweep goes on where it was, to the same results", "[sim]") {
  Place whole;
  REQUIRE(whole.sweep() == kOk);
  CHECK(whole.world.engines == 4);
  const auto results = [](const Place& place) {
    std::string all;
    for (const auto& run : nlohmann::json::parse(read_file(place.out + "/sweep.json"))["runs"]) {
      all += read_file(run["folder"].get<std::string>() + "/metrics.jsonl");
    }
    return all;
  };
  for (const std::uint64_t stops_after : {0, 2, 5, 9, 14}) {
    Place place;
    place.world.stops_after = stops_after;
    REQUIRE(place.sweep() == kStopped);
    CHECK(has(place.world.err.str(), "--out " + place.out));
    place.world.stops_after = ~std::uint64_t{0};
    REQUIRE(place.sweep() == kOk);
    CHECK(results(place) == results(whole));
    const std::uint64_t engines = place.world.engines;
    REQUIRE(place.sweep() == kOk);  // nothing is left to do
    CHECK(place.world.engines == engines);
    CHECK(occurrences(place.world.err.str(), "had ended") == 4);
  }
}

TEST_CASE("an interrupted sweep goes on with the data that it was begun with", "[sim]") {
  Place place;
  place.world.stops_after = 2;
  REQUIRE(place.sweep({"--data", "/first"}) == kStopped);
  place.world.stops_after = ~std::uint64_t{0};
  const std::uint64_t engines = place.world.engines;
  for (const std::vector<std::string>& other :
       {std::vector<std::string>{"--data", "/second"}, std::vector<std::string>{}}) {
    CHECK(place.sweep(other) == kFailed);
    CHECK(has(place.world.err.str(), "give --data /first\n"));
  }
  CHECK(place.world.engines == engines);
  CHECK(place.sweep({"--data", "/first/"}) == kOk);
}

TEST_CASE("runs at the same time come to the same results", "[sim]") {
  Place one;
  Place many;
  REQUIRE(one.sweep() == kOk);
  REQUIRE(many.sweep({"--jobs", "3"}) == kOk);
  for (const auto& entry : fs::directory_iterator(one.out)) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename().string();
    CHECK(read_file(many.out + "/" + name + "/metrics.jsonl") ==
          read_file(entry.path().string() + "/metrics.jsonl"));
  }
}

TEST_CASE("a sweep with a combination that is not legal runs nothing", "[sim]") {
  Place place;
  CHECK(place.sweep({"--grid", "train.batch_size=10,x"}) == kFailed);
  CHECK(has(place.world.err.str(), "learning_rate=0.1,epochs=1,batch_size=x: "));
  CHECK(place.world.engines == 0);
  CHECK_FALSE(fs::exists(place.out));
}

TEST_CASE("a folder with runs of another task is refused", "[sim]") {
  Place place;
  REQUIRE(place.sweep() == kOk);
  CHECK(place.sweep({"--set", "train.momentum=0.5"}) == kFailed);
  CHECK(has(place.world.err.str(), "train.momentum is not the same"));
  CHECK(place.sweep({"--workers", "2"}) == kOk);
}

TEST_CASE("a run that fails ends the sweep, and is named", "[sim]") {
  Place place;
  CHECK(place.world.run({"sweep", place.task, "--grid", "model.name=cnn-small,unknown,cnn-small2",
                         "--out", place.out}) == kFailed);
  CHECK(has(place.world.err.str(), place.out + "/name=unknown: there is no model 'unknown'"));
  CHECK(place.world.engines == 2);
  CHECK(occurrences(place.world.err.str(), "there is no model") == 1);
  CHECK(nlohmann::json::parse(read_file(place.out + "/sweep.json"))["runs"].size() == 1);
}

TEST_CASE("the runs of a sweep are reported by its folder", "[sim]") {
  Place place;
  REQUIRE(place.sweep() == kOk);
  const std::string html = place.folder.path("x.html");
  REQUIRE(place.world.run({"report", place.out, "--out", html, "--format", "json"}) == kOk);
  CHECK(nlohmann::json::parse(place.world.out.str()).size() == 4);
}

}  // namespace covey::simulation::testing
