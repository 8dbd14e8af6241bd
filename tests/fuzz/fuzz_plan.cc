// Plan::from_bytes is total, to_bytes gives back what it took, and what is taken can be worked
// with: a plan comes from a coordinator that may lie.

#include "covey/aggregation/plan/plan.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {

std::vector<Bytes> seeds() {
  plan::Plan plan;
  plan.task = "digits";
  plan.model = "linear";
  auto manifest =
      ring::Manifest::create({{"weight", ring::DType::kF32, {4, 3}, ring::Role::kTrain},
                              {"mean", ring::DType::kF32, {3}, ring::Role::kFloatBuffer}});
  COVEY_CHECK(manifest.has_value());  // it is legal
  plan.manifest = std::move(*manifest);
  plan.metrics = {"loss", "accuracy"};
  plan.codec.max_devices = 20;
  plan.codec.max_weight = 100;
  plan.codec.metrics = 2;
  plan.codec.buffer_range = 1;
  std::vector<Bytes> out{plan.to_bytes()};
  plan.codec.rotation_seed = Digest{7};
  plan.purpose = plan::Purpose::kEvaluate;
  out.push_back(plan.to_bytes());
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  const ByteView bytes(data, size);
  const auto plan = plan::Plan::from_bytes(bytes);
  if (!plan) return 0;
  COVEY_CHECK(std::ranges::equal(plan->to_bytes(), bytes));  // one form only
  COVEY_CHECK(plan->validate().has_value());
  const auto aggregated = plan->aggregated();
  COVEY_CHECK(aggregated.has_value());
  const auto codec = plan->codec_parameters();
  if (codec) COVEY_CHECK(codec->shape().length == aggregated->flat_length());
  return 0;
}
