#include "covey/aggregation/secagg/round_ledger.h"

#include <algorithm>

#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/crypto/digest.h"

namespace covey::secagg {
namespace {

constexpr std::uint32_t kFormat = 1;

}  // namespace

Status RoundLedger::enter(const GroupContext& context) {
  const auto [entry, is_new] = last_round_.try_emplace(context.task, context.round);
  if (is_new) return {};
  if (context.round <= entry->second) {
    return Error{ErrorCode::kAlreadyExists,
                 "replayed round: this device last entered round " + std::to_string(entry->second) +
                     " of the task, so only a later one is new, not round " +
                     std::to_string(context.round)};
  }
  entry->second = context.round;
  return {};
}

Bytes RoundLedger::to_bytes() const {
  ByteWriter out;
  out.u32(kFormat);
  out.u64(last_round_.size());
  for (const auto& [task, round] : last_round_) {
    out.sized(view_of(task));
    out.u64(round);
  }
  out.raw(crypto::sha256(out.bytes()));
  return out.take();
}

Result<RoundLedger> RoundLedger::from_bytes(ByteView bytes) {
  constexpr std::size_t kDigest = sizeof(Digest);
  const ByteView body = bytes.size() < kDigest ? ByteView() : bytes.first(bytes.size() - kDigest);
  ByteReader in(body);
  // A damaged number would read as an earlier round, which could then be entered again.
  if (bytes.size() < kDigest || !std::ranges::equal(crypto::sha256(body), bytes.last(kDigest))) {
    in.fail();
  }
  if (in.u32() != kFormat) in.fail();
  RoundLedger ledger;
  const std::uint64_t count = in.u64();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string task(text_of(in.sized()));
    ledger.last_round_[task] = in.u64();
  }
  COVEY_RETURN_IF_ERROR(in.finish("the ledger of rounds"));
  return ledger;
}

}  // namespace covey::secagg
