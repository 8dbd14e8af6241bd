#include "simulation/app/describe.h"

#include <filesystem>

#include "covey/settings/duration.h"
#include "covey/shell/numbers.h"

namespace covey::simulation {
namespace {

using coordinator::StrategyKind;
using coordinator::TaskSpec;
using shell::shortest_number;

std::string with_schedule(double rate, const coordinator::LearningRateSchedule& schedule) {
  std::string out = "learning rate " + shortest_number(rate);
  if (schedule.decay != coordinator::Decay::kConstant) {
    out += " (" + std::string(name_of(schedule.decay)) + ")";
  }
  if (schedule.warmup_rounds > 0) {
    out += " after " + std::to_string(schedule.warmup_rounds) + " rounds of warm-up";
  }
  return out;
}

std::string strategy_of(const TaskSpec& task) {
  std::string out = std::string(name_of(task.strategy)) + ", server " +
                    with_schedule(task.server_learning_rate, task.server_schedule);
  if (task.strategy == StrategyKind::kServerMomentum) {
    out += ", momentum " + shortest_number(task.server_momentum);
  }
  if (is_adaptive(task.strategy)) {
    out += ", β1 " + shortest_number(task.server_beta1);
    if (task.strategy != StrategyKind::kFedAdagrad) {
      out += ", β2 " + shortest_number(task.server_beta2);
    }
    out += ", τ " + shortest_number(task.server_epsilon);
  }
  return out;
}

std::string training_of(const TaskSpec& task) {
  const plan::TrainSettings& train = task.train;
  std::string out = std::string(name_of(train.optimizer)) + ", " +
                    with_schedule(train.learning_rate, task.train_schedule);
  if (train.momentum > 0) out += ", momentum " + shortest_number(train.momentum);
  if (train.weight_decay > 0) out += ", weight decay " + shortest_number(train.weight_decay);
  if (train.fedprox_mu > 0) out += ", FedProx µ " + shortest_number(train.fedprox_mu);
  if (train.gradient_clip > 0) out += ", gradients up to " + shortest_number(train.gradient_clip);
  if (task.strategy == StrategyKind::kFedSgd) return out + ", one step on all examples";
  out += ", batches of " + std::to_string(train.batch_size) + ", ";
  const std::uint32_t count = train.steps > 0 ? train.steps : train.epochs;
  out += std::to_string(count) + (train.steps > 0 ? " step" : " epoch");
  return out + (count == 1 ? "" : "s");
}

std::string masking_of(const plan::SecureSettings& secure) {
  if (secure.masking == plan::Masking::kPlain) return {};
  const bool is_lying = secure.coordinator == secagg::Coordinator::kLying;
  return std::string("against a ") + (is_lying ? "lying" : "curious") + " coordinator, γ " +
         shortest_number(secure.corrupt_fraction) + ", δ " +
         shortest_number(secure.dropout_fraction) + ", σ " + std::to_string(secure.security_bits) +
         ", η " + std::to_string(secure.completion_bits) + "; at least " +
         std::to_string(secure.minimum_survivors) + " devices in a sum";
}

std::string codec_of(const TaskSpec& task) {
  std::string out = std::to_string(task.codec.quantization_bits) + " bits";
  if (const auto* l2 = std::get_if<ring::L2Clip>(&task.codec.clipping)) {
    out += ", clipped to the L2 norm " + shortest_number(l2->bound);
  } else {
    out +=
        ", clipped to ± " + shortest_number(std::get<ring::RangeClip>(task.codec.clipping).range);
  }
  return out + (task.is_rotated ? ", rotated" : "") + ", weights up to " +
         std::to_string(task.codec.max_weight);
}

std::string cohort_of(const coordinator::CohortRules& cohort) {
  std::string out = std::to_string(cohort.target) + " devices";
  if (cohort.over_selection > 1) {
    out += ", " + shortest_number(cohort.over_selection) + " times as many are asked";
  }
  return out + ", at least " + std::to_string(cohort.minimum) + " at the deadline of " +
         settings::text_of_duration(cohort.training_deadline);
}

std::string faults_of(const FaultSettings& faults) {
  std::vector<std::string> parts;
  for (const FaultKind kind : kFaultKinds) {
    double sum = faults.probability[static_cast<std::size_t>(kind)];
    for (const double part : faults.at[static_cast<std::size_t>(kind)]) sum += part;
    if (sum > 0) parts.push_back(std::string(name_of(kind)) + " " + shortest_number(sum));
  }
  if (!faults.schedule.empty()) {
    parts.push_back(std::to_string(faults.schedule.size()) + " at their rounds");
  }
  return parts.empty() ? "" : shell::joined(parts);
}

}  // namespace

std::string headline_of(const SimulationSpec& spec) {
  const bool is_masked = spec.task.secure.masking != plan::Masking::kPlain;
  return spec.task.name + ": " + spec.task.model + " on " + spec.data.dataset + ", " +
         std::string(name_of(spec.task.strategy)) +
         (is_masked ? ", secure aggregation, " : ", plain aggregation, ") +
         std::to_string(spec.task.rounds) + (spec.task.rounds == 1 ? " round" : " rounds");
}

Result<RunInfo> info_of(const SimulationSpec& spec, const Engine& engine) {
  const datasets::FederatedDataset& dataset = engine.dataset();
  RunInfo info;
  info.task = spec.task.name;
  info.description = spec.task.description;
  info.model = spec.task.model;
  info.parameters = engine.parameters();
  info.dataset = dataset.description();
  info.devices = dataset.devices();
  info.test_examples = dataset.test().size();
  info.strategy = strategy_of(spec.task);
  info.is_masked = spec.task.secure.masking != plan::Masking::kPlain;
  info.facts = {{"Masking", masking_of(spec.task.secure)},
                {"Codec", codec_of(spec.task)},
                {"Round", cohort_of(spec.task.cohort)},
                {"Training", training_of(spec.task)},
                {"Faults", faults_of(spec.faults)}};
  std::erase_if(info.facts, [](const auto& fact) { return fact.second.empty(); });
  info.seed = spec.simulation.seed;
  info.workers = engine.workers();
  info.rounds = spec.task.rounds;
  info.metrics = spec.task.metrics;
  info.target_metric = spec.task.target_metric;
  info.target_value = spec.task.target_value;
  std::error_code error;
  info.base_folder = std::filesystem::absolute(spec.base_folder, error).string();
  COVEY_ASSIGN_OR_RETURN(info.partition, picture_of(dataset));
  return info;
}

}  // namespace covey::simulation
