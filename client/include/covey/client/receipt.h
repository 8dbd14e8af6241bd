#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "covey/aggregation/ring/codec_parameters.h"
#include "covey/aggregation/secagg/graph.h"
#include "covey/base/result.h"

namespace covey::client {

enum class RoundOutcome : std::uint8_t {
  kContributed = 1,  // this device is in the sum
  kNotInSum = 2,     // the round went on without this device
  kAborted = 3,      // the round ended without a sum
  kRefused = 4,      // this device would not go on: `detail` is the refusal's name
  kDeclined = 5,     // before anything of the update left: `detail` says why
  kAbandoned = 6,    // it could not go on: `detail` says why
};
std::string_view name_of(RoundOutcome outcome);  // "contributed"

// What a plan asked for, as far as it bears on privacy.
struct RoundTerms {
  ring::RingShape shape;  // of the masked vector: elements of `bits` bits, and counters
  ring::Clipping clipping;
  double corrupt_fraction = 0;  // γ
  bool coordinator_may_lie = true;
  std::uint32_t security_bits = 0;
};

// What a device did in one round, what of it left the device and under which protection: for the
// device's owner, never sent.
struct Receipt {
  std::string task;
  std::uint64_t round = 0;
  std::optional<std::uint32_t> group;  // none: it was in no group
  Digest plan{};
  Digest model{};  // that it began with
  RoundOutcome outcome = RoundOutcome::kAbandoned;
  std::string detail;  // empty where the outcome says all

  std::optional<RoundTerms> terms;  // none: the plan was not read, or not taken
  // As the roster had them, and were checked against the policy; none: there was no roster.
  std::optional<secagg::GroupParameters> parameters;
  std::optional<std::uint32_t> survivors;  // in the sum, as this device signed it
  // Messages of the group's protocol that were given to the transport, repeats included, since the
  // process last started. All but the masked vector are keys, sealed shares and signatures.
  std::uint64_t bytes_sent = 0;
  std::chrono::milliseconds when{0};  // since 1970 by the device's clock: to be shown, only

  // The form of saved receipts. from_bytes: kDataLoss when damaged.
  Bytes to_bytes() const;
  static Result<Receipt> from_bytes(ByteView bytes);
  std::string to_string() const;  // one line, for a person
};

}  // namespace covey::client
