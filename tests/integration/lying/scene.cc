#include "integration/lying/scene.h"

#include "covey/base/check.h"
#include "covey/crypto/pem.h"
#include "integration/world/process.h"
#include "support/secagg_attack.h"

namespace covey::testing {

using namespace secagg;

void Scene::enter(std::uint32_t group_number) {
  group = {assignment.round, group_number};
  const auto plan = plan::Plan::from_bytes(blobs.at(assignment.plan.digest));
  COVEY_CHECK(plan.has_value());  // the victim has trained for it
  context = {
      assignment.round.task,  assignment.round.round,  group_number,
      assignment.plan.digest, assignment.model.digest, plan->codec_parameters().value().shape()};
}

Scene::LineUp Scene::line_up(const federation::GroupId& of) const {
  LineUp found;
  for (const auto& [name, each] : said) {
    if (each.group == of && each.advertisement) found[name] = *each.advertisement;
  }
  return found;
}

wire::Roster Scene::roster_of(const LineUp& line_up, std::uint32_t threshold) const {
  std::vector<Advertisement> all;
  for (const auto& [name, advertisement] : line_up) all.push_back(advertisement);
  return complete_roster(context.digest(), all, line_up.at(victim).digest(), threshold);
}

std::string Scene::name_at(Position position) const {
  for (const auto& [name, advertisement] : line_up()) {
    if (advertisement.digest() == roster->digests[position]) return name;
  }
  COVEY_CHECK(false);  // the roster is made of what was advertised
  return {};
}

std::string Scene::neighbour(std::uint32_t slot) const {
  return name_at(NeighbourGraph(roster->parameters).neighbour(roster->position, slot));
}

Bitmap Scene::everyone() const {
  Bitmap all(roster->parameters.devices);
  for (Position position = 0; position < all.size(); ++position) all.insert(position);
  return all;
}

crypto::SigningKeyPair Scene::key_of(const std::string& accomplice) const {
  COVEY_CHECK(accomplice != victim);  // whose key no coordinator has
  return crypto::private_key_from_pem(read_text(pki / (accomplice + ".key"))).value();
}

Bytes Scene::certificate_of(const std::string& device) const {
  return crypto::certificates_from_pem(read_text(pki / (device + ".pem"))).value();
}

void Scene::sign(Advertisement& advertisement, const std::string& signer) const {
  advertisement.certificate_chain = certificate_of(signer);
  advertisement.signature = key_of(signer).sign(advertisement.signed_digest(context.digest()));
}

crypto::Signature Scene::sign_survivors(const Bitmap& survivors, const std::string& signer,
                                        std::uint32_t of_group) const {
  GroupContext its = context;
  its.group = of_group;
  const Digest digest = roster_digest(its.digest(), roster->parameters, roster->digests);
  return key_of(signer).sign(survivors_digest(digest, survivors.bytes()));
}

}  // namespace covey::testing
