#include <bit>
#include <csignal>
#include <cstring>
#include <map>

#include "client/participant/round_record.h"
#include "covey/aggregation/ring/packing.h"
#include "covey/aggregation/secagg/vector_layout.h"
#include "covey/client/agent.h"
#include "covey/client/stored_state.h"
#include "covey/v1/federation.pb.h"
#include "covey/v1/secagg.pb.h"
#include "integration/world/deeds.h"
#include "integration/world/device_state.h"
#include "integration/world/wire.h"
#include "support/catch.h"

// Everything that passes between devices and the coordinator, recorded without TLS and searched for
// what must not be in it.
namespace covey {
namespace {

using client::RoundRecord;
using testing::contains;
using testing::did;
using testing::Federation;
using testing::Link;
using testing::WindowSearch;

constexpr int kDevices = 4;
constexpr int kRounds = 2;

// Values that nothing else in a run looks like: the counts are primes.
struct Telltale {
  std::uint64_t examples;
  double loss;
  float step;
};
constexpr std::array<Telltale, kDevices> kTelltales{{{2'750'159, 0.7071067811865476, 0.31415927f},
                                                     {4'256'233, 0.5772156649015329, 0.27182818f},
                                                     {5'800'079, 0.6931471805599453, 0.16180340f},
                                                     {7'368'787, 0.9159655941772190, 0.14142136f}}};

struct Needle {
  std::string what;
  Bytes bytes;
};

template <typename Number>
void add_forms(std::vector<Needle>& needles, const std::string& what, Number number) {
  std::array<std::uint8_t, sizeof(Number)> bytes;
  std::memcpy(bytes.data(), &number, sizeof(Number));
  const std::string as = what + " in " + std::to_string(sizeof(Number)) + " bytes, ";
  needles.push_back({as + "little end first", Bytes(bytes.begin(), bytes.end())});
  needles.push_back({as + "big end first", Bytes(bytes.rbegin(), bytes.rend())});
}

Bytes varint(std::uint64_t number) {
  Bytes out;
  for (; number >= 128; number >>= 7) out.push_back(static_cast<std::uint8_t>(number | 128));
  out.push_back(static_cast<std::uint8_t>(number));
  return out;
}

// `stored`: what it was about to mask, where the same numbers are in the counters.
std::vector<Needle> needles_of(const Telltale& device, const std::vector<RoundRecord>& stored) {
  std::vector<Needle> needles{
      {"the example count as a varint", varint(device.examples)},
      {"the example count as text", to_bytes(view_of(std::to_string(device.examples)))}};
  add_forms(needles, "the example count", device.examples);
  add_forms(needles, "the example count", static_cast<std::uint32_t>(device.examples));
  add_forms(needles, "the example count, a real number,", static_cast<double>(device.examples));
  add_forms(needles, "the example count, a real number,", static_cast<float>(device.examples));
  add_forms(needles, "the loss", device.loss);
  add_forms(needles, "the loss", static_cast<float>(device.loss));
  add_forms(needles, "the summed loss", device.loss * static_cast<double>(device.examples));
  add_forms(needles, "a trained value", device.step);
  add_forms(needles, "a trained value", static_cast<double>(device.step));
  for (const RoundRecord& record : stored) {
    const auto& counters = record.update.counters;
    for (std::size_t i = 0; i < counters.size(); ++i) {
      if (counters[i] < 1'000'000) continue;  // such as the 1 of a device
      const std::string what = "counter " + std::to_string(i) + " of round " +
                               std::to_string(record.assignment.round.round);
      add_forms(needles, what, counters[i]);
      needles.push_back({what + " as a varint", varint(counters[i])});
    }
  }
  return needles;
}

Bytes packed(const RoundRecord& record) {
  const ring::RingShape& shape = record.terms.shape;
  Bytes out(ring::packed_size_bytes(shape.bits, shape.length));
  std::visit([&]<typename Lane>(
                 const std::vector<Lane>& lanes) { ring::pack<Lane>(lanes, shape.bits, out); },
             record.update.elements);
  return out;
}

// What the device is about to mask.
RoundRecord stored_result(const Federation& federation, int device) {
  auto storage = testing::copy_of_state(federation, device);
  const auto saved = storage.get(client::storage_key::kRound);
  REQUIRE(saved.has_value());
  REQUIRE(saved->has_value());
  auto record = RoundRecord::from_bytes((*saved)->reveal());
  REQUIRE(record.has_value());
  return std::move(*record);
}

// A federation without TLS whose devices speak through links that record, one each. All of them
// stop in each round before they mask.
struct Overheard {
  explicit Overheard(std::uint64_t parameters) : federation(kDevices, parameters) {
    REQUIRE(federation.start_coordinator({"--insecure"}));
    federation.submit("digits", {.rounds = kRounds, .devices = kDevices, .max_weight = 10'000'000});
    for (int device = 1; device <= kDevices; ++device) start(device);
    for (int round = 0; round < kRounds; ++round) {
      for (int device = 1; device <= kDevices; ++device) {
        REQUIRE(federation.device(device).wait_until_stopped());
        stored[device].push_back(stored_result(federation, device));
      }
      for (int device = 1; device <= kDevices; ++device) {
        federation.device(device).send_signal(SIGCONT);
      }
    }
    REQUIRE(federation.wait_for_end("digits"));
    for (const auto& round : federation.rounds("digits")) {
      REQUIRE(round.round.survivors == kDevices);
      did("rounds recorded");
    }
  }

