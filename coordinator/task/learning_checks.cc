#include <algorithm>
#include <initializer_list>

#include "coordinator/task/task_checks.h"

namespace covey::coordinator {
namespace {

using Given = std::set<std::string>;
using Found = std::optional<Breach>;

// `prefix`: "train." or "aggregation.server_".
Found check_schedule(const std::string& prefix, const LearningRateSchedule& schedule,
                     const Given& given) {
  const std::string kind = prefix + "schedule";
  // A key that the file must have for some kinds of schedule, and must not have for the others.
  const auto check = [&](const char* key, const char* what, std::initializer_list<Decay> decays,
                         bool is_needed) -> Found {
    const std::string path = kind + key;
    const bool is_for = std::ranges::find(decays, schedule.decay) != decays.end();
    const std::string chosen = kind + " is '" + std::string(name_of(schedule.decay)) + "'";
    if (!is_for && given.contains(path)) {
      return Breach{path, path + " is for another schedule, but " + chosen};
    }
    if (is_for && is_needed && !given.contains(path)) {
      return Breach{kind, chosen + ", so " + path + " must say " + what};
    }
    return std::nullopt;
  };
  Found found = check("_factor", "what the rate is multiplied by, e.g. 0.5",
                      {Decay::kStep, Decay::kExponential}, true);
  if (!found) found = check("_rounds", "after how many rounds, e.g. 10", {Decay::kStep}, true);
  if (!found) found = check("_floor", "", {Decay::kCosine}, false);
  return found;
}

Found check_train(const TaskSpec& spec, const Given& given) {
  const plan::TrainSettings& train = spec.train;
  if (given.contains("train.epochs") && given.contains("train.steps")) {
    return Breach{"train.steps", "train.steps and train.epochs are both set: take one of them"};
  }
  if (train.momentum != 0 && train.optimizer != plan::Optimizer::kSgd) {
    return Breach{"train.momentum", "train.momentum is for the optimizer sgd, but this one is '" +
                                        std::string(plan::name_of(train.optimizer)) + "'"};
  }
  return check_schedule("train.", spec.train_schedule, given);
}

// FedSGD is one step on all that a device has.
Found check_fed_sgd(const TaskSpec& spec, const Given& given) {
  if (spec.strategy != StrategyKind::kFedSgd) return std::nullopt;
  const std::string rest =
      " of strategy = \"fedsgd\", which takes one step on all examples of a device: leave it out, "
      "or take strategy = \"fedavg\"";
  if (spec.train.batch_size != plan::kAllExamples) {
    return Breach{"train.batch_size", "train.batch_size is no setting" + rest};
  }
  if (given.contains("train.steps")) {
    return Breach{"train.steps", "train.steps is no setting" + rest};
  }
  if (spec.train.epochs != 1) {
    return Breach{"train.epochs", "train.epochs is no setting" + rest};
  }
  return std::nullopt;
}

// The server's settings, and the strategies that look at them.
Found check_strategy(const TaskSpec& spec, const Given& given) {
  using enum StrategyKind;
  struct Option {
    const char* name;
    std::vector<StrategyKind> strategies;
  };
  const std::vector<Option> options = {{"server_momentum", {kServerMomentum}},
                                       {"server_beta1", {kFedAdagrad, kFedAdam, kFedYogi}},
                                       {"server_beta2", {kFedAdam, kFedYogi}},
                                       {"server_epsilon", {kFedAdagrad, kFedAdam, kFedYogi}}};
  for (const Option& option : options) {
    const std::string path = std::string("aggregation.") + option.name;
    if (!given.contains(path)) continue;
    if (std::ranges::find(option.strategies, spec.strategy) != option.strategies.end()) continue;
    std::string legal;
    for (const StrategyKind kind : option.strategies) {
      legal += (legal.empty() ? "\"" : ", \"") + std::string(name_of(kind)) + "\"";
    }
    return Breach{path, path + " is for strategy = " + legal + ", but the strategy is '" +
                            std::string(name_of(spec.strategy)) + "'"};
  }
  if (Found found = check_fed_sgd(spec, given)) return found;
  return check_schedule("aggregation.server_", spec.server_schedule, given);
}

Found check_clipping(const TaskSpec& spec, const Given& given) {
  const bool is_range = std::holds_alternative<ring::RangeClip>(spec.codec.clipping);
  if (is_range && spec.is_rotated) {
    return Breach{"aggregation.rotate",
                  "aggregation.rotate mixes coordinates, so that clip = \"range\" is lost: take "
                  "clip = \"l2\", or rotate = false"};
  }
  if (is_range && given.contains("aggregation.coordinate_range")) {
    return Breach{"aggregation.coordinate_range",
                  "aggregation.coordinate_range is for clip = \"l2\"; with clip = \"range\" the "
                  "range is clip_bound"};
  }
  const auto* l2 = std::get_if<ring::L2Clip>(&spec.codec.clipping);
  if (l2 != nullptr && l2->coordinate_range.value_or(0) > l2->bound) {
    return Breach{"aggregation.coordinate_range",
                  "aggregation.coordinate_range is over aggregation.clip_bound, which no "
                  "coordinate passes: lower it or leave it out"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Breach> find_learning_breach(const TaskSpec& spec, const Given& given) {
  if (Found found = check_train(spec, given)) return found;
  if (Found found = check_clipping(spec, given)) return found;
  return check_strategy(spec, given);
}

}  // namespace covey::coordinator
