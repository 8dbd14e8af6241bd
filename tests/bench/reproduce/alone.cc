// covey-reproduce-alone: what devices would reach that share nothing: each trains a model on its
// own examples, and all are evaluated on the test set that the federation is evaluated on.
#include <algorithm>
#include <cstdio>
#include <cxxopts.hpp>
#include <exception>
#include <string>
#include <vector>

#include "bench/timing.h"
#include "covey/simulation/torch_federation.h"

namespace {

using namespace covey;

// The best evaluation of `rounds` trainings of one device.
simulation::Evaluation train_alone(simulation::Federation& federation, std::size_t device,
                                   std::uint64_t rounds) {
  simulation::Evaluation best;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    simulation::RoundOptions options;
    options.devices = {device};
    const auto result = federation.run_round(options);
    if (!result) throw std::runtime_error(result.error().message);
    if (!result->is_completed) throw std::runtime_error(result->reason);
    const bool is_better =
        round == 0 || (result->test->accuracy ? result->test->accuracy > best.accuracy
                                              : result->test->loss < best.loss);
    if (is_better) best = *result->test;
  }
  return best;
}

int run(int argc, char** argv) {
  cxxopts::Options parser("covey-reproduce-alone", "Devices that share nothing");
  using cxxopts::value;
  parser.positional_help("TASK.toml");
  parser.add_options()                             //
      ("task", "task file", value<std::string>())  //
      ("devices", "how many are tried, evenly picked",
       value<std::size_t>()->default_value("20"))                                   //
      ("rounds", "trainings of each", value<std::uint64_t>()->default_value("30"))  //
      ("help", "this text");
  parser.parse_positional({"task"});
  const auto given = parser.parse(argc, argv);
  if (given.count("help") > 0 || given.count("task") == 0) {
    std::printf("%s", parser.help().c_str());
    return given.count("help") > 0 ? 0 : 2;
  }
  const simulation::Overrides overrides = {
      {"round.target", "1"},    {"round.minimum", "1"},          {"round.over_selection", "1.0"},
      {"secure.mode", "plain"}, {"secure.minimum_devices", "1"}, {"secure.minimum_survivors", "1"}};
  auto spec = simulation::read_simulation_file(given["task"].as<std::string>(), overrides);
  if (!spec) throw std::runtime_error(spec.error().message);
  auto first = simulation::make_federation(*spec);
  if (!first) throw std::runtime_error(first.error().message);
  const Bytes start = first->save_state();
  const std::size_t all = first->dataset().devices();
  const std::size_t tried = std::min(all, given["devices"].as<std::size_t>());
  std::vector<double> accuracies, losses;
  for (std::size_t i = 0; i < tried; ++i) {
    if (const Status restored = first->restore_state(start); !restored) {
      throw std::runtime_error(restored.error().message);
    }
    const auto best = train_alone(*first, i * all / tried, given["rounds"].as<std::uint64_t>());
    if (best.accuracy) accuracies.push_back(*best.accuracy);
    losses.push_back(best.loss);
  }
  std::printf("%zu of %zu devices alone: median loss %.5f", tried, all, bench::median(losses));
  if (!accuracies.empty()) {
    const auto [low, high] = std::ranges::minmax(accuracies);
    std::printf(", accuracy %.4f (%.4f to %.4f)", bench::median(accuracies), low, high);
  }
  std::printf("\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "covey-reproduce-alone: %s\n", error.what());
    return 1;
  }
}
