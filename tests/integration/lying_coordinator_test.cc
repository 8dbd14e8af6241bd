#include <set>

#include "integration/lying/lied_to.h"
#include "support/catch.h"

// A coordinator that lies to one device over the real wire, with the federation's own certificate:
// every lie that is known, what the device makes of it, and what becomes of the sum. Where a device
// can go wrong inside a message of the transport (parts, sizes, tasks that were not asked for),
// tests/grpc/reply_wire_test.cc has the lies: production code on the coordinator's side cannot tell
// them.
namespace covey {
namespace {

using client::RoundOutcome;
using testing::Expected;
using testing::LiedTo;
using Sum = Expected::Sum;

constexpr auto kRefused = RoundOutcome::kRefused;
constexpr auto kDeclined = RoundOutcome::kDeclined;
constexpr auto kContributed = RoundOutcome::kContributed;
constexpr auto kAborted = RoundOutcome::kAborted;
constexpr auto kNotInSum = RoundOutcome::kNotInSum;
constexpr auto kAbandoned = RoundOutcome::kAbandoned;
using Lies = std::vector<Expected>;
constexpr std::nullopt_t kNoReceipt = std::nullopt;

// Refused at once: nothing but the refusal is said after the lie.
Expected refused(const std::string& lie, const std::string& name, Sum sum = Sum::kWithout,
                 const std::string& said_before = "") {
  return {lie, kRefused, name, said_before + "refuse: " + name, sum};
}

// Before anything is trained or fetched any further.
Expected declined(const std::string& lie, const std::string& reason, const std::string& why) {
  return {lie, kDeclined, reason + ": " + why, "decline: " + reason, Sum::kNotAsRound};
}

// What a device neither takes nor tells anybody of: it says so to its owner, in its log.
Expected passed_over(const std::string& lie, const std::string& logged) {
  return {lie, kNoReceipt, logged, "", Sum::kNotAsRound};
}

Expected apart(const std::string& lie) {
  return refused(lie, "bad signature", Sum::kApart, "join, advertisement, ");
}

// Before and after them the victim takes part as ever.
void check_all(const Lies& lies) {
  LiedTo world;
  world.check_truth();
  world.check_truth();  // so that there is an earlier round
  for (const Expected& lie : lies) world.check(lie);
  world.check_truth();
  world.check_receipts();
}

// As check_all, but one honest round after each: a device that has declined comes back later and
// later, until it is in a sum again.
void check_each(const Lies& lies) {
  LiedTo world;
  world.check_truth();
  world.check_truth();
  for (const Expected& lie : lies) {
    world.check(lie);
    world.check_truth();
  }
  world.check_receipts();
}

Lies bad_work() {
  return {
      declined("masking in clear", "policy",
               "the plan's masking is 'plain', but a device takes 'secure' only"),
      declined("minimum_devices under the policy", "policy",
               "the plan's minimum_devices is 5, but"),
      declined("minimum_survivors under the policy", "policy",
               "the plan's minimum_survivors is 4, but"),
      declined("corrupt_fraction under the policy", "policy", "the plan's corrupt_fraction is 0.1"),
      declined("security_bits under the policy", "policy", "the plan's security_bits is 20, but"),
      declined("a coordinator that is trusted", "policy",
               "the plan's coordinator is 'curious', but"),
      declined("a task that is not allowed", "policy", "task 'spying' is not one that"),
      declined("a plan of another task", "bad plan", "the plan is for another task than 'digits'"),
      declined("a plan of another model", "other model", "the plan's model is not the trainer's"),
      declined("a plan that is damaged", "bad plan", ""),
      declined("a plan that is too large", "bad plan", "a plan has at most"),
      declined("a model that is damaged", "bad plan", ""),
      declined("a model that is too large", "bad plan", "the plan's model has at most"),
  };
}

Lies replays_and_blobs() {
  return {
      passed_over("a round again", "it answers no round twice"),
      passed_over("an earlier round again", "it answers no round twice"),
      passed_over("another plan under its digest", "the plan that came is not the one that was"),
      passed_over("another model under its digest", "the model that came is not the one that was"),
      passed_over("a model longer than was said", "a blob is longer than the coordinator said"),
      passed_over("a model shorter than was said", "the model that came is not the one that was"),
  };
}

Lies apart_rounds() {
  return {
      // No lie but that the victim is in no group: it shares, as it would in one.
      {"nothing but the truth, apart", kAborted, "stopped", "join, advertisement, boxes",
       Sum::kApart},
      apart("another plan than the others'"),
      apart("another model than the others'"),
      apart("another ring than the others'"),
      apart("other counters than the others'"),
      apart("another length than the others'"),
      apart("another group than the others'"),
      apart("another task than the others'"),
      apart("another round than the others'"),  // the last one: the ledger has the next round now
  };
}

Lies rosters() {
  return {
      refused("key substituted", "substituted key"),
      refused("key substituted, in the digest too", "roster out of order"),
      refused("key substituted, in the order too", "bad signature"),
      refused("key substituted, signed by a member", "duplicate device or key"),
      // An accomplice in a neighbour's place is a device as good as any: what it is told and what
      // the others are told no longer fit together, and nobody masks anything.
      refused("key substituted, signed by an outsider", "box does not open", Sum::kNoSum,
              "boxes, "),
      refused("key substituted, signed by a revoked device", "bad certificate"),
      refused("certificate cut short", "bad certificate"),
      refused("certificate of another authority", "bad certificate"),
      refused("channel key of low order", "bad public key"),
      // It would be used after the boxes were opened, which were sealed for another roster.
      refused("mask key of low order", "box does not open", Sum::kNoSum, "boxes, "),
      refused("a neighbour twice", "duplicate device or key"),
      refused("the victim twice", "duplicate device or key"),
      refused("the victim's certificate with other keys", "bad signature"),
      refused("an identity twice", "duplicate device or key"),
      refused("a channel key twice", "duplicate device or key"),
      refused("the victim's channel key as a mask key", "duplicate device or key"),
  };
}

Lies places_in_rosters() {
  return {
      refused("the victim moved", "own advertisement missing or altered"),
      refused("the victim's advertisement altered", "own advertisement missing or altered"),
      refused("roster of an earlier round", "own advertisement missing or altered"),
      refused("roster in a chosen order", "roster out of order"),
      refused("cohort under the policy", "cohort too small"),
      refused("threshold under the policy", "degree or threshold too weak"),
      refused("degree under the policy", "degree or threshold too weak"),
      refused("threshold raised", "box does not open", Sum::kNoSum, "boxes, "),
      refused("a second roster", "two rosters"),
      refused("roster cut short", "malformed message"),
  };
}

Lies boxes() {
  return {
      refused("boxes swapped", "box does not open"),
      refused("a bit of a box flipped", "box does not open"),
      refused("a bit of a box's second share flipped", "box does not open"),
      refused("a bit of a box's tag flipped", "box does not open"),
      refused("the victim's own boxes", "box does not open"),
      refused("boxes of an earlier round", "box does not open"),
      refused("boxes of fewer than the threshold", "too few neighbours shared"),
      refused("a second set of boxes", "two sets of boxes", Sum::kWith),
  };
}

Lies survivors() {
  constexpr auto kWith = Sum::kWith;  // each is told after the victim's masked vector has come
  return {
      refused("survivors under the policy", "too few survivors", kWith),
      refused("survivors under the threshold", "too few survivors", kWith),
      {"survivors without the victim", kNotInSum, "late", "", kWith},
      refused("survivors beyond the roster", "malformed message", kWith),
      refused("a survivor that never shared", "survivor that never shared", Sum::kNoSum,
              "masked, "),
      refused("a second survivor set", "two survivor sets", kWith),
      refused("both seeds of a device", "two survivor sets", kWith),
      refused("split survivors", "bad signature over the survivors", kWith, "signature, "),
      refused("split survivors, an accomplice's signature alone",
              "too few signatures over the survivors", kWith, "signature, "),
      refused("split survivors, signed by the missing one too", "bad signature over the survivors",
              kWith, "signature, "),
  };
}

Lies requests() {
  constexpr auto kWith = Sum::kWith;
  return {
      refused("a signature forged", "bad signature over the survivors", kWith),
      refused("a signature over another set", "bad signature over the survivors", kWith),
      refused("a signature of another group", "bad signature over the survivors", kWith),
      refused("signatures swapped", "bad signature over the survivors", kWith),
      refused("one signature for all", "bad signature over the survivors", kWith),
      refused("fewer signatures than the threshold", "too few signatures over the survivors",
              kWith),
      refused("no signatures", "too few signatures over the survivors", kWith),
      refused("a second request", "second request to unmask", kWith),
      // No lie: it gets the same bytes.
      {"the same request again", kContributed, "", "shares again", kWith},
  };
}

Lies steps_and_ends() {
  constexpr auto kWith = Sum::kWith;
  const std::string later = "message of a later step";
  return {
      refused("survivors before the roster", "malformed message"),  // of a size that it cannot tell
      refused("completed before the roster", later),
      refused("completed before the boxes", later),
      refused("survivors before the boxes", later),
      refused("a request before the survivors", later, kWith),
      {"over with the victim in it, before it masked", kRefused, later, "", Sum::kWithout},
      {"over with the victim in it, when it joins", kRefused, later, "join", Sum::kNotAsRound},
      {"started anew again and again", kAbandoned,
       "the coordinator asked for the same answer again and again", "boxes again", Sum::kWithout},
      refused("completed with half a digest", "malformed message", kWith),
      // A device cannot tell whether these are true. It says nothing more, and no later round
      // depends on what it was told.
      {"completed with another model", kContributed, "", "", kWith},
      {"completed without a model", kContributed, "", "", kWith},
      {"over without the victim", kNotInSum, "the round went on without this device", "",
       Sum::kWithout},
      {"over, with a story", kAborted, "for a reason that is no name of Covey's", "",
       Sum::kWithout},
      {"aborted, when it was not", kAborted, "stopped", "", kWith},
      {"dismissed, when it was not", kNotInSum, "late", "", kWith},
  };
}

}  // namespace

TEST_CASE("work that breaks the policy, or that is not what it says, is declined by name",
          "[lying]") {
  check_each(bad_work());
}

TEST_CASE("a round that a device has been in, or blobs that are not what was assigned, get nothing",
          "[lying]") {
  check_each(replays_and_blobs());
}

TEST_CASE("a device that is told of another round than all others finds out by their signatures",
          "[lying]") {
  check_all(apart_rounds());
}

TEST_CASE("a roster that is not what everybody advertised is refused by name", "[lying]") {
  check_all(rosters());
}

TEST_CASE("a roster in which a device is not where or with whom it must be is refused by name",
          "[lying]") {
  check_all(places_in_rosters());
}

TEST_CASE("boxes that its neighbours did not seal for it now are refused by name", "[lying]") {
  check_all(boxes());
}

TEST_CASE("survivors that are too few, or not those that all others sign, get no shares",
          "[lying]") {
  check_all(survivors());
}

TEST_CASE("requests to unmask that its neighbours have not signed get no shares", "[lying]") {
  check_all(requests());
}

TEST_CASE("steps out of turn are refused by name, and untrue ends gain nothing", "[lying]") {
  check_all(steps_and_ends());
}

TEST_CASE("no lie is left out", "[lying]") {
  std::set<std::string> expected;
  for (const Lies& lies :
       {bad_work(), replays_and_blobs(), apart_rounds(), rosters(), places_in_rosters(), boxes(),
        survivors(), requests(), steps_and_ends()}) {
    for (const Expected& lie : lies) expected.insert(lie.lie);
  }
  CHECK(testing::LiedTo::all_lies() == expected);
}

}  // namespace covey
