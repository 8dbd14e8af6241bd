#include "coordinator/task/learning_settings.h"

namespace covey::coordinator {
namespace {

using Ends = settings::TomlDocument::Ends;

constexpr double kLargest = 1e6;  // as a plan's limit
constexpr double kSmallestRange = 1e-30;
constexpr double kLargestRange = 1e30;
constexpr double kSmallestFactor = 1e-6;
constexpr std::uint64_t kMostRounds = 1'000'000'000;

// `prefix`: "train." or "aggregation.server_".
void read_schedule(settings::TomlDocument& document, const std::string& prefix,
                   LearningRateSchedule& schedule) {
  document.choice<Decay>(prefix + "schedule", schedule.decay,
                         {{"constant", Decay::kConstant},
                          {"step", Decay::kStep},
                          {"exponential", Decay::kExponential},
                          {"cosine", Decay::kCosine}});
  document.number(prefix + "schedule_factor", schedule.decay_factor, kSmallestFactor, 1);
  document.whole(prefix + "schedule_rounds", schedule.decay_rounds, 1, kMostRounds);
  document.number(prefix + "schedule_floor", schedule.floor, kSmallestFactor, 1);
  document.whole(prefix + "warmup_rounds", schedule.warmup_rounds, 0, kMostRounds);
}

void read_codec(settings::TomlDocument& document, ring::CodecSettings& codec) {
  document.whole("aggregation.quantization_bits", codec.quantization_bits,
                 ring::kMinQuantizationBits, ring::kMaxQuantizationBits);
  std::uint32_t ring_bits = 0;
  document.whole("aggregation.ring_bits", ring_bits, 2, 64);
  if (ring_bits != 0) codec.ring_bits = ring_bits;
  document.whole("aggregation.max_weight", codec.max_weight, 1, ring::kMaxWeight);
  document.number("aggregation.buffer_range", codec.buffer_range, kSmallestRange, kLargest);
  bool is_range = false;
  double bound = 10;
  double coordinate_range = 0;
  document.choice<bool>("aggregation.clip", is_range, {{"l2", false}, {"range", true}});
  document.number("aggregation.clip_bound", bound, kSmallestRange, kLargestRange);
  document.number("aggregation.coordinate_range", coordinate_range, kSmallestRange, kLargestRange);
  ring::L2Clip l2{bound, std::nullopt};
  if (coordinate_range != 0) l2.coordinate_range = coordinate_range;
  codec.clipping = is_range ? ring::Clipping(ring::RangeClip{bound}) : ring::Clipping(l2);
}

}  // namespace

void read_train(settings::TomlDocument& document, TaskSpec& spec) {
  using plan::Loss;
  using plan::Optimizer;
  plan::TrainSettings& train = spec.train;
  document.choice<Optimizer>(
      "train.optimizer", train.optimizer,
      {{"sgd", Optimizer::kSgd}, {"adam", Optimizer::kAdam}, {"adamw", Optimizer::kAdamW}});
  document.number("train.learning_rate", train.learning_rate, 1e-12, kLargest);
  read_schedule(document, "train.", spec.train_schedule);
  document.number("train.momentum", train.momentum, 0, 1, Ends::kOnlyLow);
  document.number("train.weight_decay", train.weight_decay, 0, kLargest);
  document.number("train.fedprox_mu", train.fedprox_mu, 0, kLargest);
  document.number("train.gradient_clip", train.gradient_clip, 0, kLargest);
  document.whole_or("train.batch_size", train.batch_size, 1, 1'000'000, "all", plan::kAllExamples);
  document.whole("train.epochs", train.epochs, 1, 100'000);
  document.whole("train.steps", train.steps, 1, 100'000'000);
  document.choice<Loss>(
      "train.loss", train.loss,
      {{"cross-entropy", Loss::kCrossEntropy}, {"mean-squared", Loss::kMeanSquared}});
}

void read_aggregation(settings::TomlDocument& document, TaskSpec& spec) {
  document.choice<StrategyKind>("aggregation.strategy", spec.strategy,
                                {{"fedavg", StrategyKind::kFedAvg},
                                 {"fedavgm", StrategyKind::kServerMomentum},
                                 {"fedadagrad", StrategyKind::kFedAdagrad},
                                 {"fedadam", StrategyKind::kFedAdam},
                                 {"fedyogi", StrategyKind::kFedYogi},
                                 {"fedsgd", StrategyKind::kFedSgd}});
  document.number("aggregation.server_learning_rate", spec.server_learning_rate, 1e-6, 1e3);
  read_schedule(document, "aggregation.server_", spec.server_schedule);
  document.number("aggregation.server_momentum", spec.server_momentum, 0, 1, Ends::kOnlyLow);
  document.number("aggregation.server_beta1", spec.server_beta1, 0, 1, Ends::kOnlyLow);
  document.number("aggregation.server_beta2", spec.server_beta2, 0, 1, Ends::kOnlyLow);
  document.number("aggregation.server_epsilon", spec.server_epsilon, 1e-10, 1e3);
  read_codec(document, spec.codec);
  document.yes_or_no("aggregation.rotate", spec.is_rotated);
}

}  // namespace covey::coordinator
