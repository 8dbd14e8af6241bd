#include "covey/aggregation/secagg/client_session.h"

#include <algorithm>

#include "aggregation/secagg/client_journal.h"
#include "aggregation/secagg/client_phases.h"
#include "covey/crypto/digest.h"

namespace covey::secagg {
namespace {

using namespace client;  // the phases

// The coordinator's messages that a session answers, in the order of the protocol.
constexpr std::size_t kAnswered = 4;
constexpr std::size_t kMaskingPhase = 2;  // from here on its masked vector may have been sent
static_assert(std::is_same_v<std::variant_alternative_t<kMaskingPhase, Phase>, Masking>);
constexpr std::array<Refusal, kAnswered> kSecondMessage = {
    Refusal::kTwoRosters, Refusal::kTwoShareSets, Refusal::kTwoSurvivorSets,
    Refusal::kSecondUnmasking};

Status check(const ClientOptions& options) {
  COVEY_RETURN_IF_ERROR(options.context.validate());
  if (options.signing_key == nullptr || options.verifier == nullptr || options.update == nullptr) {
    return invalid_argument("a client session needs a signing key, a verifier and an update");
  }
  if (!options.update->has_shape(options.context.shape)) {
    return invalid_argument("the update does not have the shape that the context says");
  }
  if (options.certificate_chain.empty() ||
      options.certificate_chain.size() > kMaxCertificateChainBytes) {
    return invalid_argument("a certificate chain has 1 to " +
                            std::to_string(kMaxCertificateChainBytes) + " bytes, not " +
                            std::to_string(options.certificate_chain.size()));
  }
  return {};
}

}  // namespace

class ClientSession::Core {
 public:
  Core(ClientOptions options, SecretKey seed)
      : options_(std::move(options)),
        context_(options_.context.digest()),
        seed_(std::move(seed)),
        layout_(options_.context.shape),
        masker_(options_.context.shape, options_.mask_path),
        phase_(first_phase()) {}

  std::vector<ClientEffect> start();
  std::vector<ClientEffect> receive(ByteView message);
  std::uint32_t chunk_count() const { return layout_.chunk_count(); }
  Result<Bytes> masked_chunk(std::uint32_t index);
  const std::optional<ClientOutcome>& outcome() const { return outcome_; }
  bool may_be_in_sum() const { return !outcome_ && phase_.index() >= kMaskingPhase; }
  std::optional<GroupParameters> parameters() const {
    return parameters_.devices == 0 ? std::nullopt : std::optional(parameters_);
  }
  std::optional<std::uint32_t> survivor_count() const { return survivor_count_; }
  void replayed() { forget_seed(); }

 private:
  Phase first_phase();
  std::vector<ClientEffect> answer(const wire::CoordinatorMessage& message, ByteView bytes);
  template <typename Next>
  std::vector<ClientEffect> move_to(StepOr<Next> step, ByteView bytes);
  std::vector<ClientEffect> repeat(std::size_t kind, const Digest& digest);
  std::vector<ClientEffect> resend() const;
  std::vector<ClientEffect> refuse(const Refused& refused);
  std::vector<ClientEffect> end(ClientOutcome outcome);
  std::optional<Position> position_of(std::optional<std::uint32_t> slot) const;
  // Once it is in the journal: every secret of the session follows from it, also those that a phase
  // has wiped.
  void forget_seed() {
    seed_ = SecretKey();
    is_journaled_ = true;
  }

