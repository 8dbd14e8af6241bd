#include <algorithm>

#include "covey/crypto/certificate.h"
#include "integration/lying/lie.h"

// Of the roster the victim is told something else than what everybody advertised.
namespace covey::testing {

using namespace secagg;
using wire::Roster;

namespace {

constexpr std::uint32_t kSlot = 2;   // of the neighbour that is lied about
constexpr std::uint32_t kOther = 4;  // of another one, an accomplice

// A roster as the protocol makes it, of advertisements that were changed: no later check of the
// order finds it out.
MakeLie of_changed(std::function<void(const Scene&, Scene::LineUp&)> change) {
  return altered<Roster>([change = std::move(change)](const Scene& scene, Roster& roster) {
    Scene::LineUp all = scene.line_up();
    change(scene, all);
    roster = scene.roster_of(all, roster.parameters.threshold);
  });
}

// One neighbour's advertisement changed, and signed by whoever changed it.
MakeLie of_signed(std::string (*signer)(const Scene&),
                  std::function<void(const Scene&, Scene::LineUp&, Advertisement&)> change) {
  return of_changed([=, change = std::move(change)](const Scene& scene, Scene::LineUp& all) {
    Advertisement& changed = all.at(scene.neighbour(kSlot));
    change(scene, all, changed);
    scene.sign(changed, signer(scene));
  });
}
std::string itself(const Scene& scene) { return scene.neighbour(kSlot); }
std::string other(const Scene& scene) { return scene.neighbour(kOther); }
// Devices 7 and 8 of the authority are never in a group with the victim; the victim has a list on
// which the latter's certificate is revoked.
std::string outsider(const Scene&) { return "device-07"; }
std::string revoked(const Scene&) { return "device-08"; }

void new_key(const Scene&, Scene::LineUp&, Advertisement& advertisement) {
  advertisement.mask_key[0] ^= 1;
}

Position position_of_neighbour(const Roster& roster, std::uint32_t slot) {
  return NeighbourGraph(roster.parameters).neighbour(roster.position, slot);
}

// Until the order that its contents fix is another one, which it is not for one key in 720.
void substitute_in_digest(const Scene& scene, Roster& roster) {
  Digest& bound = roster.digests[position_of_neighbour(roster, kSlot)];
  std::vector<std::size_t> order;
  do {
    ++roster.neighbours[kSlot].mask_key[0];
    bound = roster.neighbours[kSlot].digest();
    order = roster_order(scene.context.digest(), roster.digests);
  } while (std::ranges::is_sorted(order));
}

void choose_order(const Scene&, Roster& roster) {
  std::swap(roster.digests[position_of_neighbour(roster, 0)],
            roster.digests[position_of_neighbour(roster, kSlot)]);
  std::swap(roster.neighbours[0], roster.neighbours[kSlot]);
}

void certify_by_nobody(const Scene& scene, Scene::LineUp& all) {
  Advertisement& changed = all.at(scene.neighbour(kSlot));
  const auto key = crypto::SigningKeyPair::from_seed(SecretKey(std::array<std::uint8_t, 32>{1}));
  const auto authority =
      crypto::CertificateAuthority::create(
          "authority",
          crypto::SigningKeyPair::from_seed(SecretKey(std::array<std::uint8_t, 32>{2})))
          .value();
  changed.certificate_chain =
      authority.issue_device(scene.neighbour(kSlot), key.public_key(), 1).value();
  changed.signature = key.sign(changed.signed_digest(scene.context.digest()));
}

void lower_degree(const Scene&, Roster& roster) {
  roster.parameters.degree = roster.parameters.threshold = 2;
  roster.neighbours.resize(2);
}

Lies substituted() {
  return {
      {"key substituted",
       altered<Roster>([](const Scene&, Roster& m) { m.neighbours[kSlot].mask_key[0] ^= 1; })},
      {"key substituted, in the digest too", altered<Roster>(substitute_in_digest)},
      {"key substituted, in the order too", of_changed([](const Scene& scene, auto& all) {
         all.at(scene.neighbour(kSlot)).mask_key[0] ^= 1;
       })},
      {"key substituted, signed by a member", of_signed(other, new_key)},
      {"key substituted, signed by an outsider", of_signed(outsider, new_key)},
      {"key substituted, signed by a revoked device", of_signed(revoked, new_key)},
      {"certificate cut short", of_changed([](const Scene& scene, auto& all) {
         all.at(scene.neighbour(kSlot)).certificate_chain.pop_back();
       })},
      {"certificate of another authority", of_changed(certify_by_nobody)},
      {"channel key of low order",
       of_signed(itself, [](const Scene&, auto&, Advertisement& lie) { lie.channel_key = {}; })},
      {"mask key of low order",
       of_signed(itself, [](const Scene&, auto&, Advertisement& lie) { lie.mask_key = {}; })},
  };
}

Lies twice() {
  return {
      {"a neighbour twice", of_changed([](const Scene& scene, auto& all) {
         all.at(scene.neighbour(kSlot)) = all.at(scene.neighbour(kOther));
       })},
      {"the victim twice", of_changed([](const Scene& scene, auto& all) {
         all.at(scene.neighbour(kSlot)) = all.at(scene.victim);
       })},
      // The victim's identity with other keys would need its signature, which nobody else can make.
      {"the victim's certificate with other keys", of_changed([](const Scene& scene, auto& all) {
         all.at(scene.neighbour(kSlot)).certificate_chain = scene.certificate_of(scene.victim);
       })},
      {"an identity twice", of_signed(other, [](const Scene&, auto&, Advertisement&) {})},
      {"a channel key twice",
       of_signed(itself,
                 [](const Scene& scene, Scene::LineUp& all, Advertisement& lie) {
                   lie.channel_key = all.at(scene.neighbour(kOther)).channel_key;
                 })},
      {"the victim's channel key as a mask key",
       of_signed(itself,
                 [](const Scene& scene, Scene::LineUp& all, Advertisement& lie) {
                   lie.mask_key = all.at(scene.victim).channel_key;
                 })},
  };
}

Lies misplaced() {
  return {
      {"the victim moved", altered<Roster>([](const Scene&, Roster& m) {
         m.position = (m.position + 1) % m.parameters.devices;
       })},
      {"the victim's advertisement altered",
       altered<Roster>([](const Scene&, Roster& m) { m.digests[m.position][5] ^= 4; })},
      {"roster in a chosen order", altered<Roster>(choose_order)},
      {"roster of an earlier round",
       altered<Roster>([](const Scene& scene, Roster& m) { m = scene.earlier_roster.value(); })},
      {"cohort under the policy", altered<Roster>([](const Scene& scene, Roster& m) {
         Scene::LineUp all = scene.line_up();
         all.erase(scene.neighbour(kSlot));
         m = scene.roster_of(all, m.parameters.threshold);
       })},
      {"threshold under the policy",
       altered<Roster>([](const Scene&, Roster& m) { --m.parameters.threshold; })},
      {"degree under the policy", altered<Roster>(lower_degree)},
      // Stricter, but not what the others have: their boxes are sealed for another roster.
      {"threshold raised",
       altered<Roster>([](const Scene&, Roster& m) { ++m.parameters.threshold; })},
      {"a second roster",
       followed_by<Roster>([](const Scene&, Roster& m) { ++m.parameters.threshold; })},
      {"roster cut short", instead<Roster>([](const Scene&, const Roster& m) {
         Bytes bytes = wire::encode(m);
         bytes.pop_back();
         return bytes;
       })},
  };
}

}  // namespace

Lies roster_lies() {
  Lies all = substituted();
  all.merge(twice());
  all.merge(misplaced());
  return all;
}

}  // namespace covey::testing
