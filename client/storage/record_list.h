#pragma once

#include <vector>

#include "covey/base/bytes.h"
#include "covey/base/result.h"
#include "covey/base/secret.h"

// A file of records: each is its length, a check of the length, the bytes, and a digest of all of
// it and of where it stands in the file.
namespace covey::client {

inline constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 30;

SecretBytes framed_record(std::size_t offset, ByteView record);

struct RecordList {
  std::vector<SecretBytes> records;
  std::size_t whole_bytes = 0;  // what is behind it was cut off while it was written
};
// kDataLoss when something that is not whole has a whole record behind it.
Result<RecordList> read_record_list(ByteView file);

}  // namespace covey::client
