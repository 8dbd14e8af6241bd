#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "aggregation/wire/secagg_wire.h"
#include "covey/aggregation/federation/messages.h"
#include "covey/aggregation/plan/plan.h"
#include "covey/aggregation/secagg/group_context.h"

namespace covey::testing {

// What a device has said in the last group that it spoke in.
struct Said {
  federation::GroupId group;
  std::optional<secagg::Advertisement> advertisement;
  std::uint32_t degree = 0;  // as the roster that it was told has it
  Bytes boxes;
  std::optional<crypto::Signature> signature;
};

// What a coordinator knows that lies to one device of its federation. Nothing of it is the victim's
// secret; the keys of all other devices of the development authority are there to be read: any of
// them may be an accomplice.
struct Scene {
  using LineUp = std::map<std::string, secagg::Advertisement>;

  std::string victim;
  std::filesystem::path pki;
  std::map<Digest, Bytes> blobs;                         // that were served so far
  std::map<std::string, federation::Assignment> rounds;  // of each task the newest that others got
  std::map<std::string, Said> said;                      // by device
  std::uint64_t lied_about_apart = 0;                    // the last round of that task
  std::uint64_t epoch = 1;

  federation::Assignment assignment;           // of the victim, as it was told
  federation::GroupId group;                   // likewise
  secagg::GroupContext context;                // likewise, as the victim computes it
  std::optional<secagg::wire::Roster> roster;  // the true one
  std::optional<secagg::wire::NeighbourBoxes> boxes;
  std::optional<secagg::wire::Roster> earlier_roster;  // of the victim's last round
  std::optional<secagg::wire::NeighbourBoxes> earlier_boxes;

  void enter(std::uint32_t group_number);  // the victim is told that it is in this group

  LineUp line_up(const federation::GroupId& of) const;  // who has advertised in that group
  LineUp line_up() const { return line_up(group); }
  // The roster that the protocol makes of these, on the complete graph, as the victim would get it.
  secagg::wire::Roster roster_of(const LineUp& line_up, std::uint32_t threshold) const;
  std::string name_at(secagg::Position position) const;  // in the true roster
  std::string neighbour(std::uint32_t slot) const;       // of the victim, in the true roster
  secagg::Bitmap everyone() const;                       // in the true roster

  crypto::SigningKeyPair key_of(const std::string& accomplice) const;
  Bytes certificate_of(const std::string& device) const;
  // As `signer` would advertise these keys itself.
  void sign(secagg::Advertisement& advertisement, const std::string& signer) const;
  crypto::Signature sign_survivors(const secagg::Bitmap& survivors, const std::string& signer,
                                   std::uint32_t of_group) const;
};

}  // namespace covey::testing
