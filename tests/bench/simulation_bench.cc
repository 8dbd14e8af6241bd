// covey-bench-simulation: what a simulated federation costs beside the training itself, in one run
// with a bare LibTorch loop that does the same updates.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cxxopts.hpp>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/bare_loop.h"
#include "bench/timing.h"
#include "covey/client/torch/allocator.h"
#include "covey/datasets/draws.h"
#include "covey/simulation/torch_federation.h"

namespace {

using namespace covey;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string what;
  std::vector<std::string> models;
  std::vector<std::size_t> workers;
  std::size_t repeat = 0;
  std::size_t devices = 0;
  std::size_t cohort = 0;
  bool json = false;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}
double process_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}
double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Any number of devices with the same examples.
class SameForAll final : public datasets::FederatedDataset {
 public:
  SameForAll(std::size_t devices, datasets::Rows rows)
      : devices_(devices), rows_(std::move(rows)) {}
  std::string description() const override { return "random"; }
  std::size_t devices() const override { return devices_; }
  std::string device_name(std::size_t device) const override { return std::to_string(device); }
  std::size_t examples_of(std::size_t) const override { return rows_.size(); }
  Result<datasets::DeviceData> device(std::size_t) const override {
    return datasets::DeviceData{rows_, {}};
  }
  const datasets::Rows& test() const override { return none_; }
  std::vector<std::uint64_t> shape() const override { return rows_.table->shape; }
  std::int64_t outputs() const override { return rows_.table->classes; }
  bool is_classification() const override { return true; }
  Digest schema() const override { return {}; }

 private:
  std::size_t devices_;
  datasets::Rows rows_;
  datasets::Rows none_;
};

// Moves one value of the first tensor, so that all that is left is what Covey does around it.
class IdleTrainer final : public client::ExamplesTrainer {
 public:
  explicit IdleTrainer(ring::Manifest manifest) : manifest_(std::move(manifest)) {}
  const ring::Manifest& manifest() const override { return manifest_; }
  Status set_examples(datasets::Rows train, datasets::Rows) override {
    examples_ = train.size();
    return {};
  }
  Status set_local(const model::Model&) override { return {}; }
  Result<client::TrainingReport> run(const client::TrainingJob& job, model::Model& model) override {
    model.floats(manifest_.tensors().front().name)[job.seed % 100] += 0.1f;
    client::TrainingReport report;
    report.examples = examples_;
    report.metrics.assign(job.plan.metrics.size(), 0.5);
    return report;
  }

 private:
  ring::Manifest manifest_;
  std::size_t examples_ = 0;
};

simulation::SimulationSpec spec_for(const std::string& model, bool is_masked, std::size_t workers,
                                    std::size_t cohort) {
  simulation::SimulationSpec spec;
  spec.task.name = "bench";
  spec.task.model = model;
  spec.task.metrics = {"train_loss"};
  spec.task.train.learning_rate = 0.01;
  spec.task.train.batch_size = 10;
  spec.task.cohort.target = static_cast<std::uint32_t>(cohort);
  spec.task.cohort.minimum = static_cast<std::uint32_t>(cohort);
  spec.task.cohort.over_selection = 1;
  spec.task.codec.quantization_bits = 16;
  spec.task.codec.max_weight = 1000;
  spec.task.codec.clipping = ring::L2Clip{20, {}};
  spec.task.secure.masking = is_masked ? plan::Masking::kSecure : plan::Masking::kPlain;
  spec.task.secure.minimum_devices = static_cast<std::uint32_t>(cohort);
  spec.task.secure.minimum_survivors = 5;
  spec.simulation.workers = workers;
  return spec;
}

simulation::Federation make(simulation::SimulationSpec spec, std::size_t devices, bool is_idle) {
  simulation::Parts parts;
  parts.dataset =
      std::make_unique<SameForAll>(devices, bench::random_examples(spec.task.model, 600));
  if (is_idle) {
    parts.initial_model = client::initial_model(spec.task.model, 1).value();
    parts.make_trainer = [manifest = parts.initial_model->manifest()]()
        -> Result<std::unique_ptr<client::ExamplesTrainer>> {
      return std::unique_ptr<client::ExamplesTrainer>(std::make_unique<IdleTrainer>(manifest));
    };
  }
  auto federation = simulation::make_federation(std::move(spec), std::move(parts));
  if (!federation) throw std::runtime_error(federation.error().message);
  return std::move(*federation);
}

void run_round(simulation::Federation& federation) {
  const auto result = federation.run_round();
  if (!result) throw std::runtime_error(result.error().message);
  if (!result->is_completed) throw std::runtime_error("a round was aborted: " + result->reason);
}

void print(const Options& options, const nlohmann::ordered_json& line, const std::string& text) {
  std::printf("%s\n", options.json ? line.dump().c_str() : text.c_str());
  std::fflush(stdout);
}

