#include "integration/lying/lie.h"

// Survivor sets that are not the one that everybody else is told.
namespace covey::testing {

using namespace secagg;
using wire::NeighbourBoxes;
using wire::Survivors;

namespace {

// All but these many, of which the victim is none.
Survivors without_neighbours(const Scene& scene, std::uint32_t count) {
  const wire::Roster& roster = *scene.roster;
  const NeighbourGraph graph(roster.parameters);
  Survivors message{Bitmap(roster.parameters.devices)};
  message.survivors.insert(roster.position);
  for (std::uint32_t slot = count; slot < graph.degree(); ++slot) {
    message.survivors.insert(graph.neighbour(roster.position, slot));
  }
  return message;
}

MakeLie missing(std::uint32_t count) {
  return altered<Survivors>(
      [count](const Scene& scene, Survivors& m) { m = without_neighbours(scene, count); });
}

// Says that one neighbour did not share, which the victim has to believe, and then that it survived
// all the same. What the victim sends in between lacks a mask: the sum that has it is noise.
class NeverShared final : public Lie {
 public:
  std::optional<Bytes> message(Scene&, const wire::CoordinatorMessage& truth) override {
    const auto* boxes = std::get_if<NeighbourBoxes>(&truth);
    if (boxes == nullptr) return std::nullopt;  // the survivors are told as they are
    NeighbourBoxes lie{Bitmap(boxes->shared.size()), boxes->boxes};
    for (std::size_t slot = 0; slot + 1 < lie.shared.size(); ++slot) lie.shared.insert(slot);
    lie.boxes.resize(lie.boxes.size() - wire::kBoxBytes);
    return wire::encode(lie);
  }
};

// The victim alone is told that one neighbour did not survive, and signs that; the federation does
// not get its signature. Then come the others' signatures: honest ones over what they were told,
// and those of accomplices over whatever is wanted.
class SplitSurvivors final : public Lie {
 public:
  enum class Signers { kOthersAndOne, kOneAlone, kAccomplicesAndTheMissing };
  explicit SplitSurvivors(Signers signers) : signers_(signers) {}

  std::optional<Bytes> message(Scene& scene, const wire::CoordinatorMessage& truth) override {
    if (survivors_ || !std::holds_alternative<Survivors>(truth)) return std::nullopt;
    survivors_ = without_neighbours(scene, 1);
    return wire::encode(*survivors_);
  }
  std::optional<federation::SendReply> sent(Scene& scene,
                                            const wire::DeviceMessage& message) override {
    if (!survivors_ || std::holds_alternative<wire::Refuse>(message)) return std::nullopt;
    if (!std::holds_alternative<wire::SurvivorsSignature>(message)) return std::nullopt;
    return federation::SendReply(federation::Accepted{scene.epoch});
  }
  std::optional<federation::ReceiveReply> received(Scene& scene) override {
    if (!survivors_) return std::nullopt;
    const std::uint32_t degree = scene.roster->parameters.degree;
    wire::UnmaskRequest request{Bitmap(degree), {}};
    for (std::uint32_t slot = 0; slot < degree; ++slot) {
      const auto signature = signature_of(scene, slot);
      if (!signature) continue;
      request.signers.insert(slot);
      request.signatures.push_back(*signature);
    }
    const bool is_enough = signers_ == Signers::kOneAlone ||
                           request.signatures.size() >= scene.roster->parameters.threshold;
    if (!is_enough) return federation::ReceiveReply(kSoon);  // they have not all signed yet
    return federation::ReceiveReply(federation::GroupMessage{scene.epoch, wire::encode(request)});
  }

 private:
  // The neighbour in slot 0 is the one that is said to be missing.
  std::optional<crypto::Signature> signature_of(const Scene& scene, std::uint32_t slot) const {
    const auto own = [&] {
      return scene.sign_survivors(survivors_->survivors, scene.neighbour(slot), scene.group.group);
    };
    switch (signers_) {
      case Signers::kOneAlone:
        return slot == 1 ? std::optional(own()) : std::nullopt;
      case Signers::kOthersAndOne:
        return slot == 1 ? own() : scene.said.at(scene.neighbour(slot)).signature;
      case Signers::kAccomplicesAndTheMissing:
        break;
    }
    return slot < scene.roster->parameters.threshold ? std::optional(own()) : std::nullopt;
  }

  const Signers signers_;
  std::optional<Survivors> survivors_;
};

MakeLie split(SplitSurvivors::Signers signers) {
  return [signers] { return std::make_unique<SplitSurvivors>(signers); };
}

// After the victim has given one seed's share of each device: once more, with one of the survivors
// among the vanished, for a share of its other seed.
Bytes both_seeds(const Scene& scene, const wire::UnmaskRequest&) {
  return wire::encode(without_neighbours(scene, 1));
}

}  // namespace

Lies survivor_lies() {
  return {
      {"survivors under the policy", missing(2)},
      {"survivors under the threshold", missing(3)},
      {"survivors without the victim", altered<Survivors>([](const Scene& scene, Survivors& m) {
         const wire::Roster& roster = *scene.roster;
         m.survivors = Bitmap(roster.parameters.devices);
         for (Position position = 0; position < roster.parameters.devices; ++position) {
           if (position != roster.position) m.survivors.insert(position);
         }
       })},
      {"survivors beyond the roster",
       altered<Survivors>([](const Scene&, Survivors& m) { m.survivors = Bitmap(64); })},
      {"a survivor that never shared", [] { return std::make_unique<NeverShared>(); }},
      {"a second survivor set", followed_by<Survivors>([](const Scene& scene, Survivors& m) {
         m = without_neighbours(scene, 1);
       })},
      {"both seeds of a device", afterwards<wire::UnmaskRequest>(both_seeds)},
      {"split survivors", split(SplitSurvivors::Signers::kOthersAndOne)},
      {"split survivors, an accomplice's signature alone",
       split(SplitSurvivors::Signers::kOneAlone)},
      {"split survivors, signed by the missing one too",
       split(SplitSurvivors::Signers::kAccomplicesAndTheMissing)},
  };
}

}  // namespace covey::testing
