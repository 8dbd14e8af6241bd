// What a device's app does first: describe its model, encode an update into the ring, and check in
// with a coordinator.
#include <cstdio>
#include <vector>

#include "covey/aggregation/ring/encoder.h"
#include "covey/aggregation/ring/manifest.h"
#include "covey/aggregation/secagg/client_session.h"
#include "covey/crypto/digest.h"
#include "covey/crypto/random.h"

namespace {

// Whatever it is shown, it trusts nobody: this device never gets past the roster.
class NoVerifier final : public covey::secagg::IdentityVerifier {
 public:
  covey::Result<covey::crypto::CertifiedIdentity> verify(covey::ByteView) override {
    return covey::invalid_argument("nobody is trusted here");
  }
};

covey::Status check_in() {
  using namespace covey;
  COVEY_ASSIGN_OR_RETURN(
      const auto manifest,
      ring::Manifest::create({{"weight", ring::DType::kF32, {2, 3}, ring::Role::kTrain}}));
  ring::CodecSettings settings;
  settings.max_devices = 100;
  settings.max_weight = 1000;
  COVEY_ASSIGN_OR_RETURN(const auto parameters, ring::CodecParameters::create(manifest, settings));

  crypto::SystemRandom random;
  std::vector<float> difference(manifest.flat_length(), 0.01f);
  COVEY_ASSIGN_OR_RETURN(const auto update,
                         ring::encode_update(manifest, parameters, difference, {20, {}}, random));

  const auto key = crypto::SigningKeyPair::from_seed(random.secret_key());
  NoVerifier verifier;
  secagg::RoundLedger ledger;
  secagg::ClientOptions options;
  options.context.task = "digits";
  options.context.round = 1;
  options.context.model = crypto::sha256(view_of("the model"));
  options.context.shape = parameters.shape();
  options.signing_key = &key;
  options.certificate_chain = to_bytes(key.public_key());
  options.verifier = &verifier;
  options.update = &update;
  COVEY_ASSIGN_OR_RETURN(auto session, secagg::ClientSession::create(options, ledger, random));
  if (session.start().empty()) return invalid_argument("a session starts with something to do");
  if (session.outcome()) return invalid_argument("a session that has just started has not ended");
  return {};
}

}  // namespace

int main() {
  const covey::Status status = check_in();
  if (!status) std::fprintf(stderr, "%s\n", status.error().to_string().c_str());
  return status ? 0 : 1;
}
