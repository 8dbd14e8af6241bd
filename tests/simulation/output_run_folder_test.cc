#include "simulation/output/run_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "simulation/output_support.h"
#include "support/catch.h"

namespace covey::simulation::testing {
namespace {

namespace fs = std::filesystem;

std::string model_bytes(std::uint64_t version) { return "model " + std::to_string(version); }
std::string state_bytes(std::uint64_t round) { return "state " + std::to_string(round); }

Status append(RunFolder& folder, std::uint64_t round, std::uint64_t keep_models = 0) {
  const RoundResult result = result_of(round);
  return folder.append(result, view_of(model_bytes(result.version)), view_of(state_bytes(round)),
                       keep_models);
}

RunFolder begun(const std::string& path) {
  auto folder = RunFolder::create(path, "digits");
  REQUIRE(folder.has_value());
  REQUIRE(folder->begin(info_of_test(), "rounds = 20\n", view_of(model_bytes(1))).has_value());
  return *std::move(folder);
}

void run(const std::string& path, std::uint64_t rounds, std::uint64_t keep_models = 0) {
  RunFolder folder = begun(path);
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    REQUIRE(append(folder, round, keep_models).has_value());
  }
}

std::map<std::string, std::string> files_of(const std::string& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (!entry.is_regular_file()) continue;
    files[entry.path().lexically_relative(path).string()] = read_file(entry.path().string());
  }
  return files;
}

// Goes on as a process would that finds the folder so: from the state, to round `rounds`.
void resume(const std::string& path, std::uint64_t rounds) {
  auto folder = RunFolder::open(path);
  REQUIRE(folder.has_value());
  const auto state = folder->state();
  REQUIRE(state.has_value());
  std::uint64_t round = 0;
  if (*state) round = std::stoull(std::string(text_of(**state)).substr(6));
  REQUIRE(folder->rewind(round).has_value());
  while (round < rounds) REQUIRE(append(*folder, ++round).has_value());
}

void copy(const std::string& from, const std::string& to) {
  fs::remove_all(to);
  fs::copy(from, to, fs::copy_options::recursive);
}

std::vector<std::uint64_t> versions_in(const std::string& path) {
  std::vector<std::uint64_t> versions;
  for (const auto& entry : fs::directory_iterator(path + "/models")) {
    versions.push_back(std::stoull(entry.path().stem().string()));
  }
  std::ranges::sort(versions);
  return versions;
}

}  // namespace

