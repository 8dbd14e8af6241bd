#pragma once

#include <optional>
#include <string>
#include <vector>

#include "covey/aggregation/ring/codec_parameters.h"
#include "covey/aggregation/ring/manifest.h"
#include "covey/aggregation/secagg/parameter_finder.h"

namespace covey::plan {

enum class Purpose : std::uint8_t {
  kTrain = 1,     // differences and metrics
  kEvaluate = 2,  // metrics only: the ring vector has no elements
};
enum class Optimizer : std::uint8_t { kSgd = 1, kAdam = 2, kAdamW = 3 };
enum class Loss : std::uint8_t { kCrossEntropy = 1, kMeanSquared = 2 };
enum class Masking : std::uint8_t {
  kSecure = 1,
  kPlain = 2,  // the ring vector in clear: simulations only; no device agent takes it
};
std::string_view name_of(Purpose purpose);  // "train"
std::string_view name_of(Optimizer optimizer);
std::string_view name_of(Loss loss);
std::string_view name_of(Masking masking);
std::optional<Optimizer> optimizer_from_name(std::string_view name);
std::optional<Loss> loss_from_name(std::string_view name);
std::optional<Masking> masking_from_name(std::string_view name);

// As a batch size: all examples of a device are one batch.
inline constexpr std::uint32_t kAllExamples = ~std::uint32_t{0};

// What a device does with its data.
struct TrainSettings {
  Optimizer optimizer = Optimizer::kSgd;
  double learning_rate = 0.05;
  double momentum = 0;  // SGD
  double weight_decay = 0;
  double fedprox_mu = 0;     // [Li20] "Federated Optimization in Heterogeneous Networks", §3.2
  double gradient_clip = 0;  // global L2 norm of one step's gradient; 0: none
  std::uint32_t batch_size = 20;  // or kAllExamples
  std::uint32_t epochs = 1;       // exactly one of epochs and steps is above 0
  std::uint32_t steps = 0;
  Loss loss = Loss::kCrossEntropy;
  bool operator==(const TrainSettings&) const = default;
};

// What a device checks against the policy that its app pins, before it works.
struct SecureSettings {
  Masking masking = Masking::kSecure;
  std::uint32_t minimum_devices = 10;   // in a group
  std::uint32_t minimum_survivors = 5;  // in the sum
  double corrupt_fraction = 0.05;       // γ
  double dropout_fraction = 0.1;        // δ
  secagg::Coordinator coordinator = secagg::Coordinator::kLying;
  std::uint32_t security_bits = 40;    // σ
  std::uint32_t completion_bits = 20;  // η
  bool operator==(const SecureSettings&) const = default;
};

// What one round asks of a device. A blob: its digest is the SHA-256 of `to_bytes`, and everything
// that a device signs or derives in the round is bound to it.
struct Plan {
  std::string task;
  Purpose purpose = Purpose::kTrain;
  std::string model;  // the architecture's name, which the device's trainer knows
  ring::Manifest manifest;
  TrainSettings train;
  ring::CodecSettings codec;         // codec.metrics == metrics.size()
  std::vector<std::string> metrics;  // by their lane: "train_loss", "loss", "accuracy", …
  SecureSettings secure;

  // kInvalidArgument, naming the setting, what was found and what is legal.
  Status validate() const;

  // What is aggregated: the manifest, or no tensors for an evaluation.
  Result<ring::Manifest> aggregated() const;
  // Of `aggregated`; the proof that no sum over the plan's devices can leave the ring.
  Result<ring::CodecParameters> codec_parameters() const;

  // A format of our own with a number in front, not protobuf: a device must refuse what it does not
  // understand, not skip it. from_bytes: kDataLoss when damaged, kUnimplemented for a newer format,
  // else as `validate`.
  Bytes to_bytes() const;
  static Result<Plan> from_bytes(ByteView bytes);
};

inline constexpr std::size_t kMaxPlanBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMaxModelNameBytes = 64;
inline constexpr std::size_t kMaxMetrics = 64;

// [a-z0-9-], 1 to 64, not beginning with '-'.
Status validate_task_name(std::string_view name);

}  // namespace covey::plan
