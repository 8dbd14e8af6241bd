// decode_device_message is total; what it takes, it gives back.

#include "aggregation/wire/secagg_wire.h"
#include "covey/base/byte_writer.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {
namespace {

using namespace covey::secagg;

Bytes encode_again(const wire::MaskedChunk& chunk) {
  wire::ChunkMessage out = wire::chunk_message(chunk.index, chunk.data.size());
  std::ranges::copy(chunk.data, out.data.begin());
  return std::move(out.message);
}
Bytes encode_again(const auto& message) { return wire::encode(message); }

Bytes encode_again(const wire::DeviceMessage& message) {
  return std::visit([](const auto& body) { return encode_again(body); }, message);
}

// What later steps rely on without looking.
void check_sizes(const wire::DeviceMessage& message, std::uint32_t degree) {
  if (const auto* boxes = std::get_if<wire::ShareBoxes>(&message)) {
    COVEY_CHECK(boxes->boxes.size() == degree * wire::kBoxBytes);
  } else if (const auto* refusal = std::get_if<wire::Refuse>(&message)) {
    COVEY_CHECK(!refusal->neighbour_slot || *refusal->neighbour_slot < degree);
  }
}

Bytes input_for(std::uint16_t degree, const Bytes& message) {
  ByteWriter input;
  input.u16(degree);
  input.raw(message);
  return input.take();
}

}  // namespace

std::vector<Bytes> seeds() {
  Advertisement advertisement;
  advertisement.certificate_chain.resize(300, 7);
  wire::ChunkMessage chunk = wire::chunk_message(3, 200);
  return {input_for(0, wire::encode(advertisement)),
          input_for(4, wire::encode(wire::ShareBoxes{Bytes(4 * wire::kBoxBytes)})),
          input_for(4, chunk.message),
          input_for(4, wire::encode(wire::SurvivorsSignature{})),
          input_for(4, wire::encode(wire::UnmaskShares{SecretBytes(3 * wire::kShareBytes)})),
          input_for(4, wire::encode(wire::Refuse{Refusal::kDuplicate, 2})),
          input_for(4, wire::encode(wire::Refuse{Refusal::kMalformed, {}}))};
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  fuzz::FuzzInput input({data, size});
  const std::uint32_t degree = input.word();
  const auto message = secagg::wire::decode_device_message(input.rest(), degree);
  if (!message) return 0;
  fuzz::check_sizes(*message, degree);
  const Bytes encoded = fuzz::encode_again(*message);
  COVEY_CHECK(encoded.size() <= secagg::wire::max_device_message_bytes(degree));
  const auto again = secagg::wire::decode_device_message(encoded, degree);
  COVEY_CHECK(again.has_value() && again->index() == message->index());  // the invariant
  COVEY_CHECK(fuzz::encode_again(*again) == encoded);
  return 0;
}
