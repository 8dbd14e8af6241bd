#include "covey/aggregation/plan/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>

namespace covey::plan {
namespace {

constexpr std::array<std::string_view, 2> kPurposes = {"train", "evaluate"};
constexpr std::array<std::string_view, 3> kOptimizers = {"sgd", "adam", "adamw"};
constexpr std::array<std::string_view, 2> kLosses = {"cross-entropy", "mean-squared"};
constexpr std::array<std::string_view, 2> kMaskings = {"secure", "plain"};

constexpr std::size_t kMaxTaskNameBytes = 64;
constexpr std::size_t kMaxMetricNameBytes = 64;
constexpr double kLargestSetting = 1e6;
constexpr std::uint32_t kMaxBatchSize = 1'000'000;
constexpr std::uint32_t kMaxEpochs = 100'000;
constexpr std::uint32_t kMaxSteps = 100'000'000;
constexpr std::uint32_t kMaxBits = 256;

// The enumerators are 1, 2, … in the order of their names.
template <typename Enum, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  const std::size_t index = static_cast<std::size_t>(value) - 1;
  return index < N ? names[index] : "unknown";
}
template <typename Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin() + 1);
}

std::string text_of_number(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

Status check_count(const char* name, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (value >= low && value <= high) return {};
  return invalid_argument(std::string(name) + " is " + std::to_string(low) + " to " +
                          std::to_string(high) + ", not " + std::to_string(value));
}

Status check_not_negative(const char* name, double value) {
  if (value >= 0 && value <= kLargestSetting) return {};  // no NaN passes
  return invalid_argument(std::string(name) + " is 0 to 1e6, not " + text_of_number(value));
}

Status check_fraction(const char* name, double value) {
  if (value >= 0 && value < 1) return {};  // no NaN passes
  return invalid_argument(std::string(name) + " is at least 0 and below 1, not " +
                          text_of_number(value));
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_name_character(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

// What was found is left out of messages about names: it may be a peer's.
Status check_model_name(std::string_view name) {
  const bool is_legal = !name.empty() && name.size() <= kMaxModelNameBytes &&
                        std::all_of(name.begin(), name.end(), is_name_character);
  if (is_legal) return {};
  return invalid_argument(
      "the model's name has 1 to 64 characters, letters, digits and '-', '_', '.' only");
}

Status check_metrics(const std::vector<std::string>& metrics) {
  COVEY_RETURN_IF_ERROR(check_count("the number of metrics", metrics.size(), 0, kMaxMetrics));
  std::unordered_set<std::string_view> seen;
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const std::string& name = metrics[i];
    const bool is_legal = !name.empty() && name.size() <= kMaxMetricNameBytes &&
                          std::all_of(name.begin(), name.end(),
                                      [](char c) { return is_lower_or_digit(c) || c == '_'; });
    if (!is_legal) {
      return invalid_argument("metric " + std::to_string(i + 1) +
                              ": a name has 1 to 64 lower-case letters, digits and '_'");
    }
    if (!seen.insert(name).second) return invalid_argument("metric '" + name + "' occurs twice");
  }
  return {};
}

Status check_train(const TrainSettings& train) {
  if (!(train.learning_rate > 0 && train.learning_rate <= kLargestSetting)) {
    return invalid_argument("learning_rate is above 0 and at most 1e6, not " +
                            text_of_number(train.learning_rate));
  }
  COVEY_RETURN_IF_ERROR(check_fraction("momentum", train.momentum));
  if (train.momentum != 0 && train.optimizer != Optimizer::kSgd) {
    return invalid_argument("momentum is for the optimizer sgd; with " +
                            std::string(name_of(train.optimizer)) + " it is 0, not " +
                            text_of_number(train.momentum));
  }
  COVEY_RETURN_IF_ERROR(check_not_negative("weight_decay", train.weight_decay));
  COVEY_RETURN_IF_ERROR(check_not_negative("fedprox_mu", train.fedprox_mu));
  COVEY_RETURN_IF_ERROR(check_not_negative("gradient_clip", train.gradient_clip));
  if (train.batch_size != kAllExamples) {
    COVEY_RETURN_IF_ERROR(check_count("batch_size", train.batch_size, 1, kMaxBatchSize));
  }
  COVEY_RETURN_IF_ERROR(check_count("epochs", train.epochs, 0, kMaxEpochs));
  COVEY_RETURN_IF_ERROR(check_count("steps", train.steps, 0, kMaxSteps));
  if ((train.epochs == 0) == (train.steps == 0)) {
    return invalid_argument("exactly one of epochs and steps is above 0; epochs is " +
                            std::to_string(train.epochs) + ", steps is " +
                            std::to_string(train.steps));
  }
  return {};
}

// A sum of one is that one's vector.
Status check_secure(const SecureSettings& secure, std::uint64_t max_devices) {
  const std::uint32_t least = secure.masking == Masking::kPlain ? 1 : 2;
  COVEY_RETURN_IF_ERROR(
      check_count("minimum_devices", secure.minimum_devices, least, secagg::kMaxGroupDevices));
  COVEY_RETURN_IF_ERROR(
      check_count("minimum_survivors", secure.minimum_survivors, least, secure.minimum_devices));
  if (secure.minimum_devices > max_devices) {
    return invalid_argument("minimum_devices is " + std::to_string(secure.minimum_devices) +
                            ", above max_devices, the devices of the largest group, which is " +
                            std::to_string(max_devices));
  }
  COVEY_RETURN_IF_ERROR(check_fraction("corrupt_fraction", secure.corrupt_fraction));
  COVEY_RETURN_IF_ERROR(check_fraction("dropout_fraction", secure.dropout_fraction));
  COVEY_RETURN_IF_ERROR(check_count("security_bits", secure.security_bits, 1, kMaxBits));
  return check_count("completion_bits", secure.completion_bits, 1, kMaxBits);
}

}  // namespace

std::string_view name_of(Purpose purpose) { return name_in(kPurposes, purpose); }
std::string_view name_of(Optimizer optimizer) { return name_in(kOptimizers, optimizer); }
std::string_view name_of(Loss loss) { return name_in(kLosses, loss); }
std::string_view name_of(Masking masking) { return name_in(kMaskings, masking); }

std::optional<Optimizer> optimizer_from_name(std::string_view name) {
  return find_name<Optimizer>(kOptimizers, name);
}
std::optional<Loss> loss_from_name(std::string_view name) { return find_name<Loss>(kLosses, name); }
std::optional<Masking> masking_from_name(std::string_view name) {
  return find_name<Masking>(kMaskings, name);
}

Status validate_task_name(std::string_view name) {
  const bool is_legal = !name.empty() && name.size() <= kMaxTaskNameBytes && name.front() != '-' &&
                        std::all_of(name.begin(), name.end(),
                                    [](char c) { return is_lower_or_digit(c) || c == '-'; });
  if (is_legal) return {};
  return invalid_argument(
      "a task's name has 1 to 64 lower-case letters, digits and '-', and does not begin with '-'");
}

Status Plan::validate() const {
  COVEY_RETURN_IF_ERROR(validate_task_name(task));
  COVEY_RETURN_IF_ERROR(check_model_name(model));
  COVEY_RETURN_IF_ERROR(check_train(train));
  COVEY_RETURN_IF_ERROR(check_metrics(metrics));
  if (codec.metrics != metrics.size()) {
    return invalid_argument("the codec has " + std::to_string(codec.metrics) +
                            " metrics, but the plan names " + std::to_string(metrics.size()));
  }
  if (purpose == Purpose::kTrain && manifest.flat_length() == 0) {
    return invalid_argument(
        "the manifest has no element that is trained or a float buffer; there is nothing to train");
  }
  COVEY_RETURN_IF_ERROR(check_not_negative("buffer_range", codec.buffer_range));
  COVEY_RETURN_IF_ERROR(check_secure(secure, codec.max_devices));
  COVEY_ASSIGN_OR_RETURN([[maybe_unused]] const auto parameters, codec_parameters());
  const std::size_t size_bytes = to_bytes().size();
  if (size_bytes > kMaxPlanBytes) {
    return invalid_argument("a plan has at most " + std::to_string(kMaxPlanBytes) +
                            " bytes; with this manifest it has " + std::to_string(size_bytes));
  }
  return {};
}

Result<ring::Manifest> Plan::aggregated() const {
  if (purpose == Purpose::kTrain) return manifest;
  return ring::Manifest::create({});
}

Result<ring::CodecParameters> Plan::codec_parameters() const {
  COVEY_ASSIGN_OR_RETURN(const ring::Manifest summed, aggregated());
  ring::CodecSettings settings = codec;
  if (purpose == Purpose::kEvaluate) settings.buffer_range = 0;  // no buffers to range over
  return ring::CodecParameters::create(summed, settings);
}

}  // namespace covey::plan