TEST_CASE("a run's folder has all that was put into it", "[output]") {
  Folder place;
  run(place.path("run"), 5);
  const auto record = read_run(place.path("run"));
  REQUIRE(record.has_value());
  CHECK(record->info == info_of_test());
  CHECK(record->task_text == "rounds = 20\n");
  REQUIRE(record->results.size() == 5);
  CHECK(record->results[3].reason == result_of(4).reason);
  CHECK(read_file(place.path("run/models/000003.safetensors")) == "model 3");
  CHECK(versions_in(place.path("run")) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
  CHECK(occurrences(read_file(place.path("run/metrics.csv")), "\n") == 6);
  CHECK(read_file(place.path("run/state")) == "state 5");
}

TEST_CASE("wherever a round's writing is cut off, going on gives the same files", "[output]") {
  Folder place;
  const std::string whole = place.path("whole");
  const std::string before = place.path("before");
  const std::string cut = place.path("cut");
  run(before, 2);
  run(whole, 5);
  const auto expected = files_of(whole);
  const auto grown = [&](std::size_t steps, std::size_t bytes) {
    copy(before, cut);
    RunFolder folder = *RunFolder::open(cut);
    const auto old = files_of(cut);
    REQUIRE(append(folder, 3).has_value());
    const auto now = files_of(cut);
    // In the order of writing; of the step after `steps` only `bytes` have come to the disk.
    const std::vector<std::string> order = {"models/000004.safetensors", "metrics.csv",
                                            "metrics.jsonl", "state"};
    for (std::size_t i = steps; i < order.size(); ++i) {
      const auto was = old.find(order[i]);
      const bool is_line = order[i].starts_with("metrics");
      if (is_line && i == steps) {
        write_file(cut + "/" + order[i], now.at(order[i]).substr(0, was->second.size() + bytes));
      } else if (was == old.end()) {
        fs::remove(cut + "/" + order[i]);
      } else {
        write_file(cut + "/" + order[i], was->second);
      }
    }
    if (bytes > 0) write_file(cut + "/" + order[steps] + ".part-aBcDeF", "half of it");
  };
  for (std::size_t steps = 0; steps <= 4; ++steps) {
    for (const std::size_t bytes : {0, 1, 50, 10'000}) {
      if (steps == 4 && bytes > 0) continue;
      INFO("after " << steps << " files, " << bytes << " bytes of the next");
      grown(steps, bytes);
      resume(cut, 5);
      CHECK(files_of(cut) == expected);
    }
  }
}

TEST_CASE("a run that was killed before its first round's end starts anew", "[output]") {
  Folder place;
  run(place.path("whole"), 3);
  run(place.path("cut"), 0);
  resume(place.path("cut"), 3);
  CHECK(files_of(place.path("cut")) == files_of(place.path("whole")));
}

TEST_CASE("a folder that was left before there was a run is taken for a new one", "[output]") {
  Folder place;
  run(place.path("run"), 2);
  fs::remove(place.path("run/run.json"));
  run(place.path("run"), 1);
  CHECK(read_run(place.path("run"))->results.size() == 1);
  CHECK(versions_in(place.path("run")) == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("a line that is not whole is left out, a damaged one is named", "[output]") {
  Folder place;
  run(place.path("run"), 3);
  const std::string file = place.path("run/metrics.jsonl");
  const std::string text = read_file(file);
  write_file(file, text.substr(0, text.size() - 1));
  CHECK(read_run(place.path("run"))->results.size() == 2);
  const auto open = [&] { return read_run(place.path("run")); };
  write_file(file, "{}\n" + text);
  REQUIRE_FALSE(open().has_value());
  CHECK(open().error().code == ErrorCode::kDataLoss);
  CHECK(has(open().error().message, "line 1 of '" + file));
  write_file(file, text.substr(text.find('\n') + 1));
  CHECK(has(open().error().message, "lines are missing"));
  write_file(file, text.substr(0, text.find('\n') + 1));
  const Status rewound = RunFolder::open(place.path("run"))->rewind(3);
  CHECK(rewound.error().code == ErrorCode::kDataLoss);
  CHECK(has(rewound.error().message, file));
}

TEST_CASE("of the models, the newest are kept, and the first and the best", "[output]") {
  Folder place;
  RunFolder folder = begun(place.path("run"));
  for (std::uint64_t round = 1; round <= 10; ++round) {
    RoundResult result = result_of(round);
    result.is_completed = true;
    result.version = round + 1;
    result.test = Evaluation{1, 1, round == 3 ? 0.9 : 0.1};
    const Status status =
        folder.append(result, view_of(model_bytes(result.version)), view_of(state_bytes(round)), 2);
    REQUIRE(status.has_value());
  }
  CHECK(versions_in(place.path("run")) == std::vector<std::uint64_t>{1, 4, 10, 11});
}

TEST_CASE("a folder is one run's, and one process's at a time", "[output]") {
  Folder place;
  {
    RunFolder first = begun(place.path("run"));
    const auto second = RunFolder::open(place.path("run"));
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == ErrorCode::kFailedPrecondition);
    CHECK(has(second.error().message, place.path("run")));
  }
  CHECK(RunFolder::open(place.path("run")).has_value());
  const auto again = RunFolder::create(place.path("run"), "digits");
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::kAlreadyExists);
  CHECK(has(again.error().message, "--resume"));
  CHECK(RunFolder::open(place.path("none")).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a run that never began removes its folder only where it has made it", "[output]") {
  Folder place;
  fs::create_directory(place.path("there"));
  for (const char* name : {"there", "made"}) {
    REQUIRE(RunFolder::create(place.path(name), "digits").has_value());
    CHECK(fs::exists(place.path(name)) == (std::string(name) == "there"));
  }
}

TEST_CASE("without a name, runs are numbered, and one that never began leaves nothing",
          "[output]") {
  Folder place;
  const fs::path before = fs::current_path();
  fs::current_path(place.path());
  std::string first;
  {
    const auto abandoned = RunFolder::create("", "digits");
    REQUIRE(abandoned.has_value());
    first = abandoned->path();
  }
  CHECK(first == "runs/digits-1");
  CHECK_FALSE(fs::exists(first));
  run("", 1);
  RunFolder second = begun("");
  CHECK(second.path() == "runs/digits-2");
  CHECK(read_run("runs/digits-1").has_value());
  fs::current_path(before);
}

TEST_CASE("what cannot be written is named, and what comes after it is not written", "[output]") {
  // In the order of writing: whichever fails, the state is the last good one.
  for (const std::string blocked : {"models", "metrics.csv", "metrics.jsonl"}) {
    INFO(blocked);
    Folder place;
    RunFolder folder = begun(place.path("run"));
    REQUIRE(append(folder, 1).has_value());
    const std::string lines = read_file(place.path("run/metrics.jsonl"));
    fs::remove_all(place.path("run/" + blocked));
    if (blocked == "models") {
      write_file(place.path("run/models"), "in the way");
    } else {
      fs::create_directory(place.path("run/" + blocked));
    }
    const Status failed = append(folder, 2);
    REQUIRE_FALSE(failed.has_value());
    CHECK(has(failed.error().message, place.path("run/" + blocked)));
    CHECK(read_file(place.path("run/state")) == "state 1");
    if (blocked != "metrics.jsonl") CHECK(read_file(place.path("run/metrics.jsonl")) == lines);
    if (blocked == "models") {
      CHECK(occurrences(read_file(place.path("run/metrics.csv")), "\n") == 2);
    } else {
      CHECK(fs::exists(place.path("run/models/000003.safetensors")));
    }
  }
}

}  // namespace covey::simulation::testing
