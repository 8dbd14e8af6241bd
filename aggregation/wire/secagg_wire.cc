#include "aggregation/wire/secagg_wire.h"

#include <algorithm>

#include "covey/v1/secagg.pb.h"

namespace covey::secagg::wire {
namespace {

constexpr std::size_t kMaxSmallMessageBytes = kMaxCertificateChainBytes + 512;
constexpr std::size_t kFramingBytes = 64;  // tags and lengths around one large field

Error malformed() { return invalid_argument("not a well-formed message of secure aggregation"); }

std::string string_of(ByteView bytes) { return std::string(text_of(bytes)); }

template <std::size_t N>
bool assign(const std::string& from, std::array<std::uint8_t, N>& to) {
  if (from.size() != N) return false;
  std::copy_n(view_of(from).begin(), N, to.begin());
  return true;
}

template <typename Message>
Bytes serialize(const Message& message) {
  Bytes out(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(out.data());
  return out;
}

bool parse_size_ok(ByteView message) { return message.size() <= (std::size_t{1} << 30); }

void write(const Advertisement& from, v1::Advertise& to) {
  to.set_channel_key(string_of(from.channel_key));
  to.set_mask_key(string_of(from.mask_key));
  to.set_self_mask_commitment(string_of(from.self_mask_commitment));
  to.set_certificate_chain(string_of(from.certificate_chain));
  to.set_signature(string_of(from.signature));
}

bool read(const v1::Advertise& from, Advertisement& to) {
  const std::size_t chain = from.certificate_chain().size();
  if (chain == 0 || chain > kMaxCertificateChainBytes) return false;
  to.certificate_chain = to_bytes(view_of(from.certificate_chain()));
  return assign(from.channel_key(), to.channel_key) && assign(from.mask_key(), to.mask_key) &&
         assign(from.self_mask_commitment(), to.self_mask_commitment) &&
         assign(from.signature(), to.signature);
}

// A number of one of the enums in reasons.h, all of which count from 1 without gaps.
template <typename Enum>
bool read(std::uint32_t from, Enum last, Enum& to) {
  if (from == 0 || from > static_cast<std::uint32_t>(last)) return false;
  to = static_cast<Enum>(from);
  return true;
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

std::uint8_t* write_varint(std::uint64_t value, std::uint8_t* out) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<std::uint8_t>(value | 0x80);
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

std::optional<std::uint64_t> read_varint(ByteView& rest) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (rest.empty()) return std::nullopt;
    const std::uint8_t byte = rest.front();
    rest = rest.subspan(1);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

constexpr std::uint8_t tag(int field, int wire_type) {
  return static_cast<std::uint8_t>(field << 3 | wire_type);
}
constexpr std::uint8_t kChunkTag = tag(v1::DeviceMessage::kMaskedChunkFieldNumber, 2);
constexpr std::uint8_t kIndexTag = tag(v1::MaskedChunk::kIndexFieldNumber, 0);
constexpr std::uint8_t kDataTag = tag(v1::MaskedChunk::kDataFieldNumber, 2);

// A chunk is read in place: protobuf's encoding with its fields in order, the index left out when
// it is 0 or not. Its data would otherwise be copied into a string of protobuf's, which costs as
// much as adding it to the sum.
std::optional<MaskedChunk> decode_chunk(ByteView rest) {
  MaskedChunk chunk;
  const auto take_tag = [&](std::uint8_t expected) {
    if (rest.empty() || rest.front() != expected) return false;
    rest = rest.subspan(1);
    return true;
  };
  if (!take_tag(kChunkTag)) return std::nullopt;
  const auto body_bytes = read_varint(rest);
  if (!body_bytes || *body_bytes != rest.size()) return std::nullopt;
  if (take_tag(kIndexTag)) {
    const auto index = read_varint(rest);
    if (!index || *index > UINT32_MAX) return std::nullopt;
    chunk.index = static_cast<std::uint32_t>(*index);
  }
  if (!take_tag(kDataTag)) return std::nullopt;
  const auto data_bytes = read_varint(rest);
  if (!data_bytes || *data_bytes != rest.size()) return std::nullopt;
  chunk.data = rest;
  return chunk;
}

}  // namespace

Bytes encode(const Advertisement& message) {
  v1::DeviceMessage out;
  write(message, *out.mutable_advertise());
  return serialize(out);
}

Bytes encode(const ShareBoxes& message) {
  v1::DeviceMessage out;
  out.mutable_share_boxes()->set_boxes(string_of(message.boxes));
  return serialize(out);
}

Bytes encode(const SurvivorsSignature& message) {
  v1::DeviceMessage out;
  out.mutable_survivors_signature()->set_signature(string_of(message.signature));
  return serialize(out);
}

Bytes encode(const UnmaskShares& message) {
  v1::DeviceMessage out;
  out.mutable_unmask_shares()->set_shares(string_of(message.shares.reveal()));
  return serialize(out);
}

Bytes encode(const Refuse& message) {
  v1::DeviceMessage out;
  v1::Refuse& refuse = *out.mutable_refuse();
  refuse.set_reason(static_cast<std::uint32_t>(message.reason));
  if (message.neighbour_slot) refuse.set_neighbour_slot(*message.neighbour_slot + 1);
  return serialize(out);
}

ChunkMessage chunk_message(std::uint32_t index, std::size_t size_bytes) {
  const std::size_t body = 1 + varint_size(index) + 1 + varint_size(size_bytes) + size_bytes;
  ChunkMessage out;
  out.message.resize(1 + varint_size(body) + body);
  std::uint8_t* at = out.message.data();
  *at++ = kChunkTag;
  at = write_varint(body, at);
  *at++ = kIndexTag;
  at = write_varint(index, at);
  *at++ = kDataTag;
  at = write_varint(size_bytes, at);
  out.data = MutableByteView(at, size_bytes);
  return out;
}

std::size_t max_device_message_bytes(std::uint32_t degree) {
  return std::max({kMaxSmallMessageBytes, kFramingBytes + degree * kBoxBytes,
                   degree == 0 ? 0 : kFramingBytes + VectorLayout::kMaxChunkBytes});
}

Result<DeviceMessage> decode_device_message(ByteView message, std::uint32_t degree) {
  if (message.empty() || message.size() > max_device_message_bytes(degree)) return malformed();
  if (message.front() == kChunkTag) {
    const auto chunk = decode_chunk(message);
    if (!chunk) return malformed();
    return DeviceMessage(*chunk);
  }
  v1::DeviceMessage in;
  if (!in.ParseFromArray(message.data(), static_cast<int>(message.size()))) return malformed();
  switch (in.body_case()) {
    case v1::DeviceMessage::kAdvertise: {
      Advertisement out;
      if (!read(in.advertise(), out)) return malformed();
      return DeviceMessage(std::move(out));
    }
    case v1::DeviceMessage::kShareBoxes: {
      const std::string& boxes = in.share_boxes().boxes();
      if (boxes.size() != degree * kBoxBytes) return malformed();
      return DeviceMessage(ShareBoxes{to_bytes(view_of(boxes))});
    }
    case v1::DeviceMessage::kSurvivorsSignature: {
      SurvivorsSignature out;
      if (!assign(in.survivors_signature().signature(), out.signature)) return malformed();
      return DeviceMessage(out);
    }
    case v1::DeviceMessage::kUnmaskShares: {
      const std::string& shares = in.unmask_shares().shares();
      if (shares.size() % kShareBytes != 0) return malformed();
      return DeviceMessage(UnmaskShares{SecretBytes(view_of(shares))});
    }
    case v1::DeviceMessage::kRefuse: {
      Refuse out;
      if (!read(in.refuse().reason(), Refusal::kBadKey, out.reason)) return malformed();
      const std::uint32_t slot = in.refuse().neighbour_slot();
      if (slot > degree) return malformed();
      if (slot > 0) out.neighbour_slot = slot - 1;
      return DeviceMessage(out);
    }
    case v1::DeviceMessage::kMaskedChunk:  // only in the form that decode_chunk reads
    case v1::DeviceMessage::BODY_NOT_SET:
      break;
  }
  return malformed();
}

Bytes encode_for_roster(const Advertisement& advertisement) {
  v1::Roster one;
  write(advertisement, *one.add_neighbours());
  return serialize(one);
}

// Fields of a message may stand one after another in any pieces, so the head and the advertisements
// are put together as they are; around them stands the frame of the outer message.
Bytes encode_roster(const GroupParameters& parameters, Position position,
                    const std::vector<Digest>& digests, std::span<const ByteView> neighbours) {
  v1::Roster head;
  head.set_degree(parameters.degree);
  head.set_threshold(parameters.threshold);
  head.set_position(position);
  std::string& bound = *head.mutable_digests();
  bound.reserve(digests.size() * sizeof(Digest));
  for (const Digest& digest : digests) bound.append(text_of(digest));

  std::size_t body = head.ByteSizeLong();
  for (const ByteView neighbour : neighbours) body += neighbour.size();
  Bytes out(1 + varint_size(body) + body);
  std::uint8_t* at = out.data();
  *at++ = tag(v1::CoordinatorMessage::kRosterFieldNumber, 2);
  at = write_varint(body, at);
  at = head.SerializeWithCachedSizesToArray(at);
  for (const ByteView neighbour : neighbours) at = std::ranges::copy(neighbour, at).out;
  return out;
}

Bytes encode(const Roster& message) {
  std::vector<Bytes> encoded;
  encoded.reserve(message.neighbours.size());
  for (const Advertisement& neighbour : message.neighbours) {
    encoded.push_back(encode_for_roster(neighbour));
  }
  const std::vector<ByteView> neighbours(encoded.begin(), encoded.end());
  return encode_roster(message.parameters, message.position, message.digests, neighbours);
}

Bytes encode(const NeighbourBoxes& message) {
  v1::CoordinatorMessage out;
  out.mutable_neighbour_boxes()->set_shared(string_of(message.shared.bytes()));
  out.mutable_neighbour_boxes()->set_boxes(string_of(message.boxes));
  return serialize(out);
}

Bytes encode(const Survivors& message) {
  v1::CoordinatorMessage out;
  out.mutable_survivors()->set_survivors(string_of(message.survivors.bytes()));
  return serialize(out);
}

Bytes encode(const UnmaskRequest& message) {
  v1::CoordinatorMessage out;
  v1::UnmaskRequest& request = *out.mutable_unmask_request();
  request.set_signers(string_of(message.signers.bytes()));
  for (const crypto::Signature& signature : message.signatures) {
    request.mutable_signatures()->append(text_of(signature));
  }
  return serialize(out);
}

Bytes encode(const Completed& message) {
  v1::CoordinatorMessage out;
  v1::Completed& completed = *out.mutable_completed();
  if (message.model) completed.set_model(string_of(*message.model));
  return serialize(out);
}

Bytes encode(const Aborted& message) {
  v1::CoordinatorMessage out;
  out.mutable_aborted()->set_reason(static_cast<std::uint32_t>(message.reason));
  return serialize(out);
}

Bytes encode(const Dismissed& message) {
  v1::CoordinatorMessage out;
  out.mutable_dismissed()->set_fault(static_cast<std::uint32_t>(message.fault));
  return serialize(out);
}

namespace {

Result<CoordinatorMessage> decode_roster(const v1::Roster& in) {
  Roster out;
  const std::size_t devices = in.digests().size() / sizeof(Digest);
  if (in.digests().size() % sizeof(Digest) != 0 || devices > kMaxDevices) return malformed();
  out.parameters = {static_cast<std::uint32_t>(devices), in.degree(), in.threshold()};
  if (!out.parameters.validate() || in.position() >= devices ||
      in.neighbours_size() != static_cast<int>(in.degree())) {
    return malformed();
  }
  out.position = in.position();
  out.digests.resize(devices);
  for (std::size_t i = 0; i < devices; ++i) {
    const ByteView digest = view_of(in.digests()).subspan(i * sizeof(Digest), sizeof(Digest));
    std::copy(digest.begin(), digest.end(), out.digests[i].begin());
  }
  out.neighbours.resize(in.degree());
  for (std::uint32_t slot = 0; slot < in.degree(); ++slot) {
    if (!read(in.neighbours(static_cast<int>(slot)), out.neighbours[slot])) return malformed();
  }
  return CoordinatorMessage(std::move(out));
}

Result<CoordinatorMessage> decode_boxes(const v1::NeighbourBoxes& in, std::uint32_t degree) {
  if (degree == 0 || !Bitmap::is_valid(view_of(in.shared()), degree)) return malformed();
  NeighbourBoxes out{Bitmap::from_valid(view_of(in.shared()), degree),
                     to_bytes(view_of(in.boxes()))};
  if (out.boxes.size() != out.shared.count() * kBoxBytes) return malformed();
  return CoordinatorMessage(std::move(out));
}

Result<CoordinatorMessage> decode_request(const v1::UnmaskRequest& in, std::uint32_t degree) {
  if (degree == 0 || !Bitmap::is_valid(view_of(in.signers()), degree)) return malformed();
  UnmaskRequest out{Bitmap::from_valid(view_of(in.signers()), degree), {}};
  out.signatures.resize(out.signers.count());
  constexpr std::size_t kSize = sizeof(crypto::Signature);
  if (in.signatures().size() != out.signatures.size() * kSize) return malformed();
  for (std::size_t i = 0; i < out.signatures.size(); ++i) {
    const ByteView signature = view_of(in.signatures()).subspan(i * kSize, kSize);
    std::copy(signature.begin(), signature.end(), out.signatures[i].begin());
  }
  return CoordinatorMessage(std::move(out));
}

}  // namespace

Result<CoordinatorMessage> decode_coordinator_message(ByteView message,
                                                      const GroupParameters& parameters) {
  v1::CoordinatorMessage in;
  if (!parse_size_ok(message) ||
      !in.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return malformed();
  }
  switch (in.body_case()) {
    case v1::CoordinatorMessage::kRoster:
      return decode_roster(in.roster());
    case v1::CoordinatorMessage::kNeighbourBoxes:
      return decode_boxes(in.neighbour_boxes(), parameters.degree);
    case v1::CoordinatorMessage::kSurvivors: {
      const ByteView survivors = view_of(in.survivors().survivors());
      if (parameters.devices == 0 || !Bitmap::is_valid(survivors, parameters.devices)) {
        return malformed();
      }
      return CoordinatorMessage(Survivors{Bitmap::from_valid(survivors, parameters.devices)});
    }
    case v1::CoordinatorMessage::kUnmaskRequest:
      return decode_request(in.unmask_request(), parameters.degree);
    case v1::CoordinatorMessage::kCompleted: {
      Completed out;
      if (!in.completed().model().empty() && !assign(in.completed().model(), out.model.emplace())) {
        return malformed();
      }
      return CoordinatorMessage(out);
    }
    case v1::CoordinatorMessage::kAborted: {
      Aborted out;
      if (!read(in.aborted().reason(), AbortReason::kStopped, out.reason)) return malformed();
      return CoordinatorMessage(out);
    }
    case v1::CoordinatorMessage::kDismissed: {
      Dismissed out;
      if (!read(in.dismissed().fault(), Fault::kNotAMember, out.fault)) return malformed();
      return CoordinatorMessage(out);
    }
    case v1::CoordinatorMessage::BODY_NOT_SET:
      break;
  }
  return malformed();
}

}  // namespace covey::secagg::wire
