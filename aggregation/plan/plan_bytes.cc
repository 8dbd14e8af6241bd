#include <bit>

#include "covey/aggregation/plan/plan.h"
#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"

// A plan's bytes: the format's number, then every setting in the order of the structs, integers
// little-endian, doubles as their bits, lists and text behind their length, an optional behind one
// byte 0 or 1. One plan has one form: what `from_bytes` takes, `to_bytes` gives back.

namespace covey::plan {
namespace {

constexpr std::uint16_t kFormat = 1;
constexpr std::uint8_t kL2Clip = 1;
constexpr std::uint8_t kRangeClip = 2;
constexpr std::uint8_t kCurious = 1;
constexpr std::uint8_t kLying = 2;

class PlanWriter : public ByteWriter {
 public:
  void real(double value) { u64(std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view value) { sized(view_of(value)); }
  template <typename Enum>
  void choice(Enum value) {
    u8(static_cast<std::uint8_t>(value));
  }

  void train(const TrainSettings& train) {
    choice(train.optimizer);
    real(train.learning_rate);
    real(train.momentum);
    real(train.weight_decay);
    real(train.fedprox_mu);
    real(train.gradient_clip);
    u32(train.batch_size);
    u32(train.epochs);
    u32(train.steps);
    choice(train.loss);
  }

  void codec(const ring::CodecSettings& codec) {
    u64(codec.max_devices);
    u64(codec.max_weight);
    u32(codec.quantization_bits);
    u8(codec.ring_bits ? 1 : 0);
    if (codec.ring_bits) u32(*codec.ring_bits);
    if (const auto* l2 = std::get_if<ring::L2Clip>(&codec.clipping)) {
      u8(kL2Clip);
      real(l2->bound);
      u8(l2->coordinate_range ? 1 : 0);
      if (l2->coordinate_range) real(*l2->coordinate_range);
    } else {
      u8(kRangeClip);
      real(std::get<ring::RangeClip>(codec.clipping).range);
    }
    real(codec.buffer_range);
    u8(codec.rotation_seed ? 1 : 0);
    if (codec.rotation_seed) raw(*codec.rotation_seed);
    u32(codec.metrics);
  }

  void secure(const SecureSettings& secure) {
    choice(secure.masking);
    u32(secure.minimum_devices);
    u32(secure.minimum_survivors);
    real(secure.corrupt_fraction);
    real(secure.dropout_fraction);
    u8(secure.coordinator == secagg::Coordinator::kLying ? kLying : kCurious);
    u32(secure.security_bits);
    u32(secure.completion_bits);
  }
};

class PlanReader : public ByteReader {
 public:
  using ByteReader::ByteReader;

  double real() { return std::bit_cast<double>(u64()); }
  std::string text() { return std::string(text_of(sized())); }
  bool flag() {
    const std::uint8_t value = u8();
    if (value > 1) fail();
    return value == 1;
  }
  template <typename Enum>
  Enum choice(Enum last) {  // of 1 … last
    const std::uint8_t value = u8();
    if (value == 0 || value > static_cast<std::uint8_t>(last)) fail();
    return static_cast<Enum>(value);
  }

  TrainSettings train() {
    TrainSettings train;
    train.optimizer = choice(Optimizer::kAdamW);
    train.learning_rate = real();
    train.momentum = real();
    train.weight_decay = real();
    train.fedprox_mu = real();
    train.gradient_clip = real();
    train.batch_size = u32();
    train.epochs = u32();
    train.steps = u32();
    train.loss = choice(Loss::kMeanSquared);
    return train;
  }

  ring::CodecSettings codec() {
    ring::CodecSettings codec;
    codec.max_devices = u64();
    codec.max_weight = u64();
    codec.quantization_bits = u32();
    if (flag()) codec.ring_bits = u32();
    if (choice(kRangeClip) == kL2Clip) {
      ring::L2Clip clip{real(), {}};
      if (flag()) clip.coordinate_range = real();
      codec.clipping = clip;
    } else {
      codec.clipping = ring::RangeClip{real()};
    }
    codec.buffer_range = real();
    if (flag()) codec.rotation_seed = array<32>();
    codec.metrics = u32();
    return codec;
  }

  SecureSettings secure() {
    SecureSettings secure;
    secure.masking = choice(Masking::kPlain);
    secure.minimum_devices = u32();
    secure.minimum_survivors = u32();
    secure.corrupt_fraction = real();
    secure.dropout_fraction = real();
    secure.coordinator =
        choice(kLying) == kLying ? secagg::Coordinator::kLying : secagg::Coordinator::kCurious;
    secure.security_bits = u32();
    secure.completion_bits = u32();
    return secure;
  }

  std::vector<std::string> metrics() {
    const std::uint32_t count = u32();
    if (count > kMaxMetrics) fail();
    std::vector<std::string> metrics;
    for (std::uint32_t i = 0; ok() && i < count; ++i) metrics.push_back(text());
    return metrics;
  }
};

Error damaged(const char* what) {
  return {ErrorCode::kDataLoss, std::string("the plan is damaged: ") + what};
}

}  // namespace

Bytes Plan::to_bytes() const {
  PlanWriter writer;
  writer.u16(kFormat);
  writer.text(task);
  writer.choice(purpose);
  writer.text(model);
  writer.sized(manifest.to_bytes());
  writer.train(train);
  writer.codec(codec);
  writer.u32(static_cast<std::uint32_t>(metrics.size()));
  for (const std::string& metric : metrics) writer.text(metric);
  writer.secure(secure);
  return writer.take();
}

Result<Plan> Plan::from_bytes(ByteView bytes) {
  if (bytes.size() > kMaxPlanBytes) return damaged("it has more bytes than a plan may have");
  PlanReader reader(bytes);
  const std::uint16_t format = reader.u16();
  if (!reader.ok() || format == 0) return damaged("it does not begin with a format's number");
  if (format > kFormat) {
    return Error{ErrorCode::kUnimplemented, "the plan has format " + std::to_string(format) +
                                                ", this program knows formats up to " +
                                                std::to_string(kFormat) + ": update the program"};
  }
  std::string task = reader.text();
  const Purpose purpose = reader.choice(Purpose::kEvaluate);
  std::string model = reader.text();
  const ByteView tensors = reader.sized();
  if (!reader.ok()) return damaged("it is cut short or has a value that has no meaning");
  COVEY_ASSIGN_OR_RETURN(ring::Manifest manifest, ring::Manifest::from_bytes(tensors));
  Plan plan{std::move(task), purpose, std::move(model), std::move(manifest), {}, {}, {}, {}};
  plan.train = reader.train();
  plan.codec = reader.codec();
  plan.metrics = reader.metrics();
  plan.secure = reader.secure();
  COVEY_RETURN_IF_ERROR(reader.finish("the plan"));
  COVEY_RETURN_IF_ERROR(plan.validate());
  return plan;
}

}  // namespace covey::plan
