#include <algorithm>

#include "covey/aggregation/model/safetensors.h"
#include "covey/coordinator/task_file.h"
#include "covey/crypto/transcript.h"

namespace covey::coordinator {
namespace {

// A pattern is a name, or the beginning of names and a `*`.
bool matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

}  // namespace

std::string_view name_of(Schedule schedule) {
  switch (schedule) {
    case Schedule::kWhenReady:
      return "when-ready";
    case Schedule::kEvery:
      return "every";
    case Schedule::kByHand:
      return "by-hand";
  }
  return "unknown";
}

std::string_view name_of(StrategyKind kind) {
  switch (kind) {
    case StrategyKind::kFedAvg:
      return "fedavg";
    case StrategyKind::kServerMomentum:
      return "fedavgm";
    case StrategyKind::kFedAdagrad:
      return "fedadagrad";
    case StrategyKind::kFedAdam:
      return "fedadam";
    case StrategyKind::kFedYogi:
      return "fedyogi";
    case StrategyKind::kFedSgd:
      return "fedsgd";
  }
  return "unknown";
}

bool is_adaptive(StrategyKind kind) {
  return kind == StrategyKind::kFedAdagrad || kind == StrategyKind::kFedAdam ||
         kind == StrategyKind::kFedYogi;
}

bool falls(std::string_view metric) {
  return metric == "loss" || metric.ends_with("_loss") || metric == "rmse";
}

bool Selection::accepts(const std::string& name, const std::vector<std::string>& device_tags,
                        const std::map<std::string, std::string>& device_properties) const {
  const bool is_named =
      devices.empty() || std::ranges::any_of(devices, [&](const std::string& pattern) {
        return matches(pattern, name);
      });
  const bool has_tags = std::ranges::all_of(tags, [&](const std::string& tag) {
    return std::ranges::find(device_tags, tag) != device_tags.end();
  });
  const bool has_properties = std::ranges::all_of(properties, [&](const auto& property) {
    const auto found = device_properties.find(property.first);
    return found != device_properties.end() && found->second == property.second;
  });
  return is_named && has_tags && has_properties;
}

bool TaskSpec::is_reached_by(const std::map<std::string, double>& metrics) const {
  const auto found = metrics.find(target_metric);
  if (found == metrics.end()) return false;
  return falls(target_metric) ? found->second <= target_value : found->second >= target_value;
}

// The most specific pattern counts: the whole name, else the longest beginning.
ring::Role TaskSpec::role_of(std::string_view tensor, ring::DType dtype) const {
  const auto exact = roles.find(std::string(tensor));
  if (exact != roles.end()) return exact->second;
  const std::pair<const std::string, ring::Role>* best = nullptr;
  for (const auto& entry : roles) {
    if (!matches(entry.first, tensor)) continue;
    if (best == nullptr || entry.first.size() > best->first.size()) best = &entry;
  }
  return best != nullptr ? best->second : model::default_role(tensor, dtype);
}

double TaskSpec::server_rate_factor_at(std::uint64_t round) const {
  return server_schedule.factor(round, rounds);
}

double TaskSpec::server_learning_rate_at(std::uint64_t round) const {
  return server_learning_rate * server_rate_factor_at(round);
}

Result<plan::Plan> TaskSpec::plan_for(const ring::Manifest& manifest, std::uint64_t round) const {
  plan::Plan plan{name, plan::Purpose::kTrain, model, manifest, train, codec, metrics, secure};
  plan.train.learning_rate *= train_schedule.factor(round, rounds);
  plan.codec.max_devices = std::min(cohort.target, cohort.group_size);
  plan.codec.metrics = static_cast<std::uint32_t>(metrics.size());
  if (manifest.buffer_length() == 0) plan.codec.buffer_range = 0;
  plan.codec.rotation_seed.reset();
  if (is_rotated) {
    plan.codec.rotation_seed =
        crypto::Transcript("covey/v1/rotation-seed").field(name).number(round).digest();
  }
  COVEY_RETURN_IF_ERROR(plan.validate());
  return plan;
}

}  // namespace covey::coordinator
