#include "client/participant/round_record.h"

#include "client/participant/saved_form.h"

namespace covey::client {
namespace {

constexpr std::uint32_t kFormat = 1;

void write_blob(const federation::BlobId& blob, ByteWriter& out) {
  out.raw(blob.digest);
  out.u64(blob.size_bytes);
}

federation::BlobId read_blob(ByteReader& in) {
  federation::BlobId blob;
  blob.digest = in.array<32>();
  blob.size_bytes = in.u64();
  return blob;
}

}  // namespace

secagg::GroupContext RoundRecord::context(std::uint32_t group) const {
  return {assignment.round.task,  assignment.round.round,  group,
          assignment.plan.digest, assignment.model.digest, terms.shape};
}

SecretBytes RoundRecord::to_bytes() const {
  ByteWriter out;
  out.u32(kFormat);
  out.sized(view_of(assignment.round.task));
  out.u64(assignment.round.round);
  write_blob(assignment.plan, out);
  write_blob(assignment.model, out);
  write_terms(terms, out);
  update.save(out);
  return sealed(std::move(out));
}

Result<RoundRecord> RoundRecord::from_bytes(ByteView bytes) {
  ByteReader in = unsealed(bytes, kFormat);
  RoundRecord record;
  record.assignment.round.task = text_of(in.sized());
  record.assignment.round.round = in.u64();
  record.assignment.plan = read_blob(in);
  record.assignment.model = read_blob(in);
  record.terms = read_terms(in);
  if (!in.ok() || !ring::validate(record.terms.shape)) in.fail();
  if (in.ok()) record.update = ring::RingVector::load(record.terms.shape, in);
  COVEY_RETURN_IF_ERROR(in.finish("the saved result of a round"));
  return record;
}

}  // namespace covey::client
