#pragma once

#include <cstdint>
#include <string_view>

namespace covey::secagg {

// Why a device refuses to go on. Each is a lie or a fault of the coordinator's (or of a
// neighbour's) that the device saw for itself. The numbers are the wire's.
enum class Refusal : std::uint8_t {
  kMalformed = 1,       // not a message of this protocol, or one whose sizes do not fit the group
  kWrongStep = 2,       // a message of a later step than the device is at
  kReplayedRound = 3,   // a round that this device has already entered, or an earlier one
  kCohortTooSmall = 4,  // fewer devices than the policy's minimum
  kParametersTooWeak = 5,  // degree or threshold under what the policy asks for
  kNotInRoster = 6,      // this device's advertisement is not where the roster says, or was altered
  kRosterOrder = 7,      // the roster is not in the order that its own contents fix
  kDuplicate = 8,        // one device or key occurs twice
  kKeySubstituted = 9,   // a neighbour's advertisement is not the one that the roster binds
  kBadCertificate = 10,  // a neighbour's certificate does not verify
  kBadSignature = 11,  // a neighbour's signature does not hold for this round, plan, model and ring
  kTwoRosters = 12,    // a second roster for the same round
  kTooFewShared = 13,  // fewer than the threshold of its neighbours shared
  kBoxDoesNotOpen = 14,  // a neighbour's box is damaged or was sealed for another roster
  kTwoShareSets = 15,    // a second set of boxes
  kNotASurvivor = 16,    // a survivor that never shared
  kTooFewSurvivors =
      17,  // the sum would be over fewer devices than the policy's minimum or the threshold
  kTwoSurvivorSets = 18,       // a second survivor set
  kBadSurvivorSignature = 19,  // a signature over another survivor set, or none
  kTooFewSurvivorSignatures =
      20,                 // fewer than the threshold of its neighbours signed this survivor set
  kSecondUnmasking = 21,  // a second, different request to unmask
  kBadKey = 22,           // a neighbour's public key has low order
};
std::string_view name_of(Refusal refusal);  // "cohort too small"

// What one device did wrong, as the coordinator saw it. That device is dropped and the round goes
// on.
enum class Fault : std::uint8_t {
  kGone = 1,  // the shell says so
  kLate = 2,  // did not answer before its step was closed
  kMalformed = 3,
  kTooLarge = 4,
  kWrongStep = 5,
  kConflict = 6,  // a second, different message for a step
  kBadCertificate = 7,
  kBadSignature = 8,
  kBadKey = 9,        // a public key of low order
  kDuplicate = 10,    // an identity or a key that another device has
  kWrongLength = 11,  // a chunk that is not of the masked vector's shape
  kWrongShare = 12,   // shares that were not dealt, or were dealt wrongly
  kRefused = 13,      // the device refused, by its own word
  kNotAMember = 14,   // of the roster, which stands
};
std::string_view name_of(Fault fault);

// Why a group ended without a sum.
enum class AbortReason : std::uint8_t {
  kTooFewDevices = 1,  // in the roster
  kNoParameters = 2,   // no degree and threshold are safe for the devices that are here
  kTooFewShared = 3,
  kTooFewSurvivors = 4,
  kTooFewSignatures = 5,
  kTooFewShares = 6,  // a seed could not be reconstructed
  kWrongShares = 7,   // more wrong shares than can be corrected
  kStopped = 8,       // by the shell
};
std::string_view name_of(AbortReason reason);

}  // namespace covey::secagg
