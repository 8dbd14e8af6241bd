#include "client/participant/saved_form.h"

#include <algorithm>
#include <bit>

#include "covey/crypto/digest.h"

namespace covey::client {
namespace {

void write_double(double value, ByteWriter& out) { out.u64(std::bit_cast<std::uint64_t>(value)); }
double read_double(ByteReader& in) { return std::bit_cast<double>(in.u64()); }

}  // namespace

SecretBytes sealed(ByteWriter out) {
  out.raw(crypto::sha256(out.bytes()));
  Bytes plain = out.take();
  SecretBytes saved{ByteView(plain)};
  wipe(plain);
  return saved;
}

ByteReader unsealed(ByteView saved, std::uint32_t format) {
  const std::size_t body_bytes = saved.size() < sizeof(Digest) ? 0 : saved.size() - sizeof(Digest);
  ByteReader in(saved.first(body_bytes));
  const bool is_whole =
      body_bytes > 0 &&
      std::ranges::equal(crypto::sha256(saved.first(body_bytes)), saved.last(sizeof(Digest)));
  if (!is_whole || in.u32() != format) in.fail();
  return in;
}

void write_terms(const RoundTerms& terms, ByteWriter& out) {
  out.u32(terms.shape.bits);
  out.u64(terms.shape.length);
  out.u32(terms.shape.counters);
  const auto* l2 = std::get_if<ring::L2Clip>(&terms.clipping);
  out.u8(l2 != nullptr ? 1 : 0);
  write_double(l2 != nullptr ? l2->bound : std::get<ring::RangeClip>(terms.clipping).range, out);
  out.u8(l2 != nullptr && l2->coordinate_range ? 1 : 0);
  write_double(l2 != nullptr ? l2->coordinate_range.value_or(0) : 0, out);
  write_double(terms.corrupt_fraction, out);
  out.u8(terms.coordinator_may_lie ? 1 : 0);
  out.u32(terms.security_bits);
}

RoundTerms read_terms(ByteReader& in) {
  RoundTerms terms;
  terms.shape.bits = in.u32();
  terms.shape.length = in.u64();
  terms.shape.counters = in.u32();
  const bool is_l2 = in.u8() != 0;
  const double bound = read_double(in);
  const bool has_coordinate_range = in.u8() != 0;
  const double coordinate_range = read_double(in);
  if (is_l2) {
    ring::L2Clip clip{bound, {}};
    if (has_coordinate_range) clip.coordinate_range = coordinate_range;
    terms.clipping = clip;
  } else {
    terms.clipping = ring::RangeClip{bound};
  }
  terms.corrupt_fraction = read_double(in);
  terms.coordinator_may_lie = in.u8() != 0;
  terms.security_bits = in.u32();
  return terms;
}

}  // namespace covey::client
