#pragma once

#include <optional>
#include <variant>

#include "aggregation/wire/secagg_wire.h"
#include "covey/aggregation/secagg/identity.h"
#include "covey/aggregation/secagg/privacy_policy.h"

namespace covey::secagg {

struct Refused {
  Refusal reason = Refusal::kMalformed;
  std::optional<std::uint32_t> slot;  // of the neighbour whose fault it shows
};

// What a device keeps of a roster that it has checked.
struct VerifiedRoster {
  GroupParameters parameters;
  Position position = 0;
  Digest digest{};  // what every key is bound to
  struct Neighbour {
    crypto::AgreementPublicKey channel_key{};
    crypto::AgreementPublicKey mask_key{};
    crypto::SigningPublicKey signing_key{};
  };
  std::vector<Neighbour> neighbours;  // by slot
};

// Everything a device asks of a roster before it shares anything: the policy, its own place, the
// order, each neighbour's advertisement, certificate and signature, and that nobody is there twice.
std::variant<VerifiedRoster, Refused> check_roster(
    const wire::Roster& roster, const Advertisement& own, const crypto::SigningPublicKey& own_key,
    const Digest& context, const PrivacyPolicy& policy, IdentityVerifier& verifier);

}  // namespace covey::secagg
