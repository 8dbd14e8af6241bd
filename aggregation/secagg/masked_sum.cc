#include "aggregation/secagg/masked_sum.h"

#include <algorithm>

#include "covey/aggregation/ring/packing.h"

namespace covey::secagg {
namespace {

std::size_t vectors_in(std::size_t staging_bytes, std::uint64_t vector_bytes) {
  return std::max<std::size_t>(1, static_cast<std::size_t>(staging_bytes / vector_bytes));
}

}  // namespace

MaskedSum::MaskedSum(const ring::RingShape& shape, std::uint32_t devices, std::size_t staging_bytes)
    : layout_(shape),
      most_staged_(vectors_in(staging_bytes, layout_.total_bytes())),
      sum_(ring::RingVector::zeros(shape)),
      contributors_(devices) {}

MaskedSum::Added MaskedSum::add(Position position, std::uint32_t chunk, Bytes message,
                                ByteView data) {
  if (chunk >= layout_.chunk_count() || data.size() != layout_.size_bytes(chunk)) {
    return Added::kWrongLength;
  }
  if (!layout_.is_counters(chunk) &&
      !ring::has_clean_padding(data, layout_.shape().bits, layout_.elements(chunk).count)) {
    return Added::kWrongLength;
  }
  if (contributors_.contains(position)) return Added::kRepeated;
  auto entry = staged_.find(position);
  if (entry == staged_.end()) {
    if (staged_.size() >= most_staged_) return Added::kBusy;
    entry = staged_.try_emplace(position).first;
    entry->second.chunks.resize(layout_.chunk_count());
    entry->second.missing = layout_.chunk_count();
  }
  Staged& staged = entry->second;
  Chunk& place = staged.chunks[chunk];
  if (!place.message.empty()) {
    return std::ranges::equal(place.data, data) ? Added::kRepeated : Added::kConflict;
  }
  place = {std::move(message), data};
  if (--staged.missing > 0) return Added::kStaged;
  fold(staged);
  contributors_.insert(position);
  staged_.erase(entry);
  return Added::kFolded;
}

void MaskedSum::discard(Position position) { staged_.erase(position); }

std::vector<Position> MaskedSum::staged() const {
  std::vector<Position> positions;
  for (const auto& [position, staged] : staged_) positions.push_back(position);
  return positions;
}

void MaskedSum::fold(const Staged& staged) {
  for (std::uint32_t chunk = 0; chunk < layout_.chunk_count(); ++chunk) {
    const ByteView data = staged.chunks[chunk].data;
    if (layout_.is_counters(chunk)) {
      ring::unpack_add<std::uint64_t>(data, 64, sum_.counters);
      continue;
    }
    const VectorLayout::Range range = layout_.elements(chunk);
    std::visit(
        [&]<typename Lane>(std::vector<Lane>& lanes) {
          ring::unpack_add<Lane>(data, layout_.shape().bits,
                                 std::span<Lane>(lanes).subspan(range.first, range.count));
        },
        sum_.elements);
  }
}

void MaskedSum::save(ByteWriter& out) const {
  out.sized(contributors_.bytes());
  sum_.save(out);
}

void MaskedSum::load(ByteReader& in) {
  contributors_ = Bitmap::load(in, contributors_.size());
  sum_ = ring::RingVector::load(layout_.shape(), in);
}

}  // namespace covey::secagg
