// Rounds that are driven by hand: see README.md.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "covey/datasets/draws.h"
#include "covey/simulation/torch_federation.h"

namespace {

using namespace covey;

// What the devices of the last round said of their training. A simulation may look; in the field
// this stays on the device.
class LossBook final : public simulation::Hooks {
 public:
  explicit LossBook(std::map<std::size_t, double>& losses) : losses_(losses) {}
  void trained(std::uint64_t /*round*/, std::size_t device, client::TrainingReport& report,
               model::Model& /*model*/) override {
    if (report.metrics.empty()) return;
    const std::lock_guard lock(mutex_);        // workers call this at once
    losses_[device] = report.metrics.front();  // the first of the task's metrics: train_loss
  }

 private:
  std::mutex mutex_;
  std::map<std::size_t, double>& losses_;
};

// Half of the round's devices are those that found it hardest so far, the rest anybody.
std::vector<std::size_t> choose(const std::map<std::size_t, double>& losses, std::size_t devices,
                                std::size_t count, std::uint64_t round) {
  count = std::min(count, devices);
  std::vector<std::pair<double, std::size_t>> hardest;
  for (const auto& [device, loss] : losses) hardest.emplace_back(-loss, device);
  std::ranges::sort(hardest);
  std::vector<std::size_t> chosen;
  for (const auto& [loss, device] : hardest) {
    if (chosen.size() < count / 2) chosen.push_back(device);
  }
  datasets::Draws draws(round);
  while (chosen.size() < count) {
    const auto device = static_cast<std::size_t>(draws.below(devices));
    if (std::ranges::find(chosen, device) == chosen.end()) chosen.push_back(device);
  }
  return chosen;
}

int run(const char* task_file, int rounds) {
  auto spec = simulation::read_simulation_file(task_file);
  if (!spec) {
    std::fprintf(stderr, "%s: %s\n", task_file, spec.error().message.c_str());
    return 1;
  }
  std::map<std::size_t, double> losses;
  simulation::Parts parts;
  parts.hooks = std::make_unique<LossBook>(losses);
  auto federation = simulation::make_federation(std::move(*spec), std::move(parts));
  if (!federation) {
    std::fprintf(stderr, "%s\n", federation.error().message.c_str());
    return 1;
  }
  double rate = federation->spec().task.train.learning_rate;
  double best = 0;
  for (int round = 1; round <= rounds; ++round) {
    simulation::RoundOptions options;
    options.devices =
        choose(losses, federation->dataset().devices(), federation->spec().task.cohort.target,
               static_cast<std::uint64_t>(round));
    options.change_plan = [rate](plan::Plan& plan) { plan.train.learning_rate = rate; };
    const auto result = federation->run_round(options);
    if (!result) {
      std::fprintf(stderr, "%s\n", result.error().message.c_str());
      return 1;
    }
    std::printf("round %2d: learning rate %.4f, %2llu in the sum", round, rate,
                static_cast<unsigned long long>(result->survivors));
    if (!result->is_completed) std::printf(", aborted: %s", result->reason.c_str());
    if (result->test && result->test->accuracy) {
      std::printf(", accuracy %.3f", *result->test->accuracy);
      if (*result->test->accuracy <= best) rate /= 2;  // it got no better: smaller steps
      best = std::max(best, *result->test->accuracy);
    }
    std::printf("\n");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc == 3 ? std::atoi(argv[2]) : 12;
  if (argc < 2 || argc > 3 || rounds < 1) {
    std::fprintf(stderr, "usage: %s TASK.toml [ROUNDS], such as examples/sim/quickstart.toml 12\n",
                 argv[0]);
    return 2;
  }
  return run(argv[1], rounds);
}
