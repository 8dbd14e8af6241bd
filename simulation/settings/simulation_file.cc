#include <array>
#include <filesystem>

#include "covey/settings/text_file.h"
#include "covey/settings/toml_document.h"
#include "covey/simulation/settings.h"

namespace covey::simulation {
namespace {

using namespace std::chrono_literals;
using settings::TomlDocument;

constexpr std::uint64_t kMostDevices = 1'000'000;
constexpr std::uint64_t kMostExamples = 1'000'000'000;
constexpr std::uint64_t kLargestSeed = ~std::uint64_t{0} >> 1;  // of a whole number in TOML
constexpr std::size_t kMostScheduled = 100'000;

const std::array<settings::Section, 3> kSections = {{
    {"data",
     {"dataset", "path", "partition", "devices", "examples", "held_out", "shards", "alpha", "beta",
      "exponent", "test_examples", "window", "csv_schema", "seed"}},
    {"simulation",
     {"seed", "workers", "evaluate_every", "keep_models", "examples_per_second", "speed_spread",
      "latency", "megabits_per_second"}},
    {"faults",
     {"drop", "crash", "delay", "corrupt", "nan", "partial", "drop_at", "crash_at", "delay_at",
      "corrupt_at", "delay_time", "crash_pause", "schedule"}},
}};

std::vector<std::string_view> names_of(std::span<const datasets::CatalogueEntry> catalogue) {
  std::vector<std::string_view> names;
  for (const datasets::CatalogueEntry& entry : catalogue) names.push_back(entry.name);
  return names;
}

void read_data(TomlDocument& document, datasets::DataSettings& data) {
  document.choice("data.dataset", data.dataset, names_of(datasets::dataset_catalogue()));
  document.choice("data.partition", data.partition, names_of(datasets::partition_catalogue()));
  document.text("data.path", data.path, 4096);
  document.text("data.csv_schema", data.csv_schema, 4096);
  document.whole("data.devices", data.devices, 0, kMostDevices);
  document.whole("data.examples", data.examples, 0, kMostExamples);
  document.number("data.held_out", data.held_out, 0, 0.9);
  document.whole("data.shards", data.shards, 1, kMostDevices);
  document.number("data.alpha", data.alpha, 0, 1e6);
  document.number("data.beta", data.beta, 0, 1e6);
  document.number("data.exponent", data.exponent, 0, 100);
  document.whole("data.test_examples", data.test_examples, 0, kMostExamples);
  document.whole("data.window", data.window, 0, 1'000'000);
  document.whole("data.seed", data.seed, 0, kLargestSeed);
}

void read_simulation(TomlDocument& document, SimulationSettings& simulation) {
  document.whole("simulation.seed", simulation.seed, 0, kLargestSeed);
  document.whole("simulation.workers", simulation.workers, 0, 1024);
  document.whole("simulation.evaluate_every", simulation.evaluate_every, 1, 1'000'000'000);
  document.whole("simulation.keep_models", simulation.keep_models, 0, 1'000'000'000);
  document.number("simulation.examples_per_second", simulation.examples_per_second, 1e-3, 1e9);
  document.number("simulation.speed_spread", simulation.speed_spread, 0, 5);
  document.duration("simulation.latency", simulation.latency, 0ms, 1h);
  document.number("simulation.megabits_per_second", simulation.megabits_per_second, 1e-3, 1e6);
}

// The probabilities of one kind, even and by step.
void read_kind(TomlDocument& document, FaultKind kind, FaultSettings& faults) {
  const std::string path = "faults." + std::string(name_of(kind));
  double& even = faults.probability[static_cast<std::size_t>(kind)];
  document.number(path, even, 0, 1);
  double sum = even;
  document.number_table(path + "_at", [&](const std::string& name, double value) -> std::string {
    const auto step = step_from_name(name);
    std::string legal;
    for (const Step possible : kSteps) {
      if (!is_possible(kind, possible)) continue;
      legal += (legal.empty() ? "'" : ", '") + std::string(name_of(possible)) + "'";
    }
    if (!step || !is_possible(kind, *step)) return "a step is one of " + legal;
    if (!(value >= 0 && value <= 1)) return "a probability is 0 to 1";
    faults.at[static_cast<std::size_t>(kind)][static_cast<std::size_t>(*step)] = value;
    sum += value;
    return {};
  });
  if (sum > 1) {
    document.fail(path + "_at", path + " and " + path + "_at come to more than 1 for a device");
  }
}

void read_faults(TomlDocument& document, FaultSettings& faults) {
  for (const FaultKind kind : kFaultKinds) {
    read_kind(document, kind, faults);
  }
  document.duration("faults.delay_time", faults.delay, 0ms, 24h * 30);
  document.duration("faults.crash_pause", faults.crash_pause, 0ms, 24h * 30);
  std::vector<std::string> lines;
  document.texts("faults.schedule", lines, kMostScheduled);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Status added = add_scheduled(lines[i], faults);
    if (added) continue;
    document.fail("faults.schedule[" + std::to_string(i) + "]",
                  "faults.schedule: " + added.error().message);
  }
}

// A device measures "loss" and "accuracy" on what it holds out, and accuracy where there are
// classes: without either, a task that names no metrics would have none that works.
std::vector<std::string> default_metrics(TomlDocument& document,
                                         const datasets::DataSettings& data) {
  std::string loss;
  document.text("train.loss", loss);
  if (data.held_out == 0) return {"train_loss"};
  if (loss == "mean-squared") return {"train_loss", "loss"};
  return {"train_loss", "loss", "accuracy"};
}

void check_cohort(TomlDocument& document, const SimulationSpec& spec) {
  const std::uint64_t target = spec.task.cohort.target;
  if (spec.data.devices == 0 || target <= spec.data.devices) return;
  document.fail("data.devices", "data.devices is " + std::to_string(spec.data.devices) +
                                    ", but a round has " + std::to_string(target) +
                                    " of them, which is round.target");
}

}  // namespace

Result<SimulationSpec> parse_simulation_file(std::string_view text, std::string base_folder,
                                             const Overrides& overrides) {
  if (text.size() > coordinator::kMaxTaskFileBytes) {
    return invalid_argument("a task file has at most 1 MiB, not " + std::to_string(text.size()) +
                            " bytes");
  }
  COVEY_ASSIGN_OR_RETURN(TomlDocument document, TomlDocument::parse(text));
  for (const auto& [path, value] : overrides) {
    COVEY_RETURN_IF_ERROR(document.set(path, value));
  }
  SimulationSpec spec;
  spec.base_folder = std::move(base_folder);
  spec.text = overrides.empty() ? std::string(text) : document.to_text();
  document.check_keys(kSections);
  read_data(document, spec.data);
  spec.task.metrics = default_metrics(document, spec.data);
  read_task_sections(document, coordinator::TaskFileUse::kSimulation, spec.task);
  read_simulation(document, spec.simulation);
  read_faults(document, spec.faults);
  check_cohort(document, spec);
  if (document.error()) return *document.error();
  return spec;
}

Result<SimulationSpec> read_simulation_file(const std::string& path, const Overrides& overrides) {
  COVEY_ASSIGN_OR_RETURN(const std::string text,
                         settings::read_text_file("the task file", path, "is the path right?"));
  const std::string folder = std::filesystem::path(path).parent_path().string();
  auto spec = parse_simulation_file(text, folder.empty() ? "." : folder, overrides);
  if (spec || spec.error().message.starts_with(settings::kPlaceOfSet)) return spec;
  return Error{spec.error().code, path + ":" + spec.error().message};
}

}  // namespace covey::simulation
