#include "simulation/output_support.h"

#include <unistd.h>

#include <cmath>
#include <fstream>

#include "support/catch.h"

namespace covey::simulation::testing {

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "covey-sim-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}
Folder::~Folder() { std::filesystem::remove_all(path_); }
std::string Folder::path(const std::string& name) const {
  return name.empty() ? path_.string() : (path_ / name).string();
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}
bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }
std::size_t occurrences(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

bool is_well_formed(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == html.npos) return false;
    const std::string tag = html.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find(' '));
    if (tag[0] == '!' || name == "meta" || name == "br") continue;
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
      if (name == "script" || name == "style") at = html.find("</" + name, at) - 1;
    }
  }
  return open.empty();
}

RoundResult result_of(std::uint64_t round) {
  const auto x = static_cast<double>(round);
  RoundResult result;
  result.round = round;
  result.is_completed = round != 4;
  result.version = round < 4 ? round + 1 : round;
  result.model[0] = static_cast<std::uint8_t>(result.version);
  result.assigned = 12;
  if (result.is_completed) {
    result.cohort = result.survivors = 10;
    result.groups = 1;
    result.metrics = {{"loss", 2 / x}, {"accuracy", 1 - 1 / (x + 1)}, {"train_loss", 2.5 / x}};
    if (round % 2 == 1) result.test = Evaluation{100, 2.1 / x, 0.9 - 0.8 / x};
  } else {
    result.reason = "too few devices were left: 3, at least 8 are needed";
  }
  result.dropped = 1;
  result.weight = 1000;
  result.coordinates = 1000;
  result.clipped_coordinates = 5;
  result.clipped_devices = 2;
  result.bytes_up = 1'000'000 + round;
  result.bytes_down = 2'000'000;
  result.learning_rate = 0.1;
  result.server_learning_rate = 1;
  result.virtual_duration = std::chrono::seconds(60);
  result.seconds = {1, 0.5, 0.25, 0.125};
  return result;
}

std::vector<RoundResult> results_of(std::uint64_t rounds) {
  std::vector<RoundResult> results;
  for (std::uint64_t round = 1; round <= rounds; ++round) results.push_back(result_of(round));
  return results;
}

RunInfo info_of_test() {
  RunInfo info;
  info.covey_version = "1.2.3";
  info.task = "digits";
  info.model = "cnn-small";
  info.parameters = 27'562;
  info.dataset = "handwriting, 100 writers";
  info.devices = 100;
  info.test_examples = 100;
  info.strategy = "fedavg";
  info.facts = {{"Codec", "12 bits"}};
  info.rounds = 20;
  info.metrics = {"train_loss", "loss", "accuracy"};
  info.target_metric = "test_accuracy";
  info.target_value = 0.7;
  info.started_at = 1'700'000'000'000;
  info.base_folder = "/tasks";
  info.partition = *picture_of(SmallDataset(5));
  return info;
}

Result<datasets::DeviceData> SmallDataset::device(std::size_t device) const {
  datasets::Examples examples;
  examples.shape = {1};
  examples.classes = 3;
  examples.features.assign(device + 1, 0.5F);
  examples.labels.assign(device + 1, static_cast<std::int64_t>(device % 3));
  return datasets::DeviceData{datasets::Rows::all_of(std::move(examples)), {}};
}

}  // namespace covey::simulation::testing
