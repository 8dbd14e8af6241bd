// reconstruct_correcting: of arbitrary shares it gives a secret that all shares but those it names
// agree on, or an error; of dealt shares with as many wrong ones as it promises to correct it gives
// the dealt secret and names exactly those.

#include <set>

#include "covey/base/byte_writer.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "covey/crypto/secret_sharing.h"
#include "fuzz/fuzz_input.h"
#include "fuzz/fuzz_target.h"

namespace covey::fuzz {
namespace {

using namespace covey::crypto;

constexpr std::uint32_t kMostHolders = 24;

std::vector<const Share*> pointers(const std::vector<Share>& shares) {
  std::vector<const Share*> out;
  for (const Share& share : shares) out.push_back(&share);
  return out;
}

Share any_share(FuzzInput& input) {
  Share share;
  std::ranges::copy(input.raw(32), share.reveal_mutable().begin());
  return share;
}

void check_agreement(std::size_t threshold, const std::vector<HolderPosition>& holders,
                     const std::vector<Share>& shares, const CorrectedSecret& corrected) {
  const std::set<std::size_t> wrong(corrected.wrong.begin(), corrected.wrong.end());
  COVEY_CHECK(std::ranges::is_sorted(corrected.wrong) && wrong.size() == corrected.wrong.size());
  COVEY_CHECK(wrong.size() <= (holders.size() - threshold) / 2);
  std::vector<HolderPosition> right_holders;
  std::vector<const Share*> right_shares;
  for (std::size_t i = 0; i < holders.size(); ++i) {
    if (wrong.contains(i)) continue;
    right_holders.push_back(holders[i]);
    right_shares.push_back(&shares[i]);
  }
  // Every run of `threshold` right shares gives the same secret.
  for (std::size_t first = 0; first + threshold <= right_holders.size(); ++first) {
    const auto from = right_holders.begin() + static_cast<std::ptrdiff_t>(first);
    const LagrangeWeights weights({from, from + static_cast<std::ptrdiff_t>(threshold)});
    const SecretKey secret = weights.reconstruct(std::span(right_shares).subspan(first, threshold));
    COVEY_CHECK(secret.equals(corrected.secret));
  }
}

void correct_any(FuzzInput& input) {
  const std::size_t threshold = input.below(kMostHolders + 2);
  std::vector<HolderPosition> holders(input.below(kMostHolders + 1));
  for (HolderPosition& holder : holders) {
    holder = static_cast<HolderPosition>(input.word() % kMaxHolders);
  }
  std::vector<Share> shares;
  for (std::size_t i = 0; i < holders.size(); ++i) shares.push_back(any_share(input));
  const auto corrected = reconstruct_correcting(threshold, holders, pointers(shares));
  if (corrected) check_agreement(threshold, holders, shares, *corrected);
}

void correct_dealt(FuzzInput& input) {
  InsecureSeededRandom random(input.byte());
  const std::uint32_t count = 1 + input.below(kMostHolders);
  const std::size_t threshold = 1 + input.below(count);
  std::set<HolderPosition> drawn;
  while (drawn.size() < count) {
    auto holder = static_cast<HolderPosition>(input.word() % kMaxHolders);
    while (drawn.contains(holder)) holder = static_cast<HolderPosition>((holder + 1) % kMaxHolders);
    drawn.insert(holder);
  }
  const std::vector<HolderPosition> holders(drawn.begin(), drawn.end());
  const SecretKey seed = shareable_seed(random);
  std::vector<Share> shares = split(seed, threshold, holders, random);

  std::set<std::size_t> damaged;
  for (std::size_t most = input.below((count - static_cast<std::uint32_t>(threshold)) / 2 + 1);
       most > 0; --most) {
    const std::size_t index = input.below(count);
    Share wrong = any_share(input);
    if (damaged.contains(index) || wrong.equals(shares[index])) continue;
    shares[index] = std::move(wrong);
    damaged.insert(index);
  }
  const auto corrected = reconstruct_correcting(threshold, holders, pointers(shares));
  COVEY_CHECK(corrected.has_value());  // no more are wrong than can be corrected
  COVEY_CHECK(corrected->secret.equals(seed));
  COVEY_CHECK(std::ranges::equal(corrected->wrong, damaged));
}

}  // namespace

std::vector<Bytes> seeds() {
  std::vector<Bytes> out;
  for (int i = 0; i < 16; ++i) {
    ByteWriter input;
    input.u8(static_cast<std::uint8_t>(i));
    for (int k = 0; k < 400; ++k) input.u8(static_cast<std::uint8_t>(k * 89 + i * 17));
    out.push_back(input.take());
  }
  return out;
}

}  // namespace covey::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace covey;
  fuzz::FuzzInput input({data, size});
  if (input.byte() % 2 == 0) {
    fuzz::correct_any(input);
  } else {
    fuzz::correct_dealt(input);
  }
  return 0;
}
