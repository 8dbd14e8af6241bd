#include "integration/lying/offer.h"

// Work that a device must not begin, and blobs that are not what they are said to be.
namespace covey::testing {

using federation::Assignment;

namespace {

// Far beyond the rounds that there are: a device enters no round that it declines.
constexpr std::uint64_t kAhead = 1'000;

// Something like the victim's last round.
class Invented final : public Lie {
 public:
  explicit Invented(std::function<void(Offer&)> change) : change_(std::move(change)) {}
  std::optional<Assignment> assignment(Scene& scene) override {
    if (is_told_) return std::nullopt;
    auto offer = Offer::of(scene, scene.assignment);
    if (!offer) return std::nullopt;
    is_told_ = true;
    offer->round.round += kAhead;
    change_(*offer);
    return offer->make(scene);
  }

 private:
  std::function<void(Offer&)> change_;
  bool is_told_ = false;
};

MakeLie invented(std::function<void(Offer&)> change) {
  return [change = std::move(change)] { return std::make_unique<Invented>(change); };
}
MakeLie planned(std::function<void(plan::Plan&)> change) {
  return invented([change = std::move(change)](Offer& offer) { change(offer.plan); });
}
MakeLie secured(std::function<void(plan::SecureSettings&)> change) {
  return invented([change = std::move(change)](Offer& offer) { change(offer.plan.secure); });
}

// The last round that the victim has been in, or so many before it.
class Replayed final : public Lie {
 public:
  explicit Replayed(std::uint64_t earlier) : earlier_(earlier) {}
  std::optional<Assignment> assignment(Scene& scene) override {
    if (is_told_ || scene.assignment.round.round <= earlier_) return std::nullopt;
    is_told_ = true;
    Assignment again = scene.assignment;
    again.round.round -= earlier_;
    return again;
  }

 private:
  const std::uint64_t earlier_;
  bool is_told_ = false;
};

MakeLie replayed(std::uint64_t earlier) {
  return [earlier] { return std::make_unique<Replayed>(earlier); };
}

// Serves something else, once; when it is asked for again, there is no such blob.
class OtherBlob final : public Lie {
 public:
  enum class Which { kPlan, kModel };
  OtherBlob(Which which, std::function<void(Bytes&)> change)
      : which_(which), change_(std::move(change)) {}
  std::optional<Assignment> assignment(Scene& scene) override {
    if (assigned_) return std::nullopt;
    auto offer = Offer::of(scene, scene.assignment);
    if (!offer) return std::nullopt;
    offer->round.round += kAhead;
    // A new one: the server keeps the digests of parts that it has served.
    if (which_ == Which::kPlan) offer->plan.train.learning_rate /= 2;
    if (which_ == Which::kModel) offer->model_blob.back() ^= 2;
    return assigned_ = offer->make(scene);
  }
  std::optional<Result<Bytes>> blob(Scene& scene, const Digest& digest) override {
    if (!assigned_) return std::nullopt;
    if (digest != (which_ == Which::kPlan ? assigned_->plan : assigned_->model).digest) {
      return std::nullopt;
    }
    if (std::exchange(is_served_, true)) {
      return Result<Bytes>(Error{ErrorCode::kNotFound, "no open round has this"});
    }
    Bytes bytes = scene.blobs.at(digest);
    change_(bytes);
    return Result<Bytes>(std::move(bytes));
  }

 private:
  const Which which_;
  std::function<void(Bytes&)> change_;
  std::optional<Assignment> assigned_;
  bool is_served_ = false;
};

MakeLie served(OtherBlob::Which which, std::function<void(Bytes&)> change) {
  return [=] { return std::make_unique<OtherBlob>(which, change); };
}

void flip_last(Bytes& bytes) { bytes.back() ^= 1; }
void lengthen(Bytes& bytes) { bytes.push_back(0); }
void shorten(Bytes& bytes) { bytes.pop_back(); }

plan::Plan with_other_model(const plan::Plan& plan) {
  plan::Plan other = plan;
  other.manifest =
      ring::Manifest::create({{"spy", ring::DType::kF32, {1}, ring::Role::kTrain}}).value();
  return other;
}

Lies of_plans() {
  return {
      {"masking in clear", secured([](auto& it) { it.masking = plan::Masking::kPlain; })},
      {"minimum_devices under the policy", secured([](auto& it) { --it.minimum_devices; })},
      {"minimum_survivors under the policy", secured([](auto& it) { --it.minimum_survivors; })},
      {"corrupt_fraction under the policy", secured([](auto& it) { it.corrupt_fraction = 0.1; })},
      {"security_bits under the policy", secured([](auto& it) { it.security_bits = 20; })},
      {"a coordinator that is trusted",
       secured([](auto& it) { it.coordinator = secagg::Coordinator::kCurious; })},
      {"a task that is not allowed",
       invented([](Offer& offer) { offer.round.task = offer.plan.task = "spying"; })},
      {"a plan of another task", planned([](plan::Plan& plan) { plan.task = "apart"; })},
      {"a plan of another model", planned([](plan::Plan& plan) { plan = with_other_model(plan); })},
      {"a plan that is damaged",
       invented([](Offer& offer) { shorten(offer.plan_blob = offer.plan.to_bytes()); })},
      {"a plan that is too large",
       invented([](Offer& offer) { offer.plan_bytes = plan::kMaxPlanBytes + 1; })},
      {"a model that is damaged", invented([](Offer& offer) { shorten(offer.model_blob); })},
      {"a model that is too large",
       invented([](Offer& offer) { offer.model_bytes = std::uint64_t{1} << 40; })},
  };
}

}  // namespace

Lies assignment_lies() {
  Lies all = of_plans();
  all.merge(Lies{
      {"a round again", replayed(0)},
      {"an earlier round again", replayed(2)},
      {"another plan under its digest", served(OtherBlob::Which::kPlan, flip_last)},
      {"another model under its digest", served(OtherBlob::Which::kModel, flip_last)},
      {"a model longer than was said", served(OtherBlob::Which::kModel, lengthen)},
      {"a model shorter than was said", served(OtherBlob::Which::kModel, shorten)},
  });
  return all;
}

}  // namespace covey::testing
