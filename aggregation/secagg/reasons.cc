#include "covey/aggregation/secagg/reasons.h"

namespace covey::secagg {

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMalformed:
      return "malformed message";
    case Refusal::kWrongStep:
      return "message of a later step";
    case Refusal::kReplayedRound:
      return "replayed round";
    case Refusal::kCohortTooSmall:
      return "cohort too small";
    case Refusal::kParametersTooWeak:
      return "degree or threshold too weak";
    case Refusal::kNotInRoster:
      return "own advertisement missing or altered";
    case Refusal::kRosterOrder:
      return "roster out of order";
    case Refusal::kDuplicate:
      return "duplicate device or key";
    case Refusal::kKeySubstituted:
      return "substituted key";
    case Refusal::kBadCertificate:
      return "bad certificate";
    case Refusal::kBadSignature:
      return "bad signature";
    case Refusal::kTwoRosters:
      return "two rosters";
    case Refusal::kTooFewShared:
      return "too few neighbours shared";
    case Refusal::kBoxDoesNotOpen:
      return "box does not open";
    case Refusal::kTwoShareSets:
      return "two sets of boxes";
    case Refusal::kNotASurvivor:
      return "survivor that never shared";
    case Refusal::kTooFewSurvivors:
      return "too few survivors";
    case Refusal::kTwoSurvivorSets:
      return "two survivor sets";
    case Refusal::kBadSurvivorSignature:
      return "bad signature over the survivors";
    case Refusal::kTooFewSurvivorSignatures:
      return "too few signatures over the survivors";
    case Refusal::kSecondUnmasking:
      return "second request to unmask";
    case Refusal::kBadKey:
      return "bad public key";
  }
  return "unknown refusal";
}

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::kGone:
      return "gone";
    case Fault::kLate:
      return "late";
    case Fault::kMalformed:
      return "malformed message";
    case Fault::kTooLarge:
      return "message too large";
    case Fault::kWrongStep:
      return "message of a later step";
    case Fault::kConflict:
      return "second, different message";
    case Fault::kBadCertificate:
      return "bad certificate";
    case Fault::kBadSignature:
      return "bad signature";
    case Fault::kBadKey:
      return "bad public key";
    case Fault::kDuplicate:
      return "duplicate identity or key";
    case Fault::kWrongLength:
      return "chunk of the wrong length";
    case Fault::kWrongShare:
      return "wrong share";
    case Fault::kRefused:
      return "refused";
    case Fault::kNotAMember:
      return "not a member";
  }
  return "unknown fault";
}

std::string_view name_of(AbortReason reason) {
  switch (reason) {
    case AbortReason::kTooFewDevices:
      return "too few devices";
    case AbortReason::kNoParameters:
      return "no safe degree and threshold";
    case AbortReason::kTooFewShared:
      return "too few devices shared";
    case AbortReason::kTooFewSurvivors:
      return "too few survivors";
    case AbortReason::kTooFewSignatures:
      return "too few signatures over the survivors";
    case AbortReason::kTooFewShares:
      return "too few shares";
    case AbortReason::kWrongShares:
      return "wrong shares";
    case AbortReason::kStopped:
      return "stopped";
  }
  return "unknown reason";
}

}  // namespace covey::secagg
