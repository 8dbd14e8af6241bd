#include "simulation/devices/masked_device.h"

#include "covey/base/check.h"

namespace covey::simulation {

using namespace client;

Result<std::optional<SecretBytes>> VirtualStorage::get(std::string_view key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::optional<SecretBytes>();
  return std::optional<SecretBytes>(SecretBytes(ByteView(found->second)));
}

Status VirtualStorage::put(std::string_view key, ByteView value) {
  values_.insert_or_assign(std::string(key), to_bytes(value));
  return {};
}

Status VirtualStorage::append(std::string_view key, ByteView record) {
  lists_[std::string(key)].push_back(to_bytes(record));
  return {};
}

Result<std::vector<SecretBytes>> VirtualStorage::records(std::string_view key) {
  std::vector<SecretBytes> found;
  const auto list = lists_.find(key);
  if (list == lists_.end()) return found;
  for (const Bytes& record : list->second) found.emplace_back(ByteView(record));
  return found;
}

Status VirtualStorage::erase(std::string_view key) {
  values_.erase(std::string(key));
  lists_.erase(std::string(key));
  return {};
}

Result<std::unique_ptr<MaskedDevice>> MaskedDevice::create(const RoundMaterial& material,
                                                           crypto::SigningKeyPair key,
                                                           secagg::IdentityVerifier& verifier,
                                                           crypto::Random& random,
                                                           bool keeps_state) {
  const plan::SecureSettings& secure = material.plan.secure;
  ParticipantOptions options;
  options.task = material.plan.task;
  options.manifest = &material.plan.manifest;
  options.policy.privacy = {
      secure.minimum_devices, secure.minimum_survivors, secure.corrupt_fraction,
      secure.coordinator == secagg::Coordinator::kLying, secure.security_bits};
  options.certificate_chain = to_bytes(key.public_key());
  options.verifier = &verifier;
  options.random = &random;
  std::unique_ptr<MaskedDevice> device(
      new MaskedDevice(std::move(key), std::move(options), keeps_state));
  device->options_.signing_key = &device->key_;
  COVEY_RETURN_IF_ERROR(device->start());
  return device;
}

Status MaskedDevice::start() {
  COVEY_ASSIGN_OR_RETURN(StoredState stored, StoredState::read(storage_));
  COVEY_ASSIGN_OR_RETURN(Participant participant, Participant::create(options_, std::move(stored)));
  participant_.emplace(std::move(participant));
  return {};
}

void MaskedDevice::crash() {
  participant_.reset();
  const Status started = start();
  COVEY_CHECK(started.has_value());  // it was made with these options, and its storage is memory
}

bool MaskedDevice::is_quick(const ParticipantEvent& event) const {
  return std::holds_alternative<participant_event::Begin>(event) ||
         std::holds_alternative<participant_event::CheckedIn>(event) ||
         std::holds_alternative<participant_event::Waited>(event) ||
         std::holds_alternative<participant_event::Declined>(event);
}

Operation MaskedDevice::step(ParticipantEvent event, Milliseconds now) {
  ParticipantStep step = participant_->step(std::move(event), now);
  namespace effect = participant_effect;
  for (const ParticipantEffect& next : step.effects) {
    if (const auto* report = std::get_if<effect::Report>(&next)) error_ = report->error;
    if (!keeps_state_) continue;
    if (const auto* put = std::get_if<effect::Put>(&next)) {
      static_cast<void>(storage_.put(put->key, put->value.reveal()));  // memory does not fail
    } else if (const auto* append = std::get_if<effect::Append>(&next)) {
      static_cast<void>(storage_.append(append->key, append->record.reveal()));
    } else if (const auto* erase = std::get_if<effect::Erase>(&next)) {
      static_cast<void>(storage_.erase(erase->key));
    }
  }
  return std::move(step.operation);
}

}  // namespace covey::simulation
