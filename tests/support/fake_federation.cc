#include "support/fake_federation.h"

#include "client/participant/round_record.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/crypto/digest.h"
#include "covey/crypto/insecure_seeded_random.h"

namespace covey::testing {

using namespace covey::client;
namespace effect = participant_effect;

namespace {

constexpr std::uint32_t kThreshold = 2;
constexpr int kFarTooMuch = 5'000;  // operations

federation::BlobId id_of(ByteView blob) { return {crypto::sha256(blob), blob.size()}; }

}  // namespace

ring::Manifest small_manifest() {
  return ring::Manifest::create({{"weight", ring::DType::kF32, {4, 5}, ring::Role::kTrain},
                                 {"bias", ring::DType::kF32, {4}, ring::Role::kTrain}})
      .value();
}

Bytes small_model() { return model::write_model(model::Model::zeros(small_manifest())); }

plan::Plan small_plan() {
  plan::Plan plan;
  plan.task = "digits";
  plan.model = "linear";
  plan.manifest = small_manifest();
  plan.codec.max_devices = 10;
  plan.codec.max_weight = std::uint64_t{1} << 22;
  plan.codec.clipping = ring::RangeClip{1.0};
  plan.codec.metrics = 1;
  plan.metrics = {"loss"};
  plan.secure.minimum_devices = 3;
  plan.secure.minimum_survivors = 2;
  plan.secure.corrupt_fraction = 0;
  plan.secure.coordinator = secagg::Coordinator::kCurious;
  return plan;
}

ParticipantPolicy lax_policy() {
  ParticipantPolicy policy;
  policy.privacy.minimum_devices = 3;
  policy.privacy.minimum_survivors = 2;
  policy.privacy.corrupt_fraction = 0;
  policy.privacy.coordinator_may_lie = false;
  return policy;
}

FakeCoordinator::FakeCoordinator(const plan::Plan& plan, std::uint32_t devices)
    : plan_(std::make_shared<const Bytes>(plan.to_bytes())),
      model_(std::make_shared<const Bytes>(small_model())) {
  assignment.round = {plan.task, 7};
  assignment.plan = id_of(*plan_);
  assignment.model = id_of(*model_);
  const auto codec = plan.codec_parameters();
  COVEY_CHECK(codec.has_value());  // the plans of tests are valid
  options_.context = {plan.task,     7, 0, assignment.plan.digest, assignment.model.digest,
                      codec->shape()};
  options_.maximum_devices = devices;
  options_.fixed = secagg::FixedParameters{devices - 1, kThreshold};
  options_.verifier = &verifier_;
  auto created = secagg::CoordinatorSession::create(options_);
  COVEY_CHECK(created.has_value());  // as above
  session.emplace(std::move(*created));
}

federation::CheckInReply FakeCoordinator::check_in() const {
  if (is_over()) return federation::ComeBack{federation::Milliseconds(60'000)};
  return assignment;
}

Result<std::shared_ptr<const Bytes>> FakeCoordinator::fetch(const Digest& blob) const {
  if (blob == assignment.plan.digest) return plan_;
  if (blob == assignment.model.digest) return model_;
  return Error{ErrorCode::kNotFound, "no such blob"};
}

federation::JoinReply FakeCoordinator::join() const { return federation::InGroup{0}; }

void FakeCoordinator::apply(const secagg::CoordinatorEffects& effects, std::uint32_t device,
                            bool& is_busy) {
  for (const auto& effect : effects) {
    if (std::holds_alternative<secagg::coordinator_effect::Save>(effect) ||
        std::holds_alternative<secagg::coordinator_effect::MaskedInputFolded>(effect)) {
      saved_ = session->save();
    } else if (const auto* slow = std::get_if<secagg::coordinator_effect::SlowDown>(&effect)) {
      is_busy = is_busy || slow->device == device;
    } else if (std::holds_alternative<secagg::coordinator_effect::WorkReady>(effect)) {
      for (std::size_t part = 0; part < session->work_parts(); ++part) session->run_part(part);
      apply(session->work_done(), device, is_busy);
    } else if (std::holds_alternative<secagg::coordinator_effect::Finished>(effect)) {
      if (session->step() == secagg::CoordinatorStep::kCompleted) session->publish(Digest{9});
    }
  }
}

federation::SendReply FakeCoordinator::send(std::uint32_t device, ByteView message) {
  if (slow_downs > 0) {
    --slow_downs;
    return federation::ComeBack{federation::Milliseconds(100), epoch};
  }
  bool is_busy = false;
  apply(session->receive(device, to_bytes(message)), device, is_busy);
  if (is_busy) return federation::ComeBack{federation::Milliseconds(100), epoch};
  return federation::Accepted{epoch};
}

federation::ReceiveReply FakeCoordinator::receive(std::uint32_t device,
                                                  const federation::ReceiveRequest& request) const {
  auto message = session->message_for(device);
  const bool is_seen =
      message && request.epoch == epoch && request.seen == std::optional(crypto::sha256(*message));
  if (!message || is_seen) return federation::ComeBack{federation::Milliseconds(100), epoch};
  return federation::GroupMessage{epoch, std::move(*message)};
}

void FakeCoordinator::restart() {
  auto restored = saved_ ? secagg::CoordinatorSession::restore(options_, *saved_)
                         : secagg::CoordinatorSession::create(options_);
  COVEY_CHECK(restored.has_value());  // what was saved restores
  session.emplace(std::move(*restored));
  ++epoch;
  bool is_busy = false;
  apply(session->resume(), 0, is_busy);
}

FakeFederation::FakeFederation(std::uint32_t count, plan::Plan plan)
    : coordinator(std::make_unique<FakeCoordinator>(plan, count)),
      random_(std::make_unique<crypto::InsecureSeededRandom>(seed)) {
  for (std::uint32_t i = 0; i < count; ++i) {
    devices.push_back(
        std::make_unique<FakeDevice>(i, crypto::SigningKeyPair::from_seed(random_->secret_key())));
  }
}

ParticipantOptions FakeFederation::options_of(const FakeDevice& device) {
  ParticipantOptions options;
  options.manifest = &manifest_;
  options.policy = lax_policy();
  options.signing_key = &device.signing_key;
  options.certificate_chain = to_bytes(device.signing_key.public_key());
  options.verifier = &verifier_;
  options.random = random_.get();
  return options;
}

bool FakeFederation::is_over() const {
  for (const auto& device : devices) {
    if (device->receipts.empty() || device->storage.values.contains("round") ||
        device->storage.lists.contains("session")) {
      return false;
    }
  }
  return true;
}

void FakeFederation::run() {
  while (!is_over() && operations < kFarTooMuch) {
    for (const auto& device : devices) turn(*device);
  }
}

bool FakeFederation::dies_now(FakeDevice& device) {
  if (device.number != 0 || instants++ != crash_at) return false;
  device.participant.reset();
  device.event.reset();
  return true;
}

void FakeFederation::turn(FakeDevice& device) {
  if (!device.participant) {
    auto stored = StoredState::read(device.storage);
    COVEY_CHECK(stored.has_value());  // memory does not fail to be read
    auto made = Participant::create(options_of(device), std::move(*stored));
    COVEY_CHECK(made.has_value());  // the options of tests fit together
    device.participant.emplace(std::move(*made));
    device.event = participant_event::Begin{};
  }
  ParticipantStep step =
      device.participant->step(std::move(*device.event), std::chrono::hours(operations));
  if (!apply(device, step.effects) || dies_now(device)) return;
  if (operations++ == restart_at) coordinator->restart();
  device.event = perform(device, step.operation);
  dies_now(device);
}

bool FakeFederation::apply(FakeDevice& device, std::vector<ParticipantEffect>& effects) {
  for (ParticipantEffect& next : effects) {
    if (dies_now(device)) return false;
    Status status;
    if (auto* put = std::get_if<effect::Put>(&next)) {
      status = device.storage.put(put->key, put->value.reveal());
      if (put->key == storage_key::kRound) {
        device.stored_results.push_back(to_bytes(put->value.reveal()));
      }
    } else if (auto* append = std::get_if<effect::Append>(&next)) {
      status = device.storage.append(append->key, append->record.reveal());
    } else if (const auto* erase = std::get_if<effect::Erase>(&next)) {
      status = device.storage.erase(erase->key);
    } else if (auto* receipt = std::get_if<effect::WriteReceipt>(&next)) {
      device.receipts.push_back(std::move(receipt->receipt));
    } else {
      device.reports.push_back(std::get<effect::Report>(next).error);
    }
    COVEY_CHECK(status.has_value());  // nor to be written
  }
  return true;
}

ParticipantEvent FakeFederation::train_on(FakeDevice& device, const operation::Train& job) {
  ++device.trainings;
  device.is_trained_twice = device.is_trained_twice || !device.stored_results.empty();
  TrainingReport report{100 + device.number, {0.5}};
  for (const char* name : {"weight", "bias"}) {
    for (float& value : job.model->floats(name)) {
      value += 0.01f * static_cast<float>(device.number + 1);
    }
  }
  if (train && device.number == 0) train(*job.model, report);
  return participant_event::Trained{std::move(report)};
}

ParticipantEvent FakeFederation::perform(FakeDevice& device, const Operation& next) {
  if (const auto* check_in = std::get_if<operation::CheckIn>(&next)) {
    device.check_ins.push_back(check_in->request);
    return participant_event::CheckedIn{coordinator->check_in()};
  }
  if (const auto* fetch = std::get_if<operation::Fetch>(&next)) {
    auto blob = coordinator->fetch(fetch->blob.digest);
    if (!blob) return participant_event::Failed{blob.error()};
    return participant_event::Fetched{std::move(*blob)};
  }
  if (const auto* train_job = std::get_if<operation::Train>(&next)) {
    return train_on(device, *train_job);
  }
  if (std::holds_alternative<operation::Join>(next)) {
    return participant_event::Joined{coordinator->join()};
  }
  if (const auto* send = std::get_if<operation::Send>(&next)) {
    device.sent.push_back(to_bytes(send->message));
    return participant_event::Sent{coordinator->send(device.number, send->message)};
  }
  if (const auto* receive = std::get_if<operation::Receive>(&next)) {
    device.receives.push_back(receive->request);
    return participant_event::Received{coordinator->receive(device.number, receive->request)};
  }
  if (const auto* decline = std::get_if<operation::Decline>(&next)) {
    device.declines.push_back(decline->reason);
    return participant_event::Declined{};
  }
  return participant_event::Waited{};
}

ring::RingVector FakeFederation::plain_sum() const {
  std::optional<ring::RingVector> sum;
  std::uint32_t bits = 0;
  for (const auto& device : devices) {
    const auto record = RoundRecord::from_bytes(device->stored_results.back());
    COVEY_CHECK(record.has_value());  // the device has just stored it
    bits = record->terms.shape.bits;
    if (!sum) sum = ring::RingVector::zeros(record->terms.shape);
    std::visit(
        [&]<typename Lane>(std::vector<Lane>& lanes) {
          const auto& other = std::get<std::vector<Lane>>(record->update.elements);
          for (std::size_t i = 0; i < lanes.size(); ++i) {
            lanes[i] = static_cast<Lane>(lanes[i] + other[i]);
          }
        },
        sum->elements);
    for (std::size_t i = 0; i < sum->counters.size(); ++i) {
      sum->counters[i] += record->update.counters[i];
    }
  }
  sum->reduce(bits);
  return *sum;
}

}  // namespace covey::testing
