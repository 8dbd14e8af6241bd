#pragma once

#include "covey/aggregation/federation/messages.h"
#include "covey/aggregation/ring/ring_vector.h"
#include "covey/aggregation/secagg/group_context.h"
#include "covey/base/secret.h"
#include "covey/client/receipt.h"

namespace covey::client {

// What training came to, kept until the round is over: enough to join and to aggregate without the
// plan, the model or the trainer.
struct RoundRecord {
  federation::Assignment assignment;
  RoundTerms terms;
  ring::RingVector update;  // of terms.shape

  secagg::GroupContext context(std::uint32_t group) const;
  SecretBytes to_bytes() const;
  static Result<RoundRecord> from_bytes(ByteView bytes);  // kDataLoss when damaged
};

}  // namespace covey::client
