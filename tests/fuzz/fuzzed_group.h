#pragma once

#include <map>

#include "aggregation/wire/secagg_wire.h"
#include "fuzz/fuzz_input.h"
#include "support/secagg_world.h"

namespace covey::fuzz {

// A group of honest devices and a coordinator whose network, and whose luck, are the fuzzer's:
// packets come in any order, get lost, come twice, changed, or at another device; steps close
// early; both sides die and come back; and what a lying coordinator could say is said. Keeps a
// record of what was done, from which `check` says what must have come of it.
class FuzzedGroup {
 public:
  explicit FuzzedGroup(FuzzInput& input);  // must outlive this

  bool has_ended() const {
    return world_.coordinator->step() >= secagg::CoordinatorStep::kCompleted;
  }
  void act();     // one thing that the input chooses
  void finish();  // plays on without mischief until everybody is done
  void check() const;

 private:
  using Packet = testing::World::Packet;
  using Handle = secagg::DeviceHandle;
  using Chunks = std::map<std::uint32_t, Bytes>;  // data by index

  // Delivery, and what is seen of it.
  void deliver(const Packet& packet);
  void collect(const Packet* delivered);  // takes over what the world has sent
  void observe(const Packet& packet);
  void remember_step();
  Packet take();  // any packet under way; the queue is not empty

  // Mischief.
  void deliver_any();
  Bytes mutated(Bytes bytes);
  void misdeliver();
  void forge();
  Bytes forged_by_device();
  Bytes forged_for(Handle device);
  Bytes forged_survivors(const secagg::GroupParameters& parameters);
  Bytes forged_boxes(Handle device, const secagg::GroupParameters& parameters);
  Bytes forged_request(Handle device, const secagg::GroupParameters& parameters);
  void kill_or_revive();
  void restart_coordinator();
  void crash_coordinator();
  void forget_unfolded_chunks();
  Handle any_device();
  const Packet& any_old_packet();

  // What must hold.
  void check_answers() const;
  std::size_t cosigners(Handle device) const;
  void check_sum() const;
  std::optional<secagg::wire::CoordinatorMessage> journaled(Handle device, std::size_t step) const;
  bool was_told_the_truth(Handle device) const;

  FuzzInput& input_;
  testing::World world_;
  std::vector<Packet> queue_;    // under way
  std::vector<Packet> history_;  // everything that was ever sent
  bool had_mischief_ = false;    // anything that a group need not survive
  bool was_busy_ = false;        // the coordinator had no room for the packet just delivered

  std::map<Handle, Chunks> sent_chunks_;            // by devices
  std::map<Handle, Chunks> taken_chunks_;           // by the coordinator, the first of each index
  std::map<Handle, secagg::Bitmap> told_shared_;    // by the coordinator: which neighbours shared
  std::map<Handle, crypto::Signature> signatures_;  // of survivor sets, by devices
  std::map<Handle, Bytes> answers_;                 // to unmasking, by devices

  secagg::CoordinatorStep step_ = secagg::CoordinatorStep::kAdvertise;
  Bytes saved_;  // the coordinator as it was when that step opened
  std::set<Handle> saved_folded_;
};

}  // namespace covey::fuzz
