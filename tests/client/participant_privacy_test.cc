#include <algorithm>
#include <bit>
#include <cstring>

#include "client/participant/round_record.h"
#include "covey/aggregation/ring/counters.h"
#include "covey/aggregation/ring/packing.h"
#include "covey/aggregation/secagg/vector_layout.h"
#include "support/catch.h"
#include "support/fake_federation.h"

namespace covey::testing {
namespace {

// Values that nothing else in a run looks like.
constexpr std::uint64_t kExamples = 1'234'567;
constexpr double kLoss = 0.7071067811865476;
constexpr float kWeight = 0.31415927f;

template <typename Number>
std::vector<Bytes> forms_of(Number number) {
  std::array<std::uint8_t, sizeof(Number)> bytes;
  std::memcpy(bytes.data(), &number, sizeof(Number));
  Bytes little(bytes.begin(), bytes.end());
  Bytes big(bytes.rbegin(), bytes.rend());
  return {std::move(little), std::move(big)};
}

Bytes varint(std::uint64_t number) {
  Bytes out;
  for (; number >= 128; number >>= 7) out.push_back(static_cast<std::uint8_t>(number | 128));
  out.push_back(static_cast<std::uint8_t>(number));
  return out;
}

std::vector<Bytes> telltales() {
  const auto steps =
      static_cast<std::uint64_t>(std::llround(kLoss * static_cast<double>(ring::kMetricOne)));
  std::vector<Bytes> all = {
      varint(kExamples),           varint(steps),
      varint(steps * kExamples),   to_bytes(view_of(std::to_string(kExamples))),
      to_bytes(view_of("0.7071")), to_bytes(view_of("0.3141"))};
  const auto add = [&](std::vector<Bytes> forms) {
    all.insert(all.end(), forms.begin(), forms.end());
  };
  add(forms_of(kExamples));
  add(forms_of(static_cast<std::uint32_t>(kExamples)));
  add(forms_of(static_cast<double>(kExamples)));
  add(forms_of(static_cast<float>(kExamples)));
  add(forms_of(kLoss));
  add(forms_of(static_cast<float>(kLoss)));
  add(forms_of(kLoss * static_cast<double>(kExamples)));
  add(forms_of(static_cast<std::uint32_t>(steps)));
  add(forms_of(steps * kExamples));
  add(forms_of(kWeight));
  add(forms_of(static_cast<double>(kWeight)));
  return all;
}

bool contains(const Bytes& bytes, const Bytes& part) {
  return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
}

// Everything that a check-in says, one field after another.
Bytes bytes_of(const federation::CheckInRequest& request) {
  ByteWriter out;
  out.u32(request.protocol_version);
  out.sized(view_of(request.task));
  out.raw(request.manifest.value_or(Digest{}));
  out.raw(request.data_schema.value_or(Digest{}));
  for (const auto& [name, value] : request.properties) {
    out.sized(view_of(name));
    out.sized(view_of(value));
  }
  return out.take();
}

void run_with_telltales(FakeFederation& federation) {
  federation.train = [](model::Model& model, client::TrainingReport& report) {
    for (const char* name : {"weight", "bias"}) {
      for (float& value : model.floats(name)) value = kWeight;
    }
    report = {kExamples, {kLoss}};
  };
  federation.run();
}

}  // namespace

TEST_CASE("nothing that a device sends holds its example count, its loss or a trained value") {
  FakeFederation federation(3);
  run_with_telltales(federation);
  REQUIRE(federation.is_over());
  const FakeDevice& device = *federation.devices[0];
  std::vector<Bytes> left = device.sent;
  for (const auto& request : device.check_ins) left.push_back(bytes_of(request));
  REQUIRE(left.size() > 5);
  const std::vector<Bytes> all = telltales();
  for (const Bytes& message : left) {
    for (const Bytes& telltale : all) CHECK_FALSE(contains(message, telltale));
  }
  // They are there where they may be, so that the search can find them: in what it stored.
  const Bytes& stored = device.stored_results.back();
  CHECK(contains(stored, forms_of(kExamples).front()));
  CHECK(device.declines.empty());
}

TEST_CASE("no chunk that a device sends has the plain vector's bytes") {
  FakeFederation federation(3);
  run_with_telltales(federation);
  const FakeDevice& device = *federation.devices[0];
  const auto record = client::RoundRecord::from_bytes(device.stored_results.back());
  REQUIRE(record);
  const ring::RingShape& shape = record->terms.shape;
  Bytes elements(ring::packed_size_bytes(shape.bits, shape.length));
  std::visit([&]<typename Lane>(
                 const std::vector<Lane>& lanes) { ring::pack<Lane>(lanes, shape.bits, elements); },
             record->update.elements);
  ByteWriter counters;
  for (const std::uint64_t counter : record->update.counters) counters.u64(counter);

  constexpr std::size_t kWindow = 6;  // bytes; that random ones match is out of the question
  std::size_t compared = 0;
  for (const Bytes& plain : {elements, counters.bytes()}) {
    for (std::size_t at = 0; at + kWindow <= plain.size(); ++at) {
      const Bytes part(plain.begin() + static_cast<std::ptrdiff_t>(at),
                       plain.begin() + static_cast<std::ptrdiff_t>(at + kWindow));
      if (std::ranges::all_of(part, [](std::uint8_t byte) { return byte == 0; })) continue;
      for (const Bytes& message : device.sent) CHECK_FALSE(contains(message, part));
      ++compared;
    }
  }
  CHECK(compared > 50);
  // The masked vector did leave, whole.
  std::size_t sent_bytes = 0;
  for (const Bytes& message : device.sent) sent_bytes += message.size();
  CHECK(sent_bytes > secagg::VectorLayout(shape).total_bytes());
}

}  // namespace covey::testing