std::string formatted(const char* format, auto... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

// Updates a second of bare loops and of simulated rounds, in turns.
void measure_speed(const Options& options, const std::string& model, std::size_t workers) {
  bench::BareLoops loops(model, workers);
  auto plain = make(spec_for(model, false, workers, options.cohort), 100, false);
  auto masked = make(spec_for(model, true, workers, options.cohort), 100, false);
  std::vector<double> bare, in_plain, in_masked, ratio;
  const auto rate = [&](const auto& work) {
    const auto start = Clock::now();
    work();
    return static_cast<double>(options.cohort) / seconds_since(start);
  };
  for (std::size_t run = 0; run <= options.repeat; ++run) {
    const double bare_rate = rate([&] { loops.run(options.cohort); });
    const double plain_rate = rate([&] { run_round(plain); });
    const double masked_rate = rate([&] { run_round(masked); });
    if (run == 0) continue;  // to warm up
    bare.push_back(bare_rate);
    in_plain.push_back(plain_rate);
    in_masked.push_back(masked_rate);
    ratio.push_back(plain_rate / bare_rate);
  }
  using bench::median;
  print(
      options,
      {{"bench", "simulation-speed"},
       {"model", model},
       {"workers", workers},
       {"cohort", options.cohort},
       {"bare_updates_per_s", median(bare)},
       {"plain_updates_per_s", median(in_plain)},
       {"masked_updates_per_s", median(in_masked)},
       {"plain_ratio_to_bare", median(ratio)}},
      formatted("%-12s  workers %zu  bare %7.2f/s  plain %7.2f/s  masked %7.2f/s  plain/bare %5.2f",
                model.c_str(), workers, median(bare), median(in_plain), median(in_masked),
                median(ratio)));
}

// What is left of a round when training takes no time, for one device, on one worker.
void measure_overhead(const Options& options, const std::string& model) {
  for (const bool is_masked : {false, true}) {
    auto federation = make(spec_for(model, is_masked, 1, options.cohort), 100, true);
    std::vector<double> wall_ms, cpu_ms;
    for (std::size_t run = 0; run <= options.repeat; ++run) {
      const auto start = Clock::now();
      const double cpu = process_cpu_seconds();
      run_round(federation);
      if (run == 0) continue;
      const auto devices = static_cast<double>(options.cohort);
      wall_ms.push_back(1e3 * seconds_since(start) / devices);
      cpu_ms.push_back(1e3 * (process_cpu_seconds() - cpu) / devices);
    }
    const char* const mode = is_masked ? "masked" : "plain";
    print(options,
          {{"bench", "simulation-overhead"},
           {"model", model},
           {"mode", mode},
           {"cohort", options.cohort},
           {"wall_ms_per_device", bench::median(wall_ms)},
           {"cpu_ms_per_device", bench::median(cpu_ms)}},
          formatted("%-12s  %-6s  cohort %4zu  %8.3f ms a device, CPU %8.3f ms", model.c_str(),
                    mode, options.cohort, bench::median(wall_ms), bench::median(cpu_ms)));
  }
}

// The peak is the process's: one number of devices a process.
void measure_memory(const Options& options, const std::string& model, Clock::time_point start) {
  auto federation = make(spec_for(model, true, 2, options.cohort), options.devices, false);
  run_round(federation);
  const double first_round_s = seconds_since(start);
  const double early = peak_mib();
  for (std::size_t run = 0; run < options.repeat; ++run) run_round(federation);
  print(options,
        {{"bench", "simulation-memory"},
         {"model", model},
         {"devices", options.devices},
         {"cohort", options.cohort},
         {"rounds", options.repeat + 1},
         {"first_round_s", first_round_s},
         {"peak_mib_first_round", early},
         {"peak_mib", peak_mib()}},
        formatted("%-12s  %6zu devices, %zu a round: peak %7.1f MiB after one round, %7.1f after "
                  "%zu; first round after %.2f s",
                  model.c_str(), options.devices, options.cohort, early, peak_mib(),
                  options.repeat + 1, first_round_s));
}

int run(int argc, char** argv, Clock::time_point start) {
  cxxopts::Options parser("covey-bench-simulation", "What simulated federations cost");
  using cxxopts::value;
  parser.positional_help("speed|overhead|memory");
  parser.add_options()                                                                     //
      ("what", "speed, overhead or memory", value<std::string>()->default_value("speed"))  //
      ("model", "names of the catalogue",
       value<std::vector<std::string>>()->default_value("mlp-2nn"))                               //
      ("workers", "threads that train", value<std::vector<std::size_t>>()->default_value("1,2"))  //
      ("cohort", "devices a round", value<std::size_t>()->default_value("10"))                    //
      ("devices", "of the federation, for memory", value<std::size_t>()->default_value("1000"))   //
      ("repeat", "rounds that count", value<std::size_t>()->default_value("9"))                   //
      ("format", "table or json", value<std::string>()->default_value("table"))                   //
      ("help", "this text");
  parser.parse_positional({"what"});
  const auto given = parser.parse(argc, argv);
  if (given.count("help") > 0) {
    std::printf("%s", parser.help().c_str());
    return 0;
  }
  Options options;
  options.what = given["what"].as<std::string>();
  options.models = given["model"].as<std::vector<std::string>>();
  options.workers = given["workers"].as<std::vector<std::size_t>>();
  options.repeat = given["repeat"].as<std::size_t>();
  options.devices = given["devices"].as<std::size_t>();
  options.cohort = given["cohort"].as<std::size_t>();
  options.json = given["format"].as<std::string>() == "json";
  client::keep_freed_memory();  // as covey-sim does; the bare loops have it too
  for (const std::string& model : options.models) {
    if (options.what == "overhead") {
      measure_overhead(options, model);
    } else if (options.what == "memory") {
      measure_memory(options, model, start);
    } else if (options.what == "speed") {
      for (const std::size_t workers : options.workers) measure_speed(options, model, workers);
    } else {
      std::fprintf(stderr, "covey-bench-simulation: expected speed, overhead or memory\n");
      return 2;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto start = Clock::now();
  try {
    return run(argc, argv, start);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "covey-bench-simulation: %s; see --help\n", error.what());
    return 2;
  }
}
