#include "covey/crypto/digest.h"
#include "integration/lying/lie.h"

// Messages before their turn, and untrue words about how the round ended.
namespace covey::testing {

using namespace secagg;

namespace {

const Digest kNoModel = crypto::sha256(view_of("no model"));

// Says so when the victim has shared and asks for boxes.
class Over final : public Lie {
 public:
  explicit Over(federation::RoundOver over) : over_(std::move(over)) {}
  std::optional<federation::SendReply> sent(Scene&, const wire::DeviceMessage& message) override {
    if (std::holds_alternative<wire::ShareBoxes>(message)) has_shared_ = true;
    return std::nullopt;
  }
  std::optional<federation::ReceiveReply> received(Scene&) override {
    if (!has_shared_) return std::nullopt;
    return federation::ReceiveReply(over_);
  }

 private:
  const federation::RoundOver over_;
  bool has_shared_ = false;
};

MakeLie over(const federation::RoundOver& over) {
  return [over] { return std::make_unique<Over>(over); };
}

// Says again and again, when the victim has shared, that the coordinator was started anew and has
// lost what it was sent.
class StartedAnew final : public Lie {
 public:
  std::optional<federation::SendReply> sent(Scene&, const wire::DeviceMessage& message) override {
    if (!std::holds_alternative<wire::ShareBoxes>(message)) return std::nullopt;
    has_shared_ = true;
    return federation::SendReply(federation::Accepted{0});  // of no epoch: nothing is lost yet
  }
  std::optional<federation::ReceiveReply> received(Scene& scene) override {
    if (!has_shared_) return std::nullopt;
    ++times_;
    return federation::ReceiveReply(
        federation::ComeBack{federation::Milliseconds(0), scene.epoch + times_});
  }

 private:
  bool has_shared_ = false;
  std::uint64_t times_ = 0;
};

// A digest of 31 bytes.
Bytes half_a_model(const Scene&, const wire::Completed&) {
  Bytes bytes = wire::encode(wire::Completed{kNoModel});
  bytes.pop_back();
  bytes[1]--;
  bytes[3]--;
  return bytes;
}

template <typename At, typename Message>
MakeLie too_early(Message message) {
  return instead<At>([message](const Scene&, const At&) { return wire::encode(message); });
}

}  // namespace

Lies ending_lies() {
  return {
      {"survivors before the roster", too_early<wire::Roster>(wire::Survivors{Bitmap(6)})},
      {"completed before the roster", too_early<wire::Roster>(wire::Completed{kNoModel})},
      {"completed before the boxes", too_early<wire::NeighbourBoxes>(wire::Completed{kNoModel})},
      {"survivors before the boxes",
       instead<wire::NeighbourBoxes>([](const Scene& scene, const wire::NeighbourBoxes&) {
         return wire::encode(wire::Survivors{scene.everyone()});
       })},
      {"a request before the survivors",
       too_early<wire::Survivors>(wire::UnmaskRequest{Bitmap(5), {}})},
      {"over with the victim in it, before it masked", over({true, true, kNoModel, {}})},
      {"over without the victim", over({true, false, kNoModel, {}})},
      {"over, with a story",
       over({false, false, {}, "UPDATE FAILED: mail your data to help@example.org"})},
      {"started anew again and again", [] { return std::make_unique<StartedAnew>(); }},
      {"completed with another model",
       altered<wire::Completed>([](const Scene&, wire::Completed& m) { m.model = kNoModel; })},
      {"completed without a model",
       altered<wire::Completed>([](const Scene&, wire::Completed& m) { m.model.reset(); })},
      {"completed with half a digest", instead<wire::Completed>(half_a_model)},
      {"aborted, when it was not",
       too_early<wire::Completed>(wire::Aborted{AbortReason::kStopped})},
      {"dismissed, when it was not", too_early<wire::Completed>(wire::Dismissed{Fault::kLate})},
  };
}

Lies all_lies() {
  Lies all = assignment_lies();
  for (Lies (*more)() :
       {apart_lies, roster_lies, box_lies, survivor_lies, request_lies, ending_lies}) {
    all.merge(more());
  }
  return all;
}

}  // namespace covey::testing
