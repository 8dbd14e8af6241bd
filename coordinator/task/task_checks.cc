#include "coordinator/task/task_checks.h"

#include <algorithm>
#include <initializer_list>

#include "covey/aggregation/secagg/parameter_finder.h"

namespace covey::coordinator {
namespace {

using Given = std::set<std::string>;
using Found = std::optional<Breach>;

std::string text(std::uint64_t number) { return std::to_string(number); }

// The sizes of the groups that a round can have: whoever is ready, from `minimum` to `target`, is
// split evenly into as few groups as the limit allows.
struct GroupSizes {
  std::uint32_t smallest = 0;
  std::uint32_t largest = 0;
};
GroupSizes group_sizes(const CohortRules& cohort) {
  GroupSizes sizes{cohort.group_size, 0};
  for (std::uint64_t devices = cohort.minimum; devices <= cohort.target; ++devices) {
    const std::uint64_t groups = (devices + cohort.group_size - 1) / cohort.group_size;
    const std::uint64_t most = (devices + groups - 1) / groups;
    sizes.smallest = std::min(sizes.smallest, static_cast<std::uint32_t>(devices / groups));
    sizes.largest = std::max(sizes.largest, static_cast<std::uint32_t>(most));
  }
  return sizes;
}

Found check_schedule(const TaskSpec& spec, const Given& given) {
  const bool is_every = spec.schedule == Schedule::kEvery;
  if (is_every && !given.contains("task.every")) {
    return Breach{
        "task.schedule",
        "task.schedule is 'every', so task.every must say how often, e.g. every = \"1h\""};
  }
  if (!is_every && given.contains("task.every")) {
    return Breach{"task.every", "task.every needs schedule = \"every\", but task.schedule is '" +
                                    std::string(name_of(spec.schedule)) + "'"};
  }
  return std::nullopt;
}

// The first of these that the file sets, else the last.
std::string first_given(const Given& given, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (given.contains(key)) return key;
  }
  return *(keys.end() - 1);
}

Found check_cohort(const TaskSpec& spec, const Given& given, const GroupSizes& sizes) {
  const bool is_secure = spec.secure.masking == plan::Masking::kSecure;
  if (is_secure && sizes.smallest < 2) {
    return Breach{first_given(given, {"round.group_size", "round.target"}),
                  "a round of " + text(spec.cohort.minimum) + " to " + text(spec.cohort.target) +
                      " devices would have a group of one, whose sum is its "
                      "own update: secure aggregation needs two or more"};
  }
  if (spec.secure.minimum_devices > spec.cohort.minimum) {
    return Breach{first_given(given, {"secure.minimum_devices", "round.minimum", "round.target"}),
                  "secure.minimum_devices is " + text(spec.secure.minimum_devices) +
                      ", over round.minimum, which is " + text(spec.cohort.minimum) +
                      ": devices would refuse the smallest round; raise round.minimum or lower "
                      "secure.minimum_devices"};
  }
  if (spec.secure.minimum_devices > sizes.smallest) {
    return Breach{first_given(given, {"round.group_size", "round.target"}),
                  "with round.group_size " + text(spec.cohort.group_size) + " a round of " +
                      text(spec.cohort.minimum) + " to " + text(spec.cohort.target) +
                      " devices can have a group of " + text(sizes.smallest) +
                      ", below secure.minimum_devices, which is " +
                      text(spec.secure.minimum_devices) + ": raise round.group_size"};
  }
  return std::nullopt;
}

Found check_survivors(const TaskSpec& spec) {
  const plan::SecureSettings& secure = spec.secure;
  const std::uint32_t least = secure.masking == plan::Masking::kSecure ? 2 : 1;
  if (secure.minimum_devices < least) {
    return Breach{"secure.minimum_devices",
                  "secure.minimum_devices is " + text(secure.minimum_devices) +
                      ", but the sum of one device is its own update: take 2 or more"};
  }
  if (secure.minimum_survivors < least || secure.minimum_survivors > secure.minimum_devices) {
    return Breach{"secure.minimum_survivors", "secure.minimum_survivors is " + text(least) +
                                                  " to secure.minimum_devices, which is " +
                                                  text(secure.minimum_devices) + ", not " +
                                                  text(secure.minimum_survivors)};
  }
  return std::nullopt;
}

Found check_parameters(const TaskSpec& spec, const Given& given, std::uint32_t devices) {
  const plan::SecureSettings& secure = spec.secure;
  if (secure.masking == plan::Masking::kPlain) return std::nullopt;
  const auto found = secagg::find_parameters(
      {devices, secure.corrupt_fraction, secure.dropout_fraction, secure.coordinator,
       secagg::Graph::kAuto, secure.security_bits, secure.completion_bits});
  if (!found)
    return Breach{
        first_given(given, {"secure.dropout_fraction", "secure.corrupt_fraction", "round.target"}),
        "secure: " + found.error().message};
  const std::uint32_t left = devices - found->vanishing;
  if (left >= secure.minimum_survivors) return std::nullopt;
  return Breach{"secure.minimum_survivors",
                "secure.minimum_survivors is " + text(secure.minimum_survivors) +
                    ", but when the dropout_fraction of a group of " + text(devices) +
                    " vanishes only " + text(left) + " are left: lower one of the two"};
}

Found check_target(const TaskSpec& spec, TaskFileUse use, const Given& given) {
  const bool has_metric = !spec.target_metric.empty();
  const bool is_of_test =
      spec.target_metric == "test_loss" || spec.target_metric == "test_accuracy";
  const bool is_measured =
      std::ranges::find(spec.metrics, spec.target_metric) != spec.metrics.end() ||
      (is_of_test && use == TaskFileUse::kSimulation);
  if (has_metric && !is_measured) {
    return Breach{"evaluate.target_metric",
                  "evaluate.target_metric is '" + spec.target_metric +
                      "', which is not one of evaluate.metrics" +
                      (is_of_test ? ": only a simulation has a test set" : "")};
  }
  if (has_metric != given.contains("evaluate.target_value")) {
    return Breach{has_metric ? "evaluate.target_metric" : "evaluate.target_value",
                  "evaluate.target_metric and evaluate.target_value go together: set both or none"};
  }
  return std::nullopt;
}

// What is left: names, and whether the sum has room in the ring. An evaluation's plan needs no
// manifest.
Found check_plan(const TaskSpec& spec) {
  auto nothing = ring::Manifest::create({});
  if (!nothing) return Breach{"model", nothing.error().message};
  plan::Plan evaluation{spec.name,    plan::Purpose::kEvaluate,
                        spec.model,   std::move(*nothing),
                        spec.train,   spec.codec,
                        spec.metrics, spec.secure};
  evaluation.codec.max_devices = std::min(spec.cohort.target, spec.cohort.group_size);
  evaluation.codec.metrics = static_cast<std::uint32_t>(spec.metrics.size());
  const Status status = evaluation.validate();
  if (!status) return Breach{"aggregation", status.error().message};
  return std::nullopt;
}

}  // namespace