  ClientOptions options_;
  Digest context_;
  SecretKey seed_;
  VectorLayout layout_;
  Masker masker_;
  GroupParameters parameters_;  // zero before there is a roster
  Position position_ = 0;
  std::array<std::optional<Digest>, kAnswered> seen_;  // digests of the messages answered
  Bytes last_sent_;                                    // empty when it was the masked vector
  std::optional<ClientOutcome> outcome_;
  std::optional<std::uint32_t> survivor_count_;
  bool is_journaled_ = false;
  Phase phase_;
};

Phase ClientSession::Core::first_phase() {
  SessionRandom random(seed_, context_);
  Keys keys = Keys::draw(random);
  Advertisement own;
  own.channel_key = keys.channel.public_key();
  own.mask_key = keys.mask.public_key();
  own.self_mask_commitment = self_mask_commitment(keys.self_mask_seed);
  own.certificate_chain = options_.certificate_chain;
  own.signature = options_.signing_key->sign(own.signed_digest(context_));
  last_sent_ = wire::encode(own);
  return AwaitingRoster{std::move(keys), std::move(random), std::move(own)};
}

std::vector<ClientEffect> ClientSession::Core::start() {
  if (outcome_) return {};
  if (is_journaled_) return resend();
  std::vector<ClientEffect> effects;
  const JournalStart record{context_, digest_of(*options_.update), std::move(seed_)};
  effects.emplace_back(client_effect::Save{journal_record(record)});
  effects.emplace_back(client_effect::Send{last_sent_});
  forget_seed();
  return effects;
}

std::vector<ClientEffect> ClientSession::Core::resend() const {
  std::vector<ClientEffect> effects;
  if (last_sent_.empty()) {
    effects.emplace_back(client_effect::SendMaskedInput{});
  } else {
    effects.emplace_back(client_effect::Send{last_sent_});
  }
  return effects;
}

std::vector<ClientEffect> ClientSession::Core::receive(ByteView bytes) {
  if (std::holds_alternative<Ended>(phase_)) return {};
  const auto message = wire::decode_coordinator_message(bytes, parameters_);
  if (!message) return refuse({Refusal::kMalformed, {}});
  if (const auto* completed = std::get_if<wire::Completed>(&*message)) {
    // A survivor that was late to sign or to answer is in the sum all the same.
    if (phase_.index() < kMaskingPhase) return refuse({Refusal::kWrongStep, {}});
    return end({ClientOutcome::Kind::kContributed, completed->model, {}, {}, {}, {}});
  }
  if (const auto* aborted = std::get_if<wire::Aborted>(&*message)) {
    return end({ClientOutcome::Kind::kAborted, {}, {}, aborted->reason, {}, {}});
  }
  if (const auto* dismissed = std::get_if<wire::Dismissed>(&*message)) {
    return end({ClientOutcome::Kind::kDismissed, {}, dismissed->fault, {}, {}, {}});
  }
  return answer(*message, bytes);
}

// The alternatives of CoordinatorMessage that are answered stand in the order of the phases that
// answer them.
std::vector<ClientEffect> ClientSession::Core::answer(const wire::CoordinatorMessage& message,
                                                      ByteView bytes) {
  const std::size_t kind = message.index();
  const Digest digest = crypto::sha256(bytes);
  if (kind < phase_.index()) return repeat(kind, digest);
  if (kind > phase_.index()) return refuse({Refusal::kWrongStep, {}});
  seen_[kind] = digest;
  if (auto* phase = std::get_if<AwaitingRoster>(&phase_)) {
    const auto& roster = std::get<wire::Roster>(message);
    parameters_ = roster.parameters;
    position_ = roster.position;
    return move_to(share(*phase, roster, options_, context_), bytes);
  }
  if (auto* phase = std::get_if<AwaitingBoxes>(&phase_)) {
    return move_to(open_boxes(*phase, std::get<wire::NeighbourBoxes>(message)), bytes);
  }
  if (auto* phase = std::get_if<Masking>(&phase_)) {
    const auto& survivors = std::get<wire::Survivors>(message);
    if (!survivors.survivors.contains(position_)) {
      return end({ClientOutcome::Kind::kDismissed, {}, Fault::kLate, {}, {}, {}});
    }
    auto signing = sign_survivors(*phase, survivors, options_);
    if (const auto* taken = std::get_if<Step<AwaitingRequest>>(&signing)) {
      survivor_count_ = static_cast<std::uint32_t>(taken->phase.survivors.count());
    }
    return move_to(std::move(signing), bytes);
  }
  return move_to(unmask(std::get<AwaitingRequest>(phase_), std::get<wire::UnmaskRequest>(message)),
                 bytes);
}

template <typename Next>
std::vector<ClientEffect> ClientSession::Core::move_to(StepOr<Next> step, ByteView bytes) {
  if (const auto* refused = std::get_if<Refused>(&step)) return refuse(*refused);
  auto& taken = std::get<Step<Next>>(step);
  phase_ = std::move(taken.phase);
  last_sent_ = std::move(taken.message);
  std::vector<ClientEffect> effects = resend();
  effects.insert(effects.begin(), client_effect::Save{journal_record(bytes)});
  return effects;
}

// A message of a step that this session has answered. The last one asks for the answer again; an
// older one is a late copy.
std::vector<ClientEffect> ClientSession::Core::repeat(std::size_t kind, const Digest& digest) {
  if (seen_[kind] != digest) return refuse({kSecondMessage[kind], {}});
  if (kind + 1 == phase_.index()) return resend();
  return {};
}

std::optional<Position> ClientSession::Core::position_of(std::optional<std::uint32_t> slot) const {
  if (!slot) return std::nullopt;
  return NeighbourGraph(parameters_).neighbour(position_, *slot);
}

std::vector<ClientEffect> ClientSession::Core::refuse(const Refused& refused) {
  ClientOutcome outcome{ClientOutcome::Kind::kRefused, {}, {}, {}, refused.reason,
                        position_of(refused.slot)};
  std::vector<ClientEffect> effects = end(std::move(outcome));
  effects.insert(effects.begin(),
                 client_effect::Send{wire::encode(wire::Refuse{refused.reason, refused.slot})});
  return effects;
}

std::vector<ClientEffect> ClientSession::Core::end(ClientOutcome outcome) {
  phase_ = Ended{};
  forget_seed();
  outcome_ = std::move(outcome);
  std::vector<ClientEffect> effects;
  effects.emplace_back(client_effect::Finished{*outcome_});
  return effects;
}

Result<Bytes> ClientSession::Core::masked_chunk(std::uint32_t index) {
  auto* phase = std::get_if<Masking>(&phase_);
  if (phase == nullptr) {
    return Error{ErrorCode::kFailedPrecondition,
                 "the masked vector can be read from the boxes' arrival until the survivors are "
                 "known, and not at this step"};
  }
  if (index >= layout_.chunk_count()) {
    return Error{ErrorCode::kOutOfRange, "the masked vector has " +
                                             std::to_string(layout_.chunk_count()) +
                                             " chunks, so none has index " + std::to_string(index)};
  }
  wire::ChunkMessage out = wire::chunk_message(index, layout_.size_bytes(index));
  masker_.mask(*options_.update, layout_, index, phase->masks, out.data);
  return std::move(out.message);
}

ClientSession::ClientSession(std::unique_ptr<Core> core) : core_(std::move(core)) {}
ClientSession::ClientSession(ClientSession&&) noexcept = default;
ClientSession& ClientSession::operator=(ClientSession&&) noexcept = default;
ClientSession::~ClientSession() = default;

Result<ClientSession> ClientSession::create(ClientOptions options, RoundLedger& ledger,
                                            crypto::Random& random) {
  COVEY_RETURN_IF_ERROR(check(options));
  COVEY_RETURN_IF_ERROR(ledger.enter(options.context));
  return ClientSession(std::make_unique<Core>(std::move(options), random.secret_key()));
}

Result<ClientSession> ClientSession::restore(ClientOptions options,
                                             std::span<const Bytes> journal) {
  COVEY_RETURN_IF_ERROR(check(options));
  COVEY_ASSIGN_OR_RETURN(JournalStart start,
                         read_journal_start(journal.empty() ? ByteView() : journal.front()));
  if (start.context != options.context.digest() || start.update != digest_of(*options.update)) {
    return Error{ErrorCode::kDataLoss,
                 "the journal is of a session with another context or another update: give the "
                 "session those that it began with"};
  }
  auto core = std::make_unique<Core>(std::move(options), std::move(start.seed));
  for (const Bytes& record : journal.subspan(1)) {
    COVEY_ASSIGN_OR_RETURN(const ByteView message, read_journal_message(record));
    core->receive(message);
    if (core->outcome()) {
      return Error{ErrorCode::kDataLoss,
                   "the journal has a record that this session would have refused"};
    }
  }
  core->replayed();
  return ClientSession(std::move(core));
}

std::vector<ClientEffect> ClientSession::start() { return core_->start(); }
std::vector<ClientEffect> ClientSession::receive(ByteView message) {
  return core_->receive(message);
}
std::uint32_t ClientSession::chunk_count() const { return core_->chunk_count(); }
Result<Bytes> ClientSession::masked_chunk(std::uint32_t index) {
  return core_->masked_chunk(index);
}
const std::optional<ClientOutcome>& ClientSession::outcome() const { return core_->outcome(); }
bool ClientSession::may_be_in_sum() const { return core_->may_be_in_sum(); }
std::optional<GroupParameters> ClientSession::parameters() const { return core_->parameters(); }
std::optional<std::uint32_t> ClientSession::survivor_count() const {
  return core_->survivor_count();
}

}  // namespace covey::secagg
