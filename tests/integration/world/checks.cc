#include <cmath>

#include "covey/aggregation/model/safetensors.h"
#include "covey/aggregation/ring/flat_model.h"
#include "integration/world/federation.h"
#include "support/catch.h"

namespace covey::testing {

using namespace coordinator;

double mean_step(const std::vector<std::string>& devices) {
  double sum = 0;
  double weight = 0;
  for (const std::string& name : devices) {
    const double number = std::stod(name.substr(name.find('-') + 1));
    sum += 10 * number * (0.01 * number);
    weight += 10 * number;
  }
  return sum / weight;
}

std::vector<float> model_values(Federation& federation, const std::string& task) {
  const auto file = federation.folder() / "model.safetensors";
  std::filesystem::remove(file);
  const CommandResult got = federation.covey({"model", "get", task, "--out", file});
  INFO(got.output);
  REQUIRE(got.exit_status == 0);
  const std::string bytes = read_text(file);
  const auto roles = [](std::string_view, ring::DType) { return ring::Role::kTrain; };
  const auto manifest = model::read_manifest(view_of(bytes), roles);
  REQUIRE(manifest.has_value());
  const auto model = model::read_model(view_of(bytes), *manifest);
  REQUIRE(model.has_value());
  std::vector<float> values(manifest->flat_length());
  REQUIRE(ring::load_flat(*manifest, model->views(), values).has_value());
  return values;
}

std::vector<RoundDetails> check_completed(Federation& federation, const std::string& task,
                                          int rounds) {
  const auto found = federation.rounds(task);
  CHECK(found.size() == static_cast<std::size_t>(rounds));
  double expected = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const RoundRecord& round = found[i].round;
    INFO("round " << round.number << ": " << round.outcome);
    CHECK(round.number == i + 1);
    REQUIRE(round.state == RoundState::kCompleted);
    CHECK(round.survivors == found[i].survivors.size());
    CHECK(std::abs(round.metrics.at("loss") - 0.5) < 1e-4);
    expected += mean_step(found[i].survivors);
  }
  // A device's update is rounded to 16 bits of [-1, 1].
  const double tolerance = 5e-5 * rounds;
  double furthest = 0;
  for (const float value : model_values(federation, task)) {
    furthest = std::max(furthest, std::abs(value - expected));
  }
  CHECK(furthest < tolerance);
  const CommandResult audit =
      federation.covey({"audit", "verify", "--key", federation.pki() / "coordinator.pem"});
  INFO(audit.output);
  CHECK(audit.exit_status == 0);
  return found;
}

}  // namespace covey::testing
