#pragma once

#include "covey/aggregation/ring/ring_vector.h"
#include "covey/base/secret.h"

// The records of a client session's journal. Each ends with a SHA-256 of what is before it, so that
// damage is found; none is encrypted, that is the shell's to do.
namespace covey::secagg::client {

// The first record.
struct JournalStart {
  Digest context{};
  Digest update{};  // the same masks on another vector would give away the difference of the two
  SecretKey seed;
};

Digest digest_of(const ring::RingVector& update);

SecretBytes journal_record(const JournalStart& start);
Result<JournalStart> read_journal_start(ByteView record);

// Every other record: a message of the coordinator's that moved the session on.
SecretBytes journal_record(ByteView message);
Result<ByteView> read_journal_message(ByteView record);

}  // namespace covey::secagg::client
