#include "simulation/engine/federation_core.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "covey/aggregation/model/safetensors.h"
#include "covey/aggregation/secagg/vector_layout.h"
#include "covey/crypto/digest.h"

namespace covey::simulation {
namespace {

// Adds the time from its construction to its end.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Stopwatch(const Stopwatch&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

void describe(const RoundOutcome& outcome, RoundResult& result) {
  result.reason = outcome.reason;
  result.assigned = outcome.assigned;
  result.cohort = outcome.cohort;
  result.groups = outcome.groups.size();
  result.survivors = outcome.survivors;
  result.dropped = outcome.dropped;
  result.faults = outcome.faults;
  result.bytes_up = outcome.bytes_up;
  result.bytes_down = outcome.bytes_down;
  result.virtual_duration = outcome.duration;
  result.seconds.training = outcome.training_seconds;
  result.seconds.aggregation = outcome.aggregation_seconds;
}

}  // namespace

void Federation::Core::write_model() {
  model_file_ = std::make_shared<const Bytes>(model::write_model(
      *model_, {{"covey.task", spec_.task.name}, {"covey.round", std::to_string(rounds_begun_)}}));
  model_digest_ = crypto::sha256(*model_file_);
}

Result<std::vector<std::size_t>> Federation::Core::select(const RoundOptions& options) {
  const std::size_t devices = parts_.dataset->devices();
  const auto count = static_cast<std::size_t>(
      std::ceil(static_cast<double>(spec_.task.cohort.target) * spec_.task.cohort.over_selection));
  std::vector<std::size_t> chosen = options.devices;
  if (chosen.empty()) chosen = parts_.sampler->sample(rounds_begun_, devices, count);
  if (parts_.hooks) parts_.hooks->selected(rounds_begun_, chosen);
  const auto outside =
      std::ranges::find_if(chosen, [&](std::size_t one) { return one >= devices; });
  if (outside != chosen.end()) {
    return invalid_argument("device " + std::to_string(*outside) +
                            " was selected, but the devices are 0 to " +
                            std::to_string(devices - 1));
  }
  return chosen;
}

Result<RoundMaterial> Federation::Core::prepare(const RoundOptions& options) {
  COVEY_ASSIGN_OR_RETURN(plan::Plan plan,
                         spec_.task.plan_for(training_->manifest(), rounds_begun_));
  if (options.change_plan) options.change_plan(plan);
  if (parts_.hooks) parts_.hooks->configure(rounds_begun_, plan);
  COVEY_RETURN_IF_ERROR(plan.validate());
  COVEY_ASSIGN_OR_RETURN(ring::Manifest aggregated, plan.aggregated());
  COVEY_ASSIGN_OR_RETURN(ring::CodecParameters codec, plan.codec_parameters());
  auto plan_file = std::make_shared<const Bytes>(plan.to_bytes());
  const federation::Assignment assignment{{plan.task, rounds_begun_},
                                          {crypto::sha256(*plan_file), plan_file->size()},
                                          {model_digest_, model_file_->size()}};
  const std::uint64_t vector_bytes = secagg::VectorLayout(codec.shape()).total_bytes();
  return RoundMaterial{std::move(plan), std::move(aggregated), std::move(codec), &*model_,
                       assignment,      std::move(plan_file),  model_file_,      vector_bytes};
}

Result<RoundResult> Federation::Core::run_round(const RoundOptions& options) {
  ++rounds_begun_;
  auto result = begin_and_run(options);
  if (!result) --rounds_begun_;  // the caller may mend it and try again
  return result;
}

Result<RoundResult> Federation::Core::begin_and_run(const RoundOptions& options) {
  RoundResult result;
  result.round = rounds_begun_;
  COVEY_ASSIGN_OR_RETURN(const std::vector<std::size_t> devices, select(options));
  COVEY_ASSIGN_OR_RETURN(const RoundMaterial material, prepare(options));
  result.learning_rate = material.plan.train.learning_rate;
  result.server_learning_rate = spec_.task.server_learning_rate_at(rounds_begun_);
  RoundRun run({spec_, material, *workers_, *training_, *parts_.dataset, verifier_}, devices, now_);
  COVEY_ASSIGN_OR_RETURN(const RoundOutcome outcome, run.run());
  now_ += outcome.duration;
  describe(outcome, result);
  result.coordinates = result.survivors * material.aggregated.flat_length();
  if (outcome.reason.empty()) COVEY_RETURN_IF_ERROR(merge(outcome, material, result));
  if (result.is_completed) {
    ++rounds_completed_;
    aborted_in_a_row_ = 0;
  } else {
    result.survivors = result.coordinates = 0;
    ++aborted_in_a_row_;
  }
  result.version = version_;
  result.model = model_digest_;
  COVEY_RETURN_IF_ERROR(evaluate_into(options, result));
  if (parts_.hooks) parts_.hooks->ended(result);
  return result;
}

Status Federation::Core::merge(const RoundOutcome& outcome, const RoundMaterial& material,
                               RoundResult& result) {
  const Stopwatch stopwatch(result.seconds.merge);
  std::vector<coordinator::GroupSum> sums;
  for (const std::uint32_t group : outcome.completed) {
    sums.push_back({&outcome.groups[group]->sum(), outcome.groups[group]->survivors()});
  }
  coordinator::MergeHook hook;
  if (parts_.hooks) {
    hook = [this](const ring::Counters& counters, std::span<const float> before,
                  std::span<float> after) {
      parts_.hooks->merged(rounds_begun_, counters, before, after);
    };
  }
  const auto merged = coordinator::merge_sums(
      {material.plan, sums, rounds_begun_, spec_.task.server_rate_factor_at(rounds_begun_)},
      *parts_.strategy, *model_, hook);
  if (!merged) {
    // The model stays as it was; a round in which nobody had examples is no fault of the task.
    const ErrorCode code = merged.error().code;
    if (code != ErrorCode::kFailedPrecondition && code != ErrorCode::kOutOfRange) {
      return merged.error();
    }
    result.reason = "the sums could not be merged: " + merged.error().message;
    return {};
  }
  result.is_completed = true;
  result.metrics = merged->metrics;
  result.weight = merged->counters.weight;
  result.capped_weights = merged->counters.capped_weights;
  result.clipped_devices = merged->counters.clipped_devices;
  result.clipped_coordinates = merged->counters.clipped_coordinates;
  ++version_;
  write_model();
  return {};
}

Result<Evaluation> Federation::Core::evaluate() {
  COVEY_ASSIGN_OR_RETURN(
      const plan::Plan plan,
      spec_.task.plan_for(training_->manifest(), std::max<std::uint64_t>(rounds_begun_, 1)));
  return training_->evaluate(plan, *model_, parts_.dataset->test(),
                             parts_.dataset->is_classification());
}

Status Federation::Core::evaluate_into(const RoundOptions& options, RoundResult& result) {
  const bool is_due = rounds_begun_ % spec_.simulation.evaluate_every == 0 ||
                      rounds_completed_ >= spec_.task.rounds;
  if (!options.evaluates || !is_due || parts_.dataset->test().size() == 0) return {};
  const Stopwatch stopwatch(result.seconds.evaluation);
  auto evaluation = evaluate();
  if (!evaluation && evaluation.error().code == ErrorCode::kOutOfRange) {
    // The model has diverged: that is a result, and no reason to lose the round.
    result.test = Evaluation{parts_.dataset->test().size(),
                             std::numeric_limits<double>::quiet_NaN(), std::nullopt};
  } else {
    if (!evaluation) return evaluation.error();
    result.test = *evaluation;
  }
  if (parts_.hooks) parts_.hooks->evaluated(result.round, *result.test);
  return {};
}

bool Federation::Core::is_target_reached(const RoundResult& result) const {
  if (!result.is_completed) return false;
  std::map<std::string, double> metrics = result.metrics;
  if (result.test) {
    metrics["test_loss"] = result.test->loss;
    if (result.test->accuracy) metrics["test_accuracy"] = *result.test->accuracy;
  }
  return spec_.task.is_reached_by(metrics);
}

Result<RunEnd> Federation::Core::run(const std::function<bool(const RoundResult&)>& goes_on) {
  RunEnd end;
  while (rounds_completed_ < spec_.task.rounds) {
    COVEY_ASSIGN_OR_RETURN(const RoundResult result, run_round({}));
    end.is_target_reached = is_target_reached(result);
    const bool is_wanted = goes_on(result);
    if (end.is_target_reached) return end;
    if (aborted_in_a_row_ >= spec_.task.give_up_after) {
      end.failure = std::to_string(aborted_in_a_row_) +
                    " rounds in a row were aborted, the last because: " + result.reason;
      return end;
    }
    if (!is_wanted) {
      end.is_stopped = true;
      return end;
    }
  }
  return end;
}

}  // namespace covey::simulation