  void start(int device) {
    const Telltale& telltale = kTelltales[static_cast<std::size_t>(device - 1)];
    Link& link = links.try_emplace(device, federation.address()).first->second;
    link.record();
    federation.start_device(
        device,
        {"--address", link.address(), "--insecure-name", Federation::name_of(device), "--examples",
         std::to_string(telltale.examples), "--loss", text_of_number(telltale.loss), "--step",
         text_of_number(telltale.step), "--stop-at", "1:3", "--stop-at", "2:3"});
  }
  static std::string text_of_number(double number) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.17g", number);
    return text.data();
  }

  std::vector<Link::Recording> recordings(int device) const {
    auto found = links.at(device).recordings();
    std::erase_if(found, [](const auto& each) { return each.up.empty(); });
    REQUIRE_FALSE(found.empty());
    did("KiB recorded", (found.front().up.size() + found.front().down.size()) / 1024);
    return found;
  }

  Federation federation;
  std::map<int, Link> links;
  std::map<int, std::vector<RoundRecord>> stored;  // by device, then by round
};

// Everything that says how a round began is there, so that what is searched is what passed.
void check_the_expected_is_found(const Overheard& overheard, int device,
                                 const std::vector<Bytes>& haystacks) {
  for (const RoundRecord& record : overheard.stored.at(device)) {
    CHECK(contains(haystacks, record.assignment.plan.digest));
    CHECK(contains(haystacks, record.assignment.model.digest));
    CHECK(contains(haystacks, view_of(record.assignment.round.task)));
  }
}

// The chunks of its masked vectors that the device has sent, by index.
std::multimap<std::uint32_t, Bytes> chunks_sent(const std::vector<Link::Recording>& recordings) {
  std::multimap<std::uint32_t, Bytes> chunks;
  for (const Link::Recording& recording : recordings) {
    for (const Bytes& body : testing::call_bodies(recording.up)) {
      for (const Bytes& message : testing::call_messages(body)) {
        v1::SendRequest sent;
        v1::DeviceMessage inside;
        if (!sent.ParseFromArray(message.data(), static_cast<int>(message.size()))) continue;
        if (!inside.ParseFromString(sent.message()) || !inside.has_masked_chunk()) continue;
        const auto& chunk = inside.masked_chunk();
        chunks.emplace(chunk.index(), to_bytes(view_of(chunk.data())));
      }
    }
  }
  return chunks;
}

}  // namespace

TEST_CASE("nothing on the wire holds a device's example count, its loss or a trained value",
          "[wire-privacy]") {
  // A few bytes of random ones look like a needle once in a while, but not in every run.
  constexpr std::size_t kCertainBytes = 8;
  constexpr int kRuns = 3;
  std::map<std::string, int> runs_with;
  for (int run = 0; run < kRuns; ++run) {
    const Overheard overheard(Federation::kSmallModel);
    for (int device = 1; device <= kDevices; ++device) {
      const auto recordings = overheard.recordings(device);
      const auto all = testing::haystacks(recordings);
      check_the_expected_is_found(overheard, device, all);
      const auto needles =
          needles_of(kTelltales[static_cast<std::size_t>(device - 1)], overheard.stored.at(device));
      CHECK(needles.size() > 20);
      for (const Needle& needle : needles) {
        INFO(Federation::name_of(device) << ": " << needle.what);
        const bool is_there = contains(all, needle.bytes);
        if (needle.bytes.size() >= kCertainBytes) CHECK_FALSE(is_there);
        runs_with[Federation::name_of(device) + ": " + needle.what] += is_there ? 1 : 0;
        CHECK(contains(testing::haystacks(testing::with_leak(recordings, needle.bytes)),
                       needle.bytes));
      }
    }
  }
  for (const auto& [what, runs] : runs_with) {
    INFO(what);
    CHECK(runs <= 1);
  }
}

TEST_CASE("no piece of an unmasked vector is on the wire, and the masked one is",
          "[wire-privacy]") {
  const Overheard overheard(Federation::kTwoChunks);
  for (int device = 1; device <= kDevices; ++device) {
    INFO(Federation::name_of(device));
    const auto recordings = overheard.recordings(device);
    const auto all = testing::haystacks(recordings);
    check_the_expected_is_found(overheard, device, all);
    WindowSearch search;
    for (const RoundRecord& record : overheard.stored.at(device)) search.add(packed(record));
    REQUIRE(search.windows() > 10'000);
    CHECK_FALSE(search.finds_any(all));
    const Bytes plain = packed(overheard.stored.at(device).back());
    const ByteView piece = ByteView(plain).subspan(12'345, 2 * WindowSearch::kWindowBytes - 1);
    CHECK(search.finds_any(testing::haystacks(testing::with_leak(recordings, piece))));

    const auto chunks = chunks_sent(recordings);
    const secagg::VectorLayout layout(overheard.stored.at(device).front().terms.shape);
    CHECK(layout.chunk_count() > 2);
    CHECK(chunks.size() == kRounds * layout.chunk_count());
    for (const auto& [index, data] : chunks) {
      INFO("chunk " << index);
      CHECK(data.size() == layout.size_bytes(index));
      CHECK(contains(all, ByteView(data).first(WindowSearch::kWindowBytes)));
    }
  }
}

}  // namespace covey
