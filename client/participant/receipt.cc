#include "covey/client/receipt.h"

#include "client/participant/saved_form.h"

namespace covey::client {
namespace {

constexpr std::uint32_t kFormat = 1;

void write_optional(const std::optional<std::uint32_t>& value, ByteWriter& out) {
  out.u8(value ? 1 : 0);
  out.u32(value.value_or(0));
}

std::optional<std::uint32_t> read_optional(ByteReader& in) {
  const bool has_value = in.u8() != 0;
  const std::uint32_t value = in.u32();
  return has_value ? std::optional(value) : std::nullopt;
}

std::string text_of_clipping(const ring::Clipping& clipping) {
  if (const auto* l2 = std::get_if<ring::L2Clip>(&clipping)) {
    return "clipped to an L2 norm of " + std::to_string(l2->bound);
  }
  return "clipped to a range of " + std::to_string(std::get<ring::RangeClip>(clipping).range);
}

}  // namespace

std::string_view name_of(RoundOutcome outcome) {
  switch (outcome) {
    case RoundOutcome::kContributed:
      return "contributed";
    case RoundOutcome::kNotInSum:
      return "not in the sum";
    case RoundOutcome::kAborted:
      return "aborted";
    case RoundOutcome::kRefused:
      return "refused";
    case RoundOutcome::kDeclined:
      return "declined";
    case RoundOutcome::kAbandoned:
      return "abandoned";
  }
  return "unknown";
}

Bytes Receipt::to_bytes() const {
  ByteWriter out;
  out.u32(kFormat);
  out.sized(view_of(task));
  out.u64(round);
  write_optional(group, out);
  out.raw(plan);
  out.raw(model);
  out.u8(static_cast<std::uint8_t>(outcome));
  out.sized(view_of(detail));
  out.u8(terms ? 1 : 0);
  if (terms) write_terms(*terms, out);
  out.u8(parameters ? 1 : 0);
  if (parameters) {
    out.u32(parameters->devices);
    out.u32(parameters->degree);
    out.u32(parameters->threshold);
  }
  write_optional(survivors, out);
  out.u64(bytes_sent);
  out.u64(static_cast<std::uint64_t>(when.count()));
  return covey::to_bytes(sealed(std::move(out)).reveal());
}

Result<Receipt> Receipt::from_bytes(ByteView bytes) {
  ByteReader in = unsealed(bytes, kFormat);
  Receipt receipt;
  receipt.task = text_of(in.sized());
  receipt.round = in.u64();
  receipt.group = read_optional(in);
  receipt.plan = in.array<32>();
  receipt.model = in.array<32>();
  const std::uint8_t outcome = in.u8();
  if (outcome < 1 || outcome > static_cast<std::uint8_t>(RoundOutcome::kAbandoned)) in.fail();
  receipt.outcome = static_cast<RoundOutcome>(outcome);
  receipt.detail = text_of(in.sized());
  if (in.u8() != 0) receipt.terms = read_terms(in);
  if (in.u8() != 0) {
    secagg::GroupParameters& parameters = receipt.parameters.emplace();
    parameters.devices = in.u32();
    parameters.degree = in.u32();
    parameters.threshold = in.u32();
  }
  receipt.survivors = read_optional(in);
  receipt.bytes_sent = in.u64();
  receipt.when = std::chrono::milliseconds(static_cast<std::int64_t>(in.u64()));
  COVEY_RETURN_IF_ERROR(in.finish("a receipt"));
  return receipt;
}

std::string Receipt::to_string() const {
  std::string text = task + " round " + std::to_string(round);
  if (group) text += " group " + std::to_string(*group);
  text += ": " + std::string(name_of(outcome));
  if (!detail.empty()) text += " (" + detail + ")";
  if (!group) {
    text += outcome == RoundOutcome::kAbandoned ? "; what left the device is not known"
                                                : "; nothing of the update left the device";
  }
  if (terms && group) {
    text += "; " + std::to_string(bytes_sent) + " bytes sent, for " +
            std::to_string(terms->shape.length) + " masked numbers of " +
            std::to_string(terms->shape.bits) + " bits and " +
            std::to_string(terms->shape.counters) + " masked counters, " +
            text_of_clipping(terms->clipping);
  }
  if (parameters) {
    text += "; " + std::to_string(parameters->devices) + " devices, " +
            std::to_string(parameters->degree) + " neighbours, threshold " +
            std::to_string(parameters->threshold);
  }
  if (terms && group) {
    text += std::string("; against a ") + (terms->coordinator_may_lie ? "lying" : "curious") +
            " coordinator with a share of " + std::to_string(terms->corrupt_fraction) +
            " of the devices";
  }
  if (survivors) text += "; the sum is over " + std::to_string(*survivors);
  return text;
}

}  // namespace covey::client
