#include "group.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "covey/aggregation/ring/packing.h"
#include "covey/aggregation/secagg/vector_layout.h"
#include "covey/crypto/digest.h"

namespace loopback {

using namespace covey;
using namespace covey::secagg;

namespace {

constexpr double kCorrupt = 0.05;  // of the devices may be the coordinator's accomplices
constexpr std::uint64_t kMaxExamples = 200;

// What a device must be shown before it sends anything. An app pins this; the coordinator can only
// ask for more.
PrivacyPolicy pinned_policy() {
  PrivacyPolicy policy;
  policy.minimum_devices = 10;
  policy.minimum_survivors = 5;
  policy.corrupt_fraction = kCorrupt;
  policy.coordinator_may_lie = true;
  policy.security_bits = 40;
  return policy;
}

Result<std::unique_ptr<CertificateIdentityVerifier>> trust(const Bytes& root) {
  COVEY_ASSIGN_OR_RETURN(auto verifier,
                         crypto::CertificateVerifier::create(std::span<const Bytes>(&root, 1)));
  return std::make_unique<CertificateIdentityVerifier>(std::move(verifier));
}

}  // namespace

Result<std::unique_ptr<Group>> Group::create(const Settings& settings) {
  std::unique_ptr<Group> group(new Group());
  COVEY_RETURN_IF_ERROR(group->set_up(settings));
  return group;
}

Status Group::set_up(const Settings& settings) {
  // The plan: what the model looks like, and how its numbers become elements of a ring.
  COVEY_ASSIGN_OR_RETURN(
      manifest_, ring::Manifest::create(
                     {{"layer.weight", ring::DType::kF32, {settings.length}, ring::Role::kTrain}}));
  ring::CodecSettings codec;
  codec.max_devices = settings.devices;
  codec.max_weight = kMaxExamples;
  codec.clipping = ring::RangeClip{1.0};
  codec.metrics = 1;  // the loss
  COVEY_ASSIGN_OR_RETURN(codec_, ring::CodecParameters::create(*manifest_, codec));

  // Everything that is signed, and every key, is bound to this: each side fills it in from what it
  // saw itself.
  context_.task = "loopback";
  context_.round = 1;
  context_.plan = codec_->digest();
  context_.model = crypto::sha256(view_of("the global model of this round"));
  context_.shape = codec_->shape();

  // The federation's authority vouches for the devices' keys. The coordinator does not have its
  // key.
  COVEY_ASSIGN_OR_RETURN(
      auto authority,
      crypto::CertificateAuthority::create(
          "loopback authority", crypto::SigningKeyPair::from_seed(random_.secret_key())));
  for (std::uint32_t i = 0; i < settings.devices; ++i) {
    COVEY_RETURN_IF_ERROR(add_device(authority, i, settings.seed));
  }
  choose_who_vanishes(settings);

  CoordinatorOptions options;
  options.context = context_;
  options.maximum_devices = settings.devices;
  options.minimum_survivors = pinned_policy().minimum_survivors;
  options.requirements.devices = settings.devices;
  options.requirements.corrupt_fraction = kCorrupt;
  options.requirements.dropout_fraction = settings.vanish;
  COVEY_RETURN_IF_ERROR(
      find_parameters(options.requirements));  // now, rather than in the middle of the round
  COVEY_ASSIGN_OR_RETURN(verifier_, trust(authority.certificate()));
  options.verifier = verifier_.get();
  COVEY_ASSIGN_OR_RETURN(coordinator_, CoordinatorSession::create(std::move(options)));
  return {};
}

Status Group::add_device(const crypto::CertificateAuthority& authority, std::uint32_t number,
                         std::uint64_t seed) {
  std::mt19937_64 training(seed * 1'000'003 + number);  // stands for what the device learns
  std::normal_distribution<float> learned(0.1f, 0.3f);
  Device& device =
      devices_.emplace_back(Device{(number < 10 ? "device-0" : "device-") + std::to_string(number),
                                   crypto::SigningKeyPair::from_seed(random_.secret_key()),
                                   {},
                                   {},
                                   {},
                                   {},
                                   {},
                                   {},
                                   {},
                                   {},
                                   {}});
  device.difference.resize(codec_->shape().length);
  for (float& value : device.difference) value = std::clamp(learned(training), -1.0f, 1.0f);
  device.contribution.weight = 20 + training() % (kMaxExamples - 20);
  device.contribution.metrics = {0.5 + 0.001 * static_cast<double>(training() % 500)};

  std::vector<float> scratch = device.difference;
  COVEY_ASSIGN_OR_RETURN(device.update, ring::encode_update(*manifest_, *codec_, scratch,
                                                            device.contribution, random_));

  COVEY_ASSIGN_OR_RETURN(
      const Bytes certificate,
      authority.issue_device(device.name, device.identity.public_key(), number + 1));
  COVEY_ASSIGN_OR_RETURN(device.verifier, trust(authority.certificate()));
  ClientOptions options;
  options.context = context_;
  options.policy = pinned_policy();
  options.signing_key = &device.identity;
  options.certificate_chain = authority.chain_for(certificate);
  options.verifier = device.verifier.get();
  options.update = &device.update;
  COVEY_ASSIGN_OR_RETURN(device.session,
                         ClientSession::create(std::move(options), device.ledger, random_));
  return {};
}

void Group::choose_who_vanishes(const Settings& settings) {
  std::mt19937_64 luck(settings.seed);
  std::vector<Device*> order;
  for (Device& device : devices_) order.push_back(&device);
  std::shuffle(order.begin(), order.end(), luck);
  order.resize(static_cast<std::size_t>(settings.vanish * settings.devices));
  for (Device* device : order) {
    constexpr std::uint64_t kSteps = 5;  // advertise to unmask
    device->vanishes_before = static_cast<CoordinatorStep>(luck() % kSteps);
  }
  for (const Device& device : devices_) {
    if (witness_ == nullptr && !device.vanishes_before) witness_ = &device;
  }
}

StepReport Group::play_step() {
  StepReport report{coordinator_->step(), 0, 0, 0, {}};
  for (DeviceHandle handle = 0; handle < devices_.size(); ++handle) {
    Device& device = devices_[handle];
    if (device.vanishes_before && *device.vanishes_before <= report.step) {
      if (*device.vanishes_before == report.step) report.vanished.push_back(device.name);
      continue;
    }
    if (&device == witness_ && device.inbox) report.received_bytes = device.inbox->size();
    for (Bytes& message : answer_of(device)) {
      if (&device == witness_) report.sent_bytes += message.size();
      apply(coordinator_->receive(handle, std::move(message)));
    }
    ++report.answered;
  }
  // A step closes by itself once all have answered. Otherwise a shell's timer closes it, when
  // nothing has come for a while.
  if (coordinator_->step() == report.step) apply(coordinator_->close_step());
  return report;
}

// What a device's shell does with the effects of its session.
std::vector<Bytes> Group::answer_of(Device& device) {
  auto effects = device.inbox ? device.session->receive(*device.inbox) : device.session->start();
  std::vector<Bytes> messages;
  for (ClientEffect& effect : effects) {
    if (auto* send = std::get_if<client_effect::Send>(&effect)) {
      messages.push_back(std::move(send->message));
    } else if (std::holds_alternative<client_effect::SendMaskedInput>(effect)) {
      for (std::uint32_t i = 0; i < device.session->chunk_count(); ++i) {
        messages.push_back(masked_chunk(device, i));
      }
    } else if (const auto* finished = std::get_if<client_effect::Finished>(&effect)) {
      if (finished->outcome.kind == ClientOutcome::Kind::kContributed) ++told_completed_;
    }  // and client_effect::Save: to disk, before anything is sent
  }
  return messages;
}

// Large vectors come in chunks of at most 1 MiB, made when they are sent. Looks at the numbers as
// the coordinator sees them.
Bytes Group::masked_chunk(Device& device, std::uint32_t index) {
  auto message = device.session->masked_chunk(index);
  COVEY_CHECK(message.has_value());  // the session has just asked for it
  const VectorLayout layout(context_.shape);
  if (!layout.is_counters(index)) {
    const auto range = layout.elements(index);
    device.masked.resize(range.first + range.count);
    const ByteView packed = ByteView(*message).last(layout.size_bytes(index));
    ring::unpack_add<std::uint32_t>(packed, context_.shape.bits,
                                    std::span(device.masked).subspan(range.first));
  }
  return std::move(*message);
}

// What the coordinator's shell does with the effects of its session.
void Group::apply(const CoordinatorEffects& effects) {
  for (const CoordinatorEffect& effect : effects) {
    if (const auto* ready = std::get_if<coordinator_effect::MessageReady>(&effect)) {
      auto message = coordinator_->message_for(ready->device);
      COVEY_CHECK(message.has_value());  // the session has just said so
      devices_[ready->device].inbox = std::move(*message);
    } else if (const auto* folded = std::get_if<coordinator_effect::MaskedInputFolded>(&effect)) {
      const std::uint32_t before = running_sums_.empty() ? 0 : running_sums_.back();
      const std::uint32_t mask =
          static_cast<std::uint32_t>((std::uint64_t{1} << context_.shape.bits) - 1);
      running_sums_.push_back((before + devices_[folded->device].masked.front()) & mask);
    } else if (std::holds_alternative<coordinator_effect::WorkReady>(effect)) {
      for (std::size_t part = 0; part < coordinator_->work_parts(); ++part)
        coordinator_->run_part(part);
      apply(coordinator_->work_done());
    }  // and coordinator_effect::Save: to disk, before anything is sent
  }
}

}  // namespace loopback
