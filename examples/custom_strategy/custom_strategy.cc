// A merging strategy and a sampler of one's own, in a simulated federation: see README.md.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <vector>

#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/datasets/draws.h"
#include "covey/simulation/torch_federation.h"

namespace {

using namespace covey;

// FedAvg that never moves further in a round than twice as far as it has moved on the average: one
// odd cohort cannot throw the model off. The average is the state that outlives a restart.
class SteadyAverage final : public merge::Strategy {
 public:
  std::string_view name() const override { return "steady-average"; }

  Status merge(const merge::WeightedUpdate& update, std::span<float> model) override {
    if (update.weighted_differences.size() != model.size()) {
      return invalid_argument("the update is not as long as the model");
    }
    if (update.weight == 0) return {};
    const auto weight = static_cast<double>(update.weight);
    double square = 0;
    for (const float sum : update.weighted_differences) square += sum / weight * (sum / weight);
    const double norm = std::sqrt(square);
    const double most = average_ > 0 ? 2 * average_ : norm;
    const double factor = norm > most ? most / norm : 1.0;
    for (std::size_t i = 0; i < model.size(); ++i) {
      model[i] += static_cast<float>(factor * update.weighted_differences[i] / weight);
    }
    average_ = average_ > 0 ? 0.8 * average_ + 0.2 * std::min(norm, most) : norm;
    return {};
  }

  Bytes save_state() const override {
    ByteWriter out;
    out.u64(std::bit_cast<std::uint64_t>(
        average_));  // to the last bit: a run goes on as if it had not stopped
    return out.take();
  }
  Status restore_state(ByteView state) override {
    ByteReader in(state);
    const auto average = std::bit_cast<double>(in.u64());
    COVEY_RETURN_IF_ERROR(in.finish("the state of the steady average"));
    average_ = average;
    return {};
  }

 private:
  double average_ = 0;  // norm of a round's step
};

// Takes the devices in turns: in each cycle all of them, in an order that is drawn for it, so many
// a round. What is left of a cycle and is fewer than a round takes waits for the next one.
class RoundRobin final : public simulation::Sampler {
 public:
  std::vector<std::size_t> sample(std::uint64_t round, std::size_t devices,
                                  std::size_t count) override {
    count = std::min(count, devices);
    const std::size_t rounds_a_cycle = devices / count;
    std::vector<std::size_t> order(devices);
    std::iota(order.begin(), order.end(), std::size_t{0});
    datasets::Draws((round - 1) / rounds_a_cycle).shuffle(std::span(order));
    const std::size_t first = (round - 1) % rounds_a_cycle * count;
    const auto turn = std::span(order).subspan(first, count);
    return {turn.begin(), turn.end()};
  }
};

int run(const char* task_file) {
  auto spec = simulation::read_simulation_file(task_file);
  if (!spec) {
    std::fprintf(stderr, "%s: %s\n", task_file, spec.error().message.c_str());
    return 1;
  }
  simulation::Parts parts;
  parts.strategy = std::make_unique<SteadyAverage>();
  parts.sampler = std::make_unique<RoundRobin>();
  auto federation = simulation::make_federation(std::move(*spec), std::move(parts));
  if (!federation) {
    std::fprintf(stderr, "%s\n", federation.error().message.c_str());
    return 1;
  }
  const auto end = federation->run([](const simulation::RoundResult& round) {
    std::printf("round %2llu: %llu in the sum", static_cast<unsigned long long>(round.round),
                static_cast<unsigned long long>(round.survivors));
    if (round.test) std::printf(", accuracy %.3f", round.test->accuracy.value_or(0));
    std::printf("%s%s\n", round.is_completed ? "" : ", aborted: ", round.reason.c_str());
    return true;
  });
  if (!end || !end->failure.empty()) {
    std::fprintf(stderr, "%s\n", end ? end->failure.c_str() : end.error().message.c_str());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s TASK.toml, such as examples/sim/quickstart.toml\n", argv[0]);
    return 2;
  }
  return run(argv[1]);
}
