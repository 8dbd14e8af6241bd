#include "integration/lying/offer.h"

#include "covey/crypto/digest.h"

namespace covey::testing {

std::optional<Offer> Offer::of(const Scene& scene, const federation::Assignment& assignment) {
  const auto plan = scene.blobs.find(assignment.plan.digest);
  const auto model = scene.blobs.find(assignment.model.digest);
  if (plan == scene.blobs.end() || model == scene.blobs.end()) return std::nullopt;
  return Offer{
      assignment.round, plan::Plan::from_bytes(plan->second).value(), {}, model->second, 0, 0};
}

federation::Assignment Offer::make(Scene& scene) const {
  const Bytes written = plan_blob.empty() ? plan.to_bytes() : plan_blob;
  const Digest plan_digest = crypto::sha256(written);
  const Digest model_digest = crypto::sha256(model_blob);
  scene.blobs[plan_digest] = written;
  scene.blobs[model_digest] = model_blob;
  return {round,
          {plan_digest, plan_bytes == 0 ? written.size() : plan_bytes},
          {model_digest, model_bytes == 0 ? model_blob.size() : model_bytes}};
}

}  // namespace covey::testing
