#pragma once

#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/base/secret.h"
#include "covey/client/receipt.h"

// How a participant's state looks in the storage: a format number, the fields, and a SHA-256 of
// both, so that damage is found. Nothing is encrypted: that is the storage's to do.
namespace covey::client {

// `out` begins with its format number. Wipes what it takes.
SecretBytes sealed(ByteWriter out);
// A reader of what is behind the format number; one that has failed when the bytes are damaged or
// of another format.
ByteReader unsealed(ByteView saved, std::uint32_t format);

void write_terms(const RoundTerms& terms, ByteWriter& out);
RoundTerms read_terms(ByteReader& in);

}  // namespace covey::client