void fill_defaults(TaskSpec& spec, const Given& given) {
  if (given.contains("train.steps") && !given.contains("train.epochs")) spec.train.epochs = 0;
  if (!given.contains("round.minimum")) {
    spec.cohort.minimum = std::min(spec.cohort.minimum, spec.cohort.target);
  }
  if (is_adaptive(spec.strategy) && !given.contains("aggregation.server_learning_rate")) {
    spec.server_learning_rate = 0.01;
  }
  if (spec.strategy == StrategyKind::kFedAdagrad && !given.contains("aggregation.server_beta1")) {
    spec.server_beta1 = 0;
  }
  if (spec.strategy == StrategyKind::kFedSgd && !given.contains("train.batch_size")) {
    spec.train.batch_size = plan::kAllExamples;
  }
  if (!given.contains("aggregation.rotate")) {
    spec.is_rotated = std::holds_alternative<ring::L2Clip>(spec.codec.clipping);
  }
  plan::SecureSettings& secure = spec.secure;
  const bool is_plain = secure.masking == plan::Masking::kPlain;
  if (is_plain && !given.contains("secure.minimum_devices")) secure.minimum_devices = 1;
  if (!given.contains("secure.minimum_survivors")) {
    const std::uint32_t half = (secure.minimum_devices + 1) / 2;
    secure.minimum_survivors = is_plain ? 1 : std::max(2u, half);
  }
}

std::optional<Breach> find_breach(const TaskSpec& spec, TaskFileUse use, const Given& given) {
  if (Found found = check_schedule(spec, given)) return found;
  if (Found found = find_learning_breach(spec, given)) return found;
  if (spec.cohort.minimum > spec.cohort.target) {
    return Breach{"round.minimum", "round.minimum is 1 to round.target, which is " +
                                       text(spec.cohort.target) + ", not " +
                                       text(spec.cohort.minimum)};
  }
  const GroupSizes sizes = group_sizes(spec.cohort);
  if (Found found = check_survivors(spec)) return found;
  if (Found found = check_cohort(spec, given, sizes)) return found;
  if (Found found = check_parameters(spec, given, sizes.smallest)) return found;
  if (Found found = check_parameters(spec, given, sizes.largest)) return found;
  if (Found found = check_target(spec, use, given)) return found;
  return check_plan(spec);
}

}  // namespace covey::coordinator
