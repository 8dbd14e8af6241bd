#include "aggregation/secagg/client_journal.h"

#include <algorithm>

#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/crypto/digest.h"
#include "covey/crypto/transcript.h"

namespace covey::secagg::client {
namespace {

constexpr std::uint32_t kFormat = 1;

template <typename Lane>
ByteView bytes_of(const std::vector<Lane>& lanes) {
  return {reinterpret_cast<const std::uint8_t*>(lanes.data()), lanes.size() * sizeof(Lane)};
}

}  // namespace

Digest digest_of(const ring::RingVector& update) {
  crypto::Transcript transcript("covey/v1/update");
  std::visit([&](const auto& lanes) { transcript.field(bytes_of(lanes)); }, update.elements);
  return transcript.field(bytes_of(update.counters)).digest();
}

SecretBytes journal_record(ByteView message) {
  SecretBytes record(message.size() + sizeof(Digest));
  std::ranges::copy(message, record.reveal_mutable().begin());
  std::ranges::copy(crypto::sha256(message), record.reveal_mutable().last(sizeof(Digest)).begin());
  return record;
}

Result<ByteView> read_journal_message(ByteView record) {
  const Error damaged{ErrorCode::kDataLoss, "a record of the session's journal is damaged"};
  if (record.size() < sizeof(Digest)) return damaged;
  const ByteView message = record.first(record.size() - sizeof(Digest));
  if (!std::ranges::equal(crypto::sha256(message), record.last(sizeof(Digest)))) return damaged;
  return message;
}

SecretBytes journal_record(const JournalStart& start) {
  ByteWriter out;
  out.u32(kFormat);
  out.raw(start.context);
  out.raw(start.update);
  out.raw(start.seed.reveal());
  Bytes plain = out.take();
  SecretBytes record = journal_record(ByteView(plain));
  wipe(plain);
  return record;
}

Result<JournalStart> read_journal_start(ByteView record) {
  COVEY_ASSIGN_OR_RETURN(const ByteView plain, read_journal_message(record));
  ByteReader in(plain);
  if (in.u32() != kFormat) in.fail();
  JournalStart start;
  start.context = in.array<32>();
  start.update = in.array<32>();
  const ByteView seed = in.raw(32);
  COVEY_RETURN_IF_ERROR(in.finish("the first record of the session's journal"));
  start.seed = SecretKey(seed.first<32>());
  return start;
}

}  // namespace covey::secagg::client
