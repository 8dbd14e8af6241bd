#include "integration/lying/lying_api.h"

#include "covey/crypto/digest.h"
#include "integration/world/process.h"

namespace covey::testing {

using namespace coordinator;
using namespace federation;
namespace wire = secagg::wire;

namespace {

// Rounds follow one another at once: the tests have many of them.
constexpr Milliseconds kComeBack{50};

RoundOver over_stopped() {
  RoundOver over;
  over.reason = "stopped";
  return over;
}

class BytesReader final : public BlobReader {
 public:
  explicit BytesReader(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size_bytes() const override { return bytes_.size(); }
  Status read(std::uint64_t offset, MutableByteView out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return Error{ErrorCode::kOutOfRange, "past the end of the blob"};
    }
    std::ranges::copy(ByteView(bytes_).subspan(offset, out.size()), out.begin());
    return {};
  }

 private:
  const Bytes bytes_;
};

Result<Bytes> whole(const BlobReader& blob) {
  Bytes bytes(blob.size_bytes());
  COVEY_RETURN_IF_ERROR(blob.read(0, bytes));
  return bytes;
}

// For something that the lie needs: not a lie yet.
bool is_waiting(const ReceiveReply& reply) {
  const auto* later = std::get_if<ComeBack>(&reply);
  return later != nullptr && later->epoch == 0;
}

std::string words_of(const wire::DeviceMessage& message) {
  constexpr const char* kWords[] = {"advertisement", "boxes", "masked", "signature", "shares"};
  if (const auto* refuse = std::get_if<wire::Refuse>(&message)) {
    return "refuse: " + std::string(name_of(refuse->reason));
  }
  return kWords[message.index()];
}

}  // namespace

LyingApi::LyingApi(DeviceApi& honest, std::string victim, std::filesystem::path pki,
                   std::filesystem::path folder)
    : honest_(honest),
      folder_(std::move(folder)),
      log_(folder_ / "deceit.log", std::ios::app),
      lie_(std::make_unique<Lie>()) {
  scene_.victim = std::move(victim);
  scene_.pki = std::move(pki);
}

void LyingApi::note(const std::string& what) { log_ << name_ << '\t' << what << std::endl; }

void LyingApi::note_said(const std::string& words) {
  if (is_told_) note("said\t" + words);
}

void LyingApi::note_told() {
  is_told_ = true;
  note("told");
}

// An empty name, or one that is none, is the truth: the test sees that nothing is told.
void LyingApi::choose_lie() {
  const std::string name = read_text(folder_ / "lie");
  if (name == name_) return;
  name_ = name;
  is_told_ = false;
  const Lies lies = all_lies();
  const auto found = lies.find(name);
  lie_ = found == lies.end() ? std::make_unique<Lie>() : found->second();
}

void LyingApi::begin_round(const Assignment& assignment, bool is_invented) {
  scene_.assignment = assignment;
  is_assigned_ = true;
  is_invented_ = is_invented;
  is_in_group_ = false;
  heard_.clear();
  truth_.clear();
  note("round\t" + assignment.round.task + " " + std::to_string(assignment.round.round));
}

std::optional<GroupId> LyingApi::end_round() {
  if (!std::exchange(is_assigned_, false)) return std::nullopt;
  note("over");
  if (scene_.roster) scene_.earlier_roster = std::exchange(scene_.roster, {});
  if (scene_.boxes) scene_.earlier_boxes = std::exchange(scene_.boxes, {});
  return is_in_group_ && !is_invented_ ? std::optional(scene_.group) : std::nullopt;
}

void LyingApi::hear_assignment(const std::string& device, CheckInReply& reply) {
  if (auto* later = std::get_if<ComeBack>(&reply)) {
    later->in = std::min(later->in, kComeBack);
    return;
  }
  const Assignment& assignment = std::get<Assignment>(reply);
  if (device == scene_.victim) {
    begin_round(assignment, false);
  } else {
    scene_.rounds[assignment.round.task] = assignment;
  }
}

void LyingApi::check_in(const Peer& peer, CheckInRequest request, Reply<CheckInReply> reply) {
  if (is_victim(peer)) {
    std::optional<GroupId> left;
    std::optional<Assignment> invented;
    {
      const std::lock_guard lock(mutex_);
      left = end_round();
      choose_lie();
      invented = lie_->assignment(scene_);
      if (invented) begin_round(*invented, true);
      if (invented) note_told();
    }
    // A device may end without a word; its group would wait for it.
    if (left) {
      honest_.send(peer, *left, wire::encode(wire::Refuse{secagg::Refusal::kMalformed, {}}),
                   [](const Result<SendReply>&) {});
    }
    if (invented) return reply(CheckInReply(*invented));
  }
  honest_.check_in(peer, std::move(request),
                   [this, device = peer.name, reply = std::move(reply)](Result<CheckInReply> r) {
                     if (r) {
                       const std::lock_guard lock(mutex_);
                       hear_assignment(device, *r);
                     }
                     reply(std::move(r));
                   });
}

void LyingApi::open_blob(const Peer& peer, const Digest& digest,
                         Reply<std::shared_ptr<const BlobReader>> reply) {
  std::optional<Result<Bytes>> own;
  if (is_victim(peer)) {
    const std::lock_guard lock(mutex_);
    own = lie_->blob(scene_, digest);
    if (own) note_told();
    const auto known = scene_.blobs.find(digest);
    if (!own && is_invented_ && known != scene_.blobs.end()) own = known->second;
  }
  if (own && !*own) return reply(own->error());
  if (own) {
    return reply(
        std::shared_ptr<const BlobReader>(std::make_shared<BytesReader>(std::move(**own))));
  }
  honest_.open_blob(
      peer, digest,
      [this, digest, reply = std::move(reply)](Result<std::shared_ptr<const BlobReader>> opened) {
        if (opened) {
          const auto bytes = whole(**opened);
          const std::lock_guard lock(mutex_);
          if (bytes) scene_.blobs[digest] = *bytes;
        }
        reply(std::move(opened));
      });
}

void LyingApi::join(const Peer& peer, RoundId round, Reply<JoinReply> reply) {
  if (!is_victim(peer)) return honest_.join(peer, std::move(round), std::move(reply));
  std::optional<JoinReply> own;
  {
    const std::lock_guard lock(mutex_);
    note_said("join");
    own = lie_->joined(scene_);
    if (own) note_told();
    if (!own && is_invented_) own = over_stopped();
    const auto* in = own ? std::get_if<InGroup>(&*own) : nullptr;
    if (in != nullptr) scene_.enter(in->group);
  }
  if (own) return reply(std::move(*own));
  honest_.join(peer, std::move(round), [this, reply = std::move(reply)](Result<JoinReply> r) {
    const auto* in = r ? std::get_if<InGroup>(&*r) : nullptr;
    if (in != nullptr) {
      const std::lock_guard lock(mutex_);
      is_in_group_ = true;
      scene_.enter(in->group);
    }
    reply(std::move(r));
  });
}

void LyingApi::hear_message(const std::string& device, const GroupId& group, ByteView message) {
  Said& said = scene_.said[device];
  if (said.group != group) said = Said{group, {}, 0, {}, {}};
  const auto decoded = wire::decode_device_message(message, said.degree);
  if (!decoded) return;
  if (const auto* own = std::get_if<secagg::Advertisement>(&*decoded)) said.advertisement = *own;
  if (const auto* own = std::get_if<wire::ShareBoxes>(&*decoded)) said.boxes = own->boxes;
  if (const auto* own = std::get_if<wire::SurvivorsSignature>(&*decoded)) {
    said.signature = own->signature;
  }
}

std::optional<SendReply> LyingApi::answer_victim(const GroupId& group, ByteView message) {
  const auto decoded = wire::decode_device_message(message, scene_.said[scene_.victim].degree);
  const bool is_new = heard_.insert(to_bytes(message)).second;
  note_said((decoded ? words_of(*decoded) : "what is no message of the protocol") +
            std::string(is_new ? "" : " again"));
  hear_message(scene_.victim, group, message);
  std::optional<SendReply> own;
  if (decoded) own = lie_->sent(scene_, *decoded);
  if (!own && is_invented_) own = over_stopped();
  return own;
}

void LyingApi::send(const Peer& peer, GroupId group, Bytes message, Reply<SendReply> reply) {
  std::optional<SendReply> own;
  {
    const std::lock_guard lock(mutex_);
    if (is_victim(peer)) {
      own = answer_victim(group, message);
    } else {
      hear_message(peer.name, group, message);
    }
  }
  if (own) return reply(std::move(*own));
  honest_.send(peer, std::move(group), std::move(message),
               [this, reply = std::move(reply)](Result<SendReply> r) {
                 if (const auto* accepted = r ? std::get_if<Accepted>(&*r) : nullptr) {
                   const std::lock_guard lock(mutex_);
                   scene_.epoch = accepted->epoch;
                 }
                 reply(std::move(r));
               });
}

// `message`: the federation's, to the victim.
void LyingApi::lie_in_message(Bytes& message) {
  const auto parameters = scene_.roster ? scene_.roster->parameters : secagg::GroupParameters{};
  const auto truth = wire::decode_coordinator_message(message, parameters);
  if (!truth) return;
  if (const auto* roster = std::get_if<wire::Roster>(&*truth)) scene_.roster = *roster;
  if (const auto* boxes = std::get_if<wire::NeighbourBoxes>(&*truth)) scene_.boxes = *boxes;
  auto lie = lie_->message(scene_, *truth);
  if (!lie) return;
  truth_[crypto::sha256(*lie)] = crypto::sha256(message);
  message = std::move(*lie);
  note_told();
}

void LyingApi::hear_answer(const std::string& device, ReceiveReply& reply) {
  auto* const said = std::get_if<GroupMessage>(&reply);
  if (said == nullptr) return;
  const auto roster = wire::decode_coordinator_message(said->message, {});
  if (roster && std::holds_alternative<wire::Roster>(*roster)) {
    scene_.said[device].degree = std::get<wire::Roster>(*roster).parameters.degree;
  }
  if (device == scene_.victim && !is_invented_) lie_in_message(said->message);
}

void LyingApi::receive(const Peer& peer, ReceiveRequest request, Reply<ReceiveReply> reply) {
  std::optional<ReceiveReply> own;
  if (is_victim(peer)) {
    const std::lock_guard lock(mutex_);
    own = lie_->received(scene_);
    if (own && !is_waiting(*own)) note_told();
    if (own) hear_answer(peer.name, *own);
    if (!own && is_invented_) own = over_stopped();
    // The federation is to take what was told in the place of its message for that message.
    const auto truth = request.seen ? truth_.find(*request.seen) : truth_.end();
    if (truth != truth_.end()) request.seen = truth->second;
  }
  if (own) return reply(std::move(*own));
  honest_.receive(peer, std::move(request),
                  [this, device = peer.name, reply = std::move(reply)](Result<ReceiveReply> r) {
                    if (r) {
                      const std::lock_guard lock(mutex_);
                      hear_answer(device, *r);
                    }
                    reply(std::move(r));
                  });
}

void LyingApi::decline(const Peer& peer, RoundId round, DeclineReason reason,
                       Reply<std::monostate> reply) {
  if (is_victim(peer)) {
    bool is_invented = false;
    {
      const std::lock_guard lock(mutex_);
      note_said("decline: " + std::string(name_of(reason)));
      is_invented = is_invented_;
    }
    if (is_invented) return reply(std::monostate());
  }
  honest_.decline(peer, std::move(round), reason, std::move(reply));
}

}  // namespace covey::testing
