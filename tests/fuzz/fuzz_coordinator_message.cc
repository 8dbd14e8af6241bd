// decode_coordinator_message is total; what it takes, it gives back.

#include "aggregation/wire/secagg_wire.h"
#include "covey/base/byte_writer.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {
namespace {

using namespace covey::secagg;

constexpr GroupParameters kGroup{5, 4, 3};

Bytes encode_again(const wire::CoordinatorMessage& message) {
  return std::visit([](const auto& body) { return wire::encode(body); }, message);
}

// What later steps rely on without looking.
void check_sizes(const wire::CoordinatorMessage& message, const GroupParameters& parameters) {
  if (const auto* roster = std::get_if<wire::Roster>(&message)) {
    COVEY_CHECK(roster->parameters.validate().has_value());
    COVEY_CHECK(roster->digests.size() == roster->parameters.devices);
    COVEY_CHECK(roster->neighbours.size() == roster->parameters.degree);
    COVEY_CHECK(roster->position < roster->parameters.devices);
  } else if (const auto* boxes = std::get_if<wire::NeighbourBoxes>(&message)) {
    COVEY_CHECK(boxes->shared.size() == parameters.degree);
    COVEY_CHECK(boxes->boxes.size() == boxes->shared.count() * wire::kBoxBytes);
  } else if (const auto* survivors = std::get_if<wire::Survivors>(&message)) {
    COVEY_CHECK(survivors->survivors.size() == parameters.devices);
  } else if (const auto* request = std::get_if<wire::UnmaskRequest>(&message)) {
    COVEY_CHECK(request->signers.size() == parameters.degree);
    COVEY_CHECK(request->signatures.size() == request->signers.count());
  }
}

Bytes input_for(const GroupParameters& parameters, const Bytes& message) {
  ByteWriter input;
  input.u16(static_cast<std::uint16_t>(parameters.devices));
  input.u16(static_cast<std::uint16_t>(parameters.degree));
  input.u16(static_cast<std::uint16_t>(parameters.threshold));
  input.raw(message);
  return input.take();
}

wire::Roster roster() {
  Advertisement neighbour;
  neighbour.certificate_chain.resize(40, 7);
  return {kGroup, 2, std::vector<Digest>(5), std::vector<Advertisement>(4, neighbour)};
}

}  // namespace

std::vector<Bytes> seeds() {
  Bitmap slots(4);
  slots.insert(1);
  slots.insert(3);
  Bitmap positions(5);
  positions.insert(4);
  return {input_for({}, wire::encode(roster())),
          input_for(kGroup, wire::encode(wire::NeighbourBoxes{slots, Bytes(2 * wire::kBoxBytes)})),
          input_for(kGroup, wire::encode(wire::Survivors{positions})),
          input_for(kGroup,
                    wire::encode(wire::UnmaskRequest{slots, std::vector<crypto::Signature>(2)})),
          input_for(kGroup, wire::encode(wire::Completed{Digest{1}})),
          input_for({}, wire::encode(wire::Aborted{AbortReason::kTooFewDevices})),
          input_for({}, wire::encode(wire::Dismissed{Fault::kLate}))};
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  fuzz::FuzzInput input({data, size});
  secagg::GroupParameters parameters{input.word(), input.word(), input.word()};
  if (!parameters.validate()) parameters = {};
  const auto message = secagg::wire::decode_coordinator_message(input.rest(), parameters);
  if (!message) return 0;
  fuzz::check_sizes(*message, parameters);
  const Bytes encoded = fuzz::encode_again(*message);
  const auto again = secagg::wire::decode_coordinator_message(encoded, parameters);
  COVEY_CHECK(again.has_value() && again->index() == message->index());  // the invariant
  COVEY_CHECK(fuzz::encode_again(*again) == encoded);
  return 0;
}
