#include <random>
#include <set>

#include "aggregation/secagg/seed_recovery.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "support/catch.h"
#include "support/seeds.h"

using namespace covey;
using namespace covey::secagg;
using covey::testing::for_each_seed;
using covey::testing::Seed;

namespace {

// A group whose seeds were dealt, and whose answers came from some of the devices.
struct Dealt {
  Dealt(const GroupParameters& group, crypto::Random& random)
      : parameters(group), graph(group), answers(group.devices) {
    for (Position holder = 0; holder < group.devices; ++holder) {
      answers[holder].emplace(graph.degree());
    }
    for (Position owner = 0; owner < group.devices; ++owner) {
      seeds.push_back(crypto::shareable_seed(random));
      auto shares = crypto::split(seeds[owner], group.threshold, holders_of(owner), random);
      for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
        const Position holder = graph.neighbour(owner, slot);
        (*answers[holder])[*graph.slot(holder, owner)] = std::move(shares[slot]);
      }
    }
  }
  std::vector<crypto::HolderPosition> holders_of(Position owner) const {
    std::vector<crypto::HolderPosition> holders;
    for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
      holders.push_back(static_cast<crypto::HolderPosition>(graph.neighbour(owner, slot)));
    }
    return holders;
  }
  std::uint32_t answering(Position owner, const std::set<Position>& distrusted) const {
    std::uint32_t count = 0;
    for (std::uint32_t slot = 0; slot < graph.degree(); ++slot) {
      const Position holder = graph.neighbour(owner, slot);
      if (answers[holder] && (*answers[holder])[*graph.slot(holder, owner)] &&
          !distrusted.contains(holder)) {
        ++count;
      }
    }
    return count;
  }

  GroupParameters parameters;
  NeighbourGraph graph;
  std::vector<std::optional<SharesBySlot>> answers;
  std::vector<SecretKey> seeds;
};

GroupParameters random_group(std::mt19937_64& random) {
  const auto devices = static_cast<std::uint32_t>(2 + random() % 24);
  std::uint32_t degree = devices - 1;
  if (devices > 4 && random() % 2 == 0) {
    degree = static_cast<std::uint32_t>(2 * (1 + random() % ((devices - 2) / 2)));
  }
  return {devices, degree, static_cast<std::uint32_t>(1 + random() % degree)};
}

}  // namespace

TEST_CASE("a seed is recovered exactly when the threshold of trusted neighbours gave a share") {
  std::size_t recovered = 0;
  std::size_t missing = 0;
  for_each_seed(150, [&](Seed seed) {
    std::mt19937_64 random(seed);
    crypto::InsecureSeededRandom keys(seed);
    Dealt dealt(random_group(random), keys);
    const std::uint64_t odds = random() % 5;
    for (auto& answer : dealt.answers) {
      if (random() % 10 < odds) answer.reset();
    }
    for (auto& answer : dealt.answers) {
      if (answer && random() % 8 == 0) (*answer)[random() % answer->size()].reset();
    }
    SeedRecovery recovery(dealt.parameters, dealt.answers);
    std::set<Position> distrusted;
    for (Position owner = 0; owner < dealt.parameters.devices; ++owner) {
      if (random() % 10 == 0) {
        const auto holder = static_cast<Position>(random() % dealt.parameters.devices);
        distrusted.insert(holder);
        recovery.distrust(holder);
        // What it gave is worth nothing from now on.
        if (dealt.answers[holder]) {
          for (auto& share : *dealt.answers[holder]) share = crypto::shareable_seed(keys);
        }
      }
      INFO("owner " << owner << " of " << dealt.parameters.devices << ", degree "
                    << dealt.parameters.degree << ", threshold " << dealt.parameters.threshold);
      const auto found = recovery.recover(owner);
      REQUIRE(found.has_value() ==
              (dealt.answering(owner, distrusted) >= dealt.parameters.threshold));
      if (found) REQUIRE(found->equals(dealt.seeds[owner]));
      ++(found ? recovered : missing);
    }
  });
  CHECK(recovered > 0);
  CHECK(missing > 0);
}

TEST_CASE("wrong shares are corrected up to the bound and their holders named") {
  for_each_seed(60, [](Seed seed) {
    std::mt19937_64 random(seed);
    crypto::InsecureSeededRandom keys(seed);
    Dealt dealt(random_group(random), keys);
    const auto owner = static_cast<Position>(random() % dealt.parameters.devices);
    const std::uint32_t correctable = (dealt.parameters.degree - dealt.parameters.threshold) / 2;
    for (const std::uint32_t wrong : {0u, correctable, correctable + 1}) {
      std::set<Position> liars;
      if (wrong > dealt.parameters.degree) continue;
      while (liars.size() < wrong) {
        liars.insert(dealt.graph.neighbour(
            owner, static_cast<std::uint32_t>(random() % dealt.parameters.degree)));
      }
      for (const Position liar : liars) {
        (*dealt.answers[liar])[*dealt.graph.slot(liar, owner)] = crypto::shareable_seed(keys);
      }
      const auto corrected =
          SeedRecovery(dealt.parameters, dealt.answers).recover_correcting(owner);
      INFO(wrong << " wrong of " << dealt.parameters.degree << ", threshold "
                 << dealt.parameters.threshold);
      // Without any share to spare a wrong one goes unnoticed here: the caller checks the seed.
      const bool can_be_noticed =
          wrong <= correctable || dealt.parameters.degree > dealt.parameters.threshold;
      if (wrong <= correctable) {
        REQUIRE(corrected.has_value());
        REQUIRE(corrected->seed.equals(dealt.seeds[owner]));
        REQUIRE(std::set<Position>(corrected->wrong.begin(), corrected->wrong.end()) == liars);
      } else if (can_be_noticed) {
        REQUIRE((!corrected || !corrected->seed.equals(dealt.seeds[owner])));
      }
      const auto shares = crypto::split(dealt.seeds[owner], dealt.parameters.threshold,
                                        dealt.holders_of(owner), keys);
      for (std::uint32_t slot = 0; slot < dealt.graph.degree(); ++slot) {
        const Position holder = dealt.graph.neighbour(owner, slot);
        (*dealt.answers[holder])[*dealt.graph.slot(holder, owner)] = shares[slot].clone();
      }
    }
  });
}
