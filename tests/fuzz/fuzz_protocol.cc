// A whole secure aggregation under a hostile network and a lying coordinator, both the fuzzer's: it
// ends, with a named reason or the right sum, and no device says more than it may. What exactly
// must hold: fuzzed_group_checks.cc.

#include <random>

#include "covey/base/byte_writer.h"
#include "fuzz/fuzz_target.h"
#include "fuzz/fuzzed_group.h"

namespace covey::fuzz {

// What the group is like, some deliveries, then `mischief` and nothing more; where that is empty,
// anything.
Bytes scenario(std::mt19937_64& random, const Bytes& mischief) {
  const std::uint64_t devices = 3 + random() % 4;
  ByteWriter input;
  input.u8(static_cast<std::uint8_t>(random()));
  input.u8(static_cast<std::uint8_t>(devices - 3));
  for (int i = 0; i < 6; ++i) input.u8(static_cast<std::uint8_t>(random()));
  // A device sends and gets some nine packets in all.
  for (std::uint64_t delivered = random() % (9 * devices); delivered > 0; --delivered) {
    input.u8(0);  // delivers
    input.u8(static_cast<std::uint8_t>(random()));
    input.u8(0);  // unharmed
  }
  input.raw(mischief);
  for (int i = 0; i < 30 && mischief.empty(); ++i) input.u8(static_cast<std::uint8_t>(random()));
  return input.take();
}

std::vector<Bytes> seeds() {
  static const std::vector<Bytes> kMischief = {
      {},                          // whatever comes next
      {0, 1, 7, 3, 0, 70, 0, 1},   // a packet with one byte changed
      {0, 0, 7, 3, 0, 250, 0, 4},  // the same
      {0, 1, 6},                   // a lost packet
      {14, 2, 6, 0, 0},            // another survivor set, and a request for it
      {14, 2, 6, 1, 0},            // the same, without the first device
      {14, 1, 4, 5, 0},            // boxes, one of them missing
      {14, 1, 2},                  // a forged message of a device
      {12},                        // a step that closes early
      {13, 1},                     // a device that dies
      {10}};                       // a coordinator that does
  std::vector<Bytes> out;
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i < 300; ++i) {
    out.push_back(scenario(random, kMischief[i % kMischief.size()]));
  }
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kMostActions = 120;
  covey::fuzz::FuzzInput input({data, size});
  covey::fuzz::FuzzedGroup group(input);
  for (int i = 0; i < kMostActions && !input.is_empty() && !group.has_ended(); ++i) group.act();
  group.finish();
  group.check();
  return 0;
}
