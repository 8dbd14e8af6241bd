// Saved rounds and receipts are read from a disk that may be damaged: reading is total.

#include "covey/client/receipt.h"
#include "covey/coordinator/round.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {
namespace {

coordinator::CohortRules rules() {
  coordinator::CohortRules rules;
  rules.target = 4;
  rules.minimum = 2;
  rules.group_size = 2;
  return rules;
}

}  // namespace

std::vector<Bytes> seeds() {
  using namespace coordinator;
  std::vector<Bytes> out;
  Round round(rules(), Milliseconds(0));
  out.push_back(round.save(Milliseconds(0)));
  for (DeviceHandle device = 0; device < 4; ++device) round.check_in(device);
  for (DeviceHandle device = 0; device < 4; ++device) round.ready(device, Milliseconds(5));
  round.group_ended(0, {true, 2, ""});
  out.push_back(round.save(Milliseconds(9)));
  client::Receipt receipt;
  receipt.task = "digits";
  receipt.group = 1;
  receipt.survivors = 4;
  out.push_back(receipt.to_bytes());
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  using coordinator::Milliseconds;
  const ByteView bytes(data, size);
  if (const auto receipt = client::Receipt::from_bytes(bytes)) {
    COVEY_CHECK(std::ranges::equal(receipt->to_bytes(), bytes));
  }
  auto round = coordinator::Round::restore(fuzz::rules(), bytes, Milliseconds(1'000'000));
  if (!round) return 0;
  for (coordinator::DeviceHandle device = 0; device < 8; ++device) {
    round->check_in(device);
    round->ready(device, Milliseconds(1'000'001));
  }
  while (const auto next = round->next_tick()) round->tick(*next);
  static_cast<void>(round->resume());
  for (std::uint32_t group = 0; group < round->groups().size(); ++group) {
    round->group_ended(group, {false, 0, "lost"});
  }
  return 0;
}
