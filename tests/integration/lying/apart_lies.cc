#include "covey/crypto/digest.h"
#include "integration/lying/offer.h"

// A round of the task `apart`, whose devices are told the truth; the victim, which is none of them,
// is told something else of it, and then shown their advertisements as if they were in one group.
namespace covey::testing {

using namespace secagg;
using federation::Assignment;

namespace {

constexpr std::size_t kOthers = 6;
constexpr std::uint32_t kThreshold = 5;  // what the victim's policy asks for with all of them
constexpr std::uint64_t kEpoch = 1;

struct Difference {
  std::function<void(Offer&)> change = [](Offer&) {};
  std::uint32_t group = 0;
};

class Apart final : public Lie {
 public:
  explicit Apart(Difference difference) : difference_(std::move(difference)) {}

  std::optional<Assignment> assignment(Scene& scene) override {
    const auto newest = scene.rounds.find("apart");
    if (is_told_ || newest == scene.rounds.end()) return std::nullopt;
    if (newest->second.round.round <= scene.lied_about_apart) return std::nullopt;  // not begun yet
    auto offer = Offer::of(scene, newest->second);
    if (!offer || scene.line_up({newest->second.round, 0}).size() < kOthers) return std::nullopt;
    is_told_ = true;
    scene.lied_about_apart = newest->second.round.round;
    others_ = {newest->second.round, 0};
    difference_.change(*offer);
    return offer->make(scene);
  }
  std::optional<federation::JoinReply> joined(Scene&) override {
    if (!is_told_) return std::nullopt;
    return federation::JoinReply(federation::InGroup{difference_.group});
  }
  std::optional<federation::SendReply> sent(Scene&, const wire::DeviceMessage&) override {
    if (!is_told_) return std::nullopt;
    return federation::SendReply(federation::Accepted{kEpoch});
  }
  std::optional<federation::ReceiveReply> received(Scene& scene) override {
    if (!is_told_ || has_roster_) return std::nullopt;  // then the round is over
    has_roster_ = true;
    Scene::LineUp all = scene.line_up(others_);
    all[scene.victim] = scene.said.at(scene.victim).advertisement.value();
    return federation::ReceiveReply(
        federation::GroupMessage{kEpoch, wire::encode(scene.roster_of(all, kThreshold))});
  }

 private:
  const Difference difference_;
  federation::GroupId others_;
  bool is_told_ = false;
  bool has_roster_ = false;
};

MakeLie apart(Difference difference) {
  return [difference = std::move(difference)] { return std::make_unique<Apart>(difference); };
}
MakeLie replanned(std::function<void(plan::Plan&)> change) {
  return apart({[change = std::move(change)](Offer& offer) { change(offer.plan); }});
}

// Before the victim has sent a byte for the round.
class OverAtJoin final : public Lie {
 public:
  std::optional<Assignment> assignment(Scene& scene) override {
    if (std::exchange(is_told_, true)) return std::nullopt;
    auto offer = Offer::of(scene, scene.assignment).value();
    offer.round.task = offer.plan.task = "elsewhere";
    return offer.make(scene);
  }
  std::optional<federation::JoinReply> joined(Scene&) override {
    return federation::JoinReply(
        federation::RoundOver{true, true, crypto::sha256(view_of("no model")), {}});
  }

 private:
  bool is_told_ = false;
};

}  // namespace

Lies apart_lies() {
  return {
      {"nothing but the truth, apart", apart({})},
      {"another plan than the others'",
       replanned([](plan::Plan& plan) { plan.train.learning_rate *= 2; })},
      {"another model than the others'",
       apart({[](Offer& offer) { offer.model_blob.back() ^= 1; }})},
      {"another ring than the others'",
       replanned([](plan::Plan& plan) { plan.codec.quantization_bits -= 1; })},
      {"other counters than the others'", replanned([](plan::Plan& plan) {
         plan.metrics = {"loss", "accuracy"};
         plan.codec.metrics = 2;
       })},
      {"another length than the others'",
       replanned([](plan::Plan& plan) { plan.purpose = plan::Purpose::kEvaluate; })},
      {"another group than the others'", apart({[](Offer&) {}, 7})},
      {"another task than the others'",
       apart({[](Offer& offer) { offer.round.task = offer.plan.task = "elsewhere"; }})},
      {"another round than the others'", apart({[](Offer& offer) { ++offer.round.round; }})},
      {"over with the victim in it, when it joins", [] { return std::make_unique<OverAtJoin>(); }},
  };
}

}  // namespace covey::testing
