#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "covey/client/storage.h"
#include "simulation/devices/round_material.h"
#include "simulation/devices/virtual_device.h"

namespace covey::simulation {

// What a device keeps, in memory.
class VirtualStorage final : public client::Storage {
 public:
  Result<std::optional<SecretBytes>> get(std::string_view key) override;
  Status put(std::string_view key, ByteView value) override;
  Status append(std::string_view key, ByteView record) override;
  Result<std::vector<SecretBytes>> records(std::string_view key) override;
  Status erase(std::string_view key) override;

 private:
  std::map<std::string, Bytes, std::less<>> values_;
  std::map<std::string, std::vector<Bytes>, std::less<>> lists_;
};

// The production participant, with its keys, its policy and its storage.
class MaskedDevice final : public VirtualDevice {
 public:
  // `keeps_state`: it will crash; others store nothing, since nobody would read it. The policy is
  // what the plan promises, no less. All of it must outlive the device.
  static Result<std::unique_ptr<MaskedDevice>> create(const RoundMaterial& material,
                                                      crypto::SigningKeyPair key,
                                                      secagg::IdentityVerifier& verifier,
                                                      crypto::Random& random, bool keeps_state);

  client::Operation step(client::ParticipantEvent event, Milliseconds now) override;
  void crash() override;
  bool is_quick(const client::ParticipantEvent& event) const override;
  std::optional<Error> last_error() const override { return error_; }

 private:
  MaskedDevice(crypto::SigningKeyPair key, client::ParticipantOptions options, bool keeps_state)
      : key_(std::move(key)), options_(std::move(options)), keeps_state_(keeps_state) {}
  Status start();

  crypto::SigningKeyPair key_;
  client::ParticipantOptions options_;
  bool keeps_state_;
  VirtualStorage storage_;
  std::optional<client::Participant> participant_;
  std::optional<Error> error_;
};

}  // namespace covey::simulation
