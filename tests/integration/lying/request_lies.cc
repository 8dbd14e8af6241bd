#include <algorithm>

#include "integration/lying/lie.h"

// Requests to unmask that the victim's neighbours have not agreed to.
namespace covey::testing {

using namespace secagg;
using wire::UnmaskRequest;

namespace {

// The slot of the second signer, and what it signs instead.
void sign_again(const Scene& scene, UnmaskRequest& message, const Bitmap& survivors,
                std::uint32_t group) {
  std::uint32_t slot = 0;
  for (int signers = 0; !message.signers.contains(slot) || signers++ < 1;) ++slot;
  message.signatures[1] = scene.sign_survivors(survivors, scene.neighbour(slot), group);
}

void keep(UnmaskRequest& message, std::size_t count) {
  const Bitmap signers = std::exchange(message.signers, Bitmap(message.signers.size()));
  message.signatures.resize(count);
  for (std::size_t slot = 0; message.signers.count() < count; ++slot) {
    if (signers.contains(slot)) message.signers.insert(slot);
  }
}

// Every signature holds, but they are not the ones that the first request had.
void other_signers(const Scene& scene, UnmaskRequest& message) {
  const std::size_t count = message.signatures.size();
  message = {Bitmap(message.signers.size()), {}};
  for (std::size_t slot = message.signers.size();
       slot-- > 0 && message.signatures.size() < count;) {
    message.signers.insert(slot);
    const std::string signer = scene.neighbour(static_cast<std::uint32_t>(slot));
    message.signatures.push_back(scene.said.at(signer).signature.value());
  }
  std::ranges::reverse(message.signatures);
}

}  // namespace

Lies request_lies() {
  return {
      {"a signature forged",
       altered<UnmaskRequest>([](const Scene&, UnmaskRequest& m) { m.signatures[1][0] ^= 1; })},
      {"a signature over another set", altered<UnmaskRequest>([](const Scene& scene, auto& m) {
         Bitmap fewer(scene.roster->parameters.devices);
         for (std::size_t position = 0; position + 1 < fewer.size(); ++position) {
           fewer.insert(position);
         }
         sign_again(scene, m, fewer, scene.group.group);
       })},
      {"a signature of another group", altered<UnmaskRequest>([](const Scene& scene, auto& m) {
         sign_again(scene, m, scene.everyone(), scene.group.group + 1);
       })},
      {"signatures swapped", altered<UnmaskRequest>([](const Scene&, UnmaskRequest& m) {
         std::swap(m.signatures[0], m.signatures[1]);
       })},
      {"one signature for all", altered<UnmaskRequest>([](const Scene&, UnmaskRequest& m) {
         std::ranges::fill(m.signatures, m.signatures[0]);
       })},
      {"fewer signatures than the threshold",
       altered<UnmaskRequest>(
           [](const Scene&, UnmaskRequest& m) { keep(m, m.signatures.size() - 1); })},
      {"no signatures", altered<UnmaskRequest>([](const Scene&, UnmaskRequest& m) { keep(m, 0); })},
      {"a second request", followed_by<UnmaskRequest>(other_signers)},
      // No lie: it is answered with the same bytes.
      {"the same request again", followed_by<UnmaskRequest>([](const Scene&, UnmaskRequest&) {})},
  };
}

}  // namespace covey::testing
