#include <algorithm>

#include "integration/lying/lie.h"

// Boxes that are not the ones that the victim's neighbours sealed for it in this round.
namespace covey::testing {

using namespace secagg;
using wire::kBoxBytes;
using wire::NeighbourBoxes;

namespace {

MutableByteView box(NeighbourBoxes& message, std::size_t slot) {
  return MutableByteView(message.boxes).subspan(slot * kBoxBytes, kBoxBytes);
}

MakeLie flipped(std::size_t byte) {
  return altered<NeighbourBoxes>(
      [byte](const Scene&, NeighbourBoxes& m) { box(m, 4)[byte] ^= 0x10; });
}

// As if only the first so many had shared.
void keep(NeighbourBoxes& message, std::size_t slots) {
  message.shared = Bitmap(message.shared.size());
  for (std::size_t slot = 0; slot < slots; ++slot) message.shared.insert(slot);
  message.boxes.resize(slots * kBoxBytes);
}

}  // namespace

Lies box_lies() {
  return {
      {"boxes swapped", altered<NeighbourBoxes>([](const Scene&, NeighbourBoxes& m) {
         std::ranges::swap_ranges(box(m, 1), box(m, 3));
       })},
      {"a bit of a box flipped", flipped(0)},
      {"a bit of a box's second share flipped", flipped(32)},
      {"a bit of a box's tag flipped", flipped(kBoxBytes - 1)},
      {"boxes of fewer than the threshold",
       altered<NeighbourBoxes>(
           [](const Scene& scene, auto& m) { keep(m, scene.roster->parameters.threshold - 1); })},
      {"the victim's own boxes", altered<NeighbourBoxes>([](const Scene& scene, auto& m) {
         m.boxes = scene.said.at(scene.victim).boxes;
       })},
      {"boxes of an earlier round", altered<NeighbourBoxes>([](const Scene& scene, auto& m) {
         m = scene.earlier_boxes.value();
       })},
      {"a second set of boxes", followed_by<NeighbourBoxes>([](const Scene& scene, auto& m) {
         keep(m, scene.roster->parameters.threshold);
       })},
  };
}

}  // namespace covey::testing
