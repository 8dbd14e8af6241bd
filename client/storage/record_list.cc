#include "client/storage/record_list.h"

#include <algorithm>
#include <optional>

#include "covey/base/byte_reader.h"
#include "covey/base/byte_writer.h"
#include "covey/crypto/digest.h"

namespace covey::client {
namespace {

constexpr std::size_t kHeaderBytes = 16;  // length, check of the length and the offset
constexpr std::size_t kFrameBytes = kHeaderBytes + sizeof(Digest);

std::uint64_t check_of(std::uint64_t offset, std::uint64_t length) {
  ByteWriter out;
  out.u64(offset);
  out.u64(length);
  const Digest digest = crypto::sha256(out.bytes());
  return ByteReader(digest).u64();
}

// The length of the record that stands whole at `offset`.
std::optional<std::size_t> whole_record_at(ByteView file, std::size_t offset) {
  if (file.size() - offset < kFrameBytes) return std::nullopt;
  ByteReader header(file.subspan(offset, kHeaderBytes));
  const std::uint64_t length = header.u64();
  if (header.u64() != check_of(offset, length) || length > file.size() - offset - kFrameBytes) {
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(length);
  const Digest digest = crypto::sha256(file.subspan(offset, kHeaderBytes + size));
  if (!std::ranges::equal(digest, file.subspan(offset + kHeaderBytes + size, sizeof(Digest)))) {
    return std::nullopt;
  }
  return size;
}

}  // namespace

SecretBytes framed_record(std::size_t offset, ByteView record) {
  ByteWriter header;
  header.u64(record.size());
  header.u64(check_of(offset, record.size()));
  SecretBytes frame(kFrameBytes + record.size());
  const MutableByteView out = frame.reveal_mutable();
  std::ranges::copy(header.bytes(), out.begin());
  std::ranges::copy(record, out.subspan(kHeaderBytes).begin());
  std::ranges::copy(crypto::sha256(out.first(kHeaderBytes + record.size())),
                    out.last(sizeof(Digest)).begin());
  return frame;
}

Result<RecordList> read_record_list(ByteView file) {
  RecordList list;
  while (list.whole_bytes < file.size()) {
    const auto length = whole_record_at(file, list.whole_bytes);
    if (!length) break;
    list.records.emplace_back(file.subspan(list.whole_bytes + kHeaderBytes, *length));
    list.whole_bytes += kFrameBytes + *length;
  }
  for (std::size_t offset = list.whole_bytes + 1; offset < file.size(); ++offset) {
    if (whole_record_at(file, offset)) {
      return Error{ErrorCode::kDataLoss, "record " + std::to_string(list.records.size() + 1) +
                                             " is damaged, with whole ones behind it"};
    }
  }
  return list;
}

}  // namespace covey::client
